//! What common field values mean: a sentence for each, beside the value.

/// Field, member of its list, meaning. Lower case.
static MEANINGS: &[(&str, &str, &str)] = &[
    ("accept", "*/*", "*/*: any kind of content"),
    ("accept-encoding", "br", "br: Brotli (RFC 7932)"),
    ("accept-encoding", "deflate", "deflate: zlib (RFC 9110 §8.4.1.2)"),
    ("accept-encoding", "gzip", "gzip: as the program gzip writes it (RFC 9110 §8.4.1.3)"),
    ("accept-encoding", "identity", "identity: not compressed"),
    ("accept-encoding", "zstd", "zstd: Zstandard (RFC 8878)"),
    ("accept-ranges", "bytes", "bytes: parts can be asked for by their byte positions"),
    ("accept-ranges", "none", "none: only the whole can be had"),
    ("cache-control", "immutable", "immutable: it never changes while it is fresh (RFC 8246)"),
    ("cache-control", "max-age", "max-age: a copy is fresh for so many seconds"),
    ("cache-control", "must-revalidate", "must-revalidate: never use a stale copy"),
    ("cache-control", "no-cache", "no-cache: ask the server before using a copy"),
    ("cache-control", "no-store", "no-store: keep no copy"),
    ("cache-control", "no-transform", "no-transform: proxies must not change the content"),
    ("cache-control", "only-if-cached", "only-if-cached: a stored copy or nothing"),
    ("cache-control", "private", "private: only the user's own cache may keep a copy"),
    ("cache-control", "public", "public: any cache may keep a copy"),
    ("cache-control", "s-maxage", "s-maxage: for shared caches, a copy is fresh for so many seconds"),
    (
        "cache-control",
        "stale-while-revalidate",
        "stale-while-revalidate: a stale copy may serve for so many seconds (RFC 5861)",
    ),
    ("connection", "close", "close: the connection ends after this message or its answer"),
    ("connection", "keep-alive", "keep-alive: the connection stays open; since HTTP/1.1 it does so anyway"),
    ("connection", "upgrade", "upgrade: the Upgrade field is for this connection"),
    ("content-disposition", "attachment", "attachment: save it as a file"),
    ("content-disposition", "inline", "inline: show it"),
    ("content-encoding", "br", "br: Brotli (RFC 7932)"),
    ("content-encoding", "deflate", "deflate: zlib (RFC 9110 §8.4.1.2)"),
    ("content-encoding", "gzip", "gzip: as the program gzip writes it (RFC 9110 §8.4.1.3)"),
    ("content-encoding", "zstd", "zstd: Zstandard (RFC 8878)"),
    ("content-type", "application/javascript", "a script; text/javascript is its name now (RFC 9239)"),
    ("content-type", "application/json", "data in JSON (RFC 8259)"),
    ("content-type", "application/octet-stream", "bytes of no stated kind"),
    ("content-type", "application/x-www-form-urlencoded", "a form's fields, written as a query"),
    ("content-type", "multipart/form-data", "a form's fields and files, one part each (RFC 7578)"),
    ("content-type", "text/css", "a style sheet"),
    ("content-type", "text/html", "a web page"),
    ("content-type", "text/javascript", "a script (RFC 9239)"),
    ("content-type", "text/plain", "plain text"),
    ("expect", "100-continue", "100-continue: wait for the server's word before sending the body"),
    ("pragma", "no-cache", "no-cache: ask the server before using a copy"),
    ("te", "trailers", "trailers: fields behind a chunked body are understood"),
    ("transfer-encoding", "chunked", "chunked: the body comes in pieces, each with its length"),
    ("transfer-encoding", "gzip", "gzip: the body is compressed for this hop"),
    ("upgrade", "h2c", "h2c: HTTP/2 without TLS; no longer used (RFC 9113 §3.1)"),
    ("upgrade", "websocket", "websocket: messages both ways (RFC 6455)"),
    ("upgrade-insecure-requests", "1", "1: yes"),
    ("vary", "*", "*: the answer depends on more than fields: no cache can reuse it"),
    ("x-content-type-options", "nosniff", "nosniff: believe Content-Type"),
];

/// The meanings of a value's members, without their parameters; of at most sixteen members.
pub(crate) fn meanings(name: &[u8], value: &[u8]) -> Vec<&'static str> {
    let of_name = MEANINGS.iter().filter(|(field, ..)| name.eq_ignore_ascii_case(field.as_bytes()));
    of_name.filter(|(_, key, _)| has_member(value, key.as_bytes())).map(|(.., meaning)| *meaning).collect()
}

fn has_member(value: &[u8], key: &[u8]) -> bool {
    value.split(|byte| *byte == b',').take(16).any(|member| {
        let end = member.iter().position(|byte| matches!(byte, b';' | b'=')).unwrap_or(member.len());
        member[..end].trim_ascii().eq_ignore_ascii_case(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_without_their_parameters() {
        assert_eq!(meanings(b"Cache-Control", b"Private, max-age=60").len(), 2);
        assert!(meanings(b"Content-Type", b"text/html; charset=utf-8").contains(&"a web page"));
        assert!(meanings(b"X-Odd", b"close").is_empty());
    }
}
