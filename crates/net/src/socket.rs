//! What all sockets have in common: a number on a host, waiting, and being closed when the program lets go.

use std::rc::Rc;
use std::task::{Context, Poll};

use host::{Host, SocketId};
use tcp::Errno;
use trace::Cx;

use crate::os::Os;
use crate::world::Inner;

/// A socket that a program holds. Dropping it closes it.
pub(crate) struct Socket {
    inner: Rc<Inner>,
    node: u32,
    pub(crate) id: SocketId,
}

/// What a program waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interest {
    /// Data, a connection to accept, the end of the stream.
    Read,
    /// Room to write, the end of a handshake.
    Write,
}

impl Socket {
    pub(crate) fn new(os: &Os, id: SocketId) -> Socket {
        Socket { inner: os.inner.clone(), node: os.node, id }
    }

    /// The handle of the machine it is on.
    pub(crate) fn os(&self) -> Os {
        Os::new(self.inner.clone(), self.node)
    }

    /// Asks the host something about the socket, or tells it something.
    pub(crate) fn call<R>(&self, f: impl FnOnce(&mut Host, SocketId, &mut Cx<'_>) -> R) -> R {
        let cause = self.inner.shared.ready.cause();
        self.inner.core.borrow_mut().with_host(self.node, cause, |host, cx| f(host, self.id, cx))
    }

    /// Asks the host something that changes nothing.
    pub(crate) fn ask<R>(&self, f: impl FnOnce(&Host, SocketId) -> R) -> R {
        self.inner.core.borrow().ask_host(self.node, |host| f(host, self.id))
    }

    /// As [`Socket::call`]; where the call would have to wait, the task is woken when it is worth another try.
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        f: impl FnOnce(&mut Host, SocketId, &mut Cx<'_>) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        let cause = self.inner.shared.ready.cause();
        let mut core = self.inner.core.borrow_mut();
        let result = core.try_with_host(self.node, cause, |host, cx| f(host, self.id, cx));
        if !matches!(result, Err(Errno::WouldBlock)) {
            return Poll::Ready(result);
        }
        let waiters = core.waiters(self.node, self.id);
        match interest {
            Interest::Read => waiters.reader.wait(cx.waker()),
            Interest::Write => waiters.writer.wait(cx.waker()),
        }
        Poll::Pending
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A run that has ended drops what is left without closing it: nobody did that.
        let Ok(mut core) = self.inner.core.try_borrow_mut() else { return };
        if core.ended {
            return;
        }
        core.forget_waiters(self.node, self.id);
        let cause = self.inner.shared.ready.cause();
        core.with_host(self.node, cause, |host, cx| host.close(self.id, cx));
    }
}
