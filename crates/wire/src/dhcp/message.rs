//! A DHCP message (RFC 2131 §2): 236 fixed bytes, a cookie, options.

use std::net::Ipv4Addr;

use super::codes::{HardwareType, MessageType, Op, OptionCode};
use super::options::{self, CODE, DhcpOption, LEN, OPTION, OVERLOAD, PADDING, PART};
use crate::{Field, MacAddr, Malformed, Reader, Silent, Sink};

crate::header! {
    /// The fixed part of a message: 236 bytes.
    pub struct Header, mod field = "dhcp", "DHCP", "RFC 2131 §2",
        "gives a host that joins a network its address, its gateway and its name servers";
    op: Op = 8, Dec, "op", "RFC 2131 §2", "who speaks: a client or a server", codes Op::CODES;
    htype: HardwareType = 8, Dec, "htype", "RFC 2131 §2", "the kind of the client's hardware address", codes HardwareType::CODES;
    hlen: u8 = 8, Octets, "hlen", "RFC 2131 §2", "the length of the client's hardware address: 6 for Ethernet";
    hops: u8 = 8, Dec, "hops", "RFC 2131 §2", "how many relays the message has passed";
    xid: u32 = 32, Hex, "xid", "RFC 2131 §2", "chosen at random by the client; the answers repeat it";
    secs: u16 = 16, Seconds, "secs", "RFC 2131 §2", "how long the client has been trying";
    broadcast: bool = 1, Flag, "B", "RFC 2131 §4.1", "please answer to everybody: I cannot yet receive packets for my address";
    reserved: u16 = 15, Hex, "MBZ", "RFC 2131 §2", "must be zero";
    ciaddr: Ipv4Addr = 32, Address, "ciaddr", "RFC 2131 §2", "the client's address, if it has one that it can be reached at";
    yiaddr: Ipv4Addr = 32, Address, "yiaddr", "RFC 2131 §2", "your address: the one that the server gives to the client";
    siaddr: Ipv4Addr = 32, Address, "siaddr", "RFC 2131 §2", "the server to load an operating system from, for machines without disks";
    giaddr: Ipv4Addr = 32, Address, "giaddr", "RFC 2131 §2", "the relay that brought the message from the client's network";
    chaddr: [u8; 16] = 128, Address, "chaddr", "RFC 2131 §2", "the client's hardware address, filled up with zeros";
    sname: [u8; 64] = 512, Text, "sname", "RFC 2131 §2", "the server's name; often empty, or lent to options";
    file: [u8; 128] = 1024, Text, "file", "RFC 2131 §2", "the file to load an operating system from; often empty, or lent to options";
}

crate::fields! {
    /// Fields around the fixed part.
    pub MESSAGE_FIELDS;
    CHADDR_PADDING = "dhcp.chaddr_padding", "chaddr padding", "RFC 2131 §2", Opaque(Padding), "fills the field up to 16 bytes";
    SNAME_PADDING = "dhcp.sname_padding", "sname padding", "RFC 2131 §2", Opaque(Padding), "the zero that ends the text, and filling up to 64 bytes";
    FILE_PADDING = "dhcp.file_padding", "file padding", "RFC 2131 §2", Opaque(Padding), "the zero that ends the text, and filling up to 128 bytes";
    SNAME_OPTIONS = "dhcp.sname_options", "sname: options", "RFC 2131 §4.1", Group, "options that did not fit elsewhere";
    FILE_OPTIONS = "dhcp.file_options", "file: options", "RFC 2131 §4.1", Group, "options that did not fit elsewhere";
    COOKIE = "dhcp.cookie", "Magic cookie", "RFC 2131 §3", Hex, "says that options follow: 99, 130, 83, 99";
    OPTIONS = "dhcp.options", "Options", "RFC 2132 §2", Group, "all that client and server tell each other besides";
}

/// The bytes before the options (RFC 2131 §3, RFC 1497): 99, 130, 83, 99.
pub const MAGIC_COOKIE: u32 = 0x6382_5363;

/// The shortest message that is sent (RFC 1542 §2.1: BOOTP messages have 300 bytes).
const MIN_LEN: usize = 300;

