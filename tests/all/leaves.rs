//! Every bit of every buffer belongs to exactly one leaf, and what stays unexplained may.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use proptest::prelude::*;
use wirescope::base::WallTime;
use wirescope::capture::LinkType;
use wirescope::capture::read::read_all;
use wirescope::capture::write::{Interface, Packet, PcapNg};
use wirescope::wire::Opaque;
use wirescope::{Story, dissect, wire};

use crate::runs;

/// Takes every packet of a story apart and checks every buffer.
fn tiled(name: &str, story: &Story) -> usize {
    let mut buffers = 0;
    for number in 1..=story.len() as u32 {
        let packet = story.packet(number).expect("it is one of the story's");
        for taken in &packet.buffers {
            let tiled = taken.record.check_tiling(taken.bytes.len());
            assert_eq!(tiled, Ok(()), "{name}: packet {number}, {}", taken.title);
            buffers += 1;
        }
    }
    buffers
}

#[test]
fn leaves_tile_every_buffer_of_every_scenario() {
    for (name, run) in runs::every() {
        let story = runs::everywhere(&run.trace);
        tiled(name, &story);
        // At one place: streams, records and bodies are whole there.
        let story = runs::at_client(&run.trace);
        let buffers = tiled(name, &story);
        assert!(buffers > story.len(), "{name}: nothing but frames");
    }
}

/// What may stay unexplained, with its reason, and how many leaves of it there are. `tests/opaque.txt` is the list.
#[test]
fn every_opaque_leaf_of_the_four_is_listed() {
    let mut list =
        String::from("# Scenario, field, reason, leaves: what nobody explains further at the client's tap.\n");
    for (name, run) in runs::four() {
        let story = runs::at_client(&run.trace);
        let mut found: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for number in 1..=story.len() as u32 {
            let packet = story.packet(number).expect("it is one of the story's");
            for (depth, taken) in packet.buffers.iter().enumerate() {
                for leaf in taken.record.leaves() {
                    let Some(why) = leaf.field.opaque() else { continue };
                    let reason = match why {
                        // A body's bytes are for somebody else; padding means nothing.
                        Opaque::Body => "body",
                        Opaque::Padding => "padding",
                        // What is inside stands in a buffer of its own: the secrets are at hand.
                        Opaque::Ciphertext => "ciphertext",
                        Opaque::Malformed => panic!("{name}: packet {number}, buffer {depth}: {}", leaf.field.id),
                    };
                    *found.entry((leaf.field.id, reason.to_owned())).or_default() += 1;
                }
                assert!(taken.record.errors.is_empty(), "{name}: packet {number}: {:?}", taken.record.errors);
            }
        }
        for ((field, reason), count) in found {
            list.push_str(&format!("{name} {field} {reason} {count}\n"));
        }
    }
    runs::compare_with_file("opaque.txt", &list);
}

/// Frames of all scenarios at the client, each once.
fn frames() -> &'static [Vec<Vec<u8>>] {
    static FRAMES: OnceLock<Vec<Vec<Vec<u8>>>> = OnceLock::new();
    FRAMES.get_or_init(|| {
        let frames = |story: Story| (1..=story.len() as u32).filter_map(|number| story.bytes(number)).collect();
        runs::four().map(|(_, run)| frames(runs::at_client(&run.trace))).collect()
    })
}

/// What is done to a frame.
#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Add(Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), any::<u8>()).prop_map(|(at, to)| Change::Set(at, to)),
        4 => (index(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => index().prop_map(Change::Cut),
        1 => prop::collection::vec(any::<u8>(), 1..64).prop_map(Change::Add),
    ]
}

fn changed(frame: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    for change in changes {
        match change {
            Change::Set(at, to) if !bytes.is_empty() => *at.get_mut(&mut bytes) = *to,
            Change::Flip(at, bit) if !bytes.is_empty() => *at.get_mut(&mut bytes) ^= 1 << bit,
            Change::Cut(at) if !bytes.is_empty() => bytes.truncate(at.index(bytes.len())),
            Change::Add(more) => bytes.extend_from_slice(more),
            _ => {}
        }
    }
    bytes
}

/// Frames as a capture, told.
fn told(frames: &[Vec<u8>], secrets: &str) -> Story {
    let mut out = PcapNg::new(Vec::new()).expect("a vector takes everything");
    let interface = out.interface(&Interface::new(LinkType::Ethernet)).expect("a vector takes everything");
    if !secrets.is_empty() {
        out.tls_secrets(secrets).expect("a vector takes everything");
    }
    for (n, frame) in (0..).zip(frames) {
        let at = WallTime::from_unix_nanos(WallTime::SIMULATION_EPOCH.as_unix_nanos() + n * 1_000_000);
        out.packet(&Packet::new(interface, at), [frame.as_slice()]).expect("a vector takes everything");
    }
    let bytes = out.finish().expect("a vector takes everything");
    runs::told(read_all(bytes.as_slice()).expect("it is a capture"))
}

fn secrets() -> &'static str {
    static SECRETS: OnceLock<String> = OnceLock::new();
    SECRETS.get_or_init(|| runs::four().map(|(_, run)| run.trace.secrets).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// One frame of a scenario after another is changed; the whole is told, with the secrets: streams, records and
    /// messages are damaged too.
    #[test]
    fn leaves_tile_what_was_tampered_with(
        scenario in 0..4usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(change(), 1..4)), 1..6),
    ) {
        let mut frames = frames()[scenario].clone();
        for (at, changes) in &changes {
            let frame = at.get_mut(&mut frames);
            *frame = changed(frame, changes);
        }
        let story = told(&frames, secrets());
        prop_assert_eq!(story.len(), frames.len());
        tiled("tampered", &story);
        prop_assert_eq!(story.rows().count(), frames.len());
    }

    /// Bytes of a stranger, on any link.
    #[test]
    fn leaves_tile_anything(bytes in prop::collection::vec(any::<u8>(), 0..300), link in 0..300u32) {
        let link = wire::link::LinkType(if link < 3 { link } else { [1, 101, 113, 276, 0, 12, 108][link as usize % 7] });
        let (record, _) = dissect::frame(link, &bytes, bytes.len());
        prop_assert_eq!(record.check_tiling(bytes.len()), Ok(()));
    }
}
