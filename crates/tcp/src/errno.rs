//! Why a socket call failed.

use std::{fmt, io};

/// Why a call on a socket failed, in the terms of POSIX.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Errno {
    /// Not now: nothing to read, no room to write (EAGAIN).
    WouldBlock,
    /// The other side answered the SYN with a reset (ECONNREFUSED).
    ConnectionRefused,
    /// The other side reset the connection (ECONNRESET).
    ConnectionReset,
    /// The connection was aborted on this side (ECONNABORTED).
    ConnectionAborted,
    /// The other side did not answer for too long (ETIMEDOUT).
    TimedOut,
    /// Another socket has this address and port (EADDRINUSE).
    AddrInUse,
    /// No interface has this address, or no port is free (EADDRNOTAVAIL).
    AddrNotAvailable,
    /// The socket is not connected (ENOTCONN).
    NotConnected,
    /// The socket is connected already (EISCONN).
    AlreadyConnected,
    /// This side has closed its direction (EPIPE).
    BrokenPipe,
    /// No route leads there (ENETUNREACH).
    NetworkUnreachable,
    /// A router says that the host cannot be reached, or nobody answers ARP (EHOSTUNREACH).
    HostUnreachable,
    /// The host does not speak the protocol (ENOPROTOOPT, as Linux translates ICMP's "protocol unreachable").
    ProtocolUnreachable,
    /// The message does not fit (EMSGSIZE).
    MessageTooLong,
    /// There is no such socket (EBADF).
    BadSocket,
    /// An argument makes no sense (EINVAL).
    Invalid,
    /// The firewall or the socket's options forbid it (EACCES).
    AccessDenied,
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Errno::WouldBlock => "the call would have to wait",
            Errno::ConnectionRefused => "connection refused: nobody listens there",
            Errno::ConnectionReset => "connection reset by the other side",
            Errno::ConnectionAborted => "connection aborted by this side",
            Errno::TimedOut => "timed out: the other side does not answer",
            Errno::AddrInUse => "address already in use",
            Errno::AddrNotAvailable => "no such address here, or no free port",
            Errno::NotConnected => "not connected",
            Errno::AlreadyConnected => "already connected",
            Errno::BrokenPipe => "this direction is closed",
            Errno::NetworkUnreachable => "network unreachable: no route leads there",
            Errno::HostUnreachable => "host unreachable",
            Errno::ProtocolUnreachable => "the host does not speak the protocol",
            Errno::MessageTooLong => "the message is too long",
            Errno::BadSocket => "no such socket",
            Errno::Invalid => "invalid argument",
            Errno::AccessDenied => "not allowed",
        })
    }
}
impl std::error::Error for Errno {}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> io::Error {
        use io::ErrorKind as Kind;
        let kind = match errno {
            Errno::WouldBlock => Kind::WouldBlock,
            Errno::ConnectionRefused => Kind::ConnectionRefused,
            Errno::ConnectionReset => Kind::ConnectionReset,
            Errno::ConnectionAborted => Kind::ConnectionAborted,
            Errno::TimedOut => Kind::TimedOut,
            Errno::AddrInUse => Kind::AddrInUse,
            Errno::AddrNotAvailable => Kind::AddrNotAvailable,
            Errno::NotConnected => Kind::NotConnected,
            Errno::BrokenPipe => Kind::BrokenPipe,
            Errno::NetworkUnreachable => Kind::NetworkUnreachable,
            Errno::HostUnreachable => Kind::HostUnreachable,
            Errno::MessageTooLong | Errno::Invalid => Kind::InvalidInput,
            Errno::AccessDenied => Kind::PermissionDenied,
            Errno::AlreadyConnected | Errno::ProtocolUnreachable | Errno::BadSocket => Kind::Other,
        };
        io::Error::new(kind, errno)
    }
}
