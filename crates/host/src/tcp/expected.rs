//! The short ways of TCP on its host: a frame with the segment that a connection expects goes to it at once, and what a connection
//! sends to a neighbour that is known gets both headers at once. All is checked that the long way checks; what is not as usual
//! goes there with nothing done to it.

use std::net::{IpAddr, Ipv4Addr};

use base::EventId;
use tcp::Parcel;
use trace::Cx;
use wire::Packet;
use wire::ethernet::{self, EtherType};
use wire::ipv4::{self, Dscp, Protocol};
use wire::tcp::Plain;

use super::input::first_after;
use crate::{Host, InterfaceId};

/// Where the headers of a frame begin and end.
const IP: usize = ethernet::Header::LEN;
const TCP: usize = IP + ipv4::Header::LEN;
const END: usize = TCP + Plain::LEN;

impl Host {
    /// A frame with a segment that its connection [expects](tcp::Connection::take_expected) is taken. `false`: nothing has
    /// happened, and it is for the long way.
    #[inline]
    pub(crate) fn take_expected(&mut self, interface: InterfaceId, frame: &mut Packet, cx: &mut Cx<'_>) -> bool {
        let Ok(head) = <&[u8; END]>::try_from(frame.head()) else { return false };
        let Some(port) = self.interfaces.get(interface.index()) else { return false };
        let link = ethernet::Header::read(&head[..IP]);
        if link.dst != port.mac || link.ethertype != EtherType::IPV4 || link.src.is_multicast() {
            return false;
        }
        let Some(ip) = ipv4::Header::read_plain(&head[IP..TCP]) else { return false };
        let whole = usize::from(ip.total_len) == END - IP + frame.body().len() && !ip.is_fragment();
        // What proves that a neighbour is there is of use where that is in doubt.
        if !whole || ip.protocol != Protocol::TCP || port.neighbours.has_doubts() || !self.knows_own(interface, &ip) {
            return false;
        }
        let (src, dst) = (ip.src.into(), ip.dst.into());
        let Some((bytes, header)) = head.last_chunk().and_then(|bytes| Some((bytes, Plain::read(bytes)?))) else {
            return false;
        };
        if !Plain::sum(bytes, src, dst, frame.body()).verifies() {
            return false;
        }
        let (local, remote) = ((ip.dst, header.dst_port), (ip.src, header.src_port));
        let Some(slot) = self.tcp.connections.get_ipv4(local, remote) else { return false };
        let Some(connected) = self.sockets.connected(slot).filter(|connected| connected.listener.is_none()) else {
            return false;
        };
        let before = cx.recorder.last_event();
        if !connected.connection.take_expected(&header, frame, cx) {
            return false;
        }
        self.drive(slot, first_after(before, cx), cx);
        true
    }

    /// A segment that may not be cut up leaves for a neighbour that is known, by a link that takes it. Otherwise it comes back.
    #[inline]
    pub(super) fn send_to_known(
        &mut self,
        parcel: Parcel,
        (src, dst): (Ipv4Addr, Ipv4Addr),
        (interface, next_hop): (InterfaceId, IpAddr),
        (dscp, id): (Dscp, u16),
        cx: &Cx<'_>,
    ) -> Result<(), Parcel> {
        let len = ipv4::Header::LEN + parcel.packet.len();
        let path_mtu = self.path_mtus.get(dst.into(), cx.now);
        let fits = |mtu: u16| len <= usize::from(path_mtu.map_or(mtu, |path| path.min(mtu)));
        let port = self.interfaces.get_mut(interface.index()).filter(|port| fits(port.mtu) && next_hop.is_ipv4());
        let Some(port) = port else { return Err(parcel) };
        let Some(mac) = port.neighbours.use_known(next_hop, cx.now) else { return Err(parcel) };
        let mut header = ipv4::Header::new(src, dst, Protocol::TCP, parcel.packet.len());
        (header.ttl, header.dscp, header.id, header.ecn) = (self.ttl, dscp, id, parcel.ecn);
        let mut bytes = [0; TCP];
        ethernet::Header { dst: mac, src: port.mac, ethertype: EtherType::IPV4 }.write(&mut bytes[..IP]);
        bytes[IP..].copy_from_slice(&header.plain_bytes());
        let Parcel { mut packet, event, .. } = parcel;
        packet.push_array(bytes);
        self.send_frame(interface, packet, event);
        Ok(())
    }

    /// A frame that was made here leaves.
    #[inline]
    fn send_frame(&mut self, interface: InterfaceId, frame: Packet, event: EventId) {
        self.out.push_back(crate::Outgoing { interface, frame, event, derived_from: None });
    }
}
