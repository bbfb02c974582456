//! The pass over the packets.

mod connecting;
mod joining;
mod transport;

pub(crate) use connecting::{Belongs, belongs, client_of};
pub(crate) use transport::{Captured, check, quoted, segment_of};

use base::Map;
use wire::Silent;
use wire::frame::{self, Frame, Network, Transport};

use crate::conversation::{Conversation, ConversationId, Direction, Key};
use crate::copies::{Copies, Identity};
use crate::exchanges::{
    ArpExchange, ArpExchanges, DhcpExchange, DhcpExchanges, DnsTransaction, DnsTransactions, NdExchange, NdExchanges,
};
use crate::fragments::{Fragment, Fragments};
use crate::open::shrink;
use crate::row::{NO_TCP, Packet, Payload, Row, RowKind, RowView};
use crate::tcp::{Silence, Silences, Tcp};
use crate::{Buffer, BufferRef, Dropped, Limits};

/// Everything that one pass over the packets finds out. Packets are pushed in the order of the capture and numbered from
/// 1; what is known at any moment can be read at that moment.
///
/// Bytes of packets are not kept (those of reassembled IP packets are): what needs them again, asks a [`crate::Source`].
#[derive(Debug, Default)]
pub struct Flow {
    limits: Limits,
    dropped: Dropped,
    rows: Vec<Row>,
    segments: Vec<Tcp>,
    conversations: Vec<Conversation>,
    current: Map<Key, ConversationId>,
    fragments: Fragments,
    copies: Copies,
    silences: Silences,
    silence: Silence,
    datagrams: Vec<Buffer>,
    datagram_bytes: usize,
    arp: ArpExchanges,
    nd: NdExchanges,
    dns: DnsTransactions,
    dhcp: DhcpExchanges,
    messages: usize,
    /// The id of the next conversation: one more than that of the last, unless another flow opens conversations as well.
    next_id: u32,
}

/// A packet as it stands in the whole capture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    pub number: u32,
    /// The packet of which it is a copy; 0 if it is none.
    pub copy_of: u32,
    /// The last long silence before it.
    pub silence: Silence,
}

impl Flow {
    /// An empty pass that stays within `limits`.
    pub fn new(limits: Limits) -> Flow {
        Flow { limits, ..Flow::default() }
    }

    /// So many packets are expected in all: there will be room for them, and what is known of the first ones is not copied when
    /// more arrive. Room that is not used costs no memory.
    pub fn expect(&mut self, packets: usize) {
        let more = packets.min(self.limits.packets as usize).saturating_sub(self.rows.len());
        // Without it, room is made as they arrive.
        let _ = self.rows.try_reserve_exact(more);
        let _ = self.segments.try_reserve_exact(more);
    }

