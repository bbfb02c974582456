//! Conversations that others published or recorded, with what is known to be in them. And the same, damaged.

use capture::keylog::{KeyLog, Label};
use flow::tls::{Epoch, Opened, Sender, Session, Why};
use proptest::prelude::*;
use wire::tls::ContentType;

use crate::talk::{application_data, assert_all_read, from_text, open_all, open_one, record};

/// A conversation's records and key log.
macro_rules! data {
    ($name:literal) => {
        ($name, include_str!(concat!("data/", $name, ".records")), include_str!(concat!("data/", $name, ".keys")))
    };
}

/// OpenSSL's client said a line to its server, which turned it around.
const BY_OPENSSL: [(&str, &str, &str); 8] = [
    data!("tls10-cbc-sha"),
    data!("tls11-cbc-sha-etm"),
    data!("tls12-cbc-sha256"),
    data!("tls12-cbc-sha384-etm"),
    data!("tls12-ccm8"),
    data!("tls12-null"),
    data!("tls12-premaster"),
    data!("tls13-ccm8"),
];
const SAID: &[u8] = b"what the client says\n";
const ANSWERED: &[u8] = b"syas tneilc eht tahw\n";

/// The protected records: who sent them, whose keys, which number, what type, how much content.
fn summary(opened: &[(Sender, Opened)]) -> Vec<(Sender, Epoch, u64, ContentType, usize)> {
    let plain = opened.iter().filter_map(|(sender, opened)| match opened {
        Opened::Decrypted(plain) => {
            Some((*sender, plain.epoch, plain.sequence, plain.content_type, plain.layout.content))
        }
        _ => None,
    });
    plain.collect()
}

/// RFC 8448 §3: the simple 1-RTT handshake.
#[test]
fn the_first_trace_of_rfc_8448_is_read() {
    let (_, records, keys) = data!("rfc8448-3");
    let (keys, problems) = KeyLog::parse(keys.as_bytes());
    assert!(problems.is_empty());
    let opened = open_all(&from_text(records), &keys);
    assert_all_read(&opened, "RFC 8448");
    use ContentType as Type;
    use Sender::{Client, Server};
    let application = Epoch::Application(0);
    assert_eq!(
        summary(&opened),
        [
            // EncryptedExtensions, Certificate, CertificateVerify, Finished.
            (Server, Epoch::Handshake, 0, Type::HANDSHAKE, 657),
            (Client, Epoch::Handshake, 0, Type::HANDSHAKE, 36),
            // NewSessionTicket.
            (Server, application, 0, Type::HANDSHAKE, 205),
            (Client, application, 0, Type::APPLICATION_DATA, 50),
            (Server, application, 1, Type::APPLICATION_DATA, 50),
            (Client, application, 1, Type::ALERT, 2),
            (Server, application, 2, Type::ALERT, 2),
        ]
    );
    let payload: Vec<u8> = (0..50).collect();
    assert_eq!(application_data(&opened, Client), payload);
    assert_eq!(application_data(&opened, Server), payload);
}

#[test]
fn recorded_conversations_of_older_suites_are_read() {
    for (name, records, keys) in BY_OPENSSL {
        let (keys, problems) = KeyLog::parse(keys.as_bytes());
        assert!(problems.is_empty(), "{name}");
        let opened = open_all(&from_text(records), &keys);
        assert_all_read(&opened, name);
        assert_eq!(application_data(&opened, Sender::Client), SAID, "{name}");
        assert_eq!(application_data(&opened, Sender::Server), ANSWERED, "{name}");
    }
}

#[test]
fn the_parts_of_a_cbc_record_are_told_apart() {
    let layout = |name: &str| {
        let (_, records, keys) = BY_OPENSSL.into_iter().find(|(of, ..)| *of == name).unwrap();
        let opened = open_all(&from_text(records), &KeyLog::parse(keys.as_bytes()).0);
        let data = opened.into_iter().find_map(|(_, opened)| match opened {
            Opened::Decrypted(plain) if plain.content() == SAID => Some(plain.layout),
            _ => None,
        });
        let l = data.unwrap();
        ([l.explicit_nonce, l.ciphertext, l.tag], [l.content, l.mac, l.padding, l.padding_length])
    };
    // 21 bytes of content, a MAC of 32 inside, padding to 64.
    assert_eq!(layout("tls12-cbc-sha256"), ([16, 64, 0], [21, 32, 10, 1]));
    // A MAC of 48 behind the ciphertext.
    assert_eq!(layout("tls12-cbc-sha384-etm"), ([16, 32, 48], [21, 0, 10, 1]));
    // TLS 1.0 carries no initialisation vector.
    assert_eq!(layout("tls10-cbc-sha"), ([0, 48, 0], [21, 20, 6, 1]));
    assert_eq!(layout("tls12-ccm8"), ([8, 21, 8], [21, 0, 0, 0]));
    assert_eq!(layout("tls12-null"), ([0, 53, 0], [21, 32, 0, 0]));
}

#[test]
fn a_renegotiation_is_followed_into_its_own_keys() {
    let (_, records, keys) = data!("tls12-renegotiation");
    let opened = open_all(&from_text(records), &KeyLog::parse(keys.as_bytes()).0);
    assert_all_read(&opened, "renegotiation");
    assert_eq!(application_data(&opened, Sender::Client), [b"first\n", SAID].concat());
    let epochs: Vec<Epoch> = summary(&opened).into_iter().map(|(_, epoch, ..)| epoch).collect();
    assert!(epochs.contains(&Epoch::Application(0)) && epochs.contains(&Epoch::Application(1)));
}

