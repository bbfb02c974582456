//! What TCP connections carry: TLS, HTTP and DNS, read from the reassembled streams on demand.
//!
//! [`Layers::of`] reads one conversation from its packets' bytes; nothing of it is kept in [`Flow`]. Every derived buffer
//! maps its ranges to those of its parents, down to captured packets, so [`Layers::carried`] can tell what a packet
//! carries or completes.

mod http;
mod http2;
mod stream;
mod tls;
mod units;
mod upgrade;
mod zeros;

use std::ops::Range;

use bytes::Bytes;
use capture::keylog::KeyLog;
use wire::http::{Version, looks_like_http};
use wire::http2::{PREFACE, is_chain, looks_like_http2};

pub use http::{Exchange, Head, Http, HttpMessage, MessageState, Unread};
pub use http2::{Http2Frame, OnStream};
pub use stream::{Cut, Stream};
pub use tls::{HandshakeMessage, RecordContent, SettledRecord, Tls, TlsRecord};
pub(crate) use tls::{Handshakes, KeptPart};
pub use units::{Carried, Unit, UnitKind};
pub(crate) use upgrade::is_upgrade;
use zeros::Zeros;

use crate::exchanges::{DnsTransaction, DnsTransactions};
use crate::{Buffer, BufferRef, ConversationId, Direction, Flow, Limits, Overlap, Piece, Source, Tcp, Verdicts};

/// What the bytes of a connection are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Application {
    /// Nothing was sent.
    Nothing,
    /// TLS; what is inside it stands in [`Layers::http`], if it could be decrypted and is HTTP.
    Tls,
    /// HTTP in clear.
    Http,
    /// DNS messages with their lengths before them (RFC 1035 §4.2.2).
    Dns,
    /// Something else.
    Unknown,
}

/// The upper layers of one TCP connection.
#[derive(Clone, Debug)]
pub struct Layers {
    /// Which connection.
    pub conversation: ConversationId,
    /// What its bytes are.
    pub application: Application,
    /// TLS, if the connection speaks it.
    pub tls: Option<Tls>,
    /// HTTP, in clear or inside TLS.
    pub http: Option<Http>,
    /// DNS messages, in order of each direction: its own bytes, without the two of its length.
    pub dns: Vec<DnsOverTcp>,
    /// Bytes that came twice and differ: one of the two was forged, or damaged unnoticed. The streams hold the first copy;
    /// the receiver may have taken the other. In order of the later packets.
    pub conflicts: Vec<(Direction, Overlap)>,
    streams: [Stream; 2],
    derived: Vec<Buffer>,
    units: Vec<Unit>,
    by_frame: Vec<(u32, u32)>,
}

/// A DNS message on a TCP connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DnsOverTcp {
    /// Which way it went.
    pub direction: Direction,
    /// The stream.
    pub buffer: BufferRef,
    /// The message in the stream, behind the two bytes of its length.
    pub range: Range<usize>,
    /// The packet that completes it.
    pub frame: u32,
}

impl Layers {
    /// Reads the upper layers of a TCP connection as far as it was captured up to now, TLS with the secrets in `keys`;
    /// `None` if `id` is none.
    ///
    /// Costs time in proportion to the connection's bytes (copied once, decrypted once) and as much memory, within the
    /// limits of `flow`. Keep the result and make it anew when the connection has got more packets.
    pub fn of(flow: &Flow, id: ConversationId, source: &dyn Source, keys: &KeyLog) -> Option<Layers> {
        let mut layers = Layers::unlisted(flow, id, source, keys)?;
        let connection = flow.conversation(id)?.tcp()?;
        for direction in Direction::BOTH {
            let overlaps = connection.half(direction).stream().overlaps();
            let differing = overlaps.iter().filter(|overlap| differs(overlap, flow, source));
            layers.conflicts.extend(differing.map(|overlap| (direction, *overlap)));
        }
        layers.conflicts.sort_by_key(|(_, overlap)| overlap.dropped.frame);
        layers.index(flow);
        Some(layers)
    }

