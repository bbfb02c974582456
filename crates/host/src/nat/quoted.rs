//! ICMP errors through a translator: the packet that they quote is translated, too, or its sender would not know it again
//! (RFC 3022 §4.3, RFC 5508 §4).

use trace::Cx;
use wire::Packet;
use wire::icmp::{self, Type};
use wire::ipv4::{Header, Protocol};

use super::rewrite::{Side, adjust_transport, bytes_of, replace_address, replace_port};
use super::table::Flow;
use super::{Endpoint, Translation};
use crate::Host;
use crate::icmp::CHECKSUM;
use crate::incremental::adjust_bytes;

/// A change of the quoted packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    side: Side,
    new: Endpoint,
}

impl Host {
    /// An error from outside about a packet that left from the outside address: for its true sender inside.
    pub(super) fn nat_error_in(
        &mut self,
        packet: &mut Packet,
        header: &Header,
        cx: &mut Cx<'_>,
    ) -> Option<Translation> {
        let (ip, src, dst) = quoted(packet, header)?;
        let flow = Flow { protocol: ip.protocol, local: (ip.src, src), remote: (ip.dst, dst) };
        let inside = self.nat.as_mut()?.find(flow, cx.now)?.local;
        let quoted = Some(Change { side: Side::Source, new: inside });
        Some(Translation { source: None, destination: Some(inside), quoted })
    }

    /// An error from inside about a packet that came in: the outside must not see inside addresses.
    pub(super) fn nat_error_out(
        &mut self,
        packet: &mut Packet,
        header: &Header,
        cx: &mut Cx<'_>,
    ) -> Option<Translation> {
        let (ip, src, dst) = quoted(packet, header)?;
        let flow = Flow { protocol: ip.protocol, local: (ip.dst, dst), remote: (ip.src, src) };
        let outside = self.nat.as_ref()?.outside_of(flow, cx.now)?;
        let quoted = Some(Change { side: Side::Destination, new: outside });
        Some(Translation { source: Some(outside), destination: None, quoted })
    }
}

/// The header and ports of the packet that an ICMP error quotes, moved into the head. A ping's identifier stands at the side
/// that asked.
fn quoted(packet: &mut Packet, header: &Header) -> Option<(Header, u16, u16)> {
    let start = header.header_len() + icmp::Header::LEN;
    let ip = Header::read(packet.pull(start + Header::LEN)?.get(start..)?);
    if ip.version != 4 || ip.header_len() < Header::LEN || ip.fragment_offset != 0 {
        return None;
    }
    let at = start + ip.header_len();
    let transport = packet.pull(at + 8)?.get(at..at + 8)?;
    let word = |at: usize| u16::from_be_bytes([transport[at], transport[at + 1]]);
    let (src, dst) = match ip.protocol {
        Protocol::TCP | Protocol::UDP => (word(0), word(2)),
        Protocol::ICMP if transport[0] == Type::ECHO_REQUEST.0 => (word(4), 0),
        Protocol::ICMP if transport[0] == Type::ECHO_REPLY.0 => (0, word(4)),
        _ => return None,
    };
    // As much of TCP's header as is quoted, so that its checksum can be kept right (RFC 5508 REQ-4 does not ask for that).
    if ip.protocol == Protocol::TCP {
        let _ = packet.pull((at + 18).min(packet.len()));
    }
    Some((ip, src, dst))
}

/// Changes the quoted packet behind the IP header of `len` bytes, and the ICMP checksum for all that changed with it.
pub(super) fn rewrite(packet: &mut Packet, len: usize, change: Change) {
    let start = len + icmp::Header::LEN;
    let Some((outer, inner)) = packet.head_mut().split_at_mut_checked(start) else { return };
    // An even number of bytes, or the last would be summed in the wrong half of its word.
    let end = inner.len() / 2 * 2;
    let Some(inner) = inner.get_mut(..end).filter(|inner| inner.len() >= Header::LEN) else { return };
    let before = inner.to_vec();
    let ip = Header::read(inner);
    let Some((header, transport)) = inner.split_at_mut_checked(ip.header_len()) else { return };
    if transport.len() < 8 {
        return;
    }
    let address = replace_address(header, change.side, change.new.0);
    let (old, _) = replace_port(transport, ip.protocol, change.side, address, change.new);
    adjust_transport(transport, ip.protocol, &old, &bytes_of(change.new));
    let at = len + CHECKSUM;
    let sum = adjust_bytes(u16::from_be_bytes([outer[at], outer[at + 1]]), &before, inner);
    outer[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}
