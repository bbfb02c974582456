//! NewSessionTicket of TLS 1.3 (RFC 8446 §4.6.1) and TLS 1.2 (RFC 5077 §3.3).

use super::Version;
use super::extensions::{Place, TICKET, extensions};
use super::handshake::Context;
use super::parts::opaque_with;
use crate::{Malformed, Note, Reader, Sink};

crate::fields! {
    /// Fields of tickets.
    pub TICKET_FIELDS;
    LIFETIME = "tls.ticket.lifetime", "Ticket lifetime", "RFC 8446 §4.6.1", Seconds, "how long the ticket can be used; at most seven days";
    LIFETIME_HINT = "tls.ticket.lifetime_hint", "Ticket lifetime hint", "RFC 5077 §3.3", Seconds, "how long the server means to accept the ticket; 0 leaves it to the client";
    AGE_ADD = "tls.ticket.age_add", "Ticket age add", "RFC 8446 §4.6.1", Dec, "a secret number that the client adds to the ticket's age, so that visits cannot be linked";
    TICKET_LEN = "tls.ticket.len", "Ticket length", "RFC 5077 §3.3", Octets, "the bytes of the ticket; 0 in TLS 1.2: no ticket after all";
    NONCE_LEN = "tls.ticket.nonce.len", "Ticket nonce length", "RFC 8446 §4.6.1", Octets, "the bytes of the nonce";
    NONCE = "tls.ticket.nonce", "Ticket nonce", "RFC 8446 §4.6.1", Bytes, "makes the keys of several tickets differ";
}

/// A ticket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSessionTicket {
    /// How long it can be used, in seconds (a hint in TLS 1.2).
    pub lifetime: u32,
    /// What the client adds to the ticket's age (TLS 1.3; 0 before).
    pub age_add: u32,
    /// Tells tickets of one connection apart (TLS 1.3; empty before).
    pub nonce: Vec<u8>,
    /// The ticket itself.
    pub ticket: Vec<u8>,
    /// How many bytes may be sent as early data with it.
    pub max_early_data: Option<u32>,
}

pub(super) fn new_session_ticket<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    context: &Context,
) -> Result<NewSessionTicket, Malformed> {
    let tls13 = match (context.version, reader.peek()) {
        (Some(version), _) => Version::is_tls13(version),
        // TLS 1.2's ticket fills the message behind its lifetime.
        (None, message @ &[_, _, _, _, a, b, ..]) => usize::from(u16::from_be_bytes([a, b])) != message.len() - 6,
        _ => true,
    };
    if !tls13 {
        let lifetime = reader.u32(&LIFETIME_HINT)?;
        let ticket = opaque_with(reader, &TICKET_LEN, &TICKET, 16)?.to_vec();
        return Ok(NewSessionTicket { lifetime, age_add: 0, nonce: Vec::new(), ticket, max_early_data: None });
    }
    let lifetime = reader.u32(&LIFETIME)?;
    if lifetime > 604_800 {
        reader.note(Note::Remark("more than seven days: clients must not keep it that long (RFC 8446 §4.6.1)"));
    }
    let age_add = reader.u32(&AGE_ADD)?;
    let nonce = opaque_with(reader, &NONCE_LEN, &NONCE, 8)?.to_vec();
    let ticket = opaque_with(reader, &TICKET_LEN, &TICKET, 16)?.to_vec();
    let max_early_data = extensions(reader, Place::NewSessionTicket)?.max_early_data;
    Ok(NewSessionTicket { lifetime, age_add, nonce, ticket, max_early_data })
}
