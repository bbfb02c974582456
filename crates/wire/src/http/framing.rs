//! Where a message's body ends (RFC 9112 §6.3), and what makes receivers disagree about it.

use super::fields::Fields;
use super::head::{Request, Response, Version};
use super::status::StatusClass;

/// How the end of a body is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is no body.
    None,
    /// It has this many bytes.
    Length(u64),
    /// It comes in chunks, each with its length.
    Chunked,
    /// It goes on until the connection closes.
    UntilClose,
    /// It goes on until a frame says that the stream ends (RFC 9113 §8.1).
    EndStream,
    /// No body, and no more messages: a tunnel, or another protocol, begins behind the head.
    Tunnel,
    /// It cannot be known: a server answers 400 and closes, a client closes.
    Unknown,
}

/// What is wrong with the fields that tell a body's length. Each can make two receivers see different messages, which is
/// how requests are smuggled past a proxy (RFC 9112 §11.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FramingFault {
    /// Transfer-Encoding and Content-Length together.
    LengthAndEncoding,
    /// Content-Lengths that differ.
    LengthsDiffer,
    /// The same Content-Length more than once.
    LengthRepeated,
    /// A Content-Length that is no number.
    LengthInvalid,
    /// A Transfer-Encoding of which chunked is not the last.
    ChunkedNotLast,
    /// A Transfer-Encoding in HTTP/1.0, which does not know it.
    EncodingInHttp10,
    /// A Transfer-Encoding where no body can be: 1xx, 204, or 2xx to CONNECT.
    EncodingWithoutBody,
    /// A Content-Length above zero in a response 1xx, 204, or 2xx to CONNECT.
    LengthWithoutBody,
}

impl FramingFault {
    /// The name of the field at fault.
    pub fn field(self) -> &'static str {
        use FramingFault::*;
        match self {
            LengthsDiffer | LengthRepeated | LengthInvalid | LengthWithoutBody => "Content-Length",
            LengthAndEncoding | ChunkedNotLast | EncodingInHttp10 | EncodingWithoutBody => "Transfer-Encoding",
        }
    }
    /// What is wrong with that field, as a clause, and where that is written.
    pub fn what(self) -> &'static str {
        match self {
            FramingFault::LengthAndEncoding => {
                "stands beside a Content-Length: receivers may disagree where the message ends (RFC 9112 §6.3)"
            }
            FramingFault::LengthsDiffer => {
                "differs from another one: nobody can tell where the message ends (RFC 9112 §6.3)"
            }
            FramingFault::LengthRepeated => "comes more than once, with the same number (RFC 9110 §8.6)",
            FramingFault::LengthInvalid => "is no number: nobody can tell where the message ends (RFC 9112 §6.3)",
            FramingFault::ChunkedNotLast => "does not end in chunked, so it does not tell the length (RFC 9112 §6.3)",
            FramingFault::EncodingInHttp10 => {
                "stands in HTTP/1.0, which does not know it: the length is in doubt (RFC 9112 §6.1)"
            }
            FramingFault::EncodingWithoutBody => "stands in a message that has no body (RFC 9112 §6.1)",
            FramingFault::LengthWithoutBody => "stands in a response that has no body (RFC 9110 §8.6)",
        }
    }
}

/// How a request's body is framed, and what is wrong with the fields that say so.
pub fn request_framing(request: &Request) -> (Framing, Vec<FramingFault>) {
    framing(&request.fields, request.version, true)
}

/// How a response's body is framed. `method` is that of the request that it answers, if it is known.
pub fn response_framing(response: &Response, method: Option<&str>) -> (Framing, Vec<FramingFault>) {
    let status = response.status;
    let connected = method == Some("CONNECT") && status.class() == StatusClass::SUCCESSFUL;
    // RFC 9110 §15.2.2, RFC 9112 §6.3 first and second.
    let framing_without_body = if connected || status.0 == 101 {
        Framing::Tunnel
    } else if method == Some("HEAD") || status.is_informational() || matches!(status.0, 204 | 304) {
        Framing::None
    } else {
        return framing(&response.fields, response.version, false);
    };
    // To HEAD, and in a 304, the fields tell what a GET would have brought (RFC 9110 §8.6, RFC 9112 §6.1).
    let mut faults = Vec::new();
    if connected || status.is_informational() || status.0 == 204 {
        if response.fields.get("transfer-encoding").is_some() {
            faults.push(FramingFault::EncodingWithoutBody);
        }
        // A length of zero is forbidden there as well, and the one that all agree on.
        if response.fields.get("content-length").is_some_and(|value| value != "0") {
            faults.push(FramingFault::LengthWithoutBody);
        }
    }
    (framing_without_body, faults)
}

/// Whether the connection may carry more messages after one with this version and these fields (RFC 9112 §9.3). The body's
/// framing can forbid it too: one that goes on until the close is the last.
pub fn persists(version: Version, fields: &Fields) -> bool {
    if fields.list_has("connection", "close") {
        false
    } else if version >= Version::HTTP_11 {
        true
    } else {
        version == Version::HTTP_10 && fields.list_has("connection", "keep-alive")
    }
}

/// RFC 9112 §6.3, third to eighth.
fn framing(fields: &Fields, version: Version, is_request: bool) -> (Framing, Vec<FramingFault>) {
    let mut faults = Vec::new();
    let length = content_length(fields, &mut faults);
    if fields.get("transfer-encoding").is_some() {
        if version < Version::HTTP_11 {
            faults.push(FramingFault::EncodingInHttp10);
        }
        // Third: Transfer-Encoding overrides Content-Length.
        if fields.get("content-length").is_some() {
            faults.push(FramingFault::LengthAndEncoding);
        }
        // Fourth: chunked must be the last coding, and once.
        let chunked = |coding: &&str| coding.eq_ignore_ascii_case("chunked");
        let count = fields.list("transfer-encoding").filter(chunked).count();
        if fields.list("transfer-encoding").last().is_some_and(|last| chunked(&last)) && count == 1 {
            return (Framing::Chunked, faults);
        }
        faults.push(FramingFault::ChunkedNotLast);
        return (if is_request { Framing::Unknown } else { Framing::UntilClose }, faults);
    }
    let framing = match length {
        // Fifth: an invalid length cannot be recovered from.
        Err(()) => Framing::Unknown,
        Ok(Some(length)) => Framing::Length(length),
        // Seventh and eighth.
        Ok(None) if is_request => Framing::None,
        Ok(None) => Framing::UntilClose,
    };
    (framing, faults)
}

/// The Content-Length: one decimal number, perhaps repeated (RFC 9110 §8.6).
fn content_length(fields: &Fields, faults: &mut Vec<FramingFault>) -> Result<Option<u64>, ()> {
    let mut length = None;
    let mut invalid = false;
    for member in fields.all("content-length").flat_map(|value| value.split(',')) {
        let digits = member.trim_matches([' ', '\t']);
        let number = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse::<u64>().ok() } else { None };
        match (number, length) {
            (None, _) => {
                invalid = true;
                push_once(faults, FramingFault::LengthInvalid);
            }
            (Some(number), None) => length = Some(number),
            (Some(number), Some(before)) if number == before => push_once(faults, FramingFault::LengthRepeated),
            _ => {
                invalid = true;
                push_once(faults, FramingFault::LengthsDiffer);
            }
        }
    }
    if invalid { Err(()) } else { Ok(length) }
}

fn push_once(faults: &mut Vec<FramingFault>, fault: FramingFault) {
    if !faults.contains(&fault) {
        faults.push(fault);
    }
}
