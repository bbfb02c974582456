//! TLS on a connection: records, what is in them, handshake messages and the application's data, joined again.

mod joined;
mod settled;

use std::ops::Range;

use bytes::Bytes;
use capture::keylog::KeyLog;
use wire::tls::{
    Alert, Body, ClientHello, ContentType, Context, Handshake, HandshakeType, NextRecord, RecordHeader, ServerHello,
    decode_handshake, looks_like_tls, next_record,
};
use wire::{Reader, Silent};

use self::joined::{Joined, flush};
use self::settled::{SettledContent, ZEROS};
use super::Stream;
use crate::tls::{Agreed, Epoch, Layout, Opened, Record, Sender, Session, Why};
use crate::{Buffer, BufferKind, BufferRef, Direction, Piece};

pub(crate) use self::joined::Handshakes;
pub(crate) use self::settled::KeptPart;
pub use self::settled::SettledRecord;

/// How far behind a hole the next record is looked for: the longest record and its header.
const RESYNC: usize = 5 + (1 << 14) + 2048;

/// A record on a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsRecord {
    /// Which way it went.
    pub direction: Direction,
    /// Where it stands in its stream, header included.
    pub range: Range<usize>,
    /// Its header.
    pub header: RecordHeader,
    /// The packet that completes it.
    pub frame: u32,
    /// What is in it.
    pub content: RecordContent,
}

/// What is in a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordContent {
    /// It is not protected: its content follows its header.
    Plain,
    /// It was protected, and what it held stands in a buffer of its own.
    Decrypted {
        /// The buffer: content, then type and padding (TLS 1.3) or MAC and padding.
        buffer: BufferRef,
        /// The content's type.
        content_type: ContentType,
        /// How the fragment and the buffer are divided.
        layout: Layout,
        /// Its number under its keys.
        sequence: u64,
        /// Whose keys.
        epoch: Epoch,
    },
    /// It is protected, and why it stays so.
    Undecrypted(Why),
    /// So many of its bytes are missing in the capture.
    Missing(usize),
}

impl TlsRecord {
    /// The type of its content: the one inside, if it was decrypted.
    pub fn content_type(&self) -> ContentType {
        match &self.content {
            RecordContent::Decrypted { content_type, .. } => *content_type,
            _ => self.header.content_type,
        }
    }
    /// The buffer and the range in it where its content stands, if that can be read.
    pub fn content_place(&self) -> Option<(BufferRef, Range<usize>)> {
        match &self.content {
            RecordContent::Plain => {
                let stream = BufferRef::Derived(self.direction as u32);
                Some((stream, self.range.start + RecordHeader::LEN..self.range.end))
            }
            RecordContent::Decrypted { buffer, layout, .. } => Some((*buffer, 0..layout.content)),
            RecordContent::Undecrypted(_) | RecordContent::Missing(_) => None,
        }
    }
}

/// A handshake message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandshakeMessage {
    /// Which way it went.
    pub direction: Direction,
    /// Which message.
    pub kind: HandshakeType,
    /// The joined content of handshake records that it stands in.
    pub buffer: BufferRef,
    /// Where in it, type and length included.
    pub range: Range<usize>,
    /// Whose keys protected it; `None` if it was in clear.
    pub epoch: Option<Epoch>,
    /// The packet that completes it.
    pub frame: u32,
}

