//! The world's inside: devices, lines and the agenda, and how a frame goes from one to the next.

use std::sync::Arc;

use base::{Entry, EventId, FrameId, Instant, Seed};
use host::{Host, InterfaceId, Outgoing, SocketId};
use smallvec::SmallVec;
use tcp::Errno;
use trace::{Cx, Direction, Recorder, kinds};
use wire::{Packet, ethernet};

use crate::agenda::{Agenda, Due};
use crate::link::{Fate, Lane, Offer};
use crate::node::{Machine, Node, Waiters};
use crate::wait::Shared;

/// Everything of a world but its tasks.
pub(crate) struct Core {
    pub(crate) seed: Seed,
    pub(crate) now: Instant,
    pub(crate) recorder: Recorder,
    pub(crate) nodes: Vec<Node>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) shared: Arc<Shared>,
    agenda: Agenda,
    /// Whether the run is over: sockets that are dropped from here on leave no trace.
    pub(crate) ended: bool,
}

/// The way out of a node: everything that a frame needs to leave it.
struct Exit<'a> {
    now: Instant,
    lanes: &'a mut [Lane],
    agenda: &'a mut Agenda,
    recorder: &'a mut Recorder,
}

/// A frame that leaves a node.
struct Departure {
    packet: Packet,
    cause: EventId,
    derived_from: Option<FrameId>,
}

impl Core {
    pub(crate) fn new(seed: Seed, recorder: Recorder, shared: Arc<Shared>) -> Core {
        let (nodes, lanes, agenda) = (Vec::new(), Vec::new(), Agenda::default());
        Core { seed, now: Instant::ZERO, recorder, nodes, lanes, shared, agenda, ended: false }
    }

    /// Lets something happen to a node's host, then sees to what follows from it.
    ///
    /// # Panics
    /// If the node is a switch: a switch runs no programs.
    pub(crate) fn with_host<R>(&mut self, node: u32, cause: EventId, f: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        let result = self.call_host(node, cause, f);
        self.serve(node, cause);
        self.shared.ready.set_cause(cause);
        result
    }

