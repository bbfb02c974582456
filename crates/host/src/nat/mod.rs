//! Network address and port translation (RFC 3022).

use std::net::Ipv4Addr;

use base::{EventId, Rng};
use trace::Cx;
use wire::Packet;
use wire::ipv4::{Header, Protocol};

use crate::interface::Arrival;
use crate::{Host, NatConfig};

/// A translator at work.
#[derive(Debug)]
pub(crate) struct Nat {
    config: NatConfig,
}

/// A translation that is settled but not yet made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Translation;

impl Translation {
    pub(crate) fn destination(&self, header: &Header) -> Ipv4Addr {
        header.dst
    }
}

impl Nat {
    pub(crate) fn new(config: NatConfig, _rng: Rng) -> Nat {
        Nat { config }
    }
    pub(crate) fn lends(&self, _protocol: Protocol, port: u16) -> bool {
        port == 0 && self.config.max_sessions == 0
    }
}

impl Host {
    pub(crate) fn nat_inbound(
        &mut self,
        _packet: &mut Packet,
        _header: &Header,
        _arrival: Arrival,
        _cx: &mut Cx<'_>,
    ) -> bool {
        false
    }
    pub(crate) fn nat_outbound(
        &mut self,
        packet: Packet,
        header: Header,
        _arrival: Arrival,
        _cx: &mut Cx<'_>,
    ) -> Option<(Packet, Header, Option<Translation>)> {
        Some((packet, header, None))
    }
    pub(crate) fn translate(
        &mut self,
        _packet: &mut Packet,
        _header: &Header,
        _t: Translation,
        cx: &mut Cx<'_>,
    ) -> EventId {
        cx.cause
    }
}
