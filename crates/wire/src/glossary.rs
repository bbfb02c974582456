//! Every field and header that the program can print, for whoever looks a term up.

use crate::{
    Field, Layout, arp, dhcp, dns, ethernet, field, frame, gtp, http, http2, icmp, icmpv6, ipv4, ipv6, link, llc, tcp,
    tls, tunnel, udp, x509,
};

/// Every field, protocol by protocol; groups among them.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    let lists: [&'static [&'static Field]; 34] = [
        ethernet::field::ALL,
        link::vlan::ALL,
        link::sll::ALL,
        link::sll2::ALL,
        link::FIELDS,
        llc::field::ALL,
        llc::snap::ALL,
        arp::field::ALL,
        ipv4::field::ALL,
        ipv4::OPTION_FIELDS,
        ipv6::field::ALL,
        ipv6::fragment::ALL,
        ipv6::EXTENSION_FIELDS,
        icmp::field::ALL,
        icmp::TYPE_FIELDS,
        icmpv6::field::ALL,
        icmpv6::nd::ALL,
        icmpv6::ra::ALL,
        icmpv6::prefix::ALL,
        icmpv6::TYPE_FIELDS,
        tunnel::gre::ALL,
        tunnel::vxlan::ALL,
        tunnel::geneve::ALL,
        tunnel::mpls::ALL,
        tunnel::pppoe::ALL,
        tunnel::FIELDS,
        gtp::gtpu::ALL,
        gtp::FIELDS,
        udp::field::ALL,
        tcp::field::ALL,
        tcp::OPTION_FIELDS,
        tcp::SEGMENT_FIELDS,
        frame::FIELDS,
        field::ALL,
    ];
    let more = [dns::FIELD_LISTS, dhcp::FIELD_LISTS, tls::FIELDS, x509::FIELDS, http::FIELDS, http2::FIELDS];
    lists.into_iter().chain(more.into_iter().flatten().copied()).flatten().copied()
}

/// Every fixed header.
pub fn layouts() -> impl Iterator<Item = Layout> {
    [
        ethernet::Header::LAYOUT,
        link::Vlan::LAYOUT,
        link::Sll::LAYOUT,
        link::Sll2::LAYOUT,
        llc::Llc::LAYOUT,
        llc::Snap::LAYOUT,
        arp::Header::LAYOUT,
        ipv4::Header::LAYOUT,
        ipv6::Header::LAYOUT,
        ipv6::Fragment::LAYOUT,
        icmp::Header::LAYOUT,
        icmpv6::Header::LAYOUT,
        icmpv6::Neighbor::LAYOUT,
        icmpv6::RouterAdvertisement::LAYOUT,
        icmpv6::PrefixInformation::LAYOUT,
        tunnel::Gre::LAYOUT,
        tunnel::Vxlan::LAYOUT,
        tunnel::Geneve::LAYOUT,
        tunnel::Label::LAYOUT,
        tunnel::Pppoe::LAYOUT,
        gtp::Header::LAYOUT,
        udp::Header::LAYOUT,
        tcp::Header::LAYOUT,
        dns::Header::LAYOUT,
        dhcp::Header::LAYOUT,
        tls::RecordHeader::LAYOUT,
        http2::FrameHeader::LAYOUT,
    ]
    .into_iter()
}

/// The layout of the fixed header whose group has this id.
pub fn layout(id: &str) -> Option<Layout> {
    layouts().find(|layout| layout.group.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_whole_and_has_an_id_of_its_own() {
        let mut ids = std::collections::BTreeMap::new();
        for field in fields() {
            assert!(!field.name.is_empty() && !field.rfc.is_empty(), "{}", field.id);
            assert!(field.line.len() > 3, "{} has no meaning: {:?}", field.id, field.line);
            assert!(ids.insert(field.id, field.name).is_none(), "{} is declared twice", field.id);
            for code in field.codes {
                assert!(
                    !code.name.is_empty() && !code.rfc.is_empty() && code.line.len() > 2,
                    "{} {}",
                    field.id,
                    code.value
                );
            }
        }
    }

    #[test]
    fn fixed_headers_are_tiled_by_their_fields() {
        for layout in layouts() {
            let mut next = 0;
            for slot in layout.slots {
                assert_eq!(slot.start, next, "{}", slot.field.id);
                next += slot.bits;
            }
            assert_eq!(next % 8, 0, "{}", layout.group.id);
        }
    }
}
