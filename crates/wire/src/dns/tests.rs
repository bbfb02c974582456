use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{Datum, Malformed, Reader, Record};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// What the inspector sees. Checks that it agrees with the stack and that every bit has its leaf.
fn record(bytes: &[u8]) -> (Record, Option<Message>) {
    let mut record = Record::new();
    let message = Reader::decode_all(bytes, &mut record, |reader| decode(reader)).unwrap();
    assert_eq!(record.check_tiling(bytes.len()), Ok(()));
    match Message::parse(bytes) {
        Ok(parsed) => {
            assert_eq!(record.errors, []);
            assert!(message.as_ref() == Some(&parsed), "the inspector reads {message:?}, the stack {parsed:?}");
        }
        Err(error) => assert_eq!(record.errors.first(), Some(&error)),
    }
    (record, message)
}

fn error(bytes: &[u8]) -> Malformed {
    record(bytes);
    Message::parse(bytes).unwrap_err()
}

/// The names of RFC 1035 §4.1.4's example, F.ISI.ARPA at byte 20 as there: a question `xy`, a question F.ISI.ARPA, then
/// records of FOO.F.ISI.ARPA (a label and a pointer), ARPA (a pointer into the first name) and the root.
fn rfc_1035_example() -> Vec<u8> {
    [
        &b"\0\x01\x84\0\0\x02\0\x03\0\0\0\0"[..],
        b"\x02xy\0\0\x01\0\x01",
        b"\x01F\x03ISI\x04ARPA\0\0\x01\0\x01",
        b"\x03FOO\xc0\x14\0\x01\0\x01\0\0\0\0\0\x04\x0a\0\0\x34",
        b"\xc0\x1a\0\x01\0\x01\0\0\0\0\0\x04\x0a\0\0\x35",
        b"\0\xff\0\0\x01\0\0\0\0\0\x02\0\0",
    ]
    .concat()
}

#[test]
fn compressed_names_unfold_as_in_rfc_1035() {
    let bytes = rfc_1035_example();
    let (record, message) = record(&bytes);
    let names: Vec<_> = message.unwrap().answers.iter().map(|record| record.name.to_string()).collect();
    assert_eq!(names, ["FOO.F.ISI.ARPA", "ARPA", "."]);
    // The pointer counts from the header's first byte; the name stands at the group.
    let pointers: Vec<_> = record.leaves().filter(|leaf| leaf.field.id == "dns.name.pointer").collect();
    assert_eq!(pointers.iter().map(|p| p.value.clone()).collect::<Vec<_>>(), [Datum::Uint(20), Datum::Uint(26)]);
    let first = record.nodes.iter().find(|node| node.field.id == "dns.rr.name").unwrap();
    assert_eq!(first.value, Datum::Text("FOO.F.ISI.ARPA".into()));
    assert_eq!(record.find("dns.rr").unwrap().value, Datum::Text("FOO.F.ISI.ARPA 0 IN A 10.0.0.52".into()));
}

/// A query that stands in many a trace: id 0x1234, recursion desired, www.example.com A.
const QUERY: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01";

#[test]
fn a_query_is_written_byte_for_byte() {
    let query = Message::query(0x1234, Question::new(name("www.example.com"), Type::A));
    assert_eq!(query.encode(), QUERY);
    let (record, message) = record(QUERY);
    assert_eq!(message, Some(query));
    assert_eq!(record.find("dns.rd").unwrap().value, Datum::Uint(1));
    assert_eq!(record.find("dns.question").unwrap().value, Datum::Text("www.example.com A".into()));
}

#[test]
fn loops_and_forward_pointers_are_refused() {
    let with = |name: &[u8]| [&b"\0\0\0\0\0\x01\0\0\0\0\0\0"[..], name, b"\0\x01\0\x01"].concat();
    assert_eq!(error(&with(b"\xc0\x0c")).to_string(), "dns.name.pointer at byte 12 does not point backwards");
    assert_eq!(error(&with(b"\xc0\x20")).what, "does not point backwards");
    assert_eq!(error(&with(b"\x01a\xc0\x0c")).what, "does not point backwards");
    assert_eq!(error(&with(b"\xc0\x00")).what, "points into the header");
    assert_eq!(error(&with(b"\x41a\0")).what, "is of a reserved kind");
    assert_eq!(error(&with(&[[63; 64].as_slice(); 4].concat())).what, "is longer than 255 bytes");
    assert_eq!(error(&QUERY[..20]).what, "is cut short");
    assert_eq!(error(&QUERY[..11]).what, "is cut short");
    assert_eq!(error(&[QUERY, b"x"].concat()).what, "stands behind the end of the structure");
    let mut two = QUERY.to_vec();
    two[5] = 2;
    assert_eq!(error(&two).to_string(), "dns.questions at byte 33 has fewer entries than the header counts");
}

