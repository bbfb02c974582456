//! A message's head (RFC 9112 §2 to §5): request line or status line, field lines, the empty line.

use super::fields::{Fields, field_lines};
use super::line::{self, Line};
use super::method::{METHODS, method};
use super::status::Status;
use crate::{Malformed, Note, Reader, Sink, Value};

crate::fields! {
    /// Fields of a head's first line.
    pub HEAD_FIELDS;
    REQUEST = "http.request", "HTTP request", "RFC 9112 §2.1", Group, "the head of a request: what is wanted, of whom, and how";
    RESPONSE = "http.response", "HTTP response", "RFC 9112 §2.1", Group, "the head of a response: what came of it, and what the body is";
    REQUEST_LINE = "http.request_line", "Request line", "RFC 9112 §3", Group, "what is wanted: method, target, version";
    STATUS_LINE = "http.status_line", "Status line", "RFC 9112 §4", Group, "what came of it: version, status code, reason";
    METHOD = "http.method", "Method", "RFC 9110 §9", Text, "what shall be done", codes METHODS;
    SPACE = "http.space", "Space", "RFC 9112 §3", Text, "parts the words of the line";
    TARGET = "http.target", "Request target", "RFC 9112 §3.2", Group, "what it shall be done to";
    TARGET_PATH = "http.target.path", "Path", "RFC 9112 §3.2.1", Text, "which resource of the site";
    TARGET_MARK = "http.target.mark", "Question mark", "RFC 3986 §3.4", Text, "parts the path from the query";
    TARGET_QUERY = "http.target.query", "Query", "RFC 3986 §3.4", Text, "parameters for the resource";
    TARGET_ABSOLUTE = "http.target.absolute", "Absolute URI", "RFC 9112 §3.2.2", Text, "the whole address, as one asks a proxy";
    TARGET_AUTHORITY = "http.target.authority", "Authority", "RFC 9112 §3.2.3", Text, "host and port to which the proxy shall open a tunnel";
    TARGET_ASTERISK = "http.target.asterisk", "Asterisk", "RFC 9112 §3.2.4", Text, "the server as a whole";
    VERSION = "http.version", "Version", "RFC 9112 §2.3", Text, "the version that the sender speaks";
    STATUS = "http.status", "Status code", "RFC 9110 §15", Dec, "what came of the request", codes Status::CODES;
    REASON = "http.reason", "Reason phrase", "RFC 9112 §4", Text, "the status in words for people; programs ignore it";
}

/// A head may have this many bytes: more than any client or server accepts.
pub const MAX_HEAD: usize = 256 << 10;

/// A version of HTTP (RFC 9112 §2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// The digit before the dot.
    pub major: u8,
    /// The digit behind it.
    pub minor: u8,
}

impl Version {
    /// HTTP/1.0 (RFC 1945).
    pub const HTTP_10: Version = Version { major: 1, minor: 0 };
    /// HTTP/1.1 (RFC 9112).
    pub const HTTP_11: Version = Version { major: 1, minor: 1 };
    /// HTTP/2 (RFC 9113).
    pub const HTTP_2: Version = Version { major: 2, minor: 0 };
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            // RFC 9113 §1: it has no minor versions.
            Version { major: major @ 2.., minor: 0 } => write!(f, "HTTP/{major}"),
            Version { major, minor } => write!(f, "HTTP/{major}.{minor}"),
        }
    }
}

/// The head of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The method, case as sent.
    pub method: String,
    /// The target as sent; bytes that are no UTF-8 are replaced.
    pub target: String,
    /// The version.
    pub version: Version,
    /// The field lines, in order.
    pub fields: Fields,
}

/// The head of a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The version.
    pub version: Version,
    /// The status code.
    pub status: Status,
    /// The reason phrase, mostly of no meaning; bytes that are no UTF-8 are replaced.
    pub reason: String,
    /// The field lines, in order.
    pub fields: Fields,
}

/// What stands at the front of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NextHead {
    /// A whole head, empty lines before it and the empty line behind it included: this many bytes.
    Whole(usize),
    /// No end yet.
    Need,
    /// [`MAX_HEAD`] bytes, and no end.
    TooLong,
}

/// Looks for the end of a head at the front of `stream`: the first empty line behind a line that is not empty.
pub fn next_head(stream: &[u8]) -> NextHead {
    let searched = &stream[..stream.len().min(MAX_HEAD)];
    let mut at = 0;
    let mut started = false;
    while let Some(line) = line::first(&searched[at..]) {
        at += line.len();
        match (line.text.is_empty(), started) {
            (true, true) => return NextHead::Whole(at),
            (empty, _) => started |= !empty,
        }
    }
    if stream.len() >= MAX_HEAD { NextHead::TooLong } else { NextHead::Need }
}

/// Whether a stream that begins like this speaks HTTP/1: a known method and a space, or a status line.
pub fn looks_like_http(stream: &[u8]) -> bool {
    let word = stream.iter().position(|byte| *byte == b' ').unwrap_or(0);
    let first = &stream[..word];
    first.starts_with(b"HTTP/1.") || (method(first).is_some() && first != b"PRI")
}

