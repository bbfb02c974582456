//! The states of a TCP connection (RFC 9293 §3.3.2).

use crate::open_enum;

open_enum! {
    /// A state of a TCP connection. The numbers are Linux's (`tcp_states.h`), so that they compare with `ss` and TCP_INFO.
    pub struct State(u8) {
        ESTABLISHED = 1, "ESTABLISHED", "RFC 9293 §3.3.2", "open: data flows in both directions";
        SYN_SENT = 2, "SYN-SENT", "RFC 9293 §3.3.2", "has asked for a connection and waits for the answer";
        SYN_RECEIVED = 3, "SYN-RECEIVED", "RFC 9293 §3.3.2", "has seen and answered a request and waits for the last confirmation";
        FIN_WAIT_1 = 4, "FIN-WAIT-1", "RFC 9293 §3.3.2", "has closed its direction and waits for that to be acknowledged";
        FIN_WAIT_2 = 5, "FIN-WAIT-2", "RFC 9293 §3.3.2", "its close is acknowledged; the other direction is still open";
        TIME_WAIT = 6, "TIME-WAIT", "RFC 9293 §3.3.2", "both directions are closed; waits until stray packets have died";
        CLOSED = 7, "CLOSED", "RFC 9293 §3.3.2", "no connection at all";
        CLOSE_WAIT = 8, "CLOSE-WAIT", "RFC 9293 §3.3.2", "the other side has closed; this program has not yet";
        LAST_ACK = 9, "LAST-ACK", "RFC 9293 §3.3.2", "has closed after the other side and waits for the acknowledgment";
        LISTEN = 10, "LISTEN", "RFC 9293 §3.3.2", "waits for anyone to ask for a connection";
        CLOSING = 11, "CLOSING", "RFC 9293 §3.3.2", "both sides closed at the same time; waits for the acknowledgment";
    }
}
