//! wirescope-tcp
