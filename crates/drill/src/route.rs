//! What a route says of the connections over it (`ip route change ... mtu 1400 initcwnd 4`, ip-route(8)).

use base::Duration;
use tcp::{Config, CongestionKind};

/// The metrics of the route over which everybody is reached; what is not set is as elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Route {
    /// The largest packet.
    mtu: Option<u16>,
    /// The largest segment that our SYN may announce: what `advmss` says and `mtu` leaves room for.
    advertised: Option<u16>,
    /// `mtu lock`: routers that say otherwise are not believed.
    locked: bool,
    initcwnd: Option<u32>,
    congestion: Option<CongestionKind>,
    quickack: bool,
    rto_min: Option<Duration>,
    reordering: Option<u32>,
}

impl Route {
    /// The route that these words of `ip route change` describe: a destination, then metrics by name. The error is what is
    /// not known here.
    pub(crate) fn parse(words: &[&str]) -> Result<Route, String> {
        let mut route = Route::default();
        let mut words = words.iter().copied();
        let destination = words.next().ok_or("a route has a destination")?;
        let headers = if destination.contains(':') { 60 } else { 40 };
        while let Some(name) = words.next() {
            let mut value = words.next().ok_or_else(|| format!("`{name}` says nothing"))?;
            let locked = value == "lock";
            if locked {
                value = words.next().ok_or_else(|| format!("`{name} lock` says nothing"))?;
            }
            let number = || value.parse::<u32>().map_err(|_| format!("`{name} {value}` is no number"));
            match name {
                // There is one link, and everybody is at its other end.
                "via" | "dev" | "src" | "proto" | "scope" | "metric" | "table" => {}
                "advmss" => route.announce(number()?),
                "mtu" => {
                    let mtu = number()?;
                    route.mtu = Some(u16::try_from(mtu).unwrap_or(u16::MAX));
                    route.announce(mtu.saturating_sub(headers));
                    route.locked |= locked;
                }
                "initcwnd" => route.initcwnd = Some(number()?.max(1)),
                "quickack" => route.quickack = number()? != 0,
                "reordering" => route.reordering = Some(number()?.max(1)),
                "rto_min" => {
                    let millis = value.trim_end_matches("ms").parse().map_err(|_| format!("`{name} {value}`"))?;
                    route.rto_min = Some(Duration::from_millis(i64::from(u16::MAX).min(millis)));
                }
                "congctl" => {
                    let kind = CongestionKind::named(value);
                    route.congestion = Some(kind.ok_or_else(|| format!("the congestion control {value}"))?);
                }
                _ => return Err(format!("a route's `{name}` is not known")),
            }
        }
        Ok(route)
    }

    fn announce(&mut self, mss: u32) {
        let mss = u16::try_from(mss).unwrap_or(u16::MAX).max(88);
        self.advertised = Some(self.advertised.map_or(mss, |known| known.min(mss)));
    }

    /// The largest packet that it takes, over a link that takes packets of `link` bytes.
    pub(crate) fn mtu(&self, link: u16) -> u16 {
        self.mtu.map_or(link, |mtu| mtu.min(link))
    }

    /// What connections over it start with.
    pub(crate) fn apply(&self, config: &mut Config) {
        (config.advertised_mss, config.route_mtu) = (self.advertised, self.mtu);
        config.path_mtu_discovery &= !self.locked;
        config.initial_window = self.initcwnd.unwrap_or(config.initial_window);
        config.congestion = self.congestion.unwrap_or(config.congestion);
        // Linux RTAX_QUICKACK: every segment is acknowledged at once.
        config.delayed_ack &= !self.quickack;
        config.min_rto = self.rto_min.unwrap_or(config.min_rto);
        config.reordering = self.reordering.unwrap_or(config.reordering);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_says_how_its_connections_begin() {
        let text = "192.0.2.1 via 192.168.0.2 dev tun0 advmss 600 mtu lock 660 initcwnd 4 congctl reno quickack 1 rto_min 50ms";
        let route = Route::parse(&text.split(' ').collect::<Vec<_>>()).unwrap();
        let mut config = Config::default();
        route.apply(&mut config);
        assert_eq!((config.advertised_mss, config.route_mtu), (Some(600), Some(660)));
        assert_eq!((config.initial_window, config.congestion), (4, CongestionKind::Reno));
        assert_eq!((config.delayed_ack, config.path_mtu_discovery), (false, false));
        assert_eq!(config.min_rto, Duration::from_millis(50));
        for text in ["192.0.2.1 mtu", "192.0.2.1 mtu wide", "192.0.2.1 turbo 1", "192.0.2.1 congctl vegas", ""] {
            assert!(Route::parse(&text.split_whitespace().collect::<Vec<_>>()).is_err(), "{text}");
        }
    }
}
