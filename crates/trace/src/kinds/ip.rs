//! What hosts and routers do with packets below TCP.

use wire::icmp::{Type, Unreachable};

crate::kinds! {
    ARP_MISS = "arp.miss", Decision, "the hardware address of {0} is not known: asks", [Ip, None], "RFC 826";
    ARP_LEARNED = "arp.learned", Decision, "{0} has the hardware address {1}", [Ip, Mac], "RFC 826";
    ARP_FAILED = "arp.failed", Timer, "nobody answers for {0}", [Ip, None], "RFC 1122 §2.3.2.1";
    ARP_RETRY = "arp.retry", Timer, "nobody has answered for {0} yet: asks again", [Ip, None], "RFC 1122 §2.3.2.1";
    ARP_STALE = "arp.stale", Timer, "{0} has given no sign of life for a while: asks whether it is still there", [Ip, None], "RFC 1122 §2.3.2.1";
    ARP_RELEASED = "arp.released", Decision, "the packet that waited for the hardware address of {0} leaves", [Ip, None], "RFC 1122 §2.3.2.2";
    ARP_ANSWERED = "arp.answered", Decision, "{1} asks for {0}, which is this machine's: answers", [Ip, Mac], "RFC 826";
    ARP_PROBE = "arp.probe", Decision, "asks whether anyone has the address {0} already", [Ip, None], "RFC 5227 §2.1.1";
    ARP_ANNOUNCED = "arp.announced", Decision, "tells everyone that {0} is its own", [Ip, None], "RFC 5227 §2.3";
    ARP_CONFLICT = "arp.conflict", Decision, "{1} uses this machine's address {0}", [Ip, Mac], "RFC 5227 §2.4";
    ROUTED = "ip.routed", Decision, "the longest matching prefix is {0}: the next hop is {1}", [Prefix, Ip], "RFC 1812 §5.2.4.3";
    TTL_EXPIRED = "ip.ttl_expired", Decision, "the packet's TTL has run out", [None, None], "RFC 1812 §5.3.1";
    FRAGMENTED = "ip.fragmented", Decision, "the packet of {0} does not fit the MTU of {1}: sent in fragments", [Bytes, Bytes], "RFC 791 §3.2";
    REASSEMBLED = "ip.reassembled", Decision, "all fragments are there: {0} of data", [Bytes, None], "RFC 791 §3.2";
    REASSEMBLY_TIMEOUT = "ip.reassembly_timeout", Timer, "fragments are missing after {0}: gives up", [Nanos, None], "RFC 1122 §3.3.2";
    UNREACHABLE = "icmp.unreachable", Decision, "the packet for {1} cannot be delivered: {0}", [Code(Unreachable::CODES), Ip], "RFC 1122 §3.2.2.1";
    ECHO = "icmp.echo", Decision, "answers a ping of {0}", [Ip, None], "RFC 1122 §3.2.2.6";
    PING_SENT = "icmp.ping", Decision, "pings {0}, number {1}", [Ip, Count], "RFC 792";
    PING_ANSWERED = "icmp.answered", Decision, "{0} answers the ping number {1}", [Ip, Count], "RFC 792";
    ICMP_UNREACHABLE = "icmp.told", Decision, "is told that a packet for {1} could not be delivered: {0}", [Code(Unreachable::CODES), Ip], "RFC 1122 §3.2.2.1";
    ICMP_ERROR = "icmp.told_error", Decision, "is told of an error with a packet for {1}: {0}", [Code(Type::CODES), Ip], "RFC 1122 §3.2.2";
    ICMP_LIMITED = "icmp.limited", Decision, "has told {0} of enough errors for now: stays silent", [Ip, None], "RFC 1812 §4.3.2.8";
    UDP_BOUND = "udp.bound", Decision, "the program takes the UDP port {0}", [Socket, None], "RFC 768";
    UDP_SENT = "udp.sent", Decision, "sends a message of {0} to {1}", [Bytes, Socket], "RFC 768";
    UDP_DELIVERED = "udp.delivered", Decision, "a message of {0} from {1} is ready for the program", [Bytes, Socket], "RFC 768";
    UDP_DROPPED = "udp.dropped", Decision, "drops a message of {0} from {1}: too many wait for the program", [Bytes, Socket], "RFC 1122 §4.1";
    RAW_SENT = "ip.raw", Decision, "sends a packet of {0} to {1} as it is, made by hand", [Bytes, Ip], "an act of an attacker or a tester";
    DISCARDED = "ip.discarded", Decision, "discards the packet: {0}", [Text, None], "RFC 1122 §3.2.1";
    NAT_ENTRY = "nat.entry", Decision, "the NAT lends {0} its port {1}", [Socket, Port], "RFC 3022 §2.2";
    NAT_REWROTE = "nat.rewrote", Decision, "the NAT puts {0} in the place of {1}", [Socket, Socket], "RFC 3022 §4.1";
    NAT_REFUSED = "nat.refused", Decision, "the NAT has no entry for {0}: drops the packet", [Socket, None], "RFC 4787 §5";
}
