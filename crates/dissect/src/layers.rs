//! What a packet carries above its transport: every buffer that it completes, taken apart.

use std::ops::Range;

use bytes::Bytes;
use flow::{BufferRef, Flow, HttpMessage, Layers, OnStream, RecordContent, Row, Tls, TlsRecord, Unit, UnitKind};
use wire::http::Framing;
use wire::http2::Table;
use wire::tls::{Context, Protection};
use wire::{Malformed, Note, Reader, Record};

use crate::nesting::nest;

/// A buffer, or a part of one, and its tree.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it is, for people: `TLS record, from packets 6 and 7`.
    pub title: String,
    /// Its bytes.
    pub bytes: Bytes,
    /// Its tree: the leaves tile the bytes.
    pub record: Record,
    /// The packets that its bytes came from, in ascending order.
    pub packets: Vec<u32>,
    /// Where it stands among the connection's buffers, if it is a part of one that is not derived further.
    pub place: Option<(BufferRef, Range<usize>)>,
    /// The buffer that it is, if it is one that was made of what comes before it: a decrypted record, a joined body.
    pub made: Option<BufferRef>,
    /// Which other of the packet's sections it stands in: its place among what [`completed`] gives. `None` where the
    /// transport itself carries it.
    pub inside: Option<usize>,
}

/// The IP packet that fragment `row` completes, put together.
pub fn datagram(flow: &Flow, row: &Row, network: wire::frame::Network) -> Option<Section> {
    let buffer = flow.datagram(row.datagram?)?;
    let mut record = Record::new();
    wire::frame::decode_datagram(network, &buffer.bytes, &mut record);
    let mut packets: Vec<u32> = buffer
        .parents
        .iter()
        .filter_map(|piece| match piece.parent {
            BufferRef::Frame(n) => Some(n),
            _ => None,
        })
        .collect();
    packets.sort_unstable();
    packets.dedup();
    let place = Some((buffer.id, 0..buffer.bytes.len()));
    let title = "IP packet, put together".to_owned();
    Some(Section { title, bytes: buffer.bytes.clone(), record, packets, place, made: None, inside: None })
}

/// Everything that packet `number` of a connection completes, the lower layers first.
pub fn completed(layers: &Layers, number: u32) -> Vec<Section> {
    let mut out = Vec::new();
    for carried in layers.carried(number).iter().filter(|carried| carried.completes) {
        sections(layers, carried.unit, &mut out);
    }
    nest(layers, &mut out);
    out
}

fn sections(layers: &Layers, unit: &Unit, out: &mut Vec<Section>) {
    let place = std::cell::Cell::new(true);
    let mut add = |title: String,
                   bytes: Bytes,
                   decode: &dyn Fn(&mut Reader<'_, '_, Record>) -> Result<(), Malformed>| {
        let mut record = Record::new();
        // A record that goes on returns no error: what broke the format stands in it.
        let _ = Reader::decode_all(&bytes, &mut record, |reader| decode(reader));
        // The unit's own bytes come first; what is made of them stands elsewhere.
        let own = (bytes.len() == unit.range.len() && place.replace(false)).then(|| (unit.buffer, unit.range.clone()));
        out.push(Section { title, bytes, record, packets: unit.frames.clone(), place: own, made: None, inside: None });
    };
    let slice = |buffer: BufferRef, range: &Range<usize>| {
        let bytes = layers.bytes(buffer);
        if range.end <= bytes.len() { bytes.slice(range.clone()) } else { Bytes::new() }
    };
    match unit.kind {
        UnitKind::Record(i) => {
            let Some((tls, record)) = layers.tls.as_ref().and_then(|tls| Some((tls, tls.records.get(i)?))) else {
                return;
            };
            let protection = protection(tls, record);
            let title = format!("TLS record: {}", record.header.content_type);
            add(title, slice(unit.buffer, &unit.range), &|reader| {
                wire::tls::decode_record(reader, protection).map(drop)
            });
            if let RecordContent::Decrypted { buffer, content_type, layout, .. } = &record.content {
                let title = format!("TLS record, decrypted: {content_type}");
                let bytes = layers.bytes(*buffer);
                add(title, bytes, &|reader| {
                    if layout.content_type > 0 {
                        wire::tls::decode_inner(reader).map(drop)
                    } else if layout.padding_length > 0 {
                        wire::tls::decode_block(reader, *content_type, layout.mac).map(drop)
                    } else {
                        wire::tls::decode_stream(reader, *content_type, layout.mac).map(drop)
                    }
                });
                made(out, *buffer);
            }
        }
        UnitKind::Handshake(i) => {
            let Some((tls, message)) = layers.tls.as_ref().and_then(|tls| Some((tls, tls.messages.get(i)?))) else {
                return;
            };
            let context = Context {
                version: tls.agreed.as_ref().map(|agreed| agreed.version),
                suite: tls.agreed.as_ref().map(|agreed| agreed.suite),
            };
            let title = format!("TLS handshake message: {}", message.kind);
            add(title, slice(unit.buffer, &unit.range), &|reader| {
                wire::tls::decode_handshake(reader, &context).map(drop)
            });
            if message.kind == wire::tls::HandshakeType::COMPRESSED_CERTIFICATE {
                match crate::compressed::certificate(&slice(unit.buffer, &unit.range)) {
                    Ok(inside) => {
                        add("TLS handshake message: certificate, uncompressed".to_owned(), inside, &|reader| {
                            wire::tls::decode_handshake(reader, &context).map(drop)
                        })
                    }
                    Err(what) => {
                        if let Some(section) = out.last_mut() {
                            cannot_be_opened(&mut section.record, what);
                        }
                    }
                }
            }
        }
        UnitKind::Http(i) => {
            let Some((http, message)) = layers.http.as_ref().and_then(|http| Some((http, http.messages.get(i)?)))
            else {
                return;
            };
            if let Some(on_stream) = &message.on_stream {
                let table = &http.tables[message.direction as usize];
                let title = format!("{} on stream {}", request_or_response(message), on_stream.stream);
                add(title, slice(unit.buffer, &unit.range), &|reader| on_a_stream(reader, message, on_stream, table));
                return;
            }
            let request = message.head.request().is_some();
            let title = request_or_response(message);
            let (framing, faults) = (message.framing, &message.faults);
            add(title.to_owned(), slice(unit.buffer, &unit.range), &|reader| {
                if request {
                    wire::http::decode_request(reader)?;
                } else {
                    wire::http::decode_response(reader)?;
                }
                note_faults(reader.sink(), faults);
                wire::http::decode_body(reader, framing).map(drop)
            });
            if let Some(decoded) = message.decoded {
                add("HTTP body, joined from its chunks".to_owned(), layers.bytes(decoded), &|reader| {
                    wire::http::decode_body(reader, Framing::UntilClose).map(drop)
                });
                made(out, decoded);
            }
        }
        UnitKind::Frame(i) => {
            let Some(frame) = layers.http.as_ref().and_then(|http| http.frames.get(i)) else { return };
            match frame.header {
                Some(header) => {
                    add(format!("HTTP/2 frame: {}", header.kind), slice(unit.buffer, &unit.range), &|reader| {
                        wire::http2::decode_frame(reader).map(drop)
                    })
                }
                None => add("HTTP/2 preface".to_owned(), slice(unit.buffer, &unit.range), &|reader| {
                    wire::http2::decode_preface(reader)
                }),
            }
        }
        UnitKind::Dns(_) => {
            add("DNS message".to_owned(), slice(unit.buffer, &unit.range), &|reader| {
                wire::dns::decode(reader).map(drop)
            });
        }
    }
}

