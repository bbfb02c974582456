//! Messages as the RFCs show them, and the invariants of every decoder on any bytes.

use proptest::prelude::*;

use super::*;
use crate::{Datum, Malformed, Note, Reader, Record, Silent};

/// Decodes with both sinks and checks what holds for every decoder: the leaves tile the buffer, and the inspector finds
/// an error exactly where the stack stops. Gives the record and the stack's result.
macro_rules! both {
    ($bytes:expr, $decode:expr) => {{
        let bytes: &[u8] = $bytes.as_ref();
        let mut record = Record::new();
        Reader::decode_all(bytes, &mut record, $decode).expect("a recording sink goes on");
        assert_eq!(record.check_tiling(bytes.len()), Ok(()));
        let silent: Result<_, Malformed> = Reader::decode_all(bytes, &mut Silent, $decode);
        assert_eq!(record.errors.first(), silent.as_ref().err(), "the first error is the one that stops");
        (record, silent.map(|value| value.expect("no error, so there is a value")))
    }};
}

fn request(text: &str) -> (Record, Result<Request, Malformed>) {
    both!(text, |reader| decode_request(reader))
}

fn response(text: &str) -> (Record, Result<Response, Malformed>) {
    both!(text, |reader| decode_response(reader))
}

/// The leaves as (id, text) without the fixed signs between them.
fn leaves<'b>(record: &Record, buffer: &'b str) -> Vec<(&'static str, &'b str)> {
    let fixed = ["http.space", "http.crlf", "http.empty_line", "http.field_colon", "http.field_space"];
    let leaves = record.leaves().filter(|leaf| !fixed.contains(&leaf.field.id));
    leaves.map(|leaf| (leaf.field.id, &buffer[leaf.bits.start / 8..leaf.bits.end / 8])).collect()
}

#[test]
fn a_request_to_the_last_character() {
    let text = "GET /hello.txt?a=1&b=2 HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost:www.example.com \r\nX-Odd:\r\n\r\n";
    let (record, result) = request(text);
    let head = result.unwrap();
    assert_eq!((head.method.as_str(), head.target.as_str()), ("GET", "/hello.txt?a=1&b=2"));
    assert_eq!(head.version, Version::HTTP_11);
    assert_eq!(head.fields.get("HOST"), Some("www.example.com"));
    assert_eq!(head.fields.get("x-odd"), Some(""));
    assert_eq!(
        leaves(&record, text),
        [
            ("http.method", "GET"),
            ("http.target.path", "/hello.txt"),
            ("http.target.mark", "?"),
            ("http.target.query", "a=1&b=2"),
            ("http.version", "HTTP/1.1"),
            ("http.field_name", "User-Agent"),
            ("http.field_value", "curl/7.64.1"),
            ("http.field_name", "Host"),
            ("http.field_value", "www.example.com"),
            ("http.field_name", "X-Odd"),
        ]
    );
    let groups: Vec<_> = record.nodes.iter().filter(|node| !node.leaf).map(|node| node.field.id).collect();
    let ids =
        ["http.request", "http.request_line", "http.target", "http.field.user-agent", "http.field.host", "http.field"];
    assert_eq!(groups, ids);
}

#[test]
fn a_response_with_and_without_reason() {
    let text = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let (record, result) = response(text);
    let head = result.unwrap();
    assert_eq!((head.status, head.reason.as_str()), (Status::NOT_FOUND, "Not Found"));
    let status = record.find("http.status").unwrap();
    assert_eq!(status.value, Datum::Uint(404));
    assert_eq!(status.field.code(404).map(|code| code.name), Some("Not Found"));
    assert_eq!(response("HTTP/1.0 200 \r\n\r\n").1.unwrap().reason, "");
    let (record, result) = response("HTTP/1.1 599\r\n\r\n");
    assert_eq!(result.unwrap().status, Status(599));
    assert!(matches!(record.find("http.status").unwrap().notes[..], [Note::Remark(_)]));
}