impl Header {
    /// The client's hardware address if it is an Ethernet address.
    pub fn mac(&self) -> Option<MacAddr> {
        let [a, b, c, d, e, f, ..] = self.chaddr;
        (self.htype == HardwareType::ETHERNET && self.hlen == 6).then_some(MacAddr([a, b, c, d, e, f]))
    }
}

/// A message: the fixed part and the options in the order that they first occur.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The fixed part.
    pub header: Header,
    /// What stands behind it, each code once; pads, the end and the overload option left out.
    pub options: Vec<DhcpOption>,
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $type:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> Option<$type> {
            self.options.iter().find_map(|option| match option {
                DhcpOption::$variant(value) => Some(value.clone()),
                _ => None,
            })
        }
    )*};
}

impl Message {
    /// A message of the Ethernet client `mac` or to it; the addresses are zero.
    pub fn new(op: Op, kind: MessageType, xid: u32, mac: MacAddr) -> Message {
        let mut chaddr = [0; 16];
        chaddr[..6].copy_from_slice(&mac.0);
        let header = Header {
            op,
            htype: HardwareType::ETHERNET,
            hlen: 6,
            hops: 0,
            xid,
            secs: 0,
            broadcast: false,
            reserved: 0,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            chaddr,
            sname: [0; 64],
            file: [0; 128],
        };
        Message { header, options: vec![DhcpOption::MessageType(kind)] }
    }

    /// Reads a message that fills `bytes`.
    ///
    /// # Errors
    /// If it breaks the format anywhere.
    pub fn parse(bytes: &[u8]) -> Result<Message, Malformed> {
        let decoded = Reader::decode_all(bytes, &mut Silent, |reader| decode(reader))?;
        decoded.ok_or(Malformed { field: &field::GROUP, at: 0, what: "is not a message" })
    }

    /// The option with this code.
    pub fn option(&self, code: OptionCode) -> Option<&DhcpOption> {
        self.options.iter().find(|option| option.code() == code)
    }

    getters! {
        /// What it is for.
        message_type: MessageType => MessageType;
        /// Which server.
        server_id: ServerId => Ipv4Addr;
        /// The address that the client would like.
        requested_address: RequestedAddress => Ipv4Addr;
        /// How long the address may be used, in seconds.
        lease_time: LeaseTime => u32;
        /// T1 in seconds.
        renewal_time: RenewalTime => u32;
        /// T2 in seconds.
        rebinding_time: RebindingTime => u32;
        /// The network's mask.
        subnet_mask: SubnetMask => Ipv4Addr;
        /// Gateways.
        routers: Router => Vec<Ipv4Addr>;
        /// Resolvers.
        dns_servers: DnsServers => Vec<Ipv4Addr>;
        /// The client's name.
        host_name: HostName => Vec<u8>;
        /// By what the server knows the client.
        client_id: ClientId => super::ClientId;
        /// The longest message that the sender takes, in bytes.
        max_message_size: MaxMessageSize => u16;
        /// The options wanted.
        parameter_request_list: ParameterRequestList => Vec<OptionCode>;
    }

    /// The message as bytes, for a receiver that takes IP packets of `max_size` bytes (at least 576, which every client
    /// takes: RFC 2131 §2). Options that do not fit go into `file` and then `sname`, if those are empty (RFC 2131 §4.1);
    /// those that fit nowhere are left out. Long options are split (RFC 3396 §7). At least 300 bytes.
    pub fn encode(&self, max_size: usize) -> Vec<u8> {
        // IP and UDP headers, this header, cookie; overload option and end.
        let room = max_size.clamp(576, 0xffff) - 28 - Header::LEN - 4;
        let mut areas = [Area::new(room - 4), Area::new(0), Area::new(0)];
        if self.header.file == [0; 128] {
            areas[1].room = 127;
        }
        if self.header.sname == [0; 64] {
            areas[2].room = 63;
        }
        for option in &self.options {
            let data = option.data();
            let mut encoded = Vec::with_capacity(data.len() + 2);
            let parts: Vec<&[u8]> = if data.is_empty() { vec![&[]] } else { data.chunks(255).collect() };
            for part in parts {
                encoded.extend_from_slice(&[option.code().0, part.len() as u8]);
                encoded.extend_from_slice(part);
            }
            if let Some(area) = areas.iter_mut().find(|area| area.bytes.len() + encoded.len() <= area.room) {
                area.bytes.extend_from_slice(&encoded);
            }
        }
        let [main, file, sname] = areas;
        let mut header = self.header;
        let mut overload = 0;
        for (area, field, bit) in [(&file, &mut header.file[..], 1), (&sname, &mut header.sname[..], 2)] {
            if !area.bytes.is_empty() {
                field[..area.bytes.len()].copy_from_slice(&area.bytes);
                field[area.bytes.len()] = OptionCode::END.0;
                overload |= bit;
            }
        }
        let mut out = vec![0; Header::LEN];
        header.write(&mut out);
        out.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
        out.extend_from_slice(&main.bytes);
        if overload != 0 {
            out.extend_from_slice(&[OptionCode::OVERLOAD.0, 1, overload]);
        }
        out.push(OptionCode::END.0);
        out.resize(out.len().max(MIN_LEN), 0);
        out
    }
}

