//! wirescope-trace
