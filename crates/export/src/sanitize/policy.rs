//! What becomes of a field: whether it is kept, replaced by its like, or overwritten.

use wire::{Datum, Node, Show};

/// What becomes of a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is harmless.
    Keep,
    /// Another tree says more of these bytes; what it says, stays.
    Leave,
    /// It becomes another of its kind; what it is, for the report.
    Replace(&'static str, How),
    /// It is overwritten; what it is, for the report, unless a stream's tree says that better.
    Overwrite(Option<&'static str>),
}

/// How a replacement is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum How {
    Address,
    Name,
    Url,
    Fields,
    /// A Huffman coded string by another of the same lengths, coded and plain.
    Huffman,
    /// What comes before the parameters stays: the type of a content.
    Type,
    /// By as many zeros.
    Zeros,
}

/// Fields of HTTP whose values say how a message is carried and not what is in it or whose it is.
const HARMLESS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-ranges",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "date",
    "expect",
    "expires",
    "keep-alive",
    "last-modified",
    "pragma",
    "range",
    "retry-after",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

/// What TLS' bytes may be that tell nothing of people: random numbers, public keys, checksums; by how their ids begin.
const RANDOM: &[&str] = &[
    "tls.client_hello.",
    "tls.server_hello.",
    "tls.finished.",
    "tls.message_hash.",
    "tls.record.explicit_nonce",
    "tls.record.iv",
    "tls.record.tag",
    "tls.record.mac",
    "tls.sct.",
    "tls.key_exchange",
    "tls.server_key_exchange.",
    "tls.client_key_exchange.",
    "tls.ticket.nonce",
    "tls.ext.pre_shared_key.binder",
    "tls.ext.renegotiation_info.",
    "tls.ext.ech.",
    "tls.ech_config.public_key",
    "tls.certificate_verify.",
];

/// Filling should be zeros; what an old buffer left there is nobody's business.
const PADDING: Fate = Fate::Replace("padding that was not zeros", How::Zeros);

/// What becomes of a leaf inside `groups`, outermost first.
pub(super) fn fate(leaf: &Node, groups: &[&Node]) -> Fate {
    let id = leaf.field.id;
    match leaf.value {
        Datum::Ip(_) => return Fate::Replace("IP addresses", How::Address),
        Datum::Mac(_) => return Fate::Replace("hardware addresses", How::Address),
        _ => {}
    }
    let protocol = id.split('.').next().unwrap_or_default();
    match protocol {
        "http" => http(id, groups),
        "http2" | "hpack" => http2(leaf, groups),
        "dns" => match (id, leaf.field.show) {
            ("dns.name.label", _) => Fate::Replace("labels of names", How::Name),
            (_, Show::Text) => Fate::Replace("texts in DNS", How::Name),
            (_, Show::Bytes | Show::Opaque(_)) => Fate::Overwrite(Some("data in DNS")),
            _ => Fate::Keep,
        },
        "dhcp" => match (id, leaf.field.show) {
            ("dhcp.cookie" | "dhcp.option.code" | "dhcp.option.len", _) => Fate::Keep,
            (_, Show::Text) => Fate::Replace("names in DHCP", How::Name),
            (_, Show::Bytes) => Fate::Overwrite(Some("identifiers in DHCP")),
            (_, Show::Opaque(wire::Opaque::Padding)) => PADDING,
            (_, Show::Opaque(_)) => Fate::Overwrite(Some("data in DHCP")),
            _ => Fate::Keep,
        },
        "tls" => tls(leaf),
        "x509" | "der" => match leaf.field.show {
            Show::Text => Fate::Replace("texts in certificates", How::Name),
            Show::Bytes | Show::Opaque(_) => Fate::Overwrite(Some("keys and signatures in certificates")),
            _ => Fate::Keep,
        },
        _ => match leaf.field.show {
            Show::Opaque(wire::Opaque::Padding) => PADDING,
            // What TCP carries is judged again where the stream is read.
            Show::Opaque(_) if id == "tcp.payload" => Fate::Overwrite(None),
            Show::Opaque(_) => Fate::Overwrite(Some("payloads of other protocols")),
            Show::Text => Fate::Replace("other texts", How::Name),
            // A cooked header has room for eight bytes of address.
            Show::Bytes if matches!(id, "sll.address" | "sll2.address") => {
                Fate::Replace("hardware addresses", How::Address)
            }
            // Options may hold addresses on the way, names that routers announce, and what no decoder knows.
            Show::Bytes => Fate::Overwrite(Some("data in options")),
            _ => Fate::Keep,
        },
    }
}

