//! The texts: a small format, read once.
//!
//! A text begins with a heading, `## id` or `## id, id` where several terms share it; a value of a field is
//! `field = name`. Lines of `key: value` may follow (`name`, `also`, `rfc`, `line` for ideas and marks; `see` for all),
//! then an empty line, then paragraphs.

use std::sync::LazyLock;

/// Which terms a file is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// Fields, groups and values of `wire`.
    Wire,
    /// Events of `trace`.
    Events,
    /// Marks on packets.
    Marks,
    /// Ideas.
    Ideas,
}

/// One text.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) about: About,
    /// The terms as the heading writes them.
    pub(crate) terms: Vec<&'static str>,
    pub(crate) name: Option<&'static str>,
    pub(crate) also: Vec<&'static str>,
    pub(crate) rfc: Option<&'static str>,
    pub(crate) line: Option<&'static str>,
    pub(crate) see: Vec<&'static str>,
    pub(crate) long: &'static str,
}

const FILES: &[(About, &str)] = &[
    (About::Wire, include_str!("../texts/link.md")),
    (About::Wire, include_str!("../texts/ip.md")),
    (About::Wire, include_str!("../texts/icmp.md")),
    (About::Wire, include_str!("../texts/tcp.md")),
    (About::Wire, include_str!("../texts/dhcp.md")),
    (About::Wire, include_str!("../texts/dns.md")),
    (About::Wire, include_str!("../texts/tls.md")),
    (About::Wire, include_str!("../texts/x509.md")),
    (About::Wire, include_str!("../texts/http.md")),
    (About::Wire, include_str!("../texts/http2.md")),
    (About::Events, include_str!("../texts/events.md")),
    (About::Marks, include_str!("../texts/marks.md")),
    (About::Ideas, include_str!("../texts/ideas.md")),
];

/// All texts.
pub(crate) static TEXTS: LazyLock<Vec<Text>> =
    LazyLock::new(|| FILES.iter().flat_map(|(about, file)| parse(*about, file)).collect());

/// The texts of one file. What stands before the first heading is a remark to the file's readers.
pub(crate) fn parse(about: About, file: &'static str) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut rest = file;
    let starts: Vec<usize> = std::iter::from_fn(|| {
        let offset = file.len() - rest.len();
        let at = if offset == 0 && rest.starts_with("## ") { 0 } else { rest.find("\n## ")? + 1 };
        rest = &rest[at + 3..];
        Some(offset + at)
    })
    .collect();
    for (i, &start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(file.len());
        texts.push(text(about, &file[start + 3..end]));
    }
    texts
}

fn text(about: About, part: &'static str) -> Text {
    let (head, long) = part.split_once("\n\n").unwrap_or((part, ""));
    let mut lines = head.lines();
    let list = |text: &'static str| -> Vec<&'static str> { text.split(',').map(str::trim).collect() };
    let mut text = Text {
        about,
        terms: lines.next().map(list).unwrap_or_default(),
        name: None,
        also: Vec::new(),
        rfc: None,
        line: None,
        see: Vec::new(),
        long: long.trim(),
    };
    for line in lines {
        let Some((key, value)) = line.split_once(": ") else { continue };
        match key {
            "name" => text.name = Some(value),
            "also" => text.also = list(value),
            "rfc" => text.rfc = Some(value),
            "line" => text.line = Some(value),
            "see" => text.see = list(value),
            _ => {}
        }
    }
    text
}
