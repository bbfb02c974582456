//! UDP (RFC 768).

crate::header! {
    /// A UDP header: 8 bytes.
    pub struct Header, mod field = "udp", "UDP", "RFC 768",
        "carries one message between two programs; nothing is promised, nothing is repeated";
    src_port: u16 = 16, Dec, "Source port", "RFC 768", "the port of the program that sends; replies go there";
    dst_port: u16 = 16, Dec, "Destination port", "RFC 768", "the port of the program that receives";
    len: u16 = 16, Octets, "Length", "RFC 768", "header and data together, in bytes; at least 8";
    checksum: u16 = 16, Hex, "Checksum", "RFC 768", "guards the addresses, this header and the data; 0 means not computed (IPv4 only)";
}
