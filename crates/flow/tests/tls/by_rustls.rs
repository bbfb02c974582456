//! What rustls sent is read by the secrets that it logged.

use std::io::{Read, Write};
use std::sync::Arc;

use crate::talk::{Flight, application_data, assert_all_read, open_all, open_one, records};
use base::{Seed, WallTime};
use capture::keylog::{KeyLog, Label};
use flow::tls::{Epoch, Opened, Sender, Session, Why};
use rustls::{CipherSuite, ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use tls::{Authority, Certificates, Clock, Group, KeyLines, Options, Request, Resume, Versions};
use wire::tls::{ContentType, Version};

const NAME: &str = "www.example.com";
const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

struct World {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    keys: Arc<KeyLines>,
}

impl World {
    fn new(options: &Options) -> World {
        World::unlike(options, options)
    }

    fn unlike(client: &Options, server: &Options) -> World {
        let (seed, clock, keys) = (Seed(1), Clock::new(WallTime::SIMULATION_EPOCH), KeyLines::new());
        let logged = |options: &Options| Options { key_log: Some(keys.clone()), ..options.clone() };
        let authority = Authority::simulated();
        let identity = authority.issue(&mut seed.stream("id"), &Request::new(NAME)).unwrap();
        let certificates = Certificates::new(identity);
        World {
            client: tls::client(seed.stream("client"), &clock, authority.roots(), &logged(client)).unwrap(),
            server: tls::server(seed.stream("server"), &clock, certificates, &logged(server)).unwrap(),
            keys,
        }
    }

    fn keys(&self) -> KeyLog {
        let (keys, problems) = KeyLog::parse(self.keys.text().as_bytes());
        assert!(problems.is_empty());
        keys
    }

    /// A question and an answer, `rounds` times, with a key update by both sides before each but the first.
    fn talk(&self, rounds: usize) -> Vec<Flight> {
        let mut flights = Vec::new();
        let mut client = ClientConnection::new(self.client.clone(), NAME.try_into().unwrap()).unwrap();
        let mut server = ServerConnection::new(self.server.clone()).unwrap();
        if let Some(mut early) = client.early_data() {
            early.write_all(QUESTION).unwrap();
        }
        for round in 0..rounds {
            if round > 0 {
                client.refresh_traffic_keys().unwrap();
                server.refresh_traffic_keys().unwrap();
            }
            client.writer().write_all(QUESTION).unwrap();
            settle(&mut client, &mut server, &mut flights);
            server.writer().write_all(ANSWER).unwrap();
            settle(&mut client, &mut server, &mut flights);
        }
        client.send_close_notify();
        server.send_close_notify();
        settle(&mut client, &mut server, &mut flights);
        flights
    }
}

fn settle(client: &mut ClientConnection, server: &mut ServerConnection, flights: &mut Vec<Flight>) {
    loop {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let sent = !bytes.is_empty();
        let mut unread = bytes.as_slice();
        while !unread.is_empty() {
            server.read_tls(&mut unread).unwrap();
            server.process_new_packets().unwrap();
        }
        flights.push((Sender::Client, bytes));
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let idle = bytes.is_empty() && !sent;
        let mut unread = bytes.as_slice();
        while !unread.is_empty() {
            client.read_tls(&mut unread).unwrap();
            client.process_new_packets().unwrap();
        }
        flights.push((Sender::Server, bytes));
        if idle {
            let mut read = [0; 4096];
            while server.reader().read(&mut read).is_ok_and(|n| n > 0) {}
            while client.reader().read(&mut read).is_ok_and(|n| n > 0) {}
            return;
        }
    }
}

fn tls13() -> Options {
    Options { versions: Versions::Tls13, ..Options::default() }
}

#[test]
fn every_suite_of_both_versions_is_read() {
    for suite in [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ] {
        let old = suite.as_str().unwrap().contains("_WITH_");
        let versions = if old { Versions::Tls12 } else { Versions::Tls13 };
        let world = World::new(&Options { suites: vec![suite], versions, ..Options::default() });
        let opened = open_all(&records(&world.talk(1)), &world.keys());
        assert_all_read(&opened, suite.as_str().unwrap());
        assert_eq!(application_data(&opened, Sender::Client), QUESTION, "{suite:?}");
        assert_eq!(application_data(&opened, Sender::Server), ANSWER, "{suite:?}");
        // The last of each side is the alert close_notify, under the same keys as the data.
        for sender in [Sender::Client, Sender::Server] {
            let last = opened.iter().rfind(|(of, _)| *of == sender).unwrap();
            let Opened::Decrypted(alert) = &last.1 else { panic!("{last:?}") };
            assert_eq!((alert.content_type, alert.content()), (ContentType::ALERT, &[1, 0][..]));
            assert_eq!(alert.epoch, Epoch::Application(0));
        }
    }
}

#[test]
fn the_session_tells_what_was_agreed() {
    let world = World::new(&tls13());
    let mut session = Session::new();
    assert_eq!(session.agreed(), None);
    for (sender, bytes) in records(&world.talk(1)) {
        open_one(&mut session, sender, &bytes, &world.keys());
    }
    let agreed = session.agreed().unwrap();
    assert_eq!(agreed.version, Version::TLS13);
    assert_eq!(agreed.suite.0, 0x1301);
    assert_eq!(world.keys().connections()[0].client_random, agreed.client_random);
    assert_eq!(session.client_random(), Some(agreed.client_random));
}

#[test]
fn key_updates_are_followed_without_a_line_in_the_log() {
    let world = World::new(&tls13());
    let opened = open_all(&records(&world.talk(4)), &world.keys());
    assert_all_read(&opened, "four generations");
    assert_eq!(application_data(&opened, Sender::Client), QUESTION.repeat(4));
    assert_eq!(application_data(&opened, Sender::Server), ANSWER.repeat(4));
    let epochs = |opened: &(Sender, Opened)| match &opened.1 {
        Opened::Decrypted(plain) if plain.content_type == ContentType::APPLICATION_DATA => Some(plain.epoch),
        _ => None,
    };
    let last = opened.iter().filter_map(epochs).next_back().unwrap();
    // Each side asks for an update as well as making one.
    assert_eq!(last, Epoch::Application(6));
}

#[test]
fn resumed_connections_are_read() {
    for versions in [Versions::Tls13, Versions::Tls12] {
        for resume in [Resume::Stored, Resume::Tickets] {
            let world = World::new(&Options { versions, resume, ..Options::default() });
            world.talk(1);
            let opened = open_all(&records(&world.talk(1)), &world.keys());
            assert_all_read(&opened, &format!("{versions:?} {resume:?}"));
            assert_eq!(application_data(&opened, Sender::Client), QUESTION);
            assert_eq!(application_data(&opened, Sender::Server), ANSWER);
        }
    }
}

#[test]
fn early_data_are_read_accepted_or_not() {
    let early = Options { early_data: 16_384, ..tls13() };
    let world = World::new(&early);
    world.talk(1);
    let second = records(&world.talk(1));
    let opened = open_all(&second, &world.keys());
    assert_all_read(&opened, "accepted");
    assert_eq!(application_data(&opened, Sender::Client), QUESTION.repeat(2));
    let first = opened.iter().find_map(|(_, opened)| match opened {
        Opened::Decrypted(plain) => Some((plain.epoch, plain.sequence)),
        _ => None,
    });
    assert_eq!(first, Some((Epoch::Early, 0)));

    // A server that forgot the session rejects the early data; the client sends the question again.
    let forgetful = World::unlike(&early, &Options { resume: Resume::Never, ..early.clone() });
    let mixed = World { server: forgetful.server, client: world.client.clone(), keys: world.keys.clone() };
    let rejected = records(&mixed.talk(1));
    let keys = KeyLog::parse(format!("{}{}", world.keys.text(), forgetful.keys.text()).as_bytes()).0;
    let opened = open_all(&rejected, &keys);
    assert_all_read(&opened, "rejected");
    assert_eq!(application_data(&opened, Sender::Client), QUESTION.repeat(2));
}

#[test]
fn a_second_hello_changes_nothing() {
    let server = Options { groups: vec![Group::Secp256r1], ..tls13() };
    let world = World::unlike(&tls13(), &server);
    let opened = open_all(&records(&world.talk(1)), &world.keys());
    assert_all_read(&opened, "HelloRetryRequest");
    assert_eq!(application_data(&opened, Sender::Client), QUESTION);
}

/// The reasons why the protected records of a talk stay closed, each once and in order.
fn reasons(opened: &[(Sender, Opened)]) -> Vec<Why> {
    let mut reasons: Vec<Why> = Vec::new();
    for (_, opened) in opened {
        if let Opened::Undecrypted(why) = opened
            && !reasons.contains(why)
        {
            reasons.push(why.clone());
        }
    }
    reasons
}

#[test]
fn without_secrets_the_reason_names_the_secret_and_the_connection() {
    let world = World::new(&tls13());
    let records = records(&world.talk(1));
    let random = world.keys().connections()[0].client_random;
    let reasons = reasons(&open_all(&records, &KeyLog::default()));
    assert_eq!(reasons.len(), 2, "one for each side: {reasons:?}");
    let Why::NoSecrets { client_random, needed, others: false, encrypted_hello: false } = &reasons[0] else {
        panic!("{:?}", reasons[0]);
    };
    assert_eq!((*client_random, needed), (random, &Label::ServerHandshakeTrafficSecret));
    let text = reasons[0].to_string();
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        text,
        format!("the key log has no SERVER_HANDSHAKE_TRAFFIC_SECRET of this connection (client random {hex})")
    );

    let world = World::new(&Options { versions: Versions::Tls12, ..Options::default() });
    let opened = open_all(&crate::talk::records(&world.talk(1)), &KeyLog::default());
    assert!(matches!(&self::reasons(&opened)[..], [Why::NoSecrets { needed: Label::MasterSecret, .. }]));
}

