//! RFC 8448's first trace as a dissection test, and the invariants of every decoder on any bytes.

use proptest::prelude::*;

use super::*;
use crate::{Datum, Malformed, Reader, Record, Silent, Sink};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

// RFC 8448 §3, "Simple 1-RTT Handshake": the messages as printed there.
const CLIENT_HELLO: &str = "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000
    910000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d0020
    99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e04030503060302030804080508
    0604010501060102010402050206020202002d00020101001c00024001";
const SERVER_HELLO: &str =
    "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d
    0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";
const ENCRYPTED_EXTENSIONS: &str = "080000240022000a00140012001d00170018001901000101010201030104001c0002400100000000";
const CERTIFICATE: &str =
    "0b0001b9000001b50001b0308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a06
    035504031303727361301e170d3136303733303031323335395a170d3236303733303031323335395a300e310c300a06035504031303727361
    30819f300d06092a864886f70d010101050003818d0030818902818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a
    2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda43
    0846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a30183009060355
    1d1304023000300b0603551d0f0404030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a5
    4c5f8a7b337d2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e608ccae6be
    c1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f8961229ac9187b42b4de10000";
const CERTIFICATE_VERIFY: &str =
    "0f000084080400805a747c5d88fa9bd2e55ab085a61015b7211f824cd484145ab3ff52f1fda8477b0b7abc90db78
    e2d33a5c141a078653fa6bef780c5ea248eeaaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671459e46445c9ea58c181e818e
    95b8c3fb0bf3278409d3be152a3da5043e063dda65cdf5aea20d53dfacd42f74f3";
const FINISHED: &str = "140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718";
const NEW_SESSION_TICKET: &str =
    "040000c90000001efad6aac502000000b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa
    90bf1b0070ad3c498883c9367c09a2be785abc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077
    d454a3664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea61764
    6fac5c03272e970727c621a79141ef5f7de6505e5bfbc388e93343694093934ae4d3570008002a000400000400";

const TLS13: Context = Context { version: Some(Version::TLS13), suite: Some(CipherSuite::AES_128_GCM_SHA256) };

/// Decodes with both sinks and checks what holds for every decoder: the leaves tile the buffer, and the inspector finds
/// an error exactly where the stack stops. Gives the record and the stack's result.
macro_rules! both {
    ($bytes:expr, $decode:expr) => {{
        let bytes: &[u8] = $bytes;
        let mut record = Record::new();
        Reader::decode_all(bytes, &mut record, $decode).expect("a recording sink goes on");
        assert_eq!(record.check_tiling(bytes.len()), Ok(()));
        let silent: Result<_, Malformed> = Reader::decode_all(bytes, &mut Silent, $decode);
        assert_eq!(record.errors.first(), silent.as_ref().err(), "the first error is the one that stops");
        (record, silent.map(|value| value.expect("no error, so there is a value")))
    }};
}

/// The messages of a buffer, which they fill.
fn messages<S: Sink>(reader: &mut Reader<'_, '_, S>, context: &Context) -> Result<Vec<Handshake>, Malformed> {
    let mut all = Vec::new();
    while !reader.is_empty() {
        all.push(decode_handshake(reader, context)?);
    }
    Ok(all)
}

fn one(message: &str, context: &Context) -> (Record, Handshake, Vec<u8>) {
    let bytes = hex(message);
    let (record, handshake) = both!(&bytes, |reader| decode_handshake(reader, context));
    (record, handshake.unwrap(), bytes)
}

/// The values of all leaves of a field that hold numbers.
fn numbers(record: &Record, id: &str) -> Vec<u64> {
    let leaves = record.leaves().filter(|leaf| leaf.field.id == id);
    leaves.filter_map(|leaf| if let Datum::Uint(n) = leaf.value { Some(n) } else { None }).collect()
}

/// The bytes of the first leaf of a field.
fn bytes_of<'b>(record: &Record, buffer: &'b [u8], id: &str) -> &'b [u8] {
    let leaf = record.find(id).unwrap_or_else(|| panic!("no {id}"));
    &buffer[leaf.bits.start / 8..leaf.bits.end / 8]
}

