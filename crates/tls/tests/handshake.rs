//! Whole handshakes between our own client and our own server: repeatable, resumable, and refused for the right reason.

mod pair;

use std::sync::Arc;

use base::{Duration, Seed, WallTime};
use pair::converse;
use rustls::{CertificateError, CipherSuite, ClientConfig, Error, HandshakeKind, NamedGroup, ServerConfig};
use tls::{
    Authority, Certificates, Clock, Defect, Group, KeyKind, KeyLines, Options, Request, Resume, Versions, client,
    server,
};

const NAME: &str = "www.example.com";

struct World {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    clock: Arc<Clock>,
    keys: Arc<KeyLines>,
}

fn world(seed: u64, options: &Options, request: &Request) -> World {
    let (seed, clock, keys) = (Seed(seed), Clock::new(WallTime::SIMULATION_EPOCH), KeyLines::new());
    let options = Options { key_log: Some(keys.clone()), ..options.clone() };
    let authority = Authority::simulated();
    let identity = authority.issue(&mut seed.stream("tls/certificate"), request).unwrap();
    let server = server(seed.stream("tls/server"), &clock, Certificates::new(identity), &options).unwrap();
    let client = client(seed.stream("tls/client"), &clock, authority.roots(), &options).unwrap();
    World { client, server, clock, keys }
}

/// Two conversations, a minute apart: their bytes, the key log, and what kind of handshake the second was.
fn twice(seed: u64, options: &Options, key: KeyKind) -> (Vec<u8>, String, HandshakeKind) {
    let world = world(seed, options, &Request { key, ..Request::new(NAME) });
    let first = converse(&world.client, &world.server, NAME).unwrap();
    assert_ne!(first.client.handshake_kind(), Some(HandshakeKind::Resumed));
    world.clock.set(WallTime::SIMULATION_EPOCH + Duration::from_secs(60));
    let second = converse(&world.client, &world.server, NAME).unwrap();
    let bytes = [first.sent.concat(), second.sent.concat()].concat();
    (bytes, world.keys.text(), second.client.handshake_kind().unwrap())
}

#[test]
fn one_seed_gives_the_same_bytes_and_keys_again() {
    for versions in [Versions::Tls13, Versions::Tls12] {
        for (resume, kind) in [
            (Resume::Stored, HandshakeKind::Resumed),
            (Resume::Tickets, HandshakeKind::Resumed),
            (Resume::Never, HandshakeKind::Full),
        ] {
            for key in [KeyKind::EcdsaP256, KeyKind::Ed25519] {
                let options = Options { versions, resume, ..Options::default() };
                let what = format!("{versions:?} {resume:?} {key:?}");
                let first = twice(7, &options, key);
                assert!(first == twice(7, &options, key), "{what} is not repeatable");
                assert_eq!(first.2, kind, "{what}");
                let other = twice(8, &options, key);
                assert_ne!(first.0, other.0, "{what}: another seed");
                assert_ne!(first.1, other.1, "{what}: another seed");
            }
        }
    }
}

#[test]
fn the_key_log_has_the_secrets_of_each_version() {
    let labels = |versions| -> Vec<String> {
        let world = world(1, &Options { versions, ..Options::default() }, &Request::new(NAME));
        converse(&world.client, &world.server, NAME).unwrap();
        world.keys.since(0).into_iter().map(|line| line.label).collect()
    };
    assert_eq!(labels(Versions::Tls12), ["CLIENT_RANDOM"]);
    let mut labels = labels(Versions::Tls13);
    labels.sort();
    assert_eq!(
        labels,
        [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_TRAFFIC_SECRET_0",
        ]
    );
}

#[test]
fn the_default_hello_is_small_and_prefers_what_browsers_prefer() {
    let world = world(1, &Options::default(), &Request::new(NAME));
    let talk = converse(&world.client, &world.server, NAME).unwrap();
    assert_eq!(talk.client.negotiated_cipher_suite().unwrap().suite(), CipherSuite::TLS13_AES_128_GCM_SHA256);
    assert_eq!(talk.client.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519);
    let hello = 5 + usize::from(u16::from_be_bytes([talk.sent[0][3], talk.sent[0][4]]));
    assert!(hello < 300, "the ClientHello's record has {hello} bytes");
    assert_eq!(talk.client.peer_certificates().unwrap().len(), 2, "the leaf and the intermediate");
}

