//! DHCP options: what each holds, typed.

use std::net::Ipv4Addr;

use super::codes::{HardwareType, MessageType, OptionCode};
use crate::dns::{Name, Pointers, decode_name};
use crate::{Field, MacAddr, Malformed, Reader, Sink, Value};

crate::fields! {
    /// Fields of DHCP options.
    pub OPTION_FIELDS;
    OPTION = "dhcp.option", "Option", "RFC 2132 §2", Group, "one thing that client and server tell each other";
    CODE = "dhcp.option.code", "Code", "RFC 2132 §2", Dec, "which option this is", codes OptionCode::CODES;
    LEN = "dhcp.option.len", "Length", "RFC 2132 §2", Octets, "how long the option's data is";
    PART = "dhcp.option.part", "Part of a long option", "RFC 3396 §5", Bytes, "the option occurs more than once: its data is that of all of them, put together";
    DATA = "dhcp.option.data", "Data", "RFC 2132 §2", Bytes, "the data of an option that is not taken apart here";
    PADDING = "dhcp.option.padding", "Padding", "RFC 2132 §3.1", Opaque(Padding), "filling behind the end of the options";
    SUBNET_MASK = "dhcp.option.subnet_mask", "Subnet mask", "RFC 2132 §3.3", Address, "the ones say which bits of the address name the network";
    ROUTER = "dhcp.option.router", "Router", "RFC 2132 §3.5", Address, "a gateway to other networks";
    DNS_SERVER = "dhcp.option.dns_server", "Domain name server", "RFC 2132 §3.8", Address, "a resolver to ask";
    HOST_NAME = "dhcp.option.host_name", "Host name", "RFC 2132 §3.14", Text, "the client's name";
    DOMAIN_NAME = "dhcp.option.domain_name", "Domain name", "RFC 2132 §3.17", Text, "the domain that the client belongs to";
    MTU = "dhcp.option.mtu", "Interface MTU", "RFC 2132 §5.1", Octets, "the largest packet that the client should send; at least 68";
    BROADCAST = "dhcp.option.broadcast", "Broadcast address", "RFC 2132 §5.3", Address, "the address of everybody on the network";
    NTP_SERVER = "dhcp.option.ntp_server", "NTP server", "RFC 2132 §8.3", Address, "a time server";
    REQUESTED = "dhcp.option.requested_address", "Requested address", "RFC 2132 §9.1", Address, "the address that the client would like, or takes";
    LEASE_TIME = "dhcp.option.lease_time", "Lease time", "RFC 2132 §9.2", Seconds, "how long the client may use the address";
    OVERLOAD = "dhcp.option.overload", "Overload", "RFC 2132 §9.3", Dec, "where more options stand: 1: file, 2: sname, 3: both";
    MESSAGE_TYPE = "dhcp.option.message_type", "Message type", "RFC 2132 §9.6", Dec, "what this message is for", codes MessageType::CODES;
    SERVER_ID = "dhcp.option.server_id", "Server identifier", "RFC 2132 §9.7", Address, "which server speaks, or is spoken to";
    REQUESTED_OPTION = "dhcp.option.requested", "Requested option", "RFC 2132 §9.8", Dec, "an option that the client would like to have", codes OptionCode::CODES;
    MESSAGE = "dhcp.option.message", "Message", "RFC 2132 §9.9", Text, "an error in words";
    MAX_SIZE = "dhcp.option.max_message_size", "Maximum message size", "RFC 2132 §9.10", Octets, "the longest message that the sender takes; at least 576";
    T1 = "dhcp.option.renewal_time", "Renewal time (T1)", "RFC 2132 §9.11", Seconds, "from getting the address until the client asks its server to prolong the lease";
    T2 = "dhcp.option.rebinding_time", "Rebinding time (T2)", "RFC 2132 §9.12", Seconds, "from getting the address until the client asks any server to prolong it";
    VENDOR_CLASS = "dhcp.option.vendor_class", "Vendor class", "RFC 2132 §9.13", Text, "which program the client is";
    ID_TYPE = "dhcp.option.client_id.type", "Type", "RFC 2132 §9.14", Dec, "what kind of identifier follows", codes HardwareType::CODES;
    ID_MAC = "dhcp.option.client_id.mac", "Hardware address", "RFC 2132 §9.14", Address, "the client's MAC address";
    ID_IAID = "dhcp.option.client_id.iaid", "IAID", "RFC 4361 §6.1", Hex, "which interface of the machine";
    ID_DUID = "dhcp.option.client_id.duid", "DUID", "RFC 4361 §6.1", Bytes, "which machine, whatever interface it uses";
    ID_DATA = "dhcp.option.client_id.data", "Identifier", "RFC 2132 §9.14", Bytes, "by what the server knows the client";
    FQDN_RESERVED = "dhcp.option.fqdn.reserved", "Reserved", "RFC 4702 §2.1", Hex, "zero";
    FQDN_N = "dhcp.option.fqdn.n", "N", "RFC 4702 §2.1", Flag, "the server shall not enter anything into DNS";
    FQDN_E = "dhcp.option.fqdn.e", "E", "RFC 4702 §2.1", Flag, "the name is written as in DNS, not as text";
    FQDN_O = "dhcp.option.fqdn.o", "O", "RFC 4702 §2.1", Flag, "the server did not do as the client wished";
    FQDN_S = "dhcp.option.fqdn.s", "S", "RFC 4702 §2.1", Flag, "the server enters the address into DNS";
    FQDN_RCODE = "dhcp.option.fqdn.rcode", "RCODE", "RFC 4702 §2.2", Dec, "no longer used; 0, or 255 from a server";
    FQDN_NAME = "dhcp.option.fqdn.name", "Domain name", "RFC 4702 §2.3", Text, "the client's full name, or the first part of it";
    SEARCH = "dhcp.option.domain_search", "Search domain", "RFC 3397 §2", Text, "a domain to try behind short names";
    ROUTE = "dhcp.option.route", "Route", "RFC 3442", Group, "a network, and the gateway to it";
    ROUTE_WIDTH = "dhcp.option.route.width", "Prefix length", "RFC 3442", Dec, "how many bits name the network; 0 for the default route";
    ROUTE_NETWORK = "dhcp.option.route.network", "Network", "RFC 3442", Address, "the network's address, only as many bytes as the prefix needs";
    ROUTE_ROUTER = "dhcp.option.route.router", "Router", "RFC 3442", Address, "the gateway; 0.0.0.0 if the network is on this link";
    IPV6_ONLY = "dhcp.option.ipv6_only", "IPv6-only wait", "RFC 8925 §3.4", Seconds, "how long the client does without IPv4";
    URI = "dhcp.option.captive_portal", "Captive portal", "RFC 8910 §2", Text, "where a user must sign in";
}

