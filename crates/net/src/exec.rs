//! The executor: one thread, virtual time, a first-in-first-out queue of tasks that are ready, without duplicates.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use base::EventId;

/// What a task is made of.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Which tasks are ready and why, shared with every waker. Wakers must be `Send`, though nothing here leaves its thread:
/// the locks are never contended.
///
/// Mostly one task is ready at a time: the first of the queue stands apart, where no lock is needed.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// The task that has been ready for longest, counted from 1, and its cause; 0: none is ready.
    first: AtomicU32,
    first_cause: AtomicU64,
    /// Those behind it.
    queue: Mutex<VecDeque<(u32, EventId)>>,
    /// The queue's length, written under its lock.
    len: AtomicUsize,
    /// The event that what runs now follows from: the cause of every wake.
    cause: AtomicU64,
}

impl Ready {
    /// The event that what runs now follows from.
    pub(crate) fn cause(&self) -> EventId {
        EventId(self.cause.load(Ordering::Relaxed))
    }
    /// Whether no task is ready.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.load(Ordering::Relaxed) == 0
    }
    /// From here on, what happens follows from `cause`.
    pub(crate) fn set_cause(&self, cause: EventId) {
        self.cause.store(cause.0, Ordering::Relaxed);
    }
    fn queue(&self) -> MutexGuard<'_, VecDeque<(u32, EventId)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn set_first(&self, next: Option<(u32, EventId)>) {
        self.first.store(next.map_or(0, |(slot, _)| slot + 1), Ordering::Relaxed);
        self.first_cause.store(next.map_or(0, |(_, cause)| cause.0), Ordering::Relaxed);
    }
    fn push(&self, slot: u32, cause: EventId) {
        if self.is_empty() {
            return self.set_first(Some((slot, cause)));
        }
        let mut queue = self.queue();
        queue.push_back((slot, cause));
        self.len.store(queue.len(), Ordering::Relaxed);
    }
    fn pop(&self) -> Option<(u32, EventId)> {
        let slot = self.first.load(Ordering::Relaxed).checked_sub(1)?;
        let first = (slot, EventId(self.first_cause.load(Ordering::Relaxed)));
        self.advance();
        Some(first)
    }
    /// The next of the queue becomes the first.
    fn advance(&self) {
        if self.len.load(Ordering::Relaxed) == 0 {
            return self.set_first(None);
        }
        let mut queue = self.queue();
        self.set_first(queue.pop_front());
        self.len.store(queue.len(), Ordering::Relaxed);
    }
    /// Takes a task out, wherever it stands.
    fn remove(&self, slot: u32) {
        let mut queue = self.queue();
        queue.retain(|(other, _)| *other != slot);
        self.len.store(queue.len(), Ordering::Relaxed);
        drop(queue);
        if self.first.load(Ordering::Relaxed) == slot + 1 {
            self.advance();
        }
    }
    fn clear(&self) {
        self.queue().clear();
        self.len.store(0, Ordering::Relaxed);
        self.set_first(None);
    }
}

/// One task's waker.
#[derive(Debug)]
struct Waking {
    slot: u32,
    /// Whether the task stands in the queue already, or is over: either way a wake adds nothing.
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        // The first wake's cause counts: it is what made the task run. (All of this happens on one thread: no need to look
        // and to set at once, which costs a processor much more.)
        if !self.queued.load(Ordering::Relaxed) {
            self.queued.store(true, Ordering::Relaxed);
            self.ready.push(self.slot, self.ready.cause());
        }
    }
}

struct Slot {
    /// The task and its waker; `None` while it is being polled.
    task: Option<(Task, Waker)>,
    waking: Arc<Waking>,
}

/// All tasks.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    ready: Arc<Ready>,
}

/// A task that is about to be polled.
pub(crate) struct Turn {
    slot: u32,
    task: Task,
    waker: Waker,
    pub(crate) cause: EventId,
}

impl Turn {
    /// Lets the task run until it waits or ends.
    pub(crate) fn poll(&mut self) -> Poll<()> {
        self.task.as_mut().poll(&mut Context::from_waker(&self.waker))
    }
}

impl Tasks {
    /// What is shared with the wakers.
    pub(crate) fn ready(&self) -> Arc<Ready> {
        self.ready.clone()
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds a task, ready to run because of `cause`.
    pub(crate) fn spawn(&mut self, task: Task, cause: EventId) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let waking = Arc::new(Waking { slot, queued: AtomicBool::new(true), ready: self.ready.clone() });
        self.ready.push(slot, cause);
        let waker = Waker::from(waking.clone());
        self.slots[slot as usize] = Some(Slot { task: Some((task, waker)), waking });
    }

