//! wirescope-capture
