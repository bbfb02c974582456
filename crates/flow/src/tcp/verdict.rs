//! Verdicts on TCP segments: what a segment is, judged from those before it. Each is declared once, with its definition.

use std::fmt;

/// A verdict on a segment: its id, its name and its definition.
#[derive(Debug)]
pub struct Verdict {
    /// Dotted id: `tcp.retransmission`. Unique over the program; the term that `explain` takes.
    pub id: &'static str,
    /// Its name for people: `retransmission`.
    pub name: &'static str,
    /// Which RFC and section it leans on.
    pub rfc: &'static str,
    /// What it means, in one line of plain words.
    pub line: &'static str,
    /// Its bit in [`Verdicts`].
    pub bit: Verdicts,
}

/// A set of verdicts on one segment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Verdicts(pub u32);

impl Verdicts {
    /// None.
    pub const NONE: Verdicts = Verdicts(0);

    /// Whether all verdicts of `other` are in this set.
    pub const fn contains(self, other: Verdicts) -> bool {
        self.0 & other.0 == other.0
    }
    /// Whether any verdict of `other` is in this set.
    pub const fn intersects(self, other: Verdicts) -> bool {
        self.0 & other.0 != 0
    }
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Whether the segment repeats sequence numbers in any of the ways that have a verdict of their own.
    pub const fn is_retransmission(self) -> bool {
        self.intersects(Verdicts(
            Verdicts::RETRANSMISSION.0 | Verdicts::FAST_RETRANSMISSION.0 | Verdicts::SPURIOUS_RETRANSMISSION.0,
        ))
    }
    /// This set without the verdicts of [`Verdicts::is_retransmission`].
    pub const fn without_retransmission(self) -> Verdicts {
        Verdicts(
            self.0
                & !(Verdicts::RETRANSMISSION.0 | Verdicts::FAST_RETRANSMISSION.0 | Verdicts::SPURIOUS_RETRANSMISSION.0),
        )
    }
    /// The verdicts in this set, with their definitions.
    pub fn iter(self) -> impl Iterator<Item = &'static Verdict> {
        ALL.iter().filter(move |verdict| self.contains(verdict.bit))
    }
}

impl std::ops::BitOr for Verdicts {
    type Output = Verdicts;
    fn bitor(self, other: Verdicts) -> Verdicts {
        Verdicts(self.0 | other.0)
    }
}
impl std::ops::BitOrAssign for Verdicts {
    fn bitor_assign(&mut self, other: Verdicts) {
        self.0 |= other.0;
    }
}

/// The names, separated by commas.
impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(|verdict| verdict.name).collect();
        f.pad(&names.join(", "))
    }
}
impl fmt::Debug for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verdicts({self})")
    }
}

