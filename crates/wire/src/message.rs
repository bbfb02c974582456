//! Messages in UDP datagrams, told apart by their ports.

use crate::frame::UDP_PAYLOAD;
use crate::{Malformed, Reader, Sink, dhcp, dns};

/// Multicast DNS (RFC 6762 §5.2) and its older relative LLMNR (RFC 4795 §2): the same format at other ports.
const LOCAL_DNS_PORTS: [u16; 2] = [5353, 5355];

/// Decodes a datagram's payload of `n` bytes: DNS or DHCP by its well-known ports, the bytes as they are otherwise.
pub(crate) fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>, ports: (u16, u16), n: usize) -> Result<(), Malformed> {
    let either = |port| ports.0 == port || ports.1 == port;
    if either(dns::PORT) || LOCAL_DNS_PORTS.iter().any(|port| either(*port)) {
        reader.within(n, |reader| dns::decode(reader)).map(drop)
    } else if either(dhcp::SERVER_PORT) || either(dhcp::CLIENT_PORT) {
        reader.within(n, |reader| dhcp::decode(reader)).map(drop)
    } else {
        reader.bytes(&UDP_PAYLOAD, n).map(drop)
    }
}
