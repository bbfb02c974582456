//! The columns of the ladder: one a host, the client on the left and the server on the right.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use base::PlaceId;
use story::Story;
use trace::Role;

use crate::api::Host;

/// What the page calls a role.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Person => "person",
        Role::Client => "client",
        Role::Server => "server",
        Role::NameServer => "nameserver",
        Role::Router => "router",
        Role::Switch => "switch",
        Role::Link => "link",
        Role::Attacker => "attacker",
    }
}

/// Hosts in the order in which they are met.
#[derive(Default, Debug)]
pub(crate) struct Hosts {
    names: Vec<String>,
    by_name: BTreeMap<String, u16>,
}

impl Hosts {
    /// The host's index. Beyond 65,535 hosts the last column stands for all others.
    pub fn index(&mut self, name: &str) -> u16 {
        if let Some(&at) = self.by_name.get(name) {
            return at;
        }
        if self.names.len() == usize::from(u16::MAX) {
            return u16::MAX - 1;
        }
        let at = self.names.len() as u16;
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), at);
        at
    }

    /// The host of a simulation's device.
    pub fn place(&mut self, story: &Story, place: PlaceId) -> u16 {
        let name = story.trace().and_then(|trace| trace.place(place)).map_or("", |place| place.name.as_str());
        self.index(name)
    }

    /// The hosts in the ladder's order, and the new index of each: clients first, then what stands between, then the name
    /// servers, the servers last; `main` is the server of the connection that it is all about. Where nothing is known of
    /// hosts, they stay in the order in which they were met, the main server last.
    pub fn in_order(self, story: &Story, main: Option<[u16; 2]>) -> (Vec<Host>, Vec<u16>) {
        let trace = story.trace();
        let device = |name: &str| trace.and_then(|trace| trace.places.iter().find(|place| place.name == name));
        let rank = |at: u16| {
            let name = &self.names[usize::from(at)];
            let by_role = match device(name).map(|place| place.role) {
                Some(Role::Client) => 1,
                Some(Role::Router | Role::Switch) => 3,
                Some(Role::NameServer) => 4,
                Some(Role::Attacker) => 5,
                Some(Role::Server) => 6,
                _ if trace.is_some() => 2,
                _ => 3,
            };
            match main {
                Some([client, _]) if client == at => (0, at),
                Some([_, server]) if server == at => (9, at),
                _ => (by_role, at),
            }
        };
        let mut order: Vec<u16> = (0..self.names.len() as u16).collect();
        order.sort_by_key(|&at| rank(at));
        let mut new = vec![0; order.len()];
        for (to, &from) in (0..).zip(&order) {
            new[usize::from(from)] = to;
        }
        // Of a machine's addresses the one that it speaks with, where it has several.
        let ends = |conversation: &flow::Conversation| [conversation.client.ip, conversation.server.ip];
        let spoken: BTreeSet<IpAddr> = if trace.is_some() {
            story.flow().conversations().iter().flat_map(ends).collect()
        } else {
            BTreeSet::new()
        };
        let host = |&at: &u16| {
            let name = self.names[usize::from(at)].clone();
            let role = match (device(&name), main) {
                (Some(place), _) => role_name(place.role),
                (None, Some([client, _])) if client == at => "client",
                (None, Some([_, server])) if server == at => "server",
                _ => "unknown",
            };
            let own = || story.names().iter().filter(|(_, owner)| *owner == name).map(|(ip, _)| ip);
            let address = own().find(|ip| spoken.contains(*ip)).or_else(|| own().next()).map(|ip| ip.to_string());
            Host { name, address, role: role.to_owned() }
        };
        (order.iter().map(host).collect(), new)
    }
}
