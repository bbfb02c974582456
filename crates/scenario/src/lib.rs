//! wirescope-scenario
