//! Requests as HAR 1.2 (the HTTP Archive format), for browsers' tools.
//!
//! What HAR cannot say is left out: requests on connections whose bytes cannot be read, and responses that never came have
//! status 0, as browsers write it.

use std::io::{self, Write};

use analyze::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flow::{Head, HttpMessage, Layers};
use serde_json::{Value, json};
use story::Story;
use wire::http::{Fields, Response};

use crate::content;

/// The largest content that is written into a HAR.
const MAX_CONTENT: usize = 16 << 20;
/// What is said of contents that were let go while a long capture was read.
const NOT_KEPT: &str =
    "its connection carries too much for its contents to be kept while a long capture is read: --connection has them";

/// Writes the requests that can be read, those with a packet among `packets` (all, if that is `None`), in order of time.
/// Returns how many.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_har(out: &mut impl Write, story: &Story, packets: Option<&[u32]>) -> io::Result<usize> {
    // Entries are written as they are made: bodies need not all be in memory.
    let mut har = Har::new(out)?;
    for request in &story.analysis().requests {
        let frames = request.request_frames.0..=request.response_frames.unwrap_or(request.request_frames).1;
        let meant = |chosen: &[u32]| {
            let of = story.flow().conversation(request.conversation).map(|c| c.packets.as_slice()).unwrap_or_default();
            of.iter().any(|n| frames.contains(n) && chosen.binary_search(n).is_ok())
        };
        if !packets.is_none_or(meant) {
            continue;
        }
        let Some(entry) = har_entry(story, request) else { continue };
        har.entry(&serde_json::to_vec(&entry)?)?;
    }
    har.finish()
}

/// A HAR that is written entry by entry.
#[derive(Debug)]
pub struct Har<W> {
    out: W,
    count: usize,
}

impl<W: Write> Har<W> {
    /// Writes what stands before the entries.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn new(mut out: W) -> io::Result<Har<W>> {
        let head = json!({ "name": "wirescope", "version": "1" });
        write!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{head},\"pages\":[],\"entries\":[")?;
        Ok(Har { out, count: 0 })
    }

    /// Writes the next entry, which is JSON already: a [`har_entry`].
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn entry(&mut self, json: &[u8]) -> io::Result<()> {
        self.out.write_all(if self.count == 0 { b"\n" } else { b",\n" })?;
        self.count += 1;
        self.out.write_all(json)
    }

    /// Writes what stands behind the entries. Returns how many there are.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<usize> {
        self.out.write_all(b"\n]}}\n")?;
        self.out.flush()?;
        Ok(self.count)
    }
}

/// A request as an entry of a HAR; `None` if it cannot be read. Where bytes of its connection were let go ([`Story::has_let_go`])
/// it has no contents, and says so.
pub fn har_entry(story: &Story, request: &Request) -> Option<Value> {
    let layers = story.layers(request.conversation)?;
    let http = layers.http.as_ref()?;
    let exchange = http.exchanges.get(request.exchange?)?;
    let asked = http.messages.get(exchange.request?)?;
    let answer = exchange.responses.last().and_then(|&at| http.messages.get(at)).filter(|message| !message.interim());
    let kept = !story.has_let_go();
    let conversation = story.flow().conversation(request.conversation)?;
    let started = story.epoch() + (request.start() - base::Instant::ZERO);
    let milliseconds = |span: analyze::Span| (span.1 - span.0).as_millis_f64();
    let known = |span: Option<analyze::Span>| span.map_or(-1.0, milliseconds);
    // HAR counts the TLS handshake into `connect`.
    let connect = match (request.connect, request.tls) {
        (Some(connect), Some(tls)) => milliseconds(connect) + milliseconds(tls),
        (connect, tls) => known(connect.or(tls)),
    };
    let parts = [known(request.dns), connect, milliseconds(request.send)];
    let (wait, receive) = (request.wait.map_or(0.0, milliseconds), request.receive.map_or(0.0, milliseconds));
    let spent: f64 = parts.iter().filter(|part| **part > 0.0).sum::<f64>() + wait + receive;
    let total = request.total().unwrap_or(request.send.1 - request.start()).as_millis_f64();
    // What lies between the parts: the client was not ready. The parts have to add up to the whole.
    let blocked = (total - spent).max(0.0);
    Some(json!({
        "startedDateTime": started.to_string(),
        "time": blocked + spent,
        "request": asked_json(&layers, asked, request, kept),
        "response": answer_json(&layers, answer, kept),
        "cache": {},
        "timings": {
            "blocked": blocked, "dns": parts[0], "connect": parts[1], "ssl": known(request.tls),
            "send": parts[2], "wait": wait, "receive": receive,
        },
        "serverIPAddress": conversation.server.ip.to_string(),
        "connection": conversation.client.port.to_string(),
    }))
}

