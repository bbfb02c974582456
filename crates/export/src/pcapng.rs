//! A simulated run as pcapng: nanoseconds, an interface a tap, comments, the TLS secrets inside.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base::{FrameId, Instant, TapId};
use capture::LinkType;
use capture::write::{Interface, Packet, PcapNg};
use story::Story;
use trace::Trace;

/// Which taps a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TapSet {
    /// One: packet numbers are those of the ladder.
    One(TapId),
    /// Every tap that saw a frame, an interface each.
    All,
}

/// Writes a simulation as its story sees it: the frames of its tap, each with what it says as its comment. Of a capture,
/// which is a file already, nothing is written.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_story(out: impl Write, story: &Story) -> io::Result<()> {
    let Some(trace) = story.trace() else { return Ok(()) };
    let taps = story.tap().map_or(TapSet::All, TapSet::One);
    write_pcapng(out, trace, taps, |frame| story.row(story.number_of(frame)?).map(|row| row.meaning))
}

/// Writes the frames that the taps saw, in order of time. `comment` gives a packet's comment, if it has one.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_pcapng(
    out: impl Write,
    trace: &Trace,
    taps: TapSet,
    mut comment: impl FnMut(FrameId) -> Option<String>,
) -> io::Result<()> {
    let mut file = PcapNg::with_comments(
        out,
        &["Simulated by wirescope: every packet was made by real protocol code in virtual time."],
    )?;
    let mut interfaces = BTreeMap::new();
    for tap in &trace.taps {
        let wanted = match taps {
            TapSet::One(one) => tap.id == one,
            TapSet::All => trace.frames_at(tap.id).next().is_some(),
        };
        if wanted {
            let description = trace.place(tap.place).map_or_else(String::new, |place| format!("tap at {}", place.name));
            let interface =
                Interface { name: &tap.name, description: &description, ..Interface::new(LinkType::Ethernet) };
            interfaces.insert(tap.id, file.interface(&interface)?);
        }
    }
    file.tls_secrets(&trace.secrets)?;
    for meta in trace.frames.metas() {
        let Some(&interface) = interfaces.get(&meta.tap) else { continue };
        let text = comment(meta.id);
        let comments: Vec<&str> = text.iter().map(String::as_str).collect();
        let direction = match meta.direction {
            trace::Direction::In => capture::Direction::Inbound,
            trace::Direction::Out => capture::Direction::Outbound,
        };
        let packet = Packet {
            direction: Some(direction),
            comments: &comments,
            ..Packet::new(interface, trace.epoch + (meta.at - Instant::ZERO))
        };
        let pieces: Vec<&[u8]> = trace.frames.slices(meta.id).collect();
        file.packet(&packet, &pieces)?;
    }
    file.finish().map(drop)
}
