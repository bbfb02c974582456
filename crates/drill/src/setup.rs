//! What a run is told beside the script: addresses, tolerances, symbols; from the command line and from the script's
//! first lines.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base::Duration;

use crate::error::{Problem, Span};
use crate::script::{Script, Setting};

/// Which sockets a script's programs use, and which packets they send (`--ip_version`).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum IpVersion {
    /// IPv4 sockets and packets.
    #[default]
    V4,
    /// IPv6 sockets and packets.
    V6,
    /// IPv6 sockets with IPv4-mapped addresses (RFC 4291 §2.5.5.2): IPv4 packets.
    Mapped,
}

impl IpVersion {
    /// The version of this name: `ipv4`, `ipv6` or `ipv4-mapped-ipv6`.
    pub fn named(name: &str) -> Option<IpVersion> {
        match name {
            "ipv4" => Some(IpVersion::V4),
            "ipv6" => Some(IpVersion::V6),
            "ipv4-mapped-ipv6" => Some(IpVersion::Mapped),
            _ => None,
        }
    }
    /// Whether its sockets are of AF_INET6.
    pub(crate) fn has_v6_sockets(self) -> bool {
        self != IpVersion::V4
    }
}

/// What a run is told beside the script. What is left open is as packetdrill has it, or the runners of its public suites.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Compare what a script leaves out as well: the window where the script gives none must be open, no packet may be
    /// left over at the end, and what fills options up must be zero.
    pub strict: bool,
    /// Commands to run before the script's own (`--init_scripts`): files of `sysctl` lines.
    pub init_scripts: Vec<std::path::PathBuf>,
    /// Which sockets and packets.
    pub version: IpVersion,
    /// The machine's address.
    pub local: Option<IpAddr>,
    /// The length of its network's prefix in bits.
    pub prefix_len: Option<u8>,
    /// The address of whoever it talks to.
    pub remote: Option<IpAddr>,
    /// The port that the script's `bind` takes.
    pub bind_port: u16,
    /// The port that the script's `connect` goes to.
    pub connect_port: u16,
    /// The link's MTU in bytes: 1500, and 20 more for IPv6, so that segments are equally long.
    pub mtu: Option<u16>,
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
    /// The messages of IPv6's neighbour discovery are the script's: otherwise everybody is found without a word.
    pub scripted_neighbours: bool,
    /// The machine has no address of IPv6 of its own: it makes itself one once a router has told it a prefix (RFC 4862).
    pub autoconfigures: bool,
    /// What arrives in larger packets was put together of segments of so many bytes, by an offload.
    pub merged_arrivals: Option<u32>,
    /// Changes what connections start with, whatever the script has set: to see what a script says of a stack without one
    /// of its algorithms.
    pub adjust: fn(&mut tcp::Config),
    /// The same for what is the machine's.
    pub adjust_machine: fn(&mut host::HostConfig),
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            strict: false,
            init_scripts: Vec::new(),
            version: IpVersion::V4,
            local: None,
            prefix_len: None,
            remote: None,
            bind_port: 8080,
            connect_port: 8080,
            mtu: None,
            tolerance: Duration::from_micros(4000),
            tolerance_permille: 125,
            timestamp_tick: None,
            scaled_echoes: false,
            strict_segments: false,
            scripted_neighbours: false,
            autoconfigures: false,
            merged_arrivals: None,
            adjust: |_| {},
            adjust_machine: |_| {},
        }
    }
}

