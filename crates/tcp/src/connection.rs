//! One connection.

use std::net::SocketAddr;

use base::{EventId, Instant};
use trace::Cx;
use wire::Body;
use wire::tcp::{Seq, State};

use crate::{Config, Errno, Info, Keepalive, Ready, Segment};

/// One TCP connection (RFC 9293), sans-IO. Drive it with the `handle_*` methods and the commands; after each, send what
/// [`Connection::poll_transmit`] gives until it gives nothing, and come back at [`Connection::poll_timeout`].
#[derive(Debug)]
pub struct Connection {
    id: u32,
    local: SocketAddr,
    remote: SocketAddr,
    state: State,
    info: Info,
}

/// A segment to send, and the event of its sending.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// The segment.
    pub segment: Segment,
    /// `tcp.sent`: why it is sent.
    pub event: EventId,
}

/// What an ICMP message said about a segment of ours (RFC 5461).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IcmpError {
    /// It did not arrive, for this reason; `code` is ICMP's type and code.
    Unreachable {
        /// What a program is told.
        errno: Errno,
        /// ICMP's type and code.
        code: (u8, u8),
    },
    /// It did not fit through a link with this MTU (RFC 1191 §3); 0: the router did not say.
    FragmentationNeeded {
        /// The next hop's MTU in bytes.
        mtu: u16,
    },
}

#[allow(missing_docs, unused_variables)]
impl Connection {
    pub fn connect(
        config: &Config,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        cx: &mut Cx,
    ) -> Connection {
        unreachable!()
    }
    pub fn accept(
        config: &Config,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        syn: &Segment,
        cx: &mut Cx,
    ) -> Connection {
        unreachable!()
    }
    pub fn id(&self) -> u32 {
        self.id
    }
    pub fn local(&self) -> SocketAddr {
        self.local
    }
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }
    pub fn state(&self) -> State {
        self.state
    }
    /// Whether the connection has ended for good: nothing will be sent or received any more (after the last `poll_transmit`).
    pub fn is_closed(&self) -> bool {
        self.state == State::CLOSED
    }
    pub fn info(&self) -> Info {
        self.info
    }
    /// Why the connection failed, if it did. Stays.
    pub fn error(&self) -> Option<Errno> {
        None
    }
    pub fn ready(&self) -> Ready {
        Ready::default()
    }
    pub fn handle_segment(&mut self, segment: Segment, cx: &mut Cx) {}
    pub fn handle_timeout(&mut self, cx: &mut Cx) {}
    /// `quoted` is the sequence number in the piece of our segment that the ICMP message quotes.
    pub fn handle_icmp(&mut self, error: IcmpError, quoted: Seq, cx: &mut Cx) {}
    pub fn send(&mut self, data: Body, cx: &mut Cx) -> Result<usize, Errno> {
        Err(Errno::WouldBlock)
    }
    pub fn recv(&mut self, max: usize, cx: &mut Cx) -> Result<Body, Errno> {
        Err(Errno::WouldBlock)
    }
    pub fn shutdown(&mut self, cx: &mut Cx) -> Result<(), Errno> {
        Ok(())
    }
    pub fn close(&mut self, cx: &mut Cx) {}
    pub fn abort(&mut self, cx: &mut Cx) {}
    pub fn set_nodelay(&mut self, nodelay: bool, cx: &mut Cx) {}
    pub fn set_keepalive(&mut self, keepalive: Option<Keepalive>, cx: &mut Cx) {}
    /// In TIME-WAIT: whether `syn` may begin a new incarnation (RFC 6191, RFC 1122 §4.2.2.13). If so, this connection is CLOSED
    /// and the result is the least ISN to answer with; otherwise give the segment to `handle_segment`.
    pub fn reopen(&mut self, syn: &Segment, cx: &mut Cx) -> Option<Seq> {
        None
    }
    pub fn poll_transmit(&mut self, cx: &mut Cx) -> Option<Transmit> {
        None
    }
    pub fn poll_timeout(&self) -> Instant {
        Instant::NEVER
    }
}
