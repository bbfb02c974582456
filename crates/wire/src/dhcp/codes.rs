//! The registries of DHCP.

use crate::open_enum;

open_enum! {
    /// Who speaks (RFC 2131 §2).
    pub struct Op(u8) {
        REQUEST = 1, "BOOTREQUEST", "RFC 2131 §2", "from a client";
        REPLY = 2, "BOOTREPLY", "RFC 2131 §2", "from a server";
    }
}

open_enum! {
    /// What a message is for (RFC 2132 §9.6).
    pub struct MessageType(u8) {
        DISCOVER = 1, "DHCPDISCOVER", "RFC 2131 §3.1", "a client looks for servers";
        OFFER = 2, "DHCPOFFER", "RFC 2131 §3.1", "a server offers an address";
        REQUEST = 3, "DHCPREQUEST", "RFC 2131 §3.1", "a client takes an offer, or wants to keep its address";
        DECLINE = 4, "DHCPDECLINE", "RFC 2131 §3.1", "the client found that somebody else uses the address";
        ACK = 5, "DHCPACK", "RFC 2131 §3.1", "the server grants the address: from now on it is the client's";
        NAK = 6, "DHCPNAK", "RFC 2131 §3.1", "the server refuses: the client must start again";
        RELEASE = 7, "DHCPRELEASE", "RFC 2131 §3.1", "the client gives the address back";
        INFORM = 8, "DHCPINFORM", "RFC 2131 §3.4", "the client has an address and asks for the rest of its configuration";
        FORCERENEW = 9, "DHCPFORCERENEW", "RFC 3203 §2", "the server asks the client to renew now";
    }
}

open_enum! {
    /// Option codes (RFC 2132 and later).
    pub struct OptionCode(u8) {
        PAD = 0, "Pad", "RFC 2132 §3.1", "filling: a single byte";
        SUBNET_MASK = 1, "Subnet mask", "RFC 2132 §3.3", "which part of the address names the network";
        TIME_OFFSET = 2, "Time offset", "RFC 2132 §3.4", "seconds from UTC";
        ROUTER = 3, "Router", "RFC 2132 §3.5", "the gateways to other networks, the preferred first";
        DNS_SERVERS = 6, "Domain name servers", "RFC 2132 §3.8", "the resolvers to ask, the preferred first";
        HOST_NAME = 12, "Host name", "RFC 2132 §3.14", "the client's name";
        DOMAIN_NAME = 15, "Domain name", "RFC 2132 §3.17", "the domain that the client belongs to";
        INTERFACE_MTU = 26, "Interface MTU", "RFC 2132 §5.1", "the largest packet that the client should send";
        BROADCAST_ADDRESS = 28, "Broadcast address", "RFC 2132 §5.3", "the address of everybody on the network";
        STATIC_ROUTE = 33, "Static routes", "RFC 2132 §5.8", "routes to single hosts; superseded by option 121";
        NTP_SERVERS = 42, "NTP servers", "RFC 2132 §8.3", "time servers";
        VENDOR_SPECIFIC = 43, "Vendor-specific", "RFC 2132 §8.4", "whatever client and server of one maker tell each other";
        REQUESTED_ADDRESS = 50, "Requested address", "RFC 2132 §9.1", "the address that the client would like, or takes";
        LEASE_TIME = 51, "Lease time", "RFC 2132 §9.2", "how long the client may use the address";
        OVERLOAD = 52, "Option overload", "RFC 2132 §9.3", "more options stand in the fields for server name and file";
        MESSAGE_TYPE = 53, "Message type", "RFC 2132 §9.6", "what this message is for";
        SERVER_ID = 54, "Server identifier", "RFC 2132 §9.7", "which server speaks, or is spoken to";
        PARAMETER_REQUEST_LIST = 55, "Parameter request list", "RFC 2132 §9.8", "the options that the client would like to have";
        MESSAGE = 56, "Message", "RFC 2132 §9.9", "an error in words";
        MAX_MESSAGE_SIZE = 57, "Maximum message size", "RFC 2132 §9.10", "the longest message that the sender takes";
        RENEWAL_TIME = 58, "Renewal time (T1)", "RFC 2132 §9.11", "when the client asks its server to prolong the lease";
        REBINDING_TIME = 59, "Rebinding time (T2)", "RFC 2132 §9.12", "when the client asks any server to prolong it";
        VENDOR_CLASS = 60, "Vendor class", "RFC 2132 §9.13", "which program the client is";
        CLIENT_ID = 61, "Client identifier", "RFC 2132 §9.14", "by what the server knows the client";
        TFTP_SERVER = 66, "TFTP server name", "RFC 2132 §9.4", "where a diskless client loads its system";
        BOOT_FILE = 67, "Boot file name", "RFC 2132 §9.5", "what a diskless client loads";
        USER_CLASS = 77, "User class", "RFC 3004 §4", "which kind of user or application the client is";
        RAPID_COMMIT = 80, "Rapid commit", "RFC 4039 §4", "two messages instead of four";
        FQDN = 81, "Client FQDN", "RFC 4702 §2", "the client's full name, and who shall enter it into DNS";
        RELAY_AGENT = 82, "Relay agent information", "RFC 3046 §2.0", "what a relay knows about where the client is attached";
        IPV6_ONLY = 108, "IPv6-only preferred", "RFC 8925 §3.1", "the client can do without IPv4, for so many seconds";
        CAPTIVE_PORTAL = 114, "Captive portal", "RFC 8910 §2.1", "where a user must sign in";
        DOMAIN_SEARCH = 119, "Domain search", "RFC 3397 §2", "domains to try behind short names";
        CLASSLESS_ROUTES = 121, "Classless static routes", "RFC 3442", "routes to networks; the client then ignores option 3";
        END = 255, "End", "RFC 2132 §3.2", "the options end here";
    }
}

open_enum! {
    /// Kinds of link-layer addresses (IANA hardware types; in a client identifier 0 and 255 have meanings of their own).
    pub struct HardwareType(u8) {
        NONE = 0, "not a hardware address", "RFC 2132 §9.14", "a name or number that is no hardware address";
        ETHERNET = 1, "Ethernet", "RFC 1700", "a MAC address of 6 bytes";
        IEEE_802 = 6, "IEEE 802", "RFC 1700", "a MAC address of 6 bytes";
        INFINIBAND = 32, "InfiniBand", "RFC 4390 §2.1", "an address too long for the field";
        DUID = 255, "IAID and DUID", "RFC 4361 §6.1", "an id of the interface and one of the machine, the same as in DHCPv6";
    }
}
