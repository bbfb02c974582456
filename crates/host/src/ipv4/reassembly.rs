//! Putting fragments together again (RFC 791 §3.2, RFC 1122 §3.3.2).

use std::net::Ipv4Addr;

use base::{Duration, EventId, Instant, Map};
use wire::ipv4::{Ecn, Header};
use wire::{Body, Packet, Sum};

use super::{CHECKSUM, body_behind};

/// How long fragments wait for the rest (Linux `ipfrag_time`; RFC 1122 §3.3.2 says 60 s to 120 s).
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// The most memory for waiting fragments, in bytes (Linux `ipfrag_high_thresh`).
const MAX_BYTES: usize = 4 << 20;
/// What a piece costs beside its data.
const OVERHEAD: usize = 256;
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

/// A packet in pieces.
#[derive(Debug)]
struct Queue {
    /// Start, end and data of each piece, in order; they do not overlap.
    pieces: Vec<(usize, usize, Body)>,
    /// Where the data ends, once the last fragment is here.
    total: Option<usize>,
    /// The first fragment, header and all: the whole packet's header is its, and an ICMP error quotes it.
    first: Option<Packet>,
    /// Bytes in pieces.
    have: usize,
    /// The worst congestion mark of all (RFC 3168 §5.3).
    marked: bool,
    expires: Instant,
    cause: EventId,
}

/// What became of a fragment.
pub(crate) enum Outcome {
    /// It waits for the others; the timer is to be armed if it was the first to come.
    Waits {
        /// When the waiting ends, if it began now.
        arm: Option<Instant>,
    },
    /// All are there: the packet.
    Whole(Packet),
    /// It, or all of them, are discarded, for this reason.
    Discarded(&'static str),
}

/// Packets of which fragments are missing.
#[derive(Default, Debug)]
pub(crate) struct Reassembly {
    queues: Map<FragmentKey, Queue>,
    bytes: usize,
}

impl Reassembly {
    /// Takes a fragment: `packet` starts with `header`, options included, and ends where the header says.
    pub(crate) fn insert(&mut self, header: &Header, packet: Packet, now: Instant, cause: EventId) -> Outcome {
        let key = FragmentKey::of(header);
        let data = body_behind(&packet, header.header_len());
        let (start, end) = (header.fragment_start(), header.fragment_start() + data.len());
        if header.more_fragments && (data.is_empty() || !data.len().is_multiple_of(8)) {
            return Outcome::Discarded("a fragment that is not the last and no multiple of 8 bytes long");
        }
        if end + header.header_len() > MAX_PACKET {
            return Outcome::Discarded("a fragment that ends behind the largest packet");
        }
        let cost = data.len() + OVERHEAD;
        if self.bytes + cost > MAX_BYTES {
            return Outcome::Discarded("too many fragments wait for others");
        }
        let mut arm = None;
        let queue = self.queues.entry(key).or_insert_with(|| {
            let expires = now + TIMEOUT;
            arm = Some(expires);
            Queue { pieces: Vec::new(), total: None, first: None, have: 0, marked: false, expires, cause }
        });
        let last = !header.more_fragments;
        let beyond = queue.pieces.last().is_some_and(|&(_, have, _)| have > end);
        if queue.total.is_some_and(|total| end > total || (last && end != total)) || (last && beyond) {
            self.forget(key);
            return Outcome::Discarded("fragments that disagree about their packet's length");
        }
        let at = queue.pieces.partition_point(|&(other, ..)| other <= start);
        if at > 0 && queue.pieces[at - 1].1 >= end {
            return Outcome::Discarded("a fragment that came before");
        }
        let overlaps_before = at > 0 && queue.pieces[at - 1].1 > start;
        let overlaps_behind = queue.pieces.get(at).is_some_and(|&(other, ..)| other < end);
        if overlaps_before || overlaps_behind {
            // RFC 5722 §4 for IPv6; Linux does the same for IPv4: overlap is an attack, not an accident.
            self.forget(key);
            return Outcome::Discarded("fragments that overlap");
        }
        if last {
            queue.total = Some(end);
        }
        queue.have += data.len();
        queue.marked |= header.ecn == Ecn::CE;
        queue.pieces.insert(at, (start, end, data));
        self.bytes += cost;
        if start == 0 {
            queue.first = Some(packet);
        }
        if queue.total != Some(queue.have) {
            return Outcome::Waits { arm };
        }
        match self.forget(key).and_then(whole) {
            Some(packet) => Outcome::Whole(packet),
            None => Outcome::Discarded("a packet of no data in fragments"),
        }
    }

