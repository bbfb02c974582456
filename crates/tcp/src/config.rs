//! What a connection may be told before it opens.

use base::Duration;

use crate::{MtuProbing, SynCookies};

/// How a connection behaves. The defaults are those of a Linux host on Ethernet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// The largest segment that we can receive, in bytes: the MTU less 40 for IPv4, less 60 for IPv6 (RFC 9293 §3.7.1).
    /// Also the largest that we send, whatever the other side can take.
    pub mss: u16,
    /// Our SYN says no more than this, whatever we could receive (a route's `advmss`); `None`: what `mss` says.
    pub advertised_mss: Option<u16>,
    /// The largest packet that the route takes, in bytes (a route's `mtu`); `None`: as large as its first link does.
    pub route_mtu: Option<u16>,
    /// Offer window scaling (RFC 7323 §2).
    pub window_scale: bool,
    /// Offer selective acknowledgments (RFC 2018).
    pub sack: bool,
    /// Offer timestamps (RFC 7323 §3).
    pub timestamps: bool,
    /// Where they are agreed on, refuse what carries an older one than what came last: PAWS (RFC 7323 §5).
    pub paws: bool,
    /// Added to the clock of our timestamps, so that they do not tell how long the machine has been up (RFC 7323 §7.1).
    pub timestamp_offset: u32,
    /// Hold small segments back while an earlier small one is unacknowledged (RFC 9293 §3.7.4).
    pub nagle: bool,
    /// Nagle's algorithm looks for a *small* segment that is unacknowledged (draft-minshall-nagle); otherwise for any (RFC 896).
    pub minshall: bool,
    /// Hold acknowledgments back for a moment (RFC 9293 §3.8.6.3).
    pub delayed_ack: bool,
    /// Where they are held back, none the less acknowledge the first segments at once, so that the sender's slow start gets going
    /// (Linux's quick acknowledgments) ...
    pub quick_acks: bool,
    /// ... and at least every second full segment (RFC 5681 §4.2).
    pub ack_every_second: bool,
    /// Hold the acknowledgment of a FIN back as well, as Linux does: a program that closes at once then sends it with its
    /// own FIN, and the close takes three packets (RFC 9293 §3.6, figure 12 with its second and third segment in one).
    pub delay_fin_ack: bool,
    /// How many bytes a program may write ahead, acknowledged ones not counted.
    pub send_buffer: usize,
    /// How many bytes may wait for the program: the receive window. At most 2^30 - 1 count (RFC 7323 §2.3), at most 65535
    /// without window scaling.
    pub receive_buffer: usize,
    /// The initial congestion window in segments (RFC 6928 §2: 10).
    pub initial_window: u32,
    /// The retransmission timeout before the first round trip is measured (RFC 6298 §2.1: 1 s).
    pub initial_rto: Duration,
    /// The least that the timeout adds to the smoothed round trip (Linux: 200 ms; RFC 6298 §2.4 says 1 s in all).
    pub min_rto: Duration,
    /// The longest retransmission timeout (RFC 6298 §2.5: at least 60 s; Linux: 120 s).
    pub max_rto: Duration,
    /// How long TIME-WAIT lasts (RFC 9293 §3.4.2: two maximum segment lifetimes, 4 min; Linux: 60 s).
    pub time_wait: Duration,
    /// How long FIN-WAIT-2 may last once the program has closed (Linux: 60 s, and at least three and a half retransmission
    /// timeouts); `None`: not at all, the connection is reset instead (Linux TCP_LINGER2 below zero).
    pub fin_wait_2: Option<Duration>,
    /// How often a SYN is sent again before the connection is given up (Linux: 6).
    pub syn_retries: u32,
    /// So many SYNs more, before the time between them begins to double (Linux `tcp_syn_linear_timeouts`: 4; RFC 6298 §5.5 has
    /// it double from the first).
    pub syn_linear_timeouts: u32,
    /// What a listener does when more connections are half-open than it has room for (RFC 4987 §3.6).
    pub syn_cookies: SynCookies,
    /// How often a SYN-ACK is sent again (Linux: 5).
    pub syn_ack_retries: u32,
    /// A program that is connected to wants to hear of a connection only once data has arrived: an acknowledgment without any is not
    /// taken for the handshake's end before the SYN-ACK's timer has run out so often (Linux TCP_DEFER_ACCEPT); 0: it is. A program
    /// that connects has its acknowledgment of the SYN-ACK wait for its data.
    pub defer_accept: u32,
    /// How often data is sent again (RFC 9293 §3.8.3, R2; Linux: 15).
    pub retries: u32,
    /// The same once the program has closed (Linux's `tcp_orphan_retries`: 8).
    pub orphan_retries: u32,
    /// An acknowledgment in answer to something that is not believed leaves at most this often (Linux `tcp_invalid_ratelimit`:
    /// 500 ms).
    pub invalid_interval: Duration,
    /// Doubt what anybody off the path could have guessed: believe only a reset that hits the very next number, answer a SYN
    /// within a connection with a challenge, refuse acknowledgments of long ago (RFC 5961 §3 to §5). Otherwise whatever lies in the
    /// window is believed (RFC 793 §3.9).
    pub blind_defence: bool,
    /// About so many challenge ACKs leave the host in a second, whatever connections they are for (RFC 5961 §7; Linux
    /// `tcp_challenge_ack_limit`); `None`: as many as there are.
    pub challenge_limit: Option<u32>,
    /// Give up when data stays unacknowledged for this long (RFC 9293 §3.8.3); `None`: when the retries are used up.
    pub user_timeout: Option<Duration>,
    /// Ask whether a silent peer is still there (RFC 9293 §3.8.4); off by default.
    pub keepalive: Option<Keepalive>,
    /// Which congestion control.
    pub congestion: CongestionKind,
    /// Explicit congestion notification (RFC 3168).
    pub ecn: EcnUse,
    /// With accurate ECN, count bytes in an option too (RFC 9768 §3.2.3; Linux `tcp_ecn_option`).
    pub ecn_option: bool,
    /// How its slow start ends.
    pub slow_start: SlowStart,
    /// Whether programs that open connections have their first data go with the SYN, and those that listen take it.
    pub fast_open: FastOpenUse,
    /// Find losses by time (RFC 8985 §6) where SACK is agreed on; otherwise by what was SACKed behind them (RFC 6675).
    pub rack: bool,
    /// Find out by time, too, that what was sent again was lost again (RFC 8985 §6.2, step 5); otherwise the timer does.
    pub lost_retransmissions: bool,
    /// Without SACK, an acknowledgment of a part of what was out shows the next hole (RFC 6582 §3.2); otherwise any that is new ends
    /// the recovery (RFC 5681 §3.2, step 6).
    pub newreno: bool,
    /// Send new data for the first duplicate acknowledgments (RFC 3042).
    pub limited_transmit: bool,
    /// Probe when the last segments stay unacknowledged (RFC 8985 §7).
    pub tlp: bool,
    /// Bring the window down an acknowledgment at a time (RFC 9937); otherwise at once (RFC 6675 §5).
    pub prr: bool,
    /// Find out whether a retransmission timeout was needless (RFC 5682).
    pub frto: bool,
    /// Take back reductions that were needless (RFC 4015).
    pub undo: bool,
    /// Report what arrives twice (RFC 2883).
    pub dsack: bool,
    /// A program is not told to write while so many bytes wait to be sent (TCP_NOTSENT_LOWAT).
    pub notsent_low_water: Option<u32>,
    /// What the send buffer is charged for each stretch that is handed down in one, beside its data, in bytes. Linux charges
    /// about 1280 and takes a stretch in whole once there is room for any of it; 0: data alone counts.
    pub stretch_overhead: usize,
    /// Closed windows are probed without data, just below what is acknowledged, as Linux does; otherwise with the next byte.
    pub bare_probes: bool,
    /// The send buffer grows with the congestion window up to so many bytes (Linux `tcp_wmem`'s third); 0: it does not.
    pub send_buffer_most: usize,
    /// The receive buffer is memory that packets take, and the window grows with what arrives, as on Linux: `receive_buffer` is
    /// then the most memory that it may have (`tcp_rmem`'s third), and a segment is taken whole or not at all. Otherwise the
    /// buffer holds data alone, all of it is offered at once, and what lies beyond the window is cut off.
    pub grow_window: bool,
    /// Where the window grows: the memory that there is at first, in bytes (`tcp_rmem`'s second, or SO_RCVBUF).
    pub receive_buffer_first: usize,
    /// Where the window grows: the program has said how large the buffer is (SO_RCVBUF), and it stays so.
    pub receive_buffer_fixed: bool,
    /// Where the window grows: take back what was offered if there is no memory for it (Linux `tcp_shrink_window`; RFC 7323 §2.4
    /// discourages it, and wants senders and receivers to survive it).
    pub shrink_window: bool,
    /// Where the window grows: the receive buffer grows with what the program reads in a round trip, up to `receive_buffer`
    /// (Linux `tcp_moderate_rcvbuf`).
    pub tune_receive_buffer: bool,
    /// Drop segments without the timestamp that was agreed on (RFC 7323 §3.2: SHOULD); Linux takes them.
    pub require_timestamps: bool,
    /// After an idle time the congestion window begins anew (RFC 5681 §4.1; Linux `tcp_slow_start_after_idle`).
    pub slow_start_after_idle: bool,
    /// A congestion window that the program did not use does not grow (RFC 7661 §4.2), and comes down in time (RFC 2861 §3.2).
    pub validate_window: bool,
    /// Heed an offer that takes back window which was offered before (RFC 9293 §3.8.6: be prepared for it).
    pub heed_shrinking: bool,
    /// Segments leave in batches as an offload would see them, at least so many in one: the last of a batch is pushed.
    /// `None`: each stands for itself.
    pub batch: Option<u32>,
    /// What arrives in more was put together of segments of so many bytes, by an offload (Linux GRO); `None`: nothing was.
    pub merged_arrivals: Option<u32>,
    /// What the queue in front of the outgoing device does with segments.
    pub qdisc: Qdisc,
    /// Slow start and congestion avoidance count the segments that are acknowledged (RFC 3465); otherwise each acknowledgment
    /// counts for one (RFC 5681 §3.1).
    pub byte_counting: bool,
    /// Neither send slivers of data nor offer slivers of window (RFC 9293 §3.8.6.2).
    pub avoid_silly_windows: bool,
    /// Believe routers that say how large a packet the path takes, and have none cut packets up (RFC 1191 §3; Linux
    /// IP_MTU_DISCOVER).
    pub path_mtu_discovery: bool,
    /// Believe ICMP errors only about what is in flight (RFC 5927 §4.1).
    pub judge_icmp: bool,
    /// A program hears of an ICMP error while its connection is open, which goes on (Linux IP_RECVERR, IPV6_RECVERR); otherwise only
    /// if it then times out.
    pub report_errors: bool,
    /// Find out by trying what the path takes (RFC 4821).
    pub mtu_probing: MtuProbing,
    /// The segment that such a search begins with, in bytes of data (RFC 4821 §7.2; Linux `tcp_base_mss`: 1024).
    pub base_mss: u32,
    /// Urgent data stays in its place in the stream (SO_OOBINLINE); otherwise its last byte stands aside (RFC 6093 §2).
    pub urgent_inline: bool,
    /// The treatment that packets ask of routers: DSCP, 0 to 63 (RFC 2474 §3; the upper bits of Linux IP_TOS).
    pub dscp: u8,
    /// How many segments the path may reorder before one is taken for lost: DupThresh (RFC 5681 §3.2: 3).
    pub reordering: u32,
    /// Take the segments that are to be expected a shorter way, and send like ones by it. It is there to be turned off: nothing
    /// may be different then but the time it takes.
    pub prediction: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            mss: 1460,
            advertised_mss: None,
            route_mtu: None,
            window_scale: true,
            sack: true,
            timestamps: true,
            paws: true,
            timestamp_offset: 0,
            nagle: true,
            minshall: true,
            delayed_ack: true,
            quick_acks: true,
            ack_every_second: true,
            delay_fin_ack: false,
            send_buffer: 4 << 20,
            receive_buffer: 6 << 20,
            initial_window: 10,
            initial_rto: Duration::from_secs(1),
            min_rto: Duration::from_millis(200),
            max_rto: Duration::from_secs(120),
            time_wait: Duration::from_secs(60),
            fin_wait_2: Some(Duration::from_secs(60)),
            syn_retries: 6,
            syn_linear_timeouts: 0,
            syn_cookies: SynCookies::default(),
            syn_ack_retries: 5,
            defer_accept: 0,
            retries: 15,
            orphan_retries: 8,
            invalid_interval: Duration::from_millis(500),
            blind_defence: true,
            challenge_limit: None,
            user_timeout: None,
            keepalive: None,
            congestion: CongestionKind::default(),
            slow_start: SlowStart::default(),
            ecn: EcnUse::default(),
            ecn_option: true,
            fast_open: FastOpenUse::default(),
            rack: true,
            lost_retransmissions: true,
            newreno: true,
            limited_transmit: true,
            tlp: true,
            prr: true,
            frto: true,
            undo: true,
            dsack: true,
            notsent_low_water: None,
            stretch_overhead: 0,
            bare_probes: false,
            send_buffer_most: 0,
            grow_window: false,
            receive_buffer_first: 128 << 10,
            receive_buffer_fixed: false,
            shrink_window: false,
            tune_receive_buffer: true,
            require_timestamps: true,
            slow_start_after_idle: true,
            validate_window: true,
            heed_shrinking: true,
            batch: None,
            merged_arrivals: None,
            qdisc: Qdisc::default(),
            byte_counting: true,
            avoid_silly_windows: true,
            path_mtu_discovery: true,
            judge_icmp: true,
            report_errors: false,
            mtu_probing: MtuProbing::default(),
            base_mss: 1024,
            urgent_inline: false,
            dscp: 0,
            reordering: 3,
            prediction: true,
        }
    }
}

