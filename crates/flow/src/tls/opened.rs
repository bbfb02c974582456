//! What became of a record.

use wire::tls::ContentType;

use super::Why;

/// What is in a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// It is not protected: its fragment is its content.
    Plain,
    /// It was protected, and here is what it held.
    Decrypted(Plaintext),
    /// It is protected, and stays so.
    Undecrypted(Why),
}

/// The contents of a record that was protected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plaintext {
    /// All that was encrypted: the content, and behind it what [`Layout`] counts.
    pub bytes: Vec<u8>,
    /// The content's type; in TLS 1.3 the one inside (RFC 8446 §5.2).
    pub content_type: ContentType,
    /// The record's number under its keys, from 0 (RFC 8446 §5.3).
    pub sequence: u64,
    /// Whose keys.
    pub epoch: Epoch,
    /// How the fragment and the bytes are divided.
    pub layout: Layout,
}

impl Plaintext {
    /// The content alone.
    pub fn content(&self) -> &[u8] {
        self.bytes.get(..self.layout.content).unwrap_or_default()
    }
}

/// Which keys protect a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Epoch {
    /// TLS 1.3: the client's early data.
    Early,
    /// TLS 1.3: the handshake.
    Handshake,
    /// TLS 1.3: application data after this many key updates; in earlier versions everything after this many
    /// renegotiations.
    Application(u32),
}

/// The lengths in bytes of a protected record's parts, in the order in which they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Layout {
    /// Of the fragment: the nonce or initialisation vector that it carries.
    pub explicit_nonce: usize,
    /// Of the fragment: what was encrypted. As many bytes as [`Plaintext::bytes`] has.
    pub ciphertext: usize,
    /// Of the fragment: the AEAD's tag, or the MAC behind the ciphertext (RFC 7366).
    pub tag: usize,
    /// Of the plaintext: the content.
    pub content: usize,
    /// Of the plaintext: the content's type; 1 in TLS 1.3, else 0.
    pub content_type: usize,
    /// Of the plaintext: the MAC inside, of CBC and of suites without encryption.
    pub mac: usize,
    /// Of the plaintext: padding.
    pub padding: usize,
    /// Of the plaintext: the byte that says how much padding there is; 1 with CBC, else 0.
    pub padding_length: usize,
}