#[test]
fn without_handshake_secrets_the_data_are_read_all_the_same() {
    let world = World::new(&tls13());
    let records = records(&world.talk(1));
    let text = world.keys.text();
    let only: String =
        text.lines().filter(|line| line.contains("_TRAFFIC_SECRET_0")).map(|l| format!("{l}\n")).collect();
    let opened = open_all(&records, &KeyLog::parse(only.as_bytes()).0);
    assert_eq!(only.lines().count(), 2);
    assert_eq!(application_data(&opened, Sender::Client), QUESTION);
    assert_eq!(application_data(&opened, Sender::Server), ANSWER);
    assert!(reasons(&opened).iter().all(|why| matches!(why, Why::NoSecrets { others: true, .. })));
}

#[test]
fn a_changed_byte_costs_its_record_and_is_told() {
    for versions in [Versions::Tls13, Versions::Tls12] {
        let world = World::new(&Options { versions, ..Options::default() });
        let mut records = records(&world.talk(1));
        // The first record of data that the client sent after its Finished.
        let at = records.iter().position(|(of, r)| *of == Sender::Client && r[0] == 23 && r.len() > 60).unwrap();
        *records[at].1.last_mut().unwrap() ^= 1;
        let opened = open_all(&records, &world.keys());
        assert!(matches!(opened[at].1, Opened::Undecrypted(Why::BadTag { .. })), "{:?}", opened[at]);
        assert_eq!(reasons(&opened).len(), 1, "{versions:?}: {:?}", reasons(&opened));
        assert_eq!(application_data(&opened, Sender::Server), ANSWER);
    }
}