macro_rules! verdicts {
    ($($(#[$doc:meta])+ $name:ident = $bit:literal, $id:literal, $label:literal, $rfc:literal, $line:literal;)*) => {
        impl Verdicts {
            $($(#[$doc])+ pub const $name: Verdicts = Verdicts(1 << $bit);)*
        }
        /// Every verdict.
        pub static ALL: &[Verdict] =
            &[$(Verdict { id: $id, name: $label, rfc: $rfc, line: $line, bit: Verdicts::$name }),*];
    };
}

// In the definitions, `next` is the highest sequence number that this side has sent so far, plus one; the numbers are
// those of the captured packets, so at a tap on the way they may differ from what either end knows.
verdicts! {
    /// Data, SYN or FIN that starts below `next` and is none of the more special cases below. Either its bytes were
    /// seen before ([`crate::Tcp::repeats`] tells where) or they fill a hole longer after the highest segment than
    /// reordering explains: the first copy was lost before the tap.
    RETRANSMISSION = 0, "tcp.retransmission", "retransmission", "RFC 6298 §5.4",
        "sent again, because its acknowledgment did not come in time";
    /// A retransmission of the segment that the other side is waiting for, or of one that its SACK blocks leave out,
    /// within 20 ms and a round trip of at least the second duplicate ACK. (RFC 5681 asks the sender for three; one may
    /// have been lost before the tap.)
    FAST_RETRANSMISSION = 1, "tcp.fast_retransmission", "fast retransmission", "RFC 5681 §3.2",
        "sent again at once, because duplicate acknowledgments said that it is missing";
    /// Data, SYN or FIN all of which the other side had acknowledged before, as seen at the tap.
    SPURIOUS_RETRANSMISSION = 2, "tcp.spurious_retransmission", "spurious retransmission", "RFC 6298 §5.4",
        "sent again although it had arrived: its acknowledgment was late or lost";
    /// Data that starts below `next` and fills a hole, and was overtaken rather than sent again: its timestamp is older than
    /// the highest segment's; or, where timestamps do not tell, it came so soon after that segment (less than the initial
    /// round-trip time; 3 ms if that is not known), and not a round trip after the receiver had said that it lacks it.
    OUT_OF_ORDER = 3, "tcp.out_of_order", "out of order", "RFC 9293 §3.10.7.4",
        "overtaken on the way by segments that were sent after it";
    /// Starts above `next`: the bytes between were not captured, or come later. Not judged of a reset.
    LOST_PREVIOUS = 4, "tcp.lost_previous", "previous segment not seen", "RFC 9293 §3.4",
        "one or more segments before this one are missing from the capture so far";
    /// An empty segment without SYN, FIN and RST that repeats acknowledgment number and (unless it carries SACK blocks)
    /// window, while the other side has unacknowledged data in flight: RFC 5681 §2's definition, with RFC 6675's SACK.
    DUP_ACK = 5, "tcp.dup_ack", "duplicate ACK", "RFC 5681 §2",
        "says once more which byte is expected next: something arrived behind a gap";
    /// An empty segment without SYN, FIN and RST that repeats sequence and acknowledgment numbers and changes the window.
    WINDOW_UPDATE = 6, "tcp.window_update", "window update", "RFC 9293 §3.8.6",
        "tells the sender how much room the receiver has now; acknowledges nothing new";
    /// The window field is 0 and none of SYN, FIN and RST is set.
    ZERO_WINDOW = 7, "tcp.zero_window", "zero window", "RFC 9293 §3.8.6.1",
        "the receiver has no room: the sender must wait";
    /// The other side's window is 0 and this segment only asks for its present state: one byte at `next`, or at most
    /// one byte just below it (as Linux probes).
    ZERO_WINDOW_PROBE = 8, "tcp.zero_window_probe", "zero window probe", "RFC 9293 §3.8.6.1",
        "asks whether the closed window is open again";
    /// An empty segment with window 0 that repeats its numbers in answer to a zero window probe.
    ZERO_WINDOW_PROBE_ACK = 9, "tcp.zero_window_probe_ack", "answer to a zero window probe", "RFC 9293 §3.8.6.1",
        "answers a probe: the window is still closed";
    /// At most one byte just below `next`, none of SYN, FIN and RST, when all data sent has been acknowledged.
    KEEP_ALIVE = 10, "tcp.keep_alive", "keep-alive", "RFC 9293 §3.8.4",
        "asks whether the other side is still there";
    /// An empty segment that repeats its numbers and window in answer to a keep-alive.
    KEEP_ALIVE_ACK = 11, "tcp.keep_alive_ack", "answer to a keep-alive", "RFC 9293 §3.8.4",
        "answers a keep-alive: still there";
    /// Data whose end is the right edge of the window that the other side advertised last. Needs the window scale,
    /// so it is judged only where the handshake was seen.
    WINDOW_FULL = 12, "tcp.window_full", "window full", "RFC 9293 §3.8.6",
        "fills the receiver's window to its edge: no more may be sent until it opens";
    /// Acknowledges a number beyond everything that the capture has seen of the other side.
    ACKED_UNSEEN = 13, "tcp.acked_unseen", "acknowledges data not seen", "RFC 9293 §3.4",
        "acknowledges data that the capture does not have";
    /// A SYN that opens a new connection between addresses and ports that had one before.
    PORT_REUSED = 14, "tcp.port_reused", "port reused", "RFC 9293 §3.4.1",
        "a new connection between the addresses and ports of an earlier one";
    /// A SYN with a new initial sequence number inside a connection that is open: a stray or forged SYN, or one end has
    /// forgotten the connection. If the other side answers it with SYN and ACK it becomes a connection of its own.
    SYN_IN_CONNECTION = 15, "tcp.syn_in_connection", "SYN inside an open connection", "RFC 5961 §4.2",
        "asks to open what is open already: the answer is a challenge ACK";
    /// Data that starts behind the right edge of the window that the other side advertised: it will not be accepted, and
    /// it does not count for `next`.
    OUT_OF_WINDOW = 16, "tcp.out_of_window", "outside the window", "RFC 9293 §3.10.7.4",
        "lies behind the receiver's window: the receiver drops it and answers with an ACK";
    /// The checksum is wrong although an earlier one of the connection is right, and neither it nor an earlier one is what a network card
    /// is given to complete; and no acknowledgment shows that it was taken.
    /// Its bytes and numbers are not used: the receiver drops it.
    DAMAGED = 17, "tcp.damaged", "damaged", "RFC 9293 §3.1",
        "its checksum is wrong: the receiver drops it";
    /// The capture kept fewer bytes of the segment than were on the wire.
    SNAPPED = 18, "tcp.snapped", "cut short by the capture", "RFC 9293 §3.1",
        "the capture holds only its beginning";
    /// Some of its bytes were seen before and some were not: the data was cut into segments differently.
    OVERLAP = 19, "tcp.overlap", "overlaps earlier data", "RFC 9293 §3.10.7.4",
        "carries again some bytes of an earlier segment, cut differently; the first copy counts";
    /// An empty segment that repeats sequence and acknowledgment numbers in answer to one that RFC 5961 has challenged: a
    /// SYN inside the connection (§4.2), a reset that is not at exactly the expected number (§3.2), an acknowledgment of
    /// what was never sent (§5.2).
    CHALLENGE_ACK = 20, "tcp.challenge", "challenge ACK", "RFC 5961 §3.2",
        "does not believe the segment that it answers, and says where the connection stands";
    /// An empty segment that repeats sequence and acknowledgment numbers in answer to one that brought nothing acceptable:
    /// its numbers lie outside the window, or all of them had been acknowledged. Not a duplicate ACK: nothing is in flight.
    UNACCEPTABLE_ANSWERED = 21, "tcp.unacceptable_answered", "answer to an unacceptable segment", "RFC 9293 §3.10.7.4",
        "repeats where the connection stands: the segment that it answers brought nothing acceptable";
    /// An empty segment without SYN, FIN and RST that starts below `next`.
    BEHIND = 22, "tcp.behind", "old sequence number", "RFC 9293 §3.10.7.4",
        "its number is older than what was sent before it: overtaken on the way, or its sender has not sent that";
    /// It carries numbers again that an earlier segment carried, with other bytes. Found where streams are read
    /// ([`crate::Layers::conflicts`]), not in the pass over the packets, which keeps no bytes.
    CONFLICT = 23, "tcp.conflict", "other bytes", "RFC 9293 §3.10.7.4",
        "carries other bytes under numbers that were sent before: one of the two is forged, stale or damaged";
    /// The same packet as an earlier one of the capture ([`crate::Row::copy_of`]): it was captured at two places, or mirrored
    /// twice, or the network doubled it. Nothing is judged by it.
    COPY = 24, "tcp.copy", "the same packet again", "RFC 9293 §3.4",
        "stands in the capture a second time; its sender sent it once";
    /// The checksum is wrong, and the segment was taken all the same: the other end acknowledges it, or none of the
    /// connection's checksums was right before. Its bytes and numbers count.
    ALTERED = 25, "tcp.altered", "wrong checksum, but taken", "RFC 9293 §3.1",
        "its checksum is wrong, and yet it was taken: the capture was changed, or the sum was never completed";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_a_bit_and_an_id_of_its_own() {
        let ids: std::collections::BTreeSet<_> = ALL.iter().map(|v| v.id).collect();
        let bits = ALL.iter().fold(0, |bits, v| bits | v.bit.0);
        assert_eq!(ids.len(), ALL.len());
        assert_eq!(bits.count_ones() as usize, ALL.len());
        assert_eq!((Verdicts::DUP_ACK | Verdicts::ZERO_WINDOW).to_string(), "duplicate ACK, zero window");
    }
}
