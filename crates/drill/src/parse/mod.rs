//! The parser: options, an init command, events, a cleanup command.

mod call;
mod icmp;
mod options;
mod packet;

use base::Duration;
use wire::tcp::Flags;

use crate::error::{Fault, Problem, ScriptError, Span};
use crate::lex::{Kind, Token, tokens};
use crate::script::{Action, Command, Event, Script, Setting, Time, Way};

/// The largest script that is read, in bytes.
pub const MAX_SCRIPT: usize = 4 << 20;
/// How deep arguments may nest.
const MAX_DEPTH: usize = 32;

impl Script {
    /// Parses a script. `file` names it in messages.
    ///
    /// # Errors
    /// If it breaks the rules of the language, or uses a part of it that is not supported; with place and remedy.
    pub fn parse(file: &str, source: &str) -> Result<Script, ScriptError> {
        Script::parse_with(file, source, &[])
    }

    /// As [`Script::parse`], with symbols defined beforehand, as `--define` does within a script.
    ///
    /// # Errors
    /// As [`Script::parse`].
    pub fn parse_with(file: &str, source: &str, defines: &[(String, String)]) -> Result<Script, ScriptError> {
        if source.len() > MAX_SCRIPT {
            let problem = Problem::invalid(Span::default(), format!("a script of {} bytes is too long", source.len()));
            return Err(problem.help("at most 4 MiB are read").located(file, source));
        }
        let parsed = tokens(source)
            .and_then(|tokens| Parser { tokens, at: 0, source, depth: 0, defines: defines.to_vec() }.script(file));
        parsed.map_err(|problem| problem.located(file, source))
    }

    /// The line of the script that `span` begins in, from 1.
    pub(crate) fn line(&self, span: Span) -> usize {
        span.place(&self.source).0
    }
}

type Parsed<T> = Result<T, Problem>;

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    source: &'a str,
    depth: usize,
    defines: Vec<(String, String)>,
}

impl Parser<'_> {
    fn script(mut self, file: &str) -> Parsed<Script> {
        let mut options = Vec::new();
        while self.peek().kind == Kind::Option {
            options.push(self.option()?);
        }
        self.substitute();
        let init = self.command();
        let mut events: Vec<Event> = Vec::new();
        while self.peek().kind != Kind::End {
            if let Some(command) = self.command() {
                if self.peek().kind != Kind::End {
                    let problem = Problem::invalid(command.span, "a command between events needs a time");
                    return Err(problem.help("write `+0` in front of it"));
                }
                // What would restore the machine: every run has a new one.
                break;
            }
            events.push(self.event(events.last())?);
        }
        if events.is_empty() {
            let problem = Problem::invalid(self.peek().span, "the script has no events");
            return Err(problem.help("write at least one line such as `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3`"));
        }
        Ok(Script { file: file.to_owned(), source: self.source.to_owned(), options, init, events })
    }

    /// `--name`, `--name=value` or `--name=symbol=value`.
    fn option(&mut self) -> Parsed<Setting> {
        let name = self.next();
        let mut setting = Setting { name: name.text, value: None, span: name.span };
        if !self.takes('=') {
            return Ok(setting);
        }
        let value = self.next();
        let known = [Kind::Integer, Kind::Float, Kind::Hex, Kind::Word, Kind::Text, Kind::Ipv4, Kind::Ipv6];
        if !known.contains(&value.kind) {
            let problem = Problem::invalid(value.span, format!("--{} needs a value behind `=`", setting.name));
            return Err(problem);
        }
        setting.span = setting.span.to(value.span);
        if value.kind == Kind::Word && self.takes('=') {
            let meaning = self.next();
            let meant = self.source[meaning.span.start..meaning.span.end].to_owned();
            setting.span = setting.span.to(meaning.span);
            if setting.name == "define" {
                self.defines.push((value.text.clone(), meant.clone()));
            }
            setting.value = Some(format!("{}={meant}", value.text));
        } else {
            setting.value = Some(value.text);
        }
        Ok(setting)
    }

    /// Puts what `--define` says in the place of its symbol, everywhere.
    fn substitute(&mut self) {
        for token in self.tokens.iter_mut().skip(self.at).filter(|token| token.kind == Kind::Word) {
            let Some((_, meant)) = self.defines.iter().rev().find(|(symbol, _)| *symbol == token.text) else {
                continue;
            };
            if let Ok([meant, _]) = tokens(meant).as_deref() {
                (token.kind, token.text) = (meant.kind, meant.text.clone());
            }
        }
    }

    fn command(&mut self) -> Option<Command> {
        (self.peek().kind == Kind::Command).then(|| {
            let token = self.next();
            Command { text: token.text, span: token.span }
        })
    }

    fn event(&mut self, last: Option<&Event>) -> Parsed<Event> {
        let start = self.peek().span;
        let time = self.time()?;
        let action = self.action()?;
        let span = start.to(self.tokens[self.at - 1].span);
        if !matches!(time, Time::Absolute(_) | Time::Relative(_)) {
            let expected = matches!(&action, Action::Packet(packet) if packet.way == Way::Out);
            if !expected {
                let problem =
                    Problem::invalid(start, "only a packet that the stack sends may come at a time left open");
                return Err(problem.help("give one time: `+.1`, or `0.1`"));
            }
        }
        let start_of = |time| match time {
            Time::Absolute(at) | Time::AbsoluteRange(at, _) => Some(at),
            _ => None,
        };
        if let (Some(before), Some(now)) = (last.and_then(|last| start_of(last.time)), start_of(time))
            && now < before
        {
            return Err(Problem::invalid(start, "time goes backwards").help("order the events by their times"));
        }
        if last.is_none() && !matches!(time, Time::Absolute(Duration::ZERO) | Time::Relative(Duration::ZERO)) {
            return Err(Problem::invalid(start, "the first event is not at time 0").help("let it begin with `0`"));
        }
        Ok(Event { time, action, span })
    }

    fn time(&mut self) -> Parsed<Time> {
        let start = self.peek().span;
        if self.takes('*') {
            return Ok(Time::Any);
        }
        let relative = self.takes('+');
        let from = self.moment()?;
        if !self.takes('~') {
            return Ok(if relative { Time::Relative(from) } else { Time::Absolute(from) });
        }
        if relative {
            self.expect('+', "the end of a relative range begins with `+`")?;
        }
        let to = self.moment()?;
        if to < from {
            return Err(Problem::invalid(start, "the range ends before it begins").help("swap its times"));
        }
        Ok(if relative { Time::RelativeRange(from, to) } else { Time::AbsoluteRange(from, to) })
    }

    /// Seconds, to the microsecond as packetdrill counts.
    fn moment(&mut self) -> Parsed<Duration> {
        let token = self.next();
        let wrong =
            |message: &str| Problem::invalid(token.span, message).help("times are seconds: `0.25`, `+.1`, `+0`");
        if !matches!(token.kind, Kind::Integer | Kind::Float) {
            return Err(wrong("a time is expected here"));
        }
        if token.text.starts_with('-') {
            return Err(wrong("a time is never negative"));
        }
        let (whole, fraction) = token.text.split_once('.').unwrap_or((&token.text, ""));
        let whole: i64 =
            if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong("this time is too long"))? };
        if whole > 1_000_000 {
            return Err(wrong("this time is longer than a run may take"));
        }
        let micros = format!("{:0<6}", fraction.get(..6).unwrap_or(fraction)).parse().unwrap_or(0);
        Ok(Duration::from_secs(whole) + Duration::from_micros(micros))
    }

    fn action(&mut self) -> Parsed<Action> {
        let token = self.peek().clone();
        match token.kind {
            Kind::Symbol('<' | '>') => Ok(Action::Packet(Box::new(self.packet()?))),
            Kind::Command => Ok(self.command().map_or(Action::Code(String::new()), Action::Command)),
            Kind::Code => Ok(Action::Code(self.next().text)),
            Kind::Word | Kind::Ellipsis => Ok(Action::Call(Box::new(self.call()?))),
            _ => Err(self.unexpected("a packet, a system call, a command or code")),
        }
    }
}

