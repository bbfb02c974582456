//! Compression, trickling input, and what no file can make the reader do.

use std::io;

use base::WallTime;

use super::*;
use crate::LinkType;
use crate::write::{self, PcapNg};

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
fn gzip_is_seen_through() {
    let (file, ..) = three();
    let packed = gzip(&file);
    let read_back = read(&packed);
    assert_eq!(read_back.format.compression, Some(Compression::Gzip));
    assert_eq!(read_back.format.to_string(), "pcapng, gzip-compressed");
    assert_eq!(data(&read_back), [&b"first"[..], b"second", b"third"]);
    // Several members make one file, as with gzip itself.
    let (first, second) = file.split_at(70);
    let parts = [gzip(first), gzip(second)].concat();
    assert_eq!(read(&parts).packets, read_back.packets);
    let mut trickle = Vec::new();
    super::super::gzip::Gzip::new(Trickle(&parts, 3, true)).read_to_end(&mut trickle).unwrap();
    assert_eq!(trickle, file);
    // Zeros fill a block of a tape; what else stands behind is told.
    let filled = [&parts[..], &[0; 100_000]].concat();
    assert_eq!((read(&filled).packets, read(&filled).ended_by.is_none()), (read_back.packets.clone(), true));
    let followed = read(&[&parts[..], b"\0\0something else"].concat());
    assert_eq!(followed.packets, read_back.packets);
    assert!(matches!(followed.ended_by, Some(Error::Compression { .. })), "{:?}", followed.ended_by);
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
fn zstd_is_seen_through() {
    let (file, ..) = three();
    let packed = zstd(&file);
    let read_back = read(&packed);
    assert_eq!(read_back.format.to_string(), "pcapng, zstd-compressed");
    assert_eq!(data(&read_back), [&b"first"[..], b"second", b"third"]);
    // Several frames make one file, skippable ones between them (RFC 8878 §3.1.2), and before them.
    let (first, second) = file.split_at(70);
    let skippable = [&0x184D_2A53_u32.to_le_bytes()[..], &5u32.to_le_bytes(), b"12345"].concat();
    let parts = [skippable.clone(), zstd(first), skippable.clone(), zstd(second)].concat();
    assert_eq!(read(&parts).packets, read_back.packets);
    let mut trickle = Vec::new();
    super::super::zstd::Zstd::new(Trickle(&parts, 3, true)).read_to_end(&mut trickle).unwrap();
    assert_eq!(trickle, file);
    // Cut, and damaged: what precedes is had, and the reason told.
    let long: Vec<u8> =
        (0..50_000u32).flat_map(|n| enhanced(Order::Little, 0, n.into(), &n.to_be_bytes(), &[])).collect();
    let packed = zstd(&[&file[..], &long].concat());
    let cut = read(&packed[..packed.len() / 2]);
    assert!(cut.packets.len() > 1_000);
    assert!(
        matches!(cut.ended_by, Some(Error::Compression { compression: Compression::Zstd, .. })),
        "{:?}",
        cut.ended_by
    );
    // A frame whose window is all of it (RFC 8878 §3.1.1.1.1.2), cut in its second block: the first one is had.
    let block = |last: u32, bytes: &[u8]| [&(last | (bytes.len() as u32) << 3).to_le_bytes()[..3], bytes].concat();
    let (most, rest) = file.split_at(file.len() - 10);
    let head = [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0][..], &(file.len() as u32).to_le_bytes()].concat();
    let frame = [head, block(0, most), block(1, rest)].concat();
    assert_eq!(read(&frame).packets, read_back.packets);
    let cut = read(&frame[..frame.len() - 5]);
    assert_eq!(data(&cut), [&b"first"[..], b"second"]);
    assert!(matches!(cut.ended_by, Some(Error::Compression { .. })), "{:?}", cut.ended_by);
    let cut = read(&[&parts[..], &skippable[..9]].concat());
    assert_eq!(cut.packets.len(), 3);
    assert!(matches!(cut.ended_by, Some(Error::Compression { .. })), "{:?}", cut.ended_by);
}

#[test]
fn a_compressed_file_cannot_grow_without_end() {
    let (file, ..) = three();
    for pack in [gzip, zstd] {
        let bomb = pack(&[&file[..], &vec![0; 10_000_000]].concat());
        let limits = Limits { inflated: 1_000_000, ..Limits::default() };
        let read_back = read_all_within(&bomb[..], limits).unwrap();
        assert_eq!(read_back.packets.len(), 3);
        assert!(matches!(read_back.ended_by, Some(Error::Limit { limit: 1_000_000, .. })), "{:?}", read_back.ended_by);
    }
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
