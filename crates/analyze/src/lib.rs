//! What a capture tells about connections: both ends' states, requests and where their time went. Everything is read
//! from [`flow`]; no tree is built.

mod states;

pub use states::{Ends, States, Tap, TimeWait};

#[cfg(test)]
mod tests;