/// Decodes the head of a request, which fills the reader, as a group.
///
/// # Errors
/// If a line breaks its format. A head without its empty line is cut short.
pub fn decode_request<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Request, Malformed> {
    reader.group(&REQUEST, |reader| {
        // RFC 9112 §2.2: at least one empty line before the request line should be ignored.
        line::skip_empty(reader)?;
        let words = first_line(reader, &REQUEST_LINE, request_line)?;
        let fields = field_lines(reader, true)?;
        let (method, target, version) =
            words.unwrap_or_else(|| (String::new(), String::new(), Version { major: 0, minor: 0 }));
        Ok(Request { method, target, version, fields })
    })
}

/// Decodes the head of a response, which fills the reader, as a group.
///
/// # Errors
/// If a line breaks its format. A head without its empty line is cut short.
pub fn decode_response<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Response, Malformed> {
    reader.group(&RESPONSE, |reader| {
        line::skip_empty(reader)?;
        let words = first_line(reader, &STATUS_LINE, status_line)?;
        let fields = field_lines(reader, true)?;
        let (version, status, reason) =
            words.unwrap_or_else(|| (Version { major: 0, minor: 0 }, Status(0), String::new()));
        Ok(Response { version, status, reason, fields })
    })
}

/// The first line as a group. `decode` sees its text without the line's end.
fn first_line<'a, S: Sink, T>(
    reader: &mut Reader<'a, '_, S>,
    group: &'static crate::Field,
    decode: impl FnOnce(&mut Reader<'a, '_, S>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    let Some(Line { text, .. }) = line::first(reader.peek()) else {
        return Err(reader.error(group, "is cut short"));
    };
    let n = text.len();
    reader.group(group, |reader| {
        let words = reader.within(n, decode)?;
        line::end(reader)?;
        Ok(words)
    })
}

/// RFC 9112 §3: method SP request-target SP HTTP-version.
fn request_line<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(String, String, Version), Malformed> {
    let name = word(reader);
    if name.is_empty() || !name.iter().copied().all(line::is_token) {
        return Err(reader.error(&METHOD, "is no token"));
    }
    reader.bytes(&METHOD, name.len())?;
    if S::RECORDS
        && let Some(known) = method(name)
    {
        reader.note(Note::Remark(known.line));
    }
    space(reader)?;
    let target = word(reader);
    if target.is_empty() {
        return Err(reader.error(&TARGET, "is missing"));
    }
    reader.group(&TARGET, |reader| target_parts(reader, name, target))?;
    space(reader)?;
    let version = version(reader)?;
    Ok((text(name), text(target), version))
}

/// RFC 9112 §3.2: the four forms of a target.
fn target_parts<S: Sink>(reader: &mut Reader<'_, '_, S>, method: &[u8], target: &[u8]) -> Result<(), Malformed> {
    if target == b"*" {
        reader.bytes(&TARGET_ASTERISK, 1)?;
    } else if method == b"CONNECT" {
        reader.bytes(&TARGET_AUTHORITY, target.len())?;
    } else if !target.starts_with(b"/") {
        reader.bytes(&TARGET_ABSOLUTE, target.len())?;
    } else {
        let path = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
        reader.bytes(&TARGET_PATH, path)?;
        if path < target.len() {
            reader.bytes(&TARGET_MARK, 1)?;
            reader.bytes(&TARGET_QUERY, target.len() - path - 1)?;
        }
    }
    Ok(())
}

/// RFC 9112 §4: HTTP-version SP status-code SP [ reason-phrase ].
fn status_line<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(Version, Status, String), Malformed> {
    let version = version(reader)?;
    space(reader)?;
    let digits = word(reader);
    if digits.len() != 3 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(reader.error(&STATUS, "is not three digits"));
    }
    let status = Status(digits.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0')));
    reader.bytes_as(&STATUS, 3, |_| Value::Uint(status.0.into()))?;
    // The space must be there even without a reason, but many leave it out.
    if reader.is_empty() {
        reader.note(Note::Remark("a space should follow, even without a reason phrase (RFC 9112 §4)"));
        return Ok((version, status, String::new()));
    }
    space(reader)?;
    let reason = reader.rest(&REASON)?;
    Ok((version, status, text(reason)))
}

/// RFC 9112 §2.3: "HTTP" "/" DIGIT "." DIGIT; case counts.
fn version<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Version, Malformed> {
    match *word(reader) {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            reader.bytes(&VERSION, 8)?;
            Ok(Version { major: major - b'0', minor: minor - b'0' })
        }
        _ => Err(reader.error(&VERSION, "is not of the form HTTP/1.1")),
    }
}

/// The bytes up to the next space.
fn word<'a>(reader: &Reader<'a, '_, impl Sink>) -> &'a [u8] {
    let rest = reader.peek();
    &rest[..rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len())]
}

fn space<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    if reader.peek().first() != Some(&b' ') {
        return Err(reader.error(&SPACE, "is missing"));
    }
    reader.bytes(&SPACE, 1).map(drop)
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
