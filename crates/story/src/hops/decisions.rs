//! The tables of a device that decided where a packet goes on, each with the row that was chosen.

use std::net::IpAddr;

use base::{EventId, PlaceId};
use serde::Serialize;
use trace::{Event, FrameMeta, Kind, Trace, kinds};
use wire::MacAddr;
use wire::frame::Network;
use wire::link::LinkType;

use super::tables::{Known, Tables, latest};
use crate::why;

/// A table as it stood, and the row that was chosen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Table {
    /// What it is: `routing table`, `ARP table`, `neighbour table` (IPv6), `NAT table`, `switching table`.
    pub table: &'static str,
    /// What its columns are.
    pub columns: Vec<&'static str>,
    /// Its rows, as far as this run has shown them.
    pub rows: Vec<Vec<String>>,
    /// Which row decided.
    pub chosen: Option<usize>,
    /// The decision in words.
    pub text: String,
    /// Where the rule stands.
    pub rfc: &'static str,
    /// The decision's event, for its chain of causes.
    pub event: u64,
}

/// Events that led to one, at most: a packet may have waited for an answer.
const MAX_STEPS: usize = 64;
/// Events after an arrival that are looked through for what became of it.
const MAX_AFTER: usize = 64;

fn is(event: &Event, kinds: &[&'static Kind]) -> bool {
    kinds.iter().any(|kind| std::ptr::eq(*kind, event.kind))
}

/// The tables that decided over a frame that left a device.
pub(super) fn tables(trace: &Trace, known: &Tables, out: &FrameMeta) -> Vec<Table> {
    let Some(place) = trace.tap(out.tap).map(|tap| tap.place) else { return Vec::new() };
    let led = led_to(trace, out.event, place);
    let nothing = Known::default();
    let known = known.get(&place).unwrap_or(&nothing);
    let bytes = trace.frames.bytes(out.id);
    let frame = wire::frame::decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut wire::Silent);
    let mac = bytes.first_chunk::<6>().map(|bytes| MacAddr(*bytes));
    let destination = match frame.network {
        Network::Ipv4(header) => Some(IpAddr::V4(header.dst)),
        Network::Ipv6(decoded) => Some(IpAddr::V6(decoded.header.dst)),
        _ => None,
    };
    // The switch decides by hardware addresses alone.
    if trace.place(place).is_some_and(|place| place.role == trace::Role::Switch) {
        return mac.map(|mac| switching(trace, known, out, place, mac, &led)).into_iter().collect();
    }
    let mut tables = Vec::new();
    if let Some(rewrote) = led.iter().find(|event| is(event, &[&kinds::ip::NAT_REWROTE])) {
        tables.push(nat(trace, known, rewrote));
    }
    let routed = led.iter().copied().find(|event| is(event, &[&kinds::ip::ROUTED])).or_else(|| {
        // A sender asks its table when it opens the connection, not for each segment: the longest prefix that fits.
        let fits = |(row, since): &(&[u64; 2], &EventId)| {
            **since <= out.event && destination.is_some_and(|to| holds(trace, row[0], to))
        };
        let row = known.routes.iter().filter(fits).max_by_key(|(row, since)| (trace.prefix(row[0]).1, **since));
        row.and_then(|(_, since)| trace.event(*since))
    });
    if let Some(routed) = routed.filter(|_| destination.is_some_and(|to| !is_group(to))) {
        tables.push(routing(trace, known, routed));
    }
    if let (Some(mac), true) = (mac, destination.is_some()) {
        tables.extend(neighbours(trace, known, out, mac, destination.is_some_and(|to| to.is_ipv6())));
    }
    tables
}

/// The events at `place` that led to `event`, the next first: by what triggered them and by what they serve.
fn led_to(trace: &Trace, event: EventId, place: PlaceId) -> Vec<&Event> {
    let mut out: Vec<&Event> = Vec::new();
    let mut waiting = vec![event];
    while let Some(event) = waiting.pop().and_then(|id| trace.event(id)) {
        if out.len() >= MAX_STEPS {
            break;
        }
        if event.place != place || out.iter().any(|other| other.id == event.id) {
            continue;
        }
        out.push(event);
        // What the packet brought with it begins with its arrival.
        if !is(event, &[&kinds::link::RECEIVED, &kinds::tcp::SENT, &kinds::ip::UDP_SENT]) {
            waiting.push(event.cause);
            waiting.extend(event.because);
        }
    }
    out
}

/// Whether an address means more than one host, so that no routing table is asked.
fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

fn holds(trace: &Trace, packed: u64, address: IpAddr) -> bool {
    match (trace.prefix(packed), address) {
        ((IpAddr::V4(network), len), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(len.min(32))).unwrap_or(0);
            address.to_bits() & mask == network.to_bits()
        }
        ((IpAddr::V6(network), len), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(len.min(128))).unwrap_or(0);
            address.to_bits() & mask == network.to_bits()
        }
        _ => false,
    }
}

fn mac_of(value: u64) -> MacAddr {
    let b = value.to_be_bytes();
    MacAddr([b[2], b[3], b[4], b[5], b[6], b[7]])
}

