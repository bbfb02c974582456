//! The filter language: which packets are meant.
//!
//! ```
//! use filter::Filter;
//! let filter = Filter::parse("tcp.port == 443 && http.status >= 500").unwrap();
//! assert_eq!(filter.fields(), ["tcp.port", "http.status"]);
//!
//! let error = Filter::parse("tcp.port ==").unwrap_err();
//! assert_eq!(error.to_string(), "column 12: a value is missing here");
//! ```
//!
//! An expression compares fields (`==`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `in {80, 443, 8000..8080}`) with numbers
//! (decimal, `0x`, `0.25`, `20ms`), addresses, prefixes (`10.0.0.0/8`), names and `"texts"`; a field alone asks whether the
//! packet has it, and a flag alone whether it is set. `and`/`&&`, `or`/`||`, `not`/`!` and parentheses join them; `and` binds
//! closer than `or`.
//!
//! The fields are those that `wirescope explain` knows, verdicts (`tcp.retransmission`) and findings (`finding.tcp.refused`)
//! among them, those of the packet's row (`frame.number`, `ip.addr`, `tcp.port`, ...), and the names that Wireshark's display
//! filters have for the same; `docs/filter.md` lists them. A field of a message that spans packets belongs to the packet that
//! completes it.
//!
//! A field that stands several times in a packet matches if any of its values does; `!=` if all of them differ.

mod lex;
mod names;
mod packet;
mod parse;
mod select;
mod value;

use std::fmt;

pub use names::{Alias, OWN, OwnName, WIRESHARK, alike};
pub use select::{SelectError, Selection};
pub use value::Value;

use names::Term;

/// A filter that was read.
#[derive(Clone, Debug)]
pub struct Filter {
    root: Expr,
}

/// What went wrong with an expression, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterError {
    /// The column, from 1, counted in characters.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// What would help, if that is known.
    pub remedy: Option<String>,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}
impl std::error::Error for FilterError {}

/// A field by the name that was typed, and what it stands for.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    term: Term,
}

#[derive(Clone, Debug)]
enum Expr {
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    /// A field, alone.
    Has(Named),
    Compare(Named, Operator, Value),
    /// One of these ranges, both ends included.
    In(Named, Vec<(Value, Value)>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Contains,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// If it is none, names a field that is not known, or is nested deeper than 64: the error has the column.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        parse::parse(text).map(|root| Filter { root })
    }

    /// The fields that it names, in order, each as often as it stands there.
    pub fn fields(&self) -> Vec<&str> {
        let mut out = Vec::new();
        self.root.fields(&mut out);
        out
    }

    /// Whether a packet is meant; `values` gives all values of a field in it.
    fn holds(&self, values: &dyn Fn(&Term) -> Vec<Value>) -> bool {
        self.root.holds(values)
    }
}

impl Expr {
    fn holds(&self, values: &dyn Fn(&Term) -> Vec<Value>) -> bool {
        match self {
            Expr::And(a, b) => a.holds(values) && b.holds(values),
            Expr::Or(a, b) => a.holds(values) || b.holds(values),
            Expr::Not(inner) => !inner.holds(values),
            Expr::Has(named) => values(&named.term).iter().any(Value::is_set),
            Expr::Compare(named, operator, wanted) => {
                let found = values(&named.term);
                match operator {
                    // As people mean it: no value is the one (a packet without the field has none).
                    Operator::Unequal => !found.is_empty() && !found.iter().any(|value| value.equals(wanted)),
                    operator => found.iter().any(|value| value.compares(*operator, wanted)),
                }
            }
            Expr::In(named, ranges) => {
                let within = |value: &Value, (from, to): &(Value, Value)| {
                    if from == to {
                        return value.equals(from);
                    }
                    value.compares(Operator::AtLeast, from) && value.compares(Operator::AtMost, to)
                };
                values(&named.term).iter().any(|value| ranges.iter().any(|range| within(value, range)))
            }
        }
    }

    fn fields<'a>(&'a self, out: &mut Vec<&'a str>) {
        match self {
            Expr::And(a, b) | Expr::Or(a, b) => {
                a.fields(out);
                b.fields(out);
            }
            Expr::Not(inner) => inner.fields(out),
            Expr::Has(named) | Expr::Compare(named, ..) | Expr::In(named, _) => out.push(&named.name),
        }
    }
}

#[cfg(test)]
mod tests;
