//! The bytes, one by one, and what the writers refuse.

use std::io::ErrorKind;

use base::WallTime;

use super::*;
use crate::{Direction, LinkType};

#[test]
fn a_pcapng_is_these_bytes() {
    let mut out = PcapNg::new(Vec::new()).unwrap();
    let tap = out.interface(&Interface { name: "wan0", ..Interface::new(LinkType::Ethernet) }).unwrap();
    out.tls_secrets("").unwrap();
    out.tls_secrets("# k\n#").unwrap();
    let packet = Packet {
        original_len: Some(60),
        direction: Some(Direction::Outbound),
        comments: &["hi!"],
        ..Packet::new(tap, WallTime::from_unix_nanos(0x0102_0304_0506_0708))
    };
    out.packet(&packet, [&b"abc"[..], b"", b"de"]).unwrap();
    let expected: &[&[u8]] = &[
        // Section Header Block: type, length, magic, version 1.0, section length unknown, length.
        &[0x0A, 0x0D, 0x0D, 0x0A, 28, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0],
        &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 28, 0, 0, 0],
        // Interface Description Block: type, length, link type, reserved, snapshot length,
        &[1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        // if_name, if_tsresol 9, end, length.
        &[2, 0, 4, 0, b'w', b'a', b'n', b'0', 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0],
        // Decryption Secrets Block: type, length, "TLSK", 5 bytes, text, padding, length.
        &[10, 0, 0, 0, 28, 0, 0, 0, 0x4B, 0x53, 0x4C, 0x54, 5, 0, 0, 0],
        &[b'#', b' ', b'k', b'\n', b'#', 0, 0, 0, 28, 0, 0, 0],
        // Enhanced Packet Block: type, length, interface, time (upper half, lower half), captured, original, bytes, padding,
        &[6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 5, 0, 0, 0, 60, 0, 0, 0],
        &[b'a', b'b', b'c', b'd', b'e', 0, 0, 0],
        // opt_comment, epb_flags (outbound), end, length.
        &[1, 0, 3, 0, b'h', b'i', b'!', 0, 2, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0],
    ];
    assert_eq!(out.finish().unwrap(), expected.concat());
}

#[test]
fn a_pcap_is_these_bytes() {
    let mut out = Pcap::new(Vec::new(), LinkType::LinuxSll2).unwrap();
    out.packet(WallTime::from_unix_nanos(1_000_000_002), Some(9), [b"abc"]).unwrap();
    let expected: &[&[u8]] = &[
        &[0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0x14, 1, 0, 0],
        &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0],
        b"abc",
    ];
    assert_eq!(out.finish().unwrap(), expected.concat());
}

#[test]
fn what_a_format_cannot_hold_is_refused_and_nothing_written() {
    let mut out = PcapNg::new(Vec::new()).unwrap();
    let nobody = Packet::new(0, WallTime::SIMULATION_EPOCH);
    let error = out.packet(&nobody, [b"x"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "a packet names interface 0, but only 0 were described");
    let tap = out.interface(&Interface::new(LinkType::Raw)).unwrap();
    let error = out.packet(&Packet::new(tap, WallTime::from_unix_nanos(-1)), [b"x"]).unwrap_err();
    assert_eq!(error.to_string(), "a packet's time, 1969-12-31T23:59:59.999999999Z, is before 1970");
    let piece = vec![0; 1 << 20];
    let error = out.packet(&Packet::new(tap, WallTime::SIMULATION_EPOCH), vec![&piece; 129]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(out.finish().unwrap().len(), 28 + 32);

    let mut out = Pcap::new(Vec::new(), LinkType::Raw).unwrap();
    assert!(out.packet(WallTime::from_unix_nanos(-1), None, [b"x"]).is_err());
    assert!(out.packet(WallTime::from_unix_nanos(4_294_967_296_000_000_000), None, [b"x"]).is_err());
    assert!(out.packet(WallTime::SIMULATION_EPOCH, None, [vec![0; 300_000]]).is_err());
    assert_eq!(out.finish().unwrap().len(), 24);
}

#[test]
fn long_comments_are_cut_between_characters() {
    let mut out = PcapNg::new(Vec::new()).unwrap();
    let tap = out.interface(&Interface::new(LinkType::Raw)).unwrap();
    let long = format!("x{}", "ä".repeat(40_000));
    out.packet(&Packet { comments: &[&long], ..Packet::new(tap, WallTime::SIMULATION_EPOCH) }, [b"x"]).unwrap();
    let file = crate::read::read_all(&out.finish().unwrap()[..]).unwrap();
    assert!(file.problems.is_empty());
    assert_eq!(file.packets[0].comments, [format!("x{}", "ä".repeat(32_765))]);
}

#[test]
fn pieces_may_be_shared_buffers() {
    let pieces = [bytes::Bytes::from_static(b"head"), bytes::Bytes::from_static(b"body")];
    let mut out = PcapNg::new(Vec::new()).unwrap();
    let tap = out.interface(&Interface::new(LinkType::Raw)).unwrap();
    out.packet(&Packet::new(tap, WallTime::SIMULATION_EPOCH), &pieces).unwrap();
    let file = crate::read::read_all(&out.finish().unwrap()[..]).unwrap();
    assert_eq!(file.packets[0].data, b"headbody"[..]);
}
