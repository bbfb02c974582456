//! From tokens to an expression, by recursive descent.

use std::net::IpAddr;

use crate::lex::{Kind, Token, tokens, wrong};
use crate::names::{Sort, Term};
use crate::{Expr, FilterError, Named, Operator, Value};

/// Parentheses and negations deeper than this are nobody's question.
const DEEPEST: usize = 64;

pub(crate) fn parse(text: &str) -> Result<Expr, FilterError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count() + 1 };
    let expression = parser.or(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(wrong(token.column, "the expression is over here; `and` or `or` is missing")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }
    fn column(&self) -> usize {
        self.peek().map_or(self.end, |token| token.column)
    }
    /// Takes the next token if it is one of these signs or words.
    fn take(&mut self, any: &[&str]) -> bool {
        let found = self.peek().is_some_and(|token| match &token.kind {
            Kind::Sign(sign) => any.contains(sign),
            Kind::Word(word) => any.contains(&word.as_str()),
            Kind::Quoted(_) => false,
        });
        self.at += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut left = self.and(depth)?;
        while self.take(&["||", "or"]) {
            left = Expr::Or(Box::new(left), Box::new(self.and(depth)?));
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut left = self.not(depth)?;
        while self.take(&["&&", "and"]) {
            left = Expr::And(Box::new(left), Box::new(self.not(depth)?));
        }
        Ok(left)
    }

    fn not(&mut self, depth: usize) -> Result<Expr, FilterError> {
        if depth > DEEPEST {
            return Err(wrong(self.column(), format!("the expression is nested deeper than {DEEPEST}")));
        }
        if self.take(&["!", "not"]) {
            return Ok(Expr::Not(Box::new(self.not(depth + 1)?)));
        }
        let opened = self.column();
        if self.take(&["("]) {
            let inner = self.or(depth + 1)?;
            if !self.take(&[")"]) {
                return Err(wrong(self.column(), format!("the parenthesis of column {opened} is not closed")));
            }
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, FilterError> {
        let named = self.field()?;
        let operator = match self.peek().map(|token| &token.kind) {
            Some(Kind::Sign("==")) => Operator::Equal,
            Some(Kind::Sign("!=")) => Operator::Unequal,
            Some(Kind::Sign("<")) => Operator::Less,
            Some(Kind::Sign("<=")) => Operator::AtMost,
            Some(Kind::Sign(">")) => Operator::More,
            Some(Kind::Sign(">=")) => Operator::AtLeast,
            Some(Kind::Word(word)) => match word.as_str() {
                "eq" => Operator::Equal,
                "ne" => Operator::Unequal,
                "lt" => Operator::Less,
                "le" => Operator::AtMost,
                "gt" => Operator::More,
                "ge" => Operator::AtLeast,
                "contains" => Operator::Contains,
                "in" => {
                    self.at += 1;
                    let ranges = self.set(&named.term)?;
                    return Ok(Expr::In(named, ranges));
                }
                _ => return Ok(Expr::Has(named)),
            },
            _ => return Ok(Expr::Has(named)),
        };
        self.at += 1;
        let value = if operator == Operator::Contains { self.value(None)? } else { self.value(Some(&named.term))? };
        Ok(Expr::Compare(named, operator, value))
    }

    fn field(&mut self) -> Result<Named, FilterError> {
        let column = self.column();
        let name = match self.peek().map(|token| &token.kind) {
            Some(Kind::Word(word)) => word.clone(),
            Some(Kind::Quoted(_)) => return Err(wrong(column, "a field's name stands on the left")),
            Some(Kind::Sign(sign)) => return Err(wrong(column, format!("a field is missing before `{sign}`"))),
            None => return Err(wrong(column, "a field is missing here")),
        };
        let term = Term::named(&name).map_err(|remedy| FilterError {
            column,
            message: format!("there is no field `{name}`"),
            remedy,
        })?;
        self.at += 1;
        Ok(Named { name, term })
    }

    /// `{80, 443, 8000..8080}`; as Wireshark, also with blanks instead of commas.
    fn set(&mut self, term: &Term) -> Result<Vec<(Value, Value)>, FilterError> {
        let opened = self.column();
        if !self.take(&["{"]) {
            return Err(wrong(opened, "a set in braces is missing here: {80, 443}"));
        }
        let mut ranges = Vec::new();
        while !self.take(&["}"]) {
            if self.peek().is_none() {
                return Err(wrong(self.column(), format!("the brace of column {opened} is not closed")));
            }
            let from = self.value(Some(term))?;
            let to = if self.take(&[".."]) { self.value(Some(term))? } else { from.clone() };
            ranges.push((from, to));
            self.take(&[","]);
        }
        if ranges.is_empty() {
            return Err(wrong(opened, "nothing can be in an empty set"));
        }
        Ok(ranges)
    }

    /// A value for a field: the names of its values count as these.
    fn value(&mut self, term: Option<&Term>) -> Result<Value, FilterError> {
        let column = self.column();
        let code = |name: &str| term.and_then(|term| term.code(name)).map(|code| Value::Number(code.into()));
        let value = match self.peek().map(|token| &token.kind) {
            Some(Kind::Word(word)) => match code(word) {
                Some(value) => value,
                None => read(word).map_err(|message| wrong(column, message))?,
            },
            Some(Kind::Quoted(text)) => code(text).unwrap_or_else(|| Value::Text(text.clone())),
            Some(Kind::Sign(_)) | None => return Err(wrong(column, "a value is missing here")),
        };
        if let Some(fault) = term.and_then(|term| mismatch(term, &value)) {
            return Err(wrong(column, fault));
        }
        self.at += 1;
        Ok(value)
    }
}

/// Why no value of `term` can be `value`: then the question is a slip.
fn mismatch(term: &Term, value: &Value) -> Option<String> {
    let (fits, is) = match (term.sort()?, value) {
        (Sort::Number, Value::Number(_) | Value::Billionths(_)) => (true, ""),
        (Sort::Number, _) => (false, "numbers, or the names that `wirescope explain` lists for them,"),
        (Sort::Address, Value::Ip(_) | Value::Prefix(..)) => (true, ""),
        (Sort::Address, _) => (false, "IP addresses, or prefixes of them as 10.0.0.0/8,"),
    };
    (!fits).then(|| format!("the values of this field are {is} and this is none"))
}

/// What a word says: a number, a time, an address, a prefix or itself.
fn read(word: &str) -> Result<Value, String> {
    if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16)
            .map(|n| Value::Number(n.into()))
            .map_err(|_| format!("`{word}` is no number"));
    }
    if let Ok(number) = word.parse::<i64>() {
        return Ok(Value::Number(number.into()));
    }
    if let Ok(number) = word.parse::<u64>() {
        return Ok(Value::Number(number.into()));
    }
    if let Some(value) = decimal(word) {
        return Ok(Value::Billionths(value));
    }
    if let Ok(ip) = word.parse::<IpAddr>() {
        return Ok(Value::Ip(ip));
    }
    if let Some((net, bits)) = word.split_once('/')
        && let Ok(net) = net.parse::<IpAddr>()
    {
        let most = if net.is_ipv4() { 32 } else { 128 };
        return match bits.parse::<u8>() {
            Ok(bits) if bits <= most => Ok(Value::Prefix(net, bits)),
            _ => Err(format!("a prefix has 0 to {most} bits here, not `{bits}`")),
        };
    }
    match word {
        "true" | "True" => Ok(Value::Number(1)),
        "false" | "False" => Ok(Value::Number(0)),
        _ => Ok(Value::Text(word.to_owned())),
    }
}

/// A number with a fraction, or a time with its unit (`20ms`, `1.5s`), in billionths of one (of a second).
fn decimal(word: &str) -> Option<i128> {
    let units: [(&str, u32); 4] = [("ns", 0), ("us", 3), ("ms", 6), ("s", 9)];
    let unit = units.iter().find_map(|(unit, power)| Some((word.strip_suffix(unit)?, *power)));
    let (number, power) = unit.unwrap_or((word, 9));
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let scale = 10i128.checked_pow(power)?;
    let part = fraction.parse::<i128>().ok()? * scale / 10i128.checked_pow(fraction.len() as u32)?;
    let value = whole.parse::<i128>().ok()?.checked_mul(scale)?.checked_add(part)?;
    Some(if negative { -value } else { value })
}
