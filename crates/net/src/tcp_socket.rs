//! TCP sockets for tasks.

use std::fmt;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::Bytes;
use host::{ConnectOptions, ListenOptions, SocketId};
use tcp::{Errno, Info, Keepalive};
use wire::{Body, Chunk};

use crate::os::Os;
use crate::socket::{Interest, Socket};

/// How many bytes one write copies at most: few enough that they are still in the cache when TCP sums them up.
const MOST_AT_ONCE: usize = 64 << 10;

/// A socket that listens for connections. Dropping it closes it.
pub struct TcpListener {
    socket: Socket,
    local: SocketAddr,
}

impl TcpListener {
    pub(crate) fn listen(os: &Os, local: SocketAddr, options: ListenOptions) -> Result<TcpListener, Errno> {
        let id = os.with_host(|host, cx| host.tcp_listen(local, options, cx))?;
        let socket = Socket::new(os, id);
        let local = socket.ask(|host, id| host.local_addr(id)).unwrap_or(local);
        Ok(TcpListener { socket, local })
    }

    /// The address and port that it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    /// If the socket fails.
    pub async fn accept(&self) -> Result<(TcpStream, SocketAddr), Errno> {
        std::future::poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// The next connection, or a wake when there is one. One task at a time may wait.
    ///
    /// # Errors
    /// If the socket fails.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<(TcpStream, SocketAddr), Errno>> {
        self.socket.poll(cx, Interest::Read, |host, id, cx| host.tcp_accept(id, cx)).map(|accepted| {
            let (id, peer) = accepted?;
            Ok((TcpStream::new(&self.socket.os(), id, peer), peer))
        })
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("id", &self.socket.id).field("local", &self.local).finish()
    }
}

/// A TCP connection. Dropping it closes it: with a FIN, or with a reset if received data is unread.
pub struct TcpStream {
    socket: Socket,
    local: SocketAddr,
    peer: SocketAddr,
}

impl TcpStream {
    fn new(os: &Os, id: SocketId, peer: SocketAddr) -> TcpStream {
        let socket = Socket::new(os, id);
        let local = socket.ask(|host, id| host.local_addr(id)).unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        TcpStream { socket, local, peer }
    }

    pub(crate) async fn connect(os: &Os, peer: SocketAddr, options: Box<ConnectOptions>) -> Result<TcpStream, Errno> {
        let id = os.with_host(|host, cx| host.tcp_connect(peer, *options, cx))?;
        let stream = TcpStream::new(os, id, peer);
        std::future::poll_fn(|cx| stream.socket.poll(cx, Interest::Write, |host, id, _| host.tcp_connected(id)))
            .await?;
        Ok(stream)
    }