    /// The task that has been ready for longest. It must be given back by [`Tasks::wait`] or [`Tasks::end`].
    pub(crate) fn poll_turn(&mut self) -> Option<Turn> {
        loop {
            let (slot, cause) = self.ready.pop()?;
            let Some(Some(entry)) = self.slots.get_mut(slot as usize) else { continue };
            let Some((task, waker)) = entry.task.take() else { continue };
            entry.waking.queued.store(false, Ordering::Relaxed);
            return Some(Turn { slot, task, waker, cause });
        }
    }

    /// The task waits for its next wake.
    pub(crate) fn wait(&mut self, turn: Turn) {
        if let Some(Some(entry)) = self.slots.get_mut(turn.slot as usize) {
            entry.task = Some((turn.task, turn.waker));
        }
    }

    /// The task is over. What it held is returned, to be dropped when nothing is borrowed any more.
    #[must_use]
    pub(crate) fn end(&mut self, turn: Turn) -> Task {
        if let Some(entry) = self.slots.get_mut(turn.slot as usize).and_then(Option::take) {
            // Wakers that outlive the task must not wake the slot's next tenant.
            if entry.waking.queued.swap(true, Ordering::Relaxed) {
                // It was woken while it ran for the last time: take it out of the queue.
                self.ready.remove(turn.slot);
            }
            self.free.push(turn.slot);
        }
        turn.task
    }

    /// Ends all tasks. What they held is returned, to be dropped when nothing is borrowed any more.
    #[must_use]
    pub(crate) fn clear(&mut self) -> Vec<Task> {
        let tasks = self.slots.drain(..).flatten().filter_map(|slot| {
            slot.waking.queued.store(true, Ordering::Relaxed);
            slot.task.map(|(task, _)| task)
        });
        let tasks = tasks.collect();
        self.free.clear();
        self.ready.clear();
        tasks
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Runs until nothing is ready; returns how many polls it took.
    fn run(tasks: &mut Tasks) -> usize {
        let mut polls = 0;
        while let Some(mut turn) = tasks.poll_turn() {
            tasks.ready.set_cause(turn.cause);
            polls += 1;
            match turn.poll() {
                Poll::Pending => tasks.wait(turn),
                Poll::Ready(()) => drop(tasks.end(turn)),
            }
        }
        polls
    }

    #[test]
    fn a_task_that_is_woken_often_runs_once() {
        let mut tasks = Tasks::default();
        let wakers: Rc<RefCell<Vec<Waker>>> = Rc::default();
        let polls = Rc::new(RefCell::new(0));
        let (w, p) = (wakers.clone(), polls.clone());
        tasks.spawn(
            Box::pin(std::future::poll_fn(move |cx| {
                w.borrow_mut().push(cx.waker().clone());
                *p.borrow_mut() += 1;
                if *p.borrow() == 3 { Poll::Ready(()) } else { Poll::Pending }
            })),
            EventId(1),
        );
        assert_eq!(run(&mut tasks), 1);
        for _ in 0..100 {
            wakers.borrow()[0].wake_by_ref();
        }
        assert_eq!(run(&mut tasks), 1, "a hundred wakes, one poll");
        wakers.borrow()[1].wake_by_ref();
        assert_eq!(run(&mut tasks), 1);
        assert_eq!(tasks.len(), 0);
        wakers.borrow()[1].wake_by_ref();
        tasks.spawn(Box::pin(std::future::pending()), EventId(2));
        wakers.borrow()[1].wake_by_ref();
        assert_eq!(run(&mut tasks), 1, "a waker of a task that is over does not wake its successor");
    }

    #[test]
    fn first_ready_runs_first_and_the_first_wake_is_the_cause() {
        let mut tasks = Tasks::default();
        let order: Rc<RefCell<Vec<u64>>> = Rc::default();
        for n in 1..=3 {
            let (order, ready) = (order.clone(), tasks.ready());
            tasks.spawn(
                Box::pin(async move {
                    order.borrow_mut().push(ready.cause().0);
                    let mut yielded = false;
                    std::future::poll_fn(|cx| {
                        if std::mem::replace(&mut yielded, true) {
                            return Poll::Ready(());
                        }
                        ready.set_cause(EventId(n * 10));
                        cx.waker().wake_by_ref();
                        ready.set_cause(EventId(99));
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    })
                    .await;
                    order.borrow_mut().push(ready.cause().0);
                }),
                EventId(n),
            );
        }
        run(&mut tasks);
        assert_eq!(*order.borrow(), [1, 2, 3, 10, 20, 30]);
    }
}
