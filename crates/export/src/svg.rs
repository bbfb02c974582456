//! The ladder as a drawing: a column a host, an arrow a packet.

use std::collections::BTreeSet;
use std::fmt::Write;

use story::{Mark, Row, Story};

/// Rows that are drawn; the drawing says how many there are.
const MAX_ROWS: usize = 2000;
/// Width of what stands left of the ladder, and of one column, in pixels.
const LEFT: usize = 120;
const COLUMN: usize = 420;
/// The same where there are many hosts, and how many are many.
const NARROW: usize = 150;
const MANY: usize = 4;
/// Columns at most: above as many hosts, the last stands for those that are left.
const MAX_COLUMN: usize = 16;
/// Height of what stands above, and of one row.
const ABOVE: usize = 92;
const ROW: usize = 38;
/// How far the two lines of a packet that was captured again are from their middle.
const DOUBLE: f64 = 1.7;
/// How far an arrow falls: to the right place in time, not to scale.
const FALL: usize = 8;
/// Characters of a text that fit into a column.
const FITS: usize = 62;

/// The ladder of a story: of `packets`, or of all; with a column a host, or with one for each of two `ends` and one for
/// all others. Rows are evenly spaced; every text that a stranger may have chosen is escaped.
pub fn ladder_svg(story: &Story, packets: Option<&[u32]>, ends: Option<[&str; 2]>, title: &str) -> String {
    let rows: Vec<Row> = match packets {
        None => story.rows().take(MAX_ROWS).collect(),
        Some(packets) => packets.iter().filter_map(|&number| story.row(number)).take(MAX_ROWS).collect(),
    };
    let all = packets.map_or(story.len(), <[u32]>::len);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut hosts: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| [row.from.as_str(), row.to.as_str()]) {
        if names.insert(name) && hosts.len() < MAX_COLUMN {
            hosts.push(name);
        }
    }
    let ends = ends.filter(|ends| ends.iter().all(|end| names.contains(end)));
    // The host that the client talks to most stands last.
    if let Some(last) = rows.iter().rev().find(|row| row.ends.is_some()) {
        let server = if last.side == story::Side::ToServer { last.to.as_str() } else { last.from.as_str() };
        if let Some(at) = hosts.iter().position(|host| *host == server).filter(|at| *at > 0) {
            let server = hosts.remove(at);
            hosts.push(server);
        }
    }
    if let Some(ends) = ends {
        hosts = ends.to_vec();
    } else if names.len() > hosts.len() {
        hosts.remove(hosts.len() - 2); // the last is the server
    }
    let others = names.len() - hosts.len();
    let lines = hosts.len() + usize::from(others > 0);
    let apart = if lines > MANY { NARROW } else { COLUMN };
    let x = |at: usize| LEFT + 60 + at * apart;
    let width = (x(lines.saturating_sub(1)) + 120).max(LEFT + 60 + COLUMN);
    let height = ABOVE + rows.len() * ROW + 40;
    let mut out = String::new();
    let _ = write!(out, "{}", head(width, height, title));
    let shared = (others > 0).then(|| format!("{others} others"));
    for (at, host) in hosts.iter().copied().chain(shared.as_deref()).enumerate() {
        let _ = writeln!(
            out,
            r#"<line class="life" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>"#,
            x(at),
            ABOVE - 14,
            height - 24
        );
        let _ = writeln!(
            out,
            r#"<text class="host" x="{}" y="{}" text-anchor="middle">{}</text>"#,
            x(at),
            ABOVE - 24,
            escaped(host)
        );
    }
    for (at, row) in rows.iter().enumerate() {
        let y = ABOVE + at * ROW + 18;
        let place = |name: &str| hosts.iter().position(|host| *host == name).unwrap_or(hosts.len());
        arrow(&mut out, row, x(place(&row.from)), x(place(&row.to)), y, width);
    }
    if all > rows.len() {
        let text = format!("The first {} of {all} packets.", rows.len());
        let _ = writeln!(out, r#"<text class="quiet" x="16" y="{}">{text}</text>"#, height - 10);
    }
    out.push_str("</svg>\n");
    out
}

