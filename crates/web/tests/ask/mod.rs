//! A server on a free port, and a client that sends exactly what it is told: browsers and libraries are too polite.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// A server that runs for as long as the test.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Server {
    pub fn start() -> Server {
        Server::with(web::Limits::default())
    }

    pub fn with(limits: web::Limits) -> Server {
        Server::of(None, limits)
    }
    /// A server that was started on a capture.
    pub fn on(file: std::fs::File) -> Server {
        let begin =
            web::Begin::Capture(web::CaptureFile { name: "a.pcapng".to_owned(), file, keys: Vec::new().into() });
        Server::of(Some(begin), web::Limits::default())
    }
    fn of(begin: Option<web::Begin>, limits: web::Limits) -> Server {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let options = web::Options { address: Ipv4Addr::LOCALHOST.into(), port: 0, begin, limits };
            web::serve(options, move |address| tell.send(address).expect("the test waits")).expect("it serves");
        });
        Server { address: told.recv_timeout(Duration::from_secs(60)).expect("it listens") }
    }

    /// Reads an answer that does not end until it says `what`.
    pub fn until(&self, path: &str, what: &str) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a socket");
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).expect("it reads");
        let (mut said, mut piece) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&said).contains(what) {
            let n = stream.read(&mut piece).expect("it goes on");
            assert!(n > 0, "it ended: {}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&piece[..n]);
        }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[("Host", &self.address.to_string())], b"")
    }
    pub fn post_json(&self, path: &str, body: &Value) -> Reply {
        self.post(path, "application/json", body.to_string().as_bytes())
    }
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> Reply {
        self.post(path, "application/octet-stream", body)
    }
    fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Reply {
        let host = self.address.to_string();
        let origin = format!("http://{host}");
        let headers =
            [("Host", host.as_str()), ("Origin", &origin), ("X-Wirescope", "1"), ("Content-Type", media_type)];
        self.ask("POST", path, &headers, body)
    }

    /// Sends a request with these headers and no others but its length.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a socket");
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).expect("it reads");
        // A server that refuses need not read the body.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Reply::parse(&bytes)
    }
}

impl Reply {
    fn parse(bytes: &[u8]) -> Reply {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked { unchunked(&bytes[end + 4..]) } else { bytes[end + 4..].to_vec() };
        Reply { status, headers, body }
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// A chunked body (RFC 9112 §7.1) as one.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0 && end + 2 + size <= bytes.len()) else { break };
        out.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = bytes.get(end + 2 + size + 2..).unwrap_or_default();
    }
    out
}

/// A little-endian pcapng without its Decryption Secrets Blocks (draft-ietf-opsawg-pcapng §4.7).
pub fn without_secrets(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = file;
    while rest.len() >= 12 {
        let word = |at: usize| u32::from_le_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let length = word(4) as usize;
        if word(0) != 0x0a {
            out.extend_from_slice(&rest[..length]);
        }
        rest = &rest[length..];
    }
    out
}
