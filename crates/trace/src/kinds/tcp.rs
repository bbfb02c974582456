//! What a TCP connection decides. The subject is the connection's number on its host.

use wire::Code;

const fn timer(value: u64, name: &'static str, rfc: &'static str, line: &'static str) -> Code {
    Code { value, name, rfc, line }
}

/// The timers of a connection, as [`TIMER_STOPPED`] numbers them.
pub static TIMERS: &[Code] = &[
    timer(0, "retransmission", "RFC 6298 §5", "something in flight is not acknowledged yet"),
    timer(1, "delayed acknowledgment", "RFC 9293 §3.8.6.3", "an acknowledgment is held back"),
    timer(2, "persist", "RFC 9293 §3.8.6.1", "the other side's window is closed"),
    timer(3, "keep-alive", "RFC 9293 §3.8.4", "the other side has been silent"),
    timer(4, "close", "RFC 9293 §3.6.1", "TIME-WAIT, or FIN-WAIT-2 after the program has gone"),
];

const fn bbr(value: u64, name: &'static str, rfc: &'static str, line: &'static str) -> Code {
    Code { value, name, rfc, line }
}

/// The states of BBR, as [`BBR_STATE`] numbers them.
pub static BBR_STATES: &[Code] = &[
    bbr(0, "Startup", "draft-ietf-ccwg-bbr-06 §5.3.1", "doubles the rate each round until the path gives no more"),
    bbr(1, "Drain", "draft-ietf-ccwg-bbr-06 §5.3.2", "drains the queue that Startup has made"),
    bbr(2, "ProbeBW_DOWN", "draft-ietf-ccwg-bbr-06 §5.3.3.1", "sends a little slower than the path delivers"),
    bbr(3, "ProbeBW_CRUISE", "draft-ietf-ccwg-bbr-06 §5.3.3.2", "sends as fast as the path delivers"),
    bbr(4, "ProbeBW_REFILL", "draft-ietf-ccwg-bbr-06 §5.3.3.3", "fills the pipe for a round"),
    bbr(5, "ProbeBW_UP", "draft-ietf-ccwg-bbr-06 §5.3.3.4", "sends faster than the path has delivered"),
    bbr(6, "ProbeRTT", "draft-ietf-ccwg-bbr-06 §5.3.4", "sends little, so that the path's delay shows"),
];

