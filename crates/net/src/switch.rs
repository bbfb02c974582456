//! A learning switch (IEEE 802.1D §7): passes frames on by what it has seen.

use base::{Duration, Instant, Map};
use smallvec::SmallVec;
use trace::{Cx, kinds};
use wire::{MacAddr, ethernet};

/// How long an address that is not seen again is remembered (IEEE 802.1D §7.9.2, table 7-5).
pub const AGEING_TIME: Duration = Duration::from_secs(300);

/// How many addresses are remembered at most; frames for others are flooded, as when a table of a real switch is full.
pub const TABLE_SIZE: usize = 8192;

/// A switch. It has no address and sends nothing of its own.
#[derive(Debug)]
pub struct Switch {
    ports: u16,
    /// Where each address was seen last, and when.
    table: Map<MacAddr, Seen>,
    /// Before this moment no entry is older than [`AGEING_TIME`].
    sweep_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    port: u16,
    at: Instant,
}

/// The ports that a frame leaves by.
pub(crate) type Ports = SmallVec<[u16; 8]>;

impl Switch {
    /// A switch of so many ports.
    pub fn new(ports: u16) -> Switch {
        Switch { ports, table: Map::default(), sweep_at: Instant::ZERO + AGEING_TIME }
    }

    /// Number of ports.
    pub fn ports(&self) -> u16 {
        self.ports
    }

    /// What it remembers at `now`: addresses and their ports, by address.
    pub fn table(&self, now: Instant) -> Vec<(MacAddr, u16)> {
        let fresh = self.table.iter().filter(|(_, seen)| now.since(seen.at) < AGEING_TIME);
        let mut rows: Vec<_> = fresh.map(|(mac, seen)| (*mac, seen.port)).collect();
        rows.sort_unstable();
        rows
    }

    /// A frame has come in at `port`: the ports that it leaves by, all of them in ascending order, never `port` itself.
    pub(crate) fn handle_frame(&mut self, port: u16, frame: &ethernet::Header, cx: &mut Cx<'_>) -> Ports {
        self.learn(port, frame.src, cx);
        let others = |ports: u16| (0..ports).filter(move |&other| other != port);
        // IEEE 802.1D §7.12.6: these sixteen group addresses belong to the link and are not passed on.
        if frame.dst.0[..5] == [0x01, 0x80, 0xc2, 0, 0] && frame.dst.0[5] <= 0x0f {
            cx.event(&kinds::link::SWITCH_FILTERED, u32::from(port), [mac_arg(frame.dst), 0]);
            return Ports::new();
        }
        if frame.dst.is_multicast() {
            cx.event(&kinds::link::SWITCH_ALL, u32::from(port), [mac_arg(frame.dst), 0]);
            return others(self.ports).collect();
        }
        match self.table.get(&frame.dst).filter(|seen| cx.now.since(seen.at) < AGEING_TIME) {
            // IEEE 802.1D §7.7: never back to where it came from; the station is on that side and has had it.
            Some(seen) if seen.port == port => {
                cx.event(&kinds::link::SWITCH_FILTERED, u32::from(port), [mac_arg(frame.dst), 0]);
                Ports::new()
            }
            Some(seen) => Ports::from_slice(&[seen.port]),
            None => {
                cx.event(&kinds::link::SWITCH_FLOODED, u32::from(port), [mac_arg(frame.dst), 0]);
                others(self.ports).collect()
            }
        }
    }

    /// IEEE 802.1D §7.8: the sender is reached through the port that its frame came in by. A group is no sender.
    fn learn(&mut self, port: u16, src: MacAddr, cx: &mut Cx<'_>) {
        if src.is_multicast() {
            return;
        }
        if cx.now >= self.sweep_at {
            self.table.retain(|_, seen| cx.now.since(seen.at) < AGEING_TIME);
            self.sweep_at = cx.now + AGEING_TIME;
        }
        let room = self.table.len() < TABLE_SIZE;
        let before = match self.table.get_mut(&src) {
            Some(seen) => Some(std::mem::replace(seen, Seen { port, at: cx.now })),
            None if room => self.table.insert(src, Seen { port, at: cx.now }),
            None => return,
        };
        if before.is_none_or(|seen| seen.port != port || cx.now.since(seen.at) >= AGEING_TIME) {
            cx.event(&kinds::link::SWITCH_LEARNED, u32::from(port), [mac_arg(src), u64::from(port) + 1]);
        }
    }
}

fn mac_arg(mac: MacAddr) -> u64 {
    mac.0.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

#[cfg(test)]
mod tests {
    use base::{EventId, PlaceId};
    use trace::{Level, Recorder};
    use wire::ethernet::{EtherType, Header};

    use super::*;

    const A: MacAddr = MacAddr([2, 0, 0, 0, 0, 0xa]);
    const B: MacAddr = MacAddr([2, 0, 0, 0, 0, 0xb]);

    /// The ports by which a frame from `src` to `dst` that came in at `port` leaves.
    fn passes(switch: &mut Switch, s: i64, port: u16, src: MacAddr, dst: MacAddr) -> Vec<u16> {
        let mut recorder = Recorder::new(Level::Full);
        let now = Instant::ZERO + Duration::from_secs(s);
        let mut cx = Cx::new(now, PlaceId(0), EventId(1), &mut recorder);
        switch.handle_frame(port, &Header { dst, src, ethertype: EtherType::IPV4 }, &mut cx).to_vec()
    }

    #[test]
    fn floods_until_it_knows_and_again_after_300_seconds() {
        let mut switch = Switch::new(4);
        assert_eq!(passes(&mut switch, 0, 0, A, B), [1, 2, 3], "B is not known");
        assert_eq!(passes(&mut switch, 0, 2, B, A), [0], "A was seen at port 0");
        assert_eq!(passes(&mut switch, 1, 0, A, B), [2]);
        assert_eq!(passes(&mut switch, 299, 0, A, B), [2]);
        assert_eq!(passes(&mut switch, 300, 0, A, B), [1, 2, 3], "B has been silent for 300 s");
        assert_eq!(switch.table(Instant::from_millis(300_000)), [(A, 0)]);
    }

    #[test]
    fn a_station_that_moves_is_found_again() {
        let mut switch = Switch::new(3);
        passes(&mut switch, 0, 0, A, B);
        passes(&mut switch, 1, 1, A, B);
        assert_eq!(passes(&mut switch, 2, 2, B, A), [1]);
    }

    #[test]
    fn groups_go_everywhere_but_the_links_own_nowhere() {
        let mut switch = Switch::new(3);
        assert_eq!(passes(&mut switch, 0, 1, A, MacAddr::BROADCAST), [0, 2]);
        assert_eq!(passes(&mut switch, 0, 1, A, MacAddr([1, 0, 0x5e, 0, 0, 1])), [0, 2]);
        assert_eq!(passes(&mut switch, 0, 1, A, MacAddr([1, 0x80, 0xc2, 0, 0, 0x0e])), [0; 0]);
        assert_eq!(passes(&mut switch, 0, 1, B, A), [0; 0], "A is on the side that the frame came from");
    }

    #[test]
    fn a_flood_of_invented_senders_does_not_grow_the_table_without_bound() {
        let mut switch = Switch::new(2);
        for n in 0..20_000u32 {
            let [a, b, c, d] = n.to_be_bytes();
            passes(&mut switch, 0, 0, MacAddr([2, 0, a, b, c, d]), MacAddr::BROADCAST);
        }
        assert_eq!(switch.table(Instant::ZERO).len(), TABLE_SIZE);
    }
}
