//! Running a block.

use std::collections::BTreeMap;
use std::fmt;

use super::expression::{Expr, Statement, parse};

/// What a name stands for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Datum {
    Integer(i128),
    Float(f64),
    Text(String),
    Tuple(Vec<Datum>),
    None,
}

/// Why a block did not run to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An assertion does not hold.
    Assertion(String),
    /// It cannot be run: an unknown name, a type that does not fit.
    Error(String),
    /// A part of the language that is not known here.
    Unsupported(String),
}

/// The names of all blocks of a script; they keep their values from one block to the next.
#[derive(Default)]
pub(crate) struct Environment {
    names: BTreeMap<String, Datum>,
    /// What was printed.
    pub(crate) printed: Vec<String>,
}

impl Environment {
    /// Gives a name a value.
    pub(crate) fn set(&mut self, name: &str, value: i128) {
        self.names.insert(name.to_owned(), Datum::Integer(value));
    }

    /// Runs a block.
    pub(crate) fn run(&mut self, code: &str) -> Result<(), Failure> {
        for statement in parse(code).map_err(Failure::Unsupported)? {
            self.statement(statement)?;
        }
        Ok(())
    }

    fn statement(&mut self, statement: Statement) -> Result<(), Failure> {
        match statement {
            Statement::Assign(name, value) => {
                let value = self.eval(&value)?;
                self.names.insert(name, value);
            }
            Statement::Evaluate(value) => _ = self.eval(&value)?,
            Statement::Assert { what, message, text } => {
                if !truth(&self.eval(&what)?) {
                    let mut said = format!("`{text}` does not hold");
                    let message = message.and_then(|message| self.eval(&message).ok());
                    if let Some(message) = message {
                        said.push_str(&format!(" ({message})"));
                    }
                    for name in names(&what) {
                        if let Some(value) = self.names.get(&name) {
                            said.push_str(&format!("; {name} is {value}"));
                        }
                    }
                    return Err(Failure::Assertion(said));
                }
            }
        }
        Ok(())
    }

    fn eval(&mut self, expr: &Expr) -> Result<Datum, Failure> {
        Ok(match expr {
            Expr::Integer(n) => Datum::Integer(*n),
            Expr::Float(x) => Datum::Float(*x),
            Expr::Text(text) => Datum::Text(text.clone()),
            Expr::Name(name) => match (name.as_str(), self.names.get(name)) {
                (_, Some(value)) => value.clone(),
                ("True", _) => Datum::Integer(1),
                ("False", _) => Datum::Integer(0),
                ("None", _) => Datum::None,
                _ if name.starts_with("tcpi_") || name.starts_with("SK_MEMINFO") || name.starts_with("bbr_") => {
                    return Err(Failure::Unsupported(format!("the stack does not report {name}")));
                }
                _ => return Err(Failure::Error(format!("the name {name} is not defined"))),
            },
            Expr::Tuple(members) => {
                let members: Result<Vec<Datum>, Failure> = members.iter().map(|member| self.eval(member)).collect();
                Datum::Tuple(members?)
            }
            Expr::Unary(operator, inner) => unary(operator, self.eval(inner)?)?,
            Expr::Binary("and", left, right) => {
                let left = self.eval(left)?;
                if truth(&left) { self.eval(right)? } else { left }
            }
            Expr::Binary("or", left, right) => {
                let left = self.eval(left)?;
                if truth(&left) { left } else { self.eval(right)? }
            }
            Expr::Binary(operator, left, right) => binary(operator, self.eval(left)?, self.eval(right)?)?,
            Expr::Chain(first, rest) => {
                let mut left = self.eval(first)?;
                for (operator, right) in rest {
                    let right = self.eval(right)?;
                    if !compare(operator, &left, &right)? {
                        return Ok(Datum::Integer(0));
                    }
                    left = right;
                }
                Datum::Integer(1)
            }
            Expr::Call(name, arguments) => {
                let values: Result<Vec<Datum>, Failure> =
                    arguments.iter().map(|argument| self.eval(argument)).collect();
                self.call(name, values?)?
            }
        })
    }

