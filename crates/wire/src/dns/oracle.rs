//! hickory-proto as an oracle: what we write it reads as we meant it, and what it writes we read.

use hickory_proto::op;
use hickory_proto::rr::{RData as Theirs, Record};
use proptest::prelude::*;

use super::tests::any_message;
use super::*;

/// Whether hickory knows the type as we do; parameters of services and DNSSEC are checked elsewhere. What we hold unread it
/// may know a form of: ANAME's private number, for one.
fn is_common(record: &ResourceRecord) -> bool {
    if let RData::Unknown(kind, _) = &record.data {
        return matches!(hickory_proto::rr::RecordType::from(kind.0), hickory_proto::rr::RecordType::Unknown(_));
    }
    !matches!(record.data, RData::Svcb(_) | RData::Https(_) | RData::Nsec(_) | RData::Nsec3(_) | RData::Rrsig(_))
}

/// Its name as ours; its text escapes more than ours, and reads the same.
fn name(theirs: &hickory_proto::rr::Name) -> Name {
    theirs.to_string().parse().unwrap()
}

fn same(ours: &ResourceRecord, theirs: &Record) {
    assert_eq!(ours.name, name(&theirs.name));
    assert_eq!(
        (ours.ttl, ours.kind().0, ours.class.0),
        (theirs.ttl, u16::from(theirs.record_type()), u16::from(theirs.dns_class))
    );
    match (&ours.data, &theirs.data) {
        (RData::A(a), Theirs::A(b)) => assert_eq!(*a, b.0),
        (RData::Aaaa(a), Theirs::AAAA(b)) => assert_eq!(*a, b.0),
        (RData::Ns(a), Theirs::NS(b)) => assert_eq!(*a, name(&b.0)),
        (RData::Cname(a), Theirs::CNAME(b)) => assert_eq!(*a, name(&b.0)),
        (RData::Ptr(a), Theirs::PTR(b)) => assert_eq!(*a, name(&b.0)),
        (RData::Mx(preference, a), Theirs::MX(b)) => {
            assert_eq!((*preference, a), (b.preference, &name(&b.exchange)));
        }
        (RData::Soa(a), Theirs::SOA(b)) => {
            assert_eq!((&a.mname, &a.rname), (&name(&b.mname), &name(&b.rname)));
            assert_eq!((a.serial, a.minimum), (b.serial, b.minimum));
        }
        (RData::Txt(a), Theirs::TXT(b)) => {
            let a: Vec<&[u8]> = a.iter().map(CharString::as_bytes).collect();
            assert_eq!(a, b.txt_data.iter().map(|text| &text[..]).collect::<Vec<_>>());
        }
        (RData::Srv { port, target, .. }, Theirs::SRV(b)) => {
            assert_eq!((*port, target), (b.port, &name(&b.target)));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn hickory_reads_what_we_write_and_we_read_what_it_writes(message in any_message()) {
        let mut message = Message { z: false, edns: None, ..message };
        for section in [&mut message.answers, &mut message.authorities, &mut message.additionals] {
            section.retain(is_common);
        }
        let theirs = op::Message::from_vec(&message.encode()).unwrap();
        prop_assert_eq!(theirs.metadata.id, message.id);
        prop_assert_eq!(theirs.metadata.authoritative, message.authoritative);
        prop_assert_eq!(theirs.answers.len(), message.answers.len());
        message.answers.iter().zip(&theirs.answers).for_each(|(ours, theirs)| same(ours, theirs));
        message.authorities.iter().zip(&theirs.authorities).for_each(|(ours, theirs)| same(ours, theirs));
        let again = Message::parse(&theirs.to_vec().unwrap()).unwrap();
        prop_assert_eq!(again, message);
    }
}
