//! The headers between IPv6 and the transport (RFC 8200 §4), as a receiver goes through them.

use wire::Packet;
use wire::ipv6::{Fragment, Header, NextHeader};

/// How many extension headers a packet may have (RFC 8504 §5.3 allows hosts a limit; Linux has one for their options).
const MAX_EXTENSIONS: usize = 8;

/// Where a walk along the headers has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// What stands here.
    pub(crate) kind: NextHeader,
    /// Where it starts, in bytes from the IPv6 header's start.
    pub(crate) at: usize,
    /// Where the field stands that says so.
    pub(crate) named_at: usize,
}

/// Where the chain of headers leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Chain {
    /// To a transport, or to something that is not an extension header known here.
    Upper(Place),
    /// To a fragment header of a piece of a packet.
    Fragment(Place, Fragment),
    /// Nowhere: the packet is to be discarded.
    Discard(&'static str),
    /// Nowhere: the packet is to be discarded and its sender told with this code of a parameter problem, and where the
    /// problem is. The last says whether that is so for a packet to a group, too.
    Problem(u8, usize, bool),
}

/// Codes of a parameter problem (RFC 4443 §3.4).
pub(crate) const ERRONEOUS: u8 = 0;
pub(crate) const UNKNOWN_HEADER: u8 = 1;
pub(crate) const UNKNOWN_OPTION: u8 = 2;
/// The first fragment does not hold all headers (RFC 7112 §5).
pub(crate) const INCOMPLETE_CHAIN: u8 = 3;

/// Goes along the headers of `packet`, which stand in its head as they are come to (RFC 8200 §4: in their order, each to its
/// end).
pub(crate) fn walk(packet: &mut Packet, header: &Header) -> Chain {
    let mut place = Place { kind: header.next_header, at: Header::LEN, named_at: 6 };
    for _ in 0..MAX_EXTENSIONS {
        match place.kind {
            // RFC 8200 §4.3: right behind the IPv6 header, or it is not known.
            NextHeader::HOP_BY_HOP if place.at == Header::LEN => {}
            NextHeader::DESTINATION | NextHeader::ROUTING => {}
            NextHeader::FRAGMENT => {
                let Some(bytes) = packet.pull(place.at + Fragment::LEN).and_then(|head| head.get(place.at..)) else {
                    return Chain::Discard("a fragment header that is cut short");
                };
                let fragment = Fragment::read(bytes);
                if fragment.offset != 0 || fragment.more {
                    return Chain::Fragment(place, fragment);
                }
                // RFC 6946 §4: a fragment that is the whole packet is put together with no other.
                place = Place { kind: fragment.next_header, at: place.at + Fragment::LEN, named_at: place.at };
                continue;
            }
            _ => return Chain::Upper(place),
        }
        let Some(&mut [next, units, ..]) = packet.pull(place.at + 8).and_then(|head| head.get_mut(place.at..)) else {
            return Chain::Discard("an extension header that is cut short");
        };
        let len = (usize::from(units) + 1) * 8;
        let Some(bytes) = packet.pull(place.at + len).and_then(|head| head.get(place.at..place.at + len)) else {
            return Chain::Discard("an extension header that is cut short, or longer than this machine reads");
        };
        let told = match place.kind {
            NextHeader::ROUTING => routing(bytes).map(|at| (ERRONEOUS, at, false)),
            _ => match options(bytes) {
                Verdict::Fine => None,
                Verdict::Discard => return Chain::Discard("an option that must be known and is not"),
                Verdict::Tell { at, groups } => Some((UNKNOWN_OPTION, at, groups)),
            },
        };
        if let Some((code, at, groups)) = told {
            return Chain::Problem(code, place.at + at, groups);
        }
        place = Place { kind: NextHeader(next), at: place.at + len, named_at: place.at };
    }
    Chain::Discard("more extension headers than a host must accept")
}

/// What becomes of a packet because of its options.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Fine,
    Discard,
    /// Discard, and tell the sender that the option at this byte is not known; for packets to a group, only if `groups`.
    Tell {
        at: usize,
        groups: bool,
    },
}