/// TLS on a connection.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// The records of both directions, in the order in which they became complete.
    pub records: Vec<TlsRecord>,
    /// The handshake messages of both directions, in the order in which they became complete.
    pub messages: Vec<HandshakeMessage>,
    /// Alerts that could be read: the record's number, and the alert.
    pub alerts: Vec<(usize, Alert)>,
    /// The last ClientHello.
    pub client_hello: Option<Box<ClientHello>>,
    /// The ServerHello (not a HelloRetryRequest).
    pub server_hello: Option<Box<ServerHello>>,
    /// Whether the server asked for a second ClientHello (RFC 8446 §4.1.4).
    pub retried: bool,
    /// What both sides agreed on.
    pub agreed: Option<Agreed>,
    /// The application protocol agreed on (RFC 7301); `None` also where EncryptedExtensions could not be read.
    pub alpn: Option<String>,
    /// Whether the server took up an earlier session; `None` where that is not known.
    pub resumed: Option<bool>,
    /// The application's data, decrypted and joined: for each direction the pieces between which something is missing.
    pub plaintext: [Vec<BufferRef>; 2],
    /// Records that stayed undecrypted, and why the first of them did.
    pub undecrypted: Option<(usize, Why)>,
    /// Ranges of the streams in which no records could be made out, and why.
    pub lost: Vec<(Direction, Range<usize>, &'static str)>,
    /// The directions that ended with close_notify (RFC 8446 §6.1).
    pub closed: [bool; 2],
}

/// A record before it is opened.
struct Cut {
    direction: Direction,
    range: Range<usize>,
    header: RecordHeader,
    frame: u32,
    /// Bytes of it that are missing.
    missing: usize,
    /// The hole before it, behind which it was found: offset and length.
    hole: Option<(usize, usize)>,
    /// What was in it, where its bytes were let go.
    settled: Option<SettledRecord>,
}

/// Whether one of the streams speaks TLS.
pub(super) fn detect(client: &[u8], server: &[u8]) -> bool {
    looks_like_tls(client) || (looks_like_tls(server) && !wire::http::looks_like_http(client))
}

/// Whether records of TLS stand anywhere near the beginning of a stream that was under way when the capture began.
pub(super) fn detect_midway(stream: &[u8]) -> bool {
    !stream.is_empty() && resync(stream, 0).is_some()
}

