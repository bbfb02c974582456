//! What a program may ask of its machine.

use std::cell::RefCell;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use base::{Duration, EventId, Instant, Rng, WallTime};
use host::{ConnectOptions, Host, ListenOptions, UdpOptions};
use tcp::Errno;
use trace::{Class, Cx, Kind, kinds};

use crate::adapt::{Exec, Timer};
use crate::ping::PingSocket;
use crate::tcp_socket::{TcpListener, TcpStream};
use crate::udp_socket::UdpSocket;
use crate::wait::{Elapsed, Sleep};
use crate::world::Inner;

/// A program's handle on the machine that it runs on. Whatever is done by it has the cause of the task that does it: the
/// event that woke it, or a decision that it has made since.
#[derive(Clone)]
pub struct Os {
    pub(crate) inner: Rc<Inner>,
    pub(crate) node: u32,
}

impl Os {
    pub(crate) fn new(inner: Rc<Inner>, node: u32) -> Os {
        Os { inner, node }
    }

    /// The time since the run began.
    pub fn now(&self) -> Instant {
        self.inner.shared.now()
    }
    /// The date and time: virtual zero is 2026-01-01T00:00:00Z.
    pub fn wall(&self) -> WallTime {
        WallTime::SIMULATION_EPOCH + self.now().since(Instant::ZERO)
    }
    /// The machine's stream of randomness called `stream`: each call starts it from its beginning.
    pub fn rng(&self, stream: &str) -> Rng {
        let core = self.inner.core.borrow();
        core.seed.stream(&format!("{stream} of {}", core.nodes[self.node as usize].name))
    }
    /// The machine's name.
    pub fn host_name(&self) -> String {
        self.inner.core.borrow().nodes[self.node as usize].name.clone()
    }
    /// The event that what the task does now follows from.
    pub fn cause(&self) -> EventId {
        self.inner.shared.ready.cause()
    }

