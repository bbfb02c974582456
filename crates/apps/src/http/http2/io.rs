//! hyper's traits for reading and writing as tokio's, which `h2` speaks. Nothing of tokio runs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Written bytes that wait for a flush at most: the payload of one TLS record.
const GATHERED: usize = 16 << 10;

/// A connection as `h2` wants it. What is written goes out when it is flushed: so the preface and the frames behind it share
/// a record and a segment, as they do with browsers.
pub(super) struct TokioIo<T> {
    inner: T,
    out: Vec<u8>,
    sent: usize,
}

impl<T> TokioIo<T> {
    pub(super) fn new(inner: T) -> TokioIo<T> {
        TokioIo { inner, out: Vec::new(), sent: 0 }
    }
}

impl<T: Write + Unpin> TokioIo<T> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.out[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.sent += n,
            }
        }
        self.out.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl<T: Read + Unpin> AsyncRead for TokioIo<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut part = hyper::rt::ReadBuf::new(buffer.initialize_unfilled());
        ready!(Pin::new(&mut self.get_mut().inner).poll_read(cx, part.unfilled()))?;
        let n = part.filled().len();
        buffer.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> AsyncWrite for TokioIo<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.out.len() >= GATHERED {
            ready!(this.poll_drain(cx))?;
        }
        let n = data.len().min(GATHERED - this.out.len());
        this.out.extend_from_slice(&data[..n]);
        Poll::Ready(Ok(n))
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::AsyncWrite as _;

    use super::*;

    /// Takes so many bytes at a time.
    struct Narrow(Vec<Vec<u8>>, usize);

    impl Write for Narrow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            let n = data.len().min(self.1);
            self.0.push(data[..n].to_vec());
            Poll::Ready(Ok(n))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_is_written_before_a_flush_leaves_together_and_in_order() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut io = TokioIo::new(Narrow(Vec::new(), usize::MAX));
        for part in [&b"PRI"[..], b" * ", b"HTTP/2.0"] {
            assert!(matches!(Pin::new(&mut io).poll_write(cx, part), Poll::Ready(Ok(n)) if n == part.len()));
        }
        assert!(io.inner.0.is_empty());
        assert!(Pin::new(&mut io).poll_flush(cx).is_ready());
        assert_eq!(io.inner.0, [b"PRI * HTTP/2.0"]);

        let mut io = TokioIo::new(Narrow(Vec::new(), 1000));
        let data: Vec<u8> = (0..50_000u32).map(|n| n as u8).collect();
        let mut at = 0;
        while at < data.len() {
            let Poll::Ready(Ok(n)) = Pin::new(&mut io).poll_write(cx, &data[at..]) else { panic!("it takes some") };
            assert!(n > 0);
            at += n;
        }
        assert!(Pin::new(&mut io).poll_shutdown(cx).is_ready());
        assert_eq!(io.inner.0.concat(), data);
    }
}
