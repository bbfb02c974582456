//! `%{ }%` blocks: the small part of Python that scripts use to state what a connection's figures are.

mod eval;
mod expression;

pub(crate) use eval::{Environment, Failure};
