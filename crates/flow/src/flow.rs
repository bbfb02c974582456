//! The pass over the packets.

use base::Map;
use wire::frame::{self, Checksum, Frame, Network, Transport};
use wire::tcp::Flags;
use wire::{Silent, pseudo_header};

use crate::conversation::{self, ClientBy, Conversation, ConversationId, Direction, Endpoint, Key, Kind};
use crate::exchanges::{ArpExchange, ArpExchanges, DhcpExchange, DhcpExchanges, DnsTransaction, DnsTransactions};
use crate::fragments::{Fragment, Fragments};
use crate::row::{NO_TCP, Packet, Payload, Row, RowKind, RowView};
use crate::tcp::{self, Check, Connection, Segment, Tcp, Verdicts};
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
    datagrams: Vec<Buffer>,
    datagram_bytes: usize,
    arp: ArpExchanges,
    dns: DnsTransactions,
    dhcp: DhcpExchanges,
    messages: usize,
}

impl Flow {
    /// An empty pass that stays within `limits`.
    pub fn new(limits: Limits) -> Flow {
        Flow { limits, ..Flow::default() }
    }

    /// The packets, in order; packet `n` stands at index `n - 1`.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
    /// Packet `number` (from 1), with what was found out about its segment.
    pub fn row(&self, number: u32) -> Option<RowView<'_>> {
        let row = self.rows.get((number as usize).checked_sub(1)?)?;
        Some(RowView { row, tcp: self.tcp(row) })
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
        self.conversations.get(id.index())
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
        let number = u32::try_from(self.rows.len() + 1).ok().filter(|&n| n <= self.limits.packets);
        let Some(number) = number else {
            self.dropped.packets += 1;
            return None;
        };
        let original = packet.original_len.max(packet.bytes.len());
        let frame = frame::decode(packet.link, packet.bytes, original, &mut Silent);
        let mut row = Row {
            number,
            at: packet.at,
            interface: packet.interface,
            link: packet.link,
            captured: small(packet.bytes.len()),
            original: small(original),
            kind: RowKind::Malformed,
            malformed: frame.malformed.is_some(),
            checksum: frame.checksum,
            conversation: None,
            direction: Direction::ToServer,
            about: None,
            payload: payload(&frame, BufferRef::Frame(number)),
            datagram: None,
            tcp: NO_TCP,
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
            let whole = self.fragments.push(&fragment, id, &self.limits, &mut self.dropped);
            self.rows.push(row);
            if let Some(whole) = whole {
                self.completed(number, whole);
            }
        } else {
            self.rows.push(row);
            self.transport(number, frame, packet.bytes);
        }
        Some(number)
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
        let mut frame = frame::decode_datagram(whole.network, &bytes, &mut Silent);
        frame.network = whole.network;
        if let Some(row) = self.row_mut(number) {
            row.payload = payload(&frame, BufferRef::Datagram(id));
            row.checksum = frame.checksum;
            row.malformed |= frame.malformed.is_some();
        }
        self.transport(number, frame, &bytes);
        let last = self.rows.get(number as usize - 1).copied();
        for n in whole.frames {
            let Some(row) = self.row_mut(n) else { continue };
            row.datagram = Some(id);
            let Some((last, conversation)) = last.and_then(|last| Some((last, last.conversation?))) else { continue };
            if n != number {
                row.conversation = Some(conversation);
                row.direction = last.direction;
                let at = row.at;
                if let Some(conversation) = self.conversations.get_mut(conversation.index()) {
                    let place = conversation.packets.partition_point(|&other| other < n);
                    conversation.packets.insert(place, n);
                    conversation.first_at = conversation.first_at.min(at);
                }
            }
        }
    }

    /// Gives the packet's transport to its conversation. `bytes` are those that the frame's ranges count in.
    fn transport(&mut self, number: u32, frame: Frame, bytes: &[u8]) {
        let Some(addresses) = frame.addresses() else {
            let kind = match frame.malformed {
                Some(_) => RowKind::Malformed,
                None => RowKind::Link,
            };
            self.set_kind(number, kind);
            return;
        };
        let ports = frame.ports().unwrap_or((0, 0));
        let mut src = Endpoint { ip: addresses.0, port: ports.0 };
        let mut dst = Endpoint { ip: addresses.1, port: ports.1 };
        if let Network::Arp(arp) = &frame.network {
            self.set_kind(number, RowKind::Arp(arp.operation.0));
            let opening = arp.operation == wire::arp::Operation::REQUEST;
            self.plain(number, conversation::ARP, src, dst, opening, Kind::Arp);
            if let Some((interface, at)) = self.message(number) {
                self.arp.push(interface, number, at, arp);
            }
            return;
        }
        match frame.transport {
            Transport::Tcp(header, options) => {
                self.set_kind(number, RowKind::Tcp);
                let checksum = match frame.checksum {
                    Checksum::Unverified => Check::Unverified,
                    Checksum::Good => Check::Good,
                    // Linux leaves the pseudo header's sum, not complemented, for the card to complete.
                    Checksum::Bad => {
                        let len = header.header_len() + frame.payload_len;
                        let partial = !pseudo_header(src.ip, dst.ip, 6, len).checksum();
                        if header.checksum == partial { Check::Partial } else { Check::Bad }
                    }
                };
                let Some(row) = self.row_mut(number) else { return };
                let segment = Segment {
                    frame: number,
                    at: row.at,
                    seq: wire::tcp::Seq(header.seq),
                    ack: wire::tcp::Seq(header.ack),
                    flags: header.flags(),
                    window: header.window,
                    options,
                    len: row.payload.claimed,
                    captured: row.payload.len,
                    buffer: row.payload.buffer,
                    offset: row.payload.at,
                    wire_len: row.original,
                    checksum,
                };
                self.segment(number, src, dst, segment);
            }
            Transport::Udp(_) => {
                self.set_kind(number, RowKind::Udp);
                self.plain(number, 17, src, dst, false, Kind::Udp);
                let payload = bytes.get(frame.payload.clone()).unwrap_or_default();
                if payload.len() == frame.payload_len {
                    self.datagram_message(number, ports, payload);
                }
            }
            Transport::Icmp(icmp) => {
                self.set_kind(number, RowKind::Icmp(icmp.kind.0, icmp.code));
                if icmp.is_error() {
                    let about = self.quoted(number, bytes.get(frame.payload.clone()).unwrap_or_default());
                    if let Some(row) = self.row_mut(number) {
                        row.about = about;
                    }
                } else if matches!(icmp.kind.0, 0 | 8) {
                    // An echo's two packets carry one identifier: it stands for the client's port.
                    let client = if icmp.kind.0 == 8 { &mut src } else { &mut dst };
                    client.port = icmp.echo().0;
                }
                self.plain(number, 1, src, dst, icmp.kind.0 == 8, Kind::Icmp);
            }
            Transport::Icmpv6(icmp) => {
                self.set_kind(number, RowKind::Icmpv6(icmp.kind.0, icmp.code));
                self.plain(number, 58, src, dst, icmp.kind.0 == 128, Kind::Icmp);
            }
            Transport::Other(protocol) => {
                self.set_kind(number, RowKind::Ip(protocol.0));
                self.plain(number, protocol.0.into(), src, dst, false, Kind::Other(protocol.0));
            }
            Transport::None | Transport::Fragment => {
                self.set_kind(number, RowKind::Malformed);
            }
        }
    }

    /// A UDP datagram of `ports`: DNS or DHCP by its ports, as wire's decoders choose.
    fn datagram_message(&mut self, number: u32, ports: (u16, u16), payload: &[u8]) {
        let either = |port| ports.0 == port || ports.1 == port;
        if either(wire::dns::PORT) {
            let Some(conversation) = self.row_mut(number).and_then(|row| row.conversation) else { return };
            if let Ok(message) = wire::dns::Message::parse(payload)
                && let Some((_, at)) = self.message(number)
            {
                self.dns.push(conversation, number, at, &message);
            }
        } else if (either(wire::dhcp::SERVER_PORT) || either(wire::dhcp::CLIENT_PORT))
            && let Ok(message) = wire::dhcp::Message::parse(payload)
            && let Some((interface, at)) = self.message(number)
        {
            self.dhcp.push(interface, number, at, &message);
        }
    }

    /// Counts a message that is kept, unless there are too many: its interface and time.
    fn message(&mut self, number: u32) -> Option<(u32, base::Instant)> {
        if self.messages >= self.limits.messages {
            self.dropped.messages += 1;
            return None;
        }
        self.messages += 1;
        self.row_mut(number).map(|row| (row.interface, row.at))
    }

    /// The conversation of the packet that an ICMP error quotes: an IPv4 header and at least eight bytes behind it (RFC
    /// 792).
    fn quoted(&mut self, number: u32, quote: &[u8]) -> Option<ConversationId> {
        let header = quote.get(..wire::ipv4::Header::LEN).map(wire::ipv4::Header::read)?;
        let rest = quote.get(header.header_len().max(wire::ipv4::Header::LEN)..)?;
        let ports = match (header.protocol.0, rest) {
            (6 | 17, [a, b, c, d, ..]) => (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
            _ => (0, 0),
        };
        let interface = self.row_mut(number)?.interface;
        let src = Endpoint { ip: header.src.into(), port: ports.0 };
        let dst = Endpoint { ip: header.dst.into(), port: ports.1 };
        self.current.get(&Key::new(interface, header.protocol.0.into(), src, dst)).copied()
    }

    /// A packet of a conversation that keeps nothing but its packets.
    fn plain(&mut self, number: u32, protocol: u16, src: Endpoint, dst: Endpoint, opening: bool, kind: Kind) {
        let Some(interface) = self.row_mut(number).map(|row| row.interface) else { return };
        let key = Key::new(interface, protocol, src, dst);
        let id = match self.current.get(&key) {
            Some(&id) => Some(id),
            None => {
                let by = if opening {
                    (src, dst, ClientBy::Opening)
                } else if server_port(src.port) && !server_port(dst.port) {
                    (dst, src, ClientBy::Port)
                } else if server_port(dst.port) && !server_port(src.port) {
                    (src, dst, ClientBy::Port)
                } else {
                    (src, dst, ClientBy::FirstSender)
                };
                self.open(number, key, by, None, kind)
            }
        };
        if let Some(id) = id {
            self.join(number, id, src);
        }
    }

    /// Opens a conversation with packet `number`, which joins it later.
    fn open(
        &mut self,
        number: u32,
        key: Key,
        (client, server, client_by): (Endpoint, Endpoint, ClientBy),
        previous: Option<ConversationId>,
        kind: Kind,
    ) -> Option<ConversationId> {
        if self.conversations.len() >= self.limits.conversations as usize {
            self.dropped.conversations += 1;
            return None;
        }
        let (at, interface) = self.row_mut(number).map(|row| (row.at, row.interface))?;
        let id = ConversationId(small(self.conversations.len()));
        let incarnation = previous.and_then(|id| self.conversation(id)).map_or(0, |old| old.incarnation + 1);
        self.conversations.push(Conversation {
            id,
            interface,
            client,
            server,
            client_by,
            incarnation,
            previous,
            first_at: at,
            last_at: at,
            packets: Vec::new(),
            kind,
        });
        self.current.insert(key, id);
        Some(id)
    }

    /// Packet `number` from `src` joins a conversation.
    fn join(&mut self, number: u32, id: ConversationId, src: Endpoint) -> Option<Direction> {
        let conversation = self.conversations.get_mut(id.index())?;
        let row = self.rows.get_mut((number as usize).checked_sub(1)?)?;
        let direction = if conversation.client == src { Direction::ToServer } else { Direction::ToClient };
        conversation.packets.push(number);
        conversation.last_at = conversation.last_at.max(row.at);
        row.conversation = Some(id);
        row.direction = direction;
        Some(direction)
    }

    /// A TCP segment: finds its connection, or opens one.
    fn segment(&mut self, number: u32, src: Endpoint, dst: Endpoint, segment: Segment) {
        let Some(interface) = self.row_mut(number).map(|row| row.interface) else { return };
        let key = Key::new(interface, 6, src, dst);
        let syn = segment.flags.contains(Flags::SYN) && !segment.flags.contains(Flags::RST);
        let current = self.current.get(&key).copied();
        let mut verdicts = Verdicts::NONE;
        let id = match current {
            None => self.open_tcp(number, key, src, dst, &segment, None),
            Some(id) => {
                let Some(conversation) = self.conversations.get_mut(id.index()) else { return };
                let client = conversation.client == src;
                let direction = if client { Direction::ToServer } else { Direction::ToClient };
                let Kind::Tcp(connection) = &mut conversation.kind else { return };
                if syn && !segment.flags.contains(Flags::ACK) {
                    match foreign_syn(connection, direction, &segment) {
                        Syn::Own => Some(id),
                        Syn::Opens => {
                            verdicts = Verdicts::PORT_REUSED;
                            self.open_tcp(number, key, src, dst, &segment, Some(id))
                        }
                        Syn::Challenges => {
                            let tcp = connection.challenge(direction, segment);
                            self.join(number, id, src);
                            self.set_tcp(number, tcp);
                            return;
                        }
                    }
                } else if connection.answers_challenger(direction, &segment) {
                    self.promote(id, key, dst, &segment)
                } else {
                    Some(id)
                }
            }
        };
        let Some(id) = id else { return };
        self.push_segment(number, id, src, &segment, verdicts);
    }

    /// Opens a connection with its first segment.
    fn open_tcp(
        &mut self,
        number: u32,
        key: Key,
        src: Endpoint,
        dst: Endpoint,
        segment: &Segment,
        previous: Option<ConversationId>,
    ) -> Option<ConversationId> {
        // RFC 9293 §3.5: the active opener's SYN has no acknowledgment, the answer has one.
        let by = match (segment.flags.contains(Flags::SYN), segment.flags.contains(Flags::ACK)) {
            (true, false) => (src, dst, ClientBy::Opening),
            (true, true) => (dst, src, ClientBy::Opening),
            _ if server_port(src.port) && !server_port(dst.port) => (dst, src, ClientBy::Port),
            _ if server_port(dst.port) && !server_port(src.port) => (src, dst, ClientBy::Port),
            _ => (src, dst, ClientBy::FirstSender),
        };
        self.open(number, key, by, previous, Kind::Tcp(Box::default()))
    }

    /// A SYN inside an open connection was answered by SYN and ACK: it opened a new connection, to which it moves.
    fn promote(&mut self, old: ConversationId, key: Key, opener: Endpoint, answer: &Segment) -> Option<ConversationId> {
        let conversation = self.conversations.get_mut(old.index())?;
        let other = if conversation.client == opener { conversation.server } else { conversation.client };
        let Kind::Tcp(connection) = &mut conversation.kind else { return None };
        let challengers = std::mem::take(&mut connection.challengers);
        let opening: Vec<Segment> =
            challengers.into_iter().map(|(_, syn)| *syn).filter(|syn| syn.seq + 1 == answer.ack).collect();
        conversation.packets.retain(|number| opening.iter().all(|syn| syn.frame != *number));
        let first = opening.first()?;
        let id = self.open_tcp(first.frame, key, opener, other, first, Some(old))?;
        for (i, syn) in opening.iter().enumerate() {
            let verdicts = if i == 0 { Verdicts::PORT_REUSED } else { Verdicts::NONE };
            self.push_segment(syn.frame, id, opener, syn, verdicts);
        }
        Some(id)
    }

    fn push_segment(&mut self, number: u32, id: ConversationId, src: Endpoint, segment: &Segment, verdicts: Verdicts) {
        let Some(direction) = self.join(number, id, src) else { return };
        let Some(conversation) = self.conversations.get_mut(id.index()) else { return };
        let Kind::Tcp(connection) = &mut conversation.kind else { return };
        let mut tcp = connection.push(direction, segment, &self.limits);
        tcp.verdicts |= verdicts;
        self.set_tcp(number, tcp);
    }

    fn set_tcp(&mut self, number: u32, tcp: Tcp) {
        let index = small(self.segments.len());
        let Some(row) = self.rows.get_mut((number as usize).wrapping_sub(1)) else { return };
        match row.tcp_index() {
            Some(at) => {
                if let Some(slot) = self.segments.get_mut(at) {
                    *slot = tcp;
                }
            }
            None => {
                row.tcp = index;
                self.segments.push(tcp);
            }
        }
    }

    fn set_kind(&mut self, number: u32, kind: RowKind) {
        if let Some(row) = self.row_mut(number) {
            row.kind = kind;
        }
    }

    fn row_mut(&mut self, number: u32) -> Option<&mut Row> {
        self.rows.get_mut((number as usize).checked_sub(1)?)
    }
}

