//! UDP sockets for tasks.

use std::fmt;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use base::Duration;
use bytes::Bytes;
use host::{Datagram, SocketId, UdpOptions};
use tcp::Errno;
use wire::Body;

use crate::os::Os;
use crate::socket::{Interest, Socket};

/// A UDP socket. Dropping it closes it.
pub struct UdpSocket {
    socket: Socket,
    local: SocketAddr,
}

impl UdpSocket {
    pub(crate) fn bind(os: &Os, local: SocketAddr, options: UdpOptions) -> Result<UdpSocket, Errno> {
        let id = os.with_host(|host, cx| host.udp_bind(local, options, cx))?;
        let socket = Socket::new(os, id);
        let local = socket.ask(|host, id| host.local_addr(id)).unwrap_or(local);
        Ok(UdpSocket { socket, local })
    }

    /// The address and port that it is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The socket's number on its host: the subject of its events.
    pub fn id(&self) -> SocketId {
        self.socket.id
    }

    /// Connects the socket: it hears from `remote` alone, and is told of ICMP errors about what it sent there.
    ///
    /// # Errors
    /// If no route leads there.
    pub fn connect(&self, remote: SocketAddr) -> Result<(), Errno> {
        self.socket.call(|host, id, _| host.udp_connect(id, remote))
    }

    /// Sends a message.
    ///
    /// # Errors
    /// If no route leads there, the message is too long, or an earlier one was answered by an ICMP error.
    pub fn send_to(&self, data: impl Into<Message>, to: SocketAddr) -> Result<(), Errno> {
        let data = data.into().0;
        self.socket.call(|host, id, cx| host.udp_send_to(id, data, to, cx))
    }

    /// Waits for a message: what it says, and who sent it.
    ///
    /// # Errors
    /// If an earlier message of ours was answered by an ICMP error.
    pub async fn recv_from(&self) -> Result<(Bytes, SocketAddr), Errno> {
        let datagram = self.recv().await?;
        Ok((datagram.data.to_bytes(), datagram.from))
    }

    /// Waits for a message, with all that is known about its way.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub async fn recv(&self) -> Result<Datagram, Errno> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for a message, but no longer than `length`.
    ///
    /// # Errors
    /// [`Errno::TimedOut`] if none came; else as [`UdpSocket::recv_from`].
    pub async fn recv_from_within(&self, length: Duration) -> Result<(Bytes, SocketAddr), Errno> {
        self.socket.os().timeout(length, self.recv_from()).await.unwrap_or(Err(Errno::TimedOut))
    }

    /// A message, or a wake when there is one. One task at a time may wait.
    ///
    /// # Errors
    /// As [`UdpSocket::recv_from`].
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Result<Datagram, Errno>> {
        self.socket.poll(cx, Interest::Read, |host, id, cx| host.udp_recv_from(id, cx))
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("id", &self.socket.id).field("local", &self.local).finish()
    }
}

/// What can be sent: bytes in whatever form they are at hand.
#[derive(Clone, Debug)]
pub struct Message(pub Body);

impl From<Body> for Message {
    fn from(body: Body) -> Message {
        Message(body)
    }
}
impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Message {
        Message(bytes.into())
    }
}
impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message(bytes.into())
    }
}
impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Message {
        Message(bytes.to_vec().into())
    }
}
impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message(text.as_bytes().to_vec().into())
    }
}
