//! The simulated internet as a whole.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use base::{EventId, Instant, PlaceId, Seed, TapId};
use futures_util::FutureExt;
use host::{Host, HostConfig};
use trace::{Cx, Kind, Level, Recorder, Role, Trace};

use crate::core::Core;
use crate::exec::{Task, Tasks};
use crate::link::{Lane, LaneStats, LinkConfig};
use crate::node::{LinkId, Machine, Node, NodeId, Port};
use crate::os::{Join, Os};
use crate::switch::Switch;
use crate::wait::Shared;

/// How many steps (arrivals, timers, polls of tasks) a run may take unless [`World::set_limit`] says otherwise. A run of
/// 100 MB takes about half a million.
pub const DEFAULT_LIMIT: u64 = 1_000_000_000;

/// Why a run stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Nothing is due any more and no task is ready: nothing would ever happen again by itself.
    Idle,
    /// The given moment has come. Everything due at it has happened.
    Deadline,
    /// The run has taken as many steps as it may: it is endless, or the limit is too low for it.
    Limit {
        /// The limit.
        steps: u64,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Idle => f.write_str("nothing is left to happen"),
            Stop::Deadline => f.write_str("the run has reached its end"),
            Stop::Limit { steps } => write!(f, "stopped after {steps} steps: the run is endless, or its limit too low"),
        }
    }
}

/// A simulated internet: hosts and switches, links between them, programs on the hosts, and virtual time, which starts at
/// zero. One thread; two worlds that are built alike from one seed run alike, to the bit.
///
/// ```
/// use std::net::Ipv4Addr;
/// use base::{Duration, Rate, Seed};
/// use net::{LinkConfig, World};
/// use trace::{Level, Role, kinds};
/// use wire::MacAddr;
///
/// let seed = Seed(7);
/// let mut world = World::new(seed, Level::Full);
/// let mut machine = |name: &str, last: u8| {
///     let address = Ipv4Addr::new(192, 0, 2, last);
///     let config = host::HostConfig::new(name, seed).interface("eth0", MacAddr([2, 0, 0, 0, 0, last]), &[(address, 24)]);
///     world.add_host(Role::Client, config)
/// };
/// let (a, b) = (machine("alice", 1), machine("bob", 2));
/// world.link((a, 0), (b, 0), LinkConfig::new(Duration::from_millis(5), Rate::mbit(100)));
///
/// let os = world.os(b);
/// world.spawn_root(b, &kinds::app::OPERATOR_STARTS, "echo", async move {
///     let socket = os.udp_bind("0.0.0.0:7".parse().unwrap()).unwrap();
///     let (data, from) = socket.recv_from().await.unwrap();
///     socket.send_to(data, from).unwrap();
/// });
/// let os = world.os(a);
/// let answer = world.spawn_root(a, &kinds::app::USER_OPENS, "echo", async move {
///     let socket = os.udp_bind("0.0.0.0:0".parse().unwrap()).unwrap();
///     socket.send_to("hello", "192.0.2.2:7".parse().unwrap()).unwrap();
///     socket.recv_from().await.unwrap().0
/// });
/// world.run();
/// assert_eq!(answer.take().as_deref(), Some(&b"hello"[..]));
/// ```
pub struct World {
    inner: Rc<Inner>,
    limit: u64,
    steps: u64,
    links: u32,
}

/// What a world and its programs share.
pub(crate) struct Inner {
    pub(crate) core: RefCell<Core>,
    pub(crate) tasks: RefCell<Tasks>,
    pub(crate) shared: Arc<Shared>,
}

