//! The names that scripts use for numbers, as Linux defines them on x86-64, and the names of errors.

use tcp::Errno;

/// Names and their numbers.
const SYMBOLS: &[(&str, i64)] = &[
    ("AF_UNSPEC", 0), ("AF_INET", 2), ("AF_INET6", 10), ("PF_INET", 2), ("PF_INET6", 10),
    ("SOCK_STREAM", 1), ("SOCK_DGRAM", 2), ("SOCK_RAW", 3), ("SOCK_NONBLOCK", 0o4000), ("SOCK_CLOEXEC", 0o2000000),
    ("IPPROTO_IP", 0), ("IPPROTO_ICMP", 1), ("IPPROTO_TCP", 6), ("IPPROTO_UDP", 17), ("IPPROTO_IPV6", 41), ("IPPROTO_MPTCP", 262),
    ("SOL_IP", 0), ("SOL_SOCKET", 1), ("SOL_TCP", 6), ("SOL_UDP", 17), ("SOL_IPV6", 41),
    ("SO_DEBUG", 1), ("SO_REUSEADDR", 2), ("SO_TYPE", 3), ("SO_ERROR", 4), ("SO_DONTROUTE", 5), ("SO_BROADCAST", 6), ("SO_SNDBUF", 7),
    ("SO_RCVBUF", 8), ("SO_KEEPALIVE", 9), ("SO_OOBINLINE", 10), ("SO_PRIORITY", 12), ("SO_LINGER", 13), ("SO_REUSEPORT", 15),
    ("SO_RCVLOWAT", 18), ("SO_SNDLOWAT", 19), ("SO_RCVTIMEO", 20), ("SO_SNDTIMEO", 21), ("SO_BINDTODEVICE", 25), ("SO_TIMESTAMP", 29),
    ("SO_ACCEPTCONN", 30), ("SO_SNDBUFFORCE", 32), ("SO_RCVBUFFORCE", 33), ("SO_TIMESTAMPNS", 35), ("SO_MARK", 36), ("SO_TIMESTAMPING", 37),
    ("SO_PROTOCOL", 38), ("SO_DOMAIN", 39), ("SO_BUSY_POLL", 46), ("SO_MAX_PACING_RATE", 47), ("SO_INCOMING_CPU", 49), ("SO_ZEROCOPY", 60), ("SO_TXTIME", 61),
    ("TCP_NODELAY", 1), ("TCP_MAXSEG", 2), ("TCP_CORK", 3), ("TCP_KEEPIDLE", 4), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 6), ("TCP_SYNCNT", 7),
    ("TCP_LINGER2", 8), ("TCP_DEFER_ACCEPT", 9), ("TCP_WINDOW_CLAMP", 10), ("TCP_INFO", 11), ("TCP_QUICKACK", 12), ("TCP_CONGESTION", 13),
    ("TCP_MD5SIG", 14), ("TCP_THIN_LINEAR_TIMEOUTS", 16), ("TCP_THIN_DUPACK", 17), ("TCP_USER_TIMEOUT", 18), ("TCP_REPAIR", 19),
    ("TCP_FASTOPEN", 23), ("TCP_TIMESTAMP", 24), ("TCP_NOTSENT_LOWAT", 25), ("TCP_CC_INFO", 26), ("TCP_SAVE_SYN", 27), ("TCP_SAVED_SYN", 28),
    ("TCP_FASTOPEN_CONNECT", 30), ("TCP_ULP", 31), ("TCP_MD5SIG_EXT", 32), ("TCP_FASTOPEN_KEY", 33), ("TCP_FASTOPEN_NO_COOKIE", 34),
    ("TCP_ZEROCOPY_RECEIVE", 35), ("TCP_INQ", 36), ("TCP_CM_INQ", 36), ("TCP_TX_DELAY", 37),
    ("MSG_OOB", 1), ("MSG_PEEK", 2), ("MSG_CTRUNC", 8), ("MSG_TRUNC", 0x20), ("MSG_DONTWAIT", 0x40), ("MSG_EOR", 0x80), ("MSG_WAITALL", 0x100), ("MSG_CONFIRM", 0x800),
    ("MSG_ERRQUEUE", 0x2000), ("MSG_NOSIGNAL", 0x4000), ("MSG_MORE", 0x8000), ("MSG_ZEROCOPY", 0x4000000), ("MSG_FASTOPEN", 0x20000000),
    ("O_RDONLY", 0), ("O_WRONLY", 1), ("O_RDWR", 2), ("O_NONBLOCK", 0o4000),
    ("F_GETFL", 3), ("F_SETFL", 4), ("F_SETPIPE_SZ", 1031),
    ("POLLIN", 1), ("POLLPRI", 2), ("POLLOUT", 4), ("POLLERR", 8), ("POLLHUP", 0x10), ("POLLNVAL", 0x20), ("POLLRDHUP", 0x2000),
    ("EPOLLIN", 1), ("EPOLLPRI", 2), ("EPOLLOUT", 4), ("EPOLLERR", 8), ("EPOLLHUP", 0x10), ("EPOLLRDHUP", 0x2000), ("EPOLLEXCLUSIVE", 1 << 28),
    ("EPOLLONESHOT", 1 << 30), ("EPOLLET", 1 << 31), ("EPOLL_CTL_ADD", 1), ("EPOLL_CTL_DEL", 2), ("EPOLL_CTL_MOD", 3),
    ("SHUT_RD", 0), ("SHUT_WR", 1), ("SHUT_RDWR", 2),
    ("SIOCINQ", 0x541B), ("FIONREAD", 0x541B), ("SIOCOUTQ", 0x5411), ("SIOCOUTQNSD", 0x894B),
    ("IP_TOS", 1), ("IP_TTL", 2), ("IP_RECVTOS", 13), ("IP_MTU_DISCOVER", 10), ("IP_RECVERR", 11), ("IP_MTU", 14), ("IP_FREEBIND", 15), ("IP_BIND_ADDRESS_NO_PORT", 24),
    ("IP_PMTUDISC_DONT", 0), ("IP_PMTUDISC_WANT", 1), ("IP_PMTUDISC_DO", 2), ("IP_PMTUDISC_PROBE", 3),
    ("IPV6_V6ONLY", 26), ("IPV6_RECVERR", 25), ("IPV6_TCLASS", 67), ("IPV6_MTU_DISCOVER", 23),
    ("SOF_TIMESTAMPING_TX_HARDWARE", 1), ("SOF_TIMESTAMPING_TX_SOFTWARE", 2), ("SOF_TIMESTAMPING_RX_HARDWARE", 4), ("SOF_TIMESTAMPING_RX_SOFTWARE", 8),
    ("SOF_TIMESTAMPING_SOFTWARE", 16), ("SOF_TIMESTAMPING_OPT_ID", 128), ("SOF_TIMESTAMPING_TX_SCHED", 256), ("SOF_TIMESTAMPING_TX_ACK", 512), ("SOF_TIMESTAMPING_OPT_TSONLY", 2048),
    ("SCM_TIMESTAMPING", 37), ("SCM_TSTAMP_SND", 0), ("SCM_TSTAMP_SCHED", 1), ("SCM_TSTAMP_ACK", 2), ("SO_EE_ORIGIN_TIMESTAMPING", 4), ("SO_EE_ORIGIN_ZEROCOPY", 5), ("SO_EE_CODE_ZEROCOPY_COPIED", 1), ("SO_EE_ORIGIN_NONE", 0), ("SO_EE_ORIGIN_LOCAL", 1), ("SO_EE_ORIGIN_ICMP", 2),
    ("SPLICE_F_NONBLOCK", 2), ("SPLICE_F_MOVE", 1), ("SPLICE_F_MORE", 4), ("NULL", 0),
    ("EPERM", 1), ("ENOMSG", 42), ("ENOENT", 2), ("EINTR", 4), ("EBADF", 9), ("EAGAIN", 11), ("EWOULDBLOCK", 11), ("ENOMEM", 12), ("EFAULT", 14), ("EINVAL", 22), ("EPIPE", 32),
    ("EMSGSIZE", 90), ("ENOPROTOOPT", 92), ("EPROTONOSUPPORT", 93), ("EOPNOTSUPP", 95), ("EADDRINUSE", 98), ("EADDRNOTAVAIL", 99), ("ENETUNREACH", 101),
    ("ECONNABORTED", 103), ("ECONNRESET", 104), ("ENOBUFS", 105), ("EISCONN", 106), ("ENOTCONN", 107), ("ESHUTDOWN", 108), ("ETIMEDOUT", 110), ("ECONNREFUSED", 111), ("EHOSTUNREACH", 113),
    ("EALREADY", 114), ("EINPROGRESS", 115), ("EACCES", 13), ("EPROTO", 71), ("EDESTADDRREQ", 89), ("ESPIPE", 29), ("EAFNOSUPPORT", 97),
];

/// The number of a name.
pub(crate) fn number(name: &str) -> Option<i64> {
    SYMBOLS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// An error's name.
pub(crate) fn errno(error: Errno) -> &'static str {
    match error {
        Errno::WouldBlock => "EAGAIN",
        Errno::ConnectionRefused => "ECONNREFUSED",
        Errno::ConnectionReset => "ECONNRESET",
        Errno::ConnectionAborted => "ECONNABORTED",
        Errno::TimedOut => "ETIMEDOUT",
        Errno::AddrInUse => "EADDRINUSE",
        Errno::AddrNotAvailable => "EADDRNOTAVAIL",
        Errno::NotConnected => "ENOTCONN",
        Errno::AlreadyConnected => "EISCONN",
        Errno::BrokenPipe => "EPIPE",
        Errno::NetworkUnreachable => "ENETUNREACH",
        Errno::HostUnreachable => "EHOSTUNREACH",
        Errno::ProtocolUnreachable => "ENOPROTOOPT",
        Errno::MessageTooLong => "EMSGSIZE",
        Errno::BadSocket => "EBADF",
        Errno::Invalid => "EINVAL",
        Errno::AccessDenied => "EACCES",
    }
}
