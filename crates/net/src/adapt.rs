//! hyper's traits on virtual time and simulated sockets: unmodified hyper runs on them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant as StdInstant;

use base::{Duration, Instant};
use hyper::rt::ReadBufCursor;

use crate::os::Os;
use crate::tcp_socket::TcpStream;
use crate::wait::{Shared, Sleep};

/// Where virtual zero lies among the standard library's moments, which hyper speaks in. The standard library makes its
/// moments from a clock alone, so a clock is read here, once in a process, when its first world is made, and never by
/// anything that runs in a world. Only differences from this moment are ever used: whatever it is, runs are the same.
pub fn anchor() -> StdInstant {
    static ANCHOR: OnceLock<StdInstant> = OnceLock::new();
    #[allow(clippy::disallowed_methods)] // the one place, see above
    *ANCHOR.get_or_init(StdInstant::now)
}

/// hyper's timer: virtual time.
#[derive(Clone, Debug)]
pub struct Timer {
    shared: Arc<Shared>,
    node: u32,
}

impl Timer {
    pub(crate) fn new(shared: Arc<Shared>, node: u32) -> Timer {
        Timer { shared, node }
    }
    fn sleep(&self, until: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Sleep::new(self.shared.clone(), self.node, until))
    }
}

/// A moment of the standard library in virtual time.
fn virtual_time(at: StdInstant) -> Instant {
    Instant::ZERO + Duration::from_std(at.saturating_duration_since(anchor()))
}

impl hyper::rt::Sleep for Sleep {}

impl hyper::rt::Timer for Timer {
    fn sleep(&self, length: std::time::Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep(self.shared.now() + Duration::from_std(length))
    }
    fn sleep_until(&self, deadline: StdInstant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep(virtual_time(deadline))
    }
    fn now(&self) -> StdInstant {
        anchor() + self.shared.now().since(Instant::ZERO).to_std()
    }
    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: StdInstant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            Some(sleep) => sleep.get_mut().reset(virtual_time(deadline)),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

/// hyper's executor: tasks of one program.
#[derive(Clone, Debug)]
pub struct Exec {
    os: Os,
}

impl Exec {
    pub(crate) fn new(os: Os) -> Exec {
        Exec { os }
    }
}

impl<F> hyper::rt::Executor<F> for Exec
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, task: F) {
        drop(self.os.spawn("http", task));
    }
}

impl hyper::rt::Read for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.poll_recv(cx, buffer.remaining()).map(|received| {
            received?.chunks().iter().for_each(|chunk| buffer.put_slice(chunk.bytes()));
            Ok(())
        })
    }
}

impl hyper::rt::Write for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        TcpStream::poll_write(&self, cx, data).map_err(io::Error::from)
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // what is written is the kernel's to send
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown().map_err(io::Error::from))
    }
    fn is_write_vectored(&self) -> bool {
        true
    }
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        TcpStream::poll_write_vectored(&self, cx, pieces.iter().map(|piece| &**piece)).map_err(io::Error::from)
    }
}