#[test]
fn secrets_of_another_connection_do_not_authenticate() {
    let world = World::new(&tls13());
    let records = records(&world.talk(1));
    let flipped = world.keys.text().lines().map(|line| format!("{}0\n", &line[..line.len() - 1])).collect::<String>();
    let opened = open_all(&records, &KeyLog::parse(flipped.as_bytes()).0);
    let reasons = reasons(&opened);
    assert!(reasons.iter().any(|why| matches!(why, Why::BadTag { record: 1, sequence: 0 })), "{reasons:?}");
}

#[test]
fn in_the_midst_of_a_connection_the_handshake_is_what_is_missing() {
    for versions in [Versions::Tls13, Versions::Tls12] {
        let world = World::new(&Options { versions, ..Options::default() });
        let records = records(&world.talk(1));
        let begin = records.iter().position(|(_, record)| record[0] == 23).unwrap();
        let opened = open_all(&records[begin..], &world.keys());
        assert_eq!(reasons(&opened), [Why::HandshakeNotSeen], "{versions:?}");
    }
}

#[test]
fn after_a_hole_the_next_record_that_is_whole_is_read_again() {
    for versions in [Versions::Tls13, Versions::Tls12] {
        let world = World::new(&Options { versions, resume: Resume::Never, ..Options::default() });
        let records = records(&world.talk(1));
        let keys = world.keys();
        // Whichever single record of either side is lost behind the hellos: the data that were not lost are read.
        for lost in 2..records.len() {
            let mut session = Session::new();
            let mut opened = Vec::new();
            for (nth, (sender, bytes)) in records.iter().enumerate() {
                if nth == lost {
                    session.missing(*sender, 1000, bytes.len() as u64);
                } else {
                    opened.push((*sender, open_one(&mut session, *sender, bytes, &keys)));
                }
            }
            for (sender, data) in [(Sender::Client, QUESTION), (Sender::Server, ANSWER)] {
                let was_data = records[lost].0 == sender && records[lost].1.len() >= data.len() + 5 + 16;
                let read = application_data(&opened, sender);
                assert!(read == data || was_data, "{versions:?}: record {lost} lost, from {:?}", records[lost].0);
            }
        }
    }
}

