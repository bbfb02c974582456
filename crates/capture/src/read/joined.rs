//! Several captures read as one, in order of time.

use std::io::Read;

use base::{Duration, WallTime};

use super::{Format, Interface, Item, Reader};
use crate::{Error, LinkType, Problems, SecretsKind};

/// Reads several captures as one: of all packets that come next the earliest. Packets of one file keep their order; one without a
/// time (pcapng's Simple Packet Block) stays behind the one before it. Interfaces are numbered over all files.
///
/// A single file is read as it is: nothing is copied.
pub struct Joined<R: Read> {
    files: Vec<One<R>>,
    /// The file that the last item came from.
    last: usize,
    interfaces: Vec<Interface>,
}

/// One of the files.
struct One<R: Read> {
    reader: Reader<R>,
    /// What is added to its times.
    shift: Duration,
    /// The number that each of its interfaces has among all, and what its packets start with.
    interfaces: Vec<(u32, LinkType)>,
    /// Its next packet, where there is more than one file.
    ahead: Option<Ahead>,
    bytes: Vec<u8>,
    /// The latest time so far.
    latest: WallTime,
    ended: bool,
    ended_by: Option<Error>,
}

#[derive(Clone, Copy)]
struct Ahead {
    at: Option<WallTime>,
    interface: u32,
    link_type: LinkType,
    original_len: u32,
}

/// What several captures consist of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JoinedItem<'a> {
    /// A packet.
    Packet(JoinedPacket<'a>),
    /// TLS secrets: text that [`crate::keylog::KeyLog::read`] takes.
    TlsSecrets(&'a [u8]),
}

/// A packet of one of several captures.
#[derive(Clone, Copy, Debug)]
pub struct JoinedPacket<'a> {
    /// When it was seen, by the clock of the first file.
    pub at: Option<WallTime>,
    /// The interface that saw it, an index into [`Joined::interfaces`].
    pub interface: u32,
    /// What its first byte is.
    pub link_type: LinkType,
    /// The bytes that were captured.
    pub data: &'a [u8],
    /// How many bytes it had on the wire.
    pub original_len: u32,
}

impl<R: Read> Joined<R> {
    /// Joins files, each with what is added to its times.
    pub fn new(readers: impl IntoIterator<Item = (Reader<R>, Duration)>) -> Joined<R> {
        let one = |(reader, shift)| One {
            reader,
            shift,
            interfaces: Vec::new(),
            ahead: None,
            bytes: Vec::new(),
            latest: WallTime::from_unix_nanos(i64::MIN),
            ended: false,
            ended_by: None,
        };
        Joined { files: readers.into_iter().map(one).collect(), last: 0, interfaces: Vec::new() }
    }

    /// The interfaces described so far.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
    /// How each file is laid out.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.files.iter().map(|file| file.reader.format())
    }
    /// What was wrong with each file and did not end its reading, and why it ended before its end, if it did.
    pub fn damage(&self) -> impl Iterator<Item = (&Problems, Option<&Error>)> {
        self.files.iter().map(|file| (file.reader.problems(), file.ended_by.as_ref()))
    }

    /// The next item, or `None` where all files have ended. What ends one before its end is told by [`Joined::damage`].
    #[allow(clippy::should_implement_trait)] // An Iterator cannot lend.
    pub fn next(&mut self) -> Option<JoinedItem<'_>> {
        if self.files.len() == 1 {
            return self.files.first_mut()?.next(&mut self.interfaces);
        }
        if let Some(last) = self.files.get_mut(self.last) {
            last.ahead = None;
        }
        let waiting = self.files.iter().position(|file| file.ahead.is_none() && !file.ended);
        if let Some(place) = waiting {
            // Secrets come at once, a packet when it is the earliest of all.
            self.last = place;
            let file = self.files.get_mut(place)?;
            match file.next(&mut self.interfaces) {
                Some(JoinedItem::TlsSecrets(secrets)) => {
                    let secrets = secrets.to_vec();
                    let file = self.files.get_mut(place)?;
                    file.bytes = secrets;
                    return Some(JoinedItem::TlsSecrets(&file.bytes));
                }
                Some(JoinedItem::Packet(packet)) => {
                    let JoinedPacket { at, interface, link_type, original_len, .. } = packet;
                    let ahead = Ahead { at, interface, link_type, original_len };
                    let bytes = packet.data.to_vec();
                    let file = self.files.get_mut(place)?;
                    file.latest = ahead.at.map_or(file.latest, |at| file.latest.max(at));
                    (file.ahead, file.bytes) = (Some(ahead), bytes);
                }
                None => {}
            }
            // So that its packet stays.
            self.last = usize::MAX;
            return self.next();
        }
        let ready = self.files.iter().enumerate().filter(|(_, file)| file.ahead.is_some());
        let (place, _) = ready.min_by_key(|(place, file)| (file.latest, *place))?;
        self.last = place;
        let file = self.files.get(place)?;
        let Ahead { at, interface, link_type, original_len } = file.ahead?;
        Some(JoinedItem::Packet(JoinedPacket { at, interface, link_type, data: &file.bytes, original_len }))
    }
}