crate::kinds! {
    CONNECT = "tcp.connect", Decision, "opens a connection to {0} from port {1}", [Socket, Port], "RFC 9293 §3.9.1.1";
    LISTEN = "tcp.listen", Decision, "listens on port {0}", [Port, None], "RFC 9293 §3.9.1.1";
    STATE = "tcp.state", Decision, "goes from {0} to {1}", [State, State], "RFC 9293 §3.3.2";
    SENT = "tcp.sent", Passage, "sends {0}, sequence number {1}", [Flags, Seq], "RFC 9293 §3.10";
    RECEIVED = "tcp.received", Passage, "gets {0}, sequence number {1}", [Flags, Seq], "RFC 9293 §3.10.7";
    ACCEPTED = "tcp.accepted", Decision, "the connection is complete and waits for the program", [None, None], "RFC 9293 §3.9.1.1";
    REFUSED = "tcp.refused", Decision, "nobody listens on port {0}: answers with a reset", [Port, None], "RFC 9293 §3.10.7.1";
    BACKLOG_FULL = "tcp.backlog_full", Decision, "the backlog of {0} is full: ignores the SYN", [Count, None], "RFC 4987 §2";
    SYN_COOKIE = "tcp.syn_cookie", Decision, "remembers nothing of the SYN: {0}, the number of its answer, holds what it must know, segments of {1} among it", [Seq, Bytes], "RFC 4987 §3.6";
    COOKIE_CAME_BACK = "tcp.cookie_came_back", Decision, "the acknowledgment of {0} brings a SYN cookie back: makes a connection of it, with segments of {1}", [Seq, Bytes], "RFC 4987 §3.6";
    RESET = "tcp.reset", Decision, "the connection is reset", [None, None], "RFC 9293 §3.10.7";
    CHALLENGE_ACK = "tcp.challenge_ack", Decision, "does not believe the segment and answers with a challenge ACK", [None, None], "RFC 5961 §3.2";
    UNACCEPTABLE = "tcp.unacceptable", Decision, "the segment at {0} lies outside the window: answers with an ACK", [Seq, None], "RFC 9293 §3.10.7.4";
    PAWS = "tcp.paws", Decision, "the segment's timestamp {0} is older than {1}: drops it", [Count, Count], "RFC 7323 §5.3";
    OUT_OF_ORDER = "tcp.out_of_order", Decision, "{0} at {1} arrive behind a gap: keeps them", [Bytes, Seq], "RFC 9293 §3.10.7.4";
    ACK_NOW = "tcp.ack_now", Decision, "acknowledges at once, up to {0}", [Seq, None], "RFC 5681 §4.2";
    ACK_DELAYED = "tcp.ack_delayed", Timer, "holds the acknowledgment back for up to {0}", [Nanos, None], "RFC 9293 §3.8.6.3";
    ACK_TIMER = "tcp.ack_timer", Timer, "the delayed acknowledgment is due", [None, None], "RFC 9293 §3.8.6.3";
    RTO_ARMED = "tcp.rto_armed", Timer, "starts the retransmission timer: {0}", [Nanos, None], "RFC 6298 §5";
    RTO_FIRED = "tcp.rto", Timer, "the retransmission timer ran out after {0}", [Nanos, None], "RFC 6298 §5.4";
    RETRANSMIT = "tcp.retransmit", Decision, "sends {0} at {1} again", [Bytes, Seq], "RFC 6298 §5.4";
    RTT_SAMPLE = "tcp.rtt", Decision, "measures a round trip of {0}; smoothed {1}", [Nanos, Nanos], "RFC 6298 §2";
    RTO_SET = "tcp.rto_set", Decision, "the retransmission timeout is now {0}, the variance {1}", [Nanos, Nanos], "RFC 6298 §2";
    DUP_ACK = "tcp.dup_ack", Decision, "duplicate acknowledgment number {0}", [Count, None], "RFC 5681 §2";
    FAST_RETRANSMIT = "tcp.fast_retransmit", Decision, "three duplicate acknowledgments: {0} is taken for lost", [Seq, None], "RFC 5681 §3.2";
    RECOVERY_ENTERED = "tcp.recovery", Decision, "enters fast recovery until {0} is acknowledged", [Seq, None], "RFC 6582 §3.2";
    RECOVERY_DONE = "tcp.recovery_done", Decision, "fast recovery is over", [None, None], "RFC 6582 §3.2";
    PARTIAL_ACK = "tcp.partial_ack", Decision, "a partial acknowledgment of {0}: the next segment is lost too", [Seq, None], "RFC 6582 §3.2";
    CWND = "tcp.cwnd", Decision, "the congestion window goes from {0} to {1}", [Bytes, Bytes], "RFC 5681 §3.1";
    SSTHRESH = "tcp.ssthresh", Decision, "the slow start threshold is now {0}", [Bytes, None], "RFC 5681 §3.1";
    WINDOW_CLOSED = "tcp.window_closed", Decision, "the receiver's window is closed: {0} wait", [Bytes, None], "RFC 9293 §3.8.6.1";
    WINDOW_OPENED = "tcp.window_opened", Decision, "the receiver's window is open again: {0}", [Bytes, None], "RFC 9293 §3.8.6";
    WINDOW_UPDATE = "tcp.window_update", Decision, "tells the sender that the window is open: {0}", [Bytes, None], "RFC 9293 §3.8.6.2.2";
    RECEIVE_BUFFER = "tcp.receive_buffer", Decision, "the receive buffer grows from {0} to {1}, as the program reads so fast", [Bytes, Bytes], "RFC 9293 §3.8.6";
    PROBE_ARMED = "tcp.probe_armed", Timer, "probes the closed window in {0}", [Nanos, None], "RFC 9293 §3.8.6.1";
    PROBE = "tcp.probe", Timer, "probes the closed window, for the {0}. time", [Count, None], "RFC 9293 §3.8.6.1";
    NAGLE_HELD = "tcp.nagle", Decision, "holds {0} back until what is in flight is acknowledged", [Bytes, None], "RFC 9293 §3.7.4";
    CORK_HELD = "tcp.cork", Decision, "holds {0} back, as the program says that more follows", [Bytes, None], "RFC 9293 §3.9.1.2";
    FAST_OPEN_ASKED = "tcp.fast_open_asked", Decision, "asks the server for a Fast Open cookie", [None, None], "RFC 7413 §4.1.2";
    FAST_OPEN_SENT = "tcp.fast_open_sent", Decision, "puts {0} of data into the SYN", [Bytes, None], "RFC 7413 §4.2.1";
    FAST_OPEN_TAKEN = "tcp.fast_open_taken", Decision, "the server has taken the {0} that the SYN carried", [Bytes, None], "RFC 7413 §4.2.1";
    FAST_OPEN_REFUSED = "tcp.fast_open_refused", Decision, "the server has not taken {0} that the SYN carried: sends them again", [Bytes, None], "RFC 7413 §4.2.1";
    FAST_OPEN_OPENED = "tcp.fast_open_opened", Decision, "the cookie is valid: open at once, with {0} from the SYN", [Bytes, None], "RFC 7413 §4.2.2";
    KEEPALIVE_ARMED = "tcp.keepalive_armed", Timer, "asks whether the other side is there in {0}", [Nanos, None], "RFC 9293 §3.8.4";
    KEEPALIVE = "tcp.keepalive", Timer, "asks whether the other side is there, for the {0}. time", [Count, None], "RFC 9293 §3.8.4";
    TIME_WAIT_ARMED = "tcp.time_wait_armed", Timer, "waits {0} for stray packets to die", [Nanos, None], "RFC 9293 §3.6.1";
    TIME_WAIT_OVER = "tcp.time_wait_over", Timer, "TIME-WAIT is over after {0}", [Nanos, None], "RFC 9293 §3.6.1";
    TIMED_OUT = "tcp.timed_out", Timer, "gives up after {0} attempts", [Count, None], "RFC 9293 §3.8.3";
    WRITTEN = "tcp.written", Passage, "the program hands over {0}; {1} now wait", [Bytes, Bytes], "RFC 9293 §3.9.1.2";
    DELIVERED = "tcp.delivered", Passage, "{0} are ready for the program", [Bytes, None], "RFC 9293 §3.9.1.3";
    CLOSED_BY_PROGRAM = "tcp.close", Decision, "the program has nothing more to send", [None, None], "RFC 9293 §3.9.1.4";
    CLOSED_BY_PEER = "tcp.peer_closed", Decision, "the other side has nothing more to send", [None, None], "RFC 9293 §3.10.7.4";
    NOT_OURS = "tcp.unacceptable_ack", Decision, "the acknowledgment {0} is for something that was never sent: answers with a reset", [Seq, None], "RFC 9293 §3.5.2";
    ACCEPT_QUEUE_FULL = "tcp.accept_queue_full", Decision, "{0} complete connections wait for the program already: ignores the acknowledgment", [Count, None], "RFC 9293 §3.9.1.1";
    RESET_IGNORED = "tcp.reset_ignored", Decision, "the reset at {0} lies outside the window: drops it", [Seq, None], "RFC 5961 §3.2";
    DUPLICATE = "tcp.duplicate", Decision, "{0} at {1} have arrived before", [Bytes, Seq], "RFC 9293 §3.10.7.4";
    URGENT = "tcp.urgent", Decision, "urgent data ends before {0}: delivered in line", [Seq, None], "RFC 6093 §3";
    UNREAD_DATA = "tcp.unread_data", Decision, "the program closes with {0} unread: resets the connection", [Bytes, None], "RFC 2525 §2.17";
    DATA_AFTER_CLOSE = "tcp.data_after_close", Decision, "{0} arrive though the program is gone: resets the connection", [Bytes, None], "RFC 9293 §3.6.1";
    ABORTED = "tcp.abort", Decision, "the program aborts the connection", [None, None], "RFC 9293 §3.9.1.5";
    FIN_WAIT_ARMED = "tcp.fin_wait_armed", Timer, "waits at most {0} for the other side to close", [Nanos, None], "RFC 1122 §4.2.2.13";
    FIN_WAIT_OVER = "tcp.fin_wait_over", Timer, "the other side has not closed within {0}", [Nanos, None], "RFC 1122 §4.2.2.13";
    REOPENED = "tcp.reopened", Decision, "a new SYN at {0} may take the place of the connection in TIME-WAIT", [Seq, None], "RFC 6191 §2";
    LIMITED_TRANSMIT = "tcp.limited_transmit", Decision, "a duplicate acknowledgment lets {0} of new data out", [Bytes, None], "RFC 3042 §2";
    IDLE_RESTART = "tcp.idle_restart", Decision, "was idle for {0}: begins with a small window again", [Nanos, None], "RFC 5681 §4.1";
    SOFT_ERROR = "tcp.soft_error", Decision, "an ICMP error of type {0} code {1} may pass: goes on", [Count, Count], "RFC 5461 §2";
    HARD_ERROR = "tcp.hard_error", Decision, "an ICMP error of type {0} code {1} ends the attempt", [Count, Count], "RFC 5461 §2";
    ICMP_IGNORED = "tcp.icmp_ignored", Decision, "an ICMP error quotes {0}, which is not in flight: ignores it", [Seq, None], "RFC 5927 §4";
    MSS_LOWERED = "tcp.mss_lowered", Decision, "the path does not take segments of {0}: sends {1} at most", [Bytes, Bytes], "RFC 1191 §6.4";
    NO_PORT = "tcp.no_port", Decision, "no local port is left for connections to {0}: those of old connections in TIME-WAIT count", [Socket, None], "RFC 6056 §3.3";
    TIME_WAIT_REUSED = "tcp.time_wait_reused", Decision, "the old connection on port {0} in TIME-WAIT gives way: timestamps tell them apart", [Port, None], "RFC 6191 §2";
    TIMESTAMP_MISSING = "tcp.timestamp_missing", Decision, "the segment at {0} lacks the timestamp that both sides agreed on: drops it", [Seq, None], "RFC 7323 §3.2";
    MTU_BLACK_HOLE = "tcp.mtu_black_hole", Decision, "segments of {0} are sent again in vain, as if the path swallowed them: sends {1} at most", [Bytes, Bytes], "RFC 4821 §7.7";
    MTU_PROBE = "tcp.mtu_probe", Decision, "tries whether the path takes a packet of {0}; {1} are known to pass", [Bytes, Bytes], "RFC 4821 §7.5";
    MTU_PROBE_PASSED = "tcp.mtu_probe_passed", Decision, "the packet of {0} has arrived: sends segments of {1} from now on", [Bytes, Bytes], "RFC 4821 §7.6.1";
    ROUTE_CHANGED = "tcp.route_changed", Decision, "the route takes packets of {0} now: sends segments of {1} at most", [Bytes, Bytes], "RFC 1191 §6.4";
    MTU_PROBE_LOST = "tcp.mtu_probe_lost", Decision, "the packet of {0} was lost, as it was too large: {1} are known to pass", [Bytes, Bytes], "RFC 4821 §7.6.2";
    CHALLENGES_SPENT = "tcp.challenges_spent", Decision, "the host has sent the challenge ACKs that it may send this second: stays silent", [None, None], "RFC 5961 §7";
    CHALLENGE_LIMITED = "tcp.challenge_limited", Decision, "answered the like a moment ago: stays silent", [None, None], "RFC 5961 §7";
    GONE = "tcp.gone", Decision, "the connection has ended: answers with a reset", [None, None], "RFC 9293 §3.10.7.1";
    REASSEMBLY_FULL = "tcp.reassembly_full", Decision, "too many small pieces wait behind a gap: drops {0} at {1}", [Bytes, Seq], "RFC 9293 §3.10.7.4";
    ZERO_WINDOW_DROP = "tcp.zero_window_drop", Decision, "the window is closed: drops {0} at {1}, and says so", [Bytes, Seq], "RFC 9293 §3.8.6.1";
    RECEIVE_MEMORY_FULL = "tcp.receive_memory_full", Decision, "the receive buffer has no memory for a packet with {0} at {1}: drops it", [Bytes, Seq], "RFC 9293 §3.8.6";
    PRUNED = "tcp.pruned", Decision, "the receive buffer has no memory for what is missing: throws away what waits behind it from {0} on", [Seq, None], "RFC 2018 §8";
    FLIGHT = "tcp.flight", Passage, "{0} are in flight; the congestion window is {1}", [Bytes, Bytes], "RFC 5681 §2";
    WINDOWS = "tcp.windows", Passage, "the other side's window is {0}, the own one {1}", [Bytes, Bytes], "RFC 9293 §3.8.6";
    BUFFERS = "tcp.buffers", Passage, "{0} wait for their acknowledgment, {1} for the program", [Bytes, Bytes], "RFC 9293 §3.9.1";
    TIMER_STOPPED = "tcp.timer_stopped", Timer, "stops the {0} timer: nothing is left to wait for", [Code(TIMERS), None], "RFC 9293 §3.10.8";
    WINDOW_FULL = "tcp.window_used_up", Decision, "fills the receiver's window: {0} wait", [Bytes, None], "RFC 9293 §3.8.6";
    SACKED = "tcp.sacked", Decision, "{0} have arrived behind a gap; the furthest ends at {1}", [Bytes, Seq], "RFC 2018 §5";
    DSACK = "tcp.dsack", Decision, "{0} at {1} have arrived at the other side twice", [Bytes, Seq], "RFC 2883 §4";
    RACK_LOST = "tcp.rack_lost", Decision, "{0} at {1} are lost: what was sent later has arrived, and the reordering window is over", [Bytes, Seq], "RFC 8985 §6.2";
    SACK_LOST = "tcp.sack_lost", Decision, "{0} at {1} are lost: too much that was sent behind them has arrived", [Bytes, Seq], "RFC 6675 §4";
    REORDERING = "tcp.reordering", Decision, "the path reorders, by {0} segments", [Count, None], "RFC 8985 §3.3.2";
    REORDERING_WINDOW = "tcp.reordering_window", Decision, "waits {0} quarters of the least round trip for what may only be late", [Count, None], "RFC 8985 §6.2";
    REORDERING_ARMED = "tcp.reordering_armed", Timer, "what is missing may only be late: looks again in {0}", [Nanos, None], "RFC 8985 §6.2";
    REORDERING_OVER = "tcp.reordering_over", Timer, "the reordering timer ran out after {0}", [Nanos, None], "RFC 8985 §6.3";
    RTO_RESUMED = "tcp.rto_resumed", Timer, "goes on with what is left of the retransmission timer: {0}", [Nanos, None], "RFC 6298 §5.1";
    TLP_ARMED = "tcp.tlp_armed", Timer, "sends a loss probe in {0} if nothing is acknowledged until then", [Nanos, None], "RFC 8985 §7.2";
    TLP_FIRED = "tcp.tlp", Timer, "nothing was acknowledged for {0}: sends a loss probe", [Nanos, None], "RFC 8985 §7.3";
    TLP_REPAIRED = "tcp.tlp_repaired", Decision, "the loss probe, up to {0}, has repaired a loss: reduces the window as for any loss", [Seq, None], "RFC 8985 §7.4.2";
    PRR = "tcp.prr", Decision, "{1} segments have arrived, so {0} may leave", [Count, Count], "RFC 9937 §6.2";
    CWR_ENTERED = "tcp.cwr", Decision, "a router is congested: reduces the window until {0} is acknowledged", [Seq, None], "RFC 3168 §6.1.2";
    DEFERRED = "tcp.deferred", Decision, "the program waits for data (TCP_DEFER_ACCEPT): an acknowledgment without any does not complete the handshake", [None, None], "RFC 9293 §3.9.1.1";
    DEVICE_FULL = "tcp.device_full", Decision, "the queue of the outgoing device has no room: nothing leaves", [None, None], "RFC 1122 §3.4";
    ECN_AGREED = "tcp.ecn", Decision, "both sides understand marks of congestion", [None, None], "RFC 3168 §6.1.1";
    ACC_ECN_AGREED = "tcp.acc_ecn", Decision, "both sides count marks of congestion exactly", [None, None], "RFC 9768 §3.1.1";
    ACC_ECN_COUNTED = "tcp.acc_ecn.counted", Decision, "mark of congestion number {0}, at {1}: counts it in each header from now on", [Count, Seq], "RFC 9768 §3.2.2";
    ACC_ECN_TOLD = "tcp.acc_ecn.told", Decision, "the other side tells of {0} more marks, {1} in all", [Count, Count], "RFC 9768 §3.2.2.5";
    ACC_ECN_BLEACHED = "tcp.acc_ecn.bleached", Decision, "something on the path wipes the counter out: asks for no more marks", [None, None], "RFC 9768 §3.2.2.4";
    CE = "tcp.ce", Decision, "{0} at {1} come with a mark of congestion: echoes it until the sender has slowed down", [Bytes, Seq], "RFC 3168 §6.1.3";
    LOSS_ENTERED = "tcp.loss", Decision, "takes what is out for lost: one segment at first, until {0} is acknowledged", [Seq, None], "RFC 5681 §3.1";
    RENEGED = "tcp.reneged", Decision, "the other side has dropped what it had reported at {0}", [Seq, None], "RFC 2018 §8";
    FRTO_ASKS = "tcp.frto", Decision, "{0} is acknowledged after the timeout: sends new data to find out whether the rest is lost", [Seq, None], "RFC 5682 §3.1";
    FRTO_REAL = "tcp.frto_real", Decision, "the timeout was right: sends the rest again", [None, None], "RFC 5682 §3.1";
    UNDO_FRTO = "tcp.undo_frto", Decision, "the timeout was needless, as what was sent before it has arrived: takes the reduction back", [None, None], "RFC 5682 §3.1";
    UNDO_EIFEL = "tcp.undo_eifel", Decision, "the acknowledgment is for the original, not for what was sent again: takes the reduction back", [None, None], "RFC 4015 §3.2";
    UNDO_DSACK = "tcp.undo_dsack", Decision, "all that was sent again had arrived: takes the reduction back", [None, None], "RFC 3708 §3";
    CWND_UNUSED = "tcp.cwnd_unused", Decision, "used {0} segments of a window of {1}: half of the difference goes", [Count, Count], "RFC 2861 §3.2";
    HYSTART_DELAY = "tcp.hystart_delay", Decision, "the round trip has grown to {0} from {1}: ends slow start before a queue overflows", [Nanos, Nanos], "RFC 9406 §4.2";
    BBR_STATE = "tcp.bbr_state", Decision, "BBR goes from {0} to {1}", [Code(BBR_STATES), Code(BBR_STATES)], "draft-ietf-ccwg-bbr-06 §5.1";
    BBR_MODEL = "tcp.bbr_model", Decision, "BBR's model of the path: {0} a second, and {1} without a queue", [Bytes, Nanos], "draft-ietf-ccwg-bbr-06 §5.5";
    PACING = "tcp.pacing", Passage, "sends new data at {0} a second", [Bytes, None], "draft-ietf-ccwg-bbr-06 §5.6.2";
    HYSTART_TRAIN = "tcp.hystart_train", Decision, "acknowledgments came in a row for {0}, half of a round trip: the path is full, ends slow start", [Nanos, None], "RFC 9438 §4.10";
}