/// A place for options.
struct Area {
    bytes: Vec<u8>,
    room: usize,
}
impl Area {
    fn new(room: usize) -> Area {
        Area { bytes: Vec::new(), room }
    }
}

/// Decodes a message that fills the rest of the reader, as a group.
///
/// # Errors
/// If it is cut short, has no cookie, or an option is malformed (with a sink that stops).
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Message, Malformed> {
    reader.group(&field::GROUP, |reader| {
        let bytes = reader.peek();
        if bytes.len() < Header::LEN + 4 {
            return Err(reader.error(&field::GROUP, "is cut short"));
        }
        let header = Header::read(bytes);
        let mut list = OptionList::default();
        // The options that follow decide what `sname` and `file` are: look ahead. Their order is options, file, sname
        // (RFC 3396 §5).
        let main = &bytes[Header::LEN + 4..];
        list.collect(main);
        let overload = list.overload;
        if overload & 1 != 0 {
            list.collect(&header.file);
        }
        if overload & 2 != 0 {
            list.collect(&header.sname);
        }

        reader.get::<Op>(&field::op, 8)?;
        reader.get::<HardwareType>(&field::htype, 8)?;
        reader.u8(&field::hlen)?;
        reader.u8(&field::hops)?;
        reader.u32(&field::xid)?;
        reader.u16(&field::secs)?;
        reader.get::<bool>(&field::broadcast, 1)?;
        reader.bits(&field::reserved, 15)?;
        for address in [&field::ciaddr, &field::yiaddr, &field::siaddr, &field::giaddr] {
            reader.get::<Ipv4Addr>(address, 32)?;
        }
        if header.mac().is_some() {
            reader.get::<MacAddr>(&field::chaddr, 48)?;
            reader.bytes(&CHADDR_PADDING, 10)?;
        } else {
            let len = usize::from(header.hlen.min(16));
            reader.bytes(&field::chaddr, len)?;
            reader.bytes(&CHADDR_PADDING, 16 - len)?;
        }
        let mut options = Vec::new();
        if overload & 2 != 0 {
            reader.group_within(&SNAME_OPTIONS, 64, |reader| decode_options(reader, &mut list, &mut options))?;
        } else {
            text(reader, &field::sname, &SNAME_PADDING, 64)?;
        }
        if overload & 1 != 0 {
            reader.group_within(&FILE_OPTIONS, 128, |reader| decode_options(reader, &mut list, &mut options))?;
        } else {
            text(reader, &field::file, &FILE_PADDING, 128)?;
        }
        if reader.u32(&COOKIE)? != MAGIC_COOKIE {
            // RFC 2131 §3: the first four octets of the options field.
            return Err(reader.error(&COOKIE, "is not 99, 130, 83, 99"));
        }
        if !reader.is_empty() {
            let rest = reader.remaining();
            reader.group_within(&OPTIONS, rest, |reader| decode_options(reader, &mut list, &mut options))?;
        }
        let in_order: Vec<DhcpOption> = list
            .codes
            .iter()
            .filter_map(|(code, _)| {
                let at = options.iter().position(|option: &DhcpOption| option.code() == *code)?;
                Some(options.swap_remove(at))
            })
            .collect();
        Ok(Message { header, options: in_order })
    })
}