/// The rows of the routing table that decided over anything in this run, the longest prefix first.
fn routing(trace: &Trace, known: &Known, routed: &Event) -> Table {
    let mut rows: Vec<[u64; 2]> = known.routes.keys().copied().collect();
    // A directly connected prefix has as many next hops as it has addresses: it is one row.
    let direct = |row: &[u64; 2]| holds(trace, row[0], trace.address(row[1])) && trace.prefix(row[0]).1 > 0;
    let text = |row: &[u64; 2]| {
        let (network, len) = trace.prefix(row[0]);
        let via = if direct(row) { "on the link itself".to_owned() } else { trace.address(row[1]).to_string() };
        vec![format!("{network}/{len}"), via]
    };
    rows.sort_by_key(|row| (std::cmp::Reverse(trace.prefix(row[0]).1), row[0], row[1]));
    let mut rows: Vec<Vec<String>> = rows.iter().map(text).collect();
    rows.dedup();
    let chosen = rows.iter().position(|row| *row == text(&routed.args));
    table("routing table", vec!["prefix", "next hop"], rows, chosen, trace, routed)
}

/// The ARP table as it stood (for IPv6 the neighbour table), and the entry whose hardware address the frame bears.
fn neighbours(trace: &Trace, known: &Known, out: &FrameMeta, mac: MacAddr, ipv6: bool) -> Option<Table> {
    let mut known = latest(trace, &known.arp, out.event);
    known.retain(|&address, _| trace.address(address).is_ipv6() == ipv6);
    let chosen = known.values().position(|event| mac_of(event.args[1]) == mac)?;
    let learned = known.values().nth(chosen).copied()?;
    let rows = known
        .values()
        .map(|event| vec![trace.address(event.args[0]).to_string(), mac_of(event.args[1]).to_string()])
        .collect();
    let name = if ipv6 { "neighbour table" } else { "ARP table" };
    Some(table(name, vec!["address", "hardware address"], rows, Some(chosen), trace, learned))
}

/// The NAT's entries as they stood, and the one that the packet was rewritten by.
fn nat(trace: &Trace, known: &Known, rewrote: &Event) -> Table {
    let until = known.nat.partition_point(|id| *id <= rewrote.id);
    let entries: Vec<&Event> = known.nat[..until].iter().filter_map(|&id| trace.event(id)).collect();
    let [new, old] = rewrote.args;
    let outward = |entry: &&Event| entry.args[0] == old && entry.args[1] == new & 0xffff;
    let inward = |entry: &&Event| entry.args[0] == new && entry.args[1] == old & 0xffff;
    // The latest that fits: a port may have been lent before.
    let chosen = entries.iter().rposition(|entry| outward(entry) || inward(entry));
    let rows =
        entries.iter().map(|entry| vec![trace.socket(entry.args[0]).to_string(), entry.args[1].to_string()]).collect();
    table("NAT table", vec!["inside", "port outside"], rows, chosen, trace, rewrote)
}

/// The switch's table as it stood.
fn switching(trace: &Trace, known: &Known, out: &FrameMeta, place: PlaceId, mac: MacAddr, led: &[&Event]) -> Table {
    let known = latest(trace, &known.stations, out.event);
    let rows = known.values().map(|event| vec![mac_of(event.args[0]).to_string(), event.args[1].to_string()]).collect();
    let chosen = known.values().position(|event| mac_of(event.args[0]) == mac);
    let flooded = [&kinds::link::SWITCH_FLOODED, &kinds::link::SWITCH_ALL];
    let after = trace.events.partition_point(|event| event.id < led.last().map_or(out.event, |event| event.id));
    let said = trace.events[after..].iter().take(MAX_AFTER).take_while(|event| event.id <= out.event);
    let said = said.filter(|event| event.place == place && is(event, &[flooded[0], flooded[1]])).last();
    let learned = chosen.and_then(|chosen| known.values().nth(chosen)).copied();
    let columns = vec!["hardware address", "port"];
    match said.or(learned) {
        Some(event) => table("switching table", columns, rows, chosen.filter(|_| said.is_none()), trace, event),
        None => Table {
            table: "switching table",
            columns,
            rows,
            chosen,
            text: String::new(),
            rfc: kinds::link::SWITCH_LEARNED.rfc,
            event: out.event.0,
        },
    }
}

fn table(
    table: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    chosen: Option<usize>,
    trace: &Trace,
    event: &Event,
) -> Table {
    Table { table, columns, rows, chosen, text: why::text(trace, event), rfc: event.kind.rfc, event: event.id.0 }
}

/// What happened at a device because a frame arrived, up to the next arrival.
fn followed<'t>(trace: &'t Trace, arrived: &FrameMeta) -> impl Iterator<Item = &'t Event> {
    let received = arrived.event;
    let at = arrived.at;
    let from = trace.events.partition_point(|event| event.id <= received);
    let next = move |event: &&Event| event.at == at && !is(event, &[&kinds::link::RECEIVED]);
    trace.events[from..].iter().take(MAX_AFTER).take_while(next).filter(move |event| event.cause >= received)
}

/// Why the device where a frame arrived discarded it, if it did.
pub(super) fn refusal<'t>(trace: &'t Trace, arrived: &FrameMeta) -> Option<&'t Event> {
    use kinds::ip::{DISCARDED, NAT_REFUSED, TTL_EXPIRED, UDP_DROPPED, UNREACHABLE};
    use kinds::ipv6::{HOP_LIMIT_EXPIRED, TOO_BIG};
    use kinds::link::SWITCH_FILTERED;
    let refuses = [
        &DISCARDED,
        &NAT_REFUSED,
        &TTL_EXPIRED,
        &UDP_DROPPED,
        &UNREACHABLE,
        &SWITCH_FILTERED,
        &HOP_LIMIT_EXPIRED,
        &TOO_BIG,
        &kinds::ipv6::UNREACHABLE,
    ];
    followed(trace, arrived).find(|event| is(event, &refuses))
}

/// Whether the device did anything with a frame that arrived.
pub(super) fn taken(trace: &Trace, arrived: &FrameMeta) -> bool {
    followed(trace, arrived).next().is_some()
}
