//! Opening: both opens, the answer to a SYN, and what the SYNs agree on (RFC 9293 §3.5, §3.10.7.3; RFC 7323; RFC 2018).

use std::collections::VecDeque;
use std::net::SocketAddr;

use base::EventId;
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Event, FastOpen, Flags, Options, Seq, State};

use crate::congestion::{self, Window, initial_window};
use crate::connection::{Agreed, Connection, Counts, Timestamps};
use crate::delack::Acks;
use crate::ecn::Ecn;
use crate::figures::Told;
use crate::limits::Limits;
use crate::memory::Memory;
use crate::rare::Rare;
use crate::rate::Rate;
use crate::receive::older;
use crate::recovery::Recovery;
use crate::rtt::{LeastRtt, Rtt};
use crate::send_buffer::SendBuffer;
use crate::timers::Timers;
use crate::tuning::Tuning;
use crate::usage::Usage;
use crate::{Config, Errno, FastOpenAnswer, FastOpenRequest, InFlight, Segment, Settings};

/// RFC 9293 §3.7.1 (MUST-15): what to assume if the other side does not say.
const DEFAULT_MSS: u16 = 536;
/// What IP's and TCP's headers take of a packet to this address, in bytes, options not counted.
pub(crate) fn headers_towards(remote: SocketAddr) -> u16 {
    if remote.is_ipv4() { 40 } else { 60 }
}

/// The least that is believed of the other side's announcement, as on Linux: less would be all header.
pub(crate) const MIN_MSS: u16 = 88;
/// What the timestamps option takes of each segment, padded.
const TIMESTAMPS_LEN: u32 = 12;

/// The beginnings of a connection.
impl Connection {
    /// Active OPEN (RFC 9293 §3.10.1): a SYN with the number `isn` is ready to be transmitted. `id` numbers the connection on
    /// its host.
    pub fn connect(
        config: impl Into<Settings>,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        cx: &mut Cx,
    ) -> Connection {
        let to = cx.socket(remote.ip(), remote.port());
        let open = cx.event(&kind::CONNECT, id, [to, local.port().into()]);
        let mut connection = Connection::new(config.into(), id, local, remote, isn, State::CLOSED, open, cx);
        connection.step(Event::ActiveOpen, &mut cx.caused_by(open));
        connection
    }

    /// As [`Connection::connect`], with Fast Open (RFC 7413 §4.2.1). How many bytes the SYN may carry says
    /// [`FastOpenRequest::room`].
    pub fn connect_fast(
        config: impl Into<Settings>,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        request: FastOpenRequest,
        cx: &mut Cx,
    ) -> Connection {
        let mut connection = Connection::connect(config, id, local, remote, isn, cx);
        connection.fast_open_with(request, cx);
        connection
    }

    /// As [`Connection::connect_fast`], with data that is not there yet: the SYN leaves with what the program writes first, of which
    /// it takes `room` bytes (Linux TCP_FASTOPEN_CONNECT). Until then the program may take it for open.
    #[allow(clippy::too_many_arguments)] // what a connection begins with
    pub fn connect_on_write(
        config: impl Into<Settings>,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        (option, room): (Option<FastOpen>, usize),
        cx: &mut Cx,
    ) -> Connection {
        let mut connection = Connection::connect(config, id, local, remote, isn, cx);
        connection.fast_open_later(option, room);
        connection
    }

    /// A SYN arrived at a listener (RFC 9293 §3.10.7.2, third): the answer is ready to be transmitted. `syn` must be a SYN
    /// without ACK and RST, as [`crate::Listener::handle_segment`] makes sure.
    pub fn accept(
        config: impl Into<Settings>,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        syn: &Segment,
        cx: &mut Cx,
    ) -> Connection {
        Connection::accept_fast(config, id, local, remote, isn, syn, FastOpenAnswer::default(), cx)
    }

