//! HTTP: answers, redirects, connections, bodies.

use super::make::*;
use super::*;

/// One capture for each kind; the finding of that kind is the first.
pub(super) const HTTP: &[Example] = &[
    ("finding.http.server_error", |t| {
        exchange(t, GET, 1, b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    }),
    ("finding.http.client_error", |t| exchange(t, GET, 1, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
    ("finding.http.no_response", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        t.ms(20).s(A, 4501, 1042, b"");
        t.ms(10).s(F | A, 4501, 1042, b"");
        t.c(F | A, 1042, 4502, b"");
        t.ms(20).s(A, 4502, 1043, b"");
    }),
    ("finding.http.truncated", |t| exchange(t, GET, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this")),
    ("finding.http.malformed", |t| {
        exchange(t, GET, 1, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nno chunk\r\n");
    }),
    ("finding.http.smuggling", |t| {
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        exchange(t, request, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    }),
    ("finding.http.slow_server", |t| exchange(t, GET, 2000, b"HTTP/1.1 204 No Content\r\n\r\n")),
    ("finding.http.stalled", |t| {
        open(t);
        t.c(P, 1001, 4501, GET);
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 20\r\n\r\n0123456789";
        let (c, next) = (1001 + GET.len() as u32, 4501 + head.len() as u32);
        t.ms(20).s(P, 4501, c, head);
        t.c(A, c, next, b"");
        t.ms(3000).s(P, next, c, b"0123456789");
        t.c(A, c, next + 10, b"");
        close(t, c, next + 10);
    }),
    ("finding.http.redirect", |t| {
        exchange(
            t,
            GET,
            1,
            b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://www.example.com/\r\nContent-Length: 0\r\n\r\n",
        );
    }),
    ("finding.http.redirect_chain", |t| {
        let moved = |to: &str| format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        exchange(t, GET, 1, moved("http://www.example.com/home").as_bytes());
        t.ports.0 += 1;
        exchange(t, b"GET /home HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 1, moved("/home/").as_bytes());
        t.ports.0 += 1;
        exchange(t, b"GET /home/ HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 1, b"HTTP/1.1 204 No Content\r\n\r\n");
    }),
    ("finding.http.no_keep_alive", |t| {
        for port in 0..5 {
            t.ports.0 = 49152 + port;
            exchange(t, GET, 1, b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    }),
    ("finding.http.uncompressed", |t| {
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\n\r\n";
        let mut response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20000\r\n\r\n".to_vec();
        response.extend([b'a'; 20_000]);
        exchange(t, request, 1, &response);
    }),
    ("finding.http2.stream_reset", |t| {
        open(t);
        let asked = http2_request();
        t.c(P, 1001, 4501, &asked);
        let (c, settings) = (1001 + asked.len() as u32, http2_frame(4, 0, 0, &[]));
        // REFUSED_STREAM.
        t.ms(20).s(P, 4501, c, &[settings, http2_frame(3, 0, 1, &[0, 0, 0, 7])].concat());
    }),
    ("finding.http2.goaway", |t| {
        open(t);
        let asked = http2_request();
        t.c(P, 1001, 4501, &asked);
        let (c, settings) = (1001 + asked.len() as u32, http2_frame(4, 0, 0, &[]));
        // ENHANCE_YOUR_CALM.
        t.ms(20).s(P, 4501, c, &[settings, http2_frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11])].concat());
    }),
];
