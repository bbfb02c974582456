//! A script's text, cut into tokens. Of several readings the longest counts, as in packetdrill's own lexer.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{Problem, Span};

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// `--name`.
    Option,
    /// `0.25`, `.5`
    Float,
    /// `42`, `-1`
    Integer,
    /// `0x1f`
    Hex,
    /// A name, a keyword, flags, a cookie.
    Word,
    /// `"text"`, without its quotes.
    Text,
    /// A command in back quotes, without them.
    Command,
    /// `%{ code }%`, without its brackets.
    Code,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// `...`
    Ellipsis,
    /// Any other character.
    Symbol(char),
    /// The end of the script.
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Cuts `source` into tokens; the last one is [`Kind::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, Problem> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if let Some(skip) = blank(rest, at)? {
            at += skip;
            continue;
        }
        let (kind, len, inner) = token(rest, at)?;
        let text = rest[inner.0..inner.1].to_owned();
        found.push(Token { kind, text, span: Span { start: at, end: at + len } });
        at += len;
    }
    found.push(Token { kind: Kind::End, text: String::new(), span: Span { start: at, end: at } });
    Ok(found)
}

/// The length of the white space or comment that `rest` starts with.
fn blank(rest: &str, at: usize) -> Result<Option<usize>, Problem> {
    let spaces = rest.len() - rest.trim_start().len();
    if spaces > 0 {
        return Ok(Some(spaces));
    }
    if rest.starts_with("//") {
        return Ok(Some(rest.find('\n').unwrap_or(rest.len())));
    }
    if rest.starts_with("/*") {
        let open = Span { start: at, end: at + 2 };
        let end = rest
            .find("*/")
            .ok_or_else(|| Problem::invalid(open, "this comment has no end").help("close it with `*/`"))?;
        return Ok(Some(end + 2));
    }
    Ok(None)
}

/// Kind, length and the part that counts of the token that `rest` starts with.
fn token(rest: &str, at: usize) -> Result<(Kind, usize, (usize, usize)), Problem> {
    if rest.starts_with("%{") {
        return enclosed(rest, at, Kind::Code, "%{", "}%");
    }
    if rest.starts_with('"') || rest.starts_with('`') {
        return quoted(rest, at);
    }
    if rest.starts_with("...") {
        return Ok((Kind::Ellipsis, 3, (0, 3)));
    }
    let word = |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if let Some(name) = rest.strip_prefix("--").map(word).filter(|&len| len > 0) {
        return Ok((Kind::Option, 2 + name, (2, 2 + name)));
    }
    if let Some((kind, len)) = address(rest) {
        return Ok((kind, len, (0, len)));
    }
    let longest =
        [(Kind::Float, float(rest)), (Kind::Integer, integer(rest)), (Kind::Hex, hex(rest)), (Kind::Word, word(rest))]
            .into_iter()
            .rev()
            .max_by_key(|&(_, len)| len);
    if let Some((kind, len)) = longest.filter(|&(_, len)| len > 0) {
        return Ok((kind, len, (0, len)));
    }
    let symbol = rest.chars().next().unwrap_or(' ');
    Ok((Kind::Symbol(symbol), symbol.len_utf8(), (0, symbol.len_utf8())))
}

fn enclosed(
    rest: &str,
    at: usize,
    kind: Kind,
    open: &str,
    close: &str,
) -> Result<(Kind, usize, (usize, usize)), Problem> {
    let end = rest.find(close).ok_or_else(|| {
        let span = Span { start: at, end: at + open.len() };
        Problem::invalid(span, format!("this `{open}` has no end")).help(format!("close it with `{close}`"))
    })?;
    Ok((kind, end + close.len(), (open.len(), end)))
}