/// Reads both streams.
pub(super) fn read(
    streams: &[Stream; 2],
    keys: &KeyLog,
    settled: &dyn Fn(Direction, usize) -> Option<SettledRecord>,
    keep: &mut dyn FnMut(Buffer) -> BufferRef,
) -> Tls {
    let mut tls = Tls::default();
    let mut cuts: Vec<Cut> = Vec::new();
    for direction in Direction::BOTH {
        cut(&streams[direction as usize], direction, settled, &mut cuts, &mut tls.lost);
    }
    // Both directions by the packet that completes each record, so that an answer does not come before its question.
    cuts.sort_by_key(|cut| cut.frame);
    let mut session = Session::new();
    let mut handshakes = [Joined::new(Direction::ToServer), Joined::new(Direction::ToClient)];
    let mut data = [Joined::new(Direction::ToServer), Joined::new(Direction::ToClient)];
    for cut in cuts.iter().filter(|cut| cut.header.content_type == ContentType::APPLICATION_DATA) {
        data[cut.direction as usize].room += cut.range.len();
    }
    for cut in cuts {
        let side = cut.direction as usize;
        let sender = if cut.direction == Direction::ToServer { Sender::Client } else { Sender::Server };
        if let Some((offset, len)) = cut.hole {
            session.missing(sender, offset as u64, len as u64);
            handshakes[side].end(&mut tls, keep);
            flush(&mut data[side], &mut tls, keep);
        }
        if cut.missing > 0 {
            session.missing(sender, cut.range.start as u64, cut.range.len() as u64);
            handshakes[side].end(&mut tls, keep);
            flush(&mut data[side], &mut tls, keep);
            let content = RecordContent::Missing(cut.missing);
            tls.records.push(TlsRecord {
                direction: cut.direction,
                range: cut.range,
                header: cut.header,
                frame: cut.frame,
                content,
            });
            continue;
        }
        let stream = &streams[side];
        let fragment_at = cut.range.start + RecordHeader::LEN;
        let fragment = stream.bytes().slice(fragment_at..cut.range.end);
        let record = Record { content_type: cut.header.content_type, version: cut.header.version, fragment: &fragment };
        let opened = match cut.settled {
            Some(SettledRecord { opened: SettledContent::Undecrypted(why), .. }) => {
                session.closed_before(sender);
                Opened::Undecrypted(why)
            }
            Some(SettledRecord {
                opened: SettledContent::Decrypted { content_type, layout, sequence, epoch, parts },
                ..
            }) => {
                session.opened_before(sender, epoch, sequence);
                let at = fragment_at + layout.explicit_nonce;
                let whole = Bytes::from_static(ZEROS.get(..layout.ciphertext).unwrap_or_default());
                let parents = vec![Piece { range: 0..layout.ciphertext, parent: stream.buffer.id, at }];
                let id = BufferRef::Derived(0); // given its own number where it is kept
                let buffer = keep(Buffer { id, kind: BufferKind::Record, bytes: whole, parents });
                data[side].skip(layout.content, buffer, Some(epoch), cut.frame);
                data[side].restore(layout.content, &parts);
                let content = RecordContent::Decrypted { buffer, content_type, layout, sequence, epoch };
                let (direction, range, header, frame) = (cut.direction, cut.range, cut.header, cut.frame);
                tls.records.push(TlsRecord { direction, range, header, frame, content });
                continue;
            }
            None => session.record(sender, record, keys),
        };
        let (content, bytes) = match opened {
            Opened::Plain => (RecordContent::Plain, Some((fragment, stream.buffer.id, fragment_at, None))),
            Opened::Decrypted(plaintext) => {
                let layout = plaintext.layout;
                let at = fragment_at + layout.explicit_nonce;
                let whole = Bytes::from(plaintext.bytes);
                let len = whole.len().min(layout.ciphertext);
                let parents = vec![Piece { range: 0..len, parent: stream.buffer.id, at }];
                let id = BufferRef::Derived(0); // given its own number where it is kept
                let buffer = keep(Buffer { id, kind: BufferKind::Record, bytes: whole.clone(), parents });
                let inner = whole.slice(..layout.content.min(whole.len()));
                let content = RecordContent::Decrypted {
                    buffer,
                    content_type: plaintext.content_type,
                    layout,
                    sequence: plaintext.sequence,
                    epoch: plaintext.epoch,
                };
                (content, Some((inner, buffer, 0, Some(plaintext.epoch))))
            }
            Opened::Undecrypted(why) => (RecordContent::Undecrypted(why), None),
        };
        let record =
            TlsRecord { direction: cut.direction, range: cut.range, header: cut.header, frame: cut.frame, content };
        let number = tls.records.len();
        let kind = record.content_type();
        match (&record.content, bytes) {
            (RecordContent::Undecrypted(why), _) => {
                let (count, _) = tls.undecrypted.get_or_insert_with(|| (0, why.clone()));
                *count += 1;
                handshakes[side].end(&mut tls, keep);
                flush(&mut data[side], &mut tls, keep);
            }
            (_, Some((bytes, parent, at, epoch))) => match kind {
                ContentType::HANDSHAKE => {
                    handshakes[side].push(&bytes, parent, at, epoch, record.frame);
                    handshakes[side].messages(&mut tls);
                }
                ContentType::APPLICATION_DATA => data[side].push(&bytes, parent, at, epoch, record.frame),
                ContentType::ALERT => {
                    if let Ok(alert) = wire::tls::alert(&mut Reader::new(&bytes, &mut Silent)) {
                        tls.closed[side] |= alert.is_closure();
                        tls.alerts.push((number, alert));
                    }
                }
                _ => {}
            },
            _ => {}
        }
        tls.records.push(record);
    }
    for side in 0..2 {
        handshakes[side].end(&mut tls, keep);
        flush(&mut data[side], &mut tls, keep);
    }
    tls.messages.sort_by_key(|message| message.frame);
    tls.agreed = session.agreed();
    tls.resumed = resumed(&tls);
    tls
}

