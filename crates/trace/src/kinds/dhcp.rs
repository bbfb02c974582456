//! Joining a network.

crate::kinds! {
    STATE = "dhcp.state", Decision, "the DHCP client is now {0}", [Text, None], "RFC 2131 §4.4";
    SENT = "dhcp.sent", Decision, "sends {0}", [Text, None], "RFC 2131 §3.1";
    RECEIVED = "dhcp.received", Decision, "gets {0}", [Text, None], "RFC 2131 §3.1";
    RETRY = "dhcp.retry", Timer, "no answer within {0}: tries again", [Nanos, None], "RFC 2131 §4.1";
    BOUND = "dhcp.bound", Decision, "the machine has the address {0} for {1}", [Ip, Nanos], "RFC 2131 §4.4.1";
    OFFERED = "dhcp.offered", Decision, "the server sets {0} aside for {1}", [Ip, Mac], "RFC 2131 §4.3.1";
    LEASED = "dhcp.leased", Decision, "the server leases {0} to {1}", [Ip, Mac], "RFC 2131 §4.3.2";
}
