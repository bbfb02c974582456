//! What rustls sends and accepts, our decoders read alike.

use std::io::Write;
use std::sync::Arc;

use base::{Seed, WallTime};
use rustls::pki_types::ServerName;
use rustls::server::Acceptor;
use rustls::{ClientConnection, ServerConnection};
use tls::{Authority, Certificates, Clock, Group, Options, Resume, Versions};
use wire::tls::{
    Body, ContentType, Context, Handshake, NextMessage, NextRecord, Protection, Version, decode_handshake,
    decode_record, looks_like_tls, next_message, next_record,
};
use wire::{Reader, Record, Silent};

/// All bytes that a client and a server send in one handshake, with both ends as they are afterwards.
struct Conversation {
    client: ClientConnection,
    server: ServerConnection,
    sent: [Vec<u8>; 2],
}

fn converse(client: &Arc<rustls::ClientConfig>, server: &Arc<rustls::ServerConfig>) -> Conversation {
    let name = ServerName::try_from("www.example.com").unwrap();
    let mut client = ClientConnection::new(client.clone(), name).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    client.writer().write_all(b"question").unwrap();
    let mut sent = [Vec::new(), Vec::new()];
    for _ in 0..6 {
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight).unwrap();
        }
        sent[0].extend_from_slice(&flight);
        server.read_tls(&mut flight.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).unwrap();
        }
        sent[1].extend_from_slice(&flight);
        client.read_tls(&mut flight.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Conversation { client, server, sent }
}

/// Cuts a stream into records and gives the handshake messages before its sender began to encrypt. Everything must be
/// tiled by leaves and without error.
fn plain_messages(stream: &[u8], context: &mut Context) -> Vec<(Handshake, Record)> {
    assert!(looks_like_tls(stream));
    let (mut at, mut plain, mut joined) = (0, true, Vec::new());
    while at < stream.len() {
        let NextRecord::Whole { header, len } = next_record(&stream[at..]) else { panic!("no record at byte {at}") };
        let bytes = &stream[at..at + len];
        let encrypted = !plain || header.content_type == ContentType::APPLICATION_DATA;
        let protection = if encrypted { Protection::Unknown } else { Protection::None };
        let mut record = Record::new();
        Reader::decode_all(bytes, &mut record, |reader| decode_record(reader, protection)).unwrap();
        assert_eq!((record.check_tiling(len), record.errors.as_slice()), (Ok(()), &[][..]));
        match header.content_type {
            ContentType::CHANGE_CIPHER_SPEC => plain = false,
            ContentType::HANDSHAKE if plain => joined.extend_from_slice(&bytes[5..]),
            _ => {}
        }
        at += len;
    }
    let mut messages = Vec::new();
    let mut rest = joined.as_slice();
    while !rest.is_empty() {
        let NextMessage::Whole { len, .. } = next_message(rest) else { panic!("a message is cut short") };
        let mut record = Record::new();
        Reader::decode_all(&rest[..len], &mut record, |reader| decode_handshake(reader, context)).unwrap();
        assert_eq!((record.check_tiling(len), record.errors.as_slice()), (Ok(()), &[][..]));
        assert!(record.find("malformed").is_none());
        let message = Reader::decode_all(&rest[..len], &mut Silent, |reader| decode_handshake(reader, context));
        let message = message.unwrap().unwrap();
        if let Some(Body::ServerHello(hello)) = &message.body {
            *context = Context { version: Some(hello.version()), suite: Some(hello.cipher_suite) };
        }
        messages.push((message, record));
        rest = &rest[len..];
    }
    messages
}

/// Compares a ClientHello with what rustls' server reads in it.
fn compare_client_hello(stream: &[u8], ours: &wire::tls::ClientHello) {
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &stream[..]).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    let theirs = accepted.client_hello();
    assert_eq!(ours.server_name(), theirs.server_name());
    let alpn: Option<Vec<_>> = theirs.alpn().map(|all| all.map(<[u8]>::to_vec).collect());
    let ours_alpn: Vec<_> = ours.extensions.alpn.iter().map(|name| name.clone().into_bytes()).collect();
    assert_eq!(Some(ours_alpn), alpn);
    let suites: Vec<u16> = theirs.cipher_suites().iter().map(|suite| u16::from(*suite)).collect();
    assert_eq!(ours.cipher_suites.iter().map(|suite| suite.0).collect::<Vec<_>>(), suites);
    let schemes: Vec<u16> = theirs.signature_schemes().iter().map(|scheme| u16::from(*scheme)).collect();
    assert_eq!(ours.extensions.signature_schemes.iter().map(|scheme| scheme.0).collect::<Vec<_>>(), schemes);
    let groups: Option<Vec<u16>> = theirs.named_groups().map(|all| all.iter().map(|group| u16::from(*group)).collect());
    assert_eq!(Some(ours.extensions.supported_groups.iter().map(|group| group.0).collect::<Vec<_>>()), groups);
}

