//! What a program has set on a socket.

use base::Duration;
use tcp::{Config, Keepalive};

use crate::kernel::Kernel;

/// What a program has set on a socket.
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    pub(crate) reuse_address: bool,
    /// SO_LINGER in seconds, if on.
    pub(crate) linger: Option<i64>,
    pub(crate) nodelay: bool,
    pub(crate) send_buffer: Option<usize>,
    pub(crate) receive_buffer: Option<usize>,
    pub(crate) maxseg: Option<u16>,
    pub(crate) user_timeout: u64,
    pub(crate) keepalive: bool,
    pub(crate) keep: Keepalive,
    pub(crate) syn_retries: Option<u32>,
    /// TCP_LINGER2 in seconds: 0 is the machine's, less is none at all.
    pub(crate) linger2: i64,
    /// TCP_DEFER_ACCEPT, in times that the SYN-ACK's timer runs out.
    pub(crate) defer_accept: u32,
    /// A listener's backlog, and its own limit for Fast Open.
    pub(crate) backlog: usize,
    pub(crate) fast_open: Option<usize>,
    pub(crate) fast_open_keys: Option<(tcp::FastOpenKey, Option<tcp::FastOpenKey>)>,
    pub(crate) fast_open_without_cookie: bool,
    pub(crate) fast_open_connect: bool,
    pub(crate) inq: bool,
    pub(crate) cork: bool,
    /// TCP_NOTSENT_LOWAT as it was set; 0: the machine's.
    pub(crate) notsent_low_water: u32,
    pub(crate) congestion: Option<tcp::CongestionKind>,
    /// IP_TOS or IPV6_TCLASS, IP_MTU_DISCOVER, IP_FREEBIND.
    pub(crate) tos: i64,
    pub(crate) mtu_discover: i64,
    pub(crate) free_bind: bool,
    /// IP_RECVERR or IPV6_RECVERR.
    pub(crate) keeps_errors: bool,
    adjust: fn(&mut Config),
    /// What the machine gives without being asked: send and receive buffer.
    pub(super) defaults: (usize, usize),
    pub(super) limits: (usize, usize),
}

/// Least buffers (Linux: SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF).
pub(super) const LEAST: (usize, usize) = (4608, 2304);

impl SocketOptions {
    pub(crate) fn new(kernel: &Kernel) -> SocketOptions {
        SocketOptions {
            reuse_address: false,
            linger: None,
            nodelay: false,
            send_buffer: None,
            receive_buffer: None,
            maxseg: None,
            user_timeout: 0,
            keepalive: false,
            keep: kernel.keepalive(),
            syn_retries: None,
            linger2: 0,
            defer_accept: 0,
            backlog: 0,
            fast_open: None,
            fast_open_keys: None,
            fast_open_without_cookie: false,
            fast_open_connect: false,
            inq: false,
            cork: false,
            notsent_low_water: 0,
            congestion: None,
            tos: 0,
            mtu_discover: 1,
            free_bind: false,
            keeps_errors: false,
            adjust: kernel.adjust,
            defaults: (kernel.memory("tcp_wmem", 1), kernel.memory("tcp_rmem", 1)),
            limits: (kernel.number("net.core.wmem_max") as usize, kernel.number("net.core.rmem_max") as usize),
        }
    }

    /// What a connection takes over from its listener.
    pub(crate) fn inherited(&self) -> SocketOptions {
        self.clone()
    }

    /// How long FIN-WAIT-2 may last, where the machine has it last as long as `default`.
    pub(super) fn fin_wait(&self, default: Option<Duration>) -> Option<Duration> {
        match self.linger2 {
            0 => default,
            seconds => (seconds > 0).then(|| Duration::from_secs(seconds)),
        }
    }

    /// TCP looks after the lower two bits itself: they are ECN's.
    pub(super) fn dscp(&self) -> u8 {
        (self.tos as u8) >> 2
    }
    /// IP_PMTUDISC_WANT and IP_PMTUDISC_DO; the others do not believe routers.
    pub(super) fn discovers_mtu(&self) -> bool {
        matches!(self.mtu_discover, 1 | 2)
    }

    /// What a connection starts with.
    pub(crate) fn config(&self, base: Config) -> Config {
        let mut config = base;
        config.nagle = !self.nodelay;
        if let Some(maxseg) = self.maxseg {
            config.mss = config.mss.min(maxseg);
        }
        if let Some(bytes) = self.send_buffer {
            (config.send_buffer, config.send_buffer_most) = (bytes, 0);
        }
        if let Some(bytes) = self.receive_buffer {
            (config.receive_buffer_first, config.receive_buffer_fixed) = (bytes, true);
        }
        config.user_timeout = (self.user_timeout > 0).then(|| Duration::from_millis(self.user_timeout as i64));
        config.keepalive = self.keepalive.then_some(self.keep);
        config.syn_retries = self.syn_retries.unwrap_or(config.syn_retries);
        config.fin_wait_2 = self.fin_wait(base.fin_wait_2);
        config.report_errors = self.keeps_errors;
        config.defer_accept = self.defer_accept;
        config.notsent_low_water = match self.notsent_low_water {
            0 => config.notsent_low_water,
            low => Some(low).filter(|&low| low < u32::MAX),
        };
        config.congestion = self.congestion.unwrap_or(config.congestion);
        (config.dscp, config.path_mtu_discovery) = (self.dscp(), self.discovers_mtu());
        (self.adjust)(&mut config);
        config
    }
}

/// How often a SYN-ACK's timer runs out within so many seconds, and once more (Linux `secs_to_retrans`: after one second, and then
/// after twice as long each time, up to two minutes).
pub(super) fn timeouts_within(seconds: i64) -> u32 {
    let (mut count, mut step, mut passed) = (u32::from(seconds > 0), 1, 1);
    while passed < seconds && count < 255 {
        step = (step * 2).min(120);
        (count, passed) = (count + 1, passed + step);
    }
    count
}

/// After how many seconds a SYN-ACK's timer has run out so often (Linux `retrans_to_secs`).
pub(super) fn seconds_until(timeouts: u32) -> i64 {
    (0..timeouts).fold((0, 1), |(passed, step), _| (passed + step, (step * 2).min(120))).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_wait_for_data_are_rounded_up_to_timeouts() {
        for (seconds, timeouts, rounded) in
            [(0, 0, 0), (1, 1, 1), (2, 2, 3), (3, 2, 3), (5, 3, 7), (8, 4, 15), (200, 8, 247)]
        {
            assert_eq!(timeouts_within(seconds), timeouts, "{seconds}");
            assert_eq!(seconds_until(timeouts), rounded, "{seconds}");
        }
    }
}