/// What a SYN without ACK is to the connection that its addresses and ports have.
enum Syn {
    /// Its own: the first, the same again, or the other side's in a simultaneous open.
    Own,
    /// It opens a new one.
    Opens,
    /// The connection is open: the answer will tell.
    Challenges,
}

fn foreign_syn(connection: &Connection, direction: Direction, segment: &Segment) -> Syn {
    let (me, peer) = (connection.half(direction), connection.half(direction.opposite()));
    let nothing_yet = me.counts().packets == 0 && !connection.was_open() && peer.syn_frame().is_some();
    if nothing_yet && !connection.reset() {
        return Syn::Own; // RFC 9293 §3.5, figure 7: simultaneous open
    }
    let same = tcp::same_isn(me, segment.seq);
    if same && !(connection.over() && connection.was_open()) {
        return Syn::Own;
    }
    if connection.over() { Syn::Opens } else { Syn::Challenges }
}

/// Whether servers listen at this port by convention: IANA's system ports, and the ports that HTTP, DNS and their kin
/// use beside them.
fn server_port(port: u16) -> bool {
    matches!(
        port,
        1..=1023
            | 3000
            | 3010
            | 3128
            | 3306
            | 3389
            | 3478
            | 5000
            | 5353
            | 5432
            | 6379
            | 8000
            | 8008
            | 8080
            | 8443
            | 8888
            | 9000
            | 9090
    )
}

fn payload(frame: &Frame, buffer: BufferRef) -> Payload {
    Payload {
        buffer,
        at: small(frame.payload.start),
        len: small(frame.payload.len()),
        claimed: small(frame.payload_len.max(frame.payload.len())),
    }
}

/// Lengths and indices that a capture's own formats keep below 2^32; more is cut.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