impl Setup {
    /// The machine's address.
    pub(crate) fn local(&self) -> IpAddr {
        self.local.unwrap_or(match self.version {
            IpVersion::V6 => IpAddr::V6(Ipv6Addr::new(0xfd3d, 0x0a0b, 0x17d6, 0, 0, 0, 0, 1)),
            IpVersion::V4 | IpVersion::Mapped => IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)),
        })
    }
    /// The address of whoever it talks to.
    pub(crate) fn remote(&self) -> IpAddr {
        self.remote.unwrap_or(match self.version {
            IpVersion::V6 => IpAddr::V6(Ipv6Addr::new(0xfd3d, 0xfa7b, 0xd17d, 0, 0, 0, 0, 1)),
            IpVersion::V4 | IpVersion::Mapped => IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        })
    }
    /// The length of the prefix of its network.
    pub(crate) fn prefix_len(&self) -> u8 {
        self.prefix_len.unwrap_or(if self.version == IpVersion::V6 { 48 } else { 16 })
    }
    /// The link's MTU.
    pub(crate) fn mtu(&self) -> u16 {
        self.mtu.unwrap_or(if self.version == IpVersion::V6 { 1520 } else { 1500 })
    }

    /// The symbols that the public suites' runners define: Fast Open's cookies, how an ICMP error is called, where socket
    /// errors are reported.
    pub fn symbols(&self) -> Vec<(String, String)> {
        let v6 = self.version.has_v6_sockets();
        let level = if v6 { ("SOL_IPV6", "IPV6_RECVERR") } else { ("SOL_IP", "IP_RECVERR") };
        let code = if self.version == IpVersion::V6 { "address_unreachable" } else { "host_unreachable" };
        // The cookie of this pair of addresses under the key that the suites set, and under none.
        let key = [0xa1, 0xb2, 0xc3, 0xd4].map(|byte| [byte; 4]).concat().try_into().unwrap_or_default();
        let cookie = |key| {
            let cookie = tcp::fast_open_cookie(key, self.remote(), self.local());
            cookie.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
        };
        [
            ("TFO_COOKIE", cookie(key).as_str()),
            ("TFO_COOKIE_ZERO", cookie([0; 16]).as_str()),
            ("CODE", code),
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
        let (wanted, span) = (setup.version == IpVersion::V6, script.options.last().map(|setting| setting.span));
        match [setup.local(), setup.remote()].into_iter().find(|address| address.is_ipv6() != wanted) {
            Some(address) => Err(Problem::invalid(
                span.unwrap_or_default(),
                format!("the address {address} is not of the version of IP that is run"),
            )
            .help("give local_ip and remote_ip of ip_version")),
            None => Ok(setup),
        }
    }

    /// Sets an option by packetdrill's name for it, as a script's first lines do.
    ///
    /// # Errors
    /// What is wrong with the value, or that the option is not known.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let setting = Setting { name: name.to_owned(), value: Some(value.to_owned()), span: Span::default() };
        self.apply(&setting).map_err(|problem| match problem.remedy {
            Some(remedy) => format!("{}: {remedy}", problem.message),
            None => problem.message,
        })
    }

    fn apply(&mut self, setting: &Setting) -> Result<(), Problem> {
        let value = setting.value.as_deref().unwrap_or_default();
        let invalid = |help: &str| {
            Problem::invalid(setting.span, format!("--{} cannot be `{value}`", setting.name)).help(help.to_owned())
        };
        let micros = || value.parse::<i64>().ok().filter(|n| *n >= 0).map(Duration::from_micros);
        let address = || value.parse::<IpAddr>().map_err(|_| invalid("give an address"));
        let port = || value.parse::<u16>().map_err(|_| invalid("give a port"));
        match setting.name.as_str() {
            "local_ip" => self.local = Some(address()?),
            "remote_ip" => self.remote = Some(address()?),
            // Everybody is reached over one link: there is no gateway to name.
            "gateway_ip" => _ = address()?,
            "netmask_ip" => {
                let mask = value.parse::<Ipv4Addr>().map_err(|_| invalid("give a mask such as 255.255.0.0"))?;
                self.prefix_len = Some(u32::from(mask).leading_ones() as u8);
            }
            "bind_port" => self.bind_port = port()?,
            "connect_port" => self.connect_port = port()?,
            "mtu" => {
                let mtu = value.parse().ok().filter(|mtu| *mtu >= 68);
                self.mtu = Some(mtu.ok_or_else(|| invalid("give 68 to 65535"))?);
            }
            "mss" => {
                let mss = value.parse().ok().filter(|mss| (1..=65_535).contains(mss));
                self.merged_arrivals = Some(mss.ok_or_else(|| invalid("give 1 to 65535"))?);
            }
            "ip_version" => {
                let version = IpVersion::named(value);
                self.version = version.ok_or_else(|| invalid("give ipv4, ipv6 or ipv4-mapped-ipv6"))?;
            }
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
            // Two of this project's own.
            "scripted_neighbours" => self.scripted_neighbours = true,
            "autoconfigure" => self.autoconfigures = true,
            "define" | "send_omit_free" | "verbose" => {}
            other => {
                return Err(Problem::unsupported(setting.span, format!("the option --{other} is not known")));
            }
        }
        Ok(())
    }
}