/// When and how often to ask a silent peer whether it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keepalive {
    /// Silence before the first question (RFC 9293 §3.8.4: at least two hours by default).
    pub idle: Duration,
    /// Time between questions.
    pub interval: Duration,
    /// Unanswered questions before the connection is given up.
    pub probes: u32,
}

impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive { idle: Duration::from_secs(7200), interval: Duration::from_secs(75), probes: 9 }
    }
}

/// The congestion controls that a connection may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CongestionKind {
    /// Slow start and congestion avoidance (RFC 5681).
    Reno,
    /// A window that is a cubic function of the time since the last loss (RFC 9438).
    #[default]
    Cubic,
    /// A model of the path, and pacing (BBRv3, draft-ietf-ccwg-bbr-06).
    Bbr,
}

impl CongestionKind {
    /// All of them, by the names that Linux has for them.
    pub const ALL: [(&'static str, CongestionKind); 3] =
        [("reno", CongestionKind::Reno), ("cubic", CongestionKind::Cubic), ("bbr", CongestionKind::Bbr)];

    /// The one with this name.
    pub fn named(name: &str) -> Option<CongestionKind> {
        CongestionKind::ALL.into_iter().find(|&(known, _)| known == name).map(|(_, kind)| kind)
    }
}

/// Whether congestion is to be marked instead of dropped: Linux's `tcp_ecn`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EcnUse {
    /// Neither asked for nor granted.
    Off,
    /// Granted to whoever asks.
    #[default]
    Grant,
    /// Asked for as well.
    Ask,
    /// Accurate ECN (RFC 9768) is asked for; it or the other is granted to whoever asks.
    AskAccurate,
    /// Accurate ECN is granted, the other asked for.
    AskGrantAccurate,
    /// Accurate ECN or the other is granted to whoever asks.
    GrantAccurate,
}

impl EcnUse {
    /// Whether our SYN asks for ECN in some way.
    pub(crate) fn asks(self) -> bool {
        matches!(self, EcnUse::Ask | EcnUse::AskAccurate | EcnUse::AskGrantAccurate)
    }
    /// Whether accurate ECN is granted.
    pub(crate) fn grants_accurate(self) -> bool {
        matches!(self, EcnUse::AskAccurate | EcnUse::AskGrantAccurate | EcnUse::GrantAccurate)
    }
}

/// How a machine's programs use Fast Open (RFC 7413), where they do not say so themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FastOpenUse {
    /// Not.
    #[default]
    Off,
    /// The first connection to a server asks for a cookie; data goes with the SYN of those that have one. A listener gives
    /// cookies, and takes data with them.
    Cookie,
    /// Data goes with every SYN, and a listener takes it from everybody (Linux `tcp_fastopen` with 0x204): for a network in which
    /// nobody forges addresses.
    NoCookie,
}

/// The queue discipline of the device that segments leave by (Linux `tc-qdisc`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Qdisc {
    /// Each leaves when it is sent.
    #[default]
    Fifo,
    /// Segments are spaced by their connection's rate: a window in half a round trip in slow start, a fifth more than a window
    /// in a round trip beyond (Linux `tc-fq`, `tcp_update_pacing_rate`). A congestion control with a rate of its own keeps it.
    Fq,
    /// A queue without room refuses every packet (Linux `pfifo limit 0`).
    Full,
}

/// How CUBIC's slow start may end before something is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SlowStart {
    /// It does not.
    Plain,
    /// By HyStart, as Linux's CUBIC has it.
    #[default]
    HyStart,
    /// By HyStart++ (RFC 9406).
    HyStartPlusPlus,
}
