//! What the devices of a simulation knew, and since when: read from the events once.

use std::collections::BTreeMap;

use base::{EventId, PlaceId};
use trace::{Event, Kind, Trace, kinds};

/// The entries of one device's tables, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Rows of the routing table that decided: prefix and next hop, packed as in the event, with the first such decision.
    pub routes: BTreeMap<[u64; 2], EventId>,
    /// Hardware addresses that were learned.
    pub arp: Vec<EventId>,
    /// Entries of the NAT.
    pub nat: Vec<EventId>,
    /// Stations that a switch has seen.
    pub stations: Vec<EventId>,
}

/// The tables of all devices.
pub(crate) type Tables = BTreeMap<PlaceId, Known>;

/// Reads a trace's events once.
pub(crate) fn of(trace: &Trace) -> Tables {
    let mut tables = Tables::new();
    for event in &trace.events {
        let is = |kind: &'static Kind| std::ptr::eq(kind, event.kind);
        if is(&kinds::ip::ROUTED) {
            tables.entry(event.place).or_default().routes.entry(event.args).or_insert(event.id);
        } else if is(&kinds::ip::ARP_LEARNED) || is(&kinds::ipv6::ND_LEARNED) {
            tables.entry(event.place).or_default().arp.push(event.id);
        } else if is(&kinds::ip::NAT_ENTRY) {
            tables.entry(event.place).or_default().nat.push(event.id);
        } else if is(&kinds::link::SWITCH_LEARNED) {
            tables.entry(event.place).or_default().stations.push(event.id);
        }
    }
    tables
}

/// The latest entry for each address among `entries` up to `until`, by address.
pub(super) fn latest<'t>(trace: &'t Trace, entries: &[EventId], until: EventId) -> BTreeMap<u64, &'t Event> {
    let entries = &entries[..entries.partition_point(|id| *id <= until)];
    entries.iter().filter_map(|&id| trace.event(id)).map(|event| (event.args[0], event)).collect()
}
