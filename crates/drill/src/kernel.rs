//! Linux's settings (`sysctl`), mapped to the stack's own. A setting that the stack does not have is refused, unless it is
//! set to what the stack does anyway.

use std::collections::BTreeMap;

use base::Duration;
use tcp::{Config, CongestionKind, EcnUse, Keepalive, MtuProbing, Qdisc, SlowStart, SynCookies};

use crate::route::Route;

/// The settings in force. A name is as in `sysctl`, without `net.ipv4.`.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    values: BTreeMap<&'static str, String>,
    /// What is known of other machines is to be forgotten (`ip tcp_metrics flush`).
    pub(crate) forget_metrics: bool,
    /// What the route to everybody says.
    pub(crate) route: Route,
    /// The queue in front of the device.
    pub(crate) qdisc: Qdisc,
    /// Whether `nstat` was asked: it starts anew from here.
    pub(crate) counters_read: bool,
    /// See [`crate::Setup::merged_arrivals`].
    pub(crate) merged_arrivals: Option<u32>,
    /// See [`crate::Setup::adjust`].
    pub(crate) adjust: fn(&mut Config),
}

/// What becomes of a setting.
enum Meaning {
    /// It is the stack's; the values that make sense.
    Ours(fn(&str) -> bool),
    /// The stack does this and nothing else.
    Fixed(&'static [&'static str]),
    /// It tunes what a script cannot see here: memory of the machine, caches, the choice of ports.
    Unseen,
}

fn number(value: &str) -> Option<u64> {
    match value.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => value.parse().ok(),
    }
}
fn any_number(value: &str) -> bool {
    number(value).is_some()
}
fn switch(value: &str) -> bool {
    matches!(value, "0" | "1")
}
fn triple(value: &str) -> bool {
    value.split_whitespace().count() == 3 && value.split_whitespace().all(|part| number(part).is_some())
}

