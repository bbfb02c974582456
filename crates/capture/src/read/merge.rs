//! Several captures as one, in order of time.

use base::Duration;

use super::{File, OwnedPacket};

impl File {
    /// Moves all stamps by `by`: to correct the clock of the machine that captured.
    pub fn shift(&mut self, by: Duration) {
        for at in self.packets.iter_mut().filter_map(|packet| packet.at.as_mut()) {
            *at = *at + by;
        }
    }

    /// Joins another capture: its interfaces follow this one's, its packets take their places in order of time. Packets of one
    /// file keep their order; one without a time (pcapng's Simple Packet Block) stays behind the one before it. Numbers are
    /// given anew. Why either file ended early is kept, the first reason of two.
    pub fn merge(&mut self, other: File) {
        let first = self.interfaces.len() as u32;
        self.interfaces.extend(other.interfaces.into_iter().map(|mut interface| {
            interface.id += first;
            interface
        }));
        let ours = std::mem::take(&mut self.packets);
        let theirs = other.packets.into_iter().map(|mut packet| {
            packet.interface += first;
            packet
        });
        self.packets = in_order(ours, theirs.collect());
        self.sections.extend(other.sections);
        self.secrets.extend(other.secrets);
        self.statistics.extend(other.statistics.into_iter().map(|mut statistics| {
            statistics.interface += first;
            statistics
        }));
        for (kind, count) in other.skipped {
            *self.skipped.entry(kind).or_default() += count;
        }
        self.problems.append(other.problems);
        self.ended_by = self.ended_by.take().or(other.ended_by);
    }
}

/// Merges two lists. Files need not be in order of time themselves: what is late in one does not hold up the other.
fn in_order(ours: Vec<OwnedPacket>, theirs: Vec<OwnedPacket>) -> Vec<OwnedPacket> {
    let mut keyed: Vec<(i64, OwnedPacket)> = Vec::with_capacity(ours.len() + theirs.len());
    for list in [ours, theirs] {
        // The latest time so far: a packet that is stamped earlier than one before it stays behind it.
        let mut latest = i64::MIN;
        for packet in list {
            latest = packet.at.map_or(latest, |at| at.as_unix_nanos().max(latest));
            keyed.push((latest, packet));
        }
    }
    // Stable: of two at one moment the first file's comes first.
    keyed.sort_by_key(|(at, _)| *at);
    let mut packets: Vec<OwnedPacket> = keyed.into_iter().map(|(_, packet)| packet).collect();
    for (packet, number) in packets.iter_mut().zip(1..) {
        packet.number = number;
    }
    packets
}

#[cfg(test)]
mod tests {
    use base::WallTime;

    use super::*;
    use crate::LinkType;
    use crate::write::{Interface, Packet, PcapNg};

    fn file(name: &str, packets: &[(i64, &str)]) -> File {
        let mut out = PcapNg::new(Vec::new()).unwrap();
        let interface = out.interface(&Interface { name, ..Interface::new(LinkType::Raw) }).unwrap();
        for (at, data) in packets {
            out.packet(&Packet::new(interface, WallTime::from_unix_nanos(*at)), [data]).unwrap();
        }
        crate::read::read_all(&out.finish().unwrap()[..]).unwrap()
    }

    #[test]
    fn two_files_become_one_in_order_of_time() {
        let mut a = file("a", &[(10, "a1"), (30, "a2"), (20, "a3"), (50, "a4")]);
        let mut b = file("b", &[(110, "b1"), (130, "b2"), (125, "b3")]);
        b.shift(Duration::from_nanos(-100));
        a.merge(b);
        let told: Vec<(u64, u32, &[u8])> = a.packets.iter().map(|p| (p.number, p.interface, &p.data[..])).collect();
        let expected: [(u64, u32, &[u8]); 7] =
            [(1, 0, b"a1"), (2, 1, b"b1"), (3, 0, b"a2"), (4, 0, b"a3"), (5, 1, b"b2"), (6, 1, b"b3"), (7, 0, b"a4")];
        assert_eq!(told, expected);
        let names: Vec<_> = a.interfaces.iter().map(|i| (i.id, i.name.as_deref())).collect();
        assert_eq!(names, [(0, Some("a")), (1, Some("b"))]);
    }
}
