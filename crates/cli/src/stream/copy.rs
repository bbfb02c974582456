//! A long capture copied as pcapng, packet by packet, with the secrets that were found and given.

use std::path::Path;

use capture::keylog::KeyLog;
use capture::read::JoinedItem;
use capture::write::{Interface, Packet, PcapNg};

use base::WallTime;

use crate::error::Error;
use crate::input::Input;
use crate::output;

/// Whether this output is a copy of the packets.
pub fn is_meant(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "pcapng")
}

/// Reads the capture once more, and writes it to `path` as [`export::write_story`] writes a story: secrets before all packets,
/// and these and interfaces with their comments.
///
/// # Errors
/// If it cannot be read or written.
pub fn run(input: &Input, path: &Path, keys: &KeyLog, epoch: WallTime) -> Result<(), Error> {
    let failed = |error: std::io::Error| output::failed(path, &error);
    let mut written = PcapNg::new(output::create(path)?).map_err(failed)?;
    let mut joined = input.stream()?;
    let mut secrets = Some(keys.to_string());
    let (mut described, mut bytes, mut last) = (0, Vec::new(), epoch);
    loop {
        let (head, comments) = match joined.next() {
            None => break,
            Some(JoinedItem::Packet(packet)) => {
                // A packet without a time stands where the one before it does; a pcapng of ours gives each a time.
                last = packet.at.unwrap_or(last);
                bytes.clear();
                bytes.extend_from_slice(packet.data);
                let head = Packet {
                    original_len: Some(packet.original_len),
                    direction: packet.direction,
                    ..Packet::new(packet.interface, last)
                };
                (head, packet.comments)
            }
            Some(_) => continue,
        };
        for interface in joined.interfaces().iter().skip(described) {
            let comments: Vec<&str> = interface.comments.iter().map(String::as_str).collect();
            let interface = Interface {
                link_type: interface.link_type,
                snap_len: interface.snap_len,
                name: interface.name.as_deref().unwrap_or_default(),
                description: interface.description.as_deref().unwrap_or_default(),
                comments: &comments,
            };
            written.interface(&interface).map_err(failed)?;
            described += 1;
        }
        if let Some(secrets) = secrets.take() {
            written.tls_secrets(&secrets).map_err(failed)?;
        }
        let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
        written.packet(&Packet { comments: &comments, ..head }, [&bytes]).map_err(failed)?;
    }
    // What is wrong with the capture was said when it was read first.
    input.read_again();
    written.finish().map(drop).map_err(failed)
}