/// An option's meaning. Encoding and decoding agree on these; pads, the end and the overload option are not among them.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DhcpOption {
    /// Which part of the address names the network.
    SubnetMask(Ipv4Addr),
    /// Gateways.
    Router(Vec<Ipv4Addr>),
    /// Resolvers.
    DnsServers(Vec<Ipv4Addr>),
    /// The client's name.
    HostName(Vec<u8>),
    /// The client's domain.
    DomainName(Vec<u8>),
    /// The largest packet to send, in bytes.
    InterfaceMtu(u16),
    /// The address of everybody on the network.
    BroadcastAddress(Ipv4Addr),
    /// Time servers.
    NtpServers(Vec<Ipv4Addr>),
    /// The address that the client would like.
    RequestedAddress(Ipv4Addr),
    /// How long the address may be used, in seconds; all ones for ever.
    LeaseTime(u32),
    /// What the message is for.
    MessageType(MessageType),
    /// Which server.
    ServerId(Ipv4Addr),
    /// The options wanted.
    ParameterRequestList(Vec<OptionCode>),
    /// An error in words.
    Message(Vec<u8>),
    /// The longest message that the sender takes, in bytes.
    MaxMessageSize(u16),
    /// T1 in seconds.
    RenewalTime(u32),
    /// T2 in seconds.
    RebindingTime(u32),
    /// Which program the client is.
    VendorClass(Vec<u8>),
    /// By what the server knows the client.
    ClientId(ClientId),
    /// The client's full name.
    Fqdn(Fqdn),
    /// Domains to try behind short names.
    DomainSearch(Vec<Name>),
    /// Prefix length, network and router of each route.
    ClasslessRoutes(Vec<(u8, Ipv4Addr, Ipv4Addr)>),
    /// Seconds without IPv4.
    Ipv6Only(u32),
    /// Where a user must sign in.
    CaptivePortal(Vec<u8>),
    /// Any other option and its data.
    Unknown(OptionCode, Vec<u8>),
}

