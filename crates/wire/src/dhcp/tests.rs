use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{Datum, MacAddr, Reader, Record};

const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

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

/// A message by hand: the fixed part of a request from [`MAC`], cookie, and these options.
fn with_options(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 236];
    bytes[..8].copy_from_slice(&[1, 1, 6, 0, 0x39, 0x03, 0xf3, 0x26]);
    bytes[28..34].copy_from_slice(&MAC.0);
    bytes.extend([99, 130, 83, 99]);
    bytes.extend(options);
    bytes
}

#[test]
fn a_discover_is_read_bit_by_bit() {
    let bytes = with_options(&[
        53, 1, 1, // DHCPDISCOVER
        61, 7, 1, 2, 0, 0, 0, 0, 1, // client id: Ethernet
        12, 6, b'l', b'a', b'p', b't', b'o', b'p', 55, 3, 1, 3, 6, 255, 0, 0,
    ]);
    let (record, message) = record(&bytes);
    let message = message.unwrap();
    assert_eq!(message.message_type(), Some(MessageType::DISCOVER));
    assert_eq!(message.client_id(), Some(ClientId::ethernet(MAC)));
    assert_eq!(message.host_name(), Some(b"laptop".to_vec()));
    assert_eq!(message.header.mac(), Some(MAC));
    assert_eq!(record.find("dhcp.chaddr").unwrap().value, Datum::Mac(MAC));
    assert_eq!(record.find("dhcp.chaddr_padding").unwrap().bits.len(), 80);
    assert_eq!(record.find("dhcp.option.client_id.mac").unwrap().value, Datum::Mac(MAC));
    let requested: Vec<_> = record.leaves().filter(|leaf| leaf.field.id == "dhcp.option.requested").collect();
    assert_eq!(requested.len(), 3);
    assert_eq!(record.find("dhcp.option.padding").unwrap().bits.len(), 16);
}

