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

/// Writes a story as its packets: of a simulation the frames of its tap, each with what it says as its comment; of a capture
/// its packets as they are. Only `packets`, in order of their numbers, with the TLS secrets of their connections, or all.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_story(out: impl Write, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
    let Some(trace) = story.trace() else { return crate::selection::write_capture(out, story, packets) };
    let taps = story.tap().map_or(TapSet::All, TapSet::One);
    let secrets = packets.map(|packets| crate::selection::secrets(story, packets));
    let chosen = |frame: FrameId| match (packets, story.number_of(frame)) {
        (None, _) => true,
        (Some(packets), Some(number)) => packets.binary_search(&number).is_ok(),
        (Some(_), None) => false,
    };
    let comment = |frame| story.row(story.number_of(frame)?).map(|row| row.meaning);
    write(out, trace, taps, secrets.as_deref().unwrap_or(&trace.secrets), chosen, comment)
}

/// Writes the frames that the taps saw, in order of time. `comment` gives a packet's comment, if it has one.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_pcapng(
    out: impl Write,
    trace: &Trace,
    taps: TapSet,
    comment: impl FnMut(FrameId) -> Option<String>,
) -> io::Result<()> {
    write(out, trace, taps, &trace.secrets, |_| true, comment)
}

fn write(
    out: impl Write,
    trace: &Trace,
    taps: TapSet,
    secrets: &str,
    chosen: impl Fn(FrameId) -> bool,
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
    file.tls_secrets(secrets)?;
    for meta in trace.frames.metas().iter().filter(|meta| chosen(meta.id)) {
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
