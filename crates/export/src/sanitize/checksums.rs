//! Checksums that follow what changed: right ones stay right, wrong ones wrong, those that are left to a card as well.

use std::ops::Range;

use wire::Record;
use wire::frame::Transport;
use wire::link::LinkType;

/// Changes the checksums of `new` as the bytes that they cover have changed since `old`.
pub(super) fn carry(link: LinkType, original_len: usize, old: &[u8], new: &mut [u8]) {
    let (record, frame) = dissect::frame(link, old, original_len);
    let bytes = |node: &wire::Node| node.bits.start / 8..node.bits.end / 8;
    // Every IPv4 header, those that an ICMP error quotes among them.
    for (at, group) in record.nodes.iter().enumerate().filter(|(_, node)| !node.leaf && node.field.id == "ipv4") {
        let mut members = record.nodes.iter().skip(at + 1).take_while(|node| node.depth > group.depth);
        let field = members.find(|node| node.field.id == "ipv4.checksum");
        if let Some(field) = field {
            adjust(old, new, bytes(field), &[bytes(group)]);
        }
    }
    let name = match frame.transport {
        Transport::Tcp(..) => "tcp",
        Transport::Udp(_) => "udp",
        Transport::Icmp(_) => "icmp",
        Transport::Icmpv6(_) => "icmpv6",
        _ => return,
    };
    let start = |node: &wire::Node| node.bits.start / 8;
    let last = |id: &str| record.nodes.iter().rposition(|node| node.field.id == id);
    // Of a tunnel the innermost segment; an error of ICMP quotes one that is not its own.
    let own = if name.starts_with("icmp") { record.nodes.iter().position(|n| n.field.id == name) } else { last(name) };
    let Some(own) = own else { return };
    transport(&record, own, name, frame.payload.end, old, new);
    // What carried it, from the inside out: their sums cover those inside.
    for outer in (0..own).rev().filter(|&at| !record.nodes[at].leaf && record.nodes[at].field.id == "udp") {
        let len = record.nodes.iter().skip(outer).find(|node| node.field.id == "udp.len").and_then(dissect::number);
        let end = start(&record.nodes[outer]) + len.and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
        transport(&record, outer, "udp", end, old, new);
    }
}

/// Adjusts the checksum of the transport header that is group `at` and covers what stands up to `end`.
fn transport(record: &Record, at: usize, name: &str, end: usize, old: &[u8], new: &mut [u8]) {
    let id = format!("{name}.checksum");
    let Some(group) = record.nodes.get(at) else { return };
    let Some(field) = record.nodes.iter().skip(at).find(|node| node.field.id == id) else { return };
    let (start, field) = (group.bits.start / 8, field.bits.start / 8..field.bits.end / 8);
    // RFC 768: no checksum was computed.
    if name == "udp" && old.get(field.clone()).is_none_or(|sum| sum.iter().all(|byte| *byte == 0)) {
        return;
    }
    // RFC 792: that of ICMP covers the message alone; the others the addresses too.
    let message = start..end.min(old.len());
    let mut covered: Vec<Range<usize>> = Vec::from([message]);
    if name != "icmp" {
        covered.extend(addresses(record, start));
    }
    adjust(old, new, field, &covered);
}

/// The addresses of the network header right before `transport`.
fn addresses(record: &Record, transport: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for id in ["ipv4.src", "ipv4.dst", "ipv6.src", "ipv6.dst"] {
        let before = record.nodes.iter().rev().find(|node| node.field.id == id && node.bits.end / 8 <= transport);
        found.extend(before.map(|node| node.bits.start / 8..node.bits.end / 8));
    }
    // Of a tunnel only the inner pair counts.
    found.sort_by_key(|range| std::cmp::Reverse(range.start));
    found.truncate(2);
    found
}

/// RFC 1624 §3, equation 3: HC' = ~(~HC + ~m + m'), over all that changed.
fn adjust(old: &[u8], new: &mut [u8], field: Range<usize>, covered: &[Range<usize>]) {
    let Some(&[high, low]) = old.get(field.clone()).and_then(|bytes| <&[u8; 2]>::try_from(bytes).ok()) else { return };
    let mut sum = u64::from(!u16::from_be_bytes([high, low]));
    for range in covered {
        let (Some(before), Some(after)) = (old.get(range.clone()), new.get(range.clone())) else { continue };
        for (at, (a, b)) in before.chunks(2).zip(after.chunks(2)).enumerate() {
            let word = |pair: &[u8]| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
            let here = range.start + at * 2;
            // The checksum itself does not count.
            if here == field.start {
                continue;
            }
            sum += u64::from(!word(a)) + u64::from(word(b));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    if let Some(place) = new.get_mut(field) {
        place.copy_from_slice(&(!(sum as u16)).to_be_bytes());
    }
}
