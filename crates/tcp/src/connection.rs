//! One connection: its record (RFC 9293 §3.3.1, the TCB), and the story of its use. The rules stand in the files around:
//! handshake, receive, acknowledge, send, close, timeout, icmp.

use std::collections::VecDeque;
use std::net::SocketAddr;

use base::{Duration, EventId, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Event, Seq, State, transition};
use wire::{Body, Chunk};

use crate::congestion::{Congestion, Window};
use crate::delack::Acks;
use crate::ecn::Ecn;
use crate::fast_open::FastOpening;
use crate::figures::Told;
use crate::limits::Limits;
use crate::mtu_probe::MtuSearch;
use crate::rare::Rare;
use crate::rate::Rate;
use crate::reassembly::Reassembly;
use crate::recovery::Recovery;
use crate::rtt::{LeastRtt, Rtt};
use crate::send_buffer::SendBuffer;
use crate::timers::Timers;
use crate::tuning::Tuning;
use crate::urgent::Urgent;
use crate::usage::Usage;
use crate::{Errno, IcmpReport, InFlight, Info, Keepalive, Ready, Segment, Settings};

/// One TCP connection (RFC 9293), sans-IO. Drive it with the `handle_*` methods and the commands; after each, send what
/// [`Connection::poll_transmit`] gives until it gives nothing, and come back at [`Connection::poll_timeout`].
///
/// A connection begins with [`Connection::connect`] or [`Connection::accept`] and has ended when it
/// [is closed](Connection::is_closed) and has nothing more to transmit.
#[derive(Debug)]
#[repr(C)] // the order of the fields is theirs in memory: what many connections touch for each segment stands side by side
pub struct Connection {
    // What each segment looks at or changes, whichever way it goes.
    pub(crate) config: Settings,
    /// What last made sending possible: the cause of what is sent next.
    pub(crate) trigger: EventId,
    pub(crate) last_received: Instant,
    pub(crate) iss: Seq,
    pub(crate) snd_una: Seq,
    pub(crate) snd_nxt: Seq,
    pub(crate) snd_wnd: u32,
    pub(crate) snd_wl1: Seq,
    pub(crate) snd_wl2: Seq,
    /// MAX.SND.WND (RFC 5961 §5.2).
    pub(crate) max_snd_wnd: u32,
    pub(crate) irs: Seq,
    pub(crate) rcv_nxt: Seq,
    /// The right edge of the window as far as it was ever offered.
    pub(crate) rcv_adv: Seq,
    pub(crate) agreed: Agreed,
    pub(crate) id: u32,
    pub(crate) state: State,
    /// It began with a passive open.
    pub(crate) passive: bool,
    /// Its SYN-ACK was acknowledged without data, and the program waits for some.
    pub(crate) deferred: bool,
    /// The program has closed: it will neither read nor write.
    pub(crate) orphan: bool,
    pub(crate) connected: bool,
    /// It was open before its handshake was complete (RFC 7413).
    pub(crate) fast_opened: bool,
    /// The program reads no more (shutdown(SHUT_RD)).
    pub(crate) read_shut: bool,
    pub(crate) fin_received: bool,
    /// The acknowledgment that is to be sent is a challenge, and nothing else has it leave.
    pub(crate) challenging: bool,
    pub(crate) fin_sent: bool,
    /// The one thing in flight is a probe of a closed window.
    pub(crate) probing: bool,
    /// What has been said already, so that it is said once: the window is closed, full, Nagle holds back.
    pub(crate) window_closed: bool,
    pub(crate) window_full: bool,
    pub(crate) nagle_held: bool,
    /// The program corks the connection, or has said that more follows; and it wants what waits to leave.
    pub(crate) corked: bool,
    pub(crate) more_follows: bool,
    pub(crate) push_now: bool,
    /// Something new was sent since the timer was last looked at.
    pub(crate) sent_new: bool,
    /// The loss probe is due.
    pub(crate) probe_tail_now: bool,
    /// The first lost segment is to go out whatever the window says.
    pub(crate) retransmit_now: bool,
    /// A probe of the closed window is due.
    pub(crate) probe_now: bool,
    /// The batch that is being sent is more than one segment.
    pub(crate) batch_many: bool,
    /// The same of what is being sent again.
    pub(crate) again_left: u32,
    pub(crate) again_many: bool,
    /// The search for what the path takes (RFC 4821).
    pub(crate) mtu: Rare<MtuSearch>,
    /// A call waits to write: its data will carry the handshake's last acknowledgment.
    pub(crate) writer_waits: bool,
    /// Data came in its SYN.
    pub(crate) syn_data: bool,
    pub(crate) error: Option<Errno>,
    /// Where the other side's FIN stands, as an offset from IRS, if it has arrived behind a gap.
    pub(crate) fin_at: Option<u64>,
    /// The program has closed its direction, with this event.
    pub(crate) fin_wanted: Option<EventId>,
    pub(crate) reassembly: Rare<Reassembly>,
    /// What arrived twice, to be reported (RFC 2883).
    pub(crate) repeated: Option<(Seq, Seq)>,
    pub(crate) ts: Timestamps,
    pub(crate) counts: Counts,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) told: Told,
    pub(crate) limits: Limits,

    // The receive sequence space (RFC 9293 §3.3.1), and what of it waits for the program.
    /// RCV.NXT as an offset from IRS that does not wrap.
    pub(crate) received: u64,
    pub(crate) readable: VecDeque<Chunk>,
    pub(crate) readable_len: usize,
    pub(crate) acks: Acks,
    /// The largest window that was offered.
    pub(crate) offered: u32,
    /// The receive buffer's memory, where it is as on Linux.
    pub(crate) tuning: Option<Box<Tuning>>,
    pub(crate) keepalives: u32,

    // Timers.
    pub(crate) timers: Timers,
    pub(crate) ecn: Ecn,

    // The send sequence space, what is in it, and what decides over it.
    pub(crate) buffer: SendBuffer,
    pub(crate) flight: InFlight,
    pub(crate) window: Window,
    /// The number behind the last segment that was smaller than the maximum (for Nagle's algorithm).
    pub(crate) small_sent: Seq,
    /// Unanswered retransmissions or probes in a row.
    pub(crate) attempts: u32,
    pub(crate) rate: Rate,
    pub(crate) rtt: Rtt,
    pub(crate) min_rtt: LeastRtt,
    pub(crate) last_sent: Instant,
    /// The event of what was sent last.
    pub(crate) sent_event: EventId,
    pub(crate) usage: Usage,
    pub(crate) congestion: Box<dyn Congestion>,
    pub(crate) recovery: Recovery,
    /// How often the probe timer was doubled.
    pub(crate) probe_backoff: u32,
    /// Segments left of the batch that is being sent.
    pub(crate) batch_left: u32,
    /// Bytes of that batch that have left, where a pause will follow it.
    pub(crate) unpaced: u32,
    /// Segments that are not part of the stream: resets.
    pub(crate) outbox: Vec<(Segment, EventId)>,
    /// When the congestion control's pause after the last segment ends.
    pub(crate) paced_until: Instant,

    // What is rarely looked at.
    /// What the other side calls urgent, until the program has read past it.
    pub(crate) urgent: Option<Urgent>,
    pub(crate) soft_error: Option<Errno>,
    /// Why it failed, until the program has been told (SO_ERROR).
    pub(crate) untold: Option<Errno>,
    /// What ICMP said of the attempt to connect, in the error queue.
    pub(crate) icmp_report: Option<IcmpReport>,
    pub(crate) fast_open: Rare<FastOpening>,
    /// How many bytes our own SYN carries.
    pub(crate) syn_len: u32,
    /// When the last acknowledgment of something unacceptable was sent (RFC 5961 §7).
    pub(crate) last_challenge: Option<Instant>,
    /// How often the timer had our SYN sent again.
    pub(crate) syn_retries: u32,
    /// When the first of the unanswered probes was due.
    pub(crate) probing_since: Option<Instant>,
    /// What is counted in `attempts` are probes.
    pub(crate) probes_counted: bool,
}