#[test]
fn rfc_8448_client_hello() {
    let (record, message, bytes) = one(CLIENT_HELLO, &Context::default());
    assert_eq!((message.kind, message.len), (HandshakeType::CLIENT_HELLO, 196));
    let Some(Body::ClientHello(hello)) = message.body else { panic!("{message:?}") };
    assert_eq!(hello.legacy_version, Version::TLS12);
    assert_eq!(hello.random[..4], [0xcb, 0x34, 0xec, 0xb1]);
    assert_eq!(hello.session_id, []);
    assert_eq!(
        hello.cipher_suites,
        [CipherSuite::AES_128_GCM_SHA256, CipherSuite::CHACHA20_POLY1305_SHA256, CipherSuite::AES_256_GCM_SHA384]
    );
    assert_eq!(hello.server_name(), Some("server"));
    let extensions = &hello.extensions;
    assert_eq!(extensions.supported_versions, [Version::TLS13]);
    assert_eq!(extensions.key_shares, [NamedGroup::X25519]);
    assert_eq!(extensions.supported_groups.len(), 9);
    assert_eq!(extensions.signature_schemes.len(), 15);
    assert_eq!(extensions.psk_modes, [PskKeMode::PSK_DHE_KE]);
    assert_eq!(extensions.record_size_limit, Some(0x4001));
    assert_eq!(extensions.session_ticket.as_deref(), Some(&[][..]));
    assert!(hello.offers_tls13() && !hello.offers_resumption() && !hello.offers_early_data());
    assert_eq!(extensions.types.len(), 9);
    assert_eq!(bytes_of(&record, &bytes, "tls.key_exchange.x25519").len(), 32);
    assert_eq!(bytes_of(&record, &bytes, "tls.ext.server_name.host_name"), b"server");
}

#[test]
fn rfc_8448_server_flight() {
    let (_, message, _) = one(SERVER_HELLO, &Context::default());
    let Some(Body::ServerHello(hello)) = message.body else { panic!("{message:?}") };
    assert_eq!(hello.version(), Version::TLS13);
    assert_eq!(hello.legacy_version, Version::TLS12);
    assert_eq!(hello.cipher_suite, CipherSuite::AES_128_GCM_SHA256);
    assert_eq!(hello.group(), Some(NamedGroup::X25519));
    assert!(!hello.is_retry());

    let flight = hex(&[ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_VERIFY, FINISHED].concat());
    let (_, all) = both!(&flight, |reader| messages(reader, &TLS13));
    let all = all.unwrap();
    let kinds: Vec<_> = all.iter().map(|message| message.kind.name().unwrap()).collect();
    assert_eq!(kinds, ["encrypted_extensions", "certificate", "certificate_verify", "finished"]);
    assert_eq!(all.iter().map(|message| message.len).collect::<Vec<_>>(), [40, 445, 136, 36]);
    let Some(Body::EncryptedExtensions(extensions)) = &all[0].body else { panic!() };
    assert!(extensions.has(ExtensionType::SERVER_NAME), "an empty server_name acknowledges the name");
    assert_eq!(extensions.server_name, None);
    let Some(Body::Certificate(certificate)) = &all[1].body else { panic!() };
    assert_eq!(certificate.chain.len(), 1);
    assert_eq!(all[2].body, Some(Body::CertificateVerify { scheme: Some(SignatureScheme::RSA_PSS_RSAE_SHA256) }));
    let Some(Body::Finished { verify_data }) = &all[3].body else { panic!() };
    assert_eq!(verify_data[..4], [0x9b, 0x9b, 0x14, 0x1d]);
}

#[test]
fn rfc_8448_new_session_ticket() {
    let (record, message, _) = one(NEW_SESSION_TICKET, &TLS13);
    let Some(Body::NewSessionTicket(ticket)) = message.body else { panic!() };
    assert_eq!((ticket.lifetime, ticket.age_add, ticket.nonce.as_slice()), (30, 0xfad6_aac5, &[0, 0][..]));
    assert_eq!((ticket.ticket.len(), ticket.max_early_data), (178, Some(1024)));
    assert_eq!(numbers(&record, "tls.ext.early_data.max"), [1024]);
    // Without knowledge of the version, the form tells it.
    assert_eq!(one(NEW_SESSION_TICKET, &Context::default()).1.len, 205);
}