/// Cuts a stream into records.
fn cut(
    stream: &Stream,
    direction: Direction,
    settled: &dyn Fn(Direction, usize) -> Option<SettledRecord>,
    out: &mut Vec<Cut>,
    lost: &mut Vec<(Direction, Range<usize>, &'static str)>,
) {
    let bytes = stream.bytes();
    let mut at = 0;
    let mut hole = None;
    while at < bytes.len() {
        if let Some(settled) = settled(direction, at) {
            let range = at..at + RecordHeader::LEN + usize::from(settled.header.len);
            let frame = stream.completed_by(range.end);
            at = range.end;
            let (header, settled) = (settled.header, Some(settled));
            out.push(Cut { direction, range, header, frame, missing: 0, hole: hole.take(), settled });
            continue;
        }
        let front = &bytes[at..];
        let header_hole = stream.holes(at..bytes.len().min(at + RecordHeader::LEN));
        let (header, len) = match next_record(front) {
            NextRecord::Whole { header, len } if header_hole.is_empty() => (header, len),
            NextRecord::Need(len) if header_hole.is_empty() && front.len() >= RecordHeader::LEN => {
                // The record has begun and its end is not there (yet).
                lost.push((direction, at..bytes.len(), "is the beginning of a record whose end is not there"));
                let _ = len;
                return;
            }
            _ => {
                // Records are found again behind the hole, or behind what is no record.
                let Some(next) = resync(bytes, at + 1) else {
                    lost.push((direction, at..bytes.len(), "is not made of TLS records"));
                    return;
                };
                lost.push((direction, at..next, "holds no record that could be made out"));
                hole = Some((at, next - at));
                at = next;
                continue;
            }
        };
        let range = at..at + len;
        let missing = stream.holes(range.clone()).iter().map(|hole| hole.len()).sum();
        let frame = stream.completed_by(range.end);
        out.push(Cut { direction, range, header, frame, missing, hole: hole.take(), settled: None });
        at += len;
    }
}

/// The next place from `from` on where a record begins that another record (or the stream's end) follows.
fn resync(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len().min(from + RESYNC)).find(|&at| {
        let NextRecord::Whole { header, len } = next_record(&bytes[at..]) else { return false };
        let sane = header.version.0 == 0x0303 && header.len > 0;
        let follows = bytes.get(at + len..).unwrap_or_default();
        let next = match next_record(follows) {
            NextRecord::Whole { header, .. } => header.version.0 == 0x0303,
            NextRecord::Need(_) => follows.is_empty() || follows.starts_with(&[23, 3, 3]),
            NextRecord::NotTls => false,
        };
        sane && next
    })
}

/// Takes from a handshake message what tells about the connection.
fn learn(tls: &mut Tls, direction: Direction, kind: HandshakeType, message: &[u8]) {
    let wanted =
        matches!(kind, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO | HandshakeType::ENCRYPTED_EXTENSIONS);
    if !wanted {
        return;
    }
    let context = Context {
        version: tls.server_hello.as_ref().map(|hello| hello.version()),
        suite: tls.server_hello.as_ref().map(|hello| hello.cipher_suite),
    };
    let Ok(Handshake { body: Some(body), .. }) = decode_handshake(&mut Reader::new(message, &mut Silent), &context)
    else {
        return;
    };
    match (direction, body) {
        (Direction::ToServer, Body::ClientHello(hello)) => tls.client_hello = Some(hello),
        (Direction::ToClient, Body::ServerHello(hello)) if hello.is_retry() => tls.retried = true,
        (Direction::ToClient, Body::ServerHello(hello)) => {
            tls.alpn = hello.extensions.alpn.first().cloned().or(tls.alpn.take());
            tls.server_hello = Some(hello);
        }
        (Direction::ToClient, Body::EncryptedExtensions(extensions)) => {
            tls.alpn = extensions.alpn.first().cloned().or(tls.alpn.take());
        }
        _ => {}
    }
}

/// Whether the server took up an earlier session: in TLS 1.3 it names the key (RFC 8446 §4.2.11); before, it repeats the
/// session id that the client sent (RFC 5246 §7.4.1.3), also with a ticket (RFC 5077 §3.4).
fn resumed(tls: &Tls) -> Option<bool> {
    let (client, server) = (tls.client_hello.as_ref()?, tls.server_hello.as_ref()?);
    Some(if server.version().is_tls13() {
        server.extensions.selected_psk.is_some()
    } else {
        !client.session_id.is_empty() && client.session_id == server.session_id
    })
}
