//! Names of runs: hashes of what they are made from, so that an address finds them again.

use sha2::{Digest, Sha256};

use crate::api::RunRequest;

/// The id of a simulation: of its source, its knobs and the program that runs it.
pub fn of_request(request: &RunRequest) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        // Each part with its length before it: no two requests write the same.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
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
    format!("s{}", short(hash))
}

/// The id of a capture and the key log beside it, while their bytes arrive.
#[derive(Debug, Default)]
pub struct OfCapture(Sha256);

impl OfCapture {
    /// The next bytes: those of the capture, then those of the key log.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    /// The id. The first `capture` of the bytes were the capture's.
    pub fn finish(mut self, capture: usize) -> String {
        self.0.update((capture as u64).to_le_bytes());
        format!("c{}", short(self.0))
    }
}

/// The id of a capture and the key log beside it.
pub fn of_capture(capture: &[u8], keys: &[u8]) -> String {
    let mut id = OfCapture::default();
    id.update(capture);
    id.update(keys);
    id.finish(capture.len())
}

/// The first 128 bits, in hexadecimal: nobody meets two of them by chance.
fn short(hash: Sha256) -> String {
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
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
        assert_ne!(of_capture(b"ab", b""), of_capture(b"a", b"b"));
        let mut arriving = OfCapture::default();
        [&b"a"[..], b"bc", b"d"].iter().for_each(|bytes| arriving.update(bytes));
        assert_eq!(arriving.finish(3), of_capture(b"abc", b"d"));
        assert_eq!(one.len(), 33);
    }
}