#[test]
fn the_four_forms_of_a_target() {
    for (line, id) in [
        ("GET / HTTP/1.1", "http.target.path"),
        ("GET http://a/ HTTP/1.1", "http.target.absolute"),
        ("CONNECT a:443 HTTP/1.1", "http.target.authority"),
        ("OPTIONS * HTTP/1.1", "http.target.asterisk"),
    ] {
        let (record, result) = request(&format!("{line}\r\n\r\n"));
        result.unwrap();
        assert!(record.find(id).is_some(), "{line}");
    }
}

#[test]
fn what_is_tolerated_is_noted() {
    let (record, result) = request("\r\nGET / HTTP/1.1\nHost: a\n\n");
    assert_eq!(result.unwrap().fields.get("host"), Some("a"));
    let notes = record.nodes.iter().filter(|node| !node.notes.is_empty() && node.field.id != "http.method").count();
    assert_eq!(notes, 3, "three line feeds alone");
    assert!(record.find("http.empty_line_before").is_some());

    let (record, result) = response("HTTP/1.1 200 OK\r\nX: one\r\n  two\r\n\tthree \r\nY: z\r\n\r\n");
    let head = result.unwrap();
    assert_eq!(head.fields.get("x"), Some("one two three"));
    assert_eq!(head.fields.0.len(), 2);
    assert_eq!(record.leaves().filter(|leaf| leaf.field.id == "http.field_fold").count(), 2);
}

#[test]
fn what_breaks_the_format_is_named() {
    for (text, what) in [
        ("GET /\r\n\r\n", "is missing"),
        ("GET  / HTTP/1.1\r\n\r\n", "is missing"),
        ("G(T / HTTP/1.1\r\n\r\n", "is no token"),
        ("GET / http/1.1\r\n\r\n", "is not of the form HTTP/1.1"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "stands between name and colon"),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", "stands behind white space, right after the start line"),
        ("GET / HTTP/1.1\r\nHost\r\n\r\n", "is not followed by a colon"),
        ("GET / HTTP/1.1\r\n: a\r\n\r\n", "is empty"),
        ("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", "has a control character that values may not have"),
        ("GET / HTTP/1.1\r\nA: b\r\n", "is missing: the head is cut short"),
    ] {
        assert_eq!(request(text).1.unwrap_err().what, what, "{text:?}");
    }
    // The inspector goes on with the next line.
    let (record, _) = request("GET / HTTP/1.1\r\nHost\r\nAccept: b\r\n\r\n");
    assert!(record.find("malformed").is_some() && record.find("http.field.accept").is_some());
}

#[test]
fn heads_are_cut_out_of_a_stream() {
    let stream = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next";
    assert_eq!(next_head(stream), NextHead::Whole(29));
    assert_eq!(next_head(&stream[..28]), NextHead::Need);
    assert_eq!(next_head(&[b'a'; MAX_HEAD]), NextHead::TooLong);
    assert!(looks_like_http(b"GET / HTT") && looks_like_http(b"HTTP/1.1 200 OK"));
    assert!(!looks_like_http(b"PRI * HTTP/2.0") && !looks_like_http(b"SSH-2.0-x y") && !looks_like_http(b""));
}

fn framing_of(head: &str, method: Option<&str>) -> (Framing, Vec<FramingFault>) {
    let text = format!("{head}\r\n\r\n");
    match response(&text).1 {
        Ok(response) => response_framing(&response, method),
        Err(_) => request_framing(&request(&text).1.unwrap()),
    }
}

