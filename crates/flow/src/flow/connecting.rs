//! To which TCP connection a segment belongs, and when one begins anew between the same ports.

use wire::tcp::Flags;

use super::joining::server_port;
use super::{Flow, small};
use crate::conversation::{ClientBy, ConversationId, Direction, Endpoint, Key, Kind};
use crate::tcp::{self, Connection, Segment, Tcp, Verdicts};

impl Flow {
    /// A TCP segment: finds its connection, or opens one.
    pub(super) fn segment(&mut self, number: u32, src: Endpoint, dst: Endpoint, segment: Segment) {
        let segment = Segment { silence: self.silence, ..segment };
        let Some((interface, copy_of)) = self.row_mut(number).map(|row| (row.interface, row.copy_of)) else { return };
        if copy_of != 0 && self.copied(number, copy_of, src, &segment) {
            return;
        }
        let key = Key::new(interface, 6, src, dst);
        let current = self.current.get(&key).copied();
        let mut verdicts = Verdicts::NONE;
        let id = match current {
            None => self.open_tcp(number, key, src, dst, &segment, None),
            Some(id) => {
                let Some(conversation) = self.conversation_mut(id) else { return };
                let client = conversation.client == src;
                let direction = if client { Direction::ToServer } else { Direction::ToClient };
                let Kind::Tcp(connection) = &mut conversation.kind else { return };
                match belongs(connection, direction, &segment) {
                    Belongs::Own => Some(id),
                    Belongs::Opens => {
                        verdicts = Verdicts::PORT_REUSED;
                        self.open_tcp(number, key, src, dst, &segment, Some(id))
                    }
                    Belongs::Challenges => {
                        let tcp = connection.challenge(direction, segment);
                        self.join(number, id, src);
                        self.set_tcp(number, tcp);
                        return;
                    }
                    Belongs::Answers => self.promote(id, key, dst, &segment),
                }
            }
        };
        let Some(id) = id else { return };
        self.push_segment(number, id, src, &segment, verdicts);
    }

    /// A copy of packet `first`: it joins that one's connection and changes nothing there. Gives whether that is known.
    fn copied(&mut self, number: u32, first: u32, src: Endpoint, segment: &Segment) -> bool {
        let Some(id) = self.row(first).and_then(|view| view.row.conversation) else { return false };
        let Some(direction) = self.join(number, id, src) else { return false };
        let Some(Kind::Tcp(connection)) = self.conversation(id).map(|conversation| &conversation.kind) else {
            return false;
        };
        let tcp = connection.copied(direction, segment, first);
        self.set_tcp(number, tcp);
        true
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
        let by = client_of(segment, src, dst);
        self.open(number, key, by, previous, Kind::Tcp(Box::default()))
    }

    /// A SYN inside an open connection was answered by SYN and ACK: it opened a new connection, to which it moves.
    fn promote(&mut self, old: ConversationId, key: Key, opener: Endpoint, answer: &Segment) -> Option<ConversationId> {
        let conversation = self.conversation_mut(old)?;
        let other = if conversation.client == opener { conversation.server } else { conversation.client };
        let Kind::Tcp(connection) = &mut conversation.kind else { return None };
        let opening = connection.opened_by(answer);
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
        let limits = self.limits;
        let Some(conversation) = self.conversation_mut(id) else { return };
        let Kind::Tcp(connection) = &mut conversation.kind else { return };
        let mut tcp = connection.push(direction, segment, &limits);
        tcp.verdicts |= verdicts;
        let believed = connection.believed();
        self.set_tcp(number, tcp);
        for (earlier, tcp) in believed {
            self.set_tcp(earlier, tcp);
        }
    }

    fn set_tcp(&mut self, number: u32, tcp: Tcp) {
        let index = small(self.segments.len());
        let Some(row) = self.row_mut(number) else { return };
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
}

/// What a segment is to the connection that its addresses and ports have.
pub(crate) enum Belongs {
    /// Its own; of a SYN: the first, the same again, or the other side's in a simultaneous open.
    Own,
    /// A SYN that opens a new one.
    Opens,
    /// A SYN although the connection is open: the answer will tell.
    Challenges,
    /// It answers such a SYN, and so they open a new one.
    Answers,
}

pub(crate) fn belongs(connection: &Connection, direction: Direction, segment: &Segment) -> Belongs {
    let asks = segment.flags.contains(Flags::SYN) && !segment.flags.intersects(Flags(Flags::ACK.0 | Flags::RST.0));
    if asks {
        foreign_syn(connection, direction, segment)
    } else if connection.answers_challenger(direction, segment) {
        Belongs::Answers
    } else {
        Belongs::Own
    }
}

fn foreign_syn(connection: &Connection, direction: Direction, segment: &Segment) -> Belongs {
    let (me, peer) = (connection.half(direction), connection.half(direction.opposite()));
    let nothing_yet = me.counts().packets == 0 && !connection.was_open() && peer.syn_frame().is_some();
    if nothing_yet && !connection.reset() {
        return Belongs::Own; // RFC 9293 §3.5, figure 7: simultaneous open
    }
    let same = tcp::same_isn(me, segment.seq);
    if same && !(connection.over() && connection.was_open()) {
        return Belongs::Own;
    }
    if connection.over() { Belongs::Opens } else { Belongs::Challenges }
}

/// Client and server of a connection by its first segment, and why.
pub(crate) fn client_of(segment: &Segment, src: Endpoint, dst: Endpoint) -> (Endpoint, Endpoint, ClientBy) {
    // RFC 9293 §3.5: the active opener's SYN has no acknowledgment, the answer has one.
    match (segment.flags.contains(Flags::SYN), segment.flags.contains(Flags::ACK)) {
        (true, false) => (src, dst, ClientBy::Opening),
        (true, true) => (dst, src, ClientBy::Opening),
        _ if server_port(src.port) && !server_port(dst.port) => (dst, src, ClientBy::Port),
        _ if server_port(dst.port) && !server_port(src.port) => (src, dst, ClientBy::Port),
        _ => (src, dst, ClientBy::FirstSender),
    }
}
