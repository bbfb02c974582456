//! Pings for tasks.

use std::fmt;
use std::net::IpAddr;
use std::task::{Context, Poll};

use host::PingAnswer;
use tcp::Errno;

use crate::os::Os;
use crate::socket::{Interest, Socket};
use crate::udp_socket::Message;

/// A socket that pings (ICMP echo, RFC 792 and RFC 4443). Dropping it closes it.
pub struct PingSocket {
    socket: Socket,
}

impl PingSocket {
    pub(crate) fn open(os: &Os) -> Result<PingSocket, Errno> {
        let id = os.with_host(|host, _| host.ping_open())?;
        Ok(PingSocket { socket: Socket::new(os, id) })
    }

    /// Sends an echo request; with a TTL other than the host's where one is given, as a traceroute does.
    ///
    /// # Errors
    /// If no route leads there, it is a broadcast address, or the data is too long.
    pub fn send(
        &self,
        to: impl Into<IpAddr>,
        sequence: u16,
        data: impl Into<Message>,
        ttl: Option<u8>,
    ) -> Result<(), Errno> {
        let (data, to) = (data.into().0, to.into());
        self.socket.call(|host, id, cx| host.ping_send(id, to, sequence, data, ttl, cx))
    }

    /// Waits for what comes back of a ping: a reply, or an error that a router reports.
    ///
    /// # Errors
    /// If the socket fails.
    pub async fn recv(&self) -> Result<PingAnswer, Errno> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// An answer, or a wake when there is one. One task at a time may wait.
    ///
    /// # Errors
    /// If the socket fails.
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Result<PingAnswer, Errno>> {
        self.socket.poll(cx, Interest::Read, |host, id, _| host.ping_recv(id))
    }
}

impl fmt::Debug for PingSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PingSocket").field("id", &self.socket.id).finish()
    }
}