/// Every setting that is known, what becomes of it, and its default: Linux's.
const KNOWN: &[(&str, Meaning, &str)] = &[
    ("tcp_rmem", Meaning::Ours(triple), "4096 131072 6291456"),
    ("tcp_wmem", Meaning::Ours(triple), "4096 16384 4194304"),
    ("tcp_timestamps", Meaning::Ours(|value| matches!(value, "0" | "1" | "2")), "1"),
    ("tcp_window_scaling", Meaning::Ours(switch), "1"),
    ("tcp_sack", Meaning::Ours(switch), "1"),
    ("tcp_syn_retries", Meaning::Ours(any_number), "6"),
    ("tcp_syn_linear_timeouts", Meaning::Ours(any_number), "4"),
    ("tcp_synack_retries", Meaning::Ours(any_number), "5"),
    ("tcp_retries2", Meaning::Ours(any_number), "15"),
    ("tcp_orphan_retries", Meaning::Ours(any_number), "0"),
    ("tcp_fin_timeout", Meaning::Ours(any_number), "60"),
    ("tcp_tw_reuse", Meaning::Ours(|value| matches!(value, "0" | "1" | "2")), "2"),
    ("tcp_keepalive_time", Meaning::Ours(any_number), "7200"),
    ("tcp_keepalive_intvl", Meaning::Ours(any_number), "75"),
    ("tcp_keepalive_probes", Meaning::Ours(any_number), "9"),
    ("tcp_congestion_control", Meaning::Ours(|value| congestion(value).is_some()), "cubic"),
    ("tcp_allowed_congestion_control", Meaning::Unseen, ""),
    ("tcp_fack", Meaning::Fixed(&["0"]), "0"),
    ("tcp_retries1", Meaning::Unseen, "3"),
    ("tcp_syncookies", Meaning::Ours(|value| matches!(value, "0" | "1" | "2")), "1"),
    ("tcp_max_syn_backlog", Meaning::Unseen, "4096"),
    ("tcp_abort_on_overflow", Meaning::Fixed(&["0"]), "0"),
    ("tcp_stdurg", Meaning::Fixed(&["0"]), "0"),
    ("tcp_rfc1337", Meaning::Fixed(&["0"]), "0"),
    ("tcp_moderate_rcvbuf", Meaning::Ours(switch), "1"),
    ("tcp_shrink_window", Meaning::Ours(switch), "0"),
    ("tcp_mem", Meaning::Unseen, ""),
    ("tcp_no_metrics_save", Meaning::Unseen, "0"),
    ("tcp_pacing_ss_ratio", Meaning::Fixed(&["200"]), "200"),
    ("tcp_pacing_ca_ratio", Meaning::Fixed(&["120"]), "120"),
    ("tcp_tso_win_divisor", Meaning::Unseen, "3"),
    ("tcp_min_tso_segs", Meaning::Ours(any_number), "2"),
    ("tcp_limit_output_bytes", Meaning::Unseen, "4194304"),
    ("tcp_ecn_option", Meaning::Ours(|value| matches!(value, "0" | "1" | "2" | "3")), "2"),
    ("tcp_ecn_option_beacon", Meaning::Unseen, "3"),
    ("tcp_workaround_signed_windows", Meaning::Fixed(&["0"]), "0"),
    ("tcp_invalid_ratelimit", Meaning::Ours(any_number), "500"),
    ("tcp_challenge_ack_limit", Meaning::Ours(any_number), "2147483647"),
    ("ip_no_pmtu_disc", Meaning::Fixed(&["0"]), "0"),
    ("ip_local_port_range", Meaning::Ours(|value| ports(value).is_some()), "32768 60999"),
    ("net.core.rmem_max", Meaning::Ours(any_number), "4194304"),
    ("net.core.wmem_max", Meaning::Ours(any_number), "4194304"),
    ("net.core.somaxconn", Meaning::Unseen, "4096"),
    ("net.core.default_qdisc", Meaning::Unseen, ""),
    ("net.core.netdev_max_backlog", Meaning::Unseen, "1000"),
    ("net.core.optmem_max", Meaning::Ours(any_number), "131072"),
    ("tcp_frto", Meaning::Ours(|value| matches!(value, "0" | "1" | "2")), "2"),
    ("tcp_dsack", Meaning::Ours(switch), "1"),
    ("tcp_reordering", Meaning::Ours(any_number), "3"),
    ("tcp_max_reordering", Meaning::Unseen, "300"),
    ("tcp_early_retrans", Meaning::Ours(|value| matches!(value, "0" | "1" | "2" | "3" | "4")), "3"),
    ("tcp_recovery", Meaning::Ours(switch), "1"),
    ("tcp_thin_linear_timeouts", Meaning::Fixed(&["0"]), "0"),
    ("tcp_slow_start_after_idle", Meaning::Ours(switch), "1"),
    ("tcp_ecn", Meaning::Ours(|value| ecn(value).is_some()), "2"),
    ("tcp_ecn_fallback", Meaning::Unseen, "1"),
    ("tcp_notsent_lowat", Meaning::Ours(low_water), "4294967295"),
    ("tcp_fastopen", Meaning::Ours(any_number), "1"),
    ("tcp_fastopen_key", Meaning::Ours(|value| value.split('-').count() == 4), "00000000-00000000-00000000-00000000"),
    ("tcp_fastopen_blackhole_timeout_sec", Meaning::Ours(any_number), "0"),
    ("tcp_mtu_probing", Meaning::Ours(|value| matches!(value, "0" | "1" | "2")), "0"),
    ("tcp_base_mss", Meaning::Ours(any_number), "1024"),
    ("tcp_cubic.hystart", Meaning::Ours(switch), "1"),
    ("wirescope.tcp_slow_start", Meaning::Ours(|value| slow_start(value).is_some()), ""),
    ("tcp_cubic.hystart_detect", Meaning::Fixed(&["3"]), "3"),
    ("tcp_cubic.hystart_low_window", Meaning::Fixed(&["16"]), "16"),
    ("tcp_cubic.hystart_ack_delta_us", Meaning::Fixed(&["2000"]), "2000"),
    ("tcp_cubic.beta", Meaning::Fixed(&["717"]), "717"),
    ("tcp_cubic.fast_convergence", Meaning::Fixed(&["1"]), "1"),
    ("tcp_cubic.tcp_friendliness", Meaning::Fixed(&["1"]), "1"),
    ("tcp_cubic.bic_scale", Meaning::Fixed(&["41"]), "41"),
    ("tcp_cubic.initial_ssthresh", Meaning::Fixed(&["0"]), "0"),
    ("tcp_autocorking", Meaning::Fixed(&["0"]), "1"),
];