    /// The packets, in order; packet `n` stands at index `n - 1`, unless this is a [`crate::Part`] of a capture.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
    /// Packet `number` (from 1), with what was found out about its segment.
    pub fn row(&self, number: u32) -> Option<RowView<'_>> {
        let row = self.rows.get(self.index(number)?)?;
        Some(RowView { row, tcp: self.tcp(row) })
    }
    /// The packets of a conversation, in order.
    pub fn packets<'a>(&'a self, conversation: &'a Conversation) -> impl Iterator<Item = RowView<'a>> + Clone {
        let mut next = 0;
        conversation.packets.iter().filter_map(move |&number| {
            // They stand close together, and often side by side.
            let here = self.rows.get(next).is_some_and(|row| row.number == number);
            let at = if here { next } else { self.index(number)? };
            next = at + 1;
            let row = self.rows.get(at)?;
            Some(RowView { row, tcp: self.tcp(row) })
        })
    }
    /// The TCP segments of a conversation, in order, each once: without copies of the same packet.
    pub fn segments<'a>(&'a self, conversation: &'a Conversation) -> impl Iterator<Item = (&'a Row, &'a Tcp)> + Clone {
        self.packets(conversation).filter(|view| view.row.copy_of == 0).filter_map(|view| Some((view.row, view.tcp?)))
    }
    /// What was found out about the TCP segment in `row`, if there is one.
    pub fn tcp(&self, row: &Row) -> Option<&Tcp> {
        self.segments.get(row.tcp_index()?)
    }
    /// The conversations, in order of their first packets.
    pub fn conversations(&self) -> &[Conversation] {
        &self.conversations
    }
    /// The conversation `id`.
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(self.place(id)?)
    }
    /// The payload of an IP packet that was put together from fragments, by [`BufferRef::Datagram`]'s number.
    pub fn datagram(&self, index: u32) -> Option<&Buffer> {
        self.datagrams.get(index as usize)
    }
    /// All such packets.
    pub fn datagrams(&self) -> &[Buffer] {
        &self.datagrams
    }
    /// ARP requests and their replies, in order.
    pub fn arp(&self) -> &[ArpExchange] {
        &self.arp.list
    }
    /// Neighbour discovery's questions and their answers, in order.
    pub fn nd(&self) -> &[NdExchange] {
        &self.nd.list
    }
    /// DNS queries over UDP and their responses, in order. Those over TCP stand in [`crate::Layers::dns`].
    pub fn dns(&self) -> &[DnsTransaction] {
        &self.dns.list
    }
    /// DHCP exchanges, in order.
    pub fn dhcp(&self) -> &[DhcpExchange] {
        &self.dhcp.list
    }
    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
    /// What the limits made it drop.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Takes the next packet in and gives its number, or `None` if the limit of packets is reached.
    pub fn push(&mut self, packet: Packet<'_>) -> Option<u32> {
        let decoded = Decoded::of(&packet);
        self.push_decoded(packet, decoded)
    }

    /// As [`Flow::push`], of a packet whose headers were decoded before.
    pub fn push_decoded(&mut self, packet: Packet<'_>, decoded: Decoded) -> Option<u32> {
        let number = self.rows.last().map_or(0, |row| row.number).checked_add(1)?;
        self.push_decoded_as(number, packet, decoded)
    }

    /// As [`Flow::push`], under a number of the caller's choice: of packets that are some of a longer capture. `None` as well
    /// if it is not higher than all before it.
    pub fn push_as(&mut self, number: u32, packet: Packet<'_>) -> Option<u32> {
        let decoded = Decoded::of(&packet);
        self.push_decoded_as(number, packet, decoded)
    }

    fn push_decoded_as(&mut self, number: u32, packet: Packet<'_>, decoded: Decoded) -> Option<u32> {
        if self.rows.len() >= self.limits.packets as usize {
            self.dropped.packets += 1;
            return None;
        }
        if self.rows.last().is_some_and(|row| row.number >= number) {
            return None;
        }
        let identity = Identity::of(&packet, &decoded.0);
        let copy_of = identity.map_or(0, |identity| self.copies.first_of(number, &identity));
        let silence = self.silences.passes(packet.at);
        self.take(Passed { number, copy_of, silence }, packet, &decoded.0);
        Some(number)
    }

    /// Takes a packet in that was decoded, under a number that is higher than all before it.
    pub(crate) fn take(&mut self, passed: Passed, packet: Packet<'_>, frame: &Frame) {
        let Passed { number, copy_of, silence } = passed;
        self.silence = silence;
        let original = packet.original_len.max(packet.bytes.len());
        let mut row = Row {
            number,
            at: packet.at,
            interface: packet.interface,
            link: packet.link,
            captured: small(packet.bytes.len()),
            original: small(original),
            kind: RowKind::Malformed,
            malformed: frame.malformed.is_some(),
            options_cut: frame.options_cut,
            checksum: frame.checksum,
            hop_limit: hop_limit(frame),
            conversation: None,
            direction: Direction::ToServer,
            about: None,
            payload: payload(frame, BufferRef::Frame(number)),
            datagram: None,
            tcp: NO_TCP,
            copy_of,
        };
        if frame.transport == Transport::Fragment {
            row.kind = RowKind::Fragment;
            let fragment = Fragment {
                interface: packet.interface,
                at: packet.at,
                number,
                network: frame.network,
                bytes: packet.bytes.get(frame.payload.clone()).unwrap_or_default(),
                offset: frame.payload.start,
                whole: frame.payload.len() == frame.payload_len,
            };
            let id = small(self.datagrams.len());
            let whole = match copy_of {
                0 => self.fragments.push(&fragment, id, &self.limits, &mut self.dropped),
                _ => None,
            };
            self.rows.push(row);
            if let Some(whole) = whole {
                self.completed(number, whole);
            }
        } else {
            self.rows.push(row);
            self.transport(number, frame, packet.bytes);
        }
    }

    /// Gives back room that is not needed where few more packets will come.
    pub(crate) fn shrink(&mut self) {
        shrink(&mut self.rows);
        shrink(&mut self.segments);
        self.conversations.iter_mut().for_each(|conversation| shrink(&mut conversation.packets));
    }

    /// Where packet `number` stands among the rows.
    fn index(&self, number: u32) -> Option<usize> {
        let dense = (number as usize).checked_sub(1)?;
        if self.rows.get(dense).is_some_and(|row| row.number == number) {
            return Some(dense);
        }
        let last = self.rows.len().checked_sub(1)?;
        if self.rows.get(last).is_some_and(|row| row.number == number) {
            return Some(last);
        }
        self.rows.binary_search_by_key(&number, |row| row.number).ok()
    }

    /// Where a conversation stands in the list.
    fn place(&self, id: ConversationId) -> Option<usize> {
        if self.conversations.get(id.index()).is_some_and(|conversation| conversation.id == id) {
            return Some(id.index());
        }
        self.conversations.binary_search_by_key(&id, |conversation| conversation.id).ok()
    }

    fn conversation_mut(&mut self, id: ConversationId) -> Option<&mut Conversation> {
        let place = self.place(id)?;
        self.conversations.get_mut(place)
    }

    /// The id that the next conversation gets: higher than all before it.
    pub(crate) fn set_next_id(&mut self, id: u32) {
        self.next_id = self.next_id.max(id);
    }
    pub(crate) fn next_id(&self) -> u32 {
        self.next_id
    }
    /// The conversation that packets of these ends belong to now.
    pub(crate) fn current(&self, key: &Key) -> Option<&Conversation> {
        self.conversation(*self.current.get(key)?)
    }

    /// The last fragment of an IP packet came as packet `number`.
    fn completed(&mut self, number: u32, whole: crate::fragments::Whole) {
        let id = small(self.datagrams.len());
        if self.datagram_bytes + whole.buffer.bytes.len() > self.limits.datagram_bytes {
            self.dropped.datagrams += 1;
            return;
        }
        let bytes = whole.buffer.bytes.clone();
        self.datagram_bytes += bytes.len();
        self.datagrams.push(whole.buffer);
        let frame = frame::decode_datagram(whole.network, &bytes, &mut Silent);
        if let Some(row) = self.row_mut(number) {
            row.payload = payload(&frame, BufferRef::Datagram(id));
            row.checksum = frame.checksum;
            row.malformed |= frame.malformed.is_some();
        }
        self.transport(number, &frame, &bytes);
        let last = self.row(number).map(|view| *view.row);
        for n in whole.frames {
            let Some(row) = self.row_mut(n) else { continue };
            row.datagram = Some(id);
            let Some((last, conversation)) = last.and_then(|last| Some((last, last.conversation?))) else { continue };
            if n != number {
                row.conversation = Some(conversation);
                row.direction = last.direction;
                let at = row.at;
                if let Some(conversation) = self.conversation_mut(conversation) {
                    let place = conversation.packets.partition_point(|&other| other < n);
                    conversation.packets.insert(place, n);
                    conversation.first_at = conversation.first_at.min(at);
                }
            }
        }
    }

    fn set_kind(&mut self, number: u32, kind: RowKind) {
        if let Some(row) = self.row_mut(number) {
            row.kind = kind;
        }
    }

    fn row_mut(&mut self, number: u32) -> Option<&mut Row> {
        let index = self.index(number)?;
        self.rows.get_mut(index)
    }
}

/// A packet's headers, decoded: that needs nothing of the packets before it, and can be done on a thread of its own.
#[derive(Debug)]
pub struct Decoded(Frame);

impl Decoded {
    /// Decodes them, and verifies the transport's checksum.
    pub fn of(packet: &Packet<'_>) -> Decoded {
        Decoded(decode(packet))
    }
}

pub(crate) fn decode(packet: &Packet<'_>) -> Frame {
    frame::decode(packet.link, packet.bytes, packet.original_len.max(packet.bytes.len()), &mut Silent)
}

fn hop_limit(frame: &Frame) -> Option<u8> {
    match &frame.network {
        Network::Ipv4(header) => Some(header.ttl),
        Network::Ipv6(decoded) => Some(decoded.header.hop_limit),
        _ => None,
    }
}

pub(crate) fn payload(frame: &Frame, buffer: BufferRef) -> Payload {
    Payload {
        buffer,
        at: small(frame.payload.start),
        len: small(frame.payload.len()),
        claimed: small(frame.payload_len.max(frame.payload.len())),
    }
}

/// Lengths and indices that a capture's own formats keep below 2^32; more is cut.
pub(crate) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