#[test]
fn older_lines_of_a_key_log_serve_as_well() {
    let (_, records, _) = data!("tls12-premaster");
    let keys = KeyLog::parse(include_bytes!("data/tls12-premaster.master")).0;
    let opened = open_all(&from_text(records), &keys);
    assert_all_read(&opened, "by session id");
    assert_eq!(application_data(&opened, Sender::Client), SAID);
}

#[test]
fn a_premaster_secret_alone_is_not_enough_with_extended_master_secret() {
    let (_, records, keys) = data!("tls12-ccm8");
    let random = KeyLog::parse(keys.as_bytes()).0.connections()[0].client_random;
    let mut keys = KeyLog::default();
    keys.insert(random, Label::PremasterSecret, &[1; 48]);
    let opened = open_all(&from_text(records), &keys);
    assert!(opened.iter().any(|(_, opened)| *opened == Opened::Undecrypted(Why::PremasterOnly)));
}

#[test]
fn secrets_that_come_late_are_used_from_then_on() {
    // Of TLS 1.3 the handshake's secrets would come too late to see where the handshake ends.
    for (name, records, keys) in BY_OPENSSL.into_iter().filter(|(name, ..)| !name.starts_with("tls13")) {
        let (keys, none, mut session) = (KeyLog::parse(keys.as_bytes()).0, KeyLog::default(), Session::new());
        let records = from_text(records);
        // The key log is empty until each side has sent its Finished.
        let late = records.iter().position(|(_, bytes)| bytes[0] == ContentType::APPLICATION_DATA.0).unwrap();
        let mut opened = Vec::new();
        for (nth, (sender, bytes)) in records.iter().enumerate() {
            let keys = if nth < late { &none } else { &keys };
            opened.push((*sender, open_one(&mut session, *sender, bytes, keys)));
        }
        assert_eq!(application_data(&opened, Sender::Client), SAID, "{name}");
        assert_eq!(application_data(&opened, Sender::Server), ANSWERED, "{name}");
    }
}

#[test]
fn a_hello_with_a_bad_extension_still_names_its_connection() {
    let (_, records, keys) = data!("rfc8448-3");
    let mut records = from_text(records);
    // The last two bytes are record_size_limit (RFC 8449), which may not be below 64.
    records[0].1.splice(199.., [0, 1]);
    let opened = open_all(&records, &KeyLog::parse(keys.as_bytes()).0);
    assert_all_read(&opened, "a bad record_size_limit");
}

/// One of the conversations, and what is in it.
fn conversation(nth: usize) -> (Vec<(Sender, Vec<u8>)>, KeyLog) {
    let (_, records, keys) = BY_OPENSSL[nth % BY_OPENSSL.len()];
    (from_text(records), KeyLog::parse(keys.as_bytes()).0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is changed in a conversation, what is given as decrypted is what was sent.
    #[test]
    fn damage_is_survived_and_never_read_as_data(
        nth in 0usize..8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (records, keys) = conversation(nth);
        let good = open_all(&records, &keys);
        let mut bad = records.clone();
        for (at, byte, value) in changes {
            let bytes = &mut at.get_mut(&mut bad).1;
            // The length in the header belongs to whoever cuts the records.
            let byte = byte.index(bytes.len());
            if byte != 3 && byte != 4 {
                bytes[byte] = value;
            }
        }
        for ((_, was), (_, is)) in good.iter().zip(open_all(&bad, &keys)) {
            if let (Opened::Decrypted(was), Opened::Decrypted(is)) = (was, &is) {
                prop_assert_eq!(was.content(), is.content());
            }
        }
    }

    /// Lost, doubled and swapped records are survived.
    #[test]
    fn any_order_is_survived(nth in 0usize..8, order in prop::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let (records, keys) = conversation(nth);
        let mut session = Session::new();
        for (step, index) in order.iter().enumerate() {
            let (sender, bytes) = index.get(&records);
            if step % 5 == 4 {
                session.missing(*sender, step as u64, 1 + bytes.len() as u64);
            }
            open_one(&mut session, *sender, bytes, &keys);
        }
    }

    /// Any bytes at all are survived, before and after a handshake.
    #[test]
    fn any_bytes_are_survived(
        nth in 0usize..9,
        junk in prop::collection::vec((any::<bool>(), 18u8..26, 0u16..0x0306, prop::collection::vec(any::<u8>(), 0..80)), 0..12),
    ) {
        let mut session = Session::new();
        let mut keys = KeyLog::default();
        if nth < 8 {
            let (records, known) = conversation(nth);
            keys = known;
            for (sender, bytes) in &records {
                open_one(&mut session, *sender, bytes, &keys);
            }
        }
        for (client, kind, version, fragment) in junk {
            let sender = if client { Sender::Client } else { Sender::Server };
            let mut bytes = vec![kind];
            bytes.extend(version.to_be_bytes());
            bytes.extend((fragment.len() as u16).to_be_bytes());
            bytes.extend(fragment);
            let opened = session.record(sender, record(&bytes), &keys);
            if let Opened::Undecrypted(why) = opened {
                prop_assert!(!why.to_string().is_empty());
            }
        }
    }
}