fn http(id: &str, groups: &[&Node]) -> Fate {
    match id {
        "http.body" | "http.chunk.data" => Fate::Overwrite(Some("bodies")),
        "http.chunk.extension" => Fate::Replace("extensions of chunks", How::Fields),
        "http.field_value" => field(groups.iter().rev().find_map(|group| group.field.id.strip_prefix("http.field."))),
        _ if id.starts_with("http.target") => Fate::Replace("request targets", How::Url),
        "http.reason" => Fate::Replace("reason phrases", How::Fields),
        _ => Fate::Keep,
    }
}

/// The value of the field with this name, if it is a known one.
fn field(name: Option<&str>) -> Fate {
    match name {
        Some(name) if HARMLESS.contains(&name) => Fate::Keep,
        Some("cookie" | "set-cookie") => Fate::Replace("cookies", How::Fields),
        Some("authorization" | "proxy-authorization") => Fate::Replace("authorisations", How::Fields),
        Some("host") => Fate::Replace("host names", How::Name),
        // RFC 9110 §8.3.1: its parameters may be a file's name.
        Some("content-type") => Fate::Replace("parameters of content types", How::Type),
        _ => Fate::Replace("values of fields", How::Fields),
    }
}

fn http2(leaf: &Node, groups: &[&Node]) -> Fate {
    match (leaf.field.id, leaf.field.show) {
        // What it says is decided where the whole block is read.
        ("http2.fragment", _) => Fate::Leave,
        ("hpack.value", _) => {
            let group = groups.last().map_or("", |group| group.field.id);
            let fate = match group {
                "http2.header.method" | "http2.header.scheme" | "http2.header.status" | "http2.header.protocol" => {
                    return Fate::Keep;
                }
                "http2.header.authority" => Fate::Replace("host names", How::Name),
                "http2.header.path" => Fate::Replace("request targets", How::Url),
                _ => field(group.strip_prefix("http.field.")),
            };
            match (fate, &leaf.value) {
                (Fate::Replace(what, _), Datum::Text(_)) => Fate::Replace(what, How::Huffman),
                (fate, _) => fate,
            }
        }
        ("hpack.name" | "http2.preface", _) => Fate::Keep,
        (_, Show::Opaque(wire::Opaque::Padding)) => PADDING,
        (_, Show::Opaque(_)) => Fate::Overwrite(Some("bodies")),
        (_, Show::Bytes | Show::Text) => Fate::Overwrite(Some("data in frames of HTTP/2")),
        _ => Fate::Keep,
    }
}

fn tls(leaf: &Node) -> Fate {
    let id = leaf.field.id;
    if id == "tls.ext.server_name.host_name" || id == "tls.ech_config.public_name" {
        return Fate::Replace("host names", How::Name);
    }
    match leaf.field.show {
        // Each of its messages has a tree of its own, which may have been read before.
        Show::Opaque(wire::Opaque::Body) if id == "tls.record.handshake" => Fate::Leave,
        Show::Opaque(wire::Opaque::Padding) => PADDING,
        Show::Opaque(_) => Fate::Overwrite(Some("encrypted records")),
        Show::Bytes if id.contains("ticket") || id.contains("identity") || id.contains("cookie") => {
            Fate::Overwrite(Some("session tickets"))
        }
        Show::Bytes if id.starts_with("tls.certificate") || id.starts_with("tls.compressed_certificate") => {
            Fate::Overwrite(Some("keys and signatures in certificates"))
        }
        Show::Bytes if id == "tls.key_exchange.parameters" || !RANDOM.iter().any(|random| id.starts_with(random)) => {
            Fate::Overwrite(Some("data in TLS' handshakes"))
        }
        _ => Fate::Keep,
    }
}
