//! Network address and port translation: many inside share the one address outside (RFC 3022 §2.2).
//!
//! Mapping is endpoint-independent (RFC 4787 REQ-1): what an inside address and port sends to anyone leaves from one and the
//! same outside port, the inside's own number where that is free. Filtering depends on address and port: only who was spoken
//! to gets an answer through, as with Linux' connection tracking. Hairpinning works (REQ-9). Checksums are adjusted, never
//! computed anew: data is not read.

mod quoted;
mod rewrite;
mod table;

pub(crate) use table::Nat;
pub use table::{NatRow, NatState};

use std::net::Ipv4Addr;

use base::EventId;
use trace::kinds::ip as kinds;
use trace::{Arg, Cx};
use wire::Packet;
use wire::icmp::{self, Type};
use wire::ipv4::{Header, Protocol};
use wire::tcp::Flags;

use crate::Host;
use crate::interface::Arrival;
use table::{Flow, Passing};

/// An address and a port; for a ping, its identifier.
pub(crate) type Endpoint = (Ipv4Addr, u16);

/// A translation that is settled but not yet made.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Translation {
    /// The new source.
    source: Option<Endpoint>,
    /// The new destination.
    destination: Option<Endpoint>,
    /// For an ICMP error: the new source or destination of the packet that it quotes.
    quoted: Option<quoted::Change>,
}

impl Translation {
    /// Where the packet goes once it is translated.
    pub(crate) fn destination(&self, header: &Header) -> Ipv4Addr {
        self.destination.map_or(header.dst, |(address, _)| address)
    }
}

/// What a packet is to a translator.
enum Class {
    /// A packet of a conversation: its ends.
    Flow(Flow),
    /// An ICMP error about a packet of one.
    Error,
    /// Something that has no ports to translate.
    Other,
}

impl Host {
    /// The translator's sessions at `now`, for display; none without a translator.
    pub fn nat_table(&self, now: base::Instant) -> Vec<NatRow> {
        self.nat.as_ref().map_or(Vec::new(), |nat| nat.rows(now))
    }

    /// A packet for one of this machine's addresses: is it for someone inside? Then it is translated and passed on, or
    /// refused, and `true`. The packet is gone if so.
    pub(crate) fn nat_inbound(
        &mut self,
        packet: &mut Packet,
        header: &Header,
        arrival: Arrival,
        cx: &mut Cx<'_>,
    ) -> bool {
        let Some(nat) = &self.nat else { return false };
        let Some(outside) = self.outside_address() else { return false };
        if header.dst != outside || arrival.cast != crate::interface::Cast::Unicast {
            return false;
        }
        let Some(from) = arrival.interface else { return self.nat_own_error(packet, header, arrival, cx) };
        let outward = from != nat.outside();
        let taken = std::mem::replace(packet, Packet::new(wire::Body::empty()));
        // Linux, too, puts fragments together before it looks for ports.
        let (mut taken, header, event) = match header.is_fragment() {
            false => (taken, *header, cx.cause),
            true => match self.reassemble(taken, header, cx) {
                Some(whole) => whole,
                None => return true,
            },
        };
        let mut cx = cx.caused_by(event);
        let found = match classify(&mut taken, &header) {
            Class::Flow(flow) if outward => self.hairpin(flow, &taken, &header, &mut cx),
            Class::Flow(flow) => self.nat_answer(flow, &taken, &header, &mut cx),
            Class::Error => self.nat_error_in(&mut taken, &header, &mut cx),
            Class::Other => None,
        };
        if let Some(translation) = found {
            if !self.ttl_expired(&taken, &header, &mut cx) {
                self.forward_translated(taken, header, arrival, Some(translation), &mut cx);
            }
            return true;
        }
        if outward || self.has_socket_for(&mut taken, &header) {
            self.dispatch(taken, header, arrival, arrival.cast, &mut cx);
        } else {
            // RFC 4787 §5, RFC 5382 REQ-4: nobody asked for it, and nobody is told.
            let port = transport_ports(&mut taken, &header).map_or(0, |(_, dst)| dst);
            cx.event(&kinds::NAT_REFUSED, 0, [Arg::socket(header.dst, port), 0]);
        }
        true
    }

