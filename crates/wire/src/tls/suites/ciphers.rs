//! The ciphers and hashes that suites are made of.

/// How a cipher protects records (RFC 5246 §6.2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CipherKind {
    /// No encryption; at most a MAC.
    Null,
    /// A key stream, and a MAC before encryption (RFC 5246 §6.2.3.1).
    Stream,
    /// Blocks chained to each other, and a MAC before encryption (RFC 5246 §6.2.3.2), or behind it (RFC 7366).
    Cbc,
    /// Encryption and authentication in one (RFC 5246 §6.2.3.3, RFC 8446 §5.2).
    Aead,
}

macro_rules! ciphers {
    ($($name:ident = $kind:ident, $key:expr, $block:expr, $nonce:expr, $tag:expr, $text:expr;)*) => {
        /// A cipher with its mode.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Cipher { $(#[doc = $text] $name),* }
        impl Cipher {
            /// How it protects records.
            pub fn kind(self) -> CipherKind {
                match self { $(Cipher::$name => CipherKind::$kind),* }
            }
            /// The key's length in bytes.
            pub fn key_len(self) -> usize {
                match self { $(Cipher::$name => $key),* }
            }
            /// The block's length in bytes (CBC: also that of the initialisation vector); 0 if it is not a block mode.
            pub fn block_len(self) -> usize {
                match self { $(Cipher::$name => $block),* }
            }
            /// The part of the nonce that a TLS 1.2 record carries, in bytes (RFC 5288 §3, RFC 6655 §3, RFC 7905 §2).
            pub fn explicit_nonce_len(self) -> usize {
                match self { $(Cipher::$name => $nonce),* }
            }
            /// The authentication tag's length in bytes; 0 if the cipher is no AEAD.
            pub fn tag_len(self) -> usize {
                match self { $(Cipher::$name => $tag),* }
            }
            /// Its name for people.
            pub fn name(self) -> &'static str {
                match self { $(Cipher::$name => $text),* }
            }
        }
    };
}
ciphers! {
    Null = Null, 0, 0, 0, 0, "no encryption";
    Rc4 = Stream, 16, 0, 0, 0, "RC4";
    DesCbc = Cbc, 8, 8, 0, 0, "DES-CBC";
    TripleDesCbc = Cbc, 24, 8, 0, 0, "3DES-CBC";
    IdeaCbc = Cbc, 16, 8, 0, 0, "IDEA-CBC";
    SeedCbc = Cbc, 16, 16, 0, 0, "SEED-CBC";
    Aes128Cbc = Cbc, 16, 16, 0, 0, "AES-128-CBC";
    Aes256Cbc = Cbc, 32, 16, 0, 0, "AES-256-CBC";
    Camellia128Cbc = Cbc, 16, 16, 0, 0, "Camellia-128-CBC";
    Camellia256Cbc = Cbc, 32, 16, 0, 0, "Camellia-256-CBC";
    Aes128Gcm = Aead, 16, 0, 8, 16, "AES-128-GCM";
    Aes256Gcm = Aead, 32, 0, 8, 16, "AES-256-GCM";
    Aes128Ccm = Aead, 16, 0, 8, 16, "AES-128-CCM";
    Aes256Ccm = Aead, 32, 0, 8, 16, "AES-256-CCM";
    Aes128Ccm8 = Aead, 16, 0, 8, 8, "AES-128-CCM-8";
    Aes256Ccm8 = Aead, 32, 0, 8, 8, "AES-256-CCM-8";
    ChaCha20Poly1305 = Aead, 32, 0, 0, 16, "ChaCha20-Poly1305";
    Camellia128Gcm = Aead, 16, 0, 8, 16, "Camellia-128-GCM";
    Camellia256Gcm = Aead, 32, 0, 8, 16, "Camellia-256-GCM";
    Aria128Gcm = Aead, 16, 0, 8, 16, "ARIA-128-GCM";
    Aria256Gcm = Aead, 32, 0, 8, 16, "ARIA-256-GCM";
    Sm4Gcm = Aead, 16, 0, 8, 16, "SM4-GCM";
    Sm4Ccm = Aead, 16, 0, 8, 16, "SM4-CCM";
}

/// A hash function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Hash {
    /// None.
    Null,
    /// MD5, 16 bytes.
    Md5,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SM3, 32 bytes.
    Sm3,
}

impl Hash {
    /// Its output's length in bytes.
    pub fn len(self) -> usize {
        match self {
            Hash::Null => 0,
            Hash::Md5 => 16,
            Hash::Sha1 => 20,
            Hash::Sha256 | Hash::Sm3 => 32,
            Hash::Sha384 => 48,
        }
    }
    /// Whether it has no output: there is no hash.
    pub fn is_empty(self) -> bool {
        self == Hash::Null
    }
}