#[test]
fn a_chain_of_pointers_costs_no_more_than_a_name_is_long() {
    // A name, and 300 questions that each point at the one before.
    let mut bytes = b"\0\0\0\0\x01\x2d\0\0\0\0\0\0\x01a\0\0\x01\0\x01".to_vec();
    let mut last = 12;
    for _ in 0..300 {
        let here = bytes.len() as u16;
        bytes.extend((0xc000u16 | last).to_be_bytes());
        bytes.extend(b"\0\x01\0\x01");
        last = here;
    }
    assert_eq!(error(&bytes).what, "leads through too many pointers");
}

#[test]
fn records_of_the_wrong_length_are_refused() {
    let with = |rdata: &[u8], kind: u8| {
        let head = b"\0\0\x80\0\0\0\0\x01\0\0\0\0\0\0";
        let len = (rdata.len() as u16).to_be_bytes();
        [&head[..], &[kind], b"\0\x01\0\0\0\0", &len, rdata].concat()
    };
    assert!(Message::parse(&with(&[1, 2, 3, 4], 1)).is_ok());
    assert_eq!(error(&with(&[1, 2, 3], 1)).to_string(), "dns.a.address at byte 23 is cut short");
    assert_eq!(error(&with(&[1, 2, 3, 4, 5], 1)).what, "stands behind the end of the structure");
    assert_eq!(error(&with(&[], 1)).what, "is cut short");
    assert_eq!(error(&with(&[], 16)).what, "is cut short");
    // SVCB: keys must ascend (RFC 9460 §2.2), the target must not be compressed.
    assert_eq!(error(&with(&[0, 1, 0, 0, 3, 0, 2, 1, 187, 0, 3, 0, 2, 1, 187], 64)).what, "does not ascend");
    assert_eq!(error(&with(&[0, 1, 0xc0, 12], 64)).what, "does not point backwards");
    // Two OPT records (RFC 6891 §6.1.1).
    let two = b"\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\x29\x04\xd0\0\0\0\0\0\0\0\0\x29\x04\xd0\0\0\0\0\0\0";
    assert_eq!(error(two).what, "occurs more than once");
}

#[test]
fn unknown_types_and_codes_survive() {
    let mut message = Message::query(7, Question { name: name("x"), kind: Type(65280), class: Class(9) });
    message.opcode = Opcode(13);
    message.rcode = Rcode(0xabc);
    message.answers = vec![ResourceRecord::new(name("x"), 1, RData::Unknown(Type(65280), vec![1, 2, 3]))];
    message.edns = Some(Edns { options: vec![EdnsOption::Unknown(OptionCode(65001), vec![9])], ..Edns::new(1232) });
    let bytes = message.encode();
    assert_eq!(record(&bytes).1, Some(message.clone()));
    assert_eq!(message.answers[0].to_string(), "x 1 IN TYPE65280 \\# 3 010203");
}

#[test]
fn what_does_not_fit_is_left_out_and_said() {
    let owner = name("many.example.com");
    let mut message = Message::response_to(&Message::query(1, Question::new(owner.clone(), Type::A)));
    message.answers =
        (0..20).map(|i| ResourceRecord::new(owner.clone(), 60, RData::A([192, 0, 2, i].into()))).collect();
    message.edns = Some(Edns::new(512));
    let whole = Message::parse(&message.encode_within(512)).unwrap();
    assert!(!whole.truncated && whole.answers.len() == 20, "20 compressed records of 16 bytes fit");
    message.answers =
        (0..200).map(|i| ResourceRecord::new(owner.clone(), 60, RData::A([192, 0, 2, i].into()))).collect();
    let bytes = message.encode_within(512);
    let cut = Message::parse(&bytes).unwrap();
    assert!(bytes.len() <= 512 && cut.truncated && cut.answers.is_empty(), "half a set is of no use");
    assert!(cut.edns.is_some() && cut.questions == message.questions);
    // Additional records that are no glue go without a word; a referral's glue does not (RFC 9471 §2.1).
    let mut referral = Message::response_to(&Message::query(1, Question::new(owner, Type::A)));
    for i in 0..13u8 {
        let server = name(&format!("ns{i}.some-rather-long-name-{i}.example"));
        referral.authorities.push(ResourceRecord::new(name("com"), 60, RData::Ns(server.clone())));
        referral.additionals.push(ResourceRecord::new(server, 60, RData::Aaaa([i; 16].into())));
    }
    let cut = Message::parse(&referral.encode_within(700)).unwrap();
    assert!(cut.truncated && cut.authorities.len() == 13 && cut.additionals.len() < 13);
    let mut answer = referral;
    answer.answers = vec![ResourceRecord::new(name("many.example.com"), 60, RData::A([192, 0, 2, 1].into()))];
    assert!(!Message::parse(&answer.encode_within(700)).unwrap().truncated);
}

