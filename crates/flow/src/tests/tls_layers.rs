//! TLS between real rustls ends, carried by hand-made segments.

use std::io::{Read as _, Write as _};

use ::tls::{Authority, Certificates, Clock, KeyLines, Options, Request, Versions};
use base::{Seed, WallTime};
use capture::keylog::KeyLog;
use rustls::{ClientConnection, ServerConnection};
use wire::tls::{ContentType, HandshakeType, Version};

use super::*;

const NAME: &str = "www.example.com";
const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";

/// What each side sent, in turns, and the key log.
fn talk(versions: Versions) -> (Vec<(bool, Vec<u8>)>, KeyLog) {
    talk_of(versions, QUESTION, ANSWER)
}

/// The same of a question and an answer of one's own.
pub(super) fn talk_of(versions: Versions, question: &[u8], answer: &[u8]) -> (Vec<(bool, Vec<u8>)>, KeyLog) {
    let (seed, clock, lines) = (Seed(1), Clock::new(WallTime::SIMULATION_EPOCH), KeyLines::new());
    let options = Options { key_log: Some(lines.clone()), versions, ..Options::default() };
    let authority = Authority::simulated();
    let identity = authority.issue(&mut seed.stream("id"), &Request::new(NAME)).unwrap();
    let client = ::tls::client(seed.stream("client"), &clock, authority.roots(), &options).unwrap();
    let server = ::tls::server(seed.stream("server"), &clock, Certificates::new(identity), &options).unwrap();
    let mut client = ClientConnection::new(client, NAME.try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    client.writer().write_all(question).unwrap();
    let mut flights = Vec::new();
    for _ in 0..10 {
        let mut sent = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut sent).unwrap();
        }
        server.read_tls(&mut sent.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        if !sent.is_empty() {
            flights.push((true, sent));
        }
        let mut asked = Vec::new();
        let _ = server.reader().read_to_end(&mut asked);
        if asked == question {
            server.set_buffer_limit(None);
            server.writer().write_all(answer).unwrap();
            server.send_close_notify();
        }
        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        client.read_tls(&mut sent.as_slice()).unwrap();
        client.process_new_packets().unwrap();
        if !sent.is_empty() {
            flights.push((false, sent));
        }
    }
    let (keys, problems) = KeyLog::parse(lines.text().as_bytes());
    assert!(problems.is_empty());
    (flights, keys)
}

/// Carries flights in segments of `cut` bytes; leaves out those that `lost` names.
pub(super) fn carry(flights: &[(bool, Vec<u8>)], cut: usize, lost: &[u32]) -> Tape {
    let mut t = Tape::new();
    t.ports.1 = 443;
    t.handshake();
    let (mut to_server, mut to_client, mut n) = (101, 301, 0);
    for (client, bytes) in flights {
        for part in bytes.chunks(cut) {
            n += 1;
            let (seq, ack) = if *client { (&mut to_server, to_client) } else { (&mut to_client, to_server) };
            if !lost.contains(&n) {
                t.ms(1).any(*client, A, *seq, ack, 65535, part);
            }
            *seq += part.len() as u32;
        }
    }
    t
}