    /// A packet from this machine to its outside address: an error about a packet that it had translated already (nobody
    /// answered ARP for the next hop) is for whoever sent that packet.
    fn nat_own_error(&mut self, packet: &mut Packet, header: &Header, arrival: Arrival, cx: &mut Cx<'_>) -> bool {
        if !matches!(classify(packet, header), Class::Error) {
            return false;
        }
        let Some(translation) = self.nat_error_in(packet, header, cx) else { return false };
        let inside = translation.destination(header);
        // RFC 1812 §4.3.2.4: it comes from the address that the inside knows.
        let source = self.path_ipv4(inside, None, None).ok().and_then(|path| match path.source {
            std::net::IpAddr::V4(source) => Some((source, 0)),
            std::net::IpAddr::V6(_) => None,
        });
        let taken = std::mem::replace(packet, Packet::new(wire::Body::empty()));
        let translation = Translation { source, ..translation };
        self.forward_translated(taken, *header, arrival, Some(translation), cx);
        true
    }

    /// A packet that is being forwarded: does it leave for the outside? Then its translation is settled. `None` if it is
    /// refused, or its fragments are still being collected.
    pub(crate) fn nat_outbound(
        &mut self,
        packet: Packet,
        header: Header,
        arrival: Arrival,
        cx: &mut Cx<'_>,
    ) -> Option<(Packet, Header, EventId, Option<Translation>)> {
        let outside = self.nat.as_ref().map(Nat::outside);
        let leaves = self.routes.lookup(header.dst).is_some_and(|row| Some(row.interface) == outside);
        let enters = arrival.interface == outside;
        if outside.is_none() || (!leaves && !enters) {
            return Some((packet, header, cx.cause, None));
        }
        if enters {
            // Inside addresses mean nothing outside: whoever uses them there tries to get past the translator.
            cx.event(&kinds::NAT_REFUSED, 0, [Arg::socket(header.dst, 0), 0]);
            return None;
        }
        let (mut packet, header, event) = match header.is_fragment() {
            false => (packet, header, cx.cause),
            true => self.reassemble(packet, &header, cx)?,
        };
        let mut cx = cx.caused_by(event);
        let translation = match classify(&mut packet, &header) {
            Class::Flow(flow) => self
                .nat_question(flow, &packet, &header, &mut cx)
                .map(|source| Translation { source: Some(source), ..Translation::default() }),
            Class::Error => self.nat_error_out(&mut packet, &header, &mut cx),
            Class::Other => None,
        };
        if translation.is_none() {
            cx.event(&kinds::NAT_REFUSED, 0, [Arg::socket(header.src, 0), 0]);
        }
        Some((packet, header, event, Some(translation?)))
    }

    /// The address that stands in for all inside.
    fn outside_address(&self) -> Option<Ipv4Addr> {
        self.interfaces.get(self.nat.as_ref()?.outside().index())?.primary()
    }

    /// A packet from inside: the outside endpoint that it leaves from, found or lent.
    fn nat_question(&mut self, flow: Flow, packet: &Packet, header: &Header, cx: &mut Cx<'_>) -> Option<Endpoint> {
        let outside = self.outside_address()?;
        let (udp, tcp) = (&self.udp, &self.tcp);
        let own = |port| match flow.protocol {
            Protocol::UDP => udp.is_bound(port),
            Protocol::TCP => tcp.is_used(port),
            _ => false,
        };
        let nat = self.nat.as_mut()?;
        let (port, new) = nat.question(flow, outside, passing(packet, header), cx.now, own)?;
        if new {
            cx.event(&kinds::NAT_ENTRY, 0, [Arg::socket(flow.local.0, flow.local.1), port.into()]);
        }
        Some((outside, port))
    }

    /// A packet from outside: who inside it is for.
    fn nat_answer(&mut self, flow: Flow, packet: &Packet, header: &Header, cx: &mut Cx<'_>) -> Option<Translation> {
        let inside = self.nat.as_mut()?.answer(flow, passing(packet, header), cx.now)?;
        Some(Translation { destination: Some(inside), ..Translation::default() })
    }

