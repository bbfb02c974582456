//! How two captures' clocks differ, by the packets that both saw.

use base::{Duration, Map, WallTime};
use wire::frame::Transport;
use wire::link::LinkType;

/// Packets of a capture that are remembered to be found in another.
const MAX_REMEMBERED: usize = 1_000_000;

/// A segment by what no device on its way changes: sequence and acknowledgment numbers, flags, length. NAT changes addresses
/// and ports; two numbers of 32 bits that began at random tell segments apart without them.
type Identity = (u32, u32, u16, u32);

/// A packet for the comparison.
#[derive(Clone, Copy, Debug)]
pub struct Stamped<'a> {
    /// When it was captured.
    pub at: WallTime,
    /// What its first byte is.
    pub link: LinkType,
    /// Its captured bytes.
    pub bytes: &'a [u8],
    /// Its length on the wire.
    pub original_len: usize,
}

/// How the second capture's clock differs from the first's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockOffset {
    /// How much the second clock is ahead of the first, if the way takes as long there as back (RFC 5905 §8: what is not the
    /// same there and back goes into the estimate, half of it).
    pub ahead: Duration,
    /// The quickest way between the two points and back: the estimate is at most half of it wrong.
    pub round_trip: Duration,
    /// Packets that both captures have.
    pub packets: usize,
}

impl ClockOffset {
    /// Whether the stamps could be those of one clock: no packet arrives before it left.
    pub fn fits_one_clock(&self) -> bool {
        self.ahead.abs().as_nanos() * 2 <= self.round_trip.as_nanos()
    }

    /// Estimates it; `None` if not at least one packet of each direction is in both captures.
    pub fn of<'a>(
        first: impl Iterator<Item = Stamped<'a>>,
        second: impl Iterator<Item = Stamped<'a>>,
    ) -> Option<ClockOffset> {
        // Of packets that look alike (retransmissions) none is used: which is which cannot be told.
        let mut known: Map<Identity, Option<(i64, bool)>> = Map::default();
        for packet in first.take(MAX_REMEMBERED) {
            if let Some((identity, upwards)) = identity(&packet) {
                let seen = (packet.at.as_unix_nanos(), upwards);
                known.entry(identity).and_modify(|known| *known = None).or_insert(Some(seen));
            }
        }
        let mut seen: Map<Identity, Option<i64>> = Map::default();
        for packet in second.take(MAX_REMEMBERED) {
            let identity = identity(&packet).map(|(identity, _)| identity);
            if let Some(identity) = identity.filter(|identity| known.contains_key(identity)) {
                let at = packet.at.as_unix_nanos();
                seen.entry(identity).and_modify(|seen| *seen = None).or_insert(Some(at));
            }
        }
        // From the one end to the other, and back: the smallest and the largest difference of stamps.
        let mut ways = [(i64::MAX, i64::MIN, 0usize); 2];
        for (identity, at) in &seen {
            let (Some(at), Some(Some((before, upwards)))) = (at, known.get(identity)) else { continue };
            let way = &mut ways[usize::from(*upwards)];
            let difference = at.saturating_sub(*before);
            *way = (way.0.min(difference), way.1.max(difference), way.2 + 1);
        }
        let [one, other] = ways;
        if one.2 == 0 || other.2 == 0 {
            return None;
        }
        // Where the first capture is nearer to the sender its stamps are the earlier ones: that way has the larger difference.
        let (there, back) = if one.0 >= other.0 { (one, other) } else { (other, one) };
        // The quickest packet each way: the least of `there`, and the one that is least behind of `back`.
        let (there, back) = (there.0, back.1);
        let ahead = Duration::from_nanos(((i128::from(there) + i128::from(back)) / 2) as i64);
        let round_trip = Duration::from_nanos(there.saturating_sub(back).max(0));
        Some(ClockOffset { ahead, round_trip, packets: one.2 + other.2 })
    }
}

/// A TCP segment's identity and which of two ways it goes; of other packets there is no identity that is sure, and of a SYN
/// only half of one.
fn identity(packet: &Stamped<'_>) -> Option<(Identity, bool)> {
    let frame = wire::frame::decode(packet.link, packet.bytes, packet.original_len, &mut wire::Silent);
    let (from, to) = frame.addresses()?;
    let Transport::Tcp(header, _) = frame.transport else { return None };
    let len = u32::try_from(frame.payload_len).ok()?;
    let flags = header.flags();
    let upwards = (from, header.src_port) > (to, header.dst_port);
    flags.contains(wire::tcp::Flags::ACK).then_some(((header.seq, header.ack, flags.0, len), upwards))
}
