//! TCP options: `<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>`.

use super::{Parsed, Parser};
use crate::error::{Problem, Span};
use crate::lex::Kind;
use crate::script::{TcpOption, Way};

/// Bytes of options that a header takes (RFC 9293 §3.1).
const ROOM: usize = 40;

impl Parser<'_> {
    /// The options; none if there is no list. `None` for `<...>`.
    pub(super) fn tcp_options(&mut self, way: Way) -> Parsed<Option<Vec<TcpOption>>> {
        let start = self.peek().span;
        // An event that begins with `<` has a time in front: a `<` here always opens options.
        if !self.takes('<') {
            return Ok(Some(Vec::new()));
        }
        if self.peek().kind == Kind::Ellipsis {
            self.next();
            self.expect('>', "close the options")?;
            if way == Way::In {
                let problem = Problem::invalid(start, "`<...>` is for packets that are expected");
                return Err(problem.help("say which options the stack gets"));
            }
            return Ok(None);
        }
        let mut options = vec![self.tcp_option()?];
        while self.takes(',') {
            options.push(self.tcp_option()?);
        }
        let end = self.peek().span;
        self.expect('>', "close the options")?;
        let len: usize = options.iter().map(TcpOption::len).sum();
        let span = start.to(end);
        if len > ROOM {
            let problem = Problem::invalid(span, format!("the options take {len} bytes"));
            return Err(problem.help(format!("a header has room for {ROOM}")));
        }
        if !len.is_multiple_of(4) {
            let problem = Problem::invalid(span, format!("the options take {len} bytes, which is no multiple of 4"));
            return Err(problem.help("fill up with `nop`"));
        }
        Ok(Some(options))
    }

    fn tcp_option(&mut self) -> Parsed<TcpOption> {
        let name = self.next();
        Ok(match name.text.as_str() {
            "nop" => TcpOption::new(TcpOption::NOP, []),
            "eol" => TcpOption::new(TcpOption::END, []),
            "mss" => {
                let mss = self.number("the maximum segment size", 0xFFFF)? as u16;
                TcpOption::new(TcpOption::MSS, mss.to_be_bytes())
            }
            "wscale" => TcpOption::new(TcpOption::WINDOW_SCALE, [self.number("the shift count", 0xFF)? as u8]),
            "sackOK" => TcpOption::new(TcpOption::SACK_OK, []),
            "sack" => self.sack()?,
            "TS" => {
                self.keyword("val")?;
                let val = self.number("the timestamp", u32::MAX.into())? as u32;
                self.keyword("ecr")?;
                TcpOption::from_timestamps(val, self.number("the echo", u32::MAX.into())? as u32)
            }
            "FO" => TcpOption::new(TcpOption::FAST_OPEN, self.hex("the cookie")?),
            "FOEXP" => {
                let cookie = self.hex("the cookie")?;
                TcpOption::new(TcpOption::EXPERIMENT, [&TcpOption::FAST_OPEN_MAGIC[..], &cookie[..]].concat())
            }
            "md5" => TcpOption::new(TcpOption::MD5, self.hex("the digest")?),
            "ECN" => self.acc_ecn()?,
            other => {
                let problem = Problem::invalid(name.span, format!("`{other}` is no TCP option"));
                return Err(problem.help("known are nop, eol, mss, wscale, sackOK, sack, TS, FO, FOEXP, md5 and ECN"));
            }
        })
    }

    fn keyword(&mut self, word: &str) -> Parsed<()> {
        if self.takes_word(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    fn sack(&mut self) -> Parsed<TcpOption> {
        let mut data = Vec::new();
        while self.peek().kind == Kind::Integer {
            let left = self.number("the left edge", u32::MAX.into())? as u32;
            self.expect(':', "a block is given as `1001:2001`")?;
            let right = self.number("the right edge", u32::MAX.into())? as u32;
            data.extend(left.to_be_bytes());
            data.extend(right.to_be_bytes());
        }
        if data.is_empty() {
            return Err(self.unexpected("a block").help("for example `sack 1001:2001`"));
        }
        Ok(TcpOption::new(TcpOption::SACK, data))
    }

    /// RFC 9768 §3.2.3: up to three 24-bit counters, in one of two orders.
    fn acc_ecn(&mut self) -> Parsed<TcpOption> {
        let mut data = Vec::new();
        let (kind, order) = if self.is_word("e1b") {
            (TcpOption::ACC_ECN_1, ["e1b", "ceb", "e0b"])
        } else {
            (TcpOption::ACC_ECN_0, ["e0b", "ceb", "e1b"])
        };
        for counter in order {
            if !self.takes_word(counter) {
                break;
            }
            let value = self.number("the counter", 0xFF_FFFF)? as u32;
            data.extend(&value.to_be_bytes()[1..]);
        }
        if data.is_empty() {
            return Err(self.unexpected("`e0b` or `e1b`"));
        }
        Ok(TcpOption::new(kind, data))
    }

    /// Hexadecimal digits; none are an empty value.
    fn hex(&mut self, what: &str) -> Parsed<Vec<u8>> {
        if !matches!(self.peek().kind, Kind::Word | Kind::Integer) {
            return Ok(Vec::new());
        }
        let token = self.next();
        let bytes = token.text.len().is_multiple_of(2).then(|| {
            let digits = |i: usize| token.text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            (0..token.text.len()).step_by(2).map(digits).collect::<Option<Vec<u8>>>()
        });
        let span: Span = token.span;
        bytes.flatten().ok_or_else(|| {
            Problem::invalid(span, format!("{what} is not an even number of hexadecimal digits"))
                .help("for example `a1b2c3d4`")
        })
    }
}