#[test]
fn the_form_of_a_certificate_message_tells_its_version() {
    let tls13 = one(CERTIFICATE, &Context::default()).1;
    let der = hex(CERTIFICATE)[11..443].to_vec();
    let mut tls12 = vec![11, 0, 1, 0xb6, 0, 1, 0xb3, 0, 1, 0xb0];
    tls12.extend_from_slice(&der);
    let (_, message) = both!(&tls12, |reader| decode_handshake(reader, &Context::default()));
    assert_eq!(message.unwrap().body, tls13.body);
}

#[test]
fn a_hello_retry_request_is_told_by_its_random() {
    let mut message = vec![2, 0, 0, 0x38, 3, 3];
    message.extend_from_slice(&HELLO_RETRY_REQUEST_RANDOM);
    message.extend_from_slice(&[0, 0x13, 1, 0, 0, 0x10]);
    message.extend_from_slice(&[0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2, 0, 0x17, 0, 0x2c, 0, 0]);
    let (record, result) = both!(&message, |reader| decode_handshake(reader, &Context::default()));
    assert!(result.is_err(), "a cookie extension holds a cookie (RFC 8446 §4.2.2)");
    assert_eq!(numbers(&record, "tls.ext.key_share.selected"), [0x17]);
    let cut = message.len() - 4;
    message.truncate(cut);
    message[3] -= 4;
    message[43] -= 4;
    let (_, result) = both!(&message, |reader| decode_handshake(reader, &Context::default()));
    let Some(Body::ServerHello(hello)) = result.unwrap().body else { panic!() };
    assert!(hello.is_retry());
    assert_eq!((hello.group(), hello.version()), (Some(NamedGroup::SECP256R1), Version::TLS13));
}

#[test]
fn records_are_cut_out_of_a_stream() {
    let hello = hex(CLIENT_HELLO);
    let mut stream = vec![0x16, 3, 1, 0, 0xc4];
    stream.extend_from_slice(&hello);
    assert!(looks_like_tls(&stream));
    assert_eq!(next_record(&stream[..3]), NextRecord::Need(5));
    assert_eq!(next_record(&stream[..200]), NextRecord::Need(201));
    let NextRecord::Whole { header, len } = next_record(&stream) else { panic!() };
    assert_eq!((header.content_type, len), (ContentType::HANDSHAKE, 201));
    for other in [
        &b"GET / HTTP/1.1
"[..],
        b"SSH-2.0-OpenSSH",
        &[0x16, 3, 1, 0xff, 0xff, 1],
        &[0; 20],
    ] {
        assert_eq!(next_record(other), NextRecord::NotTls);
        assert!(!looks_like_tls(other));
    }
    let (record, result) = both!(&stream, |reader| decode_record(reader, Protection::None));
    assert_eq!(result.unwrap().header, header);
    assert!(record.find("tls.record.handshake").is_some());
    assert_eq!(next_message(&hello[..100]), NextMessage::Need(196));
    assert_eq!(next_message(&hello), NextMessage::Whole { kind: HandshakeType::CLIENT_HELLO, len: 196 });
}

