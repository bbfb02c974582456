//! Zstandard (RFC 8878), frame by frame.

use std::io::{self, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window that a frame may ask for: RFC 8878 §3.1.1.1.2 recommends 8 MB, `zstd --ultra -22` takes 128 MiB.
const MAX_WINDOW: u64 = 128 << 20;

/// Decompresses all frames of its input, one after the other; skippable ones are skipped (RFC 8878 §3.1.2).
pub(super) struct Zstd<R> {
    input: R,
    decoder: FrameDecoder,
    /// Inside a frame.
    inside: bool,
    /// What broke the frame, told when all that came before is given.
    broken: Option<io::Error>,
}

impl<R: Read> Zstd<R> {
    pub(super) fn new(input: R) -> Zstd<R> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Zstd { input, decoder, inside: false, broken: None }
    }

    /// Begins the next frame; `false` where the input ends.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let mut first = [0];
            if self.input.read(&mut first)? == 0 {
                return Ok(false);
            }
            match self.decoder.init((&first[..]).chain(&mut self.input)) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut (&mut self.input).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.inside {
                let n = self.decoder.read(into)?;
                if n > 0 || into.is_empty() {
                    return Ok(n);
                }
                if let Some(broken) = self.broken.take() {
                    return Err(broken);
                }
                if self.decoder.is_finished() {
                    self.inside = false;
                    continue;
                }
                let decoded = self.decoder.decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1));
                if let Err(error) = decoded {
                    self.broken = Some(io::Error::other(error));
                    // The decoder holds back what later blocks may refer to. A last block without content (RFC 8878 §3.1.1.2:
                    // raw, of no bytes; room for a checksum behind it) makes it give that.
                    let end = [1, 0, 0, 0, 0, 0, 0];
                    let _ = self.decoder.decode_blocks(&mut &end[..], BlockDecodingStrategy::UptoBlocks(1));
                }
            } else if self.next_frame()? {
                self.inside = true;
            } else {
                return Ok(0);
            }
        }
    }
}
