//! Why the reading of a capture ended early.

use std::fmt;

/// Why a capture could not be read, or not to its end. What was read before it stays valid. The message says the place and
/// the reason; [`Error::remedy`] says what to do. The caller knows the file's name and puts it in front.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file is something else.
    NotACapture {
        /// What it looks like, e.g. `it looks like a HAR file`.
        looks: &'static str,
        /// What to do instead.
        remedy: &'static str,
    },
    /// The file's version of its format is not one that this reader knows.
    Version {
        /// Where the header with the version starts.
        offset: u64,
        /// The format's name.
        format: &'static str,
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// The file ends inside something.
    Truncated {
        /// Where the incomplete thing starts.
        offset: u64,
        /// What is incomplete, e.g. `an Enhanced Packet Block`.
        what: &'static str,
        /// How many bytes it should have.
        needed: u64,
        /// How many bytes it has.
        available: u64,
    },
    /// The bytes contradict each other and no later place was found from which reading could go on.
    Damaged {
        /// Where the damaged thing starts.
        offset: u64,
        /// What contradicts what.
        reason: String,
    },
    /// The compressed data around the capture is damaged or ends early.
    Compression {
        /// How many decompressed bytes could be had.
        offset: u64,
        /// How it is compressed.
        compression: crate::read::Compression,
        /// What the decompressor says.
        source: std::io::Error,
    },
    /// The input could not be read.
    Io {
        /// How many bytes could be read.
        offset: u64,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file would need more than a limit allows (see [`read::Limits`](crate::read::Limits)).
    Limit {
        /// Where the limit was passed.
        offset: u64,
        /// What there was too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl Error {
    /// The byte offset of the place, where there is one: from the file's start, or in a compressed file from the start
    /// of its decompressed content.
    pub fn offset(&self) -> Option<u64> {
        match *self {
            Error::NotACapture { .. } => None,
            Error::Version { offset, .. }
            | Error::Truncated { offset, .. }
            | Error::Damaged { offset, .. }
            | Error::Compression { offset, .. }
            | Error::Io { offset, .. }
            | Error::Limit { offset, .. } => Some(offset),
        }
    }

    /// The reason without the place, as a sentence without its full stop.
    pub fn reason(&self) -> String {
        match self {
            Error::NotACapture { looks, .. } => format!("not a packet capture: {looks}"),
            Error::Version { format, major, minor, .. } => format!("{format} version {major}.{minor} is not known"),
            Error::Truncated { what, needed, available, .. } => {
                format!("the file ends inside {what}: {needed} bytes belong there, {available} are left")
            }
            Error::Damaged { reason, .. } => reason.clone(),
            Error::Compression { compression, source, .. } => {
                format!("the {} data breaks off: {source}", compression.name())
            }
            Error::Io { source, .. } => source.to_string(),
            Error::Limit { what, limit, .. } => format!("{what} exceeds the limit of {limit}"),
        }
    }

    /// What the user can do about it, as a sentence without its full stop.
    pub fn remedy(&self) -> &'static str {
        match self {
            Error::NotACapture { remedy, .. } => remedy,
            Error::Version { .. } => "convert it with a current editcap: editcap -F pcapng FILE NEW.pcapng",
            Error::Truncated { .. } => {
                "the capture or its copy was cut short: copy the file again, or stop the capturing program before copying; \
                 what precedes this place was read"
            }
            Error::Damaged { .. } => {
                "the file was damaged, perhaps by a transfer in text mode: copy it again in binary mode; what precedes \
                 this place was read"
            }
            Error::Compression { .. } => {
                "the file was cut short or damaged: copy it again; `gzip -t FILE` or `zstd -t FILE` checks it"
            }
            Error::Io { .. } => "check that the file is readable and its medium sound",
            Error::Limit { .. } => "split the file: editcap -c 1000000 FILE PART.pcapng",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(offset) = self.offset() {
            write!(f, "at byte {offset}: ")?;
        }
        f.write_str(&self.reason())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Compression { source, .. } | Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