/// RFC 9112 §6.3, rule by rule.
#[test]
fn where_bodies_end() {
    use FramingFault as F;
    let get = Some("GET");
    for (head, method, framing, faults) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5", Some("HEAD"), Framing::None, &[][..]),
        ("HTTP/1.1 100 Continue", get, Framing::None, &[]),
        ("HTTP/1.1 103 Early Hints\r\nContent-Length: 5", get, Framing::None, &[F::LengthWithoutBody]),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 0", get, Framing::None, &[]),
        ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked", get, Framing::None, &[F::EncodingWithoutBody]),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5", get, Framing::None, &[]),
        ("HTTP/1.1 200 OK", Some("CONNECT"), Framing::Tunnel, &[]),
        ("HTTP/1.1 407 No\r\nContent-Length: 3", Some("CONNECT"), Framing::Length(3), &[]),
        ("HTTP/1.1 101 Switching", get, Framing::Tunnel, &[]),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked", get, Framing::Chunked, &[]),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip", get, Framing::UntilClose, &[F::ChunkedNotLast]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5", get, Framing::Length(5), &[F::LengthRepeated]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 6", get, Framing::Unknown, &[F::LengthsDiffer]),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5", get, Framing::Unknown, &[F::LengthInvalid]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999", get, Framing::Unknown, &[F::LengthInvalid]),
        ("HTTP/1.1 200 OK", get, Framing::UntilClose, &[]),
        ("GET / HTTP/1.1", None, Framing::None, &[]),
        ("POST / HTTP/1.1\r\nContent-Length: 5", None, Framing::Length(5), &[]),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip", None, Framing::Unknown, &[F::ChunkedNotLast]),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            None,
            Framing::Unknown,
            &[F::ChunkedNotLast],
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
            None,
            Framing::Chunked,
            &[F::LengthAndEncoding],
        ),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked", None, Framing::Chunked, &[F::EncodingInHttp10]),
    ] {
        assert_eq!(framing_of(head, method), (framing, faults.to_vec()), "{head:?}");
        assert!(faults.iter().all(|fault| fault.what().contains("(RFC ")));
    }
}

