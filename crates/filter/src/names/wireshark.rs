//! The names that Wireshark's display filters have for the same fields.

use flow::tcp::Verdicts;

/// A name of Wireshark's and ours for the same.
#[derive(Debug)]
pub struct Alias {
    /// Wireshark's.
    pub name: &'static str,
    /// Ours; any of them.
    pub means: &'static [&'static str],
}

macro_rules! aliases {
    ($($name:literal = $($means:literal),+;)*) => {
        /// The names that are accepted beside ours.
        pub static WIRESHARK: &[Alias] = &[$(Alias { name: $name, means: &[$($means),+] }),*];
    };
}

aliases! {
    "eth" = "ethernet";
    "eth.src" = "ethernet.src";
    "eth.dst" = "ethernet.dst";
    "eth.addr" = "ethernet.src", "ethernet.dst";
    "eth.type" = "ethernet.ethertype";
    "arp.opcode" = "arp.operation";
    "arp.src.hw_mac" = "arp.sender_mac";
    "arp.dst.hw_mac" = "arp.target_mac";
    "arp.src.proto_ipv4" = "arp.sender_ip";
    "arp.dst.proto_ipv4" = "arp.target_ip";
    "ip.version" = "ipv4.version", "ipv6.version";
    "ip.hdr_len" = "ipv4.ihl";
    "ip.dsfield.dscp" = "ipv4.dscp";
    "ip.dsfield.ecn" = "ipv4.ecn";
    "ip.len" = "ipv4.total_len";
    "ip.id" = "ipv4.id";
    "ip.flags.df" = "ipv4.dont_fragment";
    "ip.flags.mf" = "ipv4.more_fragments";
    "ip.frag_offset" = "ipv4.fragment_offset";
    "ip.ttl" = "ipv4.ttl";
    "ip.proto" = "ipv4.protocol";
    "ip.checksum" = "ipv4.checksum";
    "ipv6.addr" = "ipv6.src", "ipv6.dst";
    "ipv6.hlim" = "ipv6.hop_limit";
    "ipv6.nxt" = "ipv6.next_header";
    "ipv6.plen" = "ipv6.payload_len";
    "tcp.seq_raw" = "tcp.seq";
    "tcp.ack_raw" = "tcp.ack";
    "tcp.hdr_len" = "tcp.data_offset";
    "tcp.window_size_value" = "tcp.window";
    "tcp.urgent_pointer" = "tcp.urgent";
    "tcp.options.mss_val" = "tcp.option.mss";
    "tcp.options.wscale.shift" = "tcp.option.window_scale";
    "tcp.options.sack_le" = "tcp.option.sack.left";
    "tcp.options.sack_re" = "tcp.option.sack.right";
    "tcp.options.timestamp.tsval" = "tcp.option.ts.val";
    "tcp.options.timestamp.tsecr" = "tcp.option.ts.ecr";
    "udp.length" = "udp.len";
    "icmp.ident" = "icmp.echo.id";
    "dns.qry.name" = "dns.question.name";
    "dns.qry.type" = "dns.question.type";
    "dns.qry.class" = "dns.question.class";
    "dns.resp.name" = "dns.rr.name";
    "dns.resp.type" = "dns.rr.type";
    "dns.resp.ttl" = "dns.rr.ttl";
    "dns.a" = "dns.a.address";
    "dns.aaaa" = "dns.aaaa.address";
    "dns.cname" = "dns.cname.cname";
    "dns.flags.response" = "dns.qr";
    "dns.flags.opcode" = "dns.opcode";
    "dns.flags.rcode" = "dns.rcode";
    "dns.flags.truncated" = "dns.tc";
    "dns.flags.authoritative" = "dns.aa";
    "dns.flags.recdesired" = "dns.rd";
    "dns.flags.recavail" = "dns.ra";
    "dns.count.queries" = "dns.qdcount";
    "dns.count.answers" = "dns.ancount";
    "bootp" = "dhcp";
    "dhcp.option.dhcp" = "dhcp.option.message_type";
    "dhcp.option.hostname" = "dhcp.option.host_name";
    "dhcp.option.requested_ip_address" = "dhcp.option.requested_address";
    "dhcp.option.ip_address_lease_time" = "dhcp.option.lease_time";
    "ssl" = "tls";
    "tls.record.length" = "tls.record.len";
    "tls.handshake.length" = "tls.handshake.len";
    "tls.handshake.extensions_server_name" = "tls.ext.server_name.host_name";
    "tls.handshake.extensions_alpn_str" = "tls.ext.alpn.protocol";
    "tls.handshake.extension.type" = "tls.ext.type";
    "tls.handshake.ciphersuite" = "tls.cipher_suite";
    "tls.handshake.version" = "tls.client_hello.version", "tls.server_hello.version";
    "tls.handshake.random" = "tls.client_hello.random", "tls.server_hello.random";
    "tls.handshake.session_id" = "tls.client_hello.session_id", "tls.server_hello.session_id";
    "tls.alert_message.level" = "tls.alert.level";
    "tls.alert_message.desc" = "tls.alert.description";
    "http.request.method" = "http.method";
    "http.request.uri" = "http.target";
    "http.request.uri.path" = "http.target.path";
    "http.request.uri.query" = "http.target.query";
    "http.request.version" = "http.version";
    "http.response.version" = "http.version";
    "http.response.code" = "http.status";
    "http.response.phrase" = "http.reason";
    "http.host" = "http.field.host";
    "http.user_agent" = "http.field.user-agent";
    "http.accept" = "http.field.accept";
    "http.accept_encoding" = "http.field.accept-encoding";
    "http.accept_language" = "http.field.accept-language";
    "http.authorization" = "http.field.authorization";
    "http.cache_control" = "http.field.cache-control";
    "http.connection" = "http.field.connection";
    "http.content_type" = "http.field.content-type";
    "http.content_length_header" = "http.field.content-length";
    "http.content_encoding" = "http.field.content-encoding";
    "http.cookie" = "http.field.cookie";
    "http.set_cookie" = "http.field.set-cookie";
    "http.date" = "http.field.date";
    "http.last_modified" = "http.field.last-modified";
    "http.location" = "http.field.location";
    "http.referer" = "http.field.referer";
    "http.server" = "http.field.server";
    "http.transfer_encoding" = "http.field.transfer-encoding";
    "http.file_data" = "http.body";
    "http2.type" = "http2.frame.kind";
    "http2.length" = "http2.frame.len";
    "http2.streamid" = "http2.frame.stream";
    "http2.flags.end_stream" = "http2.frame.end_stream";
    "http2.flags.eh" = "http2.frame.end_headers";
    "http2.headers.method" = "http2.header.method";
    "http2.headers.scheme" = "http2.header.scheme";
    "http2.headers.authority" = "http2.header.authority";
    "http2.headers.path" = "http2.header.path";
    "http2.headers.status" = "http2.header.status";
    "http2.header.name" = "hpack.name";
    "http2.header.value" = "hpack.value";
    "http2.settings.id" = "http2.setting.id";
    "http2.rst_stream.error" = "http2.error";
    "http2.goaway.error" = "http2.error";
    "http2.window_update.window_size_increment" = "http2.increment";
    "http2.data.data" = "http2.data";
    "_ws.col.protocol" = "protocol";
    "_ws.col.info" = "meaning";
    "_ws.malformed" = "malformed";
    "tcp.checksum.bad" = "tcp.checksum_bad";
}

