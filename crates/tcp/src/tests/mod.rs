//! The rules of the standards, each as a timed packet script.

mod lab;
mod opening;
mod pair;
