//! Packets that a capture has more than once: a mirror port that copies a packet where it comes in and where it goes out, a
//! capture of all interfaces of a machine that forwards, captures of several places merged into one.
//!
//! What is sent again looks alike but is another packet: Linux, Windows and others count up the identification of what
//! they send (RFC 791 §3.1), the clock of its timestamps has gone on (RFC 7323 §3.2), and it comes a round trip later.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use base::{Duration, Fixed, Instant};
use wire::frame::{Frame, Network, Transport};
use wire::link::LinkType;
use wire::tcp::Flags;

use crate::Packet;

/// Places for packets that are remembered: as few as do, and never more than the last.
const FEW: usize = 256;
const MANY: usize = 1 << 16;
/// Bytes of a long message that tell it from others. Short ones (DHCP's differ far behind) are looked at whole.
const TELLING: usize = 64;
const SHORT: usize = 600;

/// An IPv4 packet with an identification: how much later a copy may come at the same place, and at another.
const SAME_PLACE: Duration = Duration::from_millis(50);
const OTHER_PLACE: Duration = Duration::from_secs(1);
/// A packet without (RFC 6864 §4.1 lets it be zero, IPv6 has none): behind another number of hops, at another place on the
/// same link, at the same place.
const OTHER_HOP: Duration = Duration::from_millis(200);
const OTHER_LINK: Duration = Duration::from_millis(10);
const AT_ONCE: Duration = Duration::from_micros(500);
/// The same place: how many packets farther down in the capture it is at most.
const NEAR: u32 = 4;

/// So many packets tell whether what is captured comes in pairs.
const SURE: u32 = 4;

/// The packets that passed last, and which of them were copies.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    slots: Vec<Slot>,
    /// Packets of late that are no bare acknowledgments, and copies among them.
    lately: (u32, u32),
}

/// A packet that is remembered.
#[derive(Clone, Copy, Default, Debug)]
struct Slot {
    identity: u64,
    at: Instant,
    number: u32,
    place: u16,
    hops: u8,
    /// Whether a copy of it has come.
    again: bool,
}

/// A packet by what its copies have in common, and by what they may differ in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    identity: u64,
    at: Instant,
    place: u16,
    hops: u8,
    /// Whether its sender numbers its packets.
    numbered: bool,
    /// A TCP segment without data, SYN and FIN: several that are alike may be sent at once.
    bare: bool,
    /// A SYN or its answer: repetitions that waited for the same hardware address leave together.
    syn: bool,
}

impl Identity {
    /// Of a packet that IP or ARP carries.
    pub(crate) fn of(packet: &Packet<'_>, frame: &Frame) -> Option<Identity> {
        let mut hash = Fixed::default();
        packet.interface.hash(&mut hash);
        let (hops, numbered) = match &frame.network {
            Network::None => return None,
            Network::Arp(arp) => {
                (arp.operation.0, arp.sender_mac.0, arp.sender_ip, arp.target_ip).hash(&mut hash);
                (0, false)
            }
            Network::Ipv4(ip) => {
                (u32::from(ip.src), u32::from(ip.dst), u32::from(ip.id) << 8 | u32::from(ip.protocol.0))
                    .hash(&mut hash);
                (u32::from(ip.fragment_start() as u16)).hash(&mut hash);
                (ip.ttl, ip.id != 0)
            }
            Network::Ipv6(ip) => {
                (u128::from(ip.header.src), u128::from(ip.header.dst), ip.protocol.0).hash(&mut hash);
                let piece = ip.fragment.map(|piece| (piece.id, piece.offset));
                piece.hash(&mut hash);
                (ip.header.hop_limit, piece.is_some())
            }
        };
        // Where the capture cut off what tells alike packets apart nothing is known.
        let told = frame.payload_len.min(if frame.payload_len > SHORT { TELLING } else { SHORT });
        let of_tcp = matches!(frame.transport, Transport::Tcp(..));
        if !numbered && if of_tcp { frame.options_cut } else { frame.payload.len() < told } {
            return None;
        }
        let (mut bare, mut syn) = (false, false);
        if let Transport::Tcp(tcp, options) = &frame.transport {
            let flags = tcp.flags();
            let ports = u32::from(tcp.src_port) << 16 | u32::from(tcp.dst_port);
            let rest = u32::from(flags.0) << 16 | u32::from(tcp.window);
            (ports, tcp.seq, tcp.ack, rest, frame.payload_len as u32).hash(&mut hash);
            // Of numbered packets devices on the way may have changed options: the segment size, the window's scale.
            if !numbered {
                options.timestamps.hash(&mut hash);
                options.sack.iter().for_each(|(left, right)| (left.0, right.0).hash(&mut hash));
            }
            syn = flags.contains(Flags::SYN);
            bare = frame.payload_len == 0 && !flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0));
        } else {
            let (src, dst) = frame.ports().unwrap_or_default();
            (src, dst, frame.payload_len as u32).hash(&mut hash);
            match &frame.transport {
                Transport::Icmp(icmp) => (icmp.kind.0, icmp.code, icmp.rest).hash(&mut hash),
                Transport::Icmpv6(icmp) => (icmp.kind.0, icmp.code).hash(&mut hash),
                _ => {}
            }
            let told = packet.bytes.get(frame.payload.clone()).unwrap_or_default();
            hash.write(if told.len() > SHORT { &told[..TELLING] } else { told });
        }
        let identity = hash.finish().max(1); // zero is an empty place
        Some(Identity { identity, at: packet.at, place: place(packet, frame), hops, numbered, bare, syn })
    }
}

