//! The older framing of IEEE 802.3: the frame's type is its length, and an LLC header says what follows, with SNAP an EtherType.

use crate::ethernet::EtherType;
use crate::{Malformed, Reader, Sink, open_enum};

open_enum! {
    /// A service access point: whom LLC serves.
    pub struct Sap(u8) {
        SPANNING_TREE = 0x42, "spanning tree", "IEEE 802.1D §9", "a message of the spanning tree, by which switches avoid loops";
        SNAP = 0xaa, "SNAP", "RFC 1042", "a SNAP header follows, which names the protocol";
        OSI = 0xfe, "OSI", "RFC 1195 §1.4", "a protocol of OSI's network layer, in practice IS-IS routing";
    }
}

crate::header! {
    /// An LLC header with one byte of control: 3 bytes.
    pub struct Llc, mod field = "llc", "LLC", "IEEE 802.2 §3.2",
        "says what a frame carries that has a length in the place of the type";
    dsap: Sap = 8, Hex, "Destination service", "IEEE 802.2 §3.3", "whom at the receiver the frame is for", codes Sap::CODES;
    ssap: Sap = 8, Hex, "Source service", "IEEE 802.2 §3.3", "who at the sender sent it; the lowest bit marks an answer", codes Sap::CODES;
    control: u8 = 8, Hex, "Control", "IEEE 802.2 §3.3", "3 for a frame that is neither numbered nor acknowledged";
}

crate::header! {
    /// A SNAP header: 5 bytes.
    pub struct Snap, mod snap = "snap", "SNAP", "RFC 1042", "names the protocol by an EtherType behind an LLC header";
    oui: u32 = 24, Hex, "Organization", "RFC 1042", "whose numbers the type is of: zero for EtherTypes";
    ethertype: EtherType = 16, Hex, "Type", "RFC 1042", "which protocol's packet follows", codes EtherType::CODES;
}

/// The largest value that is a length where a frame has its type (IEEE 802.3 §3.2.6).
pub(crate) const MAX_LENGTH: u16 = 1500;
/// What Linux' cooked headers hold in place of a type where LLC follows (`ETH_P_802_2`).
pub(crate) const COOKED: EtherType = EtherType(4);
/// Control of unnumbered information.
const UNNUMBERED: u8 = 3;

/// Reads the headers behind a length. `None` if what follows is no packet of an EtherType.
pub(crate) fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Option<EtherType>, Malformed> {
    match reader.peek() {
        // Novell's first framing has no LLC at all: IPX begins with the checksum ff ff.
        [0xff, 0xff, ..] => return Ok(None),
        // IEEE 802.2 §3.3: frames that are numbered have two bytes of control.
        [_, _, control, ..] if control & 3 == 3 => {}
        _ => return Ok(None),
    }
    let header = reader.group(&field::GROUP, |reader| Llc::decode(reader))?;
    if header.dsap != Sap::SNAP || header.control != UNNUMBERED || reader.remaining() < Snap::LEN {
        return Ok(None);
    }
    let snap = reader.group(&snap::GROUP, |reader| Snap::decode(reader))?;
    // RFC 1042: under zero stand EtherTypes. IEEE 802.1H has under 00-00-f8 those that bridges translate.
    Ok(matches!(snap.oui, 0 | 0xf8).then_some(snap.ethertype))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::frame::{self, Transport};
    use crate::ipv4::{self, Protocol};
    use crate::link::LinkType;
    use crate::{Record, Silent, udp};

    /// A datagram of 2 bytes over IPv4.
    fn packet() -> Vec<u8> {
        let (src, dst) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        let mut bytes = ipv4::Header::new(src, dst, Protocol::UDP, udp::Header::LEN + 2).plain_bytes().to_vec();
        bytes.extend([0x30, 0x39, 0x27, 0x0f, 0, 10, 0, 0, b'h', b'i']);
        bytes
    }

    /// Behind addresses (and a VLAN tag): the length, LLC and SNAP with `oui`, the packet, two bytes of padding.
    fn framed(tagged: bool, oui: [u8; 3]) -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        if tagged {
            bytes.extend([0x81, 0, 0, 7]);
        }
        bytes.extend([0, 38, 0xaa, 0xaa, 3]);
        bytes.extend(oui);
        bytes.extend([8, 0]);
        bytes.extend(packet());
        bytes.extend([0, 0]);
        bytes
    }

    #[test]
    fn a_packet_behind_llc_and_snap_is_read() {
        for (tagged, oui) in [(false, [0; 3]), (true, [0; 3]), (false, [0, 0, 0xf8])] {
            let bytes = framed(tagged, oui);
            let mut record = Record::new();
            let read = frame::decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut record);
            assert_eq!(record.check_tiling(bytes.len()), Ok(()));
            assert_eq!((read.ports(), &read.malformed), (Some((12345, 9999)), &None));
            assert_eq!(&bytes[read.payload.clone()], b"hi", "the length parts the packet from the padding");
            assert_eq!(read, frame::decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut Silent));
            assert_eq!(read.vlan, tagged.then_some(7));
        }
    }

    #[test]
    fn cooked_headers_have_a_number_of_their_own_for_it() {
        let mut bytes = vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        bytes.extend(packet());
        let read = frame::decode(LinkType::LINUX_SLL, &bytes, bytes.len(), &mut Silent);
        assert_eq!((read.ports(), read.malformed), (Some((12345, 9999)), None));
        bytes[15] = 38;
        let other = frame::decode(LinkType::LINUX_SLL, &bytes, bytes.len(), &mut Silent);
        assert_eq!((other.transport, other.malformed), (Transport::None, None), "no length: a number of Linux'");
    }

    #[test]
    fn what_is_no_packet_of_an_ethertype_is_left_as_it_is() {
        let of = |llc: &[u8]| {
            let mut bytes = vec![1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 38];
            bytes.extend(llc);
            bytes.resize(60, 0);
            let mut record = Record::new();
            let read = frame::decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut record);
            assert_eq!((record.check_tiling(60), read.malformed, read.addresses()), (Ok(()), None, None));
            record.leaves().map(|leaf| leaf.field.id).collect::<Vec<_>>()
        };
        assert!(of(&[0x42, 0x42, 3, 0, 0]).contains(&"llc.dsap"), "the spanning tree");
        assert!(of(&[0xaa, 0xaa, 3, 0, 0, 0xc, 0x20, 0]).contains(&"snap.oui"), "a vendor's protocol");
        for none in [&[0xff, 0xff, 0, 38][..], &[0xf0, 0xf0, 0x7e, 1]] {
            assert!(!of(none).contains(&"llc.dsap"), "IPX without LLC; a numbered frame");
        }
        assert!(!of(&[0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0]).contains(&"vlan.id"), "a tag stands before LLC, not behind it");
    }

    /// What the capture cut off is not the packet's fault, wherever it was cut.
    #[test]
    fn a_frame_that_was_cut_says_so() {
        let bytes = framed(false, [0; 3]);
        for cut in 0..bytes.len() {
            let mut record = Record::new();
            let read = frame::decode(LinkType::ETHERNET, &bytes[..cut], bytes.len(), &mut record);
            assert_eq!(record.check_tiling(cut), Ok(()), "cut at {cut}");
            assert!(record.leaves().all(|leaf| leaf.field.id != "malformed"), "cut at {cut}");
            assert_eq!(read.ports().is_some(), cut >= 50, "cut at {cut}");
        }
    }
}
