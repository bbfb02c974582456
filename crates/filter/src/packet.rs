//! A packet's values, read no further than they are asked for.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use flow::{BufferRef, Endpoint, Kind, RowKind, RowView};
use story::{Mark, Row, Story};
use wire::frame::Checksum;
use wire::{Datum, Node, Record, Show};

use crate::Value;
use crate::names::{Own, Term};

/// What holds for all packets of a story.
pub(crate) struct Context<'a> {
    pub story: &'a Story,
}

impl<'a> Context<'a> {
    pub fn new(story: &'a Story) -> Context<'a> {
        Context { story }
    }

    /// The place of a conversation among the TCP connections, from 0.
    pub fn stream(&self, conversation: &flow::Conversation) -> Option<usize> {
        self.story.connection_number(conversation.id)?.checked_sub(1)
    }
}

/// One packet.
pub(crate) struct Seen<'a> {
    context: &'a Context<'a>,
    view: RowView<'a>,
    row: OnceCell<Option<Row>>,
    frame: OnceCell<(Vec<u8>, Record)>,
    above: OnceCell<Vec<(Vec<u8>, Record)>>,
}

impl<'a> Seen<'a> {
    pub fn new(context: &'a Context<'a>, view: RowView<'a>) -> Seen<'a> {
        Seen { context, view, row: OnceCell::new(), frame: OnceCell::new(), above: OnceCell::new() }
    }

    /// All values of a term in this packet.
    pub fn values(&self, term: &Term) -> Vec<Value> {
        let yes = |yes: bool| if yes { vec![Value::Number(1)] } else { Vec::new() };
        match term {
            Term::Own(own) => self.own(*own),
            Term::Verdict(bit) => {
                // Whether bytes differ from those before is known where streams are read.
                let conflict = *bit == flow::Verdicts::CONFLICT && self.marked("tcp.conflict");
                yes(conflict || self.view.tcp.is_some_and(|tcp| tcp.verdicts.contains(*bit)))
            }
            Term::Label(bit) => {
                let verdicts = self.context.story.compatible().get(self.view.row.number).verdicts;
                yes(if bit.is_empty() { !verdicts.is_empty() } else { verdicts.intersects(*bit) })
            }
            Term::Finding(id) => {
                let mut findings = self.context.story.findings().iter();
                yes(findings.any(|f| under(f.card.id, id) && f.evidence.contains(&self.view.row.number)))
            }
            Term::Tree { fields, frame_only } => {
                let ids: BTreeSet<&str> = fields.iter().map(|field| field.id).collect();
                self.search(*frame_only, &|node| ids.contains(node.field.id))
            }
            Term::Protocol(name) => {
                let found = self.search(false, &|node| under(node.field.id, name));
                yes(!found.is_empty())
            }
            Term::Any(terms) => terms.iter().flat_map(|term| self.values(term)).collect(),
        }
    }

    fn marked(&self, wanted: &str) -> bool {
        let mut marks = self.row().into_iter().flat_map(|row| &row.marks);
        marks.any(|mark| matches!(mark, Mark::Verdict(id, _) if *id == wanted))
    }

    fn row(&self) -> Option<&Row> {
        self.row.get_or_init(|| self.context.story.row(self.view.row.number)).as_ref()
    }

    /// Sender and receiver.
    fn ends(&self) -> Option<[Endpoint; 2]> {
        let row = self.view.row;
        let conversation = self.context.story.flow().conversation(row.conversation?)?;
        Some([conversation.sender(row.direction), conversation.sender(row.direction.opposite())])
    }

    fn ips(&self) -> Vec<Value> {
        match (self.view.row.kind, self.ends()) {
            (RowKind::Arp(_) | RowKind::Link, _) => Vec::new(),
            (_, Some(ends)) => ends.map(|end| Value::Ip(end.ip)).to_vec(),
            // Fragments and damaged packets belong to no conversation.
            (_, None) => {
                let either = |a: &'static str, b: &'static str| {
                    self.search(true, &|node| node.field.id == a || node.field.id == b).into_iter().next()
                };
                [either("ipv4.src", "ipv6.src"), either("ipv4.dst", "ipv6.dst")].into_iter().flatten().collect()
            }
        }
    }

    fn ports(&self, kind: RowKind) -> Vec<Value> {
        let same = std::mem::discriminant(&self.view.row.kind) == std::mem::discriminant(&kind);
        match self.ends().filter(|_| same) {
            Some(ends) => ends.map(|end| Value::Number(end.port.into())).to_vec(),
            None => Vec::new(),
        }
    }

    fn own(&self, own: Own) -> Vec<Value> {
        let (story, row, tcp) = (self.context.story, self.view.row, self.view.tcp);
        let one = |n: i128| vec![Value::Number(n)];
        let some = |n: Option<i128>| n.map(Value::Number).into_iter().collect::<Vec<_>>();
        let yes = |yes: bool| if yes { one(1) } else { Vec::new() };
        let nth = |values: Vec<Value>, n: usize| values.into_iter().nth(n).into_iter().collect::<Vec<_>>();
        let text = |get: &dyn Fn(&Row) -> String| self.row().map(|row| Value::Text(get(row))).into_iter().collect();
        match own {
            Own::Number => one(row.number.into()),
            Own::Time => vec![Value::Billionths(row.at.as_nanos().into())],
            Own::Epoch => vec![Value::Billionths((story.epoch().as_unix_nanos() + row.at.as_nanos()).into())],
            Own::Length => one(row.original.into()),
            Own::Captured => one(row.captured.into()),
            Own::Interface => one(row.interface.into()),
            Own::Bytes => story.bytes(row.number).map(Value::Bytes).into_iter().collect(),
            Own::Lost => yes(self.row().is_some_and(|row| row.marks.iter().any(|mark| matches!(mark, Mark::Lost(_))))),
            Own::Malformed => yes(row.malformed || self.row().is_some_and(|row| row.marks.contains(&Mark::Malformed))),
            Own::From => text(&|row| row.from.clone()),
            Own::To => text(&|row| row.to.clone()),
            Own::Host => {
                let row = self.row();
                row.into_iter().flat_map(|row| [&row.from, &row.to]).map(|name| Value::Text(name.clone())).collect()
            }
            Own::Protocol => text(&|row| row.protocol.to_owned()),
            Own::Meaning => text(&|row| row.meaning.clone()),
            Own::Tap => self.row().and_then(|row| row.tap.clone()).map(Value::Text).into_iter().collect(),
            Own::Stream | Own::Connection => {
                let conversation = row.conversation.and_then(|id| story.flow().conversation(id));
                let stream =
                    conversation.filter(|c| matches!(c.kind, Kind::Tcp(_))).and_then(|c| self.context.stream(c));
                some(stream.map(|n| n as i128 + i128::from(own == Own::Connection)))
            }
            Own::Ip => yes(!self.ips().is_empty()),
            Own::IpSource => nth(self.ips(), 0),
            Own::IpDestination => nth(self.ips(), 1),
            Own::IpAddress => self.ips(),
            Own::Tcp => yes(row.kind == RowKind::Tcp),
            Own::Udp => yes(row.kind == RowKind::Udp),
            Own::Icmp => yes(matches!(row.kind, RowKind::Icmp(..) | RowKind::Icmpv6(..))),
            Own::Arp => yes(matches!(row.kind, RowKind::Arp(_))),
            Own::TcpSource => nth(self.ports(RowKind::Tcp), 0),
            Own::TcpDestination => nth(self.ports(RowKind::Tcp), 1),
            Own::TcpPort => self.ports(RowKind::Tcp),
            Own::UdpSource => nth(self.ports(RowKind::Udp), 0),
            Own::UdpDestination => nth(self.ports(RowKind::Udp), 1),
            Own::UdpPort => self.ports(RowKind::Udp),
            Own::TcpLength => some(tcp.map(|tcp| tcp.len.into())),
            Own::TcpFlags => some(tcp.map(|tcp| tcp.flags.0.into())),
            Own::Flag(bit) => some(tcp.map(|tcp| i128::from(tcp.flags.0 & bit != 0))),
            Own::RelativeSeq => some(tcp.and_then(|tcp| tcp.relative_seq()).map(i128::from)),
            Own::RelativeAck => some(tcp.and_then(|tcp| tcp.relative_ack()).map(i128::from)),
            Own::AckRtt => {
                tcp.and_then(|tcp| tcp.rtt()).map(|rtt| Value::Billionths(rtt.as_nanos().into())).into_iter().collect()
            }
            Own::InFlight => some(tcp.and_then(|tcp| tcp.in_flight()).map(i128::from)),
            Own::DupAckNumber => some(tcp.map(|tcp| tcp.dup_ack).filter(|n| *n > 0).map(i128::from)),
            Own::ChecksumBad => yes(row.checksum == Checksum::Bad),
        }
    }

    /// The values of the fields that `wanted` takes, in the frame and, unless that is enough, in all that it completes.
    fn search(&self, frame_only: bool, wanted: &dyn Fn(&Node) -> bool) -> Vec<Value> {
        let mut out = Vec::new();
        let (bytes, record) = self.frame.get_or_init(|| {
            let bytes = self.context.story.bytes(self.view.row.number).unwrap_or_default();
            let (record, _) = dissect::frame(self.view.row.link, &bytes, self.view.row.original as usize);
            (bytes, record)
        });
        values_in(bytes, record, wanted, &mut out);
        let spans = self.view.row.kind == RowKind::Tcp || self.view.row.datagram.is_some();
        if !spans || (frame_only && self.view.row.payload.buffer == BufferRef::Frame(self.view.row.number)) {
            return out;
        }
        let above = self.above.get_or_init(|| {
            let packet = self.context.story.packet(self.view.row.number);
            let buffers = packet.into_iter().flat_map(|packet| packet.buffers).skip(1);
            buffers.map(|taken| (taken.bytes, taken.record)).collect()
        });
        for (bytes, record) in above {
            values_in(bytes, record, wanted, &mut out);
        }
        out
    }
}

/// Whether an id is `group` or inside it.
fn under(id: &str, group: &str) -> bool {
    id.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn values_in(bytes: &[u8], record: &Record, wanted: &dyn Fn(&Node) -> bool, out: &mut Vec<Value>) {
    for (at, node) in record.nodes.iter().enumerate().filter(|(_, node)| wanted(node)) {
        out.push(match &node.value {
            Datum::Uint(n) => Value::Number((*n).into()),
            Datum::Mac(mac) => Value::Text(mac.to_string()),
            Datum::Ip(ip) => Value::Ip(*ip),
            Datum::Text(text) => Value::Text(text.to_string()),
            Datum::Raw if node.leaf => raw(bytes, node),
            Datum::Raw => group(bytes, record, at),
        });
    }
}

fn raw(bytes: &[u8], node: &Node) -> Value {
    let bytes = bytes.get(node.bits.start / 8..node.bits.end.div_ceil(8)).unwrap_or_default();
    match node.field.show {
        Show::Text => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        _ => Value::Bytes(bytes.to_vec()),
    }
}

/// A group's value: that of the field line that it is, or its text.
fn group(bytes: &[u8], record: &Record, at: usize) -> Value {
    let Some(node) = record.nodes.get(at) else { return Value::Bytes(Vec::new()) };
    let mut members = record.nodes.iter().skip(at + 1).take_while(|member| member.depth > node.depth);
    match members.find(|member| member.field.id == "http.field_value") {
        Some(value) if node.field.id.starts_with("http.field") => match &value.value {
            Datum::Text(text) => Value::Text(text.to_string()),
            _ => raw(bytes, value),
        },
        _ => {
            let bytes = bytes.get(node.bits.start / 8..node.bits.end.div_ceil(8)).unwrap_or_default();
            match std::str::from_utf8(bytes) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::Bytes(bytes.to_vec()),
            }
        }
    }
}