    /// Starts another task of this program. Its handle gives its result; dropping the handle lets it run on.
    pub fn spawn<T: 'static>(&self, name: &str, task: impl Future<Output = T> + 'static) -> Join<T> {
        let cause = {
            let core = &mut *self.inner.core.borrow_mut();
            let place = core.nodes[self.node as usize].place;
            let name = core.recorder.text(name);
            core.recorder.event(core.now, place, &kinds::app::TASK_STARTS, 0, self.cause(), None, [name, 0])
        };
        self.inner.spawn(cause, task)
    }

    /// Waits for so long.
    pub fn sleep(&self, length: Duration) -> Sleep {
        self.sleep_until(self.now() + length)
    }
    /// Waits until a moment.
    pub fn sleep_until(&self, until: Instant) -> Sleep {
        Sleep::new(self.inner.shared.clone(), self.node, until)
    }
    /// Waits for `task`, but no longer than `length`.
    ///
    /// # Errors
    /// If the time is over first. What `task` had begun is dropped.
    pub async fn timeout<T>(&self, length: Duration, task: impl Future<Output = T>) -> Result<T, Elapsed> {
        let (mut task, mut sleep) = (pin!(task), pin!(self.sleep(length)));
        std::future::poll_fn(move |cx| match task.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Ok(result)),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| Err(Elapsed)),
        })
        .await
    }

    /// Records what the program does. A decision is the cause of what the task does from here on. `subject` numbers the
    /// connection, query or request.
    pub fn event(&self, kind: &'static Kind, subject: u32, args: [u64; 2]) -> EventId {
        let core = &mut *self.inner.core.borrow_mut();
        let place = core.nodes[self.node as usize].place;
        let event = core.recorder.event(core.now, place, kind, subject, self.cause(), None, args);
        if kind.class == Class::Decision {
            self.inner.shared.ready.set_cause(event);
        }
        event
    }
    /// Somebody acts on this machine now: what the task does from here on goes back to that, and that to nothing else.
    pub fn act(&self, kind: &'static Kind, text: &str) -> EventId {
        let core = &mut *self.inner.core.borrow_mut();
        let place = core.nodes[self.node as usize].place;
        let text = core.recorder.text(text);
        let event = core.recorder.event(core.now, place, kind, 0, EventId::NONE, None, [text, 0]);
        self.inner.shared.ready.set_cause(event);
        event
    }
    /// The number of a string, as an argument of [`Os::event`].
    pub fn text(&self, text: &str) -> u64 {
        self.inner.core.borrow_mut().recorder.text(text)
    }
    /// An address as an argument of [`Os::event`].
    pub fn address_arg(&self, address: IpAddr) -> u64 {
        self.inner.core.borrow_mut().recorder.address(address)
    }
    /// An address and a port as an argument of [`Os::event`].
    pub fn socket_arg(&self, address: SocketAddr) -> u64 {
        self.address_arg(address.ip()) << 16 | u64::from(address.port())
    }
    /// Records TLS secrets: lines in NSS key log format, each ended by a newline.
    pub fn secrets(&self, lines: &str) {
        self.inner.core.borrow_mut().recorder.secrets(lines);
    }

    /// Opens a UDP socket. Port 0 asks for any free one.
    ///
    /// # Errors
    /// If the address is taken or not this machine's.
    pub fn udp_bind(&self, local: SocketAddr) -> Result<UdpSocket, Errno> {
        UdpSocket::bind(self, local, UdpOptions::default())
    }
    /// Opens a UDP socket with options: broadcast, a certain interface.
    ///
    /// # Errors
    /// As [`Os::udp_bind`].
    pub fn udp_bind_with(&self, local: SocketAddr, options: UdpOptions) -> Result<UdpSocket, Errno> {
        UdpSocket::bind(self, local, options)
    }
    /// Opens a socket that pings.
    ///
    /// # Errors
    /// If all identifiers are in use.
    pub fn ping(&self) -> Result<PingSocket, Errno> {
        PingSocket::open(self)
    }
    /// Listens for TCP connections.
    ///
    /// # Errors
    /// If the address is taken or not this machine's.
    pub fn tcp_listen(&self, local: SocketAddr, backlog: usize) -> Result<TcpListener, Errno> {
        TcpListener::listen(self, local, ListenOptions { backlog, ..ListenOptions::default() })
    }
    /// Listens for TCP connections, with options.
    ///
    /// # Errors
    /// As [`Os::tcp_listen`].
    pub fn tcp_listen_with(&self, local: SocketAddr, options: ListenOptions) -> Result<TcpListener, Errno> {
        TcpListener::listen(self, local, options)
    }
    /// Opens a TCP connection.
    ///
    /// # Errors
    /// Whatever the network answers: refused, unreachable, timed out; or no port is left for it.
    pub fn tcp_connect(&self, remote: SocketAddr) -> impl Future<Output = Result<TcpStream, Errno>> {
        self.tcp_connect_with(remote, ConnectOptions::default())
    }
    /// Opens a TCP connection, with options: a local address or port.
    ///
    /// # Errors
    /// As [`Os::tcp_connect`], and if the local address is taken or not this machine's.
    pub fn tcp_connect_with(
        &self,
        remote: SocketAddr,
        options: ConnectOptions,
    ) -> impl Future<Output = Result<TcpStream, Errno>> {
        // A task keeps room for what its futures were given: a pointer, not all that may be asked for.
        TcpStream::connect(self, remote, Box::new(options))
    }

    /// Asks the machine itself: what has no method here (its addresses and routes, to set or to show). What it sends because
    /// of that leaves at once.
    pub fn with_host<R>(&self, f: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        self.inner.core.borrow_mut().with_host(self.node, self.cause(), f)
    }

    /// hyper's timer on virtual time.
    pub fn timer(&self) -> Timer {
        Timer::new(self.inner.shared.clone(), self.node)
    }
    /// hyper's executor for tasks of this program.
    pub fn exec(&self) -> Exec {
        Exec::new(self.clone())
    }
}

impl std::fmt::Debug for Os {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Os").field("node", &self.node).finish_non_exhaustive()
    }
}

/// A task's result, when it is there: a future, or looked at after a run by [`Join::take`].
pub struct Join<T> {
    state: Rc<RefCell<JoinState<T>>>,
}

struct JoinState<T> {
    result: Option<T>,
    waker: Option<Waker>,
}

impl<T> Join<T> {
    /// Takes the result, if the task is over and nobody has taken it.
    pub fn take(&self) -> Option<T> {
        self.state.borrow_mut().result.take()
    }

    pub(crate) fn done(&self, result: T) {
        let waker = {
            let mut state = self.state.borrow_mut();
            state.result = Some(result);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn clone(&self) -> Join<T> {
        Join { state: self.state.clone() }
    }
}

impl<T> Default for Join<T> {
    fn default() -> Join<T> {
        Join { state: Rc::new(RefCell::new(JoinState { result: None, waker: None })) }
    }
}

impl<T> Future for Join<T> {
    type Output = T;

    /// Waits for the task's end; for ever if its result was taken.
    fn poll(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.state.borrow_mut();
        match state.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<T> std::fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Join")
    }
}
