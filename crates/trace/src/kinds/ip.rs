//! What hosts and routers do with packets below TCP.

use wire::icmp::Unreachable;

crate::kinds! {
    ARP_MISS = "arp.miss", Decision, "the hardware address of {0} is not known: asks", [Ipv4, None], "RFC 826";
    ARP_LEARNED = "arp.learned", Decision, "{0} has the hardware address {1}", [Ipv4, Mac], "RFC 826";
    ARP_FAILED = "arp.failed", Timer, "nobody answers for {0}", [Ipv4, None], "RFC 1122 §2.3.2.1";
    ARP_RETRY = "arp.retry", Timer, "nobody has answered for {0} yet: asks again", [Ipv4, None], "RFC 1122 §2.3.2.1";
    ROUTED = "ip.routed", Decision, "the longest matching prefix for {0} leads to {1}", [Ipv4, Ipv4], "RFC 1812 §5.2.4.3";
    TTL_EXPIRED = "ip.ttl_expired", Decision, "the packet's TTL has run out", [None, None], "RFC 1812 §5.3.1";
    FRAGMENTED = "ip.fragmented", Decision, "the packet of {0} does not fit the MTU of {1}: sent in fragments", [Bytes, Bytes], "RFC 791 §3.2";
    REASSEMBLED = "ip.reassembled", Decision, "all fragments are there: {0} of data", [Bytes, None], "RFC 791 §3.2";
    REASSEMBLY_TIMEOUT = "ip.reassembly_timeout", Timer, "fragments are missing after {0}: gives up", [Nanos, None], "RFC 1122 §3.3.2";
    UNREACHABLE = "icmp.unreachable", Decision, "the packet for {1} cannot be delivered: {0}", [Code(Unreachable::CODES), Ipv4], "RFC 1122 §3.2.2.1";
    ECHO = "icmp.echo", Decision, "answers a ping of {0}", [Ipv4, None], "RFC 1122 §3.2.2.6";
    DISCARDED = "ip.discarded", Decision, "discards the packet: {0}", [Text, None], "RFC 1122 §3.2.1";
    NAT_ENTRY = "nat.entry", Decision, "the NAT lends {0} its port {1}", [Socket, Port], "RFC 3022 §2.2";
    NAT_REWROTE = "nat.rewrote", Decision, "the NAT puts {0} in the place of {1}", [Socket, Socket], "RFC 3022 §4.1";
    NAT_REFUSED = "nat.refused", Decision, "the NAT has no entry for {0}: drops the packet", [Socket, None], "RFC 4787 §5";
}