    /// As [`Layers::of`], but without a list of units and of conflicts.
    pub(crate) fn unlisted(flow: &Flow, id: ConversationId, source: &dyn Source, keys: &KeyLog) -> Option<Layers> {
        let conversation = flow.conversation(id)?;
        let connection = conversation.tcp()?;
        let limits = flow.limits();
        let streams = Direction::BOTH.map(|direction| {
            let id = BufferRef::Derived(direction as u32);
            Stream::join(connection.half(direction), id, flow, source, limits)
        });
        let mut layers = Layers {
            conversation: id,
            application: Application::Unknown,
            tls: None,
            http: None,
            dns: Vec::new(),
            conflicts: Vec::new(),
            streams,
            derived: Vec::new(),
            units: Vec::new(),
            by_frame: Vec::new(),
        };
        let [client, server] = layers.streams.each_ref().map(|stream| stream.bytes().clone());
        let version;
        (layers.application, version) = told(conversation.server.port, connection.mid_stream(), &client, &server);
        match layers.application {
            Application::Http => {
                let ids = [vec![BufferRef::Derived(0)], vec![BufferRef::Derived(1)]];
                layers.read_http(flow, ids, version.unwrap_or(Version::HTTP_11));
            }
            Application::Dns => layers.read_dns(),
            Application::Tls => layers.read_tls(flow, source, keys),
            Application::Nothing | Application::Unknown => {}
        }
        Some(layers)
    }

    /// Whether packet `number` carries other bytes than came before under the same numbers.
    pub fn contradicts(&self, number: u32) -> bool {
        let at = self.conflicts.partition_point(|(_, overlap)| overlap.dropped.frame < number);
        self.conflicts.get(at).is_some_and(|(_, overlap)| overlap.dropped.frame == number)
    }
    /// DNS queries on the connection and their responses, in order of the queries. A server may answer several in another
    /// order, so they are paired by id and question (RFC 7766 §7).
    pub fn dns_transactions(&self, flow: &Flow) -> Vec<DnsTransaction> {
        let mut messages: Vec<&DnsOverTcp> = self.dns.iter().collect();
        messages.sort_by_key(|message| message.frame);
        let mut transactions = DnsTransactions::default();
        for message in messages {
            let bytes = self.bytes(message.buffer);
            let parsed = bytes.get(message.range.clone()).and_then(|bytes| wire::dns::Message::parse(bytes).ok());
            if let (Some(parsed), Some(view)) = (parsed, flow.row(message.frame)) {
                transactions.push(self.conversation, message.frame, view.row.at, &parsed);
            }
        }
        transactions.list
    }
    /// One direction's stream.
    pub fn stream(&self, direction: Direction) -> &Stream {
        &self.streams[direction as usize]
    }
    /// A derived buffer: 0 is what the client sent, 1 what the server sent, the others follow.
    pub fn buffer(&self, id: BufferRef) -> Option<&Buffer> {
        let BufferRef::Derived(n) = id else { return None };
        match n {
            0 | 1 => self.streams.get(n as usize).map(|stream| &stream.buffer),
            n => self.derived.get(n as usize - 2),
        }
    }
    /// All derived buffers, in order of their numbers.
    pub fn buffers(&self) -> impl Iterator<Item = &Buffer> {
        self.streams.iter().map(|stream| &stream.buffer).chain(&self.derived)
    }
    /// The bytes of a derived buffer; empty if there is no such buffer.
    pub fn bytes(&self, id: BufferRef) -> Bytes {
        self.buffer(id).map(|buffer| buffer.bytes.clone()).unwrap_or_default()
    }
    /// Everything that was found, in order of streams and messages; see [`Unit`].
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The parts of captured packets that a range of a buffer comes from, in order of the range: packet and range of its
    /// bytes. Decrypted bytes come from their ciphertext, which has the same length.
    pub fn sources(&self, flow: &Flow, id: BufferRef, range: Range<usize>) -> Vec<(u32, Range<usize>)> {
        let mut out = Vec::new();
        let mut work = vec![(id, range)];
        // Derived buffers have parents with smaller numbers or packets, so this ends.
        while let Some((id, range)) = work.pop() {
            let buffer = match id {
                BufferRef::Frame(n) => {
                    out.push((n, range));
                    continue;
                }
                BufferRef::Datagram(n) => flow.datagram(n),
                BufferRef::Derived(_) => self.buffer(id),
            };
            let Some(buffer) = buffer else { continue };
            let parts: Vec<_> =
                buffer.origins(range).map(|piece| (piece.parent, piece.at..piece.at + piece.range.len())).collect();
            work.extend(parts.into_iter().rev());
        }
        out
    }

