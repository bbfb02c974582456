//! What a connection tells about itself.

use base::{Duration, Instant};
use wire::tcp::{Seq, State};

use crate::Limits;
use crate::recovery::Phase;

/// What a program may do without waiting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ready {
    /// The handshake is done, now or earlier.
    pub connected: bool,
    /// A read gives data, the end of the stream or an error.
    pub readable: bool,
    /// A write takes data or gives an error.
    pub writable: bool,
    /// The other side will send nothing more (what has arrived may still be unread).
    pub read_closed: bool,
    /// This side can send nothing more.
    pub write_closed: bool,
    /// The connection has failed: [`crate::Connection::error`] says why.
    pub failed: bool,
}

/// A connection's figures, after Linux's TCP_INFO.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    /// The state.
    pub state: State,
    /// The initial sequence numbers: ours, and theirs.
    pub isn: (Seq, Seq),
    /// SND.UNA: the oldest unacknowledged number.
    pub snd_una: Seq,
    /// SND.NXT: the next number to send.
    pub snd_nxt: Seq,
    /// SND.WND: the window that the other side offers, in bytes.
    pub snd_wnd: u32,
    /// RCV.NXT: the next number expected.
    pub rcv_nxt: Seq,
    /// RCV.WND: the window that we offer, in bytes.
    pub rcv_wnd: u32,
    /// The largest segment that we send, options taken off, in bytes.
    pub mss: u32,
    /// The shift counts for windows that we get, and that we send; `None` without window scaling.
    pub window_scale: Option<(u8, u8)>,
    /// Whether selective acknowledgments were agreed on.
    pub sack: bool,
    /// Whether timestamps were agreed on.
    pub timestamps: bool,
    /// Whether explicit congestion notification was agreed on, the accurate kind or the other; whether data came that routers
    /// may mark.
    pub ecn: (bool, bool),
    /// Whether data in a SYN was taken (RFC 7413).
    pub syn_data: bool,
    /// The congestion window in bytes, a segment's size for each of its segments.
    pub cwnd: u32,
    /// The slow start threshold in bytes; `u32::MAX` before the first loss.
    pub ssthresh: u32,
    /// Bytes in flight: sent, neither acknowledged nor taken for lost.
    pub in_flight: u32,
    /// The smoothed round-trip time; zero before the first measurement.
    pub srtt: Duration,
    /// The round-trip time's variation.
    pub rttvar: Duration,
    /// The retransmission timeout, backed off.
    pub rto: Duration,
    /// What loss recovery is at: Linux's `tcpi_ca_state`.
    pub phase: Phase,
    /// Duplicate acknowledgments in a row.
    pub dup_acks: u32,
    /// Segments in flight, each however long: all that are not acknowledged (`tcpi_unacked`) ...
    pub segments_out: u32,
    /// ... of them, those received behind a gap, ...
    pub segments_sacked: u32,
    /// ... those taken for lost, ...
    pub segments_lost: u32,
    /// ... and those sent again, if that is not taken for lost too.
    pub segments_resent: u32,
    /// By how many segments the path is believed to reorder.
    pub reordering: u32,
    /// Segments that arrived twice, as DSACKs tell.
    pub dsacks: u64,
    /// The least round trip of the last minutes; zero before the first measurement.
    pub min_rtt: Duration,
    /// The round trip as the receiver of data measures it, and how much its program reads in one, in bytes; zero where the
    /// receive buffer is not tuned by them (`tcpi_rcv_rtt`, `tcpi_rcv_space`).
    pub receiver: (Duration, u64),
    /// The receive buffer's memory in bytes: how much is taken, how much there is, and the window that may be offered so far
    /// (`SK_MEMINFO_RMEM_ALLOC`, `SK_MEMINFO_RCVBUF`, `tcpi_rcv_ssthresh`); zeros where memory is not counted.
    pub receive_memory: (u64, u32, u32),
    /// Segments sent again since the connection began.
    pub retransmits: u64,
    /// Segments that arrived at the other side, as far as is known, and how often one was late that others had overtaken.
    pub delivered: u64,
    /// See [`Info::delivered`].
    pub reordered: u64,
    /// How often the timeout, or the time between probes of a closed window, was doubled.
    pub backoff: u32,
    /// Probes of a closed window, or questions whether the other side is there, that were not answered.
    pub probes: u32,
    /// The largest segment that we take, as our SYN says.
    pub own_mss: u32,
    /// The largest segment that arrived, at least 536: what a full one is.
    pub full_segment: u32,
    /// When data arrived last, or when the connection began.
    pub last_data_received: Instant,
    /// What limited it over its life: ask [`Limits::totals`].
    pub limits: Limits,
    /// Bytes written and not sent yet.
    pub unsent: u32,
    /// Segments sent and received.
    pub segments: (u64, u64),
    /// Bytes written and not acknowledged yet.
    pub send_queue: usize,
    /// Bytes received in order and not read yet.
    pub receive_queue: usize,
    /// Bytes of data acknowledged by the other side.
    pub bytes_acked: u64,
    /// Bytes of data received in order.
    pub bytes_received: u64,
    /// The delivery rate measured last, in bytes a second; zero before the first.
    pub delivery_rate: u64,
    /// The rate at which new data is sent, in bytes a second; `None` as long as nothing paces it.
    pub pacing_rate: Option<u64>,
    /// With accurate ECN (RFC 9768): packets of ours that arrived with a mark of congestion, and bytes that arrived with ECT(1),
    /// ECT(0) and a mark, as the other side tells.
    pub marked: (u32, [u32; 3]),
    /// The congestion control, as Linux calls it.
    pub congestion: &'static str,
}

impl Info {
    /// Whether a fast recovery is going on.
    pub fn in_recovery(&self) -> bool {
        self.phase == Phase::Recovery
    }
}
