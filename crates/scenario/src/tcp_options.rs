//! The TCP of a scenario: the `[tcp]` table.

use serde::Deserialize;

use crate::{ReceiveBuffer, Without};

/// What TCP offers on both ends.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TcpOptions {
    /// Window scaling (RFC 7323 §2).
    pub window_scale: bool,
    /// Selective acknowledgments (RFC 2018).
    pub sack: bool,
    /// Timestamps (RFC 7323 §3).
    pub timestamps: bool,
    /// Nagle's algorithm (RFC 9293 §3.7.4). Off by default: browsers, curl and web servers set TCP_NODELAY.
    pub nagle: bool,
    /// Delayed acknowledgments (RFC 9293 §3.8.6.3).
    pub delayed_ack: bool,
    /// The initial congestion window in segments (RFC 6928).
    pub initial_window: u32,
    /// The receive buffer; `None`: the system's, and all of it is offered at once.
    pub receive_buffer: Option<ReceiveBuffer>,
    /// Which congestion control.
    pub congestion: Congestion,
    /// Whether connections ask for explicit congestion notification. Off by default, as on Linux.
    #[serde(deserialize_with = "ecn")]
    pub ecn: EcnAsked,
    /// How slow start ends before something is lost.
    pub slow_start: SlowStart,
    /// When packets larger than are known to pass are tried (RFC 4821).
    pub mtu_probing: MtuProbing,
    /// Fast Open (RFC 7413): whether a client's first data goes with its SYN. Off by default, as few programs ask for it.
    pub fast_open: FastOpen,
    /// The queue in front of both ends' devices.
    pub qdisc: Qdisc,
    /// Algorithms that are turned off.
    pub without: Without,
}

choice! {
    /// A congestion control, by its name on Linux.
    Congestion {
        /// CUBIC (RFC 9438).
        #[default]
        Cubic = "cubic",
        /// Reno (RFC 5681).
        Reno = "reno",
        /// BBRv3 (draft-ietf-ccwg-bbr-06).
        Bbr = "bbr",
    }
}

choice! {
    /// Whether connections ask for explicit congestion notification, and for which kind.
    EcnAsked {
        /// They do not; who asks is granted it.
        #[default]
        Off = "off",
        /// The classic kind (RFC 3168).
        On = "on",
        /// Accurate ECN (RFC 9768).
        Accurate = "accurate",
    }
}

choice! {
    /// How CUBIC's slow start ends before something is lost.
    SlowStart {
        /// Not.
        Plain = "plain",
        /// By HyStart, as on Linux.
        #[default]
        Hystart = "hystart",
        /// By HyStart++ (RFC 9406).
        HystartPlusPlus = "hystart++",
    }
}

choice! {
    /// When larger packets are tried than are known to pass (RFC 4821; Linux `tcp_mtu_probing` 0, 1, 2).
    MtuProbing {
        /// Never.
        #[default]
        Off = "off",
        /// When the path seems to swallow large ones.
        BlackHole = "black-hole",
        /// From the start.
        Always = "always",
    }
}

choice! {
    /// Whether data goes with a SYN (RFC 7413).
    FastOpen {
        /// It does not.
        #[default]
        Off = "off",
        /// With the server's cookie, which the first connection to it asks for.
        On = "on",
        /// Without a cookie: from the first connection on.
        NoCookie = "no-cookie",
    }
}

choice! {
    /// A queue discipline, by its name on Linux.
    Qdisc {
        /// What is sent leaves.
        #[default]
        Fifo = "fifo",
        /// A connection's segments are spaced by its rate.
        Fq = "fq",
    }
}

/// `true` and `false`, or a name.
fn ecn<'de, D: serde::Deserializer<'de>>(from: D) -> Result<EcnAsked, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Switch(bool),
        Name(EcnAsked),
    }
    Ok(match Given::deserialize(from)? {
        Given::Switch(on) => {
            if on {
                EcnAsked::On
            } else {
                EcnAsked::Off
            }
        }
        Given::Name(name) => name,
    })
}

impl Default for TcpOptions {
    fn default() -> TcpOptions {
        TcpOptions {
            window_scale: true,
            sack: true,
            timestamps: true,
            nagle: false,
            delayed_ack: true,
            initial_window: 10,
            receive_buffer: None,
            congestion: Congestion::Cubic,
            ecn: EcnAsked::Off,
            slow_start: SlowStart::default(),
            mtu_probing: MtuProbing::default(),
            fast_open: FastOpen::default(),
            qdisc: Qdisc::default(),
            without: Without::default(),
        }
    }
}
