//! To which conversation a packet belongs.

use super::Flow;
use crate::conversation::{ClientBy, Conversation, ConversationId, Direction, Endpoint, Key, Kind};

impl Flow {
    /// A packet of a conversation that keeps nothing but its packets.
    pub(super) fn plain(
        &mut self,
        number: u32,
        protocol: u16,
        src: Endpoint,
        dst: Endpoint,
        opening: bool,
        kind: Kind,
    ) {
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
    pub(super) fn open(
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
        let id = ConversationId(self.next_id);
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
        self.next_id += 1;
        self.current.insert(key, id);
        Some(id)
    }

    /// Packet `number` from `src` joins a conversation.
    pub(super) fn join(&mut self, number: u32, id: ConversationId, src: Endpoint) -> Option<Direction> {
        let (place, index) = (self.place(id)?, self.index(number)?);
        let (conversation, row) = (self.conversations.get_mut(place)?, self.rows.get_mut(index)?);
        let direction = if conversation.client == src { Direction::ToServer } else { Direction::ToClient };
        conversation.packets.push(number);
        conversation.last_at = conversation.last_at.max(row.at);
        row.conversation = Some(id);
        row.direction = direction;
        Some(direction)
    }
}

/// Whether servers listen at this port by convention: IANA's system ports, and the ports that HTTP, DNS and their kin
/// use beside them.
pub(super) fn server_port(port: u16) -> bool {
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
