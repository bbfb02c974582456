//! gzip (RFC 1952), member by member.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// How much is asked of the input at a time.
const CHUNK: usize = 32 << 10;

/// Decompresses all members of its input, one after the other (RFC 1952 §2.2). Zeros behind the last one are skipped, as gzip
/// does: tapes and disks fill blocks with them.
pub(super) struct Gzip<R>(State<R>);

enum State<R> {
    /// Inside a member.
    Member(Box<GzDecoder<BufReader<R>>>),
    /// Where one may begin, and whether one did before.
    Between(BufReader<R>, bool),
    End,
}

impl<R: Read> Gzip<R> {
    pub(super) fn new(input: R) -> Gzip<R> {
        Gzip(State::Between(BufReader::with_capacity(CHUNK, input), false))
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.0 {
                State::End => return Ok(0),
                State::Member(member) => {
                    let n = member.read(into)?;
                    if n > 0 || into.is_empty() {
                        return Ok(n);
                    }
                    if let State::Member(member) = std::mem::replace(&mut self.0, State::End) {
                        self.0 = State::Between(member.into_inner(), true);
                    }
                }
                State::Between(input, behind) => {
                    let front = input.fill_buf()?;
                    let zeros = if *behind { front.iter().take_while(|byte| **byte == 0).count() } else { 0 };
                    match front.get(zeros) {
                        None if zeros == 0 => return Ok(0),
                        None => input.consume(zeros),
                        // RFC 1952 §2.3.1: ID1.
                        Some(0x1f) => {
                            input.consume(zeros);
                            if let State::Between(input, _) = std::mem::replace(&mut self.0, State::End) {
                                self.0 = State::Member(Box::new(GzDecoder::new(input)));
                            }
                        }
                        Some(_) => {
                            let what = "behind the end of what is compressed stands something else";
                            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                        }
                    }
                }
            }
        }
    }
}
