//! Chosen packets of a run as a pcapng of their own, with the secrets that decrypt them and no others.

use std::collections::BTreeSet;
use std::io::{self, Write};

use capture::keylog::KeyLog;
use capture::write::{Interface, Packet, PcapNg};
use story::Story;

/// Writes packets of a capture, in order: `packets`, or all of them. Comments and directions stay; so do the interfaces'
/// names. Of a simulation nothing is written: see [`crate::write_story`].
///
/// # Errors
/// If `out` cannot be written.
pub fn write_capture(out: impl Write, story: &Story, packets: Option<&[u32]>) -> io::Result<()> {
    let Some(file) = story.capture() else { return Ok(()) };
    let mut written = PcapNg::new(out)?;
    for interface in &file.interfaces {
        let comments: Vec<&str> = interface.comments.iter().map(String::as_str).collect();
        written.interface(&Interface {
            link_type: interface.link_type,
            snap_len: interface.snap_len,
            name: interface.name.as_deref().unwrap_or_default(),
            description: interface.description.as_deref().unwrap_or_default(),
            comments: &comments,
        })?;
    }
    match packets {
        None => written.tls_secrets(&story.secrets())?,
        Some(chosen) => written.tls_secrets(&secrets(story, chosen))?,
    }
    // A packet without a time stands where the one before it does; a pcapng of ours gives each a time.
    let mut last = story.epoch();
    let chosen = |number: u32| packets.is_none_or(|chosen| chosen.binary_search(&number).is_ok());
    for packet in story.captured() {
        last = packet.at.unwrap_or(last);
        if !u32::try_from(packet.number).is_ok_and(chosen) {
            continue;
        }
        let comments: Vec<&str> = packet.comments.iter().map(String::as_str).collect();
        let head = Packet {
            interface: packet.interface,
            at: last,
            original_len: Some(packet.original_len),
            direction: packet.direction,
            comments: &comments,
        };
        written.packet(&head, [&packet.data])?;
    }
    written.finish().map(drop)
}

/// The key log's lines for the TLS connections that packets are of: others' secrets are nobody's business.
pub(crate) fn secrets(story: &Story, packets: &[u32]) -> String {
    let (all, _) = KeyLog::parse(story.secrets().as_bytes());
    let rows = packets.iter().filter_map(|&number| story.flow().row(number)?.row.conversation);
    let conversations: BTreeSet<_> = rows.collect();
    let mut chosen = KeyLog::default();
    let mut any = false;
    for id in conversations {
        let Some(layers) = story.layers(id) else { continue };
        let Some(tls) = &layers.tls else { continue };
        any = true;
        let Some(hello) = &tls.client_hello else { continue };
        for secret in all.secrets(&hello.random) {
            chosen.insert(hello.random, secret.label.clone(), &secret.bytes);
        }
    }
    if any {
        // Secrets of the older kind do not say which connection they are for.
        all.rsa().iter().for_each(|secret| chosen.insert_rsa(secret.clone()));
    }
    if chosen.is_empty() { String::new() } else { chosen.to_string() }
}