#[test]
fn over_tcp_lengths_come_first() {
    let query = Message::query(0x1234, Question::new(name("www.example.com"), Type::A));
    let mut stream = query.encode_for_stream();
    assert_eq!(split_stream(&stream), Some((QUERY, QUERY.len() + 2)));
    assert_eq!(split_stream(&stream[..10]), None);
    assert_eq!(split_stream(&stream[..1]), None);
    stream.extend(query.encode_for_stream());
    let mut record = Record::new();
    let messages = Reader::decode_all(&stream, &mut record, |reader| decode_stream(reader)).unwrap().unwrap();
    assert_eq!(messages, [query.clone(), query]);
    assert_eq!(record.check_tiling(stream.len()), Ok(()));
}

fn any_name() -> impl Strategy<Value = Name> {
    vec("[a-zA-Z0-9_-]{1,20}", 0..5)
        .prop_map(|labels| labels.iter().fold(Name::root(), |name, label| name.child(label.as_bytes()).unwrap()))
}
fn any_text() -> impl Strategy<Value = CharString> {
    vec(any::<u8>(), 1..30).prop_map(|bytes| CharString::new(&bytes).unwrap())
}
fn any_types() -> impl Strategy<Value = TypeSet> {
    vec(any::<u16>(), 0..8).prop_map(|types| TypeSet(types.into_iter().map(Type).collect()))
}

fn any_svcb() -> impl Strategy<Value = Svcb> {
    let some = || vec(any::<u8>(), 1..9);
    (any::<u16>(), any_name(), vec(any_text(), 1..4), any::<u16>(), vec(any::<u32>(), 1..4), some(), some()).prop_map(
        |(priority, target, alpn, port, v4, ech, unknown)| Svcb {
            priority,
            target,
            params: vec![
                SvcParam::Mandatory(vec![SvcParamKey::ALPN]),
                SvcParam::Alpn(alpn),
                SvcParam::NoDefaultAlpn,
                SvcParam::Port(port),
                SvcParam::Ipv4Hint(v4.iter().map(|a| (*a).into()).collect()),
                SvcParam::Ech(ech.clone()),
                SvcParam::Ipv6Hint(v4.iter().map(|a| u128::from(*a).into()).collect()),
                SvcParam::DohPath(ech),
                SvcParam::Unknown(SvcParamKey(700), unknown),
            ],
        },
    )
}

fn any_rdata() -> impl Strategy<Value = RData> {
    let some = || vec(any::<u8>(), 1..40);
    prop_oneof![
        any::<u32>().prop_map(|a| RData::A(a.into())),
        any::<u128>().prop_map(|a| RData::Aaaa(a.into())),
        any_name().prop_map(RData::Ns),
        any_name().prop_map(RData::Cname),
        any_name().prop_map(RData::Dname),
        any_name().prop_map(RData::Ptr),
        (any_name(), any_name(), any::<[u32; 5]>()).prop_map(|(mname, rname, n)| RData::Soa(Soa {
            mname,
            rname,
            serial: n[0],
            refresh: n[1],
            retry: n[2],
            expire: n[3],
            minimum: n[4],
        })),
        (any::<u16>(), any_name()).prop_map(|(n, name)| RData::Mx(n, name)),
        vec(any_text(), 1..4).prop_map(RData::Txt),
        (any_text(), any_text()).prop_map(|(a, b)| RData::Hinfo(a, b)),
        (any::<[u16; 3]>(), any_name()).prop_map(|([priority, weight, port], target)| RData::Srv {
            priority,
            weight,
            port,
            target
        }),
        (any::<bool>(), "[a-z]{1,9}", some()).prop_map(|(critical, tag, value)| RData::Caa {
            flags: u8::from(critical) << 7,
            tag: CharString::new(tag.as_bytes()).unwrap(),
            value
        }),
        (0..4u8, 0..2u8, 0..3u8, some()).prop_map(|(a, b, c, data)| RData::Tlsa(a, b, c, data)),
        any_svcb().prop_map(RData::Svcb),
        any_svcb().prop_map(RData::Https),
        (any::<u16>(), some()).prop_map(|(key_tag, digest)| RData::Ds(Ds {
            key_tag,
            algorithm: Algorithm::ED25519,
            digest_type: DigestType::SHA256,
            digest
        })),
        (any::<u16>(), some()).prop_map(|(flags, key)| RData::Dnskey(Dnskey {
            flags,
            protocol: 3,
            algorithm: Algorithm::ED25519,
            key
        })),
        (any::<[u32; 4]>(), any_name(), some()).prop_map(|(n, signer, signature)| RData::Rrsig(Rrsig {
            covered: Type::A,
            algorithm: Algorithm::ED25519,
            labels: 2,
            original_ttl: n[0],
            expiration: n[1],
            inception: n[2],
            key_tag: n[3] as u16,
            signer,
            signature
        })),
        (any_name(), any_types()).prop_map(|(next, types)| RData::Nsec(Nsec { next, types })),
        (some(), some(), any_types()).prop_map(|(salt, next, types)| RData::Nsec3(Nsec3 {
            hash: 1,
            flags: 0,
            iterations: 0,
            salt,
            next,
            types
        })),
        (65280..65534u16, some()).prop_map(|(kind, data)| RData::Unknown(Type(kind), data)),
    ]
}

