//! Numbers that must come out of the congestion controls, on a simulated path. docs/tcp-figures.md has them at
//! length, written by the example `figures`.

mod average;
mod bbr;
mod fairness;
mod padhye;
mod path;
