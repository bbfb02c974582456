//! Algorithms of TCP that a scenario turns off, one by one: `without = ["rack", "tlp"]`, `--without rack,tlp`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use tcp::Config;

/// An algorithm that is on unless a scenario says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Algorithm {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What it does, and where that is written.
    pub about: &'static str,
    off: fn(&mut Config),
}

const fn algorithm(name: &'static str, about: &'static str, off: fn(&mut Config)) -> Algorithm {
    Algorithm { name, about, off }
}

/// All that can be turned off so; others have keys of their own.
pub const ALGORITHMS: [Algorithm; 24] = [
    algorithm("rack", "finds losses by time (RFC 8985 §6); without: by three SACKed segments (RFC 6675)", |it| {
        it.rack = false;
    }),
    algorithm("tlp", "probes for the loss of a tail (RFC 8985 §7)", |it| it.tlp = false),
    algorithm("prr", "brings the window down evenly (RFC 9937); without: at once", |it| it.prr = false),
    algorithm("newreno", "goes on from hole to hole where there is no SACK (RFC 6582)", |it| it.newreno = false),
    algorithm("lost-retransmissions", "finds that what was sent again is lost again (RFC 8985 §6.2)", |it| {
        it.lost_retransmissions = false;
    }),
    algorithm("limited-transmit", "new data for the first duplicate acknowledgments (RFC 3042)", |it| {
        it.limited_transmit = false;
    }),
    algorithm("dsack", "reports what arrives twice (RFC 2883)", |it| it.dsack = false),
    algorithm("f-rto", "finds out whether a timeout was needless (RFC 5682)", |it| it.frto = false),
    algorithm("undo", "takes needless reductions back (RFC 3522, RFC 4015, RFC 3708)", |it| it.undo = false),
    algorithm("byte-counting", "the window grows with what is acknowledged (RFC 3465)", |it| it.byte_counting = false),
    algorithm("window-validation", "an unused window does not grow (RFC 7661)", |it| it.validate_window = false),
    algorithm("idle-restart", "begins anew after an idle time (RFC 5681 §4.1)", |it| it.slow_start_after_idle = false),
    algorithm("silly-window", "no slivers of data or of window (RFC 9293 §3.8.6.2)", |it| {
        it.avoid_silly_windows = false
    }),
    algorithm("buffer-tuning", "the receive buffer grows with what is read, where it is `auto`", |it| {
        it.tune_receive_buffer = false;
    }),
    algorithm("paws", "refuses older timestamps (RFC 7323 §5)", |it| it.paws = false),
    algorithm("minshall", "Nagle's algorithm waits for small segments alone", |it| it.minshall = false),
    algorithm("quick-acks", "the first segments are acknowledged at once", |it| it.quick_acks = false),
    algorithm("ack-every-second", "every second full segment is acknowledged at once (RFC 5681 §4.2)", |it| {
        it.ack_every_second = false;
    }),
    algorithm("blind-defence", "doubts what could have been guessed (RFC 5961)", |it| it.blind_defence = false),
    algorithm("syn-cookies", "goes on under a flood of SYNs (RFC 4987)", |it| it.syn_cookies = tcp::SynCookies::Never),
    algorithm("path-mtu-discovery", "believes routers that say how much a link takes (RFC 1191)", |it| {
        it.path_mtu_discovery = false;
    }),
    algorithm("icmp-judgement", "believes ICMP about what is in flight alone (RFC 5927)", |it| it.judge_icmp = false),
    algorithm("shrinking", "heeds a window that is taken back (RFC 9293 §3.8.6)", |it| it.heed_shrinking = false),
    algorithm("urgent-aside", "the urgent byte stands aside of the stream (RFC 6093 §2)", |it| {
        it.urgent_inline = true
    }),
];

/// Which of [`ALGORITHMS`] are turned off.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Without(u32);

impl Without {
    /// Those that are turned off.
    pub fn algorithms(self) -> impl Iterator<Item = &'static Algorithm> {
        ALGORITHMS.iter().enumerate().filter(move |(i, _)| self.0 >> i & 1 == 1).map(|(_, algorithm)| algorithm)
    }

    /// Turns them off.
    pub(crate) fn apply(self, config: &mut Config) {
        self.algorithms().for_each(|algorithm| (algorithm.off)(config));
    }

    fn add(&mut self, name: &str) -> Result<(), String> {
        let Some(i) = ALGORITHMS.iter().position(|algorithm| algorithm.name == name) else {
            let names: Vec<&str> = ALGORITHMS.iter().map(|algorithm| algorithm.name).collect();
            return Err(format!("`{name}` is no algorithm that can be left out: these can: {}", names.join(", ")));
        };
        self.0 |= 1 << i;
        Ok(())
    }
}

impl fmt::Display for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.algorithms().map(|algorithm| algorithm.name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Without {
    type Err = String;
    fn from_str(text: &str) -> Result<Without, String> {
        let mut without = Without::default();
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.into_iter().try_for_each(|name| without.add(name))?;
        Ok(without)
    }
}

impl<'de> Deserialize<'de> for Without {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Without, D::Error> {
        let mut without = Without::default();
        let names = Vec::<String>::deserialize(from)?;
        names.iter().try_for_each(|name| without.add(name)).map_err(serde::de::Error::custom)?;
        Ok(without)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turns_something_off_and_is_described() {
        let text = include_str!("../../../docs/scenarios.md");
        for Algorithm { name, about, .. } in ALGORITHMS {
            let mut config = Config::default();
            let without: Without = name.parse().unwrap();
            without.apply(&mut config);
            assert_ne!(config, Config::default(), "{name}");
            assert_eq!(without.to_string(), name);
            assert!(
                text.contains(&format!("| `{name}` | {about} |")),
                "docs/scenarios.md does not say: {name}, {about}"
            );
        }
    }

    #[test]
    fn names_are_read_in_any_order_and_others_refused() {
        assert_eq!("tlp, rack".parse::<Without>().unwrap().to_string(), "rack,tlp");
        assert_eq!("".parse(), Ok(Without::default()));
        assert!("rack,warp".parse::<Without>().unwrap_err().contains("`warp`"));
    }
}