#[test]
fn the_http_inside_both_versions_is_read_whatever_the_segments() {
    for (versions, version) in [(Versions::Tls13, Version::TLS13), (Versions::Tls12, Version::TLS12)] {
        let (flights, keys) = talk(versions);
        for cut in [33, 700, 20_000] {
            let t = carry(&flights, cut, &[]);
            let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &keys).unwrap();
            assert_eq!(layers.application, Application::Tls);
            let tls = layers.tls.as_ref().unwrap();
            assert_eq!(tls.agreed.map(|agreed| agreed.version), Some(version));
            assert_eq!(tls.client_hello.as_ref().unwrap().server_name(), Some(NAME));
            assert_eq!((tls.undecrypted.as_ref(), tls.resumed), (None, Some(false)));
            assert!(tls.lost.is_empty() && tls.closed[1]);
            let kinds: Vec<_> = tls.messages.iter().map(|message| message.kind).collect();
            assert_eq!(kinds[..2], [HandshakeType::CLIENT_HELLO, HandshakeType::SERVER_HELLO]);
            assert!(kinds.contains(&HandshakeType::CERTIFICATE));
            let http = layers.http.as_ref().unwrap();
            assert_eq!(http.exchanges, [Exchange { request: Some(0), responses: vec![1] }]);
            let answer = &http.messages[1];
            assert_eq!(&layers.bytes(answer.buffer)[answer.body.clone()], b"hello world");
            assert_eq!(answer.state, MessageState::Whole);
            // The packet that completes the response completes the record that holds it, tag and all.
            let unit = layers.units().iter().find(|unit| unit.kind == UnitKind::Http(1)).unwrap();
            let record = tls
                .records
                .iter()
                .rfind(|r| r.content_type() == ContentType::APPLICATION_DATA && r.direction == Direction::ToClient);
            assert_eq!(unit.complete, record.unwrap().frame);
            // Its bytes stand where its ciphertext stands.
            let sources = layers.sources(&t.flow, answer.buffer, answer.range.clone());
            assert_eq!(sources.iter().map(|(_, range)| range.len()).sum::<usize>(), ANSWER.len());
            assert!(sources.iter().all(|(n, range)| t.frames[*n as usize - 1].get(range.clone()).is_some()));
        }
    }
}

#[test]
fn without_keys_the_reason_is_told_and_the_hello_read_all_the_same() {
    let (flights, _) = talk(Versions::Tls13);
    let t = carry(&flights, 1400, &[]);
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &KeyLog::default()).unwrap();
    let tls = layers.tls.as_ref().unwrap();
    let (count, why) = tls.undecrypted.as_ref().unwrap();
    assert!(*count >= 4 && matches!(why, crate::tls::Why::NoSecrets { .. }), "{why}");
    assert_eq!(tls.client_hello.as_ref().unwrap().server_name(), Some(NAME));
    assert!(layers.http.is_none());
}

#[test]
fn a_hole_costs_the_records_that_it_touches_and_no_more() {
    let (flights, keys) = talk(Versions::Tls13);
    let whole = carry(&flights, 100, &[]);
    // The second packet of the server's flight, in the midst of its certificate, is lost for the capture.
    let first_of_server = flights[0].1.len().div_ceil(100) as u32 + 1;
    let t = carry(&flights, 100, &[first_of_server + 3]);
    assert_eq!(t.frames.len() + 1, whole.frames.len());
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &keys).unwrap();
    let tls = layers.tls.as_ref().unwrap();
    let missing = tls.records.iter().filter(|r| matches!(r.content, RecordContent::Missing(_))).count();
    assert_eq!(missing, 1, "{:?}", tls.lost);
    let http = layers.http.as_ref().unwrap();
    assert_eq!(http.messages.len(), 2, "what comes behind the hole is read");
}

#[test]
fn a_capture_that_begins_midway_finds_its_records() {
    let (flights, _) = talk(Versions::Tls13);
    let mut t = Tape::new();
    t.ports.1 = 443;
    let sent: Vec<u8> = flights.iter().filter(|(client, _)| !*client).flat_map(|(_, bytes)| bytes.clone()).collect();
    let late = &sent[300..];
    t.any(false, A, 5000, 101, 65535, late);
    let layers = Layers::of(&t.flow, ConversationId(0), &t.frames, &KeyLog::default()).unwrap();
    assert_eq!(layers.application, Application::Tls);
    let tls = layers.tls.as_ref().unwrap();
    assert!(!tls.records.is_empty() && !tls.lost.is_empty());
    assert!(matches!(tls.undecrypted, Some((_, crate::tls::Why::HandshakeNotSeen | crate::tls::Why::Missing { .. }))));
}