    /// Reads TLS, and the HTTP inside.
    fn read_tls(&mut self, flow: &Flow, source: &dyn Source, keys: &KeyLog) {
        let mut derived = std::mem::take(&mut self.derived);
        let settled = |direction, at| source.settled(self.conversation, direction, at).cloned();
        let tls = tls::read(&self.streams, keys, &settled, &mut |buffer| keep(&mut derived, buffer));
        self.derived = derived;
        // A buffer for each stretch of records that could be opened: something is missing between them.
        let plaintext = tls.plaintext.clone();
        self.tls = Some(tls);
        let agreed = self.tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some("h2"));
        let [client, server] =
            plaintext.each_ref().map(|ids| ids.first().map(|id| self.bytes(*id)).unwrap_or_default());
        let version = match agreed {
            true => Some(Version::HTTP_2),
            // Of either direction there may be less than the other: not everything could be opened.
            false => http_version(&client, &server, false).or(http_version(b"", &server, false)),
        };
        if let Some(version) = version {
            self.read_http(flow, plaintext, version);
        }
    }

    /// Reads HTTP from each direction's buffers; between two of them something is missing.
    fn read_http(&mut self, flow: &Flow, ids: [Vec<BufferRef>; 2], version: Version) {
        let mut derived = std::mem::take(&mut self.derived);
        let buffers = ids.map(|ids| {
            let buffer = |id: &BufferRef| match id {
                BufferRef::Derived(n @ 0..2) => self.streams.get(*n as usize).map(|stream| &stream.buffer),
                BufferRef::Derived(n) => derived.get(*n as usize - 2),
                _ => None,
            };
            ids.iter().filter_map(buffer).cloned().collect::<Vec<Buffer>>()
        });
        let ended = Direction::BOTH.map(|direction| {
            let closed = self.tls.as_ref().is_some_and(|tls| tls.closed[direction as usize]);
            closed || self.stream(direction).ended
        });
        // Where in the capture a byte stands.
        let packets: [Vec<Vec<(usize, u32)>>; 2] = buffers.each_ref().map(|buffers| {
            let starts = |buffer: &Buffer| {
                let first =
                    |piece: &Piece| Some((piece.range.start, first_packet(flow, &self.streams, &derived, piece)?));
                buffer.parents.iter().filter_map(first).collect()
            };
            buffers.iter().map(starts).collect()
        });
        let inputs = |from: [usize; 2]| {
            [0, 1].map(|side: usize| {
                let all = buffers[side].iter().zip(&packets[side]).enumerate();
                let last = buffers[side].len().saturating_sub(1);
                all.map(|(i, (buffer, packets))| {
                    let from = if i == 0 { from[side] } else { 0 };
                    http::Input { buffer, from, packets, ended: ended[side] && i == last }
                })
                .collect()
            })
        };
        let mut derive = |buffer| keep(&mut derived, buffer);
        let http = if version == Version::HTTP_2 {
            http2::read(inputs([0; 2]), derive)
        } else {
            let mut http = http::read(inputs([0; 2]), &mut derive);
            if let Some(upgrade) = upgrade::of(&http) {
                upgrade.read(&mut http, http2::read(inputs(upgrade.from), derive));
            }
            http
        };
        self.derived = derived;
        self.http = Some(http);
    }

    /// Cuts the streams into DNS messages, each behind two bytes with its length (RFC 1035 §4.2.2, RFC 7766 §8).
    fn read_dns(&mut self) {
        for direction in Direction::BOTH {
            let stream = &self.streams[direction as usize];
            let (bytes, mut at) = (stream.bytes(), 0);
            while let Some(&[high, low]) = bytes.get(at..at + 2).and_then(|b| <&[u8; 2]>::try_from(b).ok()) {
                let range = at + 2..at + 2 + usize::from(u16::from_be_bytes([high, low]));
                if range.end > bytes.len() || range.len() < 12 || !stream.holes(at..range.end).is_empty() {
                    break;
                }
                at = range.end;
                let (buffer, frame) = (stream.buffer.id, stream.completed_by(range.end));
                self.dns.push(DnsOverTcp { direction, buffer, range, frame });
            }
        }
    }
}

/// What a connection carries, by no more than `len` bytes of each direction, and which HTTP if that is told by them.
pub(crate) fn detect(
    flow: &Flow,
    id: ConversationId,
    source: &dyn Source,
    len: usize,
) -> Option<(Application, Option<Version>)> {
    let conversation = flow.conversation(id)?;
    let connection = conversation.tcp()?;
    let limits = Limits { stream_len: len, ..*flow.limits() };
    let [client, server] = Direction::BOTH.map(|direction| {
        let id = BufferRef::Derived(direction as u32);
        Stream::join(connection.half(direction), id, flow, source, &limits).buffer.bytes
    });
    Some(told(conversation.server.port, connection.mid_stream(), &client, &server))
}