/// RFC 9112 §9.3, in its order.
#[test]
fn connections_persist_by_default_since_http_11() {
    for (head, more) in [
        ("GET / HTTP/1.1", true),
        ("GET / HTTP/1.1\r\nConnection: upgrade, Close", false),
        ("GET / HTTP/1.0", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive", true),
        ("GET / HTTP/0.9\r\nConnection: keep-alive", false),
    ] {
        let request = request(&format!("{head}\r\n\r\n")).1.unwrap();
        assert_eq!(persists(request.version, &request.fields), more, "{head:?}");
    }
}

const CHUNKS: &str = "5;name=\"v\"\r\nhello\r\n6 \r\n world\r\n000\r\nExpires: never\r\n\r\n";

/// Runs a dechunker over a stream that arrives in pieces of `size` bytes: content, consumed bytes, and what stopped it.
fn dechunk(stream: &[u8], size: usize) -> (Vec<u8>, usize, Option<&'static str>) {
    let (mut dechunker, mut content, mut at, mut there) = (Dechunker::new(), Vec::new(), 0, size.min(stream.len()));
    loop {
        match dechunker.step(&stream[at..there]) {
            ChunkStep::Need if there == stream.len() => return (content, at, None),
            ChunkStep::Need => there = (there + size).min(stream.len()),
            ChunkStep::Framing(n) => at += n,
            ChunkStep::Data(n) => {
                content.extend_from_slice(&stream[at..at + n]);
                at += n;
            }
            ChunkStep::End(n) => {
                assert!(dechunker.is_done());
                return (content, at + n, Some("end"));
            }
            ChunkStep::Malformed(what) => return (content, at, Some(what)),
        }
    }
}

#[test]
fn chunks_are_taken_off() {
    let stream = format!("{CHUNKS}HTTP/1.1 200 OK");
    for size in 1..20 {
        assert_eq!(dechunk(stream.as_bytes(), size), (b"hello world".to_vec(), CHUNKS.len(), Some("end")));
    }
    let (record, trailers) = both!(CHUNKS, |reader| decode_chunked(reader));
    assert_eq!(trailers.unwrap().get("expires"), Some("never"));
    let sizes: Vec<_> =
        record.leaves().filter(|leaf| leaf.field.id == "http.chunk.size").map(|leaf| leaf.value.clone()).collect();
    assert_eq!(sizes, [Datum::Uint(5), Datum::Uint(6), Datum::Uint(0)]);
}

#[test]
fn broken_chunks_are_named() {
    for (stream, what) in [
        ("x\r\n", "a chunk's size is no hexadecimal number of at most 15 digits"),
        ("1000000000000000\r\n", "a chunk's size is no hexadecimal number of at most 15 digits"),
        ("3 3\r\n", "a chunk's size is followed by something else than an extension"),
        ("3\r\nabcd", "a chunk's data is longer than its size says"),
    ] {
        assert_eq!(dechunk(stream.as_bytes(), 100).2, Some(what));
        assert!(both!(stream, |reader| decode_chunked(reader)).1.is_err());
    }
    assert_eq!(dechunk(&[b'1'; MAX_CHUNK_LINE], 100).2, Some("a chunk's size line is too long"));
    // As much as there is stays readable.
    let (record, _) = both!("ff\r\nabc", |reader| decode_chunked(reader));
    assert_eq!(record.find("http.chunk.data").map(|leaf| leaf.bits.len()), Some(24));
}

#[test]
fn a_body_has_the_length_that_its_framing_says() {
    assert!(both!("hello", |reader| decode_body(reader, Framing::Length(5))).1.is_ok());
    assert!(both!("hell", |reader| decode_body(reader, Framing::Length(5))).1.is_err());
    assert!(both!("hello!", |reader| decode_body(reader, Framing::Length(5))).1.is_err());
    assert!(both!("x", |reader| decode_body(reader, Framing::None)).1.is_err());
    assert!(both!("anything", |reader| decode_body(reader, Framing::UntilClose)).1.is_ok());
    assert!(both!("abc", |reader| decode_body(reader, Framing::Length(u64::MAX))).1.is_err());
}

/// Bytes that look like HTTP often enough to get far.
fn httpish() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "GET",
        "/",
        "/a?b",
        "*",
        "HTTP/1.1",
        "HTTP/1.0",
        "200",
        "OK",
        " ",
        " ",
        " ",
        "\t",
        "\r\n",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        ":",
        ": ",
        "Host",
        "content-length",
        "Transfer-Encoding",
        "chunked",
        ",",
        "5",
        "0",
        "a",
        "hello",
        "\0",
        "\u{e9}",
        ";x=y",
        "",
    ];
    let word = prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_head_is_tiled(bytes in httpish(), start in proptest::sample::select(vec!["", "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n"])) {
        let bytes = [start.as_bytes(), &bytes].concat();
        let (_, parsed) = both!(bytes, |reader| decode_request(reader));
        if let Ok(request) = parsed {
            prop_assert_eq!(next_head(&bytes), NextHead::Whole(bytes.len()));
            let _ = request_framing(&request);
        }
        let (_, parsed) = both!(bytes, |reader| decode_response(reader));
        if let Ok(response) = parsed {
            let _ = response_framing(&response, None);
        }
        let _ = looks_like_http(&bytes);
    }

    /// What the inspector accepts as a chunked body, the stream decoder decodes alike, however it arrives.
    #[test]
    fn any_chunked_body_is_tiled(bytes in httpish(), size in 1usize..9) {
        let (record, parsed) = both!(bytes, |reader| decode_chunked(reader));
        let (content, at, stopped) = dechunk(&bytes, size);
        if parsed.is_ok() {
            prop_assert_eq!((at, stopped), (bytes.len(), Some("end")));
            let data = record.leaves().filter(|leaf| leaf.field.id == "http.chunk.data");
            let data: Vec<u8> = data.flat_map(|leaf| bytes[leaf.bits.start / 8..leaf.bits.end / 8].to_vec()).collect();
            prop_assert_eq!(content, data);
        }
    }

    #[test]
    fn any_content_in_any_chunks_comes_back(content: Vec<u8>, cuts in proptest::collection::vec(1usize..40, 1..20), size in 1usize..50) {
        let (mut stream, mut at, mut cuts) = (Vec::new(), 0, cuts.into_iter().cycle());
        while at < content.len() {
            let n = cuts.next().unwrap_or(1).min(content.len() - at);
            stream.extend_from_slice(format!("{n:X}\r\n").as_bytes());
            stream.extend_from_slice(&content[at..at + n]);
            stream.extend_from_slice(b"\r\n");
            at += n;
        }
        stream.extend_from_slice(b"0\r\n\r\n");
        prop_assert!(both!(stream, |reader| decode_chunked(reader)).1.is_ok());
        prop_assert_eq!(dechunk(&stream, size), (content, stream.len(), Some("end")));
    }
}
