//! A connection that carries HTTP: TCP itself or TLS on top of it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base::Duration;
use bytes::{Bytes, BytesMut};
use hyper::rt::{Read, ReadBufCursor, Write};
use net::{Sleep, TcpStream};

use super::http2::PREFACE;
use super::{TlsStream, Version};

/// Bytes that are asked for first, as hyper asks for them.
const FIRST_READ: usize = 8 << 10;

/// How long an end that has closed its direction waits for the other to close its own.
const LINGER: Duration = Duration::from_secs(5);

/// A connection that carries HTTP.
///
/// Whoever closes first goes on reading until the other end has closed too, for at most five seconds: a socket that is
/// dropped while data is on its way to it would answer that data with a reset (RFC 9112 §9.6).
#[derive(Debug)]
pub struct Connection {
    channel: Channel,
    /// What was read to see which version is spoken, and not handed on yet.
    ahead: Bytes,
    closing: Option<Pin<Box<Sleep>>>,
}

/// TCP, or TLS on top of it.
#[derive(Debug)]
enum Channel {
    /// `http`.
    Plain(TcpStream),
    /// `https`.
    Tls(Box<TlsStream>),
}

impl From<TcpStream> for Connection {
    fn from(tcp: TcpStream) -> Connection {
        Connection { channel: Channel::Plain(tcp), ahead: Bytes::new(), closing: None }
    }
}

impl From<TlsStream> for Connection {
    fn from(tls: TlsStream) -> Connection {
        Connection { channel: Channel::Tls(Box::new(tls)), ahead: Bytes::new(), closing: None }
    }
}

impl Connection {
    fn tcp(&self) -> &TcpStream {
        match &self.channel {
            Channel::Plain(tcp) => tcp,
            Channel::Tls(tls) => tls.tcp(),
        }
    }

    /// Waits for enough bytes to tell which version of HTTP the client speaks: HTTP/2 begins with its preface (RFC 9113 §3.4),
    /// which no request of HTTP/1.1 does.
    ///
    /// # Errors
    /// If the connection fails first.
    pub(super) async fn version(&mut self) -> io::Result<Version> {
        let mut seen = BytesMut::new();
        std::future::poll_fn(|cx| {
            loop {
                if seen.len() >= PREFACE.len() || !PREFACE.starts_with(&seen) {
                    return Poll::Ready(io::Result::Ok(()));
                }
                let mut room = [0; FIRST_READ];
                let mut part = hyper::rt::ReadBuf::new(&mut room);
                ready!(self.channel.poll_read(cx, part.unfilled()))?;
                if part.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                seen.extend_from_slice(part.filled());
            }
        })
        .await?;
        self.ahead = seen.freeze();
        Ok(if self.ahead.starts_with(PREFACE) { Version::Http2 } else { Version::Http11 })
    }

    /// Reads and forgets until the other end has closed.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.tcp().poll_recv(cx, usize::MAX) {
                Poll::Ready(Ok(body)) if !body.is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let os = self.tcp().os();
                    let sleep = self.closing.get_or_insert_with(|| Box::pin(os.sleep(LINGER)));
                    return sleep.as_mut().poll(cx);
                }
            }
        }
    }
}

impl Read for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        if !connection.ahead.is_empty() {
            let n = connection.ahead.len().min(buffer.remaining());
            buffer.put_slice(&connection.ahead.split_to(n));
            return Poll::Ready(Ok(()));
        }
        connection.channel.poll_read(cx, buffer)
    }
}

impl Channel {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self {
            Channel::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Channel::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl Write for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().channel {
            Channel::Plain(tcp) => Write::poll_write(Pin::new(tcp), cx, data),
            Channel::Tls(tls) => Write::poll_write(Pin::new(tls.as_mut()), cx, data),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().channel {
            Channel::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Channel::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let connection = self.get_mut();
        if connection.closing.is_none() {
            ready!(match &mut connection.channel {
                Channel::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
                Channel::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
            })?;
        }
        connection.poll_linger(cx).map(Ok)
    }
}