#[test]
fn names_of_rfc_3397_and_routes_of_rfc_3442_are_read() {
    // RFC 3397 §3's searchlist, in one option: eng.apple.com and marketing.apple.com, the second with a pointer.
    let mut options = vec![119, 27];
    options.extend(b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04");
    // RFC 3442's descriptors: 10.229.0.128/25 and the default route.
    options.extend([121, 14, 25, 10, 229, 0, 128, 10, 229, 0, 1, 0, 10, 0, 0, 1, 255]);
    let message = record(&with_options(&options)).1.unwrap();
    assert_eq!(
        message.options,
        [
            DhcpOption::DomainSearch(vec!["eng.apple.com".parse().unwrap(), "marketing.apple.com".parse().unwrap()]),
            DhcpOption::ClasslessRoutes(vec![
                (25, [10, 229, 0, 128].into(), [10, 229, 0, 1].into()),
                (0, Ipv4Addr::UNSPECIFIED, [10, 0, 0, 1].into()),
            ]),
        ]
    );
}

#[test]
fn long_options_are_put_together() {
    // RFC 3396: split over the options field and, by overload, file and sname.
    let mut bytes = with_options(&[52, 1, 3, 12, 2, b'a', b'b', 255]);
    bytes[108..113].copy_from_slice(&[12, 2, b'c', b'd', 255]);
    bytes[44..48].copy_from_slice(&[12, 1, b'e', 255]);
    let (record, message) = record(&bytes);
    assert_eq!(message.unwrap().host_name(), Some(b"abcde".to_vec()), "options, file, sname: RFC 3396 §5");
    assert_eq!(record.leaves().filter(|leaf| leaf.field.id == "dhcp.option.part").count(), 3);
    assert!(record.find("dhcp.sname").is_none());
}

#[test]
fn options_spill_into_file_and_sname() {
    let mut message = Message::new(Op::REPLY, MessageType::ACK, 1, MAC);
    for i in 0..5 {
        message.options.push(DhcpOption::Unknown(OptionCode(200 + i), vec![i; 90]));
    }
    let bytes = message.encode(0);
    assert!(bytes.len() <= 576 - 28);
    let (record, read) = record(&bytes);
    let read = read.unwrap();
    assert!(record.find("dhcp.file_options").is_some(), "three fit into 548 bytes, the fourth into file");
    assert_eq!(read.options, message.options[..5], "the fifth fits nowhere: sname has 64 bytes");
    assert_eq!(message.encode(1500).len(), 240 + 3 + 5 * 92 + 1);
}

#[test]
fn broken_options_are_named() {
    let error = |options: &[u8]| {
        let bytes = with_options(options);
        record(&bytes);
        Message::parse(&bytes).unwrap_err().to_string()
    };
    assert_eq!(error(&[53, 2, 1, 1, 255]), "malformed at byte 243 stands behind the end of the structure");
    assert_eq!(error(&[1, 3, 1, 1, 1, 255]), "dhcp.option.subnet_mask at byte 242 is cut short");
    assert_eq!(error(&[12, 9, 1]), "dhcp.option.len at byte 242 reaches behind the end of the options");
    assert_eq!(error(&[121, 1, 33]), "dhcp.option.route.width at byte 243 is above 32");
    let mut no_cookie = with_options(&[255]);
    no_cookie[236] = 0;
    record(&no_cookie);
    assert_eq!(Message::parse(&no_cookie).unwrap_err().to_string(), "dhcp.cookie at byte 240 is not 99, 130, 83, 99");
    record(&no_cookie[..100]);
}

prop_compose! {
    fn any_message()(
        xid: u32,
        addresses in vec(any::<u32>(), 1..4),
        text in vec(any::<u8>(), 1..300),
        number: u32,
        routes in vec((0..=32u8, any::<u32>()), 1..4),
        broadcast: bool,
    ) -> Message {
        let mut message = Message::new(Op::REPLY, MessageType::ACK, xid, MAC);
        message.header.broadcast = broadcast;
        let all: Vec<Ipv4Addr> = addresses.iter().map(|a| (*a).into()).collect();
        let masked = |width: u8, n: u32| {
            let mut bytes = n.to_be_bytes();
            bytes[usize::from(width.div_ceil(8))..].fill(0);
            Ipv4Addr::from(bytes)
        };
        message.options.extend([
            DhcpOption::SubnetMask(all[0]),
            DhcpOption::Router(all.clone()),
            DhcpOption::DnsServers(all.clone()),
            DhcpOption::HostName(text.clone()),
            DhcpOption::DomainName(text.clone()),
            DhcpOption::InterfaceMtu(number as u16),
            DhcpOption::BroadcastAddress(all[0]),
            DhcpOption::NtpServers(all.clone()),
            DhcpOption::RequestedAddress(all[0]),
            DhcpOption::LeaseTime(number),
            DhcpOption::ServerId(all[0]),
            DhcpOption::ParameterRequestList(text.iter().map(|b| OptionCode(*b)).collect()),
            DhcpOption::Message(text.clone()),
            DhcpOption::MaxMessageSize(number as u16),
            DhcpOption::RenewalTime(number),
            DhcpOption::RebindingTime(number),
            DhcpOption::VendorClass(text.clone()),
            DhcpOption::ClientId(ClientId { kind: HardwareType(text[0]), id: text.clone() }),
            DhcpOption::Fqdn(Fqdn { flags: number as u8, rcode1: 0, rcode2: 255, name: text.clone() }),
            DhcpOption::DomainSearch(vec!["a.example".parse().unwrap(), "b.example".parse().unwrap()]),
            DhcpOption::ClasslessRoutes(routes.iter().map(|(w, n)| (*w, masked(*w, *n), all[0])).collect()),
            DhcpOption::Ipv6Only(number),
            DhcpOption::CaptivePortal(text.clone()),
            DhcpOption::Unknown(OptionCode(224), text),
        ]);
        message
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in any_message()) {
        let bytes = message.encode(9000);
        prop_assert_eq!(record(&bytes).1, Some(message));
    }

    #[test]
    fn any_options_are_tiled(options in vec(any::<u8>(), 0..200)) {
        record(&with_options(&options));
    }

    #[test]
    fn damaged_messages_are_tiled(message in any_message(), at: prop::sample::Index, with: u8, cut: prop::sample::Index) {
        let mut bytes = message.encode(9000);
        let at = at.index(bytes.len());
        bytes[at] = with;
        bytes.truncate(cut.index(bytes.len() * 2));
        record(&bytes);
    }
}