/// What a first look over all options finds: how often each code occurs, and the data of all its parts.
#[derive(Default)]
struct OptionList {
    /// By first occurrence: code, parts and data.
    codes: Vec<(OptionCode, Parts)>,
    overload: u8,
}

#[derive(Default)]
struct Parts {
    count: usize,
    data: Vec<u8>,
    /// Whether the parts, put together, have been decoded.
    done: bool,
}

impl OptionList {
    /// Looks over one area. What is malformed ends the look; the decoder proper will say so.
    fn collect(&mut self, mut area: &[u8]) {
        loop {
            match area {
                [0, rest @ ..] => area = rest,
                [] | [255, ..] | [_] => return,
                [code, len, rest @ ..] => {
                    let Some((data, after)) = rest.split_at_checked(usize::from(*len)) else { return };
                    area = after;
                    let code = OptionCode(*code);
                    if code == OptionCode::OVERLOAD {
                        // RFC 2132 §9.3: 1, 2 or 3. It counts in the options field alone.
                        if let ([value @ 1..=3], 0) = (data, self.overload) {
                            self.overload = *value;
                        }
                        continue;
                    }
                    let at = self.codes.iter().position(|(known, _)| *known == code).unwrap_or_else(|| {
                        self.codes.push((code, Parts::default()));
                        self.codes.len() - 1
                    });
                    self.codes[at].1.count += 1;
                    self.codes[at].1.data.extend_from_slice(data);
                }
            }
        }
    }

    fn parts(&mut self, code: OptionCode) -> Option<&mut Parts> {
        self.codes.iter_mut().find(|(known, _)| *known == code).map(|(_, parts)| parts)
    }
}

/// Decodes one area of options to its end.
fn decode_options<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    list: &mut OptionList,
    options: &mut Vec<DhcpOption>,
) -> Result<(), Malformed> {
    while let Some(&code) = reader.peek().first() {
        let code = OptionCode(code);
        match code {
            OptionCode::PAD => drop(reader.group(&OPTION, |reader| reader.u8(&CODE))?),
            OptionCode::END => {
                reader.group(&OPTION, |reader| reader.u8(&CODE))?;
                // RFC 2132 §3.2: octets behind it should be filled with pads.
                reader.rest(&PADDING)?;
            }
            _ => reader.group(&OPTION, |reader| option(reader, code, list, options))?,
        }
    }
    Ok(())
}

fn option<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    code: OptionCode,
    list: &mut OptionList,
    options: &mut Vec<DhcpOption>,
) -> Result<(), Malformed> {
    reader.u8(&CODE)?;
    let len = usize::from(reader.u8(&LEN)?);
    if len > reader.remaining() {
        return Err(reader.error(&LEN, "reaches behind the end of the options"));
    }
    if code == OptionCode::OVERLOAD {
        return reader
            .within(len, |reader| {
                let at = reader.bit();
                if !matches!(reader.u8(&OVERLOAD)?, 1..=3) {
                    reader.sink().malformed(Malformed { field: &OVERLOAD, at, what: "is not 1, 2 or 3" })?;
                }
                Ok(())
            })
            .map(drop);
    }
    match list.parts(code) {
        Some(parts) if parts.count > 1 => {
            let at = reader.bit();
            reader.bytes(&PART, len)?;
            if !parts.done {
                parts.done = true;
                // RFC 3396 §5: the parts of all areas are put together before anything is made of them.
                match Reader::decode_all(&parts.data, &mut Silent, |reader| options::decode(reader, code)) {
                    Ok(whole) => options.extend(whole),
                    Err(error) => reader.sink().malformed(Malformed { at, ..error })?,
                }
            }
        }
        _ => options.extend(reader.within(len, |reader| options::decode(reader, code))?),
    }
    Ok(())
}

/// Text up to a zero, then padding up to `len` bytes.
fn text<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    field: &'static Field,
    padding: &'static Field,
    len: usize,
) -> Result<(), Malformed> {
    let text = reader.peek().iter().take(len).take_while(|byte| **byte != 0).count();
    reader.bytes(field, text)?;
    reader.bytes(padding, len - text)?;
    Ok(())
}