/// Linux: 0 off, 1 asked for and granted, 2 granted; the same for accurate ECN: 3 asked for, 5 granted, 4 in between.
fn ecn(value: &str) -> Option<EcnUse> {
    match value {
        "0" => Some(EcnUse::Off),
        "1" => Some(EcnUse::Ask),
        "2" => Some(EcnUse::Grant),
        "3" => Some(EcnUse::AskAccurate),
        "4" => Some(EcnUse::AskGrantAccurate),
        "5" => Some(EcnUse::GrantAccurate),
        _ => None,
    }
}

fn congestion(name: &str) -> Option<CongestionKind> {
    CongestionKind::named(name)
}

/// A setting of ours, as Linux has no HyStart++: how slow start ends. Empty: as `tcp_cubic.hystart` says.
fn slow_start(name: &str) -> Option<SlowStart> {
    match name {
        "plain" => Some(SlowStart::Plain),
        "hystart" => Some(SlowStart::HyStart),
        "hystart++" => Some(SlowStart::HyStartPlusPlus),
        _ => None,
    }
}

/// The first port and the last.
fn ports(value: &str) -> Option<(u16, u16)> {
    let mut parts = value.split_whitespace().map(|part| part.parse::<u16>().ok());
    match (parts.next()??, parts.next()??, parts.next()) {
        (first, last, None) if first > 0 && first <= last => Some((first, last)),
        _ => None,
    }
}

/// A limit that may be off: the largest number, or -1.
fn low_water(value: &str) -> bool {
    value == "-1" || any_number(value)
}

/// Why a setting was refused.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl Default for Kernel {
    fn default() -> Kernel {
        let values = KNOWN.iter().map(|(name, _, default)| (*name, (*default).to_owned())).collect();
        Kernel {
            values,
            forget_metrics: false,
            route: Route::default(),
            qdisc: Qdisc::default(),
            counters_read: false,
            merged_arrivals: None,
            adjust: |_| {},
        }
    }
}

