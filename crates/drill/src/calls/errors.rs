//! A socket's error queue: what became of writes whose fate the program wants to know (MSG_ZEROCOPY, SO_TIMESTAMPING), and the
//! control messages of `recvmsg`.

use std::collections::VecDeque;

use base::Instant;

use super::arguments::{field, only};
use super::{Called, Descriptor, Outcome, Socket, SocketState};
use crate::run::{Runner, Stop, seconds};
use crate::script::{Call, Expression, Value};
use crate::setup::IpVersion;
use crate::symbols::number;

/// What a program wants to know of a write that ends behind so many bytes.
struct Watch {
    end: u64,
    wants: Wants,
}

enum Wants {
    /// The number of a write that shares its memory: it may be used again when all is acknowledged.
    Zerocopy(u32),
    /// When the last byte left and was acknowledged; whether the first is told.
    Stamps { key: u32, left: bool },
}

/// A message in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Notice {
    /// Writes from one number to another are done.
    Zerocopy(u32, u32),
    /// Something happened to a byte: what, when, and which.
    Stamp(i64, Instant, u32),
}

/// A socket's error queue.
#[derive(Default)]
pub(crate) struct Errors {
    /// SO_ZEROCOPY, and the number of the next write.
    pub(crate) zerocopy: bool,
    next: u32,
    /// SO_TIMESTAMPING's flags, and how many bytes had been written when keys began to count.
    stamping: i64,
    first: u64,
    /// Bytes written so far.
    written: u64,
    watches: VecDeque<Watch>,
    queue: VecDeque<Notice>,
}

impl Errors {
    /// An empty queue; `zerocopy` as it was inherited.
    pub(super) fn new(zerocopy: bool) -> Errors {
        Errors { zerocopy, ..Errors::default() }
    }

    /// Whether there is something to read.
    pub(crate) fn any(&self) -> bool {
        !self.queue.is_empty()
    }

    fn stamps(&self, name: &str) -> bool {
        self.stamping & number(name).unwrap_or(0) != 0
    }

    /// SO_TIMESTAMPING is set.
    pub(crate) fn set_stamping(&mut self, flags: i64) {
        let id = number("SOF_TIMESTAMPING_OPT_ID").unwrap_or(0);
        if flags & id != 0 && self.stamping & id == 0 {
            self.first = self.written;
        }
        self.stamping = flags;
    }

    /// A write has put `len` bytes in; `ends`: and returns now.
    pub(super) fn wrote(&mut self, len: usize, ends: bool, shares: bool) {
        self.written += len as u64;
        if !ends {
            return;
        }
        let end = self.written;
        let sends = ["SOF_TIMESTAMPING_TX_SCHED", "SOF_TIMESTAMPING_TX_SOFTWARE", "SOF_TIMESTAMPING_TX_ACK"];
        if self.stamps("SOF_TIMESTAMPING_SOFTWARE") && sends.iter().any(|flag| self.stamps(flag)) {
            let key = if self.stamps("SOF_TIMESTAMPING_OPT_ID") { (end - self.first - 1) as u32 } else { 0 };
            self.watches.push_back(Watch { end, wants: Wants::Stamps { key, left: false } });
        }
        if shares && self.zerocopy {
            self.watches.push_back(Watch { end, wants: Wants::Zerocopy(self.next) });
            self.next += 1;
        }
    }

