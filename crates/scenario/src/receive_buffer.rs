//! How much may wait for a program to read it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A receive buffer: a number of bytes, or `auto`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "Given")]
pub enum ReceiveBuffer {
    /// So many bytes, and all of them are offered at once.
    Bytes(u32),
    /// As Linux tunes it: the window begins with half of 128 KiB and grows with what arrives, the buffer with what the program
    /// reads.
    Auto,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Bytes(u32),
    Text(String),
}

impl TryFrom<Given> for ReceiveBuffer {
    type Error = String;
    fn try_from(given: Given) -> Result<ReceiveBuffer, String> {
        match given {
            Given::Bytes(bytes) => Ok(ReceiveBuffer::Bytes(bytes)),
            Given::Text(text) => text.parse(),
        }
    }
}

impl FromStr for ReceiveBuffer {
    type Err = String;
    fn from_str(text: &str) -> Result<ReceiveBuffer, String> {
        if text == "auto" {
            return Ok(ReceiveBuffer::Auto);
        }
        let bytes = base::parse_bytes(text).ok().and_then(|bytes| u32::try_from(bytes).ok());
        bytes
            .map(ReceiveBuffer::Bytes)
            .ok_or_else(|| format!("`{text}` is neither auto nor a number of bytes such as 64k"))
    }
}

impl fmt::Display for ReceiveBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiveBuffer::Bytes(bytes) => bytes.fmt(f),
            ReceiveBuffer::Auto => f.write_str("auto"),
        }
    }
}
