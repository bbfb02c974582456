//! Nodes: what links connect. A host or a switch, with its interfaces, each of them a tap.

use std::task::Waker;

use base::{Instant, Map, PlaceId, TapId};
use host::{Host, SocketId};
use smallvec::SmallVec;

use crate::switch::Switch;

/// A device of a world, as [`crate::World::add_host`] and [`crate::World::add_switch`] give it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(crate) u32);

/// A link of a world, as [`crate::World::link`] gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub(crate) u32);

#[repr(C)] // in this order in memory: of many nodes each frame touches little
pub(crate) struct Node {
    pub(crate) place: PlaceId,
    pub(crate) machine: Machine,
    pub(crate) ports: Ports,
    /// When the agenda will look after this node, the next time last. A time is added only when it comes before all
    /// others, so a timer that is put off again and again, as a retransmission timer is, costs nothing.
    pub(crate) armed: SmallVec<[Instant; 4]>,
    pub(crate) waiters: Map<SocketId, Waiters>,
    pub(crate) name: String,
    /// The names of its ports, each unique in the run.
    pub(crate) port_names: Vec<String>,
}

/// The interfaces of a node, in order.
pub(crate) type Ports = SmallVec<[Port; 2]>;

pub(crate) enum Machine {
    Host(Box<Host>),
    Switch(Switch),
}

/// One interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port {
    pub(crate) tap: TapId,
    /// The lane that leads away from it.
    pub(crate) lane: Option<u32>,
}

/// Who waits for a socket.
#[derive(Default, Debug)]
pub(crate) struct Waiters {
    pub(crate) reader: Waiter,
    pub(crate) writer: Waiter,
}

/// A task that waits, or one that has waited: mostly it is the same one that waits again.
#[derive(Default, Debug)]
pub(crate) struct Waiter {
    waker: Option<Waker>,
    waits: bool,
}

impl Waiter {
    /// The task of `waker` waits, in the place of whoever did.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            None => self.waker = Some(waker.clone()),
        }
        self.waits = true;
    }
    /// Wakes the task if it waits.
    pub(crate) fn wake(&mut self) {
        if let (true, Some(waker)) = (std::mem::take(&mut self.waits), &self.waker) {
            waker.wake_by_ref();
        }
    }
}
