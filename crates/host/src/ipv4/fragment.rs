//! Cutting a packet into fragments (RFC 791 §3.2).

use wire::ipv4::Header;
use wire::{Body, Packet, Sum};

use super::CHECKSUM;

/// Cuts the packet of `header`, `options` (a multiple of 4 bytes, at most 40) and `payload` into fragments that fit into
/// `mtu` bytes, which is at least 68. A fragment may be cut again: offsets count on, and the last piece keeps its MF.
pub(crate) fn fragments<'a>(
    header: &'a Header,
    options: &'a [u8],
    payload: &'a Body,
    mtu: usize,
) -> impl Iterator<Item = Packet> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= payload.len() {
            return None;
        }
        // RFC 791 §3.1: options whose copied flag is not set stand in the first fragment alone.
        let kept = if at == 0 && header.fragment_offset == 0 { options.to_vec() } else { copied(options) };
        let room = (mtu - Header::LEN - kept.len()) / 8 * 8;
        let end = (at + room).min(payload.len());
        let mut fragment = *header;
        fragment.ihl = ((Header::LEN + kept.len()) / 4) as u8;
        fragment.total_len = (Header::LEN + kept.len() + end - at) as u16;
        fragment.fragment_offset = header.fragment_offset + (at / 8) as u16;
        fragment.more_fragments = header.more_fragments || end < payload.len();
        fragment.checksum = 0;
        let mut packet = Packet::new(payload.slice(at, end));
        let head = packet.push(Header::LEN + kept.len());
        fragment.write(head);
        head[Header::LEN..].copy_from_slice(&kept);
        let sum = Sum::of(head).checksum();
        head[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
        at = end;
        Some(packet)
    })
}

/// The options that are copied into every fragment (RFC 791 §3.1: the type's first bit), padded to a multiple of 4.
fn copied(options: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        let len = match kind {
            0 => break,
            1 => 1,
            _ => usize::from(options.get(at + 1).copied().unwrap_or(0)),
        };
        let Some(option) = options.get(at..at + len).filter(|option| !option.is_empty()) else { break };
        if kind & 0x80 != 0 {
            out.extend_from_slice(option);
        }
        at += len;
    }
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use wire::ipv4::Protocol;
    use wire::{Reader, Silent};

    use super::*;

    fn header(payload: usize) -> Header {
        let mut header = Header::new(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2), Protocol::UDP, payload);
        header.dont_fragment = false;
        header.id = 0x1234;
        header
    }

    #[test]
    fn a_packet_of_1600_bytes_over_ethernet() {
        let payload = Body::from((0..1580).map(|i| i as u8).collect::<Vec<u8>>());
        let whole = header(payload.len());
        let pieces: Vec<Packet> = fragments(&whole, &[], &payload, 1500).collect();
        let headers: Vec<Header> = pieces
            .iter()
            .map(|piece| wire::ipv4::decode(&mut Reader::new(piece.head(), &mut Silent)).expect("a valid header"))
            .collect();
        let cut = |h: &Header| (h.fragment_offset, h.more_fragments, h.total_len, h.id);
        assert_eq!(headers.iter().map(cut).collect::<Vec<_>>(), [(0, true, 1500, 0x1234), (185, false, 120, 0x1234)]);
    }

    #[test]
    fn only_options_with_the_copied_flag_are_in_every_fragment() {
        // A record route (not copied) and a loose source route (copied), filled up with an end of options.
        let options = [7, 3, 4, 131, 7, 4, 192, 0, 2, 1, 0, 0];
        let payload = Body::from(vec![0; 200]);
        let pieces: Vec<Packet> = fragments(&header(payload.len()), &options, &payload, 120).collect();
        assert_eq!(pieces[0].head()[20..], options);
        assert_eq!(pieces[1].head()[20..], [131, 7, 4, 192, 0, 2, 1, 0]);
        assert!(pieces.iter().all(|piece| piece.len() <= 120));
    }

    #[test]
    fn a_fragment_is_cut_again() {
        let mut middle = header(80);
        (middle.fragment_offset, middle.more_fragments) = (100, true);
        let payload = Body::from(vec![0; 80]);
        let cut: Vec<(u16, bool)> = fragments(&middle, &[], &payload, 68)
            .map(|piece| Header::read(piece.head()))
            .map(|h| (h.fragment_offset, h.more_fragments))
            .collect();
        assert_eq!(cut, [(100, true), (106, true)]);
    }
}