#[test]
fn protected_records_show_what_is_not_secret() {
    let record_of = |suite: CipherSuite, version: Version, kind: u8| {
        let mut bytes = vec![kind, 3, 3, 0, 40];
        bytes.extend((0..40).map(|i| i as u8));
        let protection = Protection::new(version, suite, true);
        let (record, result) = both!(&bytes, |reader| decode_record(reader, protection));
        result.unwrap();
        record.leaves().skip(3).map(|leaf| (leaf.field.id, leaf.bits.len() / 8)).collect::<Vec<_>>()
    };
    let ciphertext = "tls.record.ciphertext";
    assert_eq!(
        record_of(CipherSuite::ECDHE_RSA_WITH_AES_128_GCM_SHA256, Version::TLS12, 22),
        [("tls.record.explicit_nonce", 8), (ciphertext, 16), ("tls.record.tag", 16)]
    );
    assert_eq!(
        record_of(CipherSuite::ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, Version::TLS12, 23),
        [(ciphertext, 24), ("tls.record.tag", 16)]
    );
    assert_eq!(
        record_of(CipherSuite::RSA_WITH_AES_128_CBC_SHA, Version::TLS12, 23),
        [("tls.record.iv", 16), (ciphertext, 4), ("tls.record.mac", 20)]
    );
    assert_eq!(
        record_of(CipherSuite::AES_128_GCM_SHA256, Version::TLS13, 23),
        [(ciphertext, 24), ("tls.record.tag", 16)]
    );
    assert_eq!(record_of(CipherSuite(0xeeee), Version::TLS12, 23), [(ciphertext, 40)]);
}

#[test]
fn inner_plaintext_is_content_type_and_padding() {
    let (record, inner) = both!(&[1, 0, 21, 0, 0, 0], |reader| decode_inner(reader));
    let inner = inner.unwrap();
    assert_eq!((inner.content_type, inner.len), (ContentType::ALERT, 2));
    assert_eq!(inner.alert.unwrap().description, AlertDescription::CLOSE_NOTIFY);
    assert!(inner.alert.unwrap().is_closure());
    assert_eq!(record.leaves().last().map(|leaf| leaf.field.id), Some("tls.inner.padding"));
    assert!(both!(&[0, 0, 0], |reader| decode_inner(reader)).1.is_err(), "nothing but padding (RFC 8446 §5.4)");
}

#[test]
fn block_cipher_plaintext_is_content_mac_and_padding() {
    let mut block = b"hello".to_vec();
    block.extend([0xaa; 20]);
    block.extend([6; 7]);
    let decode = block.clone();
    let (record, result) = both!(&decode, |reader| decode_block(reader, ContentType::APPLICATION_DATA, 20));
    assert_eq!(result.unwrap(), (5, None));
    let ids: Vec<_> = record.leaves().map(|leaf| leaf.field.id).collect();
    assert_eq!(ids, ["tls.record.data", "tls.record.mac", "tls.record.padding", "tls.record.padding_len"]);
}

#[test]
fn server_key_exchange_of_tls_12() {
    let mut point = vec![4u8];
    point.extend([7; 64]);
    let mut body = vec![3, 0, 0x17, 65];
    body.extend(&point);
    body.extend([4, 3, 0, 8, 0x30, 6, 2, 1, 1, 2, 1, 2]);
    let mut message = vec![12, 0, 0, body.len() as u8];
    message.extend(&body);
    let suite = Some(CipherSuite::ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    for context in [Context::default(), Context { version: Some(Version::TLS12), suite }] {
        let (record, result) = both!(&message, |reader| decode_handshake(reader, &context));
        let Some(Body::ServerKeyExchange(exchange)) = result.unwrap().body else { panic!() };
        assert_eq!(exchange.group, Some(NamedGroup::SECP256R1));
        assert_eq!(exchange.scheme, Some(SignatureScheme::ECDSA_SECP256R1_SHA256));
        assert_eq!(numbers(&record, "tls.key_exchange.form"), [4]);
        assert_eq!(numbers(&record, "x509.signature.s.value"), [2]);
    }
    let dhe = Context { version: Some(Version::TLS12), suite: Some(CipherSuite::DHE_RSA_WITH_AES_128_CBC_SHA) };
    let message = [12, 0, 0, 16, 0, 2, 0x0f, 1, 0, 1, 2, 0, 1, 9, 4, 1, 0, 2, 1, 1];
    let (_, result) = both!(&message, |reader| decode_handshake(reader, &dhe));
    let Some(Body::ServerKeyExchange(exchange)) = result.unwrap().body else { panic!() };
    assert_eq!(exchange.dh_bits, Some(12));
}

#[test]
fn no_extension_comes_twice() {
    let mut message = hex(ENCRYPTED_EXTENSIONS);
    message.extend([0, 0, 0, 0]);
    message[3] += 4;
    message[5] += 4;
    let (_, result) = both!(&message, |reader| decode_handshake(reader, &TLS13));
    assert_eq!(result.unwrap_err().what, "appears twice");
}

/// Contexts of every kind, so that every form is tried.
fn contexts() -> impl Strategy<Value = Context> {
    let suites = [0x1301, 0xc02f, 0x0033, 0x002f, 0x008c, 0x0090, 0xc035, 0x0094, 0xc018, 0xffff];
    let versions = [0x0300, 0x0301, 0x0303, 0x0304];
    (
        proptest::option::of(proptest::sample::select(versions.to_vec())),
        proptest::option::of(proptest::sample::select(suites.to_vec())),
    )
        .prop_map(|(version, suite)| Context { version: version.map(Version), suite: suite.map(CipherSuite) })
        .boxed()
}

/// A golden message with a few bytes changed, or cut.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let golden =
        [CLIENT_HELLO, SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE, CERTIFICATE_VERIFY, NEW_SESSION_TICKET];
    let golden: Vec<Vec<u8>> = golden.iter().map(|message| hex(message)).collect();
    let changes = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4);
    (proptest::sample::select(golden), changes, any::<proptest::sample::Index>(), any::<bool>()).prop_map(
        |(mut message, changes, end, cut)| {
            for (at, byte) in changes {
                let at = at.index(message.len());
                message[at] = byte;
            }
            if cut {
                message.truncate(end.index(message.len() + 1));
            }
            message
        },
    )
}