#[test]
fn a_server_without_the_first_group_asks_for_another_share() {
    let mut world = world(1, &Options::default(), &Request::new(NAME));
    let options = Options { groups: vec![Group::Secp256r1], ..Options::default() };
    let identity = Authority::simulated().issue(&mut Seed(1).stream("x"), &Request::new(NAME)).unwrap();
    world.server = server(Seed(1).stream("y"), &world.clock, Certificates::new(identity), &options).unwrap();
    let talk = converse(&world.client, &world.server, NAME).unwrap();
    assert_eq!(talk.client.handshake_kind(), Some(HandshakeKind::FullWithHelloRetryRequest));
    assert_eq!(talk.client.negotiated_key_exchange_group().unwrap().name(), NamedGroup::secp256r1);
}

#[test]
fn early_data_reaches_the_server_in_the_first_flight_of_a_resumed_connection() {
    let options = Options { versions: Versions::Tls13, early_data: 16_384, ..Options::default() };
    let world = world(1, &options, &Request::new(NAME));
    let first = converse(&world.client, &world.server, NAME).unwrap();
    assert!(first.early.is_empty());
    let second = converse(&world.client, &world.server, NAME).unwrap();
    assert!(second.client.is_early_data_accepted());
    assert_eq!(second.early, b"early");
    assert!(world.keys.text().contains("CLIENT_EARLY_TRAFFIC_SECRET "));
}

#[test]
fn a_wrong_certificate_is_refused_for_what_is_wrong_with_it() {
    type Expected = fn(&CertificateError) -> bool;
    let cases: [(Defect, Expected); 6] = [
        (Defect::Expired, |e| matches!(e, CertificateError::ExpiredContext { .. })),
        (Defect::NotYetValid, |e| matches!(e, CertificateError::NotValidYetContext { .. })),
        (Defect::WrongName, |e| matches!(e, CertificateError::NotValidForNameContext { .. })),
        (Defect::UntrustedRoot, |e| matches!(e, CertificateError::UnknownIssuer)),
        (Defect::SelfSigned, |e| matches!(e, CertificateError::UnknownIssuer)),
        (Defect::MissingIntermediate, |e| matches!(e, CertificateError::UnknownIssuer)),
    ];
    for (defect, expected) in cases {
        for versions in [Versions::Tls13, Versions::Tls12] {
            let request = Request { defect: Some(defect), ..Request::new(NAME) };
            let world = world(1, &Options { versions, ..Options::default() }, &request);
            match converse(&world.client, &world.server, NAME).map(|_| ()) {
                Err(Error::InvalidCertificate(error)) if expected(&error) => {}
                other => panic!("{defect:?} with {versions:?} gave {other:?}"),
            }
        }
    }
}

#[test]
fn any_name_or_address_can_be_asked_for() {
    let long = ["a"; 120].join(".");
    for name in ["x", "xn--bcher-kva.example", "10.0.2.10", "2001:db8::1", "a_b.example", &long] {
        for defect in [None, Some(Defect::SelfSigned)] {
            let world = world(1, &Options::default(), &Request { defect, ..Request::new(name) });
            let result = converse(&world.client, &world.server, name).map(|_| ());
            assert_eq!(result.is_ok(), defect.is_none(), "{name} {defect:?}: {result:?}");
        }
    }
    let several = Request { names: vec!["*.example.com".into(), "example.com".into()], ..Request::new("") };
    for (name, good) in [("a.example.com", true), ("example.com", true), ("a.b.example.com", false)] {
        let world = world(1, &Options::default(), &several);
        assert_eq!(converse(&world.client, &world.server, name).is_ok(), good, "{name}");
    }
}

#[test]
fn a_certificate_can_be_chosen_by_the_name_that_the_client_asks_for() {
    let authority = Authority::simulated();
    let issue = |name: &str| authority.issue(&mut Seed(1).stream(name), &Request::new(name)).unwrap();
    let certificates = Certificates::by_name(issue("a.example"), [("b.example".to_owned(), issue("b.example"))]);
    let mut world = world(1, &Options::default(), &Request::new(NAME));
    world.server = server(Seed(1).stream("s"), &world.clock, certificates, &Options::default()).unwrap();
    for (name, good) in [("a.example", true), ("b.example", true), ("c.example", false)] {
        assert_eq!(converse(&world.client, &world.server, name).is_ok(), good, "{name}");
    }
}

#[test]
fn versions_that_do_not_meet_and_suites_that_do_not_exist_are_errors() {
    let request = Request::new(NAME);
    let new = world(1, &Options { versions: Versions::Tls13, ..Options::default() }, &request);
    let old = world(1, &Options { versions: Versions::Tls12, ..Options::default() }, &request);
    assert!(matches!(converse(&new.client, &old.server, NAME), Err(Error::PeerIncompatible(_))));
    let options = Options { suites: vec![CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA], ..Options::default() };
    let error = client(Seed(1).stream("x"), &new.clock, Authority::simulated().roots(), &options).unwrap_err();
    assert!(error.to_string().contains("CipherSuite(0x2f)"), "{error}");
}
