//! Numbers that must come out of the congestion controls, on a simulated path. `cargo run --example figures` prints them at length.

mod bbr;
mod fairness;
mod padhye;
mod path;