    /// As [`Connection::accept`], with what a listener makes of Fast Open: it may be open at once.
    #[allow(clippy::too_many_arguments)] // what a connection begins with
    pub fn accept_fast(
        config: impl Into<Settings>,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        syn: &Segment,
        answer: FastOpenAnswer,
        cx: &mut Cx,
    ) -> Connection {
        let received = cx.event(&kind::RECEIVED, id, [syn.flags.0.into(), syn.seq.0.into()]);
        let mut connection = Connection::new(config.into(), id, local, remote, isn, State::LISTEN, received, cx);
        let cx = &mut cx.caused_by(received);
        connection.passive = true;
        connection.counts.received = 1;
        connection.take_syn(syn, cx);
        connection.step(Event::RcvSyn, cx);
        if let Some(option) = answer.option {
            connection.fast_open.option = Some(option);
        }
        if answer.opens {
            // RFC 7413 §4.2.2: the program gets the data before the handshake is complete. Otherwise data in a SYN is left
            // for the other side to send again, as on Linux: nobody has shown yet that the address is its own.
            connection.fast_opened = true;
            connection.connected = true;
            connection.syn_data = !syn.payload.is_empty();
            cx.event(&kind::FAST_OPEN_OPENED, id, [syn.payload.len() as u64, 0]);
            connection.begin_tuning(cx.now);
            // As on Linux the window that is offered does not grow by it.
            let offer = connection.tuning.as_ref().map(|tuning| tuning.memory.clone());
            connection.take_text_of_syn(syn, cx);
            if let (Some(tuning), Some(offer)) = (&mut connection.tuning, offer) {
                tuning.memory.offer_as(&offer, connection.rcv_nxt);
                connection.rcv_adv = tuning.memory.edge;
            }
            // The SYN-ACK acknowledges it: no acknowledgment is held back.
            let full = connection.acks.full;
            connection.acks = Acks::NEW;
            connection.acks.full = full;
        }
        connection
    }

    #[allow(clippy::too_many_arguments)] // what a connection begins with
    pub(crate) fn new(
        config: Settings,
        id: u32,
        local: SocketAddr,
        remote: SocketAddr,
        isn: Seq,
        state: State,
        trigger: EventId,
        cx: &Cx,
    ) -> Connection {
        let mss = u32::from(config.route_mss(headers_towards(remote)));
        let announced = u32::from(config.announced_mss());
        let mut connection = Connection {
            id,
            local,
            remote,
            state,
            passive: false,
            deferred: false,
            orphan: false,
            connected: false,
            error: None,
            soft_error: None,
            untold: None,
            icmp_report: None,
            read_shut: false,
            fast_open: Rare::NONE,
            fast_opened: false,
            syn_data: false,
            syn_len: 0,
            agreed: Agreed { mss, rcv_shift: offered_shift(&config).unwrap_or(0), ..Agreed::default() },
            iss: isn,
            snd_una: isn,
            snd_nxt: isn,
            snd_wnd: 1,
            snd_wl1: Seq(0),
            snd_wl2: Seq(0),
            max_snd_wnd: 0,
            small_sent: isn,
            buffer: SendBuffer::new(isn + 1),
            flight: InFlight::default(),
            rtt: Rtt::new(config.initial_rto, config.min_rto, config.max_rto),
            rate: Rate::new(cx.now),
            window: Window::new(initial_window(mss, config.initial_window)),
            usage: Usage::new(cx.now, isn),
            congestion: congestion::new(config.congestion, config.slow_start, isn.0.into()),
            recovery: Recovery::new(isn, config.reordering),
            ecn: Ecn::new(config.ecn),
            retransmit_now: false,
            probe_tail_now: false,
            sent_new: false,
            sent_event: trigger,
            probing: false,
            last_sent: cx.now,
            paced_until: cx.now,
            irs: Seq(0),
            rcv_nxt: Seq(0),
            rcv_adv: Seq(0),
            received: 0,
            reassembly: Rare::NONE,
            repeated: None,
            readable: VecDeque::new(),
            readable_len: 0,
            acks: Acks::NEW,
            fin_at: None,
            fin_received: false,
            urgent: None,
            last_received: cx.now,
            last_challenge: None,
            challenging: false,
            ts: Timestamps::default(),
            fin_wanted: None,
            fin_sent: false,
            timers: Timers::OFF,
            attempts: 0,
            syn_retries: 0,
            probe_backoff: 0,
            probe_now: false,
            min_rtt: LeastRtt::default(),
            keepalives: 0,
            trigger,
            outbox: Vec::new(),
            counts: Counts::default(),
            window_closed: false,
            window_full: false,
            probing_since: None,
            probes_counted: false,
            nagle_held: false,
            corked: false,
            more_follows: false,
            push_now: false,
            batch_left: 0,
            unpaced: 0,
            batch_many: false,
            again_left: 0,
            again_many: false,
            limits: Limits::default(),
            mtu: Rare::NONE,
            writer_waits: false,
            offered: 0,
            tuning: config.grow_window.then(|| Box::new(Tuning::new(Memory::new(&config, announced), cx.now))),
            config,
            told: Told::default(),
        };
        if connection.congestion.rules_window() {
            connection.flight.report_losses();
        }
        connection
    }

    /// Whether the acknowledgment that would complete the handshake is dropped, as it brings no data and the program waits for
    /// some (TCP_DEFER_ACCEPT, as Linux `tcp_check_req`). Nobody need repeat the SYN-ACK until that time is nearly over.
    pub(crate) fn defers(&mut self, segment: &Segment, cx: &mut Cx) -> bool {
        let early = self.passive && self.syn_retries < self.config.defer_accept && segment.seq == self.irs + 1;
        if early {
            self.deferred = true;
            cx.event(&kind::DEFERRED, self.id, [0, 0]);
        }
        early
    }

