//! What files of every kind mean, by bytes laid out by hand.

mod classic;
mod damage;
mod limits;
mod pcapng;
mod properties;

use std::io::Write;

use super::*;

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

/// Reads it; from memory, where packets share the file's, it gives the same.
fn read(bytes: &[u8]) -> File {
    let file = read_all(bytes).unwrap();
    let mut packets = Vec::new();
    let shared = ::bytes::Bytes::copy_from_slice(bytes);
    let mut again = read_in_memory(&shared, |packet, _| packets.push(packet)).unwrap();
    if again.format.compression.is_none() {
        let inside = |data: &::bytes::Bytes| data.is_empty() || shared.as_ptr_range().contains(&data.as_ptr());
        assert!(packets.iter().all(|packet| inside(&packet.data)));
    }
    again.packets = packets;
    assert_eq!(format!("{again:?}"), format!("{file:?}"));
    file
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

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