    /// As [`Core::with_host`], for a call that may have to wait: then nothing has happened, and nothing follows.
    pub(crate) fn try_with_host<R>(
        &mut self,
        node: u32,
        cause: EventId,
        f: impl FnOnce(&mut Host, &mut Cx<'_>) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let result = self.call_host(node, cause, f);
        if !matches!(result, Err(Errno::WouldBlock)) {
            self.serve(node, cause);
            self.shared.ready.set_cause(cause);
        }
        result
    }

    #[inline]
    fn call_host<R>(&mut self, node: u32, cause: EventId, f: impl FnOnce(&mut Host, &mut Cx<'_>) -> R) -> R {
        let entry = &mut self.nodes[node as usize];
        let Machine::Host(host) = &mut entry.machine else { panic!("{} is a switch", entry.name) };
        f(host, &mut Cx::new(self.now, entry.place, cause, &mut self.recorder))
    }

    /// Looks at a node's host.
    ///
    /// # Panics
    /// If the node is a switch.
    pub(crate) fn ask_host<R>(&self, node: u32, f: impl FnOnce(&Host) -> R) -> R {
        let node = &self.nodes[node as usize];
        let Machine::Host(host) = &node.machine else { panic!("{} is a switch", node.name) };
        f(host)
    }

    /// Takes from a host what it has to give: frames, sockets that are ready, its next timer.
    fn serve(&mut self, node: u32, cause: EventId) {
        let Core { now, recorder, nodes, lanes, shared, agenda, .. } = self;
        let (index, now) = (node, *now);
        let node = &mut nodes[index as usize];
        let Machine::Host(host) = &mut node.machine else { return };
        loop {
            let mut cx = Cx::new(now, node.place, cause, recorder);
            let Some(Outgoing { interface, frame, event, derived_from }) = host.poll_transmit(&mut cx) else { break };
            let departure = Departure { packet: frame, cause: event, derived_from };
            Exit { now, lanes, agenda, recorder }.send(&node.ports, node.place, interface.0, departure);
        }
        while let Some((socket, event)) = host.poll_ready() {
            let Some(waiters) = node.waiters.get_mut(&socket) else { continue };
            let state = host.ready(socket);
            shared.ready.set_cause(event);
            if state.readable || state.failed {
                waiters.reader.wake();
            }
            if state.writable || state.failed {
                waiters.writer.wake();
            }
        }
        arm(index, host, &mut node.armed, now, agenda);
    }

    /// Does what is due next if that is no later than `until`. `Err` says when it is due instead, if ever.
    pub(crate) fn step(&mut self, until: Instant) -> Result<(), Option<Instant>> {
        let Some(Entry { at, ticket, due }) = self.agenda.first() else { return Err(None) };
        if at > until {
            return Err(Some(at));
        }
        // The time goes on only for what does happen: not for timers that were put off or cancelled.
        match due {
            Due::Lane(lane) => {
                let (arrived, next) = self.lanes[lane as usize].poll_arrival(ticket);
                self.agenda.replace_first(next);
                let Some(flying) = arrived else { return Ok(()) };
                self.set_now(at);
                let lane = &mut self.lanes[lane as usize];
                if flying.fate == Fate::Lost {
                    let place = lane.place;
                    lane.handle_loss(&flying, &mut Cx::new(at, place, flying.event, &mut self.recorder));
                } else {
                    let (node, port) = lane.to;
                    self.arrive(node, port, flying.packet, flying.event, flying.frame);
                }
            }
            Due::Host(node) => {
                self.agenda.replace_first(None);
                self.handle_timer(node, at);
            }
            Due::Wait(slot) => {
                self.agenda.replace_first(None);
                if self.shared.is_waiting(slot, ticket) {
                    self.set_now(at);
                    let Core { nodes, recorder, shared, .. } = self;
                    shared.fire(slot, |wait| {
                        let args = [wait.length.as_nanos() as u64, 0];
                        let place = nodes[wait.node as usize].place;
                        recorder.event(at, place, &kinds::app::TIMER_FIRED, 0, wait.cause, None, args)
                    });
                }
            }
        }
        Ok(())
    }

    fn set_now(&mut self, now: Instant) {
        if now > self.now {
            self.now = now;
            self.shared.set_now(now);
        }
    }

    /// A host's timer may have run out.
    fn handle_timer(&mut self, node: u32, at: Instant) {
        let entry = &mut self.nodes[node as usize];
        let armed = entry.armed.pop();
        debug_assert_eq!(armed, Some(at), "the earliest was armed last");
        let Machine::Host(host) = &mut entry.machine else { return };
        if host.poll_timeout() > at {
            return arm(node, host, &mut entry.armed, self.now, &mut self.agenda);
        }
        self.set_now(at);
        let entry = &mut self.nodes[node as usize];
        let Machine::Host(host) = &mut entry.machine else { return };
        // Which setting of a timer this follows from, the host knows itself.
        host.handle_timeout(&mut Cx::new(at, entry.place, EventId::NONE, &mut self.recorder));
        self.serve(node, EventId::NONE);
    }

    /// The last bit of a frame has arrived at an interface.
    fn arrive(&mut self, node: u32, port: u16, mut packet: Packet, sent: EventId, sent_frame: Option<FrameId>) {
        let Core { now, recorder, nodes, lanes, agenda, .. } = self;
        let now = *now;
        let entry = &mut nodes[node as usize];
        let Some(tap) = entry.ports.get(usize::from(port)).map(|port| port.tap) else { return };
        let arg = recorder.next_frame().map_or(u64::MAX, |frame| u64::from(frame.0));
        let received = recorder.event(now, entry.place, &kinds::link::RECEIVED, u32::from(port), sent, None, [arg, 0]);
        let frame = recorder.frame(tap, now, Direction::In, sent_frame, received, &packet);
        let cx = &mut Cx::new(now, entry.place, received, recorder);
        match &mut entry.machine {
            Machine::Host(host) => {
                if let Some((out, event)) = host.pass_on(InterfaceId(port), &mut packet, cx) {
                    let departure = Departure { packet, cause: event, derived_from: frame };
                    return Exit { now, lanes, agenda, recorder }.send(&entry.ports, entry.place, out.0, departure);
                }
                host.handle_frame(InterfaceId(port), packet, frame, cx);
                self.serve(node, received);
            }
            Machine::Switch(switch) => {
                let Some(head) = packet.pull(ethernet::Header::LEN) else { return };
                let ports = switch.handle_frame(port, &ethernet::Header::read(head), cx);
                for port in ports {
                    // An empty port of a switch passes nothing on; that is no event.
                    if entry.ports.get(usize::from(port)).is_some_and(|port| port.lane.is_some()) {
                        let departure = Departure { packet: packet.clone(), cause: received, derived_from: frame };
                        Exit { now, lanes, agenda, recorder }.send(&entry.ports, entry.place, port, departure);
                    }
                }
            }
        }
    }

    /// Puts the waits that tasks have begun in the agenda.
    pub(crate) fn arm_waits(&mut self) {
        let Core { now, recorder, nodes, shared, agenda, .. } = self;
        shared.drain_fresh(|slot, wait| {
            let args = [wait.length.as_nanos() as u64, 0];
            let place = nodes[wait.node as usize].place;
            wait.cause = recorder.event(*now, place, &kinds::app::TIMER_SET, 0, wait.cause, None, args);
            wait.ticket = agenda.ticket();
            agenda.push(wait.until.max(*now), wait.ticket, Due::Wait(slot));
        });
    }

    /// Nobody waits for a socket any more.
    pub(crate) fn forget_waiters(&mut self, node: u32, socket: SocketId) {
        self.nodes[node as usize].waiters.remove(&socket);
    }

    /// Who waits for a socket of a node.
    pub(crate) fn waiters(&mut self, node: u32, socket: SocketId) -> &mut Waiters {
        self.nodes[node as usize].waiters.entry(socket).or_default()
    }
}

/// Sees to it that the agenda looks after a host in time; `armed` are the moments at which it will.
#[inline]
fn arm(node: u32, host: &Host, armed: &mut SmallVec<[Instant; 4]>, now: Instant, agenda: &mut Agenda) {
    let due = host.poll_timeout();
    if due != Instant::NEVER && armed.last().is_none_or(|&armed| due < armed) {
        let at = due.max(now);
        armed.push(at);
        let ticket = agenda.ticket();
        agenda.push(at, ticket, Due::Host(node));
    }
}

impl Exit<'_> {
    /// A frame is handed to the interface `port`: it is seen at its tap and goes on its line.
    #[inline(always)]
    fn send(self, ports: &[crate::node::Port], place: base::PlaceId, port: u16, departure: Departure) {
        let Exit { now, lanes, agenda, recorder } = self;
        let Departure { packet, cause, derived_from } = departure;
        let Some(entry) = ports.get(usize::from(port)) else { return };
        let arg = recorder.next_frame().map_or(u64::MAX, |frame| u64::from(frame.0));
        let sent = recorder.event(now, place, &kinds::link::SENT, u32::from(port), cause, None, [arg, 0]);
        let frame = recorder.frame(entry.tap, now, Direction::Out, derived_from, sent, &packet);
        match entry.lane.and_then(|lane| lanes.get_mut(lane as usize)) {
            Some(lane) => {
                let mut cx = Cx::new(now, lane.place, sent, recorder);
                lane.handle_offer(Offer { packet, frame, sent }, agenda, &mut cx);
            }
            None => {
                recorder.event(now, place, &kinds::link::NOT_CONNECTED, u32::from(port), sent, None, [arg, 0]);
            }
        }
    }
}
