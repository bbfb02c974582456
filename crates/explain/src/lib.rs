//! wirescope-explain