    /// This end.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
    /// The other end.
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer
    }
    /// The socket's number on its host: the subject of its events.
    pub fn id(&self) -> SocketId {
        self.socket.id
    }
    /// The machine that it is on.
    pub fn os(&self) -> Os {
        self.socket.os()
    }
    /// The connection's figures, as long as the host knows it.
    pub fn info(&self) -> Option<Info> {
        self.socket.ask(|host, id| host.tcp_info(id))
    }

    /// Sends small segments at once (`true`), or holds them back while one is unacknowledged (Nagle, RFC 9293 §3.7.4).
    pub fn set_nodelay(&self, nodelay: bool) -> Result<(), Errno> {
        self.socket.call(|host, id, cx| host.tcp_set_nodelay(id, nodelay, cx))
    }
    /// Asks whether a silent peer is still there (RFC 9293 §3.8.4), or does not.
    pub fn set_keepalive(&self, keepalive: Option<Keepalive>) -> Result<(), Errno> {
        self.socket.call(|host, id, cx| host.tcp_set_keepalive(id, keepalive, cx))
    }

    /// At most `max` received bytes, shared, or a wake when there are some; empty at the end of the stream. One task at a
    /// time may wait to read.
    ///
    /// # Errors
    /// If the connection has failed.
    pub fn poll_recv(&self, cx: &mut Context<'_>, max: usize) -> Poll<Result<Body, Errno>> {
        self.socket.poll(cx, Interest::Read, |host, id, cx| host.tcp_recv(id, max, cx))
    }
    /// Copies received bytes to `buffer` and says how many: 0 at the end of the stream. As [`TcpStream::poll_recv`].
    ///
    /// # Errors
    /// If the connection has failed.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Errno>> {
        self.poll_recv(cx, buffer.len()).map_ok(|body| body.copy_to(buffer))
    }
    /// Sends bytes, shared: as many as there is room for, at least one, or a wake when there is room. One task at a time may
    /// wait to write.
    ///
    /// # Errors
    /// If the connection has failed or this direction is closed.
    pub fn poll_send(&self, cx: &mut Context<'_>, data: &Body) -> Poll<Result<usize, Errno>> {
        self.socket.poll(cx, Interest::Write, |host, id, cx| host.tcp_send(id, data.clone(), cx))
    }
    /// Sends a copy of bytes. As [`TcpStream::poll_send`].
    ///
    /// # Errors
    /// As [`TcpStream::poll_send`].
    pub fn poll_write(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Errno>> {
        self.poll_write_vectored(cx, [data])
    }
    /// Sends a copy of several pieces as one. As [`TcpStream::poll_send`].
    ///
    /// # Errors
    /// As [`TcpStream::poll_send`].
    pub fn poll_write_vectored<'a>(
        &self,
        cx: &mut Context<'_>,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Poll<Result<usize, Errno>> {
        self.socket.poll(cx, Interest::Write, |host, id, cx| {
            // No more is copied than there is room for.
            let mut room = host.tcp_send_room(id)?.min(MOST_AT_ONCE);
            let mut copy = Vec::new();
            for piece in pieces {
                let n = piece.len().min(room);
                copy.extend_from_slice(&piece[..n]);
                room -= n;
            }
            // TCP cuts it into segments and sums each: a sum over all of it would be for nothing.
            let mut body = Body::empty();
            body.push(Chunk::unsummed(copy.into()));
            host.tcp_send(id, body, cx)
        })
    }

    /// Waits for at most `max` received bytes; empty at the end of the stream.
    ///
    /// # Errors
    /// If the connection has failed.
    pub async fn recv(&self, max: usize) -> Result<Bytes, Errno> {
        std::future::poll_fn(|cx| self.poll_recv(cx, max)).await.map(|body| body.to_bytes())
    }
    /// Waits for everything up to the end of the stream.
    ///
    /// # Errors
    /// If the connection has failed.
    pub async fn recv_to_end(&self) -> Result<Bytes, Errno> {
        let mut all = Body::empty();
        loop {
            let body = std::future::poll_fn(|cx| self.poll_recv(cx, usize::MAX)).await?;
            if body.is_empty() {
                return Ok(all.to_bytes());
            }
            all.append(body);
        }
    }
    /// Sends all of it, shared, waiting for room as needed.
    ///
    /// # Errors
    /// If the connection fails or this direction is closed.
    pub async fn send_all(&self, data: Bytes) -> Result<(), Errno> {
        let (mut at, len) = (0, data.len());
        while at < len {
            let mut body = Body::empty();
            body.push(Chunk::unsummed(data.slice(at..)));
            at += std::future::poll_fn(|cx| self.poll_send(cx, &body)).await?;
        }
        Ok(())
    }
    /// Says that nothing more will be sent: a FIN follows the data (RFC 9293 §3.6). Reading goes on.
    ///
    /// # Errors
    /// If the connection has failed.
    pub fn shutdown(&self) -> Result<(), Errno> {
        self.socket.call(|host, id, cx| host.tcp_shutdown(id, cx))
    }
    /// Ends the connection with a reset (RFC 9293 §3.10.5).
    pub fn abort(self) {
        let _ = self.socket.call(|host, id, cx| host.tcp_abort(id, cx));
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TcpStream({} to {})", self.local, self.peer)
    }
}