    fn call(&mut self, name: &str, arguments: Vec<Datum>) -> Result<Datum, Failure> {
        match (name, &arguments[..]) {
            ("print", values) => {
                let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
                self.printed.push(texts.join(" "));
                Ok(Datum::None)
            }
            ("abs", [value]) => {
                let negative = compare("<", value, &Datum::Integer(0))?;
                if negative { unary("-", value.clone()) } else { Ok(value.clone()) }
            }
            ("min" | "max", [first, rest @ ..]) => {
                let operator = if name == "min" { "<" } else { ">" };
                rest.iter().try_fold(first.clone(), |best, value| {
                    Ok(if compare(operator, value, &best)? { value.clone() } else { best })
                })
            }
            ("int", [Datum::Integer(n)]) => Ok(Datum::Integer(*n)),
            ("int", [Datum::Float(x)]) => Ok(Datum::Integer(*x as i128)),
            ("float", [value]) => Ok(Datum::Float(float(value)?)),
            ("str" | "hex", [value]) => Ok(Datum::Text(value.to_string())),
            _ => Err(Failure::Unsupported(format!("the function {name} is not known"))),
        }
    }
}

/// The names in an expression, in order.
fn names(expr: &Expr) -> Vec<String> {
    let mut found = match expr {
        Expr::Name(name) => vec![name.clone()],
        Expr::Unary(_, inner) => names(inner),
        Expr::Binary(_, left, right) => [names(left), names(right)].concat(),
        Expr::Chain(first, rest) => rest.iter().fold(names(first), |found, (_, expr)| [found, names(expr)].concat()),
        Expr::Call(_, members) | Expr::Tuple(members) => members.iter().flat_map(names).collect(),
        Expr::Integer(_) | Expr::Float(_) | Expr::Text(_) => Vec::new(),
    };
    found.retain(|name| name.starts_with("tcpi_") || name.chars().all(|c| c.is_lowercase() || c == '_'));
    found.dedup();
    found
}

fn truth(value: &Datum) -> bool {
    match value {
        Datum::Integer(n) => *n != 0,
        Datum::Float(x) => *x != 0.0,
        Datum::Text(text) => !text.is_empty(),
        Datum::Tuple(members) => !members.is_empty(),
        Datum::None => false,
    }
}

fn float(value: &Datum) -> Result<f64, Failure> {
    match value {
        Datum::Integer(n) => Ok(*n as f64),
        Datum::Float(x) => Ok(*x),
        other => Err(Failure::Error(format!("{other} is no number"))),
    }
}

fn compare(operator: &str, left: &Datum, right: &Datum) -> Result<bool, Failure> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (left, right) {
        (Datum::Integer(a), Datum::Integer(b)) => Some(a.cmp(b)),
        (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
        _ => float(left)?.partial_cmp(&float(right)?),
    };
    Ok(match operator {
        "==" => order == Some(Equal),
        "!=" => order != Some(Equal),
        "<" => order == Some(Less),
        ">" => order == Some(Greater),
        "<=" => matches!(order, Some(Less | Equal)),
        _ => matches!(order, Some(Greater | Equal)),
    })
}

fn unary(operator: &str, value: Datum) -> Result<Datum, Failure> {
    Ok(match (operator, value) {
        ("not", value) => Datum::Integer(i128::from(!truth(&value))),
        ("-", Datum::Integer(n)) => Datum::Integer(n.saturating_neg()),
        ("-", Datum::Float(x)) => Datum::Float(-x),
        ("~", Datum::Integer(n)) => Datum::Integer(!n),
        ("+", value) => value,
        (operator, value) => return Err(Failure::Error(format!("`{operator}` does not fit {value}"))),
    })
}