/// The last section is that whole buffer.
fn made(out: &mut [Section], buffer: BufferRef) {
    if let Some(section) = out.last_mut() {
        section.made = Some(buffer);
        section.place = None;
    }
}

fn request_or_response(message: &HttpMessage) -> &'static str {
    if message.head.request().is_some() { "HTTP request" } else { "HTTP response" }
}

/// A message of HTTP/2: its header block, its content, its trailers (RFC 9113 §8.1).
fn on_a_stream(
    reader: &mut Reader<'_, '_, Record>,
    message: &HttpMessage,
    on_stream: &OnStream,
    table: &Table,
) -> Result<(), Malformed> {
    let mut content = Some(message.body.len());
    for (range, mark) in &on_stream.blocks {
        reader.within(range.len(), |reader| wire::http2::decode_block(reader, &mut table.rewind(*mark)))?;
        if let Some(n) = content.take() {
            reader.within(n, |reader| wire::http::decode_body(reader, Framing::EndStream))?;
        }
    }
    Ok(())
}

/// Says of a compressed certificate why its list is not shown.
fn cannot_be_opened(record: &mut Record, what: &'static str) {
    let data = record.nodes.iter().find(|node| node.field.id == "tls.compressed_certificate.data");
    if let Some((field, at)) = data.map(|node| (node.field, node.bits.start)) {
        record.errors.push(Malformed { field, at, what });
    }
}

/// Marks the fields that leave in doubt where the message ends.
fn note_faults(record: &mut Record, faults: &[wire::http::FramingFault]) {
    for fault in faults {
        let Some(field) = wire::http::known(fault.field().as_bytes()) else { continue };
        let Some(group) = record.nodes.iter().rposition(|node| node.field.id == field.id) else { continue };
        let at = record.nodes[group].bits.start;
        record.errors.push(Malformed { field, at, what: fault.what() });
        let value = record.nodes.iter_mut().skip(group).find(|node| node.field.id == "http.field_value");
        if let Some(value) = value {
            value.notes.push(Note::Remark(fault.what()));
        }
    }
}

/// How the sender protected the record, for the split of its fragment into nonce, ciphertext and tag.
fn protection(tls: &Tls, record: &TlsRecord) -> Protection {
    match (&record.content, &tls.agreed) {
        (RecordContent::Plain, _) => Protection::None,
        (_, Some(agreed)) => Protection::new(agreed.version, agreed.suite, agreed.encrypt_then_mac),
        (_, None) => Protection::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_leave_the_length_in_doubt_are_marked_with_the_rule() {
        let head = b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut record = Record::new();
        let request = wire::http::decode_request(&mut Reader::new(head, &mut record)).unwrap();
        let (_, faults) = wire::http::request_framing(&request);
        note_faults(&mut record, &faults);
        let [error] = record.errors.as_slice() else { panic!("{:?}", record.errors) };
        assert_eq!((error.field.name, error.at / 8), ("Transfer-Encoding", 36));
        assert!(error.what.contains("RFC 9112 §6.3"));
        let marked: Vec<usize> = record
            .nodes
            .iter()
            .filter(|n| n.notes.contains(&Note::Remark(error.what)))
            .map(|n| n.bits.start / 8)
            .collect();
        assert_eq!(marked, [55], "its value");
        record.check_tiling(head.len()).unwrap();
    }
}