impl Kernel {
    /// Changes a setting: `net.ipv4.tcp_sack`, `net/ipv4/tcp_sack` or `/proc/sys/net/ipv4/tcp_sack`.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Refused> {
        let dotted = name.trim_start_matches("/proc/sys/").replace('/', ".");
        let short = dotted.strip_prefix("net.ipv4.").unwrap_or(&dotted);
        let value = value.trim().trim_matches('"').trim();
        let Some((known, meaning, _)) = KNOWN.iter().find(|(known, ..)| *known == short) else {
            return Err(Refused(format!("the stack has no setting {short}")));
        };
        let fine = match meaning {
            Meaning::Ours(sensible) => sensible(value),
            Meaning::Fixed(values) => values.contains(&value),
            Meaning::Unseen => true,
        };
        if !fine {
            return Err(Refused(format!("the stack cannot be set to {short}={value}")));
        }
        self.values.insert(known, value.to_owned());
        Ok(())
    }

    fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
    /// A setting as a number; 0 if it is none.
    pub(crate) fn number(&self, name: &str) -> u64 {
        number(self.text(name)).unwrap_or(0)
    }
    /// One of the three numbers of a memory setting: least, default, most.
    pub(crate) fn memory(&self, name: &str, which: usize) -> usize {
        self.text(name).split_whitespace().nth(which).and_then(number).unwrap_or(0) as usize
    }

    /// The ports of programs that ask for none, first and last.
    pub(crate) fn port_range(&self) -> (u16, u16) {
        ports(self.text("ip_local_port_range")).unwrap_or((32_768, 60_999))
    }

    /// How SO_KEEPALIVE asks, where a program says no more of it.
    pub(crate) fn keepalive(&self) -> Keepalive {
        let seconds = |name: &str| Duration::from_secs(self.number(name).clamp(1, 32_767) as i64);
        Keepalive {
            idle: seconds("tcp_keepalive_time"),
            interval: seconds("tcp_keepalive_intvl"),
            probes: self.number("tcp_keepalive_probes").clamp(1, 127) as u32,
        }
    }

    /// The key of Fast Open's cookies: four groups of hexadecimal digits.
    pub(crate) fn fast_open_key(&self) -> tcp::FastOpenKey {
        let mut key = [0; 16];
        let groups = self.text("tcp_fastopen_key").split('-').map(|group| u32::from_str_radix(group, 16).unwrap_or(0));
        for (bytes, group) in key.chunks_exact_mut(4).zip(groups) {
            bytes.copy_from_slice(&group.to_le_bytes());
        }
        key
    }

    /// What TCP connections start with under these settings.
    pub(crate) fn tcp(&self) -> Config {
        let retries = |name: &str| self.number(name).min(255) as u32;
        let mut config = Config {
            window_scale: self.number("tcp_window_scaling") != 0,
            sack: self.number("tcp_sack") != 0,
            timestamps: self.number("tcp_timestamps") != 0,
            syn_retries: retries("tcp_syn_retries"),
            syn_linear_timeouts: retries("tcp_syn_linear_timeouts"),
            mtu_probing: match self.number("tcp_mtu_probing") {
                0 => MtuProbing::Off,
                1 => MtuProbing::OnBlackHole,
                _ => MtuProbing::Always,
            },
            base_mss: self.number("tcp_base_mss").clamp(48, 65_535) as u32,
            syn_ack_retries: retries("tcp_synack_retries"),
            syn_cookies: match self.number("tcp_syncookies") {
                0 => SynCookies::Never,
                1 => SynCookies::WhenFull,
                _ => SynCookies::Always,
            },
            retries: retries("tcp_retries2"),
            frto: self.number("tcp_frto") != 0,
            rack: self.number("tcp_recovery") != 0,
            dsack: self.number("tcp_dsack") != 0,
            reordering: self.number("tcp_reordering").clamp(1, 300) as u32,
            invalid_interval: Duration::from_millis(self.number("tcp_invalid_ratelimit").min(1 << 31) as i64),
            challenge_limit: u32::try_from(self.number("tcp_challenge_ack_limit"))
                .ok()
                .filter(|&limit| limit < i32::MAX as u32),
            fin_wait_2: Some(Duration::from_secs(self.number("tcp_fin_timeout").min(7200) as i64)),
            send_buffer: self.memory("tcp_wmem", 1),
            send_buffer_most: self.memory("tcp_wmem", 2),
            grow_window: true,
            require_timestamps: false,
            slow_start_after_idle: self.number("tcp_slow_start_after_idle") != 0,
            receive_buffer: self.memory("tcp_rmem", 2),
            receive_buffer_first: self.memory("tcp_rmem", 1),
            shrink_window: self.number("tcp_shrink_window") != 0,
            tune_receive_buffer: self.number("tcp_moderate_rcvbuf") != 0,
            delay_fin_ack: true,
            bare_probes: true,
            stretch_overhead: 1280,
            batch: Some(retries("tcp_min_tso_segs").max(1)),
            notsent_low_water: u32::try_from(self.number("tcp_notsent_lowat"))
                .ok()
                .filter(|&low| low > 0 && low < u32::MAX),
            slow_start: slow_start(self.text("wirescope.tcp_slow_start"))
                .unwrap_or(if self.number("tcp_cubic.hystart") == 0 { SlowStart::Plain } else { SlowStart::HyStart }),
            // 1 and 2 asked for what RACK has replaced (RFC 5827), and for no loss probes.
            tlp: matches!(self.number("tcp_early_retrans"), 3 | 4),
            merged_arrivals: self.merged_arrivals,
            qdisc: self.qdisc,
            ecn_option: self.number("tcp_ecn_option") != 0,
            ecn: ecn(self.text("tcp_ecn")).unwrap_or_default(),
            ..Config::default()
        };
        if let Some(congestion) = congestion(self.text("tcp_congestion_control")) {
            config.congestion = congestion;
        }
        self.route.apply(&mut config);
        (self.adjust)(&mut config);
        config
    }
}
