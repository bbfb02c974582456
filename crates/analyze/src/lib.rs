//! wirescope-analyze
