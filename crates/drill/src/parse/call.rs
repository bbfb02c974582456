//! System calls: `+0...0.2 accept(3, ..., ...) = 4`, with the small language of their arguments.

use super::{MAX_DEPTH, Parsed, Parser};
use crate::error::Problem;
use crate::lex::Kind;
use crate::script::{Call, Expression, Value};

impl Parser<'_> {
    pub(super) fn call(&mut self) -> Parsed<Call> {
        let end = if self.peek().kind == Kind::Ellipsis {
            self.next();
            Some(self.moment()?)
        } else {
            None
        };
        let name = self.next();
        if name.kind != Kind::Word {
            self.at -= 1;
            return Err(self.unexpected("the name of a system call"));
        }
        self.expect('(', "arguments stand in parentheses")?;
        let arguments = if self.is(')') { Vec::new() } else { self.expressions()? };
        self.expect(')', "close the arguments")?;
        self.expect('=', "say what the call returns: `= 0`")?;
        let result = self.expression()?;
        let mut errno = None;
        // `ENAME (text)`; a note may also stand alone.
        if self.peek().kind == Kind::Word {
            errno = Some(self.next().text);
        }
        if self.takes('(') {
            while !self.is(')') {
                if self.peek().kind == Kind::End {
                    return Err(self.unexpected("`)`"));
                }
                self.next();
            }
            self.next();
        }
        Ok(Call { name: name.text, arguments, result, errno, end })
    }

    fn expressions(&mut self) -> Parsed<Vec<Expression>> {
        let mut found = vec![self.expression()?];
        while self.takes(',') {
            found.push(self.expression()?);
        }
        Ok(found)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::invalid(self.peek().span, "this nests too deeply"));
        }
        let mut left = self.operand()?;
        while self.takes('|') {
            let right = self.operand()?;
            let span = left.span.to(right.span);
            left = Expression { value: Value::Or(Box::new(left), Box::new(right)), span };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Parsed<Expression> {
        let token = self.next();
        let value = match token.kind {
            Kind::Ellipsis => Value::Any,
            Kind::Integer => Value::Integer(token.text.parse().map_err(|_| {
                Problem::invalid(token.span, "this number is too large").help("numbers have at most 64 bits")
            })?),
            Kind::Hex => {
                let number = u64::from_str_radix(&token.text[2..], 16);
                Value::Integer(number.map_err(|_| Problem::invalid(token.span, "this number is too large"))? as i64)
            }
            Kind::Text => {
                let mut text = unescape(&token.text);
                while self.peek().kind == Kind::Text {
                    text.extend(unescape(&self.next().text));
                }
                if self.peek().kind == Kind::Ellipsis {
                    self.next();
                }
                Value::Text(text)
            }
            Kind::Word if self.is('(') => {
                self.next();
                let argument = self.expression()?;
                self.expect(')', "close the argument")?;
                Value::Function(token.text, Box::new(argument))
            }
            Kind::Word => Value::Word(token.text),
            Kind::Symbol('[') => {
                let list = if self.is(']') { Vec::new() } else { self.expressions()? };
                self.expect(']', "close the list")?;
                Value::List(list)
            }
            Kind::Symbol('{') => self.group()?,
            _ => {
                self.at -= 1;
                return Err(self.unexpected("a value"));
            }
        };
        Ok(Expression { value, span: token.span.to(self.tokens[self.at - 1].span) })
    }

    /// What stands in braces: `{name=value, ...}` or `{a, b}`.
    fn group(&mut self) -> Parsed<Value> {
        let mut members = Vec::new();
        let mut fields = Vec::new();
        while !self.is('}') {
            // `name=` or `name(3)=`
            let plain = self.peek_at(1).kind == Kind::Symbol('=');
            let sized = self.peek_at(1).kind == Kind::Symbol('(') && self.peek_at(4).kind == Kind::Symbol('=');
            if self.peek().kind == Kind::Word && (plain || sized) {
                let name = self.next().text;
                if sized {
                    self.next();
                    let size = self.expression()?;
                    self.expect(')', "close the count")?;
                    fields.push((format!("{name}()"), size));
                }
                self.expect('=', "a field is given as `name=value`")?;
                fields.push((name, self.expression()?));
            } else {
                members.push(self.expression()?);
            }
            if !self.takes(',') {
                break;
            }
        }
        self.expect('}', "close the braces")?;
        if fields.is_empty() {
            return Ok(Value::Group(members));
        }
        match members.first() {
            None => Ok(Value::Record(fields)),
            Some(member) => Err(Problem::invalid(member.span, "this field has no name").help("write `name=value`")),
        }
    }
}

/// A string's escapes, as in C: `\n`, `\t`, `\\`, `\"`, `\x0f`, `\017`.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'x') => {
                let mut value = 0;
                while let Some(digit) = bytes.peek().and_then(|&b| char::from(b).to_digit(16)) {
                    value = value * 16 + digit;
                    bytes.next();
                }
                out.push(value as u8);
            }
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(next) = bytes.peek().and_then(|&b| char::from(b).to_digit(8)) else { break };
                    value = value * 8 + next;
                    bytes.next();
                }
                out.push(value as u8);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}