    /// Whether the SYN-ACK need not be sent again for now: it was acknowledged, and data is waited for. The last time before the
    /// wait is over it is, so that there is an answer to it (Linux `syn_ack_recalc`).
    pub(crate) fn waits_for_data(&self) -> bool {
        self.deferred && self.syn_retries < self.config.defer_accept
    }

    /// The options of our SYN; of a SYN-ACK only those that the other side offered too (RFC 7323 §1.3, RFC 2018 §2).
    pub(crate) fn syn_options(&self, now: base::Instant) -> Options {
        let answer = self.state == State::SYN_RECEIVED;
        let shift = offered_shift(&self.config).filter(|_| !answer || self.agreed.scaling);
        let timestamps = if answer { self.agreed.timestamps } else { self.config.timestamps };
        Options {
            mss: Some(self.config.announced_mss()),
            window_scale: shift,
            sack_permitted: if answer { self.agreed.sack } else { self.config.sack },
            // RFC 7323 §3.2: TSecr is valid only with ACK.
            timestamps: timestamps.then(|| (self.ts_now(now), if answer { self.ts.recent } else { 0 })),
            fast_open: self.fast_open.option,
            acc_ecn: if answer && self.config.ecn_option { self.ecn.first_option() } else { None },
            ..Options::default()
        }
    }

    /// Our timestamp clock: milliseconds (RFC 7323 §5.4 wants between 1 ms and 1 s).
    pub(crate) fn ts_now(&self, now: base::Instant) -> u32 {
        (now.as_nanos().div_euclid(1_000_000) as u32).wrapping_add(self.config.timestamp_offset)
    }

    /// Takes over the other side's first number, window and options.
    pub(crate) fn take_syn(&mut self, syn: &Segment, cx: &mut Cx) {
        let (ours, theirs) = (&self.config, &syn.options);
        self.irs = syn.seq;
        self.rcv_nxt = syn.seq + 1;
        self.received = 1;
        // Our window in a SYN is never scaled (RFC 7323 §2.2), so this is what was or will be offered.
        self.offered = ours.receive_buffer.min(65_535) as u32;
        self.rcv_adv = self.rcv_nxt + self.offered;
        self.ts.last_ack_sent = self.rcv_nxt;
        self.agreed.scaling = ours.window_scale && theirs.window_scale.is_some();
        if self.agreed.scaling {
            // RFC 7323 §2.3: more than 14 counts as 14.
            self.agreed.snd_shift = theirs.window_scale.unwrap_or(0).min(14);
        } else {
            self.agreed.rcv_shift = 0;
        }
        self.agreed.sack = ours.sack && theirs.sack_permitted;
        if self.ecn.agree(syn) {
            let kind = if self.ecn.agreed { &kind::ECN_AGREED } else { &kind::ACC_ECN_AGREED };
            cx.event(kind, self.id, [0, 0]);
        }
        if let (true, Some((val, _))) = (ours.timestamps, theirs.timestamps) {
            self.agreed.timestamps = true;
            (self.ts.recent, self.ts.recent_at) = (val, cx.now);
        }
        let stamps = if self.agreed.timestamps { TIMESTAMPS_LEN } else { 0 };
        if let Some(tuning) = &mut self.tuning {
            tuning.owned = !self.passive;
            if self.passive {
                tuning.memory.offer_first(u32::from(ours.announced_mss()) - stamps);
            }
            if !self.agreed.scaling {
                tuning.memory.unscaled();
            }
            tuning.memory.edge = self.rcv_nxt + tuning.memory.window;
            self.rcv_adv = tuning.memory.edge;
        }
        // RFC 9293 §3.7.1: the lesser of the two, less what options take.
        let most = theirs.mss.unwrap_or(DEFAULT_MSS).min(ours.mss).max(MIN_MSS);
        self.agreed.most = most - stamps as u16;
        self.agreed.mss = u32::from(most.min(ours.route_mss(headers_towards(self.remote)))) - stamps;
        self.acks.full = self.agreed.mss.min(536);
        self.window = Window::new(initial_window(self.agreed.mss, ours.initial_window));
        // RFC 7323 §2.2: the window in a SYN is not scaled.
        self.snd_wnd = syn.window.into();
        self.max_snd_wnd = self.snd_wnd;
        (self.snd_wl1, self.snd_wl2) = (syn.seq, syn.ack);
    }

    /// RFC 9293 §3.10.7.2: other controls and text on a SYN are processed later, in their order.
    fn take_text_of_syn(&mut self, syn: &Segment, cx: &mut Cx) {
        if syn.payload.is_empty() && !syn.flags.contains(Flags::FIN) {
            return;
        }
        let mut rest = syn.clone();
        rest.flags = rest.flags.without(Flags::SYN);
        rest.seq = syn.seq + 1;
        if let Some(text) = self.acceptable(&mut rest) {
            self.take_text(text, cx);
        }
    }