impl World {
    /// An empty world that is repeated from `seed` and recorded as `level` says.
    pub fn new(seed: Seed, level: Level) -> World {
        crate::adapt::anchor();
        let tasks = Tasks::default();
        let shared = Arc::new(Shared::new(tasks.ready()));
        let core = RefCell::new(Core::new(seed, Recorder::new(level), shared.clone()));
        let inner = Rc::new(Inner { core, tasks: RefCell::new(tasks), shared });
        World { inner, limit: DEFAULT_LIMIT, steps: 0, links: 0 }
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.inner.shared.now()
    }
    /// How many steps (arrivals, timers, polls of tasks) it has taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }
    /// Lets a run take at most so many steps in all; then it stops with [`Stop::Limit`].
    pub fn set_limit(&mut self, steps: u64) {
        self.limit = steps;
    }
    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        self.inner.tasks.borrow().len()
    }

    /// Adds a host. Its interfaces are the node's ports, in order; each is a tap named like the host, or
    /// `host.interface` where there are several.
    pub fn add_host(&mut self, role: Role, config: HostConfig) -> NodeId {
        let name = config.name.clone();
        let names: Vec<String> = match config.interfaces.as_slice() {
            [_] => vec![name.clone()],
            many => many.iter().map(|interface| format!("{name}.{}", interface.name)).collect(),
        };
        let addresses = config.interfaces.iter().flat_map(|interface| &interface.addresses);
        let six = config.interfaces.iter().filter_map(|interface| interface.ipv6.as_ref());
        let six = six.flat_map(|ipv6| &ipv6.addresses);
        let six = six.map(|(address, _)| IpAddr::from(*address));
        let addresses: Vec<_> = addresses.map(|(address, _)| IpAddr::from(*address)).chain(six).collect();
        let node = self.add_node(name, role, names, |place| Machine::Host(Box::new(Host::new(config, place))));
        let core = &mut *self.inner.core.borrow_mut();
        let place = core.nodes[node.0 as usize].place;
        addresses.into_iter().for_each(|address| core.recorder.name(address, place));
        node
    }

    /// Adds a switch with so many ports; port 0 is the tap `name.1`, and so on.
    pub fn add_switch(&mut self, name: &str, ports: u16) -> NodeId {
        let names = (1..=ports).map(|n| format!("{name}.{n}")).collect();
        self.add_node(name.to_owned(), Role::Switch, names, |_| Machine::Switch(Switch::new(ports)))
    }

    fn add_node(
        &mut self,
        name: String,
        role: Role,
        port_names: Vec<String>,
        machine: impl FnOnce(PlaceId) -> Machine,
    ) -> NodeId {
        let core = &mut *self.inner.core.borrow_mut();
        let place = core.recorder.place(&name, role);
        let ports = port_names.iter().map(|name| Port { tap: core.recorder.tap(place, name), lane: None }).collect();
        let id = NodeId(core.nodes.len() as u32);
        let machine = machine(place);
        let (armed, waiters) = Default::default();
        core.nodes.push(Node { place, machine, ports, armed, waiters, name, port_names });
        id
    }

    /// Connects two ports. The link is a place of its own, named `tap--tap`.
    ///
    /// # Panics
    /// If a port does not exist or is connected already.
    pub fn link(&mut self, a: (NodeId, u16), b: (NodeId, u16), config: LinkConfig) -> LinkId {
        let core = &mut *self.inner.core.borrow_mut();
        let name = |core: &Core, (node, port): (NodeId, u16)| -> String {
            let node = &core.nodes[node.0 as usize];
            let Some(entry) = node.ports.get(usize::from(port)) else { panic!("{} has no port {port}", node.name) };
            let name = &node.port_names[usize::from(port)];
            assert!(entry.lane.is_none(), "{name} is connected already");
            name.clone()
        };
        let (name_a, name_b) = (name(core, a), name(core, b));
        let place = core.recorder.place(&format!("{name_a}--{name_b}"), Role::Link);
        let link = self.links;
        self.links += 1;
        for (from, to, config, name) in [
            (a, b, config.a_to_b, format!("{name_a} to {name_b}")),
            (b, a, config.b_to_a, format!("{name_b} to {name_a}")),
        ] {
            let index = core.lanes.len() as u32;
            core.lanes.push(Lane::new((index, link), place, (to.0.0, to.1), config, core.seed, &name));
            core.nodes[from.0.0 as usize].ports[usize::from(from.1)].lane = Some(index);
        }
        LinkId(link)
    }

    /// What a link has done so far, from its first end to its second, and back.
    pub fn link_stats(&self, link: LinkId) -> (LaneStats, LaneStats) {
        let core = self.inner.core.borrow();
        let stats = |lane: usize| core.lanes.get(lane).map_or_else(LaneStats::default, Lane::stats);
        (stats(link.0 as usize * 2), stats(link.0 as usize * 2 + 1))
    }

    /// Where a node stands in the trace.
    pub fn place(&self, node: NodeId) -> PlaceId {
        self.inner.core.borrow().nodes[node.0 as usize].place
    }
    /// The tap on a node's port.
    ///
    /// # Panics
    /// If there is no such port.
    pub fn tap(&self, node: NodeId, port: u16) -> TapId {
        self.inner.core.borrow().nodes[node.0 as usize].ports[usize::from(port)].tap
    }

    /// A node's handle for its programs.
    pub fn os(&self, node: NodeId) -> Os {
        Os::new(self.inner.clone(), node.0)
    }

    /// Starts a program because of an act of the user or the operator of `node`: the root of a chain of causes. `act` is
    /// its kind and `text` what it says, where it says something.
    pub fn spawn_root<T: 'static>(
        &self,
        node: NodeId,
        act: &'static Kind,
        text: &str,
        program: impl Future<Output = T> + 'static,
    ) -> Join<T> {
        let cause = {
            let core = &mut *self.inner.core.borrow_mut();
            let place = core.nodes[node.0 as usize].place;
            let text = core.recorder.text(text);
            core.recorder.event(core.now, place, act, 0, EventId::NONE, None, [text, 0])
        };
        self.inner.spawn(cause, program)
    }

    /// Lets something happen to a host from outside, because of an act (as [`World::spawn_root`]).
    pub fn with_host<R>(
        &mut self,
        node: NodeId,
        act: &'static Kind,
        text: &str,
        f: impl FnOnce(&mut Host, &mut Cx<'_>) -> R,
    ) -> R {
        let core = &mut *self.inner.core.borrow_mut();
        let place = core.nodes[node.0 as usize].place;
        let text = core.recorder.text(text);
        let cause = core.recorder.event(core.now, place, act, 0, EventId::NONE, None, [text, 0]);
        let result = core.with_host(node.0, cause, f);
        core.shared.ready.set_cause(EventId::NONE);
        result
    }

    /// Looks at a host.
    ///
    /// # Panics
    /// If the node is a switch.
    pub fn host<R>(&self, node: NodeId, f: impl FnOnce(&Host) -> R) -> R {
        self.inner.core.borrow().ask_host(node.0, f)
    }

    /// Looks at the trace so far.
    pub fn trace<R>(&self, f: impl FnOnce(&Trace) -> R) -> R {
        f(self.inner.core.borrow().recorder.trace())
    }

    /// Runs until nothing is left to happen.
    pub fn run(&mut self) -> Stop {
        self.run_until(Instant::NEVER)
    }

    /// Runs until `deadline`, including what is due at it, or until nothing is left to happen. The time is `deadline`
    /// afterwards in the first case, and that of the last happening in the second.
    pub fn run_until(&mut self, deadline: Instant) -> Stop {
        loop {
            if let Some(stop) = self.run_tasks() {
                return stop;
            }
            // Nothing is ready: on to what is due next, and further until that makes a task ready.
            let core = &mut *self.inner.core.borrow_mut();
            loop {
                if self.steps >= self.limit {
                    return Stop::Limit { steps: self.limit };
                }
                self.steps += 1;
                match core.step(deadline) {
                    Ok(()) if self.inner.shared.ready.is_empty() => {}
                    Ok(()) => break,
                    Err(None) => return Stop::Idle,
                    Err(Some(_)) => {
                        core.now = core.now.max(deadline);
                        self.inner.shared.set_now(core.now);
                        return Stop::Deadline;
                    }
                }
            }
        }
    }

    /// Runs tasks until all of them wait.
    fn run_tasks(&mut self) -> Option<Stop> {
        let inner = &*self.inner;
        loop {
            let turn = inner.tasks.borrow_mut().poll_turn();
            let Some(mut turn) = turn else { break };
            self.steps += 1;
            inner.shared.ready.set_cause(turn.cause);
            let over = match turn.poll() {
                Poll::Pending => {
                    inner.tasks.borrow_mut().wait(turn);
                    None
                }
                Poll::Ready(()) => Some(inner.tasks.borrow_mut().end(turn)),
            };
            // What the task held goes while the task's cause still holds: its sockets close because of it.
            drop(over);
            inner.core.borrow_mut().arm_waits();
            if self.steps >= self.limit {
                inner.shared.ready.set_cause(EventId::NONE);
                return Some(Stop::Limit { steps: self.limit });
            }
        }
        inner.shared.ready.set_cause(EventId::NONE);
        None
    }

    /// Ends the run where it stands and gives its trace.
    pub fn into_trace(self) -> Trace {
        self.end();
        let recorder = std::mem::take(&mut self.inner.core.borrow_mut().recorder);
        recorder.into_trace()
    }

    /// Drops all tasks, without a trace of what their sockets do then.
    fn end(&self) {
        self.inner.core.borrow_mut().ended = true;
        // Dropping a task may end others or spawn some: until none is left.
        loop {
            let tasks = self.inner.tasks.borrow_mut().clear();
            if tasks.is_empty() {
                break;
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Tasks hold the world through their handles: without this, neither would ever go.
        self.end();
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.now()).field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Inner {
    /// Adds a task that runs because of `cause`.
    pub(crate) fn spawn<T: 'static>(&self, cause: EventId, program: impl Future<Output = T> + 'static) -> Join<T> {
        let join = Join::default();
        let result = join.clone();
        // Not an `async` block around it, which would keep room for the program twice.
        let task: Task = Box::pin(program.map(move |value| result.done(value)));
        self.tasks.borrow_mut().spawn(task, cause);
        join
    }
}