#[test]
fn handshakes_of_rustls_are_read_as_rustls_reads_them() {
    for versions in [Versions::Tls13, Versions::Tls12] {
        for group in [Group::X25519, Group::Secp256r1, Group::X25519MlKem768] {
            for resume in [Resume::Stored, Resume::Tickets] {
                if versions == Versions::Tls12 && group == Group::X25519MlKem768 {
                    continue;
                }
                handshakes(versions, group, resume);
            }
        }
    }
}

fn handshakes(versions: Versions, group: Group, resume: Resume) {
    let seed = Seed(7);
    let clock = Clock::new(WallTime::SIMULATION_EPOCH);
    let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let options = Options { versions, groups: vec![group], resume, alpn, ..Options::default() };
    let authority = Authority::simulated();
    let identity = authority.issue(&mut seed.stream("cert"), &tls::Request::new("www.example.com")).unwrap();
    let server = tls::server(seed.stream("server"), &clock, Certificates::new(identity), &options).unwrap();
    let client = tls::client(seed.stream("client"), &clock, authority.roots(), &options).unwrap();

    // The second handshake resumes the first.
    for resumed in [false, true] {
        let conversation = converse(&client, &server);
        let mut context = Context::default();
        let from_server = plain_messages(&conversation.sent[1], &mut context);
        let from_client = plain_messages(&conversation.sent[0], &mut context);

        let Some(Body::ClientHello(hello)) = &from_client[0].0.body else { panic!("the client says hello first") };
        compare_client_hello(&conversation.sent[0], hello);
        assert_eq!(hello.offers_tls13(), versions == Versions::Tls13);
        if resumed {
            assert!(hello.offers_resumption());
        }

        let Some(Body::ServerHello(hello)) = &from_server[0].0.body else { panic!("the server answers") };
        assert_eq!(Some(hello.version().0), conversation.client.protocol_version().map(u16::from));
        let suite = conversation.client.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(hello.cipher_suite.0, u16::from(suite));
        assert_eq!(
            hello.cipher_suite.name().unwrap().replace("TLS_", ""),
            format!("{suite:?}").replace("TLS13_", "").replace("TLS_", "")
        );
        let negotiated = conversation.client.negotiated_key_exchange_group().map(|group| u16::from(group.name()));
        assert_eq!(conversation.server.alpn_protocol(), Some(&b"h2"[..]));

        let kinds: Vec<_> = from_server.iter().map(|(message, _)| message.kind.name().unwrap()).collect();
        if versions == Versions::Tls13 {
            assert_eq!(kinds, ["server_hello"], "the rest is encrypted");
            assert_eq!(hello.group().map(|group| group.0), negotiated);
            assert_eq!(hello.extensions.selected_psk, resumed.then_some(0));
            continue;
        }
        assert_eq!(hello.version(), Version::TLS12);
        assert!(hello.extended_master_secret());
        if resumed {
            continue;
        }
        assert_eq!(kinds[..4], ["server_hello", "certificate", "server_key_exchange", "server_hello_done"]);
        let Some(Body::Certificate(certificate)) = &from_server[1].0.body else { panic!() };
        let theirs = conversation.client.peer_certificates().unwrap();
        assert_eq!(certificate.chain.len(), theirs.len());
        for (ours, der) in certificate.chain.iter().zip(theirs) {
            let mut record = Record::new();
            Reader::decode_all(der, &mut record, |reader| wire::x509::decode(reader)).unwrap();
            assert_eq!(record.check_tiling(der.len()), Ok(()));
            assert!(ours.is_some() && record.errors.is_empty());
        }
        let leaf = certificate.chain[0].as_ref().unwrap();
        assert!(leaf.is_for("www.example.com") && !leaf.is_ca);
        assert!(leaf.is_valid_at(1_767_225_600), "valid when the simulation begins, 2026-01-01");
        assert_eq!(leaf.issuer, certificate.chain[1].as_ref().unwrap().subject);
        assert!(certificate.chain[1].as_ref().unwrap().is_ca);
        let Some(Body::ServerKeyExchange(exchange)) = &from_server[2].0.body else { panic!() };
        assert_eq!(exchange.group.map(|group| group.0), negotiated);
        assert!(exchange.scheme.is_some());
        let kinds: Vec<_> = from_client.iter().map(|(message, _)| message.kind.name().unwrap()).collect();
        assert_eq!(kinds, ["client_hello", "client_key_exchange"]);
    }
}
