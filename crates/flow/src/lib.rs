//! wirescope-flow
