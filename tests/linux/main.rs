//! Our hosts against Linux itself, over a TAP device into a network namespace: agreeing with oneself proves little.
//!
//! Needs root, `/dev/net/tun` and `ip`, and for each test the program that it names; without, the test says so and passes,
//! or fails where the environment says `WIRESCOPE_ORACLES=required`.

#![allow(clippy::disallowed_methods)] // the one place where simulated machines keep time with a real one

mod bulk;
mod http;
mod https;
mod ipv6;
mod names;
mod namespace;
mod nat;
mod ping;
mod real;
mod sockets;
