//! The usual header of an established connection, at fixed places.

use std::net::IpAddr;

use super::{Flags, Seq};
use crate::{Body, Sum, ipv4, pseudo_header};

/// A segment's header in the layout that nearly all have: 20 bytes, then timestamps alone behind two no-operations (RFC 7323
/// Appendix A), no urgent pointer. What [`super::Header`] and [`super::Options`] say of the same bytes, read and written in one
/// go: all is at fixed places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plain {
    /// The sender's port.
    pub src_port: u16,
    /// The receiver's port.
    pub dst_port: u16,
    /// The number of the first byte.
    pub seq: Seq,
    /// The number that the sender expects next; counts with ACK.
    pub ack: Seq,
    /// The control bits.
    pub flags: Flags,
    /// The window field as on the wire, not scaled.
    pub window: u16,
    /// Timestamp value and echo reply.
    pub timestamps: (u32, u32),
}

/// No-operation twice, timestamps (kind 8) of 10 bytes.
const USUAL: u32 = 0x0101_080a;
/// The four bits of a data offset of 8 words.
const OFFSET: u16 = 0x8000;

impl Plain {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// The header that `bytes` are, if they have this layout.
    #[inline(always)]
    pub fn read(bytes: &[u8; Plain::LEN]) -> Option<Plain> {
        let half = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        // Offset, three reserved bits, nine flags; the urgent pointer; the options.
        let offset_and_flags = half(12);
        if offset_and_flags & 0xfe00 != OFFSET || half(18) != 0 || word(20) != USUAL {
            return None;
        }
        Some(Plain {
            src_port: half(0),
            dst_port: half(2),
            seq: Seq(word(4)),
            ack: Seq(word(8)),
            flags: Flags(offset_and_flags & 0x1ff),
            window: half(14),
            timestamps: (word(24), word(28)),
        })
    }

    /// The header's bytes with the checksum of a segment from `src` to `dst` that carries `body` (RFC 9293 §3.1).
    #[inline(always)]
    pub fn bytes(&self, src: IpAddr, dst: IpAddr, body: &Body) -> [u8; Plain::LEN] {
        let pair = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
        let ports = pair(self.src_port, self.dst_port);
        let flags = pair(OFFSET | self.flags.0, self.window);
        let (val, ecr) = self.timestamps;
        let sum = Sum::of_words([ports, self.seq.0, self.ack.0, flags, USUAL, val, ecr]);
        let pseudo = pseudo_header(src, dst, ipv4::Protocol::TCP.0, Plain::LEN + body.len());
        let checksum = pseudo.then(sum).then(body.sum()).checksum();
        let words = [ports, self.seq.0, self.ack.0, flags, pair(checksum, 0), USUAL, val, ecr];
        let mut bytes = [0; Plain::LEN];
        for (room, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *room = word.to_be_bytes();
        }
        bytes
    }

    /// The partial checksum of a whole segment whose header is `bytes`, with its pseudo header.
    #[inline(always)]
    pub fn sum(bytes: &[u8; Plain::LEN], src: IpAddr, dst: IpAddr, body: &Body) -> Sum {
        let pseudo = pseudo_header(src, dst, ipv4::Protocol::TCP.0, Plain::LEN + body.len());
        pseudo.then(Sum::of(bytes)).then(body.sum())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::super::{Header, Options};
    use super::*;

    const SRC: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const DST: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 2));

    proptest! {
        /// It is what the header's declaration and the options' decoder make of the same bytes, both ways.
        #[test]
        fn it_is_the_declared_header_with_the_usual_options(
            ports: (u16, u16), seq: u32, ack: u32, flags in 0u16..512, window: u16, timestamps: (u32, u32),
            payload in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let plain = Plain {
                src_port: ports.0, dst_port: ports.1, seq: Seq(seq), ack: Seq(ack), flags: Flags(flags), window, timestamps,
            };
            let body = Body::from(payload.clone());
            let bytes = plain.bytes(SRC, DST, &body);
            prop_assert_eq!(Plain::read(&bytes), Some(plain));
            prop_assert!(Plain::sum(&bytes, SRC, DST, &body).verifies());

            let mut declared = [0; 40];
            let options = Options { timestamps: Some(timestamps), ..Options::default() }.write(&mut declared);
            let mut want = vec![0; Header::LEN];
            Header::new(ports, Seq(seq), Seq(ack), Flags(flags), window, options).write(&mut want);
            want.extend_from_slice(&declared[..options]);
            let all = [&want[..], &payload[..]].concat();
            let sum = pseudo_header(SRC, DST, 6, all.len()).then(Sum::of(&all)).checksum();
            want[16..18].copy_from_slice(&sum.to_be_bytes());
            prop_assert_eq!(&bytes[..], &want[..]);
        }

        /// What it does not say in full it leaves to the others.
        #[test]
        fn other_layouts_are_left_alone(mut bytes: [u8; Plain::LEN], usual in 0u8..8) {
            if usual & 1 != 0 { bytes[12] = 0x80 | bytes[12] & 1 }
            if usual & 2 != 0 { bytes[18..20].fill(0) }
            if usual & 4 != 0 { bytes[20..24].copy_from_slice(&[1, 1, 8, 10]) }
            let header = Header::read(&bytes);
            let timestamps = Options::read_plain(&bytes[Header::LEN..]);
            let plain = header.data_offset == 8 && header.reserved == 0 && header.urgent == 0 && timestamps.is_some();
            prop_assert_eq!(Plain::read(&bytes).is_some(), plain);
        }
    }
}