    /// A segment arrives in SYN-SENT (RFC 9293 §3.10.7.3).
    pub(crate) fn handle_in_syn_sent(&mut self, segment: &Segment, cx: &mut Cx) {
        let flags = segment.flags;
        let has_ack = flags.contains(Flags::ACK);
        // First, check the ACK bit: SEG.ACK =< ISS or SEG.ACK > SND.NXT, send a reset.
        let acceptable = has_ack && segment.ack.after(self.snd_una) && segment.ack.at_or_before(self.snd_nxt);
        if has_ack && !acceptable {
            if !flags.contains(Flags::RST) {
                self.reset_for(segment, cx);
            }
            return;
        }
        // RFC 7323 §3.2, as Linux: an answer that echoes what was never sent is somebody else's.
        if has_ack && !flags.contains(Flags::RST) && self.echoes_nothing(segment, cx) {
            return self.reset_for(segment, cx);
        }
        // Second, check the RST bit: without an acceptable ACK it may be anybody's.
        if flags.contains(Flags::RST) {
            if acceptable {
                let reset = cx.event(&kind::RESET, self.id, [0, 0]);
                self.fail(Errno::ConnectionRefused, Event::RcvRst, &mut cx.caused_by(reset));
            }
            return;
        }
        // Fourth, check the SYN bit; fifth, without SYN or RST the segment is dropped.
        if !flags.contains(Flags::SYN) {
            return;
        }
        self.take_syn(segment, cx);
        if acceptable {
            let acked = self.acknowledge(segment, false, false, cx);
            debug_assert!(acked.is_some());
            self.step(Event::RcvSynAck, cx);
            self.complete(cx);
            let sends_again = self.fast_open_answered(segment, cx);
            self.take_text_of_syn(segment, cx);
            self.follow_fins(false, cx);
            // The handshake's last ACK leaves at once, with data if there is any; as on Linux, a call that waits to write has it
            // wait for its data.
            if (self.writer_waits || self.config.defer_accept > 0) && self.acks.now.is_none() {
                self.acks.wait_for_writer();
                self.owe_ack(false, cx);
            } else if !sends_again {
                self.acks.now = Some(cx.event(&kind::ACK_NOW, self.id, [self.rcv_nxt.0.into(), 0]));
            }
        } else {
            // Simultaneous open (RFC 9293 §3.5, figure 7): our SYN goes out again, as a SYN-ACK. Nothing was lost.
            self.step(Event::RcvSyn, cx);
            // As on Linux, data in a SYN that crosses ours is left for the other side to send again.
            self.send_syn_again();
        }
    }

    /// Our SYN, or our SYN-ACK, is to go out once more, alone: data that went with it waits for the answer.
    pub(crate) fn send_syn_again(&mut self) {
        let head = self.flight.numbers().start;
        self.flight.mark_lost(head);
        self.retransmit_now = true;
    }

    /// Whether the answer to our SYN echoes a timestamp that our SYNs never had.
    fn echoes_nothing(&self, answer: &Segment, cx: &Cx) -> bool {
        let (Some((_, echo)), Some(first)) = (answer.options.timestamps, self.flight.oldest()) else { return false };
        let (from, to) = (self.ts_now(first.first_sent), self.ts_now(cx.now));
        self.config.timestamps && echo != 0 && (older(echo, from) || older(to, echo))
    }

    /// Our SYN is acknowledged: the connection is complete.
    pub(crate) fn complete(&mut self, cx: &mut Cx) {
        self.connected = true;
        self.acks.begin(cx.now);
        if !self.fast_opened {
            self.begin_tuning(cx.now);
        }
        self.small_sent = self.snd_una.max(self.small_sent);
        if self.syn_retries > 0 {
            self.rtt.syn_was_lost();
        }
        // RFC 6928 §2: one segment only if the SYN was lost more than once.
        if self.syn_retries > 1 {
            self.window.cwnd = 1;
        }
        self.attempts = 0;
        self.flight.give_back();
        self.grow_send_buffer();
        self.begin_mtu_search(cx);
        self.arm_keepalive(cx.cause, cx);
    }
}

/// The shift count to offer: the least with which the whole receive buffer can be offered (RFC 7323 §2.3).
pub(crate) fn offered_shift(config: &Config) -> Option<u8> {
    let most = match (config.grow_window, config.receive_buffer_fixed) {
        // Half of the memory, as nothing is known of the packets that will come.
        (true, true) => config.receive_buffer_first / 2,
        _ => config.receive_buffer,
    };
    let fits = |shift: &u8| most >> shift <= 65_535;
    config.window_scale.then(|| (0..14).find(fits).unwrap_or(14))
}
