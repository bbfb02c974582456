//! wirescope-host