impl<R: Read> std::fmt::Debug for Joined<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl<R: Read> One<R> {
    fn next(&mut self, interfaces: &mut Vec<Interface>) -> Option<JoinedItem<'_>> {
        loop {
            if self.ended {
                return None;
            }
            // What is lent cannot be returned from a loop that goes on: the items are told apart by what they are first.
            let wanted = match self.reader.next() {
                Ok(Some(Item::Packet(packet))) => {
                    let interface = self.interfaces.get(packet.interface as usize).copied();
                    let at = packet.at.map(|at| at + self.shift);
                    Some((at, interface, packet.original_len))
                }
                Ok(Some(Item::Secrets(secrets))) if secrets.kind == SecretsKind::TlsKeyLog => None,
                Ok(Some(Item::Interface(interface))) => {
                    self.interfaces.push((interfaces.len() as u32, interface.link_type));
                    interfaces.push(interface.clone());
                    continue;
                }
                Ok(Some(_)) => continue,
                Ok(None) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => {
                    self.ended = true;
                    self.ended_by = Some(error);
                    return None;
                }
            };
            let data = self.reader.lent();
            return Some(match wanted {
                Some((at, interface, original_len)) => {
                    let (interface, link_type) = interface.unwrap_or((0, LinkType::Ethernet));
                    JoinedItem::Packet(JoinedPacket { at, interface, link_type, data, original_len })
                }
                None => JoinedItem::TlsSecrets(data),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::{Interface, Packet, PcapNg};

    fn file(packets: &[(i64, &str)], secrets: &str) -> Vec<u8> {
        let mut out = PcapNg::new(Vec::new()).unwrap();
        let interface = out.interface(&Interface::new(LinkType::Raw)).unwrap();
        out.tls_secrets(secrets).unwrap();
        for (at, data) in packets {
            out.packet(&Packet::new(interface, WallTime::from_unix_nanos(*at)), [data]).unwrap();
        }
        out.finish().unwrap()
    }

    fn told(files: &[(Vec<u8>, i64)]) -> (Vec<(i64, u32, String)>, Vec<String>) {
        let readers =
            files.iter().map(|(bytes, shift)| (Reader::open(bytes.as_slice()).unwrap(), Duration::from_nanos(*shift)));
        let mut joined = Joined::new(readers);
        let (mut packets, mut secrets) = (Vec::new(), Vec::new());
        while let Some(item) = joined.next() {
            match item {
                JoinedItem::Packet(packet) => {
                    let text = String::from_utf8(packet.data.to_vec()).unwrap();
                    packets.push((packet.at.unwrap().as_unix_nanos(), packet.interface, text));
                }
                JoinedItem::TlsSecrets(text) => secrets.push(String::from_utf8(text.to_vec()).unwrap()),
            }
        }
        assert!(joined.damage().all(|(problems, ended_by)| problems.is_empty() && ended_by.is_none()));
        (packets, secrets)
    }

    #[test]
    fn one_file_stays_as_it_is() {
        let (packets, secrets) = told(&[(file(&[(10, "a"), (30, "b"), (20, "c")], "A"), 5)]);
        let texts: Vec<_> = packets.iter().map(|(at, interface, text)| (*at, *interface, text.as_str())).collect();
        assert_eq!(texts, [(15, 0, "a"), (35, 0, "b"), (25, 0, "c")]);
        assert_eq!(secrets, ["A"]);
    }

    #[test]
    fn several_come_in_order_of_time_each_in_its_own() {
        let a = file(&[(10, "a1"), (30, "a2"), (20, "a3"), (50, "a4")], "");
        let b = file(&[(110, "b1"), (130, "b2"), (125, "b3")], "B");
        let (packets, secrets) = told(&[(a, 0), (b, -100)]);
        let texts: Vec<&str> = packets.iter().map(|(.., text)| text.as_str()).collect();
        assert_eq!(texts, ["a1", "b1", "a2", "a3", "b2", "b3", "a4"]);
        assert!(packets.iter().all(|(_, interface, text)| (*interface == 1) == text.starts_with('b')));
        assert_eq!(secrets, ["B"]);
    }

    #[test]
    fn a_file_that_ends_too_early_is_named_and_the_others_go_on() {
        let (a, mut b) = (file(&[(10, "a1"), (40, "a2")], ""), file(&[(20, "b1"), (30, "b2")], ""));
        b.truncate(b.len() - 5);
        let readers = [a, b].map(|bytes| (Reader::open(std::io::Cursor::new(bytes)).unwrap(), Duration::ZERO));
        let mut joined = Joined::new(readers);
        let mut count = 0;
        while joined.next().is_some() {
            count += 1;
        }
        assert_eq!(count, 3);
        assert_eq!(joined.damage().map(|(_, ended_by)| ended_by.is_some()).collect::<Vec<_>>(), [false, true]);
    }
}
