//! What a face calls a host.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use trace::Trace;

/// The groups of all machines of a link, and of its routers (RFC 4291 §2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// Names of hosts by address: a simulation's devices; addresses themselves otherwise.
#[derive(Clone, Default, Debug)]
pub struct Names {
    by_address: BTreeMap<IpAddr, String>,
}

impl Names {
    pub(crate) fn new(trace: Option<&Trace>) -> Names {
        let mut by_address = BTreeMap::new();
        if let Some(trace) = trace {
            for (ip, place) in &trace.names {
                // A link-local address may be used on several links, by a machine on each.
                let elsewhere = |(other, at): &(IpAddr, _)| other == ip && at != place;
                if is_link_local(*ip) && trace.names.iter().any(elsewhere) {
                    continue;
                }
                if let Some(place) = trace.place(*place) {
                    by_address.entry(*ip).or_insert_with(|| place.name.clone());
                }
            }
        }
        Names { by_address }
    }

    /// The host's name, or its address where it has none.
    pub fn host(&self, ip: IpAddr) -> String {
        match (self.by_address.get(&ip), ip) {
            (Some(name), _) => name.clone(),
            (None, IpAddr::V4(v4)) if v4.is_broadcast() => "everyone".to_owned(),
            (None, IpAddr::V4(v4)) if v4.is_unspecified() => "no address yet".to_owned(),
            (None, IpAddr::V6(v6)) if v6.is_unspecified() => "no address yet".to_owned(),
            (None, IpAddr::V6(ALL_NODES)) => "everyone".to_owned(),
            (None, IpAddr::V6(ALL_ROUTERS)) => "all routers".to_owned(),
            _ => ip.to_string(),
        }
    }

    /// All names, by address.
    pub fn iter(&self) -> impl Iterator<Item = (&IpAddr, &str)> {
        self.by_address.iter().map(|(ip, name)| (ip, name.as_str()))
    }
}
