//! Link types: what the first byte of a packet is.

use std::fmt;

macro_rules! link_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $short:literal, $long:literal;)*) => {
        /// What kind of header a packet of an interface starts with (draft-ietf-opsawg-pcaplinktype). Link types
        /// without a variant of their own survive as [`LinkType::Other`] and keep their number; common ones have a name.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum LinkType {
            $($(#[$doc])* $name,)*
            /// Another link type, by number.
            Other(u16),
        }

        impl LinkType {
            /// From the registry's number.
            pub const fn from_u16(number: u16) -> LinkType {
                match number {
                    $($number => LinkType::$name,)*
                    // Raw IP's numbers inside libpcap (12; 14 on OpenBSD), which some files carry in place of the registry's 101.
                    12 | 14 => LinkType::Raw,
                    n => LinkType::Other(n),
                }
            }
            /// The registry's number. (12 and 14, which are read as raw IP, give 101.)
            pub const fn to_u16(self) -> u16 {
                match self {
                    $(LinkType::$name => $number,)*
                    LinkType::Other(n) => n,
                }
            }
            /// The registry's name without its `LINKTYPE_`, e.g. `ETHERNET`; `None` for a number that has no name here.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(LinkType::$name => Some($short),)*
                    LinkType::Other(n) => other_name(n),
                }
            }
            /// What it is in words, e.g. `Ethernet`; `None` for a number that has no name here.
            pub const fn description(self) -> Option<&'static str> {
                match self {
                    $(LinkType::$name => Some($long),)*
                    LinkType::Other(n) => other_name(n),
                }
            }
        }

        #[cfg(test)]
        const NAMED: &[LinkType] = &[$(LinkType::$name),*];
    };
}

link_types! {
    /// BSD loopback: four bytes of protocol family in the byte order of the machine that captured.
    Null = 0, "NULL", "BSD loopback";
    /// Ethernet II or IEEE 802.3, from the destination address on; a frame check sequence only where the interface says so.
    Ethernet = 1, "ETHERNET", "Ethernet";
    /// Point-to-Point Protocol, perhaps with HDLC-like framing.
    Ppp = 9, "PPP", "PPP";
    /// IPv4 or IPv6 without a link header, told apart by the version field.
    Raw = 101, "RAW", "raw IP";
    /// IEEE 802.11 frames without a radio header.
    Ieee80211 = 105, "IEEE802_11", "IEEE 802.11";
    /// OpenBSD loopback: four bytes of protocol family in network byte order.
    Loop = 108, "LOOP", "OpenBSD loopback";
    /// Linux "cooked" capture, version 1: a header of 16 bytes.
    LinuxSll = 113, "LINUX_SLL", "Linux cooked capture v1";
    /// IEEE 802.11 frames behind a radiotap header.
    Ieee80211Radiotap = 127, "IEEE802_11_RADIOTAP", "IEEE 802.11 with radiotap header";
    /// IPv4 without a link header.
    Ipv4 = 228, "IPV4", "raw IPv4";
    /// IPv6 without a link header.
    Ipv6 = 229, "IPV6", "raw IPv6";
    /// Linux "cooked" capture, version 2: a header of 20 bytes, with the interface's index.
    LinuxSll2 = 276, "LINUX_SLL2", "Linux cooked capture v2";
}

/// Names of link types that captures of hosts and networks meet, beside those with variants.
const fn other_name(number: u16) -> Option<&'static str> {
    Some(match number {
        6 => "IEEE802_5",
        8 => "SLIP",
        10 => "FDDI",
        50 => "PPP_HDLC",
        51 => "PPP_ETHER",
        104 => "C_HDLC",
        107 => "FRELAY",
        117 => "PFLOG",
        119 => "IEEE802_11_PRISM",
        122 => "IP_OVER_FC",
        147..=162 => "USER",
        163 => "IEEE802_11_AVS",
        166 => "PPP_PPPD",
        187 => "BLUETOOTH_HCI_H4",
        189 => "USB_LINUX",
        192 => "PPI",
        195 => "IEEE802_15_4_WITHFCS",
        201 => "BLUETOOTH_HCI_H4_WITH_PHDR",
        220 => "USB_LINUX_MMAPPED",
        227 => "CAN_SOCKETCAN",
        239 => "NFLOG",
        242 => "INFINIBAND",
        249 => "USBPCAP",
        252 => "WIRESHARK_UPPER_PDU",
        253 => "NETLINK",
        258 => "PKTAP",
        _ => return None,
    })
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.description() {
            Some(text) => write!(f, "{text} (link type {})", self.to_u16()),
            None => write!(f, "link type {}", self.to_u16()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_survives_and_raw_ip_has_three() {
        for n in (0..=u16::MAX).filter(|n| *n != 12 && *n != 14) {
            assert_eq!(LinkType::from_u16(n).to_u16(), n);
        }
        for n in [12, 14, 101] {
            assert_eq!(LinkType::from_u16(n), LinkType::Raw);
        }
        for link in NAMED {
            assert!(!matches!(LinkType::from_u16(link.to_u16()), LinkType::Other(_)), "{link}");
        }
    }

    #[test]
    fn the_common_ones_are_named() {
        assert_eq!(LinkType::from_u16(1).to_string(), "Ethernet (link type 1)");
        assert_eq!(LinkType::from_u16(147).to_string(), "USER (link type 147)");
        assert_eq!(LinkType::from_u16(60_000).to_string(), "link type 60000");
    }
}
