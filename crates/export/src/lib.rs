//! wirescope-export
