//! The knobs of what is asked for.

use super::text::{choose, number};
use super::{Group, Kind, Knob};
use crate::Header;

pub(super) const KNOBS: &[Knob] = &[
    Knob {
        name: "tls",
        short: None,
        label: "TLS",
        group: Group::Request,
        key: "request.tls",
        kind: Kind::Choice(&[("1.3", "TLS 1.3"), ("1.2", "TLS 1.2")]),
        value_name: "VERSION",
        help: "TLS version.",
        steps: &[],
        get: |scenario| scenario.request.tls.name().to_owned(),
        set: |scenario, text| choose(text, &mut scenario.request.tls),
    },
    Knob {
        name: "http",
        short: None,
        label: "HTTP",
        group: Group::Request,
        key: "request.http",
        kind: Kind::Choice(&[("1.1", "HTTP/1.1"), ("2", "HTTP/2")]),
        value_name: "VERSION",
        help: "HTTP version: 1.1 (the default) or 2, which https agrees on by ALPN and http begins with at once.",
        steps: &[],
        get: |scenario| scenario.request.http.name().to_owned(),
        set: |scenario, text| choose(text, &mut scenario.request.http),
    },
    Knob {
        name: "connections",
        short: None,
        label: "Connections",
        group: Group::Request,
        key: "client.connections",
        kind: Kind::Number(1, 100),
        value_name: "N",
        help: "Connections that an HTTP/1.1 client opens at most for the files of a page (1 to 100) [default: 6].",
        steps: &["1", "2", "4", "6", "10", "20", "100"],
        get: |scenario| scenario.client.connections.to_string(),
        set: |scenario, text| number(text, 0, u64::from(u32::MAX), &mut scenario.client.connections),
    },
    Knob {
        name: "method",
        short: Some('X'),
        label: "Method",
        group: Group::Request,
        key: "request.method",
        kind: Kind::Text,
        value_name: "METHOD",
        help: "HTTP method.",
        steps: &[],
        get: |scenario| scenario.request.method.clone().unwrap_or_default(),
        set: |scenario, text| {
            scenario.request.method = (!text.is_empty()).then(|| text.to_owned());
            Ok(())
        },
    },
    Knob {
        name: "header",
        short: Some('H'),
        label: "Header fields",
        group: Group::Request,
        key: "request.headers",
        kind: Kind::Lines,
        value_name: "NAME: VALUE",
        help: "A request header field; may be repeated.",
        steps: &[],
        get: |_| String::new(),
        set: |scenario, text| {
            // Added to those of the scenario, one a line.
            for line in text.lines().filter(|line| !line.is_empty()) {
                let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` has no colon"))?;
                scenario.request.headers.push(Header(name.trim().to_owned(), value.trim().to_owned()));
            }
            Ok(())
        },
    },
    Knob {
        name: "data",
        short: Some('d'),
        label: "Request body",
        group: Group::Request,
        key: "request.body",
        kind: Kind::Text,
        value_name: "TEXT",
        help: "A request body; the method is POST unless given.",
        steps: &[],
        get: |scenario| scenario.request.body.clone().unwrap_or_default(),
        set: |scenario, text| {
            scenario.request.body = (!text.is_empty()).then(|| text.to_owned());
            Ok(())
        },
    },
];