    /// The time of a packet is up: its first fragment, if that came, and why it waited. `None` if it is not so.
    pub(crate) fn expire(&mut self, key: FragmentKey, now: Instant) -> Option<(Option<Packet>, EventId)> {
        if self.queues.get(&key)?.expires > now {
            return None;
        }
        self.forget(key).map(|queue| (queue.first, queue.cause))
    }

    fn forget(&mut self, key: FragmentKey) -> Option<Queue> {
        let queue = self.queues.remove(&key)?;
        self.bytes -= queue.have + queue.pieces.len() * OVERHEAD;
        Some(queue)
    }
}

/// The packet whose pieces are all there.
fn whole(queue: Queue) -> Option<Packet> {
    let mut first = queue.first?;
    let mut header = Header::read(first.pull(Header::LEN)?);
    let len = header.header_len();
    let options = first.pull(len)?.get(Header::LEN..)?.to_vec();
    let mut body = Body::empty();
    queue.pieces.into_iter().for_each(|(_, _, data)| body.append(data));
    (header.more_fragments, header.fragment_offset, header.checksum) = (false, 0, 0);
    header.total_len = u16::try_from(len + body.len()).ok()?;
    if queue.marked && header.ecn != Ecn::NOT_ECT {
        header.ecn = Ecn::CE;
    }
    let mut packet = Packet::new(body);
    let head = packet.push(len);
    header.write(head);
    head[Header::LEN..].copy_from_slice(&options);
    let sum = Sum::of(head).checksum();
    head[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    Some(packet)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::ipv4::Protocol;

    use super::super::fragment::fragments;
    use super::*;

    fn header(payload: usize) -> Header {
        let mut header = Header::new(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2), Protocol::UDP, payload);
        (header.dont_fragment, header.id) = (false, 7);
        header
    }

    fn insert(reassembly: &mut Reassembly, packet: Packet) -> Outcome {
        reassembly.insert(&Header::read(packet.head()), packet, Instant::ZERO, EventId(1))
    }

    fn cut(payload: &[u8], mtu: usize) -> Vec<Packet> {
        fragments(&header(payload.len()), &[], &Body::from(payload.to_vec()), mtu).collect()
    }

    #[test]
    fn overlap_discards_everything() {
        let mut reassembly = Reassembly::default();
        let pieces = cut(&[1; 100], 68);
        assert!(matches!(insert(&mut reassembly, pieces[0].clone()), Outcome::Waits { arm: Some(_) }));
        let mut forged = header(48);
        (forged.fragment_offset, forged.more_fragments) = (5, true);
        let mut packet = Packet::new(Body::from(vec![2; 48]));
        forged.write(packet.push(20));
        assert!(matches!(insert(&mut reassembly, packet), Outcome::Discarded("fragments that overlap")));
        assert!(reassembly.queues.is_empty() && reassembly.bytes == 0);
    }

    #[test]
    fn duplicates_do_no_harm_and_time_runs_out() {
        let mut reassembly = Reassembly::default();
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
        assert_eq!(reassembly.bytes, 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut reassembly = Reassembly::default();
        for id in 0..=u16::MAX {
            let mut fragment = header(1480);
            (fragment.id, fragment.more_fragments) = (id, true);
            let mut packet = Packet::new(Body::from(vec![0; 1480]));
            fragment.write(packet.push(20));
            insert(&mut reassembly, packet);
        }
        assert!(reassembly.bytes <= MAX_BYTES);
    }

    #[test]
    fn a_packet_larger_than_any_is_refused() {
        let mut reassembly = Reassembly::default();
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
            let mut reassembly = Reassembly::default();
            let mut got = None;
            for piece in pieces {
                // Copies come too.
                if let Outcome::Whole(packet) = insert(&mut reassembly, piece.clone()) { got = Some(packet) }
                if got.is_none() {
                    insert(&mut reassembly, piece);
                }
            }
            let got = got.expect("all pieces were there");
            prop_assert!(Sum::of(got.head()).verifies());
            prop_assert_eq!(got.body().to_bytes().to_vec(), payload);
            prop_assert_eq!(reassembly.bytes, 0);
        }
    }
}
