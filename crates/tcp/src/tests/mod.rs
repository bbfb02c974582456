//! The rules of the standards, each as a timed packet script.

mod closing;
mod doubting;
mod fuzz;
mod lab;
mod listening;
mod marking;
mod opening;
mod pair;
mod receiving;
mod recovering;
mod sacking;
mod sending;
