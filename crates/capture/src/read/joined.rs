//! Several captures read as one, in order of time.

use std::io::Read;

use base::{Duration, WallTime};

use super::file::Keep;
use super::{Container, File, Format, Interface, Item, OwnedSecrets, Reader};
use crate::{Direction, Error, LinkType, Problems, SecretsKind};

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

#[derive(Clone)]
struct Ahead {
    at: Option<WallTime>,
    interface: u32,
    link_type: LinkType,
    original_len: u32,
    direction: Option<Direction>,
    comments: Vec<String>,
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
#[derive(Clone, Debug)]
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
    /// Which way it went, if its file says so.
    pub direction: Option<Direction>,
    /// What people wrote about it.
    pub comments: Vec<String>,
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
                    let JoinedPacket { at, interface, link_type, original_len, direction, comments, .. } = packet;
                    let ahead = Ahead { at, interface, link_type, original_len, direction, comments };
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
        let Ahead { at, interface, link_type, original_len, direction, comments } = file.ahead.clone()?;
        let data = &file.bytes;
        Some(JoinedItem::Packet(JoinedPacket { at, interface, link_type, data, original_len, direction, comments }))
    }
}

impl<R: Read> Joined<R> {
    /// What was wrong with all files together, and the first reason why one ended before its end.
    pub fn into_damage(self) -> (Problems, Option<Error>) {
        let (mut problems, mut ended_by) = (Problems::default(), None);
        for file in self.files {
            problems.append(file.reader.problems().clone());
            ended_by = ended_by.or(file.ended_by);
        }
        (problems, ended_by)
    }

    /// Reads to the end and keeps the packets that `keep` holds, each under its number among all, from 1. What was wrong stays
    /// with [`Joined::damage`]; sections, statistics and where blocks stand in their files are not kept.
    pub fn excerpt(&mut self, mut keep: impl FnMut(u64) -> bool) -> File {
        let format = self.formats().next();
        let format = format.unwrap_or(Format { container: Container::PcapNg, compression: None });
        let mut file = File::new(format);
        let mut kept = Keep::default();
        let (mut number, mut last) = (0, None);
        while let Some(item) = self.next() {
            match item {
                JoinedItem::Packet(packet) => {
                    number += 1;
                    // A packet without a time stands where the one before it does, which may not be kept.
                    last = packet.at.or(last);
                    if keep(number) {
                        file.packets.push(kept.joined(number, JoinedPacket { at: last, ..packet }));
                    }
                }
                JoinedItem::TlsSecrets(text) => {
                    let (kind, data) = (SecretsKind::TlsKeyLog, text.to_vec());
                    file.secrets.push(OwnedSecrets { kind, data, offset: 0 });
                }
            }
        }
        file.interfaces = self.interfaces.clone();
        file
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
                    let comments = packet.comments().map(|comment| comment.into_owned()).collect::<Vec<String>>();
                    Some((at, interface, packet.original_len, packet.direction, comments))
                }
                Ok(Some(Item::Secrets(secrets))) if secrets.kind == SecretsKind::TlsKeyLog => None,
                Ok(Some(Item::Interface(interface))) => {
                    let id = interfaces.len() as u32;
                    self.interfaces.push((id, interface.link_type));
                    interfaces.push(Interface { id, ..interface.clone() });
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
                Some((at, interface, original_len, direction, comments)) => {
                    let (interface, link_type) = interface.unwrap_or((0, LinkType::Ethernet));
                    JoinedItem::Packet(JoinedPacket {
                        at,
                        interface,
                        link_type,
                        data,
                        original_len,
                        direction,
                        comments,
                    })
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
    fn an_excerpt_has_the_numbers_of_the_whole() {
        let a = file(&[(10, "a1"), (30, "a2"), (20, "a3"), (50, "a4")], "A");
        let b = file(&[(110, "b1"), (130, "b2"), (125, "b3")], "B");
        let readers = [(&a, 0), (&b, -100)]
            .map(|(bytes, shift)| (Reader::open(bytes.as_slice()).unwrap(), Duration::from_nanos(shift)));
        let excerpt = Joined::new(readers).excerpt(|number| number % 3 != 0);
        let told: Vec<(u64, u32, &[u8])> =
            excerpt.packets.iter().map(|p| (p.number, p.interface, &p.data[..])).collect();
        let expected: [(u64, u32, &[u8]); 5] =
            [(1, 0, b"a1"), (2, 1, b"b1"), (4, 0, b"a3"), (5, 1, b"b2"), (7, 0, b"a4")];
        assert_eq!(told, expected);
        assert_eq!((excerpt.interfaces.len(), excerpt.secrets.len()), (2, 2));
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
