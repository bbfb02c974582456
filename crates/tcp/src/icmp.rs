//! What ICMP messages mean to a connection (RFC 9293 §3.9.2.2, RFC 5461, RFC 5927, RFC 1191).

use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{Event, Seq, State};

use crate::Errno;
use crate::connection::Connection;

/// What an ICMP message said about a segment of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IcmpError {
    /// It did not arrive.
    Unreachable {
        /// Why, as a program is told.
        errno: Errno,
        /// ICMP's type and code.
        code: (u8, u8),
    },
    /// It did not fit through a link with this MTU in bytes (RFC 1191 §3); 0: the router did not say.
    FragmentationNeeded {
        /// The next hop's MTU in bytes.
        mtu: u16,
    },
}

/// An ICMP error for a socket's error queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpReport {
    /// What it means for the program.
    pub errno: Errno,
    /// Its type and code, of ICMP or of ICMPv6.
    pub code: (u8, u8),
}

/// As Linux's `min_pmtu`: no path of ours is believed to be narrower, so that a forged message does little harm.
const MIN_MTU: u16 = 552;
/// RFC 1191 §7.1: sizes to try if the router does not say which.
const PLATEAUS: [u16; 9] = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 552, 508];

impl Connection {
    /// An ICMP error came that quotes a segment of ours with the sequence number `quoted`.
    pub fn handle_icmp(&mut self, error: IcmpError, quoted: Seq, cx: &mut Cx) {
        if !self.believes(error, quoted) {
            cx.event(&kind::ICMP_IGNORED, self.id, [quoted.0.into(), 0]);
            return;
        }
        match error {
            IcmpError::Unreachable { errno, code } => self.unreachable(errno, code, cx),
            IcmpError::FragmentationNeeded { mtu } => self.lower_mss(mtu, cx),
        }
    }

    /// Whether an ICMP error that quotes a segment with this sequence number is to be believed: RFC 5927 §4.1, one that quotes
    /// what is not in flight is forged, or late.
    pub fn believes(&self, error: IcmpError, quoted: Seq) -> bool {
        let in_flight = self.snd_una.at_or_before(quoted) && quoted.before(self.snd_nxt);
        let wanted = self.config.path_mtu_discovery || !matches!(error, IcmpError::FragmentationNeeded { .. });
        (in_flight || !self.config.judge_icmp) && wanted && !self.is_closed()
    }

    fn unreachable(&mut self, errno: Errno, code: (u8, u8), cx: &mut Cx) {
        let args = [code.0.into(), code.1.into()];
        // RFC 5461 §4.1, as Linux: an attempt to connect ends at once; an open connection rides it out (RFC 5927 §5.2 has
        // hard errors be soft ones then), and remembers in case it times out.
        if matches!(self.state, State::SYN_SENT | State::SYN_RECEIVED) {
            let hard = cx.event(&kind::HARD_ERROR, self.id, args);
            // As on Linux, where over IPv4 nobody need ask for it.
            if self.remote.is_ipv4() || self.config.report_errors {
                self.icmp_report = Some(IcmpReport { errno, code });
            }
            self.fail(errno, Event::GiveUp, &mut cx.caused_by(hard));
        } else {
            cx.event(&kind::SOFT_ERROR, self.id, args);
            if self.config.report_errors {
                self.untold = Some(errno);
            } else {
                self.soft_error = Some(errno);
            }
        }
    }

    /// Tells the program of ICMP errors while the connection is open, or does not (IP_RECVERR, IPV6_RECVERR). Without, what waits
    /// in the error queue is thrown away.
    pub fn set_report_errors(&mut self, on: bool) {
        self.config.report_errors = on;
        self.icmp_report = self.icmp_report.filter(|_| on);
    }

    /// The ICMP error that waits in the error queue, without taking it out.
    pub fn icmp_report(&self) -> Option<IcmpReport> {
        self.icmp_report
    }

    /// Takes the ICMP error out of the error queue. As on Linux the program has been told then: there is no SO_ERROR any more.
    pub fn take_icmp_report(&mut self) -> Option<IcmpReport> {
        let report = self.icmp_report.take()?;
        self.untold = None;
        Some(report)
    }

    /// RFC 1191 §6.4: smaller segments from now on; what did not fit is sent again, cut, without being taken for congestion.
    fn lower_mss(&mut self, mtu: u16, cx: &mut Cx) {
        let headers = if self.remote.is_ipv4() { 40 } else { 60 };
        let options = if self.agreed.timestamps { 12 } else { 0 };
        let mtu = if mtu > 0 {
            mtu
        } else {
            let now = self.agreed.mss + headers + options;
            PLATEAUS.into_iter().find(|&plateau| u32::from(plateau) < now).unwrap_or(MIN_MTU)
        };
        let mss = u32::from(mtu.max(MIN_MTU)) - headers - options;
        self.limit_mtu_search(mtu.max(MIN_MTU).into(), cx);
        if mss >= self.agreed.mss {
            return;
        }
        let lowered = cx.event(&kind::MSS_LOWERED, self.id, [self.agreed.mss.into(), mss.into()]);
        self.agreed.mss = mss;
        if self.state == State::SYN_SENT {
            // A SYN with data did not fit: it goes out again without (RFC 7413 §4.2.1), and says what fits.
            self.config.mss = mtu.max(MIN_MTU) - headers as u16;
            self.trigger = lowered;
            return self.send_syn_again();
        }
        // RFC 1191 §6.4 leaves the congestion window as it is; here it is counted in segments.
        for number in self.flight.numbers() {
            if self.flight.get(number).is_some_and(|sent| sent.len() > mss) {
                self.flight.mark_lost(number);
            }
        }
        // Nobody was congested.
        self.flight.take_found_lost();
        self.trigger = lowered;
        self.retransmit_now = self.flight.any_lost();
    }
}