/// A string or a command; a backslash keeps the quote behind it from ending it.
fn quoted(rest: &str, at: usize) -> Result<(Kind, usize, (usize, usize)), Problem> {
    let quote = rest.as_bytes()[0];
    let kind = if quote == b'"' { Kind::Text } else { Kind::Command };
    let mut escaped = false;
    for (i, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return Ok((kind, i + 1, (1, i))),
            _ => {}
        }
    }
    let span = Span { start: at, end: at + 1 };
    Err(Problem::invalid(span, "this quote is never closed").help(format!("close it with `{}`", char::from(quote))))
}

fn address(rest: &str) -> Option<(Kind, usize)> {
    let len = rest.bytes().take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')).count();
    let run = &rest[..len];
    // A sequence range (1:1001) looks like the start of an IPv6 address: only a whole address is one.
    if run.parse::<Ipv4Addr>().is_ok() {
        return Some((Kind::Ipv4, len));
    }
    let colons = run.matches(':').count();
    if colons < 2 {
        return None;
    }
    // `2001:db8::1:` in an encapsulation: the last colon is punctuation.
    [run, run.strip_suffix(':').unwrap_or(run)]
        .into_iter()
        .find(|text| text.parse::<Ipv6Addr>().is_ok())
        .map(|text| (Kind::Ipv6, text.len()))
}

fn integer(rest: &str) -> usize {
    let sign = usize::from(rest.starts_with('-'));
    match rest[sign..].bytes().take_while(u8::is_ascii_digit).count() {
        0 => 0,
        digits => sign + digits,
    }
}

fn float(rest: &str) -> usize {
    let sign = usize::from(rest.starts_with('-'));
    let whole = sign + rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if rest.as_bytes().get(whole) != Some(&b'.') {
        return 0;
    }
    match rest[whole + 1..].bytes().take_while(u8::is_ascii_digit).count() {
        0 => 0,
        digits => whole + 1 + digits,
    }
}

fn hex(rest: &str) -> usize {
    let Some(digits) = rest.strip_prefix("0x") else { return 0 };
    match digits.bytes().take_while(u8::is_ascii_hexdigit).count() {
        0 => 0,
        digits => 2 + digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Kind, String)> {
        tokens(source).unwrap().into_iter().map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn of_several_readings_the_longest_counts() {
        let found = kinds("+0...0.200 12ab 0x1F -1 .5 1:1001(1000) 192.0.2.1 2001:db8::1");
        let expected = [
            (Kind::Symbol('+'), "+"),
            (Kind::Integer, "0"),
            (Kind::Ellipsis, "..."),
            (Kind::Float, "0.200"),
            (Kind::Word, "12ab"),
            (Kind::Hex, "0x1F"),
            (Kind::Integer, "-1"),
            (Kind::Float, ".5"),
            (Kind::Integer, "1"),
            (Kind::Symbol(':'), ":"),
            (Kind::Integer, "1001"),
            (Kind::Symbol('('), "("),
            (Kind::Integer, "1000"),
            (Kind::Symbol(')'), ")"),
            (Kind::Ipv4, "192.0.2.1"),
            (Kind::Ipv6, "2001:db8::1"),
            (Kind::End, ""),
        ];
        let expected: Vec<(Kind, String)> = expected.into_iter().map(|(kind, text)| (kind, text.to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn comments_commands_and_code_are_whole_tokens() {
        let found = kinds("// one\n/* two */ `sysctl -q a=1` %{ assert x == 1 }% \"a\\\"b\"");
        assert_eq!(found[0], (Kind::Command, "sysctl -q a=1".to_owned()));
        assert_eq!(found[1], (Kind::Code, " assert x == 1 ".to_owned()));
        assert_eq!(found[2], (Kind::Text, "a\\\"b".to_owned()));
    }

    #[test]
    fn what_is_never_closed_says_where_it_was_opened() {
        for source in ["\n `sysctl", "\n /* note", "\n %{ x", "\n \"text"] {
            let problem = tokens(source).unwrap_err();
            assert_eq!(problem.span.place(source), (2, 2), "{source}");
            assert!(problem.remedy.is_some());
        }
    }
}
