//! What follows from anything that happens to a connection.

use std::net::{IpAddr, SocketAddr};

use base::EventId;
use tcp::{Errno, IcmpError, Parcel, Ready};
use trace::Cx;
use wire::ipv4::{Dscp, Protocol};
use wire::tcp::Flags;

use super::Connected;
use crate::output::{Hop, Output, Path, Sizing};
use crate::sockets::{Slot, Socket};
use crate::timers::Timer;
use crate::{Host, SocketId};

impl Host {
    /// After anything has happened to a connection: sends what it has to send, tells its listener and its program, arms its
    /// timer, and buries it. `event` is what happened; without it the program is not woken.
    pub(super) fn drive(&mut self, slot: Slot, event: EventId, cx: &mut Cx<'_>) {
        self.send_segments(slot, cx);
        self.settle(slot, event, cx);
    }

    /// The second half of [`Host::drive`]: what remains when all is sent.
    #[inline]
    fn settle(&mut self, slot: Slot, event: EventId, cx: &mut Cx<'_>) {
        let Some((id, Socket::Connected(connected))) = self.sockets.at_mut(slot) else { return };
        connected.connection.tell_figures(&mut cx.caused_by(if event.is_none() { cx.cause } else { event }));
        let (id, listener) = (*id, connected.listener);
        let (ready, closed) = (connected.connection.ready(), connected.connection.is_closed());
        let (was, held) = (connected.ready, connected.held);
        connected.ready = ready;
        let more = self.tells_each_arrival && connected.connection.unread() > connected.unread;
        connected.unread = connected.connection.unread();
        let due = connected.connection.poll_timeout();
        if due < connected.armed {
            connected.armed = due;
            self.timers.arm(due, Timer::Tcp(slot));
        }
        if let Some(listener) = listener {
            self.tell_listener(listener, id, ready, closed, event, cx);
        }
        if held && (ready != was || more) && !event.is_none() {
            self.ready.push_back((id, event));
        }
        // A connection that a program holds stays until the program closes it; one that it will never see goes.
        if closed && (!held || (listener.is_some() && !ready.connected)) {
            self.remove_connection(slot);
        } else if closed {
            self.unlist(slot);
        }
    }

    /// As [`Host::settle`], for what can only have emptied the receive buffer.
    pub(super) fn settle_read(&mut self, slot: Slot, cx: &mut Cx<'_>) {
        let Some(connected) = self.sockets.connected(slot) else { return };
        if connected.listener.is_some() || connected.connection.is_closed() {
            return self.settle(slot, EventId::NONE, cx);
        }
        connected.connection.tell_buffers(cx);
        connected.ready.readable = connected.connection.is_readable();
        connected.unread = connected.connection.unread();
    }

    /// Sends all that a connection has to send.
    #[inline]
    fn send_segments(&mut self, slot: Slot, cx: &mut Cx<'_>) {
        let mut told = false;
        let version = self.routes.version();
        while let Some(connected) = self.sockets.connected(slot) {
            let Some(parcel) = connected.connection.poll_packet(cx) else { break };
            let id = connected.next_packet_id(parcel.flags);
            let (dscp, discovers) = connected.connection.packets();
            let (dscp, sizing) = (Dscp(dscp), if discovers { Sizing::Never } else { Sizing::Fragment });
            // The way is looked for once for each state of the routes, not once a segment.
            let known = connected.way.filter(|(found, _)| *found == version).map(|(_, hop)| hop);
            let ends = (connected.connection.local(), connected.connection.remote());
            let parcel = match (ends, known) {
                ((SocketAddr::V4(from), SocketAddr::V4(to)), Some(Hop::Neighbour(interface, next_hop)))
                    if discovers =>
                {
                    let ends = (*from.ip(), *to.ip());
                    match self.send_to_known(parcel, ends, (interface, next_hop), (dscp, id), cx) {
                        Ok(()) => continue,
                        Err(parcel) => parcel,
                    }
                }
                _ => parcel,
            };
            let Parcel { packet, event, ecn, seq, .. } = parcel;
            let (source, destination) = (ends.0.ip(), ends.1.ip());
            let Some(hop) = known.or_else(|| self.find_way(slot, source, destination)) else { continue };
            let path = Path { source, destination, hop, row: None };
            let output = Output { protocol: Protocol::TCP, ttl: self.ttl, dscp, ecn, sizing, id, event };
            if self.output(packet, &path, &output, cx) == Err(Errno::MessageTooLong)
                && !std::mem::replace(&mut told, true)
            {
                // Our own link, or a path that we know, is narrower than the connection thinks: as if a router had said so.
                let mtu = self.path_mtu(&path, cx.now) as u16;
                if let Some(connected) = self.sockets.connected(slot) {
                    let error = IcmpError::FragmentationNeeded { mtu };
                    connected.connection.handle_icmp(error, seq, &mut cx.caused_by(event));
                }
            }
        }
    }

    /// Looks for the way to a connection's other end, and keeps it.
    fn find_way(&mut self, slot: Slot, source: IpAddr, destination: IpAddr) -> Option<Hop> {
        let hop = self.path(destination, Some(source), None).ok().map(|path| path.hop);
        let version = self.routes.version();
        if let Some(connected) = self.sockets.connected(slot) {
            connected.way = hop.map(|hop| (version, hop));
        }
        hop
    }

    fn tell_listener(&mut self, slot: Slot, id: SocketId, ready: Ready, closed: bool, event: EventId, cx: &mut Cx<'_>) {
        let Some((listener_id, Socket::Listening(listening))) = self.sockets.at_mut(slot) else { return };
        let listener_id = *listener_id;
        if ready.connected && !closed {
            let mut cx = cx.caused_by(if event.is_none() { cx.cause } else { event });
            if listening.listener.completed(id.0, &mut cx) {
                let event = cx.recorder.last_event();
                self.ready.push_back((listener_id, event));
            }
        } else if closed {
            listening.listener.gone(id.0);
        }
    }
}

impl Connected {
    /// The identification of the packet that carries its next segment.
    fn next_packet_id(&mut self, flags: Flags) -> u16 {
        self.packet_id = self.packet_id.wrapping_add(1);
        // Linux gives SYN-ACKs, which are sent before there is a connection to count, the identification 0.
        if flags.contains(Flags::SYN | Flags::ACK) { 0 } else { self.packet_id }
    }
}
