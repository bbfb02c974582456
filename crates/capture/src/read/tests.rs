//! What files of every kind mean, by bytes laid out by hand.

use std::io::{self, Write};

use base::WallTime;
use proptest::prelude::*;

use super::*;
use crate::write::{self, PcapNg};
use crate::{Direction, LinkType, Place};

/// Lays out numbers in either byte order.
#[derive(Clone)]
struct Bytes {
    order: Order,
    bytes: Vec<u8>,
}

impl Bytes {
    fn new(order: Order) -> Bytes {
        Bytes { order, bytes: Vec::new() }
    }
    fn u16(mut self, n: u16) -> Bytes {
        let n = if self.order == Order::Little { n.to_le_bytes() } else { n.to_be_bytes() };
        self.bytes.extend(n);
        self
    }
    fn u32(mut self, n: u32) -> Bytes {
        let n = if self.order == Order::Little { n.to_le_bytes() } else { n.to_be_bytes() };
        self.bytes.extend(n);
        self
    }
    fn raw(mut self, bytes: &[u8]) -> Bytes {
        self.bytes.extend(bytes);
        self
    }
    fn padded(mut self, bytes: &[u8]) -> Bytes {
        self.bytes.extend(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }
    fn option(self, code: u16, value: &[u8]) -> Bytes {
        self.u16(code).u16(value.len() as u16).padded(value)
    }
    /// A block around what was laid out.
    fn block(self, kind: u32) -> Vec<u8> {
        let length = self.bytes.len() as u32 + 12;
        Bytes::new(self.order).u32(kind).u32(length).raw(&self.bytes).u32(length).bytes
    }
}

fn section(order: Order) -> Vec<u8> {
    Bytes::new(order).u32(0x1A2B_3C4D).u16(1).u16(0).u32(u32::MAX).u32(u32::MAX).block(0x0A0D_0D0A)
}

fn interface(order: Order, link: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let bytes = Bytes::new(order).u16(link).u16(0).u32(snap_len);
    options.iter().fold(bytes, |bytes, (code, value)| bytes.option(*code, value)).block(1)
}

fn enhanced(order: Order, interface: u32, ticks: u64, data: &[u8], options: &[(u16, &[u8])]) -> Vec<u8> {
    let bytes = Bytes::new(order).u32(interface).u32((ticks >> 32) as u32).u32(ticks as u32);
    let bytes = bytes.u32(data.len() as u32).u32(data.len() as u32 + 5).padded(data);
    options.iter().fold(bytes, |bytes, (code, value)| bytes.option(*code, value)).block(6)
}

fn read(bytes: &[u8]) -> File {
    read_all(bytes).unwrap()
}

fn problems(file: &File) -> Vec<String> {
    file.problems.kept().iter().map(ToString::to_string).collect()
}

fn data(file: &File) -> Vec<&[u8]> {
    file.packets.iter().map(|packet| &packet.data[..]).collect()
}

fn nanos(file: &File) -> Vec<i64> {
    file.packets.iter().map(|packet| packet.at.unwrap().as_unix_nanos()).collect()
}

const BOTH: [Order; 2] = [Order::Little, Order::Big];

fn pcap(order: Order, magic: u32, link: u32) -> Bytes {
    Bytes::new(order).u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(link)
}

#[test]
fn a_pcap_is_read_in_both_byte_orders_and_both_resolutions() {
    for order in BOTH {
        for (magic, unit, nanoseconds) in [(0xA1B2_C3D4, 1_000, false), (0xA1B2_3C4D, 1, true)] {
            let file = pcap(order, magic, 113).u32(1_700_000_000).u32(999_999).u32(3).u32(60).raw(b"abc");
            let file = file.u32(u32::MAX).u32(0).u32(0).u32(0).bytes;
            let file = read(&file);
            assert_eq!(file.format, Format { container: Container::Pcap { nanoseconds, order }, gzip: false });
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
    for packet_type in [0, 4, 9] {
        bytes = bytes.u32(0).u32(0).u32(1).u32(1).u32(2).u16(0x0800).raw(&[packet_type, 0]).raw(b"x");
    }
    let file = read(&bytes.bytes);
    let directions: Vec<_> = file.packets.iter().map(|packet| packet.direction).collect();
    assert_eq!(directions, [Some(Direction::Inbound), Some(Direction::Outbound), None]);
    assert_eq!(data(&file), [b"x"; 3]);
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

/// Three packets, so that the middle one can be damaged.
fn three() -> (Vec<u8>, usize, usize) {
    let order = Order::Little;
    let mut file = section(order);
    file.extend(interface(order, 1, 0, &[(9, &[9])]));
    file.extend(enhanced(order, 0, 1, b"first", &[]));
    let start = file.len();
    file.extend(enhanced(order, 0, 2, b"second", &[(1, b"remark")]));
    let end = file.len();
    file.extend(enhanced(order, 0, 3, b"third", &[]));
    (file, start, end)
}

#[test]
fn a_block_that_is_wrong_inside_is_skipped() {
    let (mut file, start, _) = three();
    file[start + 20] = 200; // its captured length
    let file = read(&file);
    assert_eq!(data(&file), [b"first", b"third"]);
    assert_eq!(file.packets[1].number, 2);
    let expected = format!(
        "at byte {start}: a packet claims 200 captured bytes, but its block has room for 20: the block is skipped"
    );
    assert_eq!(problems(&file), [expected]);
    assert!(file.ended_by.is_none());
}

#[test]
fn damaged_options_cost_no_packet() {
    let (mut file, start, _) = three();
    file[start + 28 + 8 + 2] = 200; // the comment's length
    let file = read(&file);
    assert_eq!(data(&file), [&b"first"[..], b"second", b"third"]);
    assert_eq!(file.packets[1].comments, [""; 0]);
    assert_eq!(file.problems.kept()[0].place, Place::Byte(start as u64));
}

#[test]
fn where_the_two_lengths_differ_what_follows_decides() {
    // The length at the end is wrong: the next block is where the length at the start says.
    let (mut file, start, end) = three();
    file[end - 4] ^= 0xFF;
    let read_back = read(&file);
    assert_eq!(data(&read_back), [&b"first"[..], b"second", b"third"]);
    assert!(problems(&read_back)[0].contains("what follows agrees with the start"), "{:?}", problems(&read_back));

    // The length at the start is wrong, too long or too short, even below the least or beyond the limit: the block is lost.
    let (_, _, end) = three();
    let to_third_end = (three().0.len() - start) as u32;
    for wrong in [60, 8, 33, to_third_end, 90_000, 0x0100_0000, 0xFFFF_FFF0u32] {
        let (mut file, ..) = three();
        file.extend(vec![0; 100_000]);
        file[start + 4..start + 8].copy_from_slice(&wrong.to_le_bytes());
        let read_back = read(&file);
        assert_eq!(data(&read_back)[..2], [b"first", b"third"], "{wrong}");
        assert!(problems(&read_back)[0].starts_with(&format!("at byte {start}: ")), "{wrong}");
        assert!(problems(&read_back)[0].ends_with(&format!("to the next whole block at byte {end}")), "{wrong}");
    }
}

#[test]
fn a_wrong_length_near_the_end_does_not_pass_for_the_end() {
    for wrong in [0x2034u32, 0x0034_2000, 0x0400_0000] {
        let (mut file, start, end) = three();
        file[start + 4..start + 8].copy_from_slice(&wrong.to_le_bytes());
        let read_back = read(&file);
        assert_eq!(data(&read_back), [b"first", b"third"], "{wrong}");
        assert!(problems(&read_back)[0].ends_with(&format!("at byte {end}")), "{:?}", problems(&read_back));
    }
}

#[test]
fn a_cut_packet_is_not_searched_for_packets() {
    // The packet that was cut carries a pcapng.
    let (inner, ..) = three();
    let (mut file, ..) = three();
    let start = file.len();
    file.extend(enhanced(Order::Little, 0, 4, &[&inner[..], &[0; 100]].concat(), &[]));
    let read_back = read(&file[..file.len() - 50]);
    assert_eq!(read_back.packets.len(), 3);
    assert_eq!(read_back.ended_by.unwrap().offset(), Some(start as u64));
    assert!(read_back.problems.is_empty());
}

#[test]
fn hostile_lengths_do_not_make_the_reading_quadratic() {
    // Every other block claims to reach far: each claim must be looked at without moving all that lies ahead.
    let mut file = section(Order::Little);
    file.extend(interface(Order::Little, 1, 0, &[]));
    let ahead = 8 << 20;
    for _ in 0..100_000 {
        file.extend(Bytes::new(Order::Little).u32(6).u32(ahead).raw(&[0; 24]).bytes);
        file.extend(enhanced(Order::Little, 0, 0, b"", &[]));
    }
    let mut reader = Reader::open(&file[..]).unwrap();
    while let Ok(Some(_)) = reader.next() {}
    assert_eq!(reader.packets(), 100_000);
    assert!(reader.source.capacity() <= 4 * ahead as usize);
}

#[test]
fn bytes_that_were_lost_or_added_cost_one_block() {
    let (mut file, start, end) = three();
    file.remove(start + 30);
    assert_eq!(data(&read(&file)), [b"first", b"third"]);
    let (mut file, ..) = three();
    file.insert(end, 0);
    assert_eq!(data(&read(&file)), [&b"first"[..], b"second", b"third"]);
}

#[test]
fn a_length_without_its_padding_is_tolerated() {
    let order = Order::Little;
    let mut file = section(order);
    file.extend(interface(order, 1, 0, &[]));
    // 28 bytes, 5 of packet, 3 of padding, 4: 40, but the program wrote 37.
    let block = Bytes::new(order).u32(6).u32(37).u32(0).u32(0).u32(0).u32(5).u32(5).padded(b"hello").u32(37);
    file.extend(block.bytes);
    file.extend(enhanced(order, 0, 3, b"next", &[]));
    let file = read(&file);
    assert_eq!(data(&file), [&b"hello"[..], b"next"]);
    assert_eq!(file.problems.total(), 1);
}

#[test]
fn a_cut_pcapng_says_where_and_what_to_do() {
    let (file, start, end) = three();
    let cut = read(&file[..end - 1]);
    assert_eq!(data(&cut), [b"first"]);
    let error = cut.ended_by.unwrap();
    let (needed, left) = (end - start, end - start - 1);
    assert_eq!(
        error.to_string(),
        format!(
            "at byte {start}: the file ends inside an Enhanced Packet Block: {needed} bytes belong there, {left} are left"
        )
    );
    assert_eq!(error.offset(), Some(start as u64));
}

#[test]
fn unknown_versions_and_half_magics_are_refused() {
    let mut file = section(Order::Little);
    file[12] = 2;
    let error = read(&file).ended_by.unwrap();
    assert_eq!(error.to_string(), "at byte 0: pcapng version 2.0 is not known");
    let error = read_all(&b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1b"[..]).unwrap_err();
    assert!(error.to_string().contains("byte-order magic"), "{error}");
    let error = read_all(&section(Order::Little)[..9]).unwrap_err();
    assert!(matches!(error, Error::Truncated { offset: 0, needed: 12, available: 9, .. }), "{error}");
    let error = read_all(&pcap(Order::Big, 0xA1B2_C3D4, 1).bytes[..20]).unwrap_err();
    assert!(matches!(error, Error::Truncated { offset: 0, needed: 24, available: 20, .. }), "{error}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_is_seen_through() {
    let (file, ..) = three();
    let packed = gzip(&file);
    let read_back = read(&packed);
    assert!(read_back.format.gzip);
    assert_eq!(read_back.format.to_string(), "pcapng, gzip-compressed");
    assert_eq!(data(&read_back), [&b"first"[..], b"second", b"third"]);
    // Several members make one file, as with gzip itself.
    let (first, second) = file.split_at(70);
    let parts = [gzip(first), gzip(second)].concat();
    assert_eq!(read(&parts).packets, read_back.packets);
    // Cut: what precedes is had, and the reason told.
    let long: Vec<u8> =
        (0..50_000u32).flat_map(|n| enhanced(Order::Little, 0, n.into(), &n.to_be_bytes(), &[])).collect();
    let packed = gzip(&[&file[..], &long].concat());
    let cut = read(&packed[..packed.len() / 2]);
    assert!(cut.packets.len() > 1_000);
    assert!(matches!(cut.ended_by, Some(Error::Compression { .. })), "{:?}", cut.ended_by);
    let error = read_all(&gzip(b"hello, world")[..]).unwrap_err();
    assert!(error.to_string().contains("looks like text"), "{error}");
}

#[test]
fn a_compressed_file_cannot_grow_without_end() {
    let (file, ..) = three();
    let bomb = gzip(&[file, vec![0; 10_000_000]].concat());
    let limits = Limits { inflated: 1_000_000, ..Limits::default() };
    let read_back = read_all_within(&bomb[..], limits).unwrap();
    assert_eq!(read_back.packets.len(), 3);
    assert!(matches!(read_back.ended_by, Some(Error::Limit { limit: 1_000_000, .. })), "{:?}", read_back.ended_by);
}

/// Gives a few bytes at a time, and interrupts.
struct Trickle<'a>(&'a [u8], usize, bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.2 = !self.2;
        if self.2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = self.1.min(buffer.len());
        self.0.read(&mut buffer[..n])
    }
}

#[test]
fn input_may_trickle_and_fail() {
    let (file, ..) = three();
    for size in [1, 3, 7] {
        let read_back = read_all(Trickle(&file, size, false)).unwrap();
        assert_eq!(read_back.packets, read(&file).packets);
    }
    /// Fails after its bytes.
    struct Fails<'a>(&'a [u8]);
    impl Read for Fails<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::Error::other("the disk is gone")) } else { self.0.read(buffer) }
        }
    }
    let read_back = read_all(Fails(&file)).unwrap();
    assert_eq!(read_back.packets.len(), 3);
    let error = read_back.ended_by.unwrap();
    assert_eq!(error.to_string(), format!("at byte {}: the disk is gone", file.len()));
}

