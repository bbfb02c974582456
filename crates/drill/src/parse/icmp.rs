//! ICMP errors: `< icmp unreachable frag_needed mtu 1300 [1:1001(1000)]`, and ICMPv6's: `< icmp packet_too_big mtu 1300 [...]`.

use super::{Parsed, Parser};
use crate::error::Problem;
use crate::lex::Kind;
use crate::script::{Icmp, Quoted};

/// Names and the numbers that they stand for.
type Names = &'static [(&'static str, u8)];

/// ICMP types by the names that scripts use (RFC 792, RFC 950).
const TYPES: Names = &[
    ("echo_reply", 0),
    ("unreachable", 3),
    ("source_quench", 4),
    ("redirect", 5),
    ("echo_request", 8),
    ("time_exceeded", 11),
    ("parameter_problem", 12),
    ("timestamp_request", 13),
    ("timestamp_reply", 14),
    ("information_request", 15),
    ("information_reply", 16),
    ("address_mask_request", 17),
    ("address_mask_reply", 18),
];
/// Codes of "unreachable" (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1).
const UNREACHABLE: Names = &[
    ("net_unreachable", 0),
    ("host_unreachable", 1),
    ("protocol_unreachable", 2),
    ("port_unreachable", 3),
    ("frag_needed", 4),
    ("source_route_failed", 5),
    ("net_unknown", 6),
    ("host_unknown", 7),
    ("source_host_isolated", 8),
    ("net_prohibited", 9),
    ("host_prohibited", 10),
    ("net_unreachable_for_tos", 11),
    ("host_unreachable_for_tos", 12),
    ("packet_filtered", 13),
    ("precedence_violation", 14),
    ("precedence_cutoff", 15),
];
/// ICMPv6 types (RFC 4443 §2.1, RFC 4861 §4).
const TYPES_V6: Names = &[
    ("unreachable", 1),
    ("packet_too_big", 2),
    ("time_exceeded", 3),
    ("parameter_problem", 4),
    ("echo_request", 128),
    ("echo_reply", 129),
    ("router_solicitation", 133),
    ("router_advertisement", 134),
    ("neighbor_solicitation", 135),
    ("neighbor_advertisement", 136),
];
/// Codes of ICMPv6's "unreachable" (RFC 4443 §3.1), "time exceeded" (§3.3) and "parameter problem" (§3.4).
const UNREACHABLE_V6: Names = &[
    ("net_unreachable", 0),
    ("no_route", 0),
    ("admin_prohibited", 1),
    ("not_neighbour", 2),
    ("address_unreachable", 3),
    ("port_unreachable", 4),
];
const TIME_EXCEEDED_V6: Names = &[("exceeded_hop_limit", 0), ("exceeded_frag_time", 1)];
const PARAMETER_PROBLEM_V6: Names = &[("header_field", 0), ("unknown_next_header", 1), ("unknown_option", 2)];

fn named(names: Names, name: &str) -> Option<u8> {
    names.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// The codes that a type has names for.
fn codes(v6: bool, kind: u8) -> Names {
    match (v6, kind) {
        (false, 3) => UNREACHABLE,
        (true, 1) => UNREACHABLE_V6,
        (true, 3) => TIME_EXCEEDED_V6,
        (true, 4) => PARAMETER_PROBLEM_V6,
        _ => &[],
    }
}

impl Parser<'_> {
    /// What stands behind `icmp`. Which version of IP it goes over is not known yet: a name may be one of both.
    pub(super) fn icmp(&mut self) -> Parsed<Icmp> {
        let token = self.next();
        let number = token.text.strip_prefix("type_").and_then(|number| number.parse().ok());
        let v4 = number.or_else(|| named(TYPES, &token.text));
        let v6 = number.or_else(|| named(TYPES_V6, &token.text));
        if v4.is_none() && v6.is_none() {
            let known: Vec<&str> = TYPES.iter().chain(TYPES_V6).map(|row| row.0).collect();
            let problem = Problem::invalid(token.span, format!("`{}` is no ICMP type", token.text));
            return Err(problem.help(format!("known are {}", known.join(", "))));
        }
        let mut icmp = Icmp { v4: v4.map(|kind| (kind, 0)), v6: v6.map(|kind| (kind, 0)), rest: 0, quoted: None };
        if self.peek().kind == Kind::Word && !self.is_word("mtu") && !self.is_word("id") {
            let token = self.next();
            let number = token.text.strip_prefix("code_").and_then(|number| number.parse().ok());
            let with_code = |v6: bool, kind: Option<u8>| {
                let kind = kind?;
                Some((kind, number.or_else(|| named(codes(v6, kind), &token.text))?))
            };
            (icmp.v4, icmp.v6) = (with_code(false, v4), with_code(true, v6));
            if icmp.v4.is_none() && icmp.v6.is_none() {
                let names = |v6, kind: Option<u8>| kind.map_or(&[][..], |kind| codes(v6, kind)).iter().map(|row| row.0);
                let known: Vec<&str> = names(false, v4).chain(names(true, v6)).collect();
                let problem = Problem::invalid(token.span, format!("`{}` is no code of this type", token.text));
                return Err(problem.help(format!("it has {}", known.join(", "))));
            }
        }
        if self.takes_word("mtu") {
            icmp.rest = self.number("the MTU", u32::MAX.into())? as u32;
        }
        if self.takes_word("id") {
            icmp.rest = (self.number("the identifier", 0xFFFF)? as u32) << 16;
        }
        // These are about no packet of ours.
        let echo = matches!(v4, Some(0 | 8)) || matches!(v6, Some(128 | 129 | 133..=136));
        if self.takes('[') {
            icmp.quoted = Some(if self.takes_word("udp") {
                self.expect('(', "a quoted datagram gives its payload: `[udp (100)]`")?;
                let len = self.number("the payload's length", 65_507)? as usize;
                self.expect(')', "close the length")?;
                Quoted::Udp(len)
            } else if self.is_word("raw") {
                return Err(Problem::unsupported(self.peek().span, "raw ICMP payloads are not supported"));
            } else {
                let (seq, len) = self.sequence()?;
                Quoted::Tcp(seq, len)
            });
            self.expect(']', "close what is quoted")?;
        } else if !echo {
            icmp.quoted = Some(Quoted::Tcp(0, 0));
        }
        Ok(icmp)
    }
}
