//! wirescope-wire