fn any_edns() -> impl Strategy<Value = Edns> {
    (any::<u16>(), any::<bool>(), any::<u32>(), 0..33u8, vec(any::<u8>(), 8..33)).prop_map(
        |(udp_size, dnssec_ok, address, source, bytes)| Edns {
            dnssec_ok,
            options: vec![
                EdnsOption::Nsid(bytes.clone()),
                EdnsOption::ClientSubnet {
                    family: 1,
                    source,
                    scope: 0,
                    address: address.to_be_bytes()[..usize::from(source.div_ceil(8))].to_vec(),
                },
                EdnsOption::Cookie([7; 8], bytes.clone()),
                EdnsOption::Keepalive(dnssec_ok.then_some(100)),
                EdnsOption::Padding(vec![0; bytes.len()]),
                EdnsOption::ExtendedError(ErrorInfo::STALE, bytes),
            ],
            ..Edns::new(udp_size)
        },
    )
}

prop_compose! {
    fn any_record()(name in any_name(), ttl: u32, data in any_rdata()) -> ResourceRecord {
        ResourceRecord::new(name, ttl, data)
    }
}
prop_compose! {
    pub(super) fn any_message()(
        id: u16,
        flags: [bool; 8],
        rcode in 0..16u16,
        question in any_name(),
        answers in vec(any_record(), 0..4),
        authorities in vec(any_record(), 0..3),
        additionals in vec(any_record(), 0..3),
        edns in proptest::option::of(any_edns()),
    ) -> Message {
        let [response, authoritative, truncated, recursion_desired, recursion_available, z, authentic_data, checking_disabled] = flags;
        Message {
            id, response, authoritative, truncated, recursion_desired, recursion_available, z, authentic_data, checking_disabled,
            opcode: Opcode::QUERY, rcode: Rcode(rcode), questions: vec![Question::new(question, Type::A)], answers, authorities,
            additionals, edns,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in any_message()) {
        let bytes = message.encode();
        let (_, read) = record(&bytes);
        prop_assert_eq!(read.as_ref(), Some(&message));
        prop_assert_eq!(message.to_owned().encode(), bytes);
    }

    #[test]
    fn any_bytes_are_tiled(bytes in vec(any::<u8>(), 0..300)) {
        record(&bytes);
    }

    #[test]
    fn damaged_messages_are_tiled(message in any_message(), at: prop::sample::Index, with: u8, cut: prop::sample::Index) {
        let mut bytes = message.encode();
        let at = at.index(bytes.len());
        bytes[at] = with;
        bytes.truncate(cut.index(bytes.len() * 2));
        record(&bytes);
    }

    #[test]
    fn a_limit_holds(message in any_message(), limit in 512usize..1500) {
        let bytes = message.encode_within(limit);
        prop_assert!(bytes.len() <= limit);
        prop_assert!(Message::parse(&bytes).is_ok());
    }

    #[test]
    fn names_as_text_are_the_same_names(labels in vec(vec(any::<u8>(), 1..20), 0..6)) {
        let name = labels.iter().fold(Name::root(), |name, label| name.child(label).unwrap());
        let again: Name = name.to_string().parse().unwrap();
        prop_assert_eq!(again.as_wire(), name.as_wire());
    }
}