/// What two directions are that begin like this; `midway`: what came before was not captured.
fn told(port: u16, midway: bool, client: &[u8], server: &[u8]) -> (Application, Option<Version>) {
    let version = http_version(client, server, midway);
    let application = if client.is_empty() && server.is_empty() {
        Application::Nothing
    } else if tls::detect(client, server) {
        Application::Tls
    } else if port == 53 {
        Application::Dns
    } else if version.is_some() {
        Application::Http
    } else if midway && (tls::detect_midway(client) || tls::detect_midway(server)) {
        Application::Tls
    } else {
        Application::Unknown
    };
    (application, version)
}

/// Which HTTP two directions speak that begin like this; `midway`: what came before was not captured.
fn http_version(client: &[u8], server: &[u8], midway: bool) -> Option<Version> {
    if looks_like_http(client) || (client.is_empty() && looks_like_http(server)) {
        Some(Version::HTTP_11)
    } else if client.starts_with(PREFACE)
        || (client.is_empty() && looks_like_http2(server))
        || (midway && (is_chain(client) || is_chain(server)))
    {
        Some(Version::HTTP_2)
    } else {
        None
    }
}

/// Whether the two copies of a range are not the same bytes, as far as both were captured.
fn differs(overlap: &Overlap, flow: &Flow, source: &dyn Source) -> bool {
    // RFC 9293 §3.8.4: the byte of a keep-alive is garbage, and the receiver has the one that counts.
    let keeps_alive = |tcp: &Tcp| tcp.verdicts.intersects(Verdicts::KEEP_ALIVE);
    if flow.row(overlap.dropped.frame).and_then(|view| view.tcp).is_some_and(keeps_alive) {
        return false;
    }
    let len = overlap.kept.have.min(overlap.dropped.have) as usize;
    let bytes = |piece: &crate::StreamPiece| -> Option<Vec<u8>> {
        let range = piece.at as usize..piece.at as usize + len;
        match piece.buffer {
            BufferRef::Frame(n) => source.frame(n)?.get(range).map(<[u8]>::to_vec),
            BufferRef::Datagram(n) => flow.datagram(n)?.bytes.get(range).map(<[u8]>::to_vec),
            BufferRef::Derived(_) => None,
        }
    };
    matches!((bytes(&overlap.kept), bytes(&overlap.dropped)), (Some(a), Some(b)) if a != b)
}

/// The captured packet that the first byte of a piece came in.
fn first_packet(flow: &Flow, streams: &[Stream; 2], derived: &[Buffer], piece: &Piece) -> Option<u32> {
    let (mut parent, mut at) = (piece.parent, piece.at);
    // Each buffer's parents have smaller numbers, or are packets, so this ends.
    loop {
        let buffer = match parent {
            BufferRef::Frame(n) => return Some(n),
            BufferRef::Datagram(n) => flow.datagram(n)?,
            BufferRef::Derived(n @ 0..2) => &streams[n as usize].buffer,
            BufferRef::Derived(n) => derived.get(n as usize - 2)?,
        };
        let origin = buffer.origins(at..at + 1).next()?;
        (parent, at) = (origin.parent, origin.at);
    }
}

/// Bytes joined from others. Zeros, which stand for what was let go, take no memory: the system gives them without any.
struct Joint {
    bytes: Zeros,
    len: usize,
}

impl Joint {
    /// Nothing yet, and room for `len` bytes.
    fn new(len: usize) -> Joint {
        Joint { bytes: Zeros::new(len), len: 0 }
    }

    /// Adds bytes; gives where they stand.
    fn push(&mut self, bytes: &[u8]) -> Range<usize> {
        let range = self.len..self.len + bytes.len();
        self.bytes.grow(range.end);
        if let Some(place) = self.bytes.get_mut(range.clone()).filter(|_| !zeros::all_zero(bytes)) {
            place.copy_from_slice(bytes);
        }
        self.len = range.end;
        range
    }

    fn finish(self) -> Bytes {
        self.bytes.freeze(self.len)
    }
}

/// Numbers a derived buffer and keeps it. 0 and 1 are the streams.
fn keep(derived: &mut Vec<Buffer>, mut buffer: Buffer) -> BufferRef {
    let id = BufferRef::Derived(2 + derived.len() as u32);
    buffer.id = id;
    derived.push(buffer);
    id
}