/// What both sides agreed on in their SYNs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Agreed {
    /// The largest segment to send, in bytes of data, options taken off.
    pub(crate) mss: u32,
    /// The same if the path were no narrower than its ends.
    pub(crate) most: u16,
    /// Shift counts of windows that come in and go out; both zero without scaling.
    pub(crate) snd_shift: u8,
    pub(crate) rcv_shift: u8,
    pub(crate) scaling: bool,
    pub(crate) sack: bool,
    pub(crate) timestamps: bool,
}

/// RFC 7323 §4.3's variables.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timestamps {
    /// TS.Recent, and when it was taken.
    pub(crate) recent: u32,
    pub(crate) recent_at: Instant,
    /// Last.ACK.sent.
    pub(crate) last_ack_sent: Seq,
}

/// Counts over the connection's life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    /// Segments that arrived at the other side.
    pub(crate) delivered: u64,
    /// How often a segment came late that others had overtaken.
    pub(crate) reordered: u64,
    pub(crate) received: u64,
    pub(crate) retransmits: u64,
    pub(crate) bytes_acked: u64,
    pub(crate) bytes_received: u64,
}

/// A segment to send, and the event of its sending.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// The segment.
    pub segment: Segment,
    /// `tcp.sent`: why it is sent.
    pub event: EventId,
}