/// `tcp.analysis` as Wireshark would label a segment, which is not always our own verdict (docs/conformance.md): any of the
/// bits; any label at all for none.
pub(crate) static LABELS: &[(&str, Verdicts)] = &[
    ("tcp.analysis.flags", Verdicts::NONE),
    // Wireshark sets it beside the two special ones.
    (
        "tcp.analysis.retransmission",
        Verdicts(Verdicts::RETRANSMISSION.0 | Verdicts::FAST_RETRANSMISSION.0 | Verdicts::SPURIOUS_RETRANSMISSION.0),
    ),
    ("tcp.analysis.fast_retransmission", Verdicts::FAST_RETRANSMISSION),
    ("tcp.analysis.spurious_retransmission", Verdicts::SPURIOUS_RETRANSMISSION),
    ("tcp.analysis.out_of_order", Verdicts::OUT_OF_ORDER),
    ("tcp.analysis.lost_segment", Verdicts::LOST_PREVIOUS),
    ("tcp.analysis.ack_lost_segment", Verdicts::ACKED_UNSEEN),
    ("tcp.analysis.duplicate_ack", Verdicts::DUP_ACK),
    ("tcp.analysis.window_update", Verdicts::WINDOW_UPDATE),
    ("tcp.analysis.window_full", Verdicts::WINDOW_FULL),
    ("tcp.analysis.zero_window", Verdicts::ZERO_WINDOW),
    ("tcp.analysis.zero_window_probe", Verdicts::ZERO_WINDOW_PROBE),
    ("tcp.analysis.zero_window_probe_ack", Verdicts::ZERO_WINDOW_PROBE_ACK),
    ("tcp.analysis.keep_alive", Verdicts::KEEP_ALIVE),
    ("tcp.analysis.keep_alive_ack", Verdicts::KEEP_ALIVE_ACK),
    ("tcp.analysis.reused_ports", Verdicts::PORT_REUSED),
];