/// Where a packet was seen, as far as the frame around it tells: hardware addresses, VLAN, the interface and the direction
/// that a capture of all interfaces notes, tunnels.
fn place(packet: &Packet<'_>, frame: &Frame) -> u16 {
    let mut hash = Fixed::default();
    let link = match packet.link {
        LinkType::ETHERNET => 12,
        LinkType::LINUX_SLL => 14,
        LinkType::LINUX_SLL2 => 20,
        _ => 0,
    };
    hash.write(packet.bytes.get(..link).unwrap_or_default());
    (frame.vlan, frame.tunnels).hash(&mut hash);
    (hash.finish() >> 24) as u16
}

impl Copies {
    /// The packet of which this one is a copy; 0 if it is none.
    pub(crate) fn first_of(&mut self, number: u32, packet: &Identity) -> u32 {
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); FEW];
        }
        let known = self.pair(packet.identity).find(|&at| self.slots[at].identity == packet.identity);
        let first = known.map(|at| self.slots[at]).filter(|first| self.is_copy(first, packet, number));
        self.note(packet, first.is_some());
        if let (Some(first), Some(at)) = (first, known) {
            self.slots[at].again = true;
            return first.number;
        }
        let older = self.older(packet.identity);
        let crowded = self.slots[older].identity != 0 && packet.at.since(self.slots[older].at) < OTHER_PLACE;
        let at = match known {
            Some(at) => at,
            None if crowded && self.slots.len() < MANY => {
                self.grow();
                self.older(packet.identity)
            }
            None => older,
        };
        let (at_time, place, hops) = (packet.at, packet.place, packet.hops);
        self.slots[at] = Slot { identity: packet.identity, at: at_time, number, place, hops, again: false };
        0
    }

    /// Whether a packet that looks like an earlier one is that one again.
    fn is_copy(&self, first: &Slot, packet: &Identity, number: u32) -> bool {
        let later = packet.at.since(first.at);
        let elsewhere = first.place != packet.place || first.hops != packet.hops;
        let limit = match (packet.numbered, elsewhere) {
            (true, true) => OTHER_PLACE,
            (true, false) => SAME_PLACE,
            (false, true) if first.hops != packet.hops => OTHER_HOP,
            (false, true) => OTHER_LINK,
            // Each segment behind a gap is answered by an acknowledgment like the one before (RFC 5681 §4.2): only where all
            // else comes twice is it one of a pair.
            (false, false) if packet.bare && (first.again || !self.in_pairs()) => return false,
            (false, false) if packet.syn && self.lately.0 >= SURE && !self.in_pairs() => return false,
            (false, false) if number.saturating_sub(first.number) > NEAR => return false,
            (false, false) => AT_ONCE,
        };
        later <= limit && later >= Duration::ZERO - AT_ONCE
    }

    /// Whether what is captured comes in pairs: of what tells, a third or more are copies.
    fn in_pairs(&self) -> bool {
        self.lately.1 > 0 && self.lately.1 * 3 >= self.lately.0
    }

    fn note(&mut self, packet: &Identity, copy: bool) {
        if !packet.bare {
            self.lately = (self.lately.0 + 1, self.lately.1 + u32::from(copy));
            if self.lately.0 > 1024 {
                self.lately = (self.lately.0 / 2, self.lately.1 / 2);
            }
        }
    }

    /// The two places of a packet: side by side. There are as many places as a power of two.
    fn pair(&self, identity: u64) -> Range<usize> {
        // The highest bits are mixed best.
        let first = (identity >> 40) as usize & (self.slots.len() - 2);
        first..first + 2
    }

    /// The one of them whose packet passed longer ago.
    fn older(&self, identity: u64) -> usize {
        let Range { start, .. } = self.pair(identity);
        let age = |at: usize| (self.slots[at].identity != 0, self.slots[at].at);
        if age(start) <= age(start + 1) { start } else { start + 1 }
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![Slot::default(); old.len() * 4];
        for slot in old.into_iter().filter(|slot| slot.identity != 0) {
            let at = self.older(slot.identity);
            self.slots[at] = slot;
        }
    }
}
