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

/// Reads it; where its bytes stay in memory or in a file, it gives the same.
fn read(bytes: &[u8]) -> File {
    let file = read_all(bytes).unwrap();
    for held in [Some(Held::Memory(bytes.to_vec().into())), on_disk(bytes)].into_iter().flatten() {
        let mut lent = Vec::new();
        let (mut again, placed) = read_held(&held, |packet, _| lent.push(packet.data.to_vec())).unwrap();
        if again.format.compression.is_none() {
            let placed = placed.expect("it can be read anywhere");
            assert_eq!(placed.len(), file.packets.len());
            assert_eq!(placed.first_at(), file.packets.iter().find_map(|packet| packet.at));
            // Backwards first: whatever was read last.
            let backwards: Vec<_> =
                (1..=placed.len() as u32).rev().map(|number| placed.packet(number).unwrap()).collect();
            again.packets = placed.packets().collect();
            assert!(backwards.iter().rev().eq(&again.packets));
            assert!(placed.bytes(0).is_none() && placed.bytes(placed.len() as u32 + 1).is_none());
            let inside = |data: &::bytes::Bytes| match placed.held() {
                Held::Memory(all) => data.is_empty() || all.as_ptr_range().contains(&data.as_ptr()),
                Held::File(..) => true,
            };
            assert!(again.packets.iter().all(|packet| inside(&packet.data)));
        }
        assert_eq!(format!("{again:?}"), format!("{file:?}"));
        assert!(again.packets.iter().map(|packet| &packet.data[..]).eq(lent.iter().map(|data| &data[..])));
    }
    file
}

/// The same in a file that nobody else finds; `None` where none can stay.
fn on_disk(bytes: &[u8]) -> Option<Held> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static FILES: AtomicU32 = AtomicU32::new(0);
    let name = format!("wirescope-held-{}-{}", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).unwrap();
    let held = Held::of_file(&std::fs::File::open(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    held
}

#[cfg(unix)]
#[test]
fn what_is_no_longer_in_the_file_is_missing_and_the_rest_is_there() {
    let path = std::env::temp_dir().join(format!("wirescope-shorter-{}", std::process::id()));
    let (bytes, start, _) = three();
    std::fs::write(&path, &bytes).unwrap();
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (_, placed) = read_held(&Held::of_file(&file).unwrap(), |_, _| ()).unwrap();
    let placed = placed.unwrap();
    file.set_len(start as u64).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(placed.bytes(1).as_deref(), Some(&b"first"[..]));
    assert_eq!(placed.bytes(3), None);
    let (whole, missing) = (placed.packet(1).unwrap(), placed.packet(2).unwrap());
    assert_eq!((&whole.data[..], &missing.data[..], missing.comments.len()), (&b"first"[..], &b""[..], 0));
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
