//! Putting fragments together again, of either family (RFC 791 §3.2, RFC 1122 §3.3.2, RFC 8200 §4.5).

use std::hash::Hash;

use base::{Duration, EventId, Instant, Map};
use wire::{Body, Packet};

/// The most memory for waiting fragments, in bytes (Linux `ipfrag_high_thresh`, `ip6frag_high_thresh`).
const MAX_BYTES: usize = 4 << 20;
/// What a piece costs beside its data.
const OVERHEAD: usize = 256;

/// A fragment.
pub(crate) struct Piece {
    /// Where its data stands in the packet's, in bytes.
    pub(crate) start: usize,
    pub(crate) data: Body,
    /// Whether no more follow.
    pub(crate) last: bool,
    /// Whether a router has marked it for congestion.
    pub(crate) marked: bool,
    /// The fragment as it came, header and all.
    pub(crate) packet: Packet,
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

/// A packet whose pieces are all there.
pub(crate) struct Whole {
    /// The first fragment, header and all.
    pub(crate) first: Packet,
    /// All data.
    pub(crate) data: Body,
    /// Whether any fragment was marked for congestion.
    pub(crate) marked: bool,
}

/// What became of a fragment.
pub(crate) enum Outcome {
    /// It waits for the others; the timer is to be armed if it was the first to come.
    Waits {
        /// When the waiting ends, if it began now.
        arm: Option<Instant>,
    },
    /// All are there: the packet.
    Whole(Whole),
    /// It, or all of them, are discarded, for this reason.
    Discarded(&'static str),
}

/// Packets of which fragments are missing.
#[derive(Debug)]
pub(crate) struct Reassembly<K> {
    queues: Map<K, Queue>,
    bytes: usize,
    timeout: Duration,
}

impl<K: Copy + Eq + Hash> Reassembly<K> {
    /// Fragments wait for the others for `timeout`.
    pub(crate) fn new(timeout: Duration) -> Reassembly<K> {
        Reassembly { queues: Map::default(), bytes: 0, timeout }
    }

    /// Takes a fragment of the packet `key`; unless it is the last, its data is a multiple of 8 bytes.
    pub(crate) fn insert(&mut self, key: K, piece: Piece, now: Instant, cause: EventId) -> Outcome {
        let Piece { start, data, last, marked, packet } = piece;
        let end = start + data.len();
        let cost = data.len() + OVERHEAD;
        if self.bytes + cost > MAX_BYTES {
            return Outcome::Discarded("too many fragments wait for others");
        }
        let mut arm = None;
        let expires = now + self.timeout;
        let queue = self.queues.entry(key).or_insert_with(|| {
            arm = Some(expires);
            Queue { pieces: Vec::new(), total: None, first: None, have: 0, marked: false, expires, cause }
        });
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
        queue.marked |= marked;
        queue.pieces.insert(at, (start, end, data));
        self.bytes += cost;
        if start == 0 {
            queue.first = Some(packet);
        }
        if queue.total != Some(queue.have) {
            return Outcome::Waits { arm };
        }
        match self.forget(key).and_then(whole) {
            Some(whole) => Outcome::Whole(whole),
            None => Outcome::Discarded("a packet of no data in fragments"),
        }
    }

    /// The time of a packet is up: its first fragment, if that came, and why it waited. `None` if it is not so.
    pub(crate) fn expire(&mut self, key: K, now: Instant) -> Option<(Option<Packet>, EventId)> {
        if self.queues.get(&key)?.expires > now {
            return None;
        }
        self.forget(key).map(|queue| (queue.first, queue.cause))
    }

    /// Gives up on a packet.
    fn forget(&mut self, key: K) -> Option<Queue> {
        let queue = self.queues.remove(&key)?;
        self.bytes -= queue.have + queue.pieces.len() * OVERHEAD;
        Some(queue)
    }

    /// Whether nothing waits, and nothing is counted as waiting.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty() && self.bytes == 0
    }
    #[cfg(test)]
    pub(crate) fn is_bounded(&self) -> bool {
        self.bytes <= MAX_BYTES
    }
}

/// The packet whose pieces are all there.
fn whole(queue: Queue) -> Option<Whole> {
    let mut data = Body::empty();
    queue.pieces.into_iter().for_each(|(_, _, piece)| data.append(piece));
    Some(Whole { first: queue.first?, data, marked: queue.marked })
}