#[test]
fn after_an_error_there_is_nothing() {
    let (file, ..) = three();
    let mut reader = Reader::open(&file[..file.len() - 1]).unwrap();
    while let Ok(Some(_)) = reader.next() {}
    assert!(matches!(reader.next(), Ok(None)));
    assert_eq!(reader.packets(), 2);
}

#[test]
fn a_lying_length_takes_no_memory() {
    // 200 MiB are claimed, and within the limit; 100 bytes are there.
    let mut file = section(Order::Little);
    file.extend(interface(Order::Little, 1, 0, &[]));
    file.extend(Bytes::new(Order::Little).u32(6).u32(200 << 20).raw(&[0; 92]).bytes);
    let mut reader = Reader::open(&file[..]).unwrap();
    while let Ok(Some(_)) = reader.next() {}
    assert!(reader.source.capacity() <= 2 << 20, "{}", reader.source.capacity());
}

#[test]
fn packets_longer_than_the_buffer_are_read() {
    let long: Vec<u8> = (0..5_000_000u32).map(|n| (n % 251) as u8).collect();
    let mut out = PcapNg::new(Vec::new()).unwrap();
    let tap = out.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
    for data in [&long[..10], &long, &long[..1_000_000], &long[..3]] {
        out.packet(&write::Packet::new(tap, WallTime::SIMULATION_EPOCH), [data]).unwrap();
    }
    let file = read(&out.finish().unwrap());
    assert_eq!(data(&file), [&long[..10], &long, &long[..1_000_000], &long[..3]]);
}

