//! Classic pcap.

use super::*;
use crate::{Direction, LinkType};

#[test]
fn a_pcap_is_read_in_both_byte_orders_and_both_resolutions() {
    for order in BOTH {
        for (magic, unit, nanoseconds) in [(0xA1B2_C3D4, 1_000, false), (0xA1B2_3C4D, 1, true)] {
            let file = pcap(order, magic, 113).u32(1_700_000_000).u32(999_999).u32(3).u32(60).raw(b"abc");
            let file = file.u32(u32::MAX).u32(0).u32(0).u32(0).bytes;
            let file = read(&file);
            assert_eq!(file.format, Format { container: Container::Pcap { nanoseconds, order }, compression: None });
            assert_eq!(file.interfaces[0].link_type, LinkType::LinuxSll);
            assert_eq!(file.interfaces[0].snap_len, 65_535);
            assert_eq!(nanos(&file), [1_700_000_000_000_000_000 + 999_999 * unit, 4_294_967_295_000_000_000]);
            assert_eq!(data(&file), [&b"abc"[..], b""]);
            let first = &file.packets[0];
            assert_eq!((first.number, first.original_len, first.offset, first.direction), (1, 60, 24, None));
            assert_eq!(file.packets[1].offset, 24 + 16 + 3);
            assert!(file.problems.is_empty() && file.ended_by.is_none());
        }
    }
}

#[test]
fn the_upper_half_of_a_pcap_link_type_tells_the_fcs() {
    // Length valid (bit 26), two 16-bit words.
    let file = read(&pcap(Order::Big, 0xA1B2_C3D4, 0x2400_0001).u32(0).u32(0).u32(1).u32(1).raw(b"a").bytes);
    assert_eq!(file.interfaces[0].fcs_len, Some(4));
    assert_eq!(file.interfaces[0].link_type, LinkType::Ethernet);
    assert_eq!(file.packets[0].fcs_len, 4);
    // Without that bit the length says nothing; other bits are ignored, with a note.
    let file = read(&pcap(Order::Big, 0xA1B2_C3D4, 0x2001_0001).bytes);
    assert_eq!((file.interfaces[0].fcs_len, file.interfaces[0].link_type), (None, LinkType::Ethernet));
    assert_eq!(file.problems.total(), 1);
}

#[test]
fn old_pcaps_have_their_lengths_swapped() {
    for (minor, first, second) in [(2, 60, 3), (3, 60, 3), (3, 3, 60), (4, 3, 60)] {
        let head = Bytes::new(Order::Little).u32(0xA1B2_C3D4).u16(2).u16(minor).u32(0).u32(0).u32(0).u32(1);
        let file = read(&head.u32(0).u32(0).u32(first).u32(second).raw(b"abc").bytes);
        assert_eq!((data(&file), file.packets[0].original_len), (vec![&b"abc"[..]], 60));
    }
}

#[test]
fn the_modified_pcap_tells_the_direction() {
    let mut bytes = pcap(Order::Little, 0xA1B2_CD34, 1);
    for (protocol, packet_type) in [(0x0800, 0), (0x0800, 4), (0x0800, 9), (0, 0)] {
        bytes = bytes.u32(0).u32(0).u32(1).u32(1).u32(2).u16(protocol).raw(&[packet_type, 0]).raw(b"x");
    }
    let file = read(&bytes.bytes);
    let directions: Vec<_> = file.packets.iter().map(|packet| packet.direction).collect();
    assert_eq!(directions, [Some(Direction::Inbound), Some(Direction::Outbound), None, None]);
    assert_eq!(data(&file), [b"x"; 4]);
}

#[test]
fn a_damaged_or_cut_pcap_gives_what_precedes() {
    let whole = pcap(Order::Little, 0xA1B2_C3D4, 1).u32(0).u32(0).u32(4).u32(4).raw(b"abcd");
    let huge = whole.clone().u32(0).u32(0).u32(0x7FFF_FFFF).u32(4).raw(&[0; 100]);
    let file = read(&huge.bytes);
    assert_eq!(data(&file), [b"abcd"]);
    let error = file.ended_by.unwrap();
    assert_eq!(
        error.to_string(),
        "at byte 44: a packet claims 2147483647 captured bytes, more than the 262144 that can be"
    );
    let cut = whole.u32(0).u32(0).u32(40).u32(40).raw(b"abcd");
    let error = read(&cut.bytes).ended_by.unwrap();
    assert_eq!(
        error.to_string(),
        "at byte 44: the file ends inside a packet's record: 56 bytes belong there, 20 are left"
    );
    assert!(error.remedy().contains("copy the file again"));
}