#[test]
fn a_lost_server_hello_is_made_up_for_by_the_key_log() {
    let world = World::new(&tls13());
    let records = records(&world.talk(2));
    let mut session = Session::new();
    let mut opened = Vec::new();
    for (nth, (sender, bytes)) in records.iter().enumerate() {
        if nth == 1 {
            session.missing(*sender, 0, bytes.len() as u64);
        } else {
            opened.push((*sender, open_one(&mut session, *sender, bytes, &world.keys())));
        }
    }
    assert_eq!(records[1].1[5], 2, "the second record is the ServerHello");
    assert_eq!(application_data(&opened, Sender::Client), QUESTION.repeat(2));
    assert_eq!(application_data(&opened, Sender::Server), ANSWER.repeat(2));
}

#[test]
fn without_its_server_hello_and_secrets_a_stream_with_a_hole_says_where_it_is() {
    let world = World::new(&tls13());
    let records = records(&world.talk(1));
    let mut session = Session::new();
    open_one(&mut session, Sender::Client, &records[0].1, &KeyLog::default());
    session.missing(Sender::Server, 0, 122);
    let next = records.iter().skip(2).find(|(of, bytes)| *of == Sender::Server && bytes[0] == 23).unwrap();
    let opened = open_one(&mut session, Sender::Server, &next.1, &KeyLog::default());
    let Opened::Undecrypted(why) = opened else { panic!("{opened:?}") };
    assert_eq!(why.to_string(), "122 bytes are missing before it, at offset 0 of its stream");
}

#[test]
fn unknown_suites_and_versions_are_named() {
    let world = World::new(&Options { versions: Versions::Tls12, ..Options::default() });
    let mut records = records(&world.talk(1));
    let hello = &mut records.iter_mut().find(|(of, _)| *of == Sender::Server).unwrap().1;
    // Record header 5, message header 4, version 2, random 32, session id.
    let suite = 5 + 4 + 2 + 32 + 1 + usize::from(hello[5 + 4 + 2 + 32]);
    hello[suite..suite + 2].copy_from_slice(&[0x00, 0x05]);
    let why = &reasons(&open_all(&records, &world.keys()))[0];
    assert_eq!(why.to_string(), "cipher suite TLS_RSA_WITH_RC4_128_SHA cannot be decrypted here");
    records[1].1[9..11].copy_from_slice(&[3, 0]);
    let why = &reasons(&open_all(&records, &world.keys()))[0];
    assert_eq!(why.to_string(), "SSL 3.0 cannot be decrypted here");
}
