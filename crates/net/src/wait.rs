//! Waiting for a time: sleeps and timeouts on the virtual clock.
//!
//! A sleep shares its slot with the world by way of an `Arc` and not an `Rc`, because hyper demands that its timers be
//! `Send`; nothing ever leaves the thread.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use base::{Duration, EventId, Instant};

use crate::exec::Ready;

/// What tasks share with the world: the time, which tasks are ready, who waits for what time.
#[derive(Debug)]
pub(crate) struct Shared {
    now: AtomicI64,
    pub(crate) ready: Arc<Ready>,
    waits: Mutex<Waits>,
    /// Whether any wait does not stand in the agenda yet: asked after every turn of a task.
    any_fresh: AtomicBool,
}

/// One wait for a time.
#[derive(Debug)]
pub(crate) struct Wait {
    /// The machine whose program waits.
    pub(crate) node: u32,
    pub(crate) length: Duration,
    pub(crate) until: Instant,
    /// The event that led to it; once it stands in the agenda, the event of its being set.
    pub(crate) cause: EventId,
    /// Its ticket in the agenda; 0 until it stands there.
    pub(crate) ticket: u64,
    over: bool,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Waits {
    slots: Vec<Option<Wait>>,
    free: Vec<u32>,
    /// Slots that do not stand in the agenda yet.
    fresh: Vec<u32>,
}

impl Shared {
    pub(crate) fn new(ready: Arc<Ready>) -> Shared {
        Shared { now: AtomicI64::new(0), ready, waits: Mutex::default(), any_fresh: AtomicBool::new(false) }
    }
    /// The time.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(self.now.load(Ordering::Relaxed))
    }
    pub(crate) fn set_now(&self, now: Instant) {
        self.now.store(now.as_nanos(), Ordering::Relaxed);
    }
    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the waits that began since the last call in the agenda: `arm` gets the slot and the wait.
    pub(crate) fn drain_fresh(&self, mut arm: impl FnMut(u32, &mut Wait)) {
        if !self.any_fresh.load(Ordering::Relaxed) {
            return;
        }
        let waits = &mut *self.waits();
        self.any_fresh.store(false, Ordering::Relaxed);
        for slot in waits.fresh.drain(..) {
            if let Some(Some(wait)) =
                waits.slots.get_mut(slot as usize).filter(|w| w.as_ref().is_some_and(|w| w.ticket == 0))
            {
                arm(slot, wait);
            }
        }
    }

    /// Whether the wait that was put in the agenda with `ticket` still goes on.
    pub(crate) fn is_waiting(&self, slot: u32, ticket: u64) -> bool {
        matches!(self.waits().slots.get(slot as usize), Some(Some(wait)) if wait.ticket == ticket && !wait.over)
    }

    /// The time of the wait in `slot` has come: `fired` gets it, then its task is woken because of the event that `fired`
    /// returns.
    pub(crate) fn fire(&self, slot: u32, fired: impl FnOnce(&Wait) -> EventId) {
        let waker = {
            let waits = &mut *self.waits();
            let Some(Some(wait)) = waits.slots.get_mut(slot as usize) else { return };
            wait.over = true;
            self.ready.set_cause(fired(wait));
            wait.waker.clone()
        };
        waker.wake();
    }
}

/// Waits until a moment of virtual time. Dropped earlier, it is cancelled.
pub struct Sleep {
    shared: Arc<Shared>,
    node: u32,
    until: Instant,
    slot: Option<u32>,
}

impl Sleep {
    pub(crate) fn new(shared: Arc<Shared>, node: u32, until: Instant) -> Sleep {
        Sleep { shared, node, until, slot: None }
    }

    /// The moment that it waits for.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Waits for another moment instead.
    pub fn reset(&mut self, until: Instant) {
        self.cancel();
        self.until = until;
    }

    fn cancel(&mut self) {
        if let Some(slot) = self.slot.take() {
            let mut waits = self.shared.waits();
            let gone = waits.slots.get_mut(slot as usize).and_then(Option::take);
            waits.free.push(slot);
            drop(waits);
            drop(gone);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.shared.now();
        let mut waits = self.shared.waits();
        if let Some(slot) = self.slot {
            let Some(Some(wait)) = waits.slots.get_mut(slot as usize) else { return Poll::Ready(()) };
            if !wait.over {
                wait.waker.clone_from(cx.waker());
                return Poll::Pending;
            }
            drop(waits);
            self.cancel();
            return Poll::Ready(());
        }
        if self.until <= now {
            return Poll::Ready(());
        }
        let wait = Wait {
            node: self.node,
            length: self.until - now,
            until: self.until,
            cause: self.shared.ready.cause(),
            ticket: 0,
            over: false,
            waker: cx.waker().clone(),
        };
        let slot = waits.free.pop().unwrap_or_else(|| {
            waits.slots.push(None);
            (waits.slots.len() - 1) as u32
        });
        waits.slots[slot as usize] = Some(wait);
        waits.fresh.push(slot);
        self.shared.any_fresh.store(true, Ordering::Relaxed);
        drop(waits);
        self.slot = Some(slot);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sleep(until {:?})", self.until)
    }
}

/// What [`crate::Os::timeout`] gives when the time was over first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time for it is over")
    }
}
impl std::error::Error for Elapsed {}
impl From<Elapsed> for std::io::Error {
    fn from(_: Elapsed) -> std::io::Error {
        std::io::ErrorKind::TimedOut.into()
    }
}
