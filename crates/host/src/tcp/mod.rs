//! TCP's sockets: which connection a segment belongs to, listeners, ports, and the time after a close.

mod challenges;
mod cookies;
mod drive;
mod expected;
mod input;
mod open;
mod socket;
mod table;

use std::net::{IpAddr, SocketAddr};

use base::{Instant, Map};
use smallvec::SmallVec;
use tcp::{Connection, FastOpenServer, Listener, Ready};
use wire::tcp::{Seq, State};

pub use cookies::FastOpenConnect;

use crate::SocketId;
use crate::output::Hop;
use crate::ports::{Isns, Ports, folded};
use crate::sockets::Slot;
use table::Connections;

/// Bytes of IP and TCP headers without options: what the MTU loses to them (RFC 9293 §3.7.1).
fn headers(address: IpAddr) -> u16 {
    if address.is_ipv4() { 40 } else { 60 }
}

/// Both ends of a connection, of one family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FourTuple {
    local_ip: IpAddr,
    remote_ip: IpAddr,
    local_port: u16,
    remote_port: u16,
}

impl FourTuple {
    fn new(local: (IpAddr, u16), remote: (IpAddr, u16)) -> FourTuple {
        FourTuple { local_ip: local.0, remote_ip: remote.0, local_port: local.1, remote_port: remote.1 }
    }
    fn local(self) -> SocketAddr {
        SocketAddr::new(self.local_ip, self.local_port)
    }
    fn remote(self) -> SocketAddr {
        SocketAddr::new(self.remote_ip, self.remote_port)
    }
    /// Each end as a number, to choose a port by.
    fn about(self) -> [u64; 2] {
        let end = |ip, port| folded(ip) << 16 | u64::from(port);
        [end(self.local_ip, self.local_port), end(self.remote_ip, self.remote_port)]
    }
}

/// A connection on its host.
#[repr(C)]
pub(crate) struct Connected {
    /// What the program may do, as of the last thing that happened to the connection.
    pub(crate) ready: Ready,
    /// How much was unread when the program was told last.
    unread: usize,
    /// The earliest timer in the heap that is for this connection.
    armed: Instant,
    /// The first step of the way to the other end, as found when the routes had this version.
    way: Option<(u64, Hop)>,
    /// The identification of its packets, which says nothing (RFC 6864 §4.1) and counts up as on Linux.
    packet_id: u16,
    /// Whether SO_REUSEADDR is set, which is inherited from the listener.
    reuse_address: bool,
    /// Whether a program chose the local port: then the port is taken for all others.
    port_bound: bool,
    /// The listener in whose queue it is.
    listener: Option<Slot>,
    /// Whether a program holds it (or will, from the listener's queue).
    held: bool,
    /// Whether it stands in the tables: one that has ended no longer does, though its program may still hold it.
    listed: bool,
    /// The connection itself, its hottest part first.
    pub(crate) connection: Connection,
}

impl Connected {
    /// Its ends.
    #[inline]
    fn tuple(&self) -> FourTuple {
        let (local, remote) = (self.connection.local(), self.connection.remote());
        FourTuple::new((local.ip(), local.port()), (remote.ip(), remote.port()))
    }
}

/// A listener on its host.
pub(crate) struct Listening {
    pub(crate) listener: Listener,
    local: SocketAddr,
    reuse_address: bool,
    v6_only: bool,
    /// How it takes Fast Open, if it does, and who is open on a cookie alone.
    fast_open: Option<FastOpenServer>,
    unproven: SmallVec<[Slot; 1]>,
}

/// Who uses a local TCP port.
#[derive(Default, Debug)]
struct PortUse {
    listeners: SmallVec<[Slot; 1]>,
    /// Connections on the port that leave it to others with SO_REUSEADDR, and those that do not.
    with_reuse: usize,
    without_reuse: usize,
    /// Connections whose program chose the port.
    bound: usize,
}

/// TCP's tables.
pub(crate) struct Tables {
    connections: Connections,
    by_port: Map<u16, PortUse>,
    ports: Ports,
    isns: Isns,
    time_wait_reuse: bool,
    cookies: cookies::Cookies,
    challenges: challenges::Challenges,
}

impl Tables {
    pub(crate) fn new(ports: Ports, isns: Isns, time_wait_reuse: bool) -> Tables {
        let (cookies, challenges) = Default::default();
        Tables {
            connections: Connections::default(),
            by_port: Map::default(),
            ports,
            isns,
            time_wait_reuse,
            cookies,
            challenges,
        }
    }
    pub(crate) fn set_port_range(&mut self, first: u16, last: u16) {
        self.ports.set_range(first, last);
    }
    pub(crate) fn set_time_wait_reuse(&mut self, reuse: bool) {
        self.time_wait_reuse = reuse;
    }
    /// How many connections segments can find, and how many ports are in use.
    pub(crate) fn connections(&self) -> usize {
        self.connections.len()
    }
    pub(crate) fn ports_used(&self) -> usize {
        self.by_port.len()
    }
    /// Whether any socket uses `port`.
    pub(crate) fn is_used(&self, port: u16) -> bool {
        self.by_port.contains_key(&port)
    }
    fn isn(&mut self, now: Instant, tuple: FourTuple) -> Seq {
        let Isns { named, secret } = &mut self.isns;
        named.pop().unwrap_or_else(|| tcp::isn(*secret, now, tuple.local(), tuple.remote()))
    }
}

/// A row of the table of connections, for display (as `ss` shows it).
#[derive(Clone, Copy, Debug)]
pub struct ConnectionRow {
    /// The socket.
    pub id: SocketId,
    /// This end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// Its state.
    pub state: State,
}