/// Getters.
impl Connection {
    /// Its number on its host: the subject of its events.
    pub fn id(&self) -> u32 {
        self.id
    }
    /// This side's address and port.
    #[inline]
    pub fn local(&self) -> SocketAddr {
        self.local
    }
    /// The other side's address and port.
    #[inline]
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }
    /// The state.
    pub fn state(&self) -> State {
        self.state
    }
    /// Whether it has ended: nothing more will arrive, and nothing more be sent once [`Connection::poll_transmit`] gives
    /// nothing. What has arrived can still be read.
    pub fn is_closed(&self) -> bool {
        self.state == State::CLOSED
    }
    /// Whether the program has closed it: nobody will read or write any more.
    pub fn is_orphan(&self) -> bool {
        self.orphan
    }
    /// Why the connection failed, if it did.
    pub fn error(&self) -> Option<Errno> {
        self.error
    }

    /// What the program may do now without waiting.
    pub fn ready(&self) -> Ready {
        let failed = self.error.is_some() || self.untold.is_some();
        let write_closed = self.fin_wanted.is_some() || self.is_closed();
        // As on Linux a program is told to write again when a third of the buffer is free.
        let room = self.is_roomy();
        let connected = self.connected || self.syn_awaits().is_some();
        Ready {
            connected,
            readable: self.is_readable(),
            writable: failed || write_closed || (connected && room),
            read_closed: self.is_read_closed(),
            write_closed,
            failed,
        }
    }

    /// Whether reading gives something without waiting, if only the end or an error: as [`Connection::ready`] says.
    #[inline]
    pub fn is_readable(&self) -> bool {
        (self.connected && !self.readable.is_empty())
            || self.is_read_closed()
            || self.error.is_some()
            || self.untold.is_some()
    }
    fn is_read_closed(&self) -> bool {
        self.fin_received || self.read_shut || self.is_closed()
    }

    /// SND.UNA: up to which of our numbers the other side has acknowledged.
    pub fn snd_una(&self) -> Seq {
        self.snd_una
    }
    /// Bytes that wait for the program.
    pub fn unread(&self) -> usize {
        self.readable_len
    }
    /// Whether an acknowledgment is to be sent at once.
    pub fn owes_ack(&self) -> bool {
        self.acks.now.is_some()
    }

    /// Its figures.
    pub fn info(&self) -> Info {
        Info {
            state: self.state,
            isn: (self.iss, self.irs),
            snd_una: self.snd_una,
            snd_nxt: self.snd_nxt,
            snd_wnd: self.snd_wnd,
            rcv_nxt: self.rcv_nxt,
            rcv_wnd: self.rcv_wnd(),
            mss: self.agreed.mss,
            window_scale: self.agreed.scaling.then_some((self.agreed.snd_shift, self.agreed.rcv_shift)),
            sack: self.agreed.sack,
            timestamps: self.agreed.timestamps,
            ecn: (self.ecn.agreed || self.ecn.accurate.is_some(), self.ecn.seen),
            syn_data: self.syn_data,
            cwnd: self.window.cwnd.saturating_mul(self.agreed.mss),
            ssthresh: self.window.ssthresh.saturating_mul(self.agreed.mss),
            in_flight: self.flight.pipe(),
            srtt: self.rtt.srtt().unwrap_or_default(),
            rttvar: self.rtt.rttvar(),
            rto: self.rtt.rto(),
            phase: self.recovery.phase,
            dup_acks: self.recovery.dup_acks,
            segments_out: self.flight.len() as u32,
            segments_sacked: self.flight.sacked(),
            segments_lost: self.flight.lost(),
            segments_resent: self.flight.resent(),
            reordering: self.recovery.reordering,
            dsacks: self.recovery.dsacks,
            min_rtt: self.min_rtt.get().unwrap_or_default(),
            receive_memory: self
                .tuning
                .as_ref()
                .map_or((0, 0, 0), |tuning| (tuning.memory.taken, tuning.memory.limit, tuning.memory.threshold)),
            retransmits: self.counts.retransmits,
            delivered: self.counts.delivered,
            reordered: self.counts.reordered,
            backoff: self.rtt.backoff().max(self.probe_backoff),
            probes: if self.probes_counted { self.attempts.max(self.keepalives) } else { self.keepalives },
            own_mss: u32::from(self.config.announced_mss()),
            full_segment: self.acks.full,
            receiver: self
                .tuning
                .as_ref()
                .map_or((Duration::ZERO, 0), |tuning| (tuning.rtt.unwrap_or(Duration::ZERO), tuning.space)),
            last_data_received: self.acks.last_data(),
            limits: self.limits,
            unsent: self.unsent(),
            segments: (self.counts.sent, self.counts.received),
            send_queue: self.queued(),
            receive_queue: self.readable_len,
            bytes_acked: self.counts.bytes_acked,
            bytes_received: self.counts.bytes_received,
            delivery_rate: self.rate.last,
            pacing_rate: self.pacing_rate().map(|rate| rate.0 / 8),
            marked: self.ecn.accurate.as_ref().map(|accurate| accurate.delivered()).unwrap_or_default(),
            congestion: self.congestion.name(),
        }
    }

    /// Bytes written and not acknowledged.
    pub(crate) fn queued(&self) -> usize {
        // The SYN stands in front of the data: before it is acknowledged SND.UNA does too.
        self.buffer.end().distance((self.iss + 1).max(self.snd_una).min(self.buffer.end())) as usize
    }
    /// RCV.WND: how much of the window that was offered is left.
    pub(crate) fn rcv_wnd(&self) -> u32 {
        if self.rcv_adv.after(self.rcv_nxt) { self.rcv_adv.distance(self.rcv_nxt) } else { 0 }
    }
}