#[test]
fn what_is_kept_is_bounded() {
    let (file, ..) = three();
    let read_back = read_all_within(&file[..], Limits { kept: 1, ..Limits::default() }).unwrap();
    assert_eq!(read_back.packets.len(), 1);
    assert!(matches!(read_back.ended_by, Some(Error::Limit { .. })));
    let limits = Limits { interfaces: 0, ..Limits::default() };
    assert!(matches!(read_all_within(&file[..], limits).unwrap().ended_by, Some(Error::Limit { .. })));
}

/// A packet to write, and what it must read back as.
#[derive(Clone, Debug)]
struct Sample {
    interface: u32,
    nanos: i64,
    data: Vec<u8>,
    cut: u32,
    direction: Option<Direction>,
    comments: Vec<String>,
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let direction = prop_oneof![Just(None), Just(Some(Direction::Inbound)), Just(Some(Direction::Outbound))];
    let data = prop::collection::vec(any::<u8>(), 0..80);
    let comments = prop::collection::vec("[^\0]{0,9}", 0..3);
    let sample = (0u32..2, 0..i64::MAX, data, 0u32..9, direction, comments);
    let sample = sample.prop_map(|(interface, nanos, data, cut, direction, comments)| Sample {
        interface,
        nanos,
        data,
        cut,
        direction,
        comments,
    });
    prop::collection::vec(sample, 0..12)
}