/// By what a server knows a client: a type and at least one byte (RFC 2132 §9.14). For the server it is opaque.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId {
    /// A hardware type, 0, or 255 for IAID and DUID.
    pub kind: HardwareType,
    /// The identifier.
    pub id: Vec<u8>,
}

impl ClientId {
    /// An Ethernet address.
    pub fn ethernet(mac: MacAddr) -> ClientId {
        ClientId { kind: HardwareType::ETHERNET, id: mac.0.to_vec() }
    }
}

/// The client's full name (RFC 4702 §2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fqdn {
    /// From the lowest bit: S, O, E, N.
    pub flags: u8,
    /// Deprecated.
    pub rcode1: u8,
    /// Deprecated.
    pub rcode2: u8,
    /// With E as labels (possibly without the root), else as text.
    pub name: Vec<u8>,
}

impl DhcpOption {
    /// Its code.
    pub fn code(&self) -> OptionCode {
        match self {
            DhcpOption::SubnetMask(_) => OptionCode::SUBNET_MASK,
            DhcpOption::Router(_) => OptionCode::ROUTER,
            DhcpOption::DnsServers(_) => OptionCode::DNS_SERVERS,
            DhcpOption::HostName(_) => OptionCode::HOST_NAME,
            DhcpOption::DomainName(_) => OptionCode::DOMAIN_NAME,
            DhcpOption::InterfaceMtu(_) => OptionCode::INTERFACE_MTU,
            DhcpOption::BroadcastAddress(_) => OptionCode::BROADCAST_ADDRESS,
            DhcpOption::NtpServers(_) => OptionCode::NTP_SERVERS,
            DhcpOption::RequestedAddress(_) => OptionCode::REQUESTED_ADDRESS,
            DhcpOption::LeaseTime(_) => OptionCode::LEASE_TIME,
            DhcpOption::MessageType(_) => OptionCode::MESSAGE_TYPE,
            DhcpOption::ServerId(_) => OptionCode::SERVER_ID,
            DhcpOption::ParameterRequestList(_) => OptionCode::PARAMETER_REQUEST_LIST,
            DhcpOption::Message(_) => OptionCode::MESSAGE,
            DhcpOption::MaxMessageSize(_) => OptionCode::MAX_MESSAGE_SIZE,
            DhcpOption::RenewalTime(_) => OptionCode::RENEWAL_TIME,
            DhcpOption::RebindingTime(_) => OptionCode::REBINDING_TIME,
            DhcpOption::VendorClass(_) => OptionCode::VENDOR_CLASS,
            DhcpOption::ClientId(_) => OptionCode::CLIENT_ID,
            DhcpOption::Fqdn(_) => OptionCode::FQDN,
            DhcpOption::DomainSearch(_) => OptionCode::DOMAIN_SEARCH,
            DhcpOption::ClasslessRoutes(_) => OptionCode::CLASSLESS_ROUTES,
            DhcpOption::Ipv6Only(_) => OptionCode::IPV6_ONLY,
            DhcpOption::CaptivePortal(_) => OptionCode::CAPTIVE_PORTAL,
            DhcpOption::Unknown(code, _) => *code,
        }
    }