    /// So many bytes have been sent and acknowledged by `now`. Whether there is news.
    fn advance(&mut self, sent: u64, acked: u64, now: Instant) -> bool {
        let mut news = Vec::new();
        let wants = |name: &str, flags: i64| flags & number(name).unwrap_or(0) != 0;
        let flags = self.stamping;
        self.watches.retain_mut(|watch| match &mut watch.wants {
            Wants::Zerocopy(id) => {
                if acked >= watch.end {
                    news.push(Notice::Zerocopy(*id, *id));
                }
                acked < watch.end
            }
            Wants::Stamps { key, left } => {
                if sent >= watch.end && !std::mem::replace(left, true) {
                    for (flag, kind) in [
                        ("SOF_TIMESTAMPING_TX_SCHED", "SCM_TSTAMP_SCHED"),
                        ("SOF_TIMESTAMPING_TX_SOFTWARE", "SCM_TSTAMP_SND"),
                    ] {
                        if wants(flag, flags) {
                            news.push(Notice::Stamp(number(kind).unwrap_or(0), now, *key));
                        }
                    }
                }
                if acked >= watch.end && wants("SOF_TIMESTAMPING_TX_ACK", flags) {
                    news.push(Notice::Stamp(number("SCM_TSTAMP_ACK").unwrap_or(0), now, *key));
                }
                acked < watch.end
            }
        });
        let any = !news.is_empty();
        for notice in news {
            match (self.queue.back_mut(), notice) {
                // Neighbours become one message.
                (Some(Notice::Zerocopy(_, last)), Notice::Zerocopy(id, _)) if *last + 1 == id => *last = id,
                _ => self.queue.push_back(notice),
            }
        }
        any
    }
}

