//! What a run is told beside the script: addresses, tolerances, symbols; from the command line and from the script's
//! first lines.

use std::net::Ipv4Addr;

use base::Duration;

use crate::error::Problem;
use crate::script::{Script, Setting};

/// What a run is told beside the script. The defaults are packetdrill's.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Compare what a script leaves out as well: the window where the script gives none must be open, no packet may be
    /// left over at the end, and what fills options up must be zero.
    pub strict: bool,
    /// Commands to run before the script's own (`--init_scripts`): files of `sysctl` lines.
    pub init_scripts: Vec<std::path::PathBuf>,
    /// The machine's address.
    pub local: Ipv4Addr,
    /// The length of its network's prefix.
    pub prefix_len: u8,
    /// The address of whoever it talks to.
    pub remote: Ipv4Addr,
    /// The port that the script's `bind` takes.
    pub bind_port: u16,
    /// The port that the script's `connect` goes to.
    pub connect_port: u16,
    /// The link's MTU in bytes.
    pub mtu: u16,
    /// Sockets are IPv6 sockets over IPv4 (v4-mapped addresses).
    pub mapped: bool,
    /// How far off a moment may be.
    pub tolerance: Duration,
    /// How far off it may be in parts of the time since the event before, in thousandths.
    pub tolerance_permille: i64,
    /// The stack's timestamp clock is compared, and ticks so often.
    pub timestamp_tick: Option<Duration>,
    /// Echoes of timestamps that the stack never sent are scaled.
    pub scaled_echoes: bool,
    /// A packet is one segment: nothing is put together.
    pub strict_segments: bool,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            strict: false,
            init_scripts: Vec::new(),
            local: Ipv4Addr::new(192, 168, 0, 1),
            prefix_len: 16,
            remote: Ipv4Addr::new(192, 0, 2, 1),
            bind_port: 8080,
            connect_port: 8080,
            mtu: 1500,
            mapped: false,
            tolerance: Duration::from_micros(4000),
            tolerance_permille: 125,
            timestamp_tick: None,
            scaled_echoes: false,
            strict_segments: false,
        }
    }
}

impl Setup {
    /// The symbols that the public suites' runners define for IPv4: how an ICMP error is called, where socket errors are
    /// reported.
    pub fn symbols(&self) -> Vec<(String, String)> {
        let level = if self.mapped { ("SOL_IPV6", "IPV6_RECVERR") } else { ("SOL_IP", "IP_RECVERR") };
        // The cookie of this pair of addresses under the key that the suites set.
        let key = [0xa1, 0xb2, 0xc3, 0xd4].map(|byte| [byte; 4]).concat().try_into().unwrap_or_default();
        let cookie = tcp::fast_open_cookie(key, self.remote.into(), self.local.into());
        let cookie = cookie.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        [
            ("TFO_COOKIE", cookie.as_str()),
            ("CODE", "host_unreachable"),
            ("CMSG_LEVEL_IP", level.0),
            ("CMSG_TYPE_RECVERR", level.1),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// With what the script's first lines say.
    pub(crate) fn for_script(&self, script: &Script) -> Result<Setup, Problem> {
        let mut setup = self.clone();
        script.options.iter().try_for_each(|setting| setup.apply(setting))?;
        Ok(setup)
    }

    fn apply(&mut self, setting: &Setting) -> Result<(), Problem> {
        let value = setting.value.as_deref().unwrap_or_default();
        let invalid = |help: &str| {
            Problem::invalid(setting.span, format!("--{} cannot be `{value}`", setting.name)).help(help.to_owned())
        };
        let micros = || value.parse::<i64>().ok().filter(|n| *n >= 0).map(Duration::from_micros);
        let address = || {
            let ipv4 = value.parse::<Ipv4Addr>();
            ipv4.map_err(|_| match value.parse::<std::net::Ipv6Addr>() {
                Ok(_) => Problem::unsupported(setting.span, "the stack has no IPv6"),
                Err(_) => invalid("give an address"),
            })
        };
        let port = || value.parse::<u16>().map_err(|_| invalid("give a port"));
        match setting.name.as_str() {
            "local_ip" => self.local = address()?,
            "remote_ip" => self.remote = address()?,
            // Everybody is reached over one link: there is no gateway to name.
            "gateway_ip" => _ = address()?,
            "netmask_ip" => self.prefix_len = u32::from(address()?).leading_ones() as u8,
            "bind_port" => self.bind_port = port()?,
            "connect_port" => self.connect_port = port()?,
            "mtu" => {
                self.mtu = value.parse().ok().filter(|mtu| *mtu >= 68).ok_or_else(|| invalid("give 68 to 65535"))?;
            }
            "ip_version" => match value {
                "ipv4" => self.mapped = false,
                "ipv4-mapped-ipv6" => self.mapped = true,
                "ipv6" => return Err(Problem::unsupported(setting.span, "the stack has no IPv6")),
                _ => return Err(invalid("give ipv4, ipv6 or ipv4-mapped-ipv6")),
            },
            "tolerance_usecs" => self.tolerance = micros().ok_or_else(|| invalid("give microseconds"))?,
            "tolerance_percent" => {
                let percent = value.parse::<f64>().ok().filter(|p| (0.0..=1000.0).contains(p));
                self.tolerance_permille = (percent.ok_or_else(|| invalid("give a percentage"))? * 10.0) as i64;
            }
            "tcp_ts_tick_usecs" => {
                let tick = micros().ok_or_else(|| invalid("give microseconds"))?;
                self.timestamp_tick = Some(tick).filter(|tick| *tick > Duration::ZERO);
            }
            "tcp_ts_ecr_scaled" => self.scaled_echoes = true,
            "strict_segments" => self.strict_segments = true,
            "define" | "send_omit_free" | "verbose" => {}
            other => {
                return Err(Problem::unsupported(setting.span, format!("the option --{other} is not known")));
            }
        }
        Ok(())
    }
}
