//! Fragments of IPv4 packets (RFC 791 §3.2, RFC 1122 §3.3.2).

use std::net::Ipv4Addr;

use base::{Duration, EventId, Instant};
use wire::ipv4::{Ecn, Header};
use wire::{Packet, Sum};

use super::{CHECKSUM, body_behind};
use crate::reassembly::{Outcome, Piece, Reassembly, Whole};

/// How long fragments wait for the rest (Linux `ipfrag_time`; RFC 1122 §3.3.2 says 60 s to 120 s).
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest IP packet.
const MAX_PACKET: usize = 65535;

/// Which packet a fragment is of (RFC 791 §3.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct FragmentKey {
    src: Ipv4Addr,
    dst: Ipv4Addr,
    id: u16,
    protocol: u8,
}

impl FragmentKey {
    pub(crate) fn of(header: &Header) -> FragmentKey {
        FragmentKey { src: header.src, dst: header.dst, id: header.id, protocol: header.protocol.0 }
    }
}

/// Takes a fragment: `packet` starts with `header`, options included, and ends where the header says.
pub(super) fn insert(
    reassembly: &mut Reassembly<FragmentKey>,
    header: &Header,
    packet: Packet,
    now: Instant,
    cause: EventId,
) -> Outcome {
    let data = body_behind(&packet, header.header_len());
    let start = header.fragment_start();
    if header.more_fragments && (data.is_empty() || !data.len().is_multiple_of(8)) {
        return Outcome::Discarded("a fragment that is not the last and no multiple of 8 bytes long");
    }
    if start + data.len() + header.header_len() > MAX_PACKET {
        return Outcome::Discarded("a fragment that ends behind the largest packet");
    }
    let (last, marked) = (!header.more_fragments, header.ecn == Ecn::CE);
    reassembly.insert(FragmentKey::of(header), Piece { start, data, last, marked, packet }, now, cause)
}

/// The packet whose pieces are all there.
pub(super) fn whole(whole: Whole) -> Option<Packet> {
    let mut first = whole.first;
    let mut header = Header::read(first.pull(Header::LEN)?);
    let len = header.header_len();
    let options = first.pull(len)?.get(Header::LEN..)?.to_vec();
    (header.more_fragments, header.fragment_offset, header.checksum) = (false, 0, 0);
    header.total_len = u16::try_from(len + whole.data.len()).ok()?;
    if whole.marked && header.ecn != Ecn::NOT_ECT {
        header.ecn = Ecn::CE;
    }
    let mut packet = Packet::new(whole.data);
    let head = packet.push(len);
    header.write(head);
    // The first fragment's data may stand behind its header in the head.
    head[Header::LEN..].copy_from_slice(options.get(..len - Header::LEN)?);
    let sum = Sum::of(head).checksum();
    head[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    Some(packet)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::Body;
    use wire::ipv4::Protocol;

    use super::super::fragment::fragments;
    use super::*;

    fn header(payload: usize) -> Header {
        let mut header = Header::new(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2), Protocol::UDP, payload);
        (header.dont_fragment, header.id) = (false, 7);
        header
    }

    fn insert(reassembly: &mut Reassembly<FragmentKey>, packet: Packet) -> Outcome {
        super::insert(reassembly, &Header::read(packet.head()), packet, Instant::ZERO, EventId(1))
    }

    fn cut(payload: &[u8], mtu: usize) -> Vec<Packet> {
        fragments(&header(payload.len()), &[], &Body::from(payload.to_vec()), mtu).collect()
    }

    #[test]
    fn overlap_discards_everything() {
        let mut reassembly = Reassembly::new(TIMEOUT);
        let pieces = cut(&[1; 100], 68);
        assert!(matches!(insert(&mut reassembly, pieces[0].clone()), Outcome::Waits { arm: Some(_) }));
        let mut forged = header(48);
        (forged.fragment_offset, forged.more_fragments) = (5, true);
        let mut packet = Packet::new(Body::from(vec![2; 48]));
        forged.write(packet.push(20));
        assert!(matches!(insert(&mut reassembly, packet), Outcome::Discarded("fragments that overlap")));
        assert!(reassembly.is_empty());
    }

    #[test]
    fn duplicates_do_no_harm_and_time_runs_out() {
        let mut reassembly = Reassembly::new(TIMEOUT);
        let pieces = cut(&[1; 100], 68);
        insert(&mut reassembly, pieces[0].clone());
        assert!(matches!(
            insert(&mut reassembly, pieces[0].clone()),
            Outcome::Discarded("a fragment that came before")
        ));
        let key = FragmentKey::of(&header(0));
        assert!(reassembly.expire(key, Instant::ZERO + TIMEOUT - Duration::from_nanos(1)).is_none());
        let (first, cause) = reassembly.expire(key, Instant::ZERO + TIMEOUT).expect("it is time");
        assert_eq!((first.map(|p| p.to_vec()), cause), (Some(pieces[0].to_vec()), EventId(1)));
        assert!(reassembly.is_empty());
    }

    #[test]
    fn memory_is_bounded() {
        let mut reassembly = Reassembly::new(TIMEOUT);
        for id in 0..=u16::MAX {
            let mut fragment = header(1480);
            (fragment.id, fragment.more_fragments) = (id, true);
            let mut packet = Packet::new(Body::from(vec![0; 1480]));
            fragment.write(packet.push(20));
            insert(&mut reassembly, packet);
        }
        assert!(reassembly.is_bounded());
    }

    #[test]
    fn a_packet_larger_than_any_is_refused() {
        let mut reassembly = Reassembly::new(TIMEOUT);
        let mut fragment = header(1480);
        fragment.fragment_offset = 8189;
        let mut packet = Packet::new(Body::from(vec![0; 1480]));
        fragment.write(packet.push(20));
        assert!(matches!(insert(&mut reassembly, packet), Outcome::Discarded(_)));
    }

    proptest! {
        /// In whatever order fragments of fragments come, and however often, the packet is what was sent.
        #[test]
        fn what_was_cut_comes_together(
            payload in proptest::collection::vec(any::<u8>(), 1..4000),
            mtu in 68usize..1500,
            again in 68usize..600,
            order in proptest::collection::vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let mut pieces = Vec::new();
            for piece in cut(&payload, mtu) {
                let header = Header::read(piece.head());
                pieces.extend(fragments(&header, &[], piece.body(), again));
            }
            for (i, index) in order.iter().enumerate() {
                let len = pieces.len();
                pieces.swap(i % len, index.index(len));
            }
            let mut reassembly = Reassembly::new(TIMEOUT);
            let mut got = None;
            for piece in pieces {
                // Copies come too.
                if let Outcome::Whole(all) = insert(&mut reassembly, piece.clone()) { got = whole(all) }
                if got.is_none() {
                    insert(&mut reassembly, piece);
                }
            }
            let got = got.expect("all pieces were there");
            prop_assert!(Sum::of(got.head()).verifies());
            prop_assert_eq!(got.body().to_bytes().to_vec(), payload);
            prop_assert!(reassembly.is_empty());
        }
    }
}