/// A control message: level, type, and its fields by name (a plain number has the empty name).
struct Control(i64, i64, Vec<(&'static str, i64)>);

impl Control {
    /// Its length in bytes, as in 64 bits (cmsg(3)): header and data, where an error has the address of who told it behind it.
    fn len(&self) -> i64 {
        const HEADER: i64 = 16;
        let Control(level, kind, _) = self;
        let is = |a: &str, b: &str| (number(a), number(b)) == (Some(*level), Some(*kind));
        HEADER
            + match () {
                () if is("SOL_IP", "IP_RECVERR") => 16 + 16,
                () if is("SOL_IPV6", "IPV6_RECVERR") => 16 + 28,
                () if is("SOL_SOCKET", "SCM_TIMESTAMPING") => 3 * 16,
                () => 4,
            }
    }
}

impl Runner<'_> {
    /// Looks at what has become of writes that somebody wants to know about.
    pub(crate) fn note_errors(&mut self) {
        let mut woken = Vec::new();
        for (fd, descriptor) in &mut self.descriptors.open {
            let Descriptor::Socket(socket) = descriptor else { continue };
            let SocketState::Connected(id, _) = socket.state else { continue };
            if socket.errors.watches.is_empty() {
                continue;
            }
            let Some(info) = self.machine.host.tcp_info(id) else { continue };
            let gone = info.state == tcp::State::CLOSED;
            let sent = socket.errors.written.saturating_sub(info.unsent.into());
            let acked = if gone { u64::MAX } else { info.bytes_acked };
            if socket.errors.advance(sent, acked, self.machine.now) {
                woken.push(*fd);
            }
        }
        for fd in woken {
            self.wake_watches(fd);
        }
    }

    /// `recvmsg` with MSG_ERRQUEUE.
    pub(super) fn read_errors(&mut self, socket: &mut Socket, message: &Expression) -> Called {
        if let SocketState::Udp(id) = socket.state {
            return self.read_icmp_error(id, message);
        }
        if let SocketState::Connected(id, _) = socket.state
            && let Some(report) = self.machine.host.tcp_take_icmp_report(id)
        {
            let v6 = self.setup.version == IpVersion::V6;
            let error = host::UdpError { errno: report.errno, icmp: report.code, v6, mtu: 0 };
            // The segment that it is about comes with it, and does not fit.
            let flags = number("MSG_ERRQUEUE").unwrap_or(0) | number("MSG_TRUNC").unwrap_or(0);
            return self.tell_icmp_error(&error, flags, message);
        }
        let Some(notice) = socket.errors.queue.pop_front() else { return Ok(Outcome::Fails("EAGAIN")) };
        let named = |name: &str| number(name).unwrap_or(0);
        let (level, kind) =
            if self.setup.version.has_v6_sockets() { ("SOL_IPV6", "IPV6_RECVERR") } else { ("SOL_IP", "IP_RECVERR") };
        let error = |errno: i64, origin: i64, code: i64, info: i64, data: i64| {
            let fields = [
                ("ee_errno", errno),
                ("ee_origin", origin),
                ("ee_type", 0),
                ("ee_code", code),
                ("ee_info", info),
                ("ee_data", data),
            ];
            Control(named(level), named(kind), fields.to_vec())
        };
        let mut flags = named("MSG_ERRQUEUE");
        let controls = match notice {
            Notice::Zerocopy(from, to) => {
                // Nothing here reads memory of a program later: all was copied.
                let code = named("SO_EE_CODE_ZEROCOPY_COPIED");
                vec![error(0, named("SO_EE_ORIGIN_ZEROCOPY"), code, from.into(), to.into())]
            }
            Notice::Stamp(kind, at, key) => {
                // The packet that it is about comes with it, and does not fit.
                flags |= named("MSG_TRUNC");
                let nanos = at.as_nanos();
                let time = vec![("scm_sec", nanos / 1_000_000_000), ("scm_nsec", nanos % 1_000_000_000)];
                let origin = named("SO_EE_ORIGIN_TIMESTAMPING");
                vec![
                    Control(named("SOL_SOCKET"), named("SCM_TIMESTAMPING"), time),
                    error(named("ENOMSG"), origin, 0, kind, key.into()),
                ]
            }
        };
        let problem = self.compare_message(message, flags, &controls)?;
        Ok(Outcome::Returns(0, problem))
    }

    /// `recvmsg` with MSG_ERRQUEUE of a UDP socket: an ICMP error about a message of its.
    fn read_icmp_error(&mut self, id: host::SocketId, message: &Expression) -> Called {
        let Some(error) = self.machine.host.udp_take_error(id) else { return Ok(Outcome::Fails("EAGAIN")) };
        self.tell_icmp_error(&error, number("MSG_ERRQUEUE").unwrap_or(0), message)
    }

    /// Compares an ICMP error that a program reads, and the message's flags, with what the script says.
    fn tell_icmp_error(&mut self, error: &host::UdpError, flags: i64, message: &Expression) -> Called {
        let named = |name: &str| number(name).unwrap_or(0);
        let (level, kind, origin) = match error.v6 {
            true => ("SOL_IPV6", "IPV6_RECVERR", "SO_EE_ORIGIN_ICMP6"),
            false => ("SOL_IP", "IP_RECVERR", "SO_EE_ORIGIN_ICMP"),
        };
        let fields = vec![
            ("ee_errno", number(crate::symbols::errno(error.errno)).unwrap_or(0)),
            ("ee_origin", named(origin)),
            ("ee_type", error.icmp.0.into()),
            ("ee_code", error.icmp.1.into()),
            ("ee_info", error.mtu.into()),
            ("ee_data", 0),
        ];
        let controls = [Control(named(level), named(kind), fields)];
        let problem = self.compare_message(message, flags, &controls)?;
        Ok(Outcome::Returns(0, problem))
    }

    /// The control messages that come with data.
    pub(super) fn compare_received(&mut self, socket: &Socket, message: &Expression) -> Result<Option<String>, Stop> {
        let mut controls = Vec::new();
        if let (true, SocketState::Connected(id, _)) = (socket.options.inq, socket.state)
            && let Some(info) = self.machine.host.tcp_info(id)
        {
            let ended = self.machine.host.ready(id).read_closed;
            // Behind the last byte something is left to read all the same: the end.
            let left = if info.receive_queue == 0 && ended { 1 } else { info.receive_queue as i64 };
            controls.push(Control(6, number("TCP_CM_INQ").unwrap_or(0), vec![("", left)]));
        }
        self.compare_message(message, 0, &controls)
    }

    /// What of a message is not as the script says.
    fn compare_message(&self, message: &Expression, flags: i64, controls: &[Control]) -> Result<Option<String>, Stop> {
        if let Some(wanted) = field(message, "msg_flags") {
            let wanted = self.integer(wanted)?;
            if wanted != flags {
                return Ok(Some(format!("recvmsg gives msg_flags {flags:#x}, expected {wanted:#x}")));
            }
        }
        let Some(list) = field(message, "msg_control") else { return Ok(None) };
        let Value::List(wanted) = &list.value else {
            return Err(Stop::Invalid("msg_control is a list".to_owned()));
        };
        if wanted.len() != controls.len() {
            return Ok(Some(format!("recvmsg gives {} control messages, expected {}", controls.len(), wanted.len())));
        }
        // In 64 bits, each takes a multiple of eight bytes.
        let space: i64 = controls.iter().map(|control| (control.len() + 7) & !7).sum();
        if let Some(room) = field(message, "msg_control()")
            && self.integer(room)? < space - 7
        {
            return Err(Stop::unsupported("control messages that do not fit"));
        }
        for (wanted, control) in wanted.iter().zip(controls) {
            only(wanted, "a control message", &["cmsg_len", "cmsg_level", "cmsg_type", "cmsg_data"])?;
            let (Control(level, kind, fields), len) = (control, control.len());
            if let Some(expected) = field(wanted, "cmsg_len") {
                let expected = self.integer(expected)?;
                if expected != len {
                    return Ok(Some(format!("recvmsg gives cmsg_len {len}, expected {expected}")));
                }
            }
            let part =
                |name: &str| field(wanted, name).ok_or_else(|| Stop::Invalid(format!("a control message has {name}")));
            for (name, is) in [("cmsg_level", level), ("cmsg_type", kind)] {
                let expected = self.integer(part(name)?)?;
                if expected != *is {
                    return Ok(Some(format!("recvmsg gives {name} {is}, expected {expected}")));
                }
            }
            if let Some(problem) = self.compare_fields(part("cmsg_data")?, fields)? {
                return Ok(Some(problem));
            }
        }
        Ok(None)
    }

    fn compare_fields(&self, data: &Expression, fields: &[(&'static str, i64)]) -> Result<Option<String>, Stop> {
        if let [("", is)] = fields {
            let expected = self.integer(data)?;
            return Ok((expected != *is).then(|| format!("recvmsg gives cmsg_data {is}, expected {expected}")));
        }
        if let [("scm_sec", sec), ("scm_nsec", nsec)] = fields {
            let part = |name: &str| field(data, name).map_or(Ok(0), |value| self.integer(value));
            let wanted = Instant::from_nanos(part("scm_sec")? * 1_000_000_000 + part("scm_nsec")?);
            let is = Instant::from_nanos(sec * 1_000_000_000 + nsec);
            let off = is.since(wanted).abs() > self.setup.tolerance;
            return Ok(off.then(|| format!("recvmsg gives the time {}, expected {}", seconds(is), seconds(wanted))));
        }
        let Value::Record(given) = &data.value else {
            return Err(Stop::Invalid("cmsg_data is `{ee_errno=0, ...}` here".to_owned()));
        };
        for (name, wanted) in given {
            let Some((_, is)) = fields.iter().find(|(known, _)| known == name) else {
                return Err(Stop::unsupported(format!("the field {name} of a control message")));
            };
            let wanted = self.integer(wanted)?;
            if wanted != *is {
                return Ok(Some(format!("recvmsg gives {name} {is}, expected {wanted}")));
            }
        }
        Ok(None)
    }

    /// What a call of `recvmsg` has as its message.
    pub(super) fn message<'c>(&self, call: &'c Call) -> Option<&'c Expression> {
        call.arguments.get(1).filter(|_| call.name == "recvmsg")
    }
}
