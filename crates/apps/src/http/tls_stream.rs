//! A TLS connection by rustls over a simulated TCP connection.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use hyper::rt::ReadBufCursor;
use net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

/// Received bytes that are handed to rustls at a time: a record and a half.
const READ_SIZE: usize = 24 * 1024;
/// Encrypted bytes that wait for room in the socket before the writer has to wait too.
const WRITE_AHEAD: usize = 64 * 1024;

/// Why a TLS connection failed.
#[derive(Debug)]
pub enum TlsError {
    /// The protocol: a certificate, an alert, a message that must not be.
    Tls(rustls::Error),
    /// The TCP connection below.
    Tcp(io::Error),
}

impl std::fmt::Display for TlsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TlsError::Tls(error) => write!(f, "{error}"),
            TlsError::Tcp(error) => write!(f, "the connection failed during the handshake: {error}"),
        }
    }
}
impl std::error::Error for TlsError {}

/// One end of a TLS connection.
#[derive(Debug)]
pub struct TlsStream {
    tcp: TcpStream,
    tls: rustls::Connection,
    /// Received bytes that rustls has not taken yet: it holds only so much that the program has not read.
    inbox: VecDeque<Bytes>,
    /// Encrypted bytes that the socket has not taken yet, from `sent` on.
    out: Vec<u8>,
    sent: usize,
    /// The other side has closed the TCP connection.
    eof: bool,
}

impl TlsStream {
    /// Shakes hands as a client that wants to talk to `name`.
    ///
    /// # Errors
    /// If the handshake fails; an alert has then been sent where TLS asks for one.
    pub async fn connect(
        tcp: TcpStream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<TlsStream, TlsError> {
        let tls = rustls::ClientConnection::new(config, name).map_err(TlsError::Tls)?;
        TlsStream::handshake(tcp, tls.into()).await
    }

    /// Shakes hands as a server.
    ///
    /// # Errors
    /// As [`TlsStream::connect`].
    pub async fn accept(tcp: TcpStream, config: Arc<ServerConfig>) -> Result<TlsStream, TlsError> {
        let tls = rustls::ServerConnection::new(config).map_err(TlsError::Tls)?;
        TlsStream::handshake(tcp, tls.into()).await
    }

    async fn handshake(tcp: TcpStream, tls: rustls::Connection) -> Result<TlsStream, TlsError> {
        let mut stream = TlsStream { tcp, tls, inbox: VecDeque::new(), out: Vec::new(), sent: 0, eof: false };
        loop {
            std::future::poll_fn(|cx| stream.poll_drain(cx)).await.map_err(TlsError::Tcp)?;
            if !stream.tls.is_handshaking() {
                return Ok(stream);
            }
            if stream.eof {
                return Err(TlsError::Tcp(io::ErrorKind::UnexpectedEof.into()));
            }
            if let Err(error) = std::future::poll_fn(|cx| stream.poll_receive(cx)).await {
                // The alert that says why still goes out.
                let _ = std::future::poll_fn(|cx| stream.poll_drain(cx)).await;
                return Err(match error.downcast::<rustls::Error>() {
                    Ok(tls) => TlsError::Tls(tls),
                    Err(tcp) => TlsError::Tcp(tcp),
                });
            }
        }
    }

    /// The connection as rustls sees it: version, cipher suite, ALPN.
    pub fn tls(&self) -> &rustls::Connection {
        &self.tls
    }
    /// The TCP connection below.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Takes in what the socket has and lets rustls work on it, until there is something for the program to read.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.inbox.is_empty() {
            let body = ready!(self.tcp.poll_recv(cx, READ_SIZE)).map_err(io::Error::from)?;
            if body.is_empty() {
                self.eof = true;
                self.tls.read_tls(&mut io::empty())?;
            }
            self.inbox.extend(body.chunks().iter().map(|chunk| chunk.bytes().clone()));
        }
        while let Some(first) = self.inbox.front_mut() {
            let taken = self.tls.read_tls(&mut &first[..])?;
            first.advance(taken);
            if first.is_empty() {
                self.inbox.pop_front();
            }
            if self.tls.process_new_packets().map_err(io::Error::other)?.plaintext_bytes_to_read() > 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Moves what rustls wants to send into the socket, until nothing is left.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.tls.wants_write() {
                self.tls.write_tls(&mut self.out)?;
            }
            if self.sent == self.out.len() {
                self.out.clear();
                self.sent = 0;
                return Poll::Ready(Ok(()));
            }
            self.sent += ready!(self.tcp.poll_write(cx, &self.out[self.sent..])).map_err(io::Error::from)?;
        }
    }

    fn backlog(&self) -> usize {
        self.out.len() - self.sent
    }
}

impl hyper::rt::Read for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &mut *self;
        let mut plain = [0; 16 * 1024];
        loop {
            let want = plain.len().min(buffer.remaining());
            match stream.tls.reader().read(&mut plain[..want]) {
                Ok(n) => {
                    buffer.put_slice(&plain[..n]);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !stream.eof => {}
                // RFC 8446 §6.1: an end without close_notify is a truncation; hyper knows by the framing whether it hurts.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof || stream.eof => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
            ready!(stream.poll_receive(cx))?;
            // Receiving may have made something to send: a key update's answer, an alert.
            let _ = stream.poll_drain(cx)?;
        }
    }
}

impl hyper::rt::Write for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.backlog() > WRITE_AHEAD {
            ready!(self.poll_drain(cx))?;
        }
        let n = self.tls.writer().write(data)?;
        let drained = self.poll_drain(cx)?;
        if n == 0 && drained.is_pending() { Poll::Pending } else { Poll::Ready(Ok(n)) }
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_drain(cx)
    }
    /// Says goodbye (close_notify, RFC 8446 §6.1), then closes this direction of the TCP connection.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tls.send_close_notify();
        ready!(self.poll_drain(cx))?;
        Poll::Ready(self.tcp.shutdown().map_err(io::Error::from))
    }
}
