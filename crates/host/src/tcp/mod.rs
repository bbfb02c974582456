//! TCP's sockets: which connection a segment belongs to, listeners, ports, and the time after a close.

mod drive;
mod input;
mod open;
mod socket;
mod table;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use base::{Instant, Map};
use smallvec::SmallVec;
use tcp::{Connection, Listener, Ready};
use trace::Arg;
use wire::tcp::{Seq, State};

use crate::SocketId;
use crate::ipv4::Path;
use crate::ports::{Isns, Ports};
use crate::sockets::Slot;

/// Bytes of IPv4 and TCP headers without options: what the MTU loses to them (RFC 9293 §3.7.1).
const HEADERS: u16 = 40;

/// Both ends of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FourTuple {
    local: u64,
    remote: u64,
}

impl FourTuple {
    fn new(local: (Ipv4Addr, u16), remote: (Ipv4Addr, u16)) -> FourTuple {
        FourTuple { local: Arg::socket(local.0, local.1), remote: Arg::socket(remote.0, remote.1) }
    }
    fn local(self) -> SocketAddrV4 {
        unpack(self.local)
    }
    fn remote(self) -> SocketAddrV4 {
        unpack(self.remote)
    }
}

fn unpack(packed: u64) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::from_bits((packed >> 16) as u32), packed as u16)
}

/// A connection on its host.
pub(crate) struct Connected {
    pub(crate) connection: Connection,
    tuple: FourTuple,
    /// What the program was last told.
    ready: Ready,
    /// The earliest timer in the heap that is for this connection.
    armed: Instant,
    /// The way to the other end, as found when the routes had this version.
    way: Option<(u64, Path)>,
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
}

/// A listener on its host.
pub(crate) struct Listening {
    pub(crate) listener: Listener,
    local: SocketAddrV4,
    reuse_address: bool,
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
    connections: Map<FourTuple, Slot>,
    by_port: Map<u16, PortUse>,
    ports: Ports,
    isns: Isns,
    time_wait_reuse: bool,
}

impl Tables {
    pub(crate) fn new(ports: Ports, isns: Isns, time_wait_reuse: bool) -> Tables {
        Tables { connections: Map::default(), by_port: Map::default(), ports, isns, time_wait_reuse }
    }
    /// Whether any socket uses `port`.
    pub(crate) fn is_used(&self, port: u16) -> bool {
        self.by_port.contains_key(&port)
    }
    fn isn(&mut self, now: Instant, tuple: FourTuple) -> Seq {
        let Isns { named, secret } = &mut self.isns;
        named.pop().unwrap_or_else(|| tcp::isn(*secret, now, tuple.local().into(), tuple.remote().into()))
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