    /// Its data as on the wire, however long.
    pub(super) fn data(&self) -> Vec<u8> {
        match self {
            DhcpOption::SubnetMask(a)
            | DhcpOption::BroadcastAddress(a)
            | DhcpOption::RequestedAddress(a)
            | DhcpOption::ServerId(a) => a.octets().to_vec(),
            DhcpOption::Router(all) | DhcpOption::DnsServers(all) | DhcpOption::NtpServers(all) => {
                all.iter().flat_map(Ipv4Addr::octets).collect()
            }
            DhcpOption::HostName(bytes)
            | DhcpOption::DomainName(bytes)
            | DhcpOption::Message(bytes)
            | DhcpOption::VendorClass(bytes)
            | DhcpOption::CaptivePortal(bytes)
            | DhcpOption::Unknown(_, bytes) => bytes.clone(),
            DhcpOption::InterfaceMtu(n) | DhcpOption::MaxMessageSize(n) => n.to_be_bytes().to_vec(),
            DhcpOption::LeaseTime(n)
            | DhcpOption::RenewalTime(n)
            | DhcpOption::RebindingTime(n)
            | DhcpOption::Ipv6Only(n) => n.to_be_bytes().to_vec(),
            DhcpOption::MessageType(kind) => vec![kind.0],
            DhcpOption::ParameterRequestList(codes) => codes.iter().map(|code| code.0).collect(),
            DhcpOption::ClientId(id) => [&[id.kind.0], &id.id[..]].concat(),
            DhcpOption::Fqdn(fqdn) => [&[fqdn.flags, fqdn.rcode1, fqdn.rcode2], &fqdn.name[..]].concat(),
            DhcpOption::DomainSearch(names) => names.iter().flat_map(|name| name.as_wire().iter().copied()).collect(),
            DhcpOption::ClasslessRoutes(routes) => {
                let mut data = Vec::new();
                for (width, network, router) in routes {
                    let width = (*width).min(32);
                    data.push(width);
                    data.extend_from_slice(&network.octets()[..usize::from(width.div_ceil(8))]);
                    data.extend_from_slice(&router.octets());
                }
                data
            }
        }
    }
}

/// Decodes the data of the option `code`, which fills the reader.
pub(super) fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>, code: OptionCode) -> Result<DhcpOption, Malformed> {
    Ok(match code {
        OptionCode::SUBNET_MASK => DhcpOption::SubnetMask(reader.get(&SUBNET_MASK, 32)?),
        OptionCode::ROUTER => DhcpOption::Router(addresses(reader, &ROUTER)?),
        OptionCode::DNS_SERVERS => DhcpOption::DnsServers(addresses(reader, &DNS_SERVER)?),
        OptionCode::HOST_NAME => DhcpOption::HostName(text(reader, &HOST_NAME)?),
        OptionCode::DOMAIN_NAME => DhcpOption::DomainName(text(reader, &DOMAIN_NAME)?),
        OptionCode::INTERFACE_MTU => DhcpOption::InterfaceMtu(reader.u16(&MTU)?),
        OptionCode::BROADCAST_ADDRESS => DhcpOption::BroadcastAddress(reader.get(&BROADCAST, 32)?),
        OptionCode::NTP_SERVERS => DhcpOption::NtpServers(addresses(reader, &NTP_SERVER)?),
        OptionCode::REQUESTED_ADDRESS => DhcpOption::RequestedAddress(reader.get(&REQUESTED, 32)?),
        OptionCode::LEASE_TIME => DhcpOption::LeaseTime(reader.u32(&LEASE_TIME)?),
        OptionCode::MESSAGE_TYPE => DhcpOption::MessageType(reader.get(&MESSAGE_TYPE, 8)?),
        OptionCode::SERVER_ID => DhcpOption::ServerId(reader.get(&SERVER_ID, 32)?),
        OptionCode::PARAMETER_REQUEST_LIST => {
            let mut codes = vec![reader.get(&REQUESTED_OPTION, 8)?];
            while !reader.is_empty() {
                codes.push(reader.get(&REQUESTED_OPTION, 8)?);
            }
            DhcpOption::ParameterRequestList(codes)
        }
        OptionCode::MESSAGE => DhcpOption::Message(text(reader, &MESSAGE)?),
        OptionCode::MAX_MESSAGE_SIZE => DhcpOption::MaxMessageSize(reader.u16(&MAX_SIZE)?),
        OptionCode::RENEWAL_TIME => DhcpOption::RenewalTime(reader.u32(&T1)?),
        OptionCode::REBINDING_TIME => DhcpOption::RebindingTime(reader.u32(&T2)?),
        OptionCode::VENDOR_CLASS => DhcpOption::VendorClass(text(reader, &VENDOR_CLASS)?),
        OptionCode::CLIENT_ID => DhcpOption::ClientId(client_id(reader)?),
        OptionCode::FQDN => DhcpOption::Fqdn(fqdn(reader)?),
        OptionCode::DOMAIN_SEARCH => {
            // RFC 3397 §2: compressed as in DNS, pointers counting from the start of the option's data.
            let pointers = Pointers::from_here(reader, 0);
            let mut names = vec![decode_name(reader, &SEARCH, pointers)?];
            while !reader.is_empty() {
                names.push(decode_name(reader, &SEARCH, pointers)?);
            }
            DhcpOption::DomainSearch(names)
        }
        OptionCode::CLASSLESS_ROUTES => {
            let mut routes = vec![route(reader)?];
            while !reader.is_empty() {
                routes.push(route(reader)?);
            }
            DhcpOption::ClasslessRoutes(routes)
        }
        OptionCode::IPV6_ONLY => DhcpOption::Ipv6Only(reader.u32(&IPV6_ONLY)?),
        OptionCode::CAPTIVE_PORTAL => DhcpOption::CaptivePortal(text(reader, &URI)?),
        _ => DhcpOption::Unknown(code, reader.rest(&DATA)?.to_vec()),
    })
}

