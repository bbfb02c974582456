//! Why a record stays undecrypted.

use std::fmt;

use capture::keylog::Label;
use wire::tls::{CipherSuite, CompressionMethod, Version};

/// Why a record was not decrypted. Displays as a sentence without a full stop.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Why {
    /// The hellos that begin the connection are not there: the capture began in its midst, or they were lost.
    HandshakeNotSeen,
    /// The key log lacks what is needed.
    NoSecrets {
        /// Which connection: the Random of the ClientHello.
        client_random: [u8; 32],
        /// What is missing.
        needed: Label,
        /// Whether the key log knows other secrets of this connection.
        others: bool,
        /// Whether the ClientHello that was seen offers Encrypted Client Hello; the log then may name the one inside.
        encrypted_hello: bool,
    },
    /// The key log has a premaster secret, but the master secret also depends on all messages of the handshake
    /// (extended_master_secret, RFC 7627), which are not kept.
    PremasterOnly,
    /// The secret in the key log has not the length that the suite's hash gives.
    SecretLength {
        /// Which secret.
        label: Label,
        /// Its length in bytes.
        found: usize,
        /// The right length.
        expected: usize,
    },
    /// The suite's cipher is not one that can be decrypted here.
    Suite(CipherSuite),
    /// The version is not one that can be decrypted here.
    Version(Version),
    /// The content is compressed (RFC 3749).
    Compressed(CompressionMethod),
    /// The record is shorter than the suite's overhead.
    TooShort {
        /// Bytes of the fragment.
        len: usize,
        /// The least that there must be.
        least: usize,
    },
    /// It does not authenticate: a byte was changed, a record is missing before it, or the secret is another's.
    BadTag {
        /// The record's number among the protected ones of its direction, from 1.
        record: u64,
        /// The sequence number under its keys that was expected.
        sequence: u64,
    },
    /// Bytes of the stream are missing before it, so that its sequence number or its keys are not known, and a search
    /// did not find them.
    Missing {
        /// Where the hole begins: the stream's offset.
        offset: u64,
        /// How many bytes are missing.
        len: u64,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::HandshakeNotSeen => f.write_str("its handshake was not seen: the capture starts later, or lost it"),
            Why::NoSecrets { client_random, needed, others, encrypted_hello } => {
                write!(f, "the key log has no {needed} ")?;
                f.write_str(if *others { "of this connection, only other secrets, " } else { "of this connection " })?;
                f.write_str("(client random ")?;
                client_random.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")?;
                if *encrypted_hello {
                    f.write_str("; it offers Encrypted Client Hello, and logs name the hello inside")?;
                }
                Ok(())
            }
            Why::PremasterOnly => f.write_str(
                "the key log has only the premaster secret, and with extended_master_secret that is not enough",
            ),
            Why::SecretLength { label, found, expected } => {
                write!(f, "the key log's {label} has {found} bytes, and the cipher suite wants {expected}")
            }
            Why::Suite(suite) => match suite.name() {
                Some(name) => write!(f, "cipher suite {name} cannot be decrypted here"),
                None => write!(f, "cipher suite {:#06x} is not known", suite.0),
            },
            Why::Version(version) => match version.name() {
                Some(name) => write!(f, "{name} cannot be decrypted here"),
                None => write!(f, "version {:#06x} is not known", version.0),
            },
            Why::Compressed(method) => match method.name() {
                Some(name) => write!(f, "its content is compressed ({name})"),
                None => write!(f, "its content is compressed (method {})", method.0),
            },
            Why::TooShort { len, least } => {
                write!(f, "it has {len} bytes, and the cipher suite adds at least {least}")
            }
            Why::BadTag { record, sequence } => write!(
                f,
                "it does not authenticate (protected record {record} of its direction, sequence number {sequence}): \
                 changed on its way, or the secret is not its own"
            ),
            Why::Missing { offset, len } => {
                write!(f, "{len} bytes are missing before it, at offset {offset} of its stream")
            }
        }
    }
}
