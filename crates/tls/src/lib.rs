//! wirescope-tls