proptest! {
    #[test]
    fn any_record_is_tiled(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..80),
        kind in 19u8..26, fits: bool, suite in proptest::sample::select(vec![0x1301u16, 0xc02f, 0x002f, 0x0005, 0xcca8, 0xffff]),
        version in 0x0301u16..0x0305, etm: bool, plain: bool,
    ) {
        if fits && bytes.len() >= 5 {
            let len = (bytes.len() - 5) as u8;
            bytes[..5].copy_from_slice(&[kind, 3, 3, 0, len]);
        }
        let protection =
            if plain { Protection::None } else { Protection::new(Version(version), CipherSuite(suite), etm) };
        let _ = both!(&bytes, |reader| decode_record(reader, protection));
        let _ = next_record(&bytes);
        let _ = looks_like_tls(&bytes);
    }

    #[test]
    fn any_content_is_tiled(bytes in proptest::collection::vec(any::<u8>(), 0..60), kind in 19u8..26, mac in 0usize..21) {
        let _ = both!(&bytes, |reader| decode_inner(reader));
        let _ = both!(&bytes, |reader| decode_block(reader, ContentType(kind), mac));
        let _ = both!(&bytes, |reader| decode_stream(reader, ContentType(kind), mac));
    }

    #[test]
    fn any_message_is_tiled(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..28, fits: bool, context in contexts(),
    ) {
        if fits && bytes.len() >= 4 {
            let len = (bytes.len() - 4) as u8;
            bytes[..4].copy_from_slice(&[kind, 0, 0, len]);
        }
        let _ = both!(&bytes, |reader| messages(reader, &context));
    }

    #[test]
    fn mutated_messages_are_tiled(bytes in mutated(), context in contexts()) {
        let _ = both!(&bytes, |reader| messages(reader, &context));
    }

    /// Every extension in every place, with any data.
    #[test]
    fn any_extension_is_tiled(
        row in 0..ExtensionType::CODES.len(), data in proptest::collection::vec(any::<u8>(), 0..80),
        place in 0usize..7, short: bool,
    ) {
        let kind = ExtensionType::CODES[row].value;
        let place = [
            Place::ClientHello, Place::ServerHello, Place::HelloRetryRequest, Place::EncryptedExtensions,
            Place::CertificateRequest, Place::Certificate, Place::NewSessionTicket,
        ][place];
        let data = if short { &data[..data.len().min(6)] } else { &data[..] };
        let mut bytes = vec![0, 4 + data.len() as u8, (kind >> 8) as u8, kind as u8, 0, data.len() as u8];
        bytes.extend_from_slice(data);
        let _ = both!(&bytes, |reader| extensions::extensions(reader, place));
    }
}
