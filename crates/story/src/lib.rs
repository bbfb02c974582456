//! wirescope-story
