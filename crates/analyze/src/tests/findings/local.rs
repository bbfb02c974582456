//! DHCP, ARP, ICMP, DNS, IP and what the capture itself lacks.

use super::make::*;
use super::*;

/// One capture for each kind; the finding of that kind is the first.
pub(super) const LOCAL: &[Example] = &[
    ("finding.dhcp.unanswered", |t| {
        dhcp(t, MessageType::DISCOVER);
        t.ms(4000);
        dhcp(t, MessageType::DISCOVER);
    }),
    ("finding.dhcp.refused", |t| {
        dhcp(t, MessageType::REQUEST);
        t.ms(5);
        dhcp(t, MessageType::NAK);
    }),
    ("finding.dhcp.declined", |t| {
        dhcp(t, MessageType::REQUEST);
        t.ms(5);
        dhcp(t, MessageType::ACK);
        dhcp(t, MessageType::DECLINE);
    }),
    ("finding.dhcp.repeated", |t| {
        dhcp(t, MessageType::DISCOVER);
        t.ms(4000);
        dhcp(t, MessageType::DISCOVER);
        t.ms(5);
        dhcp(t, MessageType::OFFER);
    }),
    ("finding.arp.unanswered", |t| {
        t.push(arp(1, CLIENT, GATEWAY));
        t.ms(1000).push(arp(1, CLIENT, GATEWAY));
    }),
    ("finding.arp.conflict", |t| {
        t.push(arp(1, CLIENT, GATEWAY));
        t.ms(1).push(arp(2, GATEWAY, CLIENT));
        let mut other = arp(2, GATEWAY, CLIENT);
        other[22..28].fill(9);
        t.ms(1).push(other);
    }),
    ("finding.arp.late", |t| {
        t.push(arp(1, CLIENT, GATEWAY));
        t.ms(1000).push(arp(1, CLIENT, GATEWAY));
        t.ms(1).push(arp(2, GATEWAY, CLIENT));
    }),
    ("finding.icmp.port_unreachable", |t| {
        dns_query(t);
        icmp_error(t, 3, 3);
    }),
    ("finding.icmp.host_unreachable", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 3, 1);
    }),
    ("finding.icmp.prohibited", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 3, 13);
    }),
    ("finding.icmp.fragmentation_needed", |t| {
        open(t);
        t.c(A, 1001, 4501, &[b'x'; 1400]);
        icmp_error(t, 3, 4);
        t.c(A, 1001, 4501, &[b'x'; 700]);
    }),
    ("finding.icmp.hops_exceeded", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 11, 0);
    }),
    ("finding.icmp.redirected", |t| {
        t.c(S, 1000, 0, b"");
        icmp_error(t, 5, 1);
    }),
    ("finding.icmp.echo_unanswered", |t| {
        echo(t, 1);
        t.ms(1000);
        echo(t, 2);
    }),
    ("finding.dns.name_error", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::NXDOMAIN;
            m.answers.clear();
        });
    }),
    ("finding.dns.server_failure", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::SERVFAIL;
            m.answers.clear();
        });
    }),
    ("finding.dns.refused", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::REFUSED;
            m.answers.clear();
        });
    }),
    ("finding.dns.rejected", |t| {
        dns(t, 30, |m| {
            m.rcode = Rcode::FORMERR;
            m.answers.clear();
        });
    }),
    ("finding.dns.unanswered", |t| {
        dns_query(t);
        t.ms(5000);
        dns_query(t);
    }),
    ("finding.dns.no_address", |t| dns(t, 30, |m| m.answers.clear())),
    ("finding.dns.repeated", |t| {
        dns_query(t);
        t.ms(5000);
        dns(t, 30, |_| {});
    }),
    ("finding.dns.slow", |t| dns(t, 1500, |_| {})),
    ("finding.dns.truncated", |t| {
        dns(t, 30, |m| {
            m.truncated = true;
            m.answers.clear();
        });
    }),
    ("finding.dns.second_answer", |t| {
        dns(t, 30, |_| {});
        let last = t.frames.last().unwrap().clone();
        t.ms(1).push(last);
    }),
    ("finding.ip.fragment_missing", |t| {
        let mut packet = ip_packet(CLIENT, SERVER, 17, &[0; 64]);
        packet[6] = 0x20;
        packet[10..12].fill(0);
        let sum = Sum::of(&packet[..20]).checksum();
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        t.push(ethernet(EtherType::IPV4, &packet));
    }),
    ("finding.ip.malformed", |t| {
        let mut packet = ip_packet(CLIENT, SERVER, 6, &[0; 64]);
        packet[0] = 0x42;
        t.push(ethernet(EtherType::IPV4, &packet));
    }),
    ("finding.capture.altered", |t| {
        open(t);
        let mut other = Tape::new();
        other.s(A, 4501, 1001, &[1; 100]);
        let mut changed = other.frames.pop().unwrap();
        *changed.last_mut().unwrap() ^= 4;
        t.ms(1).push(changed);
        t.ms(20).c(A, 1001, 4601, b"");
    }),
    ("finding.capture.snapped", |t| {
        let bytes = ethernet(EtherType::IPV4, &ip_packet(CLIENT, SERVER, 17, &[0; 600]));
        let at = Instant::from_nanos(t.now);
        t.flow.push(Packet {
            at,
            interface: 0,
            link: LinkType::ETHERNET,
            bytes: &bytes[..96],
            original_len: bytes.len(),
        });
        t.frames.push(bytes[..96].to_vec());
    }),
    ("finding.capture.packets_missing", |t| {
        open(t);
        t.s(A, 4501, 1001, &[1; 100]);
        t.ms(1).c(A, 1001, 4801, b"");
    }),
    ("finding.ip.doubled", |t| {
        exchange_open(t);
        t.again();
        t.c(P, 1042, 4528, GET);
        t.again();
        t.ms(20).s(P, 4528, 1083, b"HTTP/1.1 204 No Content\r\n\r\n");
        t.c(A, 1083, 4554, b"");
    }),
    ("finding.capture.twice", |t| {
        t.mirrored = true;
        exchange(t, GET, 5, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }),
    ("finding.capture.clock_back", |t| {
        exchange_open(t.ms(10_000));
        t.ms(-3000).c(P, 1042, 4528, GET);
        t.ms(20).s(A, 4528, 1083, b"");
    }),
    ("finding.capture.clock_forward", |t| {
        exchange_open(t);
        t.ms(5).c(P, 1042, 4528, GET);
        t.ms(3_600_000).s(A, 4528, 1083, b"");
        t.ms(1).s(P, 4528, 1083, b"HTTP/1.1 204 No Content\r\n\r\n");
        t.c(A, 1083, 4555, b"");
    }),
    ("finding.capture.one_direction", |t| {
        t.c(A, 1001, 4501, b"");
        t.ms(1).c(A, 1001, 5501, b"");
        t.ms(1).c(A, 1001, 6501, b"");
    }),
];
