//! Packet lines: `> [ect0] P. 1:1001(1000) ack 1 win 257 <nop,nop,TS val 100 ecr 200>`.

use wire::tcp::Flags;

use super::{Parsed, Parser, flags};
use crate::error::{Problem, Span};
use crate::lex::Kind;
use crate::script::{IpFields, Packet, Tcp, Tos, Transport, Way};

impl Parser<'_> {
    pub(super) fn packet(&mut self) -> Parsed<Packet> {
        let way = if self.takes('<') { Way::In } else { Way::Out };
        if way == Way::Out {
            self.expect('>', "a packet line begins with `<` or `>`")?;
        }
        for layer in ["ipv4", "ipv6", "gre", "GREv0", "mpls"] {
            if self.is_word(layer) {
                let span = self.peek().span;
                return Err(Problem::unsupported(span, format!("packets within {layer} are not supported")));
            }
        }
        let ip = self.ip_fields(way)?;
        if self.is_word("encap") {
            return Err(Problem::unsupported(self.peek().span, "encapsulated packets are not supported"));
        }
        if self.takes_word("icmp") {
            return Ok(Packet { way, ip, ports: None, body: Transport::Icmp(self.icmp()?) });
        }
        let udp = self.takes_word("udp");
        let ports = self.ports()?;
        let body = if udp {
            self.expect('(', "a UDP packet gives its payload: `udp (100)`")?;
            let len = self.number("the payload's length", 65_507)?;
            self.expect(')', "close the length")?;
            Transport::Udp(len as usize)
        } else {
            Transport::Tcp(self.segment(way)?)
        };
        Ok(Packet { way, ip, ports, body })
    }

    fn ip_fields(&mut self, way: Way) -> Parsed<IpFields> {
        let mut fields = IpFields::default();
        let close = match self.peek().kind {
            Kind::Symbol('[') => ']',
            Kind::Symbol('(') => ')',
            _ => return Ok(fields),
        };
        self.next();
        loop {
            let token = self.next();
            match token.text.as_str() {
                "noecn" => fields.tos = Some(Tos::Ecn(0)),
                "ect1" => fields.tos = Some(Tos::Ecn(1)),
                "ect0" => fields.tos = Some(Tos::Ecn(2)),
                "ce" => fields.tos = Some(Tos::Ecn(3)),
                "ect01" if way == Way::Out => fields.tos = Some(Tos::AnyEct),
                "ect01" => {
                    let problem = Problem::invalid(token.span, "ect01 is for packets that are expected");
                    return Err(problem.help("write ect0 or ect1"));
                }
                "tos" => fields.tos = Some(Tos::Whole(self.number("the type of service", 0xFF)? as u8)),
                "ttl" => fields.ttl = Some(self.number("the TTL", 0xFF)? as u8),
                "fragments" if way == Way::In => {
                    let count = self.number("the number of fragments", 16)? as usize;
                    if count < 2 {
                        let problem = Problem::invalid(token.span, "a packet in fragments has at least two");
                        return Err(problem.help("write `fragments 2`"));
                    }
                    fields.fragments = Some(count);
                }
                "flowlabel" => fields.flow_label = Some(self.number("the flow label", 0xF_FFFF)? as u32),
                other => {
                    let problem = Problem::invalid(token.span, format!("`{other}` is no field of the IP header"));
                    return Err(
                        problem.help("known are noecn, ect0, ect1, ect01, ce, tos 0x10, ttl 64, flowlabel 0x12345 and, for what arrives, fragments 2")
                    );
                }
            }
            if !self.takes(',') {
                break;
            }
        }
        self.expect(close, "close the IP fields")?;
        Ok(fields)
    }

    fn ports(&mut self) -> Parsed<Option<(u16, u16)>> {
        if self.peek().kind != Kind::Integer || self.peek_at(1).kind != Kind::Symbol('>') {
            return Ok(None);
        }
        let source = self.number("the source port", 0xFFFF)? as u16;
        self.expect('>', "ports are given as `1000 > 80`")?;
        Ok(Some((source, self.number("the destination port", 0xFFFF)? as u16)))
    }

    fn segment(&mut self, way: Way) -> Parsed<Tcp> {
        let flags = self.flags()?;
        let (seq, len) = self.sequence()?;
        let ack = if self.takes_word("ack") { self.number("the acknowledgment", u32::MAX.into())? as u32 } else { 0 };
        let at_window = self.peek().span;
        let window = if self.takes_word("win") { Some(self.number("the window", 0xFFFF)? as u16) } else { None };
        if window.is_none() && way == Way::In {
            let problem = Problem::invalid(at_window, "a packet to the stack needs a window");
            return Err(problem.help("add `win 1000`"));
        }
        let urgent = if self.takes_word("urg") { self.number("the urgent pointer", 0xFFFF)? as u16 } else { 0 };
        let options = self.tcp_options(way)?;
        Ok(Tcp { flags, seq, len, ack, window, urgent, options })
    }

    fn flags(&mut self) -> Parsed<Flags> {
        let start = self.peek().span;
        if self.takes('-') {
            return Ok(Flags::NONE);
        }
        let mut text = String::new();
        if self.peek().kind == Kind::Word {
            text.push_str(&self.next().text);
        }
        match self.peek().kind {
            Kind::Symbol('.') => text.push_str(&self.next().text),
            Kind::Float => text.push_str(&self.next().text),
            _ => {}
        }
        if text.is_empty() {
            return Err(self.unexpected("the flags").help("for example `S`, `.`, `P.` or `F.`; `-` for none"));
        }
        flags(&text, start)
    }

    /// `1:1001(1000)`: where it starts and how long it is.
    pub(super) fn sequence(&mut self) -> Parsed<(u32, usize)> {
        let start = self.peek().span;
        let first = self.number("the sequence number", u32::MAX.into())?;
        self.expect(':', "sequence numbers are given as `1:1001(1000)`")?;
        let end = self.number("the end of the sequence", u32::MAX.into())?;
        self.expect('(', "sequence numbers are given as `1:1001(1000)`")?;
        let len = self.number("the length", 65_495)?;
        let close = self.peek().span;
        self.expect(')', "close the length")?;
        if (first + len) & u64::from(u32::MAX) != end {
            let span: Span = start.to(close);
            let problem = Problem::invalid(span, format!("{first} and {len} bytes make {}, not {end}", first + len));
            return Err(problem.help("start, end and length must agree"));
        }
        Ok((first as u32, len as usize))
    }
}