    /// A packet from inside to the outside address: for someone else inside, if that one has spoken to this one (RFC 4787
    /// REQ-9, with the outside address as its source, REQ-9a).
    fn hairpin(&mut self, flow: Flow, packet: &Packet, header: &Header, cx: &mut Cx<'_>) -> Option<Translation> {
        let (_, port) = flow.remote;
        if !self.nat.as_ref()?.lends(flow.protocol, port) {
            return None;
        }
        let source = self.nat_question(flow, packet, header, cx)?;
        let back = Flow { protocol: flow.protocol, local: source, remote: flow.remote };
        let answer = self.nat_answer(back, packet, header, cx)?;
        Some(Translation { source: Some(source), ..answer })
    }

    /// Whether a packet is for a socket of this machine itself, or a ping of it.
    fn has_socket_for(&self, packet: &mut Packet, header: &Header) -> bool {
        match (header.protocol, transport_ports(packet, header)) {
            (Protocol::UDP, Some((_, port))) => self.udp.is_bound(port),
            (Protocol::TCP, Some((_, port))) => self.tcp.is_used(port),
            (Protocol::ICMP, _) => true,
            _ => false,
        }
    }

    /// Makes a translation, and says so.
    pub(crate) fn translate(
        &mut self,
        packet: &mut Packet,
        header: &Header,
        translation: Translation,
        cx: &mut Cx<'_>,
    ) -> EventId {
        let len = header.header_len();
        let mut event = cx.cause;
        if let Some(change) = translation.quoted {
            quoted::rewrite(packet, len, change);
        }
        let with_ports = translation.quoted.is_none();
        for (side, new) in
            [(rewrite::Side::Source, translation.source), (rewrite::Side::Destination, translation.destination)]
        {
            let Some(new) = new else { continue };
            let old = rewrite::rewrite(packet, len, header.protocol, side, new, with_ports);
            let args = [Arg::socket(new.0, new.1), Arg::socket(old.0, old.1)];
            event = cx.caused_by(event).event(&kinds::NAT_REWROTE, 0, args);
        }
        event
    }
}

/// The ends of the conversation that a packet belongs to, seen from the inside if it comes from there, from the outside
/// address otherwise.
fn classify(packet: &mut Packet, header: &Header) -> Class {
    match header.protocol {
        Protocol::TCP | Protocol::UDP => match transport_ports(packet, header) {
            Some((src, dst)) => Class::Flow(Flow::new(header, src, dst)),
            None => Class::Other,
        },
        Protocol::ICMP => {
            let len = header.header_len();
            let message = packet.pull(len + icmp::Header::LEN).and_then(|head| head.get(len..));
            match message.map(icmp::Header::read) {
                // RFC 5508 §3.1: a ping's identifier stands for the inside's port on either side of it.
                Some(echo) if echo.kind == Type::ECHO_REQUEST => Class::Flow(Flow::new(header, echo.echo().0, 0)),
                Some(echo) if echo.kind == Type::ECHO_REPLY => Class::Flow(Flow::new(header, 0, echo.echo().0)),
                Some(error) if error.is_error() => Class::Error,
                _ => Class::Other,
            }
        }
        _ => Class::Other,
    }
}

/// Source and destination port, for a transport protocol whose header is there as far as a translator changes it.
fn transport_ports(packet: &mut Packet, header: &Header) -> Option<(u16, u16)> {
    let len = header.header_len();
    let need = rewrite::needed(header.protocol)?;
    let ports = packet.pull(len + need)?.get(len..len + 4)?;
    Some((u16::from_be_bytes([ports[0], ports[1]]), u16::from_be_bytes([ports[2], ports[3]])))
}

/// What a packet says about the life of its conversation. Its transport header stands in the head.
fn passing(packet: &Packet, header: &Header) -> Passing {
    const FLAGS: usize = 13;
    let flags = packet.head().get(header.header_len() + FLAGS).copied().unwrap_or(0);
    Passing { flags: if header.protocol == Protocol::TCP { Flags(flags.into()) } else { Flags::NONE } }
}
