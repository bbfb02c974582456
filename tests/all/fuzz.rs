//! The fuzz targets' invariants, over their corpus and over mutations of it from a fixed seed. `cargo fuzz` goes on from there.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

use wirescope::export::TapSet;

use crate::runs;

/// A target: its name, and what must hold.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 15] = [
    ("capture", targets::capture),
    ("frame", targets::frame),
    ("message", targets::message),
    ("reassembly", targets::reassembly),
    ("decryption", targets::decryption),
    ("filter", targets::filter),
    ("tunnel", targets::tunnel),
    ("datagram", targets::datagram),
    ("dns", targets::dns),
    ("http2", targets::http2),
    ("content", targets::content),
    ("transport", targets::transport),
    ("keylog", targets::keylog),
    ("scenario", targets::scenario),
    ("script", targets::script),
];

/// What found something once, or stands for a kind of input.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    texts(&format!("fuzz/corpus/{target}"))
}

/// The files of a folder.
fn texts(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("it can be read")).collect()
}

/// xorshift64*: numbers that are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize) % n.max(1)
    }

    /// A few bytes changed, a stretch cut out, one repeated.
    fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(6) {
            if out.is_empty() {
                break;
            }
            let at = self.below(out.len());
            let len = self.below(out.len() - at).min(64);
            match self.below(4) {
                0 => out[at] ^= 1 << self.below(8),
                1 => out[at] = [0, 0xff, 0x7f, 0x80][self.below(4)],
                2 => drop(out.drain(at..at + len)),
                _ => {
                    let again = out[at..at + len].to_vec();
                    out.splice(at..at, again);
                }
            }
        }
        out
    }
}

fn hold(seeds: &dyn Fn(&str) -> Vec<Vec<u8>>, times: usize) {
    let mut random = Random(0x5EED_F022);
    for (name, target) in TARGETS {
        for seed in seeds(name) {
            target(&seed);
            for _ in 0..times {
                target(&random.mutated(&seed));
            }
        }
    }
}

#[test]
fn invariants_hold_over_the_corpus_and_near_it() {
    hold(&corpus, 60);
}

/// Real frames, records and messages as seeds: those of a run.
#[test]
fn invariants_hold_near_real_packets() {
    let run = runs::run(wirescope::scenario::find("https").expect("it is built in")).trace;
    let mut file = Vec::new();
    wirescope::export::write_pcapng(&mut file, &run, TapSet::All, |_| None).expect("memory");
    let frames: Vec<Vec<u8>> = run.frames.metas().iter().step_by(3).map(|meta| run.frames.bytes(meta.id)).collect();
    hold(
        &|name| match name {
            "capture" => vec![file.clone()],
            "frame" => frames.iter().map(|frame| [&[0][..], frame].concat()).collect(),
            "decryption" => {
                // All that the run's TCP segments carry, as if it were one talk, with the run's own secrets behind it.
                let mut talk = Vec::new();
                for frame in frames.iter().filter(|frame| frame.len() > 66 && frame[23] == 6) {
                    let data = &frame[66..];
                    for piece in data.chunks(1016) {
                        talk.push(((piece.len() / 8) as u8) << 1);
                        talk.extend(&piece[..piece.len() / 8 * 8]);
                    }
                }
                let keys = run.secrets.as_bytes();
                let split = (talk.len() * 255 / (talk.len() + keys.len()).max(1)) as u8;
                vec![[&[split][..], &talk, keys].concat()]
            }
            "keylog" => vec![run.secrets.as_bytes().to_vec()],
            "scenario" => texts("crates/scenario/scenarios"),
            "script" => texts("tests/drill").into_iter().step_by(7).collect(),
            _ => Vec::new(),
        },
        12,
    );
}