fn head(width: usize, height: usize, title: &str) -> String {
    let title = escaped(title);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
svg {{ background: #fff; font: 13px system-ui, sans-serif; }}
text {{ fill: #1b2733; }}
.title {{ font-size: 18px; font-weight: 600; }}
.host {{ font-weight: 600; }}
.quiet, .time {{ fill: #55636f; }}
.time {{ font-variant-numeric: tabular-nums; }}
.life {{ stroke: #9aa7b2; }}
.arrow {{ stroke: #1f5fa8; stroke-width: 1.6; fill: none; }}
.head {{ fill: #1f5fa8; }}
.again {{ stroke-dasharray: 6 4; }}
.copy {{ stroke-width: 1; }}
.lost {{ stroke: #b3261e; stroke-width: 2; }}
.what {{ font-size: 12px; }}
@media (prefers-color-scheme: dark) {{
svg {{ background: #10161c; }}
text {{ fill: #e6edf3; }}
.quiet, .time {{ fill: #a3b1bd; }}
.life {{ stroke: #5c6a76; }}
.arrow {{ stroke: #79b8ff; }}
.head {{ fill: #79b8ff; }}
.lost {{ stroke: #ff8a80; }}
}}
</style>
<text class="title" x="16" y="32">{title}</text>
"#
    )
}

/// One packet: number, time, arrow and what it says. What is lost ends on the way with a cross; what is sent again is
/// dashed; what was captured twice was sent once, so that its second arrow is a double line.
fn arrow(out: &mut String, row: &Row, from: usize, to: usize, y: usize, width: usize) {
    let lost = row.marks.iter().any(|mark| matches!(mark, Mark::Lost(_)));
    let again = row.marks.iter().any(|mark| matches!(mark, Mark::Verdict(id, _) if id.contains("retransmission")));
    let copy = row.marks.iter().any(|mark| matches!(mark, Mark::Verdict("tcp.copy", _)));
    let (x1, mut x2) = (from as f64, to as f64);
    let mut y2 = (y + FALL) as f64;
    if from == to {
        x2 += 40.0;
    }
    if lost {
        (x2, y2) = ((x1 + x2) / 2.0, y as f64 + FALL as f64 / 2.0);
    }
    let class = match () {
        () if copy => "arrow copy",
        () if again => "arrow again",
        () => "arrow",
    };
    let _ = writeln!(
        out,
        r#"<text class="time" x="46" y="{0}" text-anchor="end">{1}</text><text class="time" x="{2}" y="{0}" text-anchor="end">{3:.3}</text>"#,
        y + 4,
        row.number,
        LEFT + 4,
        row.at.as_millis_f64()
    );
    for aside in if copy { &[-DOUBLE, DOUBLE][..] } else { &[0.0] } {
        let (y1, y2) = (y as f64 + aside, y2 + aside);
        let _ = writeln!(out, r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#);
    }
    if lost {
        let _ = writeln!(out, r#"<path class="lost" d="M{} {}l10 10m0 -10l-10 10"/>"#, x2 - 5.0, y2 - 5.0);
    } else {
        let back = if x2 >= x1 { -8.0 } else { 8.0 };
        let _ = writeln!(out, r#"<path class="head" d="M{x2} {y2}l{back} -4v8z"/>"#);
    }
    let flags = if row.flags.is_empty() { String::new() } else { format!(" {}", row.flags) };
    let mut text: String = format!("{}{flags}: {}", row.protocol, row.meaning);
    for mark in &row.marks {
        match mark {
            Mark::Verdict(_, name) => text.push_str(&format!(" ({name})")),
            Mark::Lost(place) => text.push_str(&format!(" (lost on {place})")),
            Mark::Malformed => text.push_str(" (malformed)"),
        }
    }
    if text.chars().count() > FITS {
        text = text.chars().take(FITS - 1).chain(['…']).collect();
    }
    // In the middle of its arrow if it fits there; else from where the arrow's left end is, or up to its right end.
    let (left, right) = (from.min(to), from.max(to));
    let (at, anchor) = match () {
        () if right - left >= COLUMN => ((from + to) / 2, "middle"),
        () if left + COLUMN <= width => (left + 6, "start"),
        () => (right - 6, "end"),
    };
    let _ =
        writeln!(out, r#"<text class="what" x="{at}" y="{}" text-anchor="{anchor}">{}</text>"#, y - 5, escaped(&text));
}

/// Text for XML. Control characters, which XML 1.0 §2.2 forbids, and those that reorder text become their names.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let reorders =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}');
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ if c.is_control() || reorders || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            escaped("<a href='x'>\u{202e}&\u{0}</a>\"\u{1b}"),
            "&lt;a href=&#39;x&#39;&gt;\\u{202e}&amp;\\u{0}&lt;/a&gt;&quot;\\u{1b}"
        );
    }

    /// The other hosts of the capture below, and its server.
    const CLIENTS: u8 = 20;
    const SERVER: u8 = 99;

    /// A SYN from one host of 192.0.2.0/24 to another, in Ethernet.
    fn syn(from: u8, to: u8) -> Vec<u8> {
        let sum = |bytes: &[u8]| {
            let sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
            (!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes()
        };
        let mut ip = [69, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, from, 192, 0, 2, to];
        let check = sum(&ip);
        ip[10..12].copy_from_slice(&check);
        let mut tcp = [78, from, 0, 80, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0];
        let check = sum(&[&ip[12..], &[0, 6, 0, 20], &tcp].concat());
        tcp[16..18].copy_from_slice(&check);
        [&[2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0][..], &ip, &tcp].concat()
    }

    /// Each of many hosts asks the same server; the first one's packet stands in the capture twice, and two of the
    /// others speak with each other.
    fn office() -> Story {
        use capture::write::{Interface, Packet, PcapNg};
        let mut packets = vec![syn(1, SERVER), syn(1, SERVER), syn(19, 20)];
        packets.extend((2..=CLIENTS).map(|host| syn(host, SERVER)));
        let mut file = PcapNg::new(Vec::new()).unwrap();
        let interface = file.interface(&Interface::new(capture::LinkType::Ethernet)).unwrap();
        for packet in &packets {
            file.packet(&Packet::new(interface, base::WallTime::SIMULATION_EPOCH), [&packet[..]]).unwrap();
        }
        let file = capture::read::read_all(&file.finish().unwrap()[..]).unwrap();
        Story::from_capture(file, capture::keylog::KeyLog::default())
    }

    /// The values of an attribute of the elements of a class, in order.
    fn values(svg: &str, class: &str, attribute: &str) -> Vec<f64> {
        let (class, attribute) = (format!("class=\"{class}\""), format!(" {attribute}=\""));
        let of = |line: &str| line.split_once(&attribute)?.1.split_once('"')?.0.parse().ok();
        svg.lines().filter(|line| line.contains(&class)).filter_map(of).collect()
    }

    fn hosts(svg: &str) -> Vec<&str> {
        svg.lines()
            .filter(|line| line.contains("class=\"host\""))
            .filter_map(|line| Some(line.split_once('>')?.1.split_once('<')?.0))
            .collect()
    }

    /// Each arrow's columns, counted from the left, the double line's counted twice.
    fn arrows(svg: &str, class: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let lines = values(svg, "life", "x1");
        let column = |x: &f64| lines.iter().position(|line| line == x);
        let (from, to) = (values(svg, class, "x1"), values(svg, class, "x2"));
        from.iter().map(column).zip(to.iter().map(column)).collect()
    }

    #[test]
    fn many_hosts_share_the_last_column_and_no_packet_is_left_out() {
        let svg = ladder_svg(&office(), None, None, "office");
        let hosts = hosts(&svg);
        assert_eq!(hosts.len(), MAX_COLUMN);
        assert_eq!((hosts[0], hosts[14], hosts[15]), ("192.0.2.1", "192.0.2.99", "6 others"));
        let arrows = arrows(&svg, "arrow");
        assert_eq!(arrows.len(), 1 + usize::from(CLIENTS), "{svg}");
        assert_eq!(arrows[0], (Some(0), Some(14)));
        assert_eq!(arrows[20], (hosts.iter().position(|host| *host == "192.0.2.20"), Some(14)));
        assert_eq!(arrows.iter().filter(|arrow| **arrow == (Some(15), Some(14))).count(), 6);
        let width = values(&svg, "life", "x1").into_iter().fold(0.0, f64::max);
        assert!(svg.starts_with(&format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\"", width + 120.0)));
    }

    #[test]
    fn two_ends_have_a_column_each_and_all_others_one() {
        let story = office();
        let svg = ladder_svg(&story, None, Some(["192.0.2.2", "192.0.2.99"]), "office");
        assert_eq!(hosts(&svg), ["192.0.2.2", "192.0.2.99", "19 others"]);
        let arrows = arrows(&svg, "arrow");
        assert_eq!(arrows.len(), 1 + usize::from(CLIENTS));
        assert_eq!(arrows.iter().filter(|arrow| **arrow == (Some(0), Some(1))).count(), 1);
        assert_eq!(arrows.iter().filter(|arrow| **arrow == (Some(2), Some(1))).count(), 19);
        assert_eq!(arrows[1], (Some(2), None), "between two of one column: a short arrow beside it");
        // Who is not there has no column.
        let none = ladder_svg(&story, None, Some(["192.0.2.2", "192.0.2.200"]), "office");
        assert_eq!(hosts(&none).len(), MAX_COLUMN);
    }

    #[test]
    fn what_was_captured_twice_is_a_double_line() {
        let svg = ladder_svg(&office(), None, None, "office");
        assert_eq!(arrows(&svg, "arrow copy"), [(Some(0), Some(14)); 2]);
        let lines = values(&svg, "arrow copy", "y1");
        assert!((lines[1] - lines[0] - 2.0 * DOUBLE).abs() < 1e-9, "{lines:?}");
        assert!(!svg.contains("class=\"arrow again\""), "it was sent once");
    }
}