/// Commands.
impl Connection {
    /// Reads up to `max` bytes, shared. An empty result is the end of the stream. May give less than has arrived, so that
    /// segments need not be cut.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] if nothing has arrived; once all that had arrived is read, the connection's error, which is
    /// told once: then the stream has ended.
    pub fn recv(&mut self, max: usize, cx: &mut Cx) -> Result<Body, Errno> {
        let max = if self.urgent.is_some() { self.pass_urgent(max) } else { max };
        let Some(first) = self.readable.front() else { return self.recv_nothing() };
        if self.tuning.is_some() {
            let first = first.bytes().len().min(max);
            self.tune_buffer(first, cx);
        }
        let mut out = Body::empty();
        while let Some(chunk) = self.readable.pop_front_if(|chunk| chunk.bytes().len() <= max - out.len()) {
            out.push(chunk);
        }
        if let Some(first) = self.readable.front_mut().filter(|_| out.is_empty() && max > 0) {
            // Nobody will ask for their checksums any more.
            out.push(Chunk::unsummed(first.bytes().slice(..max)));
            *first = Chunk::unsummed(first.bytes().slice(max..));
        }
        self.readable_len -= out.len();
        let waits = self.readable_len as u64 + u64::from(self.fin_received);
        if let Some(tuning) = &mut self.tuning {
            tuning.memory.release(self.received.saturating_sub(waits));
        }
        self.after_reading(cx);
        Ok(out)
    }

    /// What reading gives where nothing waits to be read.
    fn recv_nothing(&mut self) -> Result<Body, Errno> {
        match self.untold.take() {
            _ if self.fin_received => Ok(Body::empty()),
            Some(error) => Err(error),
            None if self.read_shut || self.is_closed() => Ok(Body::empty()),
            None => Err(Errno::WouldBlock),
        }
    }

    /// Asks a silent peer whether it is there, or no longer (SO_KEEPALIVE).
    pub fn set_keepalive(&mut self, keepalive: Option<Keepalive>, cx: &mut Cx) {
        self.config.keepalive = keepalive;
        self.keepalives = 0;
        self.arm_keepalive(cx.cause, cx);
    }

    /// Why the connection failed, if the program has not been told yet; with this it has (SO_ERROR). As on Linux also what ICMP said
    /// of a connection that goes on.
    pub fn take_error(&mut self) -> Option<Errno> {
        self.untold.take().or_else(|| self.soft_error.take())
    }

