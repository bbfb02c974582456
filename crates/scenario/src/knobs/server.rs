//! The knobs of what is answered.

use super::text::{number, octets, read, span};
use super::{Group, Kind, Knob};
use crate::Octets;

pub(super) const KNOBS: &[Knob] = &[
    Knob {
        name: "size",
        short: None,
        label: "Response size",
        group: Group::Server,
        key: "server.page.size",
        kind: Kind::Bytes,
        value_name: "BYTES",
        help: "Size of the response body, e.g. 100k.",
        steps: &["0", "100", "1k", "10k", "30k", "100k", "300k", "1M", "3M", "10M"],
        get: |scenario| scenario.server.page.size.map(|size| octets(size.0)).unwrap_or_default(),
        set: |scenario, text| {
            let page = &mut scenario.server.page;
            let mut size = Octets(0);
            if !text.is_empty() {
                read(text, &mut size)?;
                page.size = Some(size);
                (page.body, page.response_size) = (None, None);
            }
            Ok(())
        },
    },
    Knob {
        name: "think",
        short: None,
        label: "Server thinks",
        group: Group::Server,
        key: "server.page.think",
        kind: Kind::Duration,
        value_name: "TIME",
        help: "How long the server thinks before it answers, e.g. 50ms.",
        steps: &["0ms", "1ms", "5ms", "10ms", "20ms", "50ms", "100ms", "200ms", "500ms", "1s"],
        get: |scenario| span(scenario.server.page.think),
        set: |scenario, text| read(text, &mut scenario.server.page.think),
    },
    Knob {
        name: "break-after",
        short: None,
        label: "Server breaks off after",
        group: Group::Server,
        key: "server.page.breaks_after",
        kind: Kind::Text,
        value_name: "BYTES|never",
        help: "The server's program breaks off after so many bytes of the body, as one that crashes does, e.g. 20k; never: it does not.",
        steps: &["never", "0", "1k", "10k", "100k"],
        get: |scenario| scenario.server.page.breaks_after.map_or_else(|| "never".to_owned(), |len| octets(len.0)),
        set: |scenario, text| {
            let mut len = Octets(0);
            scenario.server.page.breaks_after = match text {
                "never" => None,
                _ => {
                    read(text, &mut len)?;
                    Some(len)
                }
            };
            Ok(())
        },
    },
    Knob {
        name: "files",
        short: None,
        label: "Files of the page",
        group: Group::Server,
        key: "server.page.files",
        kind: Kind::Number(0, 500),
        value_name: "N",
        help: "Files that the page refers to, which the client fetches when it has the page (0 to 500).",
        steps: &["0", "1", "2", "5", "10", "20", "50", "100"],
        get: |scenario| scenario.server.page.files.to_string(),
        set: |scenario, text| number(text, 0, u64::from(u32::MAX), &mut scenario.server.page.files),
    },
    Knob {
        name: "file-size",
        short: None,
        label: "Size of a file",
        group: Group::Server,
        key: "server.page.file_size",
        kind: Kind::Bytes,
        value_name: "BYTES",
        help: "Size of each of the page's files, e.g. 10k.",
        steps: &["0", "100", "1k", "10k", "30k", "100k", "300k", "1M"],
        get: |scenario| octets(scenario.server.page.file_size.0),
        set: |scenario, text| read(text, &mut scenario.server.page.file_size),
    },
];