/// A list of addresses, at least one (RFC 2132 §3.5: the minimum length is 4 octets).
fn addresses<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static Field) -> Result<Vec<Ipv4Addr>, Malformed> {
    let mut all = vec![reader.get(field, 32)?];
    while !reader.is_empty() {
        all.push(reader.get(field, 32)?);
    }
    Ok(all)
}

/// Text, at least one byte (RFC 2132 §3.14 and its like: the minimum length is 1).
fn text<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static Field) -> Result<Vec<u8>, Malformed> {
    if reader.is_empty() {
        return Err(reader.error(field, "is empty"));
    }
    Ok(reader.rest(field)?.to_vec())
}

fn client_id<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<ClientId, Malformed> {
    let kind = reader.get(&ID_TYPE, 8)?;
    let id = reader.peek();
    match (kind, id.len()) {
        (_, 0) => return Err(reader.error(&ID_DATA, "is empty")),
        (HardwareType::ETHERNET, 6) => drop(reader.get::<MacAddr>(&ID_MAC, 48)?),
        (HardwareType::DUID, 5..) => {
            reader.u32(&ID_IAID)?;
            reader.rest(&ID_DUID)?;
        }
        _ => drop(reader.rest(&ID_DATA)?),
    }
    Ok(ClientId { kind, id: id.to_vec() })
}

fn fqdn<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Fqdn, Malformed> {
    let mut flags = 0;
    for (field, bits) in [(&FQDN_RESERVED, 4), (&FQDN_N, 1), (&FQDN_E, 1), (&FQDN_O, 1), (&FQDN_S, 1)] {
        flags = flags << bits | reader.bits(field, bits)? as u8;
    }
    let (rcode1, rcode2) = (reader.u8(&FQDN_RCODE)?, reader.u8(&FQDN_RCODE)?);
    let name = reader.peek();
    if flags & 4 != 0 {
        let text = if S::RECORDS { labels_as_text(name) } else { String::new() };
        reader.bytes_as(&FQDN_NAME, name.len(), |_| Value::Text(&text))?;
    } else {
        reader.rest(&FQDN_NAME)?;
    }
    Ok(Fqdn { flags, rcode1, rcode2, name: name.to_vec() })
}

/// Labels, with or without the root at their end (RFC 4702 §2.3.1), as text.
fn labels_as_text(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    while let Some((len @ 1.., rest)) = bytes.split_first() {
        let (label, after) = rest.split_at(rest.len().min((*len).into()));
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&label.escape_ascii().to_string());
        bytes = after;
    }
    text
}

fn route<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(u8, Ipv4Addr, Ipv4Addr), Malformed> {
    reader.group(&ROUTE, |reader| {
        let width = reader.u8(&ROUTE_WIDTH)?;
        if width > 32 {
            return Err(reader.error(&ROUTE_WIDTH, "is above 32"));
        }
        let whole = |bytes: &[u8]| {
            let mut network = [0; 4];
            network.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            Ipv4Addr::from(network)
        };
        let n = usize::from(width.div_ceil(8));
        let network = whole(reader.bytes_as(&ROUTE_NETWORK, n, |bytes| Value::Ip(whole(bytes).into()))?);
        Ok((width, network, reader.get(&ROUTE_ROUTER, 32)?))
    })
}
