//! How fast records are opened: `cargo bench -p wirescope-flow --bench tls`.

use std::io::{Read, Write};
use std::sync::Arc;

use base::{Seed, WallTime};
use capture::keylog::KeyLog;
use divan::Bencher;
use divan::counter::BytesCount;
use flow::tls::{Opened, Record, Sender, Session};
use rustls::{CipherSuite, ClientConnection, ServerConnection};
use tls::{Authority, Certificates, Clock, KeyLines, Options, Request};
use wire::tls::{ContentType, Version};

fn main() {
    divan::main();
}

/// A handshake and then `len` bytes from the server in full records.
fn download(suite: CipherSuite, len: usize) -> (Vec<(Sender, Vec<u8>)>, KeyLog) {
    let (seed, clock, log) = (Seed(1), Clock::new(WallTime::SIMULATION_EPOCH), KeyLines::new());
    let options =
        Options { suites: vec![suite], versions: versions(suite), key_log: Some(log.clone()), ..Options::default() };
    let authority = Authority::simulated();
    let identity = authority.issue(&mut seed.stream("id"), &Request::new("a.example")).expect("a good name");
    let server = tls::server(seed.stream("s"), &clock, Certificates::new(identity), &options).expect("good options");
    let client = tls::client(seed.stream("c"), &clock, authority.roots(), &options).expect("good options");
    let mut client = ClientConnection::new(client, "a.example".try_into().expect("a good name")).expect("good options");
    let mut server = ServerConnection::new(server).expect("good options");
    let mut sent = Vec::new();
    let mut left = len;
    loop {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).expect("a vector takes all");
        }
        let mut unread = bytes.as_slice();
        while !unread.is_empty() {
            server.read_tls(&mut unread).expect("a slice gives all");
            server.process_new_packets().expect("a good handshake");
        }
        cut(&mut sent, Sender::Client, &bytes);
        if !server.is_handshaking() && left > 0 {
            let piece = left.min(1 << 14);
            server.writer().write_all(&vec![7; piece]).expect("fits");
            left -= piece;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).expect("a vector takes all");
        }
        let mut unread = bytes.as_slice();
        while !unread.is_empty() {
            client.read_tls(&mut unread).expect("a slice gives all");
            client.process_new_packets().expect("a good handshake");
            let mut sink = [0; 1 << 14];
            while client.reader().read(&mut sink).is_ok_and(|n| n > 0) {}
        }
        cut(&mut sent, Sender::Server, &bytes);
        if left == 0 && bytes.is_empty() {
            return (sent, KeyLog::parse(log.text().as_bytes()).0);
        }
    }
}

fn versions(suite: CipherSuite) -> tls::Versions {
    if suite.as_str().is_some_and(|name| name.contains("_WITH_")) { tls::Versions::Tls12 } else { tls::Versions::Tls13 }
}

fn cut(sent: &mut Vec<(Sender, Vec<u8>)>, sender: Sender, mut bytes: &[u8]) {
    while let Some(&[_, _, _, high, low]) = bytes.first_chunk::<5>() {
        let (record, rest) = bytes.split_at(5 + usize::from(u16::from_be_bytes([high, low])));
        sent.push((sender, record.to_vec()));
        bytes = rest;
    }
}

/// A whole connection with a megabyte of data.
#[divan::bench(args = [
    "TLS13_AES_128_GCM_SHA256", "TLS13_AES_256_GCM_SHA384", "TLS13_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
])]
fn open_a_megabyte(bencher: Bencher, name: &str) {
    let suite = [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ]
    .into_iter()
    .find(|suite| suite.as_str() == Some(name))
    .expect("a suite of the list");
    let (records, keys) = download(suite, 1 << 20);
    let (records, keys) = (Arc::new(records), Arc::new(keys));
    bencher.counter(BytesCount::new(1usize << 20)).bench(|| {
        let mut session = Session::new();
        let mut opened = 0;
        for (sender, bytes) in records.iter() {
            let record = Record {
                content_type: ContentType(bytes[0]),
                version: Version(u16::from_be_bytes([bytes[1], bytes[2]])),
                fragment: &bytes[5..],
            };
            opened += usize::from(matches!(session.record(*sender, record, &keys), Opened::Decrypted(_)));
        }
        assert!(opened > 64);
    });
}