fn binary(operator: &str, left: Datum, right: Datum) -> Result<Datum, Failure> {
    let wrong = || Failure::Error(format!("`{operator}` cannot be computed here"));
    Ok(match (left, right) {
        (Datum::Text(format), values) if operator == "%" => Datum::Text(fill(&format, values)),
        (Datum::Text(a), Datum::Text(b)) if operator == "+" => Datum::Text(a + &b),
        (Datum::Integer(a), Datum::Integer(b)) if operator != "/" => Datum::Integer(
            match operator {
                "+" => a.checked_add(b),
                "-" => a.checked_sub(b),
                "*" => a.checked_mul(b),
                // Python rounds towards minus infinity.
                "//" => a.checked_div_euclid(b).filter(|_| b > 0),
                "%" => a.checked_rem_euclid(b).filter(|_| b > 0),
                "&" => Some(a & b),
                "|" => Some(a | b),
                "^" => Some(a ^ b),
                "<<" => u32::try_from(b).ok().filter(|b| *b < 64).and_then(|b| a.checked_shl(b)),
                ">>" => u32::try_from(b).ok().filter(|b| *b < 64).and_then(|b| a.checked_shr(b)),
                _ => None,
            }
            .ok_or_else(wrong)?,
        ),
        (left, right) => {
            let (a, b) = (float(&left)?, float(&right)?);
            Datum::Float(match operator {
                "+" => a + b,
                "-" => a - b,
                "*" => a * b,
                "/" if b != 0.0 => a / b,
                _ => return Err(wrong()),
            })
        }
    })
}

/// `'cwnd=%d' % x`
fn fill(format: &str, values: Datum) -> String {
    let values = match values {
        Datum::Tuple(values) => values,
        one => vec![one],
    };
    let mut values = values.into_iter();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let kind = chars.find(|c| c.is_ascii_alphabetic() || *c == '%');
        match (kind, values.next()) {
            (Some('%'), _) => out.push('%'),
            (_, Some(value)) => out.push_str(&value.to_string()),
            _ => out.push('?'),
        }
    }
    out
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Integer(n) => write!(f, "{n}"),
            Datum::Float(x) => write!(f, "{x}"),
            Datum::Text(text) => f.write_str(text),
            Datum::Tuple(members) => {
                let texts: Vec<String> = members.iter().map(ToString::to_string).collect();
                write!(f, "({})", texts.join(", "))
            }
            Datum::None => f.write_str("None"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(code: &str) -> Result<(), Failure> {
        let mut environment = Environment::default();
        environment.set("tcpi_snd_cwnd", 10);
        environment.set("tcpi_options", 0x27);
        environment.run(code)
    }

    #[test]
    fn assertions_hold_or_do_not() {
        let holds = [
            "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd",
            "assert (tcpi_options & 0x20) != 0, tcpi_options",
            "assert 9 <= tcpi_snd_cwnd <= 11, 'cwnd=%d' % tcpi_snd_cwnd",
            "cwnd = 4; cwnd += 6; print(cwnd); assert tcpi_snd_cwnd == cwnd # as it was",
            "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd; \\\n   assert not tcpi_snd_cwnd > 10 and True",
            "x = 7\nassert x // 2 == 3 and x % 4 == 3 and -x < 0 and max(x, 9) == 9",
        ];
        for code in holds {
            run(code).unwrap_or_else(|failure| panic!("{code}: {failure:?}"));
        }
        for code in
            ["assert tcpi_snd_cwnd == 11", "assert 10 < tcpi_snd_cwnd <= 11", "assert (tcpi_options & 0x8) != 0"]
        {
            assert!(matches!(run(code), Err(Failure::Assertion(_))), "{code}");
        }
    }

    #[test]
    fn what_is_not_known_is_never_passed_over() {
        for code in ["import os", "assert tcpi_magic == 1", "if x:\n  y = 1", "x = foo(1)", "x = [1]"] {
            assert!(matches!(run(code), Err(Failure::Unsupported(_))), "{code}");
        }
        assert!(matches!(run("assert y == 1"), Err(Failure::Error(_))));
    }
}
