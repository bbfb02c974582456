//! wirescope-net
