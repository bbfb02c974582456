//! wirescope-dissect