/// Steps.
impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }
    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }
    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }
    fn is(&self, symbol: char) -> bool {
        self.peek().kind == Kind::Symbol(symbol)
    }
    fn is_word(&self, word: &str) -> bool {
        self.peek().kind == Kind::Word && self.peek().text == word
    }
    fn takes(&mut self, symbol: char) -> bool {
        let found = self.is(symbol);
        if found {
            self.next();
        }
        found
    }
    fn takes_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }
    fn expect(&mut self, symbol: char, help: &str) -> Parsed<()> {
        if self.takes(symbol) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{symbol}`")).help(help))
    }
    fn unexpected(&self, wanted: &str) -> Problem {
        let token = self.peek();
        let found = match token.kind {
            Kind::End => "the script ends".to_owned(),
            _ => format!("`{}` stands", &self.source[token.span.start..token.span.end]),
        };
        Problem {
            span: token.span,
            fault: Fault::Invalid,
            message: format!("{found} where {wanted} is expected"),
            remedy: None,
        }
    }
    /// A whole number, decimal or not, from 0 to `max`.
    fn number(&mut self, what: &str, max: u64) -> Parsed<u64> {
        let token = self.next();
        let value = match token.kind {
            Kind::Integer => token.text.parse::<i64>().ok().and_then(|n| u64::try_from(n).ok()),
            Kind::Hex => u64::from_str_radix(&token.text[2..], 16).ok(),
            _ => {
                self.at -= 1;
                return Err(self.unexpected(what));
            }
        };
        value.filter(|&n| n <= max).ok_or_else(|| {
            Problem::invalid(token.span, format!("{what} is out of range")).help(format!("it goes from 0 to {max}"))
        })
    }
}

/// The flags that letters and digits stand for: `SEWA`, `P.`, `.5`.
fn flags(text: &str, span: Span) -> Parsed<Flags> {
    let (mut flags, mut ace) = (Flags::NONE, false);
    let mut named = false;
    for letter in text.chars() {
        flags |= match letter {
            'F' => Flags::FIN,
            'S' => Flags::SYN,
            'R' => Flags::RST,
            'P' => Flags::PSH,
            '.' => Flags::ACK,
            'U' => Flags::URG,
            'E' | 'W' | 'A' => {
                named = true;
                match letter {
                    'E' => Flags::ECE,
                    'W' => Flags::CWR,
                    _ => Flags::AE,
                }
            }
            '0'..='7' if !ace => {
                ace = true;
                // RFC 9768 §3.2.2: the counter's bits stand in AE, CWR and ECE.
                let count = letter as u16 - '0' as u16;
                Flags((count & 1) << 6 | (count & 2) << 6 | (count & 4) << 6)
            }
            _ => {
                let problem = Problem::invalid(span, format!("`{letter}` is no TCP flag"));
                return Err(problem.help("flags are F S R P . U E W A, or one digit for AccECN's counter"));
            }
        };
    }
    if ace && named {
        let problem = Problem::invalid(span, "AccECN's counter takes the places of E, W and A");
        return Err(problem.help("give the digit or the letters"));
    }
    Ok(flags)
}
