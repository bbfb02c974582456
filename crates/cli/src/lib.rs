//! wirescope-cli
