//! wirescope-apps
