//! pcapng, block by block.

use base::WallTime;

use super::*;
use crate::Direction;

#[test]
fn a_pcapng_is_read_in_both_byte_orders() {
    for order in BOTH {
        let mut file = section(order);
        file.extend(interface(
            order,
            1,
            0,
            &[(2, b"eth0"), (3, b"the laptop"), (1, b"note"), (11, b"\0tcp"), (13, &[4])],
        ));
        let flags = if order == Order::Little { [2, 0, 0, 0] } else { [0, 0, 0, 2] };
        let at = file.len() as u64;
        file.extend(enhanced(order, 0, 1_700_000_000_123_456, b"hello", &[(1, b"one"), (2, &flags), (1, b"two")]));
        let file = read(&file);
        assert_eq!(file.format.container, Container::PcapNg);
        let interface = &file.interfaces[0];
        assert_eq!(interface.name.as_deref(), Some("eth0"));
        assert_eq!(interface.description.as_deref(), Some("the laptop"));
        assert_eq!(interface.filter.as_deref(), Some("tcp"));
        assert_eq!(interface.comments, ["note"]);
        let expected = OwnedPacket {
            number: 1,
            interface: 0,
            at: Some(WallTime::from_unix_nanos(1_700_000_000_123_456_000)),
            data: b"hello"[..].into(),
            original_len: 10,
            direction: Some(Direction::Outbound),
            fcs_len: 4,
            dropped: None,
            offset: at,
            comments: vec!["one".to_owned(), "two".to_owned()],
        };
        assert_eq!(file.packets, [expected]);
        assert!(file.problems.is_empty());
    }
}

#[test]
fn each_interface_has_its_own_clock() {
    let order = Order::Big;
    let minus_ten = (-10i64).to_be_bytes();
    let mut file = section(order);
    file.extend(interface(order, 1, 0, &[]));
    file.extend(interface(order, 1, 0, &[(9, &[9])]));
    file.extend(interface(order, 1, 0, &[(9, &[0x80 | 10])]));
    file.extend(interface(order, 1, 0, &[(9, &[0]), (14, &minus_ten)]));
    for number in 0..4 {
        file.extend(enhanced(order, number, 5, b"", &[]));
    }
    assert_eq!(nanos(&read(&file)), [5_000, 5, 5 * 1_000_000_000 / 1024, -5_000_000_000]);
}

#[test]
fn interfaces_are_numbered_over_sections_of_either_order() {
    let mut file = section(Order::Little);
    file.extend(interface(Order::Little, 1, 0, &[]));
    file.extend(interface(Order::Little, 113, 0, &[]));
    file.extend(enhanced(Order::Little, 1, 1, b"a", &[]));
    file.extend(section(Order::Big));
    file.extend(interface(Order::Big, 101, 0, &[(9, &[9])]));
    file.extend(enhanced(Order::Big, 0, 2, b"b", &[]));
    let lost = file.len();
    file.extend(enhanced(Order::Big, 1, 3, b"c", &[]));
    file.extend(enhanced(Order::Big, 0, 4, b"d", &[]));
    let file = read(&file);
    let seen: Vec<_> = file.packets.iter().map(|packet| (packet.number, packet.interface, &packet.data[..])).collect();
    assert_eq!(seen, [(1, 1, &b"a"[..]), (2, 2, b"b"), (3, 2, b"d")]);
    assert_eq!(nanos(&file), [1_000, 2, 4]);
    assert_eq!(file.interfaces[2].section, 1);
    assert_eq!(file.sections.iter().map(|section| section.order).collect::<Vec<_>>(), BOTH);
    let expected = format!(
        "at byte {lost}: a packet names interface 1, which this section does not describe: the block is skipped"
    );
    assert_eq!(problems(&file), [expected]);
}

#[test]
fn simple_and_obsolete_packet_blocks_are_packets() {
    let order = Order::Little;
    let mut file = section(order);
    file.extend(interface(order, 1, 4, &[]));
    file.extend(Bytes::new(order).u32(9).padded(b"abcd").block(3));
    file.extend(Bytes::new(order).u32(2).padded(b"ab").block(3));
    let obsolete = Bytes::new(order).u16(0).u16(7).u32(0).u32(8).u32(3).u32(30).padded(b"abc");
    file.extend(obsolete.option(1, b"old").block(2));
    let file = read(&file);
    assert_eq!(data(&file), [&b"abcd"[..], b"ab", b"abc"]);
    assert_eq!(file.packets.iter().map(|packet| packet.original_len).collect::<Vec<_>>(), [9, 2, 30]);
    assert_eq!(file.packets[0].at, None);
    assert_eq!(file.packets[2].at, Some(WallTime::from_unix_nanos(8_000)));
    assert_eq!((file.packets[2].dropped, &file.packets[2].comments[..]), (Some(7), &["old".to_owned()][..]));
}

#[test]
fn secrets_and_statistics_are_given_and_other_blocks_counted() {
    let order = Order::Little;
    let mut file = section(order);
    file.extend(interface(order, 1, 0, &[]));
    let line = format!("CLIENT_RANDOM {} {}\n", "00".repeat(32), "11".repeat(48));
    file.extend(Bytes::new(order).u32(0x544c_534b).u32(line.len() as u32).padded(line.as_bytes()).block(10));
    file.extend(Bytes::new(order).u32(0x5747_4b4c).u32(3).padded(b"key").block(10));
    let statistics = Bytes::new(order).u32(0).u32(0).u32(1_000_000).option(4, &70u64.to_le_bytes());
    file.extend(statistics.option(5, &3u64.to_le_bytes()).block(5));
    for kind in [4, 0xBAD, 0x1234_5678, 0x1234_5678] {
        file.extend(Bytes::new(order).u32(0).block(kind));
    }
    let file = read(&file);
    let kinds: Vec<_> = file.secrets.iter().map(|secrets| secrets.kind).collect();
    assert_eq!(kinds, [SecretsKind::TlsKeyLog, SecretsKind::WireGuardKeyLog]);
    let (log, wrong) = file.key_log();
    assert!(wrong.is_empty());
    assert_eq!(log.connections().len(), 1);
    assert_eq!((file.statistics[0].received, file.statistics[0].dropped), (Some(70), Some(3)));
    assert_eq!(file.statistics[0].at, WallTime::from_unix_nanos(1_000_000_000));
    assert_eq!(file.skipped.into_iter().collect::<Vec<_>>(), [(4, 1), (0xBAD, 1), (0x1234_5678, 2)]);
}
