//! The tables: connections by their ends, and who uses a port.

use std::net::{IpAddr, Ipv4Addr};

use base::{Instant, Map};
use tcp::Connection;

use super::{Connected, FourTuple, PortUse};
use crate::Host;
use crate::sockets::{Slot, Socket};

/// The connections by their ends. Those over IPv4 have a table of their own, where all of both ends is one number: they are
/// looked up for every segment.
#[derive(Default)]
pub(super) struct Connections {
    ipv4: Map<u128, Slot>,
    ipv6: Map<FourTuple, Slot>,
}

/// Both ends over IPv4 as a number of 96 bits.
#[inline]
fn key((local, local_port): (Ipv4Addr, u16), (remote, remote_port): (Ipv4Addr, u16)) -> u128 {
    let end = |ip: Ipv4Addr, port| u128::from(ip.to_bits()) << 16 | u128::from(port);
    end(local, local_port) << 48 | end(remote, remote_port)
}

impl Connections {
    fn key_of(tuple: &FourTuple) -> Option<u128> {
        match (tuple.local_ip, tuple.remote_ip) {
            (IpAddr::V4(local), IpAddr::V4(remote)) => {
                Some(key((local, tuple.local_port), (remote, tuple.remote_port)))
            }
            _ => None,
        }
    }
    /// The connection between these ends over IPv4.
    #[inline]
    pub(super) fn get_ipv4(&self, local: (Ipv4Addr, u16), remote: (Ipv4Addr, u16)) -> Option<Slot> {
        self.ipv4.get(&key(local, remote)).copied()
    }
    /// The connection between these ends.
    pub(super) fn get(&self, tuple: &FourTuple) -> Option<Slot> {
        match Connections::key_of(tuple) {
            Some(key) => self.ipv4.get(&key).copied(),
            None => self.ipv6.get(tuple).copied(),
        }
    }
    pub(super) fn len(&self) -> usize {
        self.ipv4.len() + self.ipv6.len()
    }
    fn insert(&mut self, tuple: FourTuple, slot: Slot) {
        match Connections::key_of(&tuple) {
            Some(key) => self.ipv4.insert(key, slot),
            None => self.ipv6.insert(tuple, slot),
        };
    }
    fn remove(&mut self, tuple: &FourTuple) {
        match Connections::key_of(tuple) {
            Some(key) => self.ipv4.remove(&key),
            None => self.ipv6.remove(tuple),
        };
    }
}

impl Host {
    #[allow(clippy::too_many_arguments)] // the parts of a connection on its host
    pub(super) fn add_connection(
        &mut self,
        connection: Connection,
        tuple: FourTuple,
        packet_id: u16,
        reuse_address: bool,
        port_bound: bool,
        listener: Option<Slot>,
    ) -> Slot {
        let ready = connection.ready();
        let connected = Connected {
            connection,
            ready,
            unread: 0,
            armed: Instant::NEVER,
            way: None,
            packet_id,
            reuse_address,
            port_bound,
            listener,
            held: true,
            listed: true,
        };
        let (_, slot) = self.sockets.insert(Socket::Connected(Box::new(connected)));
        self.tcp.connections.insert(tuple, slot);
        let usage = self.tcp.by_port.entry(tuple.local().port()).or_default();
        usage.bound += usize::from(port_bound);
        *(if reuse_address { &mut usage.with_reuse } else { &mut usage.without_reuse }) += 1;
        slot
    }

    /// Takes a connection away for good.
    pub(super) fn remove_connection(&mut self, slot: Slot) {
        self.unlist(slot);
        self.sockets.remove(slot);
    }

    /// Takes a connection that has ended out of the tables: its four-tuple and its port are free again.
    pub(super) fn unlist(&mut self, slot: Slot) {
        let Some(connected) = self.sockets.connected(slot).filter(|connected| connected.listed) else { return };
        connected.listed = false;
        let (tuple, port_bound, reuse) = (connected.tuple(), connected.port_bound, connected.reuse_address);
        self.tcp.connections.remove(&tuple);
        let port = tuple.local().port();
        if let Some(usage) = self.tcp.by_port.get_mut(&port) {
            usage.bound -= usize::from(port_bound);
            *(if reuse { &mut usage.with_reuse } else { &mut usage.without_reuse }) -= 1;
            self.tidy_port(port);
        }
    }

    /// Forgets a port that nobody uses.
    pub(super) fn tidy_port(&mut self, port: u16) {
        let unused = |usage: &PortUse| usage.listeners.is_empty() && usage.with_reuse + usage.without_reuse == 0;
        if self.tcp.by_port.get(&port).is_some_and(unused) {
            self.tcp.by_port.remove(&port);
        }
    }
}