fn asked_json(layers: &Layers, message: &HttpMessage, request: &Request, kept: bool) -> Value {
    let Head::Request(head) = &message.head else { return Value::Null };
    let secure = layers.tls.is_some();
    let url = if head.target.contains("://") {
        head.target.clone()
    } else {
        let host = request.host.as_deref().unwrap_or("unknown.invalid");
        format!("{}://{host}{}", if secure { "https" } else { "http" }, head.target)
    };
    let query = url.split_once('?').map_or("", |(_, query)| query.split('#').next().unwrap_or(""));
    let query: Vec<Value> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| json!({ "name": percent_decoded(name), "value": percent_decoded(value) }))
        .collect();
    let cookies =
        head.fields.all("cookie").flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let cookies: Vec<Value> = cookies.map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut out = json!({
        "method": head.method, "url": url, "httpVersion": head.version.to_string(), "cookies": cookies,
        "headers": headers(&head.fields), "queryString": query,
        "headersSize": message.head_range.len(), "bodySize": message.body.len(),
    });
    if !message.body.is_empty() {
        let mime = head.fields.get("content-type").unwrap_or("application/octet-stream");
        out["postData"] = if kept {
            let body = body(layers, message);
            json!({ "mimeType": mime, "params": [], "text": String::from_utf8_lossy(&body) })
        } else {
            json!({ "mimeType": mime, "params": [], "text": "", "comment": NOT_KEPT })
        };
    }
    out
}

fn answer_json(layers: &Layers, message: Option<&HttpMessage>, kept: bool) -> Value {
    let Some((message, head)) = message.and_then(|message| Some((message, message.head.response()?))) else {
        return json!({
            "status": 0, "statusText": "", "httpVersion": "unknown", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "x-unknown" }, "redirectURL": "", "headersSize": -1, "bodySize": -1,
        });
    };
    let mime = head.fields.get("content-type").unwrap_or("");
    let told = if kept {
        content_json(layers, message, head, mime)
    } else {
        json!({ "size": message.body.len(), "mimeType": mime, "comment": NOT_KEPT })
    };
    let cookies: Vec<Value> = head.fields.all("set-cookie").filter_map(set_cookie).collect();
    json!({
        "status": head.status.0, "statusText": head.reason, "httpVersion": head.version.to_string(),
        "cookies": cookies, "headers": headers(&head.fields), "content": told,
        "redirectURL": head.fields.get("location").unwrap_or(""),
        "headersSize": message.head_range.len(), "bodySize": message.body.len(),
    })
}

/// A response's content, without its codings.
fn content_json(layers: &Layers, message: &HttpMessage, head: &Response, mime: &str) -> Value {
    let raw = body(layers, message);
    let codings: Vec<&str> = head.fields.list("content-encoding").collect();
    let decoded = content::decoded(codings.into_iter(), &raw);
    let content = decoded.as_deref().unwrap_or(&raw);
    let mut told = json!({
        "size": content.len(), "mimeType": mime,
        "compression": content.len() as i64 - message.body.len() as i64,
    });
    if content.len() > MAX_CONTENT {
        told["comment"] = json!("too large to be written here");
    } else if let Ok(text) = std::str::from_utf8(content) {
        told["text"] = json!(text);
    } else {
        told["text"] = json!(BASE64.encode(content));
        told["encoding"] = json!("base64");
    }
    told
}

/// The body without its framing, as it was sent.
fn body(layers: &Layers, message: &HttpMessage) -> bytes::Bytes {
    match message.decoded {
        Some(joined) => layers.bytes(joined),
        None => {
            let all = layers.bytes(message.buffer);
            let end = message.body.end.min(all.len());
            all.slice(message.body.start.min(end)..end)
        }
    }
}

fn headers(fields: &Fields) -> Vec<Value> {
    fields.0.iter().map(|line| json!({ "name": line.name, "value": line.value })).collect()
}

/// RFC 6265 §4.1.1.
fn set_cookie(line: &str) -> Option<Value> {
    let mut parts = line.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = json!({ "name": name, "value": value, "httpOnly": false, "secure": false });
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        match attribute.to_ascii_lowercase().as_str() {
            "path" => cookie["path"] = json!(value),
            "domain" => cookie["domain"] = json!(value),
            "expires" => cookie["expires"] = json!(value),
            "httponly" => cookie["httpOnly"] = json!(true),
            "secure" => cookie["secure"] = json!(true),
            _ => {}
        }
    }
    Some(cookie)
}

/// A part of a query as a form has it: `+` is a blank, `%41` an A.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = || u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok();
        at += match (byte, hex()) {
            (b'%', Some(value)) => {
                out.push(value);
                3
            }
            (b'+', _) => {
                out.push(b' ');
                1
            }
            _ => {
                out.push(byte);
                1
            }
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_cookies_are_taken_apart() {
        assert_eq!(percent_decoded("a%20b+c%zz%4"), "a b c%zz%4");
        assert_eq!(percent_decoded("%ä1"), "%ä1");
        let cookie = set_cookie("id=1=2; Path=/; Expires=Thu, 01 Jan 2026 00:00:00 GMT; HttpOnly").unwrap();
        assert_eq!(cookie["value"], "1=2");
        assert_eq!(cookie["path"], "/");
        assert_eq!(cookie["httpOnly"], true);
        assert_eq!(cookie["secure"], false);
    }
}
