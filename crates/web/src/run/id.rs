//! Names of runs: hashes of what they are made from, so that an address finds them again.

use std::io::{ErrorKind, Read as _};

use blake3::{Hash, Hasher};
use capture::read::Held;

use crate::api::RunRequest;

/// The id of a simulation: of its source, its knobs and the program that runs it.
pub fn of_request(request: &RunRequest) -> String {
    let mut hash = Hasher::new();
    let mut part = |text: &str| {
        // Each part with its length before it: no two requests write the same.
        hash.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    part(env!("CARGO_PKG_VERSION"));
    part(&request.source);
    for (name, value) in &request.knobs {
        part(name);
        part(value);
    }
    if let Some(file) = &request.file {
        part("a scenario file");
        part(file);
    }
    format!("s{}", hexadecimal(hash.finalize(), 16))
}

/// Bytes of a capture that its id begins with: so it is known soon that a link does not mean it.
const FIRST: usize = 64 << 10;

/// The id of a capture and the key log beside it, while their bytes arrive: 32 bits of their first 64 KiB, and 128 of all.
#[derive(Clone, Debug, Default)]
pub struct OfCapture {
    first: Hasher,
    taken: usize,
    all: Hasher,
}

impl OfCapture {
    /// The next bytes: those of the capture, then those of the key log.
    pub fn update(&mut self, bytes: &[u8]) {
        let first = bytes.get(..FIRST - self.taken).unwrap_or(bytes);
        self.first.update(first);
        self.taken += first.len();
        self.all.update(bytes);
    }
    /// What the id begins with, once that is known.
    pub fn begins(&self) -> Option<String> {
        (self.taken == FIRST).then(|| format!("c{}", hexadecimal(self.first.finalize(), 4)))
    }
    /// The id. The first `capture` of the bytes were the capture's.
    pub fn finish(mut self, capture: u64) -> String {
        self.all.update(&capture.to_le_bytes());
        format!("c{}{}", hexadecimal(self.first.finalize(), 4), hexadecimal(self.all.finalize(), 16))
    }
}

/// What the id of a capture that begins with these bytes begins with, if they tell that.
pub fn begins(bytes: &[u8]) -> Option<String> {
    let mut id = OfCapture::default();
    id.update(bytes.get(..FIRST)?);
    id.begins()
}

/// The id of a capture and the key log beside it.
pub fn of_capture(capture: &Held, keys: &[u8]) -> String {
    let mut id = OfCapture::default();
    match capture {
        Held::Memory(bytes) => id.update(bytes),
        Held::File(..) => {
            let (mut from, mut piece) = (capture.reader(), vec![0; PIECE]);
            loop {
                match from.read(&mut piece) {
                    Ok(0) => break,
                    Ok(read) => id.update(piece.get(..read).unwrap_or_default()),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    // What cannot be read of it is not shown either.
                    Err(_) => break,
                }
            }
        }
    }
    id.update(keys);
    id.finish(capture.len())
}

/// Bytes that are read at a time: enough for the processor's widest instructions, and they stay in its cache.
const PIECE: usize = 128 << 10;

/// The first bytes of a hash: nobody meets 16 of them twice by chance.
fn hexadecimal(hash: Hash, bytes: usize) -> String {
    hash.as_bytes().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_gives_the_same_and_others_differ() {
        let request = |source: &str, knobs: &[(&str, &str)]| RunRequest {
            source: source.to_owned(),
            knobs: knobs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            file: None,
        };
        let one = of_request(&request("https", &[("rtt", "33ms"), ("loss", "1%")]));
        assert_eq!(one, of_request(&request("https", &[("loss", "1%"), ("rtt", "33ms")])));
        assert_ne!(one, of_request(&request("https", &[("rtt", "33ms")])));
        let filed = |text: &str| of_request(&RunRequest { file: Some(text.to_owned()), ..request("https", &[]) });
        assert!(filed("a") != filed("b") && filed("a") != of_request(&request("https", &[])));
        assert_ne!(of_request(&request("ab", &[])), of_request(&request("a", &[("b", "")])));
        assert_eq!(one.len(), 33);
    }

    #[test]
    fn a_capture_is_named_by_its_bytes_and_the_name_begins_with_those_of_its_beginning() {
        let held = |bytes: &[u8]| Held::Memory(bytes.to_vec().into());
        let of = |capture: &[u8], keys: &[u8]| of_capture(&held(capture), keys);
        assert_ne!(of(b"ab", b""), of(b"a", b"b"));
        let mut arriving = OfCapture::default();
        [&b"a"[..], b"bc", b"d"].iter().for_each(|bytes| arriving.update(bytes));
        assert_eq!(arriving.begins(), None);
        assert_eq!(arriving.finish(3), of(b"abc", b"d"));

        let long = [vec![7; FIRST], vec![8; 1000]].concat();
        let mut arriving = OfCapture::default();
        long.chunks(999).for_each(|bytes| arriving.update(bytes));
        let begins = arriving.begins().expect("it is long enough");
        assert_eq!(arriving.finish(long.len() as u64), of(&long, b""));
        let longer = [&long[..], b"more"].concat();
        for name in [of(&long, b""), of(&long, b"keys"), of(&longer, b"")] {
            assert!(name.starts_with(&begins) && name.len() == 41, "{name}");
        }
        assert_ne!(of(&long, b""), of(&longer, b""));
        assert!(!of(&[&[6][..], &long].concat(), b"").starts_with(&begins));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_name_of_its_bytes() {
        use std::io::Write as _;
        let path = std::env::temp_dir().join(format!("wirescope-named-{}", std::process::id()));
        let bytes: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
        let held = Held::of_file(&std::fs::File::open(&path).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(of_capture(&held, b"k"), of_capture(&Held::Memory(bytes.into()), b"k"));
    }
}
