//! Fragments (RFC 8200 §4.5): cut by the sender, put together by the receiver.

use std::net::Ipv6Addr;

use base::Duration;
use wire::ipv4::Ecn;
use wire::ipv6::{Fragment, Header, NextHeader};
use wire::{Body, Packet};

use crate::reassembly::Whole;

/// How long fragments wait for the rest (RFC 8200 §4.5; Linux `ip6frag_time`).
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
/// Where the next header stands in an IPv6 header, in bytes.
const NEXT_HEADER: usize = 6;

/// Which packet a fragment is of (RFC 8200 §4.5: source, destination and identification).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct FragmentKey {
    pub(crate) src: Ipv6Addr,
    pub(crate) dst: Ipv6Addr,
    pub(crate) id: u32,
}

/// Cuts the packet of `header` and `payload` into fragments that fit into `mtu` bytes, which is at least 1280.
pub(crate) fn fragments<'a>(
    header: &'a Header,
    payload: &'a Body,
    mtu: usize,
    id: u32,
) -> impl Iterator<Item = Packet> + 'a {
    let room = (mtu - Header::LEN - Fragment::LEN) / 8 * 8;
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= payload.len() {
            return None;
        }
        let end = (at + room).min(payload.len());
        let fragment = Fragment {
            next_header: header.next_header,
            reserved: 0,
            offset: (at / 8) as u16,
            reserved_2: 0,
            more: end < payload.len(),
            id,
        };
        let mut packet = Packet::new(payload.slice(at, end));
        fragment.write(packet.push(Fragment::LEN));
        let header =
            Header { payload_len: (Fragment::LEN + end - at) as u16, next_header: NextHeader::FRAGMENT, ..*header };
        header.write(packet.push(Header::LEN));
        at = end;
        Some(packet)
    })
}

/// The packet whose pieces are all there: the headers in front of the first piece's fragment header, which starts at
/// `fragment_at` (and whose kind stands at `named_at`), and all data behind them.
pub(crate) fn whole(whole: Whole, fragment_at: usize, named_at: usize) -> Option<Packet> {
    let mut first = whole.first;
    let fragment = Fragment::read(first.pull(fragment_at + Fragment::LEN)?.get(fragment_at..)?);
    let mut headers = first.head().get(..fragment_at)?.to_vec();
    *headers.get_mut(named_at)? = fragment.next_header.0;
    let mut header = Header::read(headers.get(..Header::LEN)?);
    header.payload_len = u16::try_from(fragment_at - Header::LEN + whole.data.len()).ok()?;
    if named_at == NEXT_HEADER {
        header.next_header = fragment.next_header;
    }
    // RFC 3168 §5.3: a mark on any fragment is a mark on the packet.
    if whole.marked && header.ecn != Ecn::NOT_ECT {
        header.ecn = Ecn::CE;
    }
    header.write(&mut headers);
    let mut packet = Packet::new(whole.data);
    packet.push(fragment_at).copy_from_slice(&headers);
    Some(packet)
}