    /// The program reads no more: what has arrived it can still read, behind that the stream ends for it. What comes later is
    /// taken and acknowledged (shutdown(SHUT_RD), as Linux has it), unless we have sent a FIN as well: then it is reset as after
    /// [`Connection::close`].
    pub fn shutdown_read(&mut self) {
        self.read_shut = true;
    }

    /// How its packets are to travel: their DSCP, and whether routers may not cut them up.
    pub fn packets(&self) -> (u8, bool) {
        (self.config.dscp, self.config.path_mtu_discovery)
    }

    /// Asks routers for another treatment: a DSCP from 0 to 63 (the upper bits of IP_TOS and IPV6_TCLASS).
    pub fn set_dscp(&mut self, dscp: u8) {
        self.config.dscp = dscp & 0x3F;
    }

    /// Counts bytes in an option, where both sides speak accurate ECN, or does not (RFC 9768 §3.2.3).
    pub fn set_ecn_option(&mut self, on: bool) {
        self.config.ecn_option = on;
    }

    /// The queue of the device that its segments leave by is another one.
    pub fn set_qdisc(&mut self, qdisc: crate::Qdisc) {
        if self.config.qdisc != qdisc {
            self.config.qdisc = qdisc;
        }
    }

    /// Believes routers that say how large a packet may be, or does not (IP_MTU_DISCOVER).
    pub fn set_path_mtu_discovery(&mut self, on: bool) {
        self.config.path_mtu_discovery = on;
    }

    /// Changes the congestion control (TCP_CONGESTION). The window stays as it is.
    pub fn set_congestion(&mut self, kind: crate::CongestionKind) {
        if self.config.congestion != kind {
            self.config.congestion = kind;
            self.congestion = crate::congestion::new(kind, self.config.slow_start, self.iss.0.into());
        }
    }

    /// How often a SYN is sent again before the connection is given up (TCP_SYNCNT).
    pub fn set_syn_retries(&mut self, retries: u32) {
        self.config.syn_retries = retries;
    }

    /// How long FIN-WAIT-2 may last once the program has closed; `None`: not at all (TCP_LINGER2).
    pub fn set_fin_wait(&mut self, span: Option<Duration>) {
        self.config.fin_wait_2 = span;
    }

    /// Gives up when data stays unacknowledged for this long (TCP_USER_TIMEOUT).
    pub fn set_user_timeout(&mut self, timeout: Option<Duration>) {
        self.config.user_timeout = timeout;
    }
}

/// Output; the rest stands in `send`.
impl Connection {
    /// When to call [`Connection::handle_timeout`]; [`Instant::NEVER`] if nothing is armed.
    pub fn poll_timeout(&self) -> Instant {
        self.timers.next()
    }
}

/// What the rules share.
impl Connection {
    /// Moves along an arrow of the state machine, and says so. A move that RFC 9293 does not know is our bug.
    pub(crate) fn step(&mut self, event: Event, cx: &mut Cx) {
        let row = transition(self.state, event);
        debug_assert!(row.is_some(), "{} has no arrow for {}", self.state, event.label());
        let Some(row) = row else { return };
        cx.event(&kind::STATE, self.id, [self.state.0.into(), row.to.0.into()]);
        // A connection that returns to LISTEN is its listener's again: this record ends.
        self.state = if row.to == State::LISTEN { State::CLOSED } else { row.to };
        match self.state {
            State::CLOSED => self.forget(),
            State::TIME_WAIT => self.enter_time_wait(cx),
            State::FIN_WAIT_2 if self.orphan => self.arm_fin_wait(cx),
            _ => {}
        }
    }

    /// The connection fails with `error`.
    pub(crate) fn fail(&mut self, error: Errno, event: Event, cx: &mut Cx) {
        (self.error, self.untold) = (Some(error), Some(error));
        self.step(event, cx);
    }

    /// RFC 9293 §3.10.7.4: all segment queues are flushed. What the program may still read stays.
    fn forget(&mut self) {
        self.timers.stop_all_but_delayed_ack();
        self.timers.delayed_ack.stop();
        self.flight.clear();
        self.buffer.clear();
        self.reassembly = Rare::NONE;
        self.acks.now = None;
        (self.retransmit_now, self.probe_tail_now) = (false, false);
        if self.orphan {
            self.readable = VecDeque::new();
            self.readable_len = 0;
        }
    }
}
