//! What hyper's parser of heads (httparse) accepts, ours accepts, and reads alike.

use proptest::prelude::*;
use wire::http::{Fields, NextHead, decode_request, decode_response, next_head};
use wire::{Reader, Silent};

/// Heads that are often right.
fn heads(first: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let lines = [
        "Host: a",
        "Host:a",
        "Accept: */*  ",
        "X-Empty:",
        "X: \t ",
        "X-Tab: a\tb",
        "Content-Length: 5",
        "a!#$%&'*+-.^_`|~1: v",
        "X : y",
        ": y",
        "no colon",
        " fold",
        "\tfold",
        "Cookie: a=b; c=\"d,e\"",
        "X: \u{e9}",
        "",
        "X: a:b",
    ];
    let end = prop_oneof![6 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just("")];
    let line = (proptest::sample::select(lines.to_vec()), end.clone());
    let before = prop_oneof![6 => Just(""), 1 => Just("\r\n"), 1 => Just("\n")];
    let bytes =
        (before, proptest::sample::select(first.to_vec()), end, proptest::collection::vec(line, 0..5), any::<bool>())
            .prop_map(|(before, first, end, lines, whole)| {
                let lines: String = lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect();
                format!("{before}{first}{end}{lines}{}", if whole { "\r\n" } else { "" }).into_bytes()
            });
    let change = proptest::option::weighted(0.3, (any::<proptest::sample::Index>(), any::<u8>()));
    (bytes, change).prop_map(|(mut bytes, change)| {
        if let Some((at, byte)) = change {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

fn compare(ours: &Fields, theirs: &[httparse::Header<'_>]) {
    let ours: Vec<_> = ours.0.iter().map(|line| (line.name.clone(), line.value.clone())).collect();
    let theirs: Vec<_> = theirs
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    assert_eq!(ours, theirs);
}

proptest! {
    #[test]
    fn requests(bytes in heads(&["GET / HTTP/1.1", "POST /a?b=c HTTP/1.0", "OPTIONS * HTTP/1.1", "GET  / HTTP/1.1", "GET /", "X-Y http://a/ HTTP/1.1"])) {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Request::new(&mut headers);
        if let Ok(httparse::Status::Complete(len)) = theirs.parse(&bytes) {
            prop_assert_eq!(next_head(&bytes), NextHead::Whole(len));
            let ours = Reader::decode_all(&bytes[..len], &mut Silent, |reader| decode_request(reader));
            let ours = ours.unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&bytes))).unwrap();
            prop_assert_eq!(Some(ours.method.as_str()), theirs.method);
            prop_assert_eq!(Some(ours.target.as_str()), theirs.path);
            prop_assert_eq!((ours.version.major, Some(ours.version.minor)), (1, theirs.version));
            compare(&ours.fields, theirs.headers);
        }
    }

    #[test]
    fn responses(bytes in heads(&["HTTP/1.1 200 OK", "HTTP/1.0 404 Not Found", "HTTP/1.1 204 ", "HTTP/1.1 599", "HTTP/1.1 20 X", "HTTP/1.1  200 OK"])) {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut theirs = httparse::Response::new(&mut headers);
        if let Ok(httparse::Status::Complete(len)) = theirs.parse(&bytes) {
            prop_assert_eq!(next_head(&bytes), NextHead::Whole(len));
            let ours = Reader::decode_all(&bytes[..len], &mut Silent, |reader| decode_response(reader));
            let ours = ours.unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&bytes))).unwrap();
            prop_assert_eq!(Some(ours.status.0), theirs.code);
            // httparse drops a reason that is not ASCII.
            if ours.reason.is_ascii() {
                prop_assert_eq!(Some(ours.reason.as_str()), theirs.reason);
            }
            prop_assert_eq!((ours.version.major, Some(ours.version.minor)), (1, theirs.version));
            compare(&ours.fields, theirs.headers);
        }
    }
}