/// The file, and where each packet's block ends.
fn written(samples: &[Sample]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut out = PcapNg::with_comments(&mut bytes, &["all of it"]).unwrap();
    out.interface(&write::Interface { name: "a", comments: &["near"], ..write::Interface::new(LinkType::Ethernet) })
        .unwrap();
    out.interface(&write::Interface { description: "b", ..write::Interface::new(LinkType::Raw) }).unwrap();
    out.tls_secrets("# none\n").unwrap();
    out.finish().unwrap();
    let mut ends = Vec::new();
    for sample in samples {
        let comments: Vec<&str> = sample.comments.iter().map(String::as_str).collect();
        let packet = write::Packet {
            original_len: Some(sample.data.len() as u32 + sample.cut),
            direction: sample.direction,
            comments: &comments,
            ..write::Packet::new(sample.interface, WallTime::from_unix_nanos(sample.nanos))
        };
        let (head, body) = sample.data.split_at(sample.data.len() / 3);
        // A writer of its own for each packet tells where it ends.
        let mut one = PcapNg::new(Vec::new()).unwrap();
        one.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
        let before =
            one.interface(&write::Interface::new(LinkType::Ethernet)).map(|_| ()).and_then(|()| one.finish()).unwrap();
        let mut one = PcapNg::new(Vec::new()).unwrap();
        one.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
        one.interface(&write::Interface::new(LinkType::Ethernet)).unwrap();
        one.packet(&packet, [head, body]).unwrap();
        bytes.extend_from_slice(&one.finish().unwrap()[before.len()..]);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// Reads to the end, however it ends, as a stream; the sum of the lengths keeps the bytes from being unused.
fn drain(bytes: &[u8]) -> usize {
    let mut sum = 0;
    if let Ok(mut reader) = Reader::open(bytes) {
        while let Ok(Some(item)) = reader.next() {
            if let Item::Packet(packet) = item {
                sum += packet.data.len() + packet.comments().map(|comment| comment.len()).sum::<usize>();
            }
        }
        assert!(reader.position() <= bytes.len() as u64 || reader.format().gzip);
    }
    sum
}

proptest! {
    /// What was written reads back the same.
    #[test]
    fn pcapng_round_trip(samples in samples()) {
        let file = read(&written(&samples).0);
        prop_assert!(file.problems.is_empty() && file.ended_by.is_none());
        prop_assert_eq!(&file.sections[0].comments, &["all of it"]);
        prop_assert_eq!(file.packets.len(), samples.len());
        for (packet, sample) in file.packets.iter().zip(&samples) {
            prop_assert_eq!(packet.interface, sample.interface);
            prop_assert_eq!(packet.at, Some(WallTime::from_unix_nanos(sample.nanos)));
            prop_assert_eq!(&packet.data, &sample.data);
            prop_assert_eq!(packet.original_len, sample.data.len() as u32 + sample.cut);
            prop_assert_eq!(packet.direction, sample.direction);
            prop_assert_eq!(&packet.comments, &sample.comments);
        }
    }

    /// A file that is cut anywhere gives exactly the packets that are wholly before the cut.
    #[test]
    fn a_prefix_gives_the_packets_in_it(samples in samples(), at in any::<prop::sample::Index>()) {
        let (bytes, ends) = written(&samples);
        let cut = at.index(bytes.len() + 1);
        let whole = read(&bytes);
        let inside = ends.iter().filter(|end| **end <= cut).count();
        match read_all(&bytes[..cut]) {
            Ok(file) => {
                prop_assert_eq!(&file.packets, &whole.packets[..inside]);
                // At a block's end the cut cannot be seen; elsewhere it is told.
                prop_assert_eq!(file.ended_by.is_none(), file.ended_by.as_ref().is_none_or(|e| e.offset() == Some(cut as u64)));
            }
            Err(_) => prop_assert!(cut < 12),
        }
    }

    /// The same for pcap.
    #[test]
    fn a_prefix_of_a_pcap_too(sizes in prop::collection::vec(0usize..40, 0..8), at in any::<prop::sample::Index>()) {
        let mut out = write::Pcap::new(Vec::new(), LinkType::Raw).unwrap();
        for size in &sizes {
            out.packet(WallTime::from_unix_nanos(*size as i64), None, [vec![7; *size]]).unwrap();
        }
        let bytes = out.finish().unwrap();
        let cut = at.index(bytes.len() + 1);
        let ends = sizes.iter().scan(24, |end, size| { *end += 16 + size; Some(*end) });
        match read_all(&bytes[..cut]) {
            Ok(file) => {
                prop_assert_eq!(file.packets.len(), ends.filter(|end| *end <= cut).count());
                for (packet, size) in file.packets.iter().zip(&sizes) {
                    prop_assert_eq!((packet.data.len(), packet.at), (*size, Some(WallTime::from_unix_nanos(*size as i64))));
                }
            }
            Err(_) => prop_assert!(cut < 24),
        }
    }

    /// Bytes changed anywhere: no panic, an end, and what both readers (stream and whole) say agrees.
    #[test]
    fn damage_is_survived(
        samples in samples(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let (mut bytes, _) = written(&samples);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let streamed = drain(&bytes);
        let whole = read_all(&bytes[..]).map_or(0, |file| {
            file.packets.iter().map(|p| p.data.len() + p.comments.iter().map(String::len).sum::<usize>()).sum()
        });
        prop_assert_eq!(streamed, whole);
    }

    /// One changed byte inside one packet's block costs that packet at most.
    #[test]
    fn one_damaged_byte_costs_one_packet(samples in samples(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (mut bytes, ends) = written(&samples);
        let start = written(&[]).0.len();
        if bytes.len() == start {
            return Ok(());
        }
        let before = read(&bytes).packets;
        let at = start + at.index(bytes.len() - start);
        bytes[at] = byte;
        let hit = ends.iter().filter(|end| **end <= at).count();
        let after = read(&bytes);
        prop_assert_eq!(&after.packets[..hit], &before[..hit]);
        let tail = |packets: &[OwnedPacket]| packets.iter().map(|p| (p.offset, p.data.clone())).collect::<Vec<_>>();
        // All behind it are there; a damaged last block may have nothing behind it to go on with.
        prop_assert!(tail(&after.packets).ends_with(&tail(&before[hit + 1..])), "{:?}", after.problems);
    }

    /// Random bytes behind every magic number.
    #[test]
    fn noise_is_survived(magic in 0usize..5, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let start = [&b""[..], b"\xd4\xc3\xb2\xa1\x02\0\x04\0", b"\xa1\xb2\x3c\x4d\0\x02\0\x04",
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0", b"\x1f\x8b\x08\0"][magic];
        drain(&[start, &noise].concat());
    }

    /// pcap-parser, another reader, finds the same packets in both byte orders.
    #[test]
    fn pcap_parser_agrees(samples in samples(), big in any::<bool>()) {
        use pcap_parser::{Block, PcapBlockOwned, PcapError, PcapNGReader, traits::PcapReaderIterator};
        let order = if big { Order::Big } else { Order::Little };
        let mut bytes = section(order);
        bytes.extend(interface(order, 1, 0, &[]));
        for sample in &samples {
            let comments: Vec<_> = sample.comments.iter().map(|text| (1, text.as_bytes())).collect();
            bytes.extend(enhanced(order, 0, sample.nanos as u64, &sample.data, &comments));
        }
        let mut theirs = Vec::new();
        let mut reader = PcapNGReader::new(1 << 16, &bytes[..]).unwrap();
        loop {
            match reader.next() {
                Ok((size, block)) => {
                    if let PcapBlockOwned::NG(Block::EnhancedPacket(packet)) = block {
                        let data = packet.data[..packet.caplen as usize].to_vec();
                        theirs.push((u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low), packet.origlen, data));
                    }
                    reader.consume(size);
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
                Err(error) => panic!("{error:?}"),
            }
        }
        let ours = read(&bytes);
        prop_assert_eq!(ours.packets.len(), theirs.len());
        for (packet, (ticks, original, data)) in ours.packets.iter().zip(theirs) {
            let nanos = i64::try_from(u128::from(ticks) * 1_000).unwrap_or(i64::MAX);
            prop_assert_eq!(packet.at, Some(WallTime::from_unix_nanos(nanos)));
            prop_assert_eq!((packet.original_len, &packet.data[..]), (original, &data[..]));
        }
    }
}
