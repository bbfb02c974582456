//! What hosts and routers do with IPv6 packets, and how they find each other and their addresses.

use wire::icmpv6::{Type, Unreachable};

crate::kinds! {
    ND_MISS = "nd.miss", Decision, "the hardware address of {0} is not known: asks", [Ip, None], "RFC 4861 §7.2.2";
    ND_LEARNED = "nd.learned", Decision, "{0} has the hardware address {1}", [Ip, Mac], "RFC 4861 §7.2.5";
    ND_FAILED = "nd.failed", Timer, "nobody answers for {0}", [Ip, None], "RFC 4861 §7.2.2";
    ND_RETRY = "nd.retry", Timer, "nobody has answered for {0} yet: asks again", [Ip, None], "RFC 4861 §7.2.2";
    ND_STALE = "nd.stale", Timer, "{0} has given no sign of life for a while: asks whether it is still there", [Ip, None], "RFC 4861 §7.3.3";
    ND_RELEASED = "nd.released", Decision, "the packet that waited for the hardware address of {0} leaves", [Ip, None], "RFC 4861 §7.2.2";
    ND_ANSWERED = "nd.answered", Decision, "{1} asks for {0}, which is this machine's: answers", [Ip, Mac], "RFC 4861 §7.2.4";
    ND_DENIED = "nd.denied", Decision, "another is about to take {0}, which is this machine's: says so", [Ip, None], "RFC 4862 §5.4.3";
    ADDRESS_CHECKED = "nd.check", Timer, "asks whether anyone has the address {0} already", [Ip, None], "RFC 4862 §5.4.2";
    ADDRESS_TAKEN = "nd.duplicate", Decision, "someone else has the address {0}: it is not used", [Ip, None], "RFC 4862 §5.4.5";
    ADDRESS_READY = "nd.address", Timer, "nobody objects: {0} is this machine's address", [Ip, None], "RFC 4862 §5.4";
    ADDRESS_FORMED = "nd.formed", Decision, "makes itself the address {1} with the prefix {0}", [Prefix, Ip], "RFC 4862 §5.5.3";
    ADDRESS_DEPRECATED = "nd.deprecated", Timer, "the address {0} is not for new conversations any more", [Ip, None], "RFC 4862 §5.5.4";
    ADDRESS_GONE = "nd.address_gone", Timer, "the address {0} has come to the end of its life", [Ip, None], "RFC 4862 §5.5.4";
    ROUTER_WANTED = "nd.router_wanted", Timer, "asks for routers, for the {0}. time", [Count, None], "RFC 4861 §6.3.7";
    ROUTER_LEARNED = "nd.router", Decision, "the router {0} may be used for everything, for {1}", [Ip, Nanos], "RFC 4861 §6.3.4";
    ROUTER_GONE = "nd.router_gone", Decision, "the router {0} is no default router any more", [Ip, None], "RFC 4861 §6.3.5";
    PREFIX_LEARNED = "nd.prefix", Decision, "addresses with the prefix {0} are on this link, for {1}", [Prefix, Nanos], "RFC 4861 §6.3.4";
    ADVERTISED = "nd.advertised", Timer, "tells {0} of itself and of the link's prefixes", [Ip, None], "RFC 4861 §6.2.3";
    FRAGMENTED = "ipv6.fragmented", Decision, "the packet of {0} does not fit the path's MTU of {1}: its sender cuts it", [Bytes, Bytes], "RFC 8200 §4.5";
    REASSEMBLED = "ipv6.reassembled", Decision, "all fragments are there: {0} of data", [Bytes, None], "RFC 8200 §4.5";
    REASSEMBLY_TIMEOUT = "ipv6.reassembly_timeout", Timer, "fragments are missing after {0}: gives up", [Nanos, None], "RFC 8200 §4.5";
    HOP_LIMIT_EXPIRED = "ipv6.hop_limit_expired", Decision, "the packet's hop limit has run out", [None, None], "RFC 8200 §3";
    TOO_BIG = "icmpv6.too_big", Decision, "the packet of {0} does not fit the next link's MTU of {1}, and a router does not cut it", [Bytes, Bytes], "RFC 4443 §3.2";
    UNREACHABLE = "icmpv6.unreachable", Decision, "the packet for {1} cannot be delivered: {0}", [Code(Unreachable::CODES), Ip], "RFC 4443 §3.1";
    PARAMETER_PROBLEM = "icmpv6.parameter_problem", Decision, "byte {0} of the packet makes no sense here", [Count, None], "RFC 4443 §3.4";
    ECHO = "icmpv6.echo", Decision, "answers a ping of {0}", [Ip, None], "RFC 4443 §4.2";
    TOLD_UNREACHABLE = "icmpv6.told", Decision, "is told that a packet for {1} could not be delivered: {0}", [Code(Unreachable::CODES), Ip], "RFC 4443 §3.1";
    TOLD_TOO_BIG = "icmpv6.told_too_big", Decision, "is told that packets for {1} must not be longer than {0}", [Bytes, Ip], "RFC 8201 §4";
    TOLD_ERROR = "icmpv6.told_error", Decision, "is told of an error with a packet for {1}: {0}", [Code(Type::CODES), Ip], "RFC 4443 §2.4";
}