/// Reads the options of an extension header (RFC 8200 §4.2). None but padding is known: the first two bits of a type say what
/// becomes of the packet.
fn options(header: &[u8]) -> Verdict {
    let mut at = 2;
    while let Some(&kind) = header.get(at) {
        let len = match kind {
            0 => 1, // Pad1
            _ => 2 + usize::from(header.get(at + 1).copied().unwrap_or(0)),
        };
        if at + len > header.len() {
            return Verdict::Discard;
        }
        match (kind, kind >> 6) {
            (0 | 1, _) | (_, 0) => {}
            (_, 1) => return Verdict::Discard,
            (_, action) => return Verdict::Tell { at, groups: action == 2 },
        }
        at += len;
    }
    Verdict::Fine
}

/// Reads a routing header (RFC 8200 §4.4): one with waypoints left, of whatever type, is not known here (type 0 is gone for
/// good: RFC 5095 §3). Gives the place of the type where that is so.
fn routing(header: &[u8]) -> Option<usize> {
    header.get(3).filter(|&&left| left != 0).map(|_| 2)
}

#[cfg(test)]
mod tests {
    use wire::Body;
    use wire::ipv4::Protocol;

    use super::*;

    fn packet(extensions: &[u8], first: NextHeader) -> (Packet, Header) {
        let mut header =
            super::super::header("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap(), Protocol::UDP, 0);
        (header.next_header, header.payload_len) = (first, extensions.len() as u16);
        let mut bytes = vec![0; Header::LEN];
        header.write(&mut bytes);
        bytes.extend_from_slice(extensions);
        (Packet::new(Body::from(bytes)), header)
    }
    fn walked(extensions: &[u8], first: NextHeader) -> Chain {
        let (mut packet, header) = packet(extensions, first);
        walk(&mut packet, &header)
    }

    #[test]
    fn known_headers_are_passed_on_the_way_to_the_transport() {
        // Hop-by-hop with padding, a routing header without waypoints left, then UDP.
        let bytes = [43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 7];
        let upper = Place { kind: NextHeader::UDP, at: 56, named_at: 48 };
        assert_eq!(walked(&bytes, NextHeader::HOP_BY_HOP), Chain::Upper(upper));
        assert_eq!(
            walked(&[0; 8], NextHeader::UDP),
            Chain::Upper(Place { kind: NextHeader::UDP, at: 40, named_at: 6 })
        );
    }

    #[test]
    fn unknown_options_decide_by_their_first_bits() {
        let option = |kind| [17, 0, kind, 4, 0, 0, 0, 0];
        let first = NextHeader::DESTINATION;
        assert!(matches!(walked(&option(0x1e), first), Chain::Upper(_)), "skip");
        assert!(matches!(walked(&option(0x5e), first), Chain::Discard(_)));
        assert_eq!(walked(&option(0x9e), first), Chain::Problem(UNKNOWN_OPTION, 42, true));
        assert_eq!(walked(&option(0xde), first), Chain::Problem(UNKNOWN_OPTION, 42, false));
    }

    #[test]
    fn waypoints_are_refused() {
        assert_eq!(walked(&[17, 0, 0, 1, 0, 0, 0, 0], NextHeader::ROUTING), Chain::Problem(ERRONEOUS, 42, false));
    }

    #[test]
    fn a_fragment_that_is_the_whole_packet_is_none() {
        let mut bytes = [17, 0, 0, 0, 0, 0, 0, 9];
        let place = Place { kind: NextHeader::UDP, at: 48, named_at: 40 };
        assert_eq!(walked(&bytes, NextHeader::FRAGMENT), Chain::Upper(place));
        bytes[3] = 1;
        assert!(matches!(walked(&bytes, NextHeader::FRAGMENT), Chain::Fragment(..)));
    }

    proptest::proptest! {
        /// Whatever the bytes are, the walk ends.
        #[test]
        fn no_bytes_panic(first: u8, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            walked(&bytes, NextHeader(first));
        }
    }
}
