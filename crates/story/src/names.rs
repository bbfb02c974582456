//! What a face calls a host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use trace::Trace;

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
            _ => ip.to_string(),
        }
    }

    /// All names, by address.
    pub fn iter(&self) -> impl Iterator<Item = (&IpAddr, &str)> {
        self.by_address.iter().map(|(ip, name)| (ip, name.as_str()))
    }
}
