//! The record layer (RFC 8446 §5, RFC 5246 §6.2): what TLS puts on the stream.

use super::alert::{Alert, alert};
use super::{CipherKind, CipherSuite, ContentType, HeartbeatType, Version};
use crate::{Malformed, Note, Reader, Sink};

crate::header! {
    /// A record's header: 5 bytes.
    pub struct RecordHeader, mod record_field = "tls.record", "TLS record", "RFC 8446 §5.1",
        "a piece of the encrypted or plain conversation, with its length";
    content_type: ContentType = 8, Dec, "Content type", "RFC 8446 §5.1", "what the record carries; application_data if it is encrypted by TLS 1.3", codes ContentType::CODES;
    version: Version = 16, Hex, "Legacy record version", "RFC 8446 §5.1", "0x0303 by habit (0x0301 in a first ClientHello); the true version is agreed in the hellos", codes Version::CODES;
    len: u16 = 16, Octets, "Length", "RFC 8446 §5.1", "the bytes that follow: at most 16384, and when encrypted 256 more (2048 before TLS 1.3)";
}

crate::fields! {
    /// Fields of records outside their header.
    pub RECORD_FIELDS;
    FRAGMENT_HANDSHAKE = "tls.record.handshake", "Handshake fragment", "RFC 8446 §5.1", Opaque(Body), "a piece of the handshake's stream of messages; what they say stands in the joined messages";
    FRAGMENT_DATA = "tls.record.data", "Application data", "RFC 8446 §5.1", Opaque(Body), "a piece of the application's stream, not encrypted";
    FRAGMENT_UNKNOWN = "tls.record.unknown", "Content", "RFC 8446 §5.1", Bytes, "the content of a record of unknown type";
    CCS = "tls.change_cipher_spec", "Change cipher spec", "RFC 5246 §7.1", Dec, "always 1: what the sender sends next is encrypted. In TLS 1.3 it means nothing and only pleases middleboxes (RFC 8446 §D.4)";
    ENCRYPTED = "tls.record.ciphertext", "Ciphertext", "RFC 8446 §5.2", Opaque(Ciphertext), "encrypted content; with the keys it stands in a buffer of its own";
    NONCE = "tls.record.explicit_nonce", "Explicit nonce", "RFC 5246 §6.2.3.3", Bytes, "the part of the nonce that travels with the record; usually its number";
    IV = "tls.record.iv", "Initialisation vector", "RFC 5246 §6.2.3.2", Bytes, "random bytes that the first block is mixed with";
    TAG = "tls.record.tag", "Authentication tag", "RFC 8446 §5.2", Bytes, "computed with the key over the record: a changed bit makes it wrong";
    MAC = "tls.record.mac", "MAC", "RFC 5246 §6.2.3.1", Bytes, "computed with the key over the record: a changed bit makes it wrong";
    HEARTBEAT = "tls.heartbeat", "Heartbeat", "RFC 6520 §4", Group, "a ping inside TLS";
    HEARTBEAT_TYPE = "tls.heartbeat.type", "Type", "RFC 6520 §4", Dec, "request or response", codes HeartbeatType::CODES;
    HEARTBEAT_LEN = "tls.heartbeat.len", "Payload length", "RFC 6520 §4", Octets, "how many bytes are to come back; a server that trusted it was Heartbleed";
    HEARTBEAT_PAYLOAD = "tls.heartbeat.payload", "Payload", "RFC 6520 §4", Opaque(Body), "comes back unchanged";
    HEARTBEAT_PADDING = "tls.heartbeat.padding", "Padding", "RFC 6520 §4", Opaque(Padding), "at least 16 random bytes";
    INNER = "tls.inner", "Inner plaintext", "RFC 8446 §5.2", Group, "what a record of TLS 1.3 says once decrypted";
    INNER_TYPE = "tls.inner.content_type", "Content type", "RFC 8446 §5.2", Dec, "what the record really carries", codes ContentType::CODES;
    INNER_PADDING = "tls.inner.padding", "Padding", "RFC 8446 §5.4", Opaque(Padding), "zeros that hide the content's length";
    BLOCK_PADDING = "tls.record.padding", "Padding", "RFC 5246 §6.2.3.2", Opaque(Padding), "fills the last block; each byte holds the padding's length";
    BLOCK_PADDING_LEN = "tls.record.padding_len", "Padding length", "RFC 5246 §6.2.3.2", Octets, "how many bytes of padding stand before this one";
}

/// The longest fragment that a receiver takes: 2^14 bytes and the 2048 that TLS 1.2 allows protection to add (RFC 5246
/// §6.2.3; TLS 1.3 allows 256: RFC 8446 §5.2).
pub const MAX_FRAGMENT: usize = (1 << 14) + 2048;

/// How the sender of a record protects it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Protection {
    /// Not at all: before the keys.
    #[default]
    None,
    /// TLS 1.3: ciphertext and a tag of this many bytes (RFC 8446 §5.2). Records change_cipher_spec stay plain.
    Tls13 {
        /// The tag's length in bytes.
        tag: usize,
    },
    /// TLS 1.2 AEAD: explicit nonce, ciphertext, tag (RFC 5246 §6.2.3.3).
    Aead {
        /// The explicit nonce's length in bytes.
        nonce: usize,
        /// The tag's length in bytes.
        tag: usize,
    },
    /// A block cipher: initialisation vector (none before TLS 1.1), ciphertext with MAC and padding inside, and with
    /// RFC 7366 the MAC behind (RFC 5246 §6.2.3.2).
    Block {
        /// The initialisation vector's length in bytes.
        iv: usize,
        /// The length in bytes of a MAC behind the ciphertext; 0 if it is inside.
        mac: usize,
    },
    /// A stream cipher, or none with a MAC: how long the MAC is stays inside (RFC 5246 §6.2.3.1).
    Stream,
    /// Protected in a way that is not known (an unknown suite, a handshake that was not seen).
    Unknown,
}

impl Protection {
    /// What `suite` does to records in `version`. `encrypt_then_mac`: that extension was agreed (RFC 7366).
    pub fn new(version: Version, suite: CipherSuite, encrypt_then_mac: bool) -> Protection {
        let Some(suite) = suite.suite() else { return Protection::Unknown };
        let cipher = suite.cipher;
        match cipher.kind() {
            _ if version.is_tls13() => Protection::Tls13 { tag: cipher.tag_len() },
            CipherKind::Aead => Protection::Aead { nonce: cipher.explicit_nonce_len(), tag: cipher.tag_len() },
            CipherKind::Cbc => Protection::Block {
                iv: if version >= Version::TLS11 { cipher.block_len() } else { 0 },
                mac: if encrypt_then_mac { suite.mac_len() } else { 0 },
            },
            CipherKind::Stream | CipherKind::Null => Protection::Stream,
        }
    }
}

/// What a record says by itself, without keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TlsRecord {
    /// Its header.
    pub header: RecordHeader,
    /// The alert in it, if it is a plain one.
    pub alert: Option<Alert>,
}

/// What stands at the front of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NextRecord {
    /// A whole record: its header, then `header.len` bytes. Together they are the stream's first `len` bytes.
    Whole {
        /// The record's header.
        header: RecordHeader,
        /// Header and fragment, in bytes.
        len: usize,
    },
    /// The record is not all there: at least this many bytes in total are needed (5 until its header is there).
    Need(usize),
    /// This is no record of TLS: an unknown type or version, or a length beyond [`MAX_FRAGMENT`].
    NotTls,
}

/// Looks at the front of `stream` for a record (RFC 8446 §5.1).
pub fn next_record(stream: &[u8]) -> NextRecord {
    if !plausible(stream) {
        return NextRecord::NotTls;
    }
    let Some(header) = stream.get(..RecordHeader::LEN).map(RecordHeader::read) else {
        return NextRecord::Need(RecordHeader::LEN);
    };
    let len = RecordHeader::LEN + usize::from(header.len);
    if len > RecordHeader::LEN + MAX_FRAGMENT {
        NextRecord::NotTls
    } else if stream.len() < len {
        NextRecord::Need(len)
    } else {
        NextRecord::Whole { header, len }
    }
}

/// Whether what is there of a header can be one: a known type, version 3.0 to 3.4.
fn plausible(stream: &[u8]) -> bool {
    stream.first().is_none_or(|kind| (20..=24).contains(kind))
        && stream.get(1).is_none_or(|major| *major == 3)
        && stream.get(2).is_none_or(|minor| *minor <= 4)
}

/// Whether a stream that begins like this speaks TLS: a record's header, and in a handshake record the beginning of a
/// hello. False if fewer than 6 bytes are there. Works at the start of either direction, and at any record's start.
pub fn looks_like_tls(stream: &[u8]) -> bool {
    if stream.len() <= RecordHeader::LEN || matches!(next_record(stream), NextRecord::NotTls) {
        return false;
    }
    let header = RecordHeader::read(stream);
    match (header.content_type, stream[RecordHeader::LEN]) {
        (ContentType::HANDSHAKE, kind) => header.len >= 4 && super::HandshakeType(kind).name().is_some(),
        (ContentType::ALERT, level) => header.len > 2 || (header.len == 2 && (level == 1 || level == 2)),
        (ContentType::CHANGE_CIPHER_SPEC, one) => header.len == 1 && one == 1,
        _ => header.len > 0,
    }
}

/// Decodes one record from the front of the reader, as a group.
///
/// # Errors
/// If it is cut short, longer than allowed, or its plain content breaks its format.
pub fn decode_record<S: Sink>(reader: &mut Reader<'_, '_, S>, protection: Protection) -> Result<TlsRecord, Malformed> {
    reader.group(&record_field::GROUP, |reader| {
        let header = RecordHeader::decode(reader)?;
        let len = usize::from(header.len);
        if len > MAX_FRAGMENT {
            return Err(reader.error(&record_field::len, "is more than TLS allows"));
        }
        if len > reader.remaining() {
            return Err(reader.error(&record_field::len, "reaches behind the end of the stream"));
        }
        let alert = reader.within(len, |reader| fragment(reader, header.content_type, protection))?.flatten();
        Ok(TlsRecord { header, alert })
    })
}

/// Decodes a record's fragment, which fills the reader.
fn fragment<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    kind: ContentType,
    protection: Protection,
) -> Result<Option<Alert>, Malformed> {
    // RFC 8446 §5: a change_cipher_spec record is never protected by TLS 1.3.
    let plain_ccs = kind == ContentType::CHANGE_CIPHER_SPEC && matches!(protection, Protection::Tls13 { .. });
    match protection {
        Protection::None => return plaintext(reader, kind),
        _ if plain_ccs => return plaintext(reader, kind),
        // RFC 8446 §5.2: whatever is protected says application_data. An alert may come before the sender has keys.
        Protection::Tls13 { .. } if kind != ContentType::APPLICATION_DATA => return plaintext(reader, kind),
        Protection::Tls13 { tag } => sealed(reader, tag, &TAG)?,
        Protection::Aead { nonce, tag } => {
            reader.bytes(&NONCE, nonce)?;
            sealed(reader, tag, &TAG)?;
        }
        Protection::Block { iv, mac } => {
            reader.bytes(&IV, iv)?;
            sealed(reader, mac, &MAC)?;
        }
        Protection::Stream | Protection::Unknown => sealed(reader, 0, &TAG)?,
    }
    Ok(None)
}

/// Ciphertext up to the last `tag` bytes, which are `field`.
fn sealed<S: Sink>(reader: &mut Reader<'_, '_, S>, tag: usize, field: &'static crate::Field) -> Result<(), Malformed> {
    let Some(n) = reader.remaining().checked_sub(tag) else {
        return Err(reader.error(field, "is cut short"));
    };
    reader.bytes(&ENCRYPTED, n)?;
    reader.bytes(field, tag)?;
    Ok(())
}

/// Decodes the content of a record, which fills the reader and is not encrypted, or no longer so (the decrypted content
/// of a TLS 1.2 record).
///
/// # Errors
/// If an alert, a change_cipher_spec or a heartbeat breaks its format.
pub fn plaintext<S: Sink>(reader: &mut Reader<'_, '_, S>, kind: ContentType) -> Result<Option<Alert>, Malformed> {
    match kind {
        ContentType::ALERT => return alert(reader).map(Some),
        ContentType::CHANGE_CIPHER_SPEC => {
            if reader.u8(&CCS)? != 1 {
                reader.report(&CCS, "is not 1")?;
            }
        }
        ContentType::HANDSHAKE => drop(reader.rest(&FRAGMENT_HANDSHAKE)?),
        ContentType::APPLICATION_DATA => drop(reader.rest(&FRAGMENT_DATA)?),
        ContentType::HEARTBEAT => heartbeat(reader)?,
        _ => drop(reader.rest(&FRAGMENT_UNKNOWN)?),
    }
    Ok(None)
}

fn heartbeat<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    reader.group(&HEARTBEAT, |reader| {
        reader.u8(&HEARTBEAT_TYPE)?;
        let len = usize::from(reader.u16(&HEARTBEAT_LEN)?);
        if len > reader.remaining() {
            // RFC 6520 §4: discard silently. Answering it was Heartbleed.
            return Err(reader.error(&HEARTBEAT_LEN, "is longer than the message"));
        }
        reader.bytes(&HEARTBEAT_PAYLOAD, len)?;
        reader.rest(&HEARTBEAT_PADDING).map(drop)
    })
}

/// What stands in a decrypted record of TLS 1.3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inner {
    /// What the content is.
    pub content_type: ContentType,
    /// How many bytes at the front are the content.
    pub len: usize,
    /// The alert in it, if it is one.
    pub alert: Option<Alert>,
}

/// Decodes a decrypted record of TLS 1.3, which fills the reader: content, its type, zeros (RFC 8446 §5.2).
///
/// # Errors
/// If it is all zeros (RFC 8446 §5.4: unexpected_message), or its content breaks its format.
pub fn decode_inner<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Inner, Malformed> {
    reader.group(&INNER, |reader| {
        let bytes = reader.peek();
        let Some(len) = bytes.iter().rposition(|byte| *byte != 0) else {
            return Err(reader.error(&INNER_TYPE, "is missing: the record is nothing but padding"));
        };
        let content_type = ContentType(bytes[len]);
        let alert = reader.within(len, |reader| plaintext(reader, content_type))?.flatten();
        reader.u8(&INNER_TYPE)?;
        reader.rest(&INNER_PADDING)?;
        Ok(Inner { content_type, len, alert })
    })
}

/// Decodes a decrypted block of a CBC cipher, which fills the reader (RFC 5246 §6.2.3.2): content of `kind`, a MAC of
/// `mac` bytes (0 with RFC 7366, where it stands behind the ciphertext), padding, its length. Returns the content's
/// length.
///
/// # Errors
/// If MAC and padding do not fit, or the content breaks its format.
pub fn decode_block<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    kind: ContentType,
    mac: usize,
) -> Result<(usize, Option<Alert>), Malformed> {
    let bytes = reader.peek();
    let padding = usize::from(bytes.last().copied().unwrap_or(0));
    let Some(len) = bytes.len().checked_sub(padding + 1 + mac) else {
        return Err(reader.error(&BLOCK_PADDING_LEN, "is more than the record holds"));
    };
    let alert = reader.within(len, |reader| plaintext(reader, kind))?.flatten();
    reader.bytes(&MAC, mac)?;
    let filling = reader.bytes(&BLOCK_PADDING, padding)?;
    if filling.iter().any(|byte| usize::from(*byte) != padding) {
        reader.note(Note::Remark("each byte should be the padding's length"));
    }
    reader.u8(&BLOCK_PADDING_LEN)?;
    Ok((len, alert))
}

/// Decodes a decrypted record of a stream cipher, which fills the reader: content of `kind`, a MAC of `mac` bytes
/// (RFC 5246 §6.2.3.1; 0 for the content of an AEAD). Returns the content's length.
///
/// # Errors
/// If it is shorter than the MAC, or the content breaks its format.
pub fn decode_stream<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    kind: ContentType,
    mac: usize,
) -> Result<(usize, Option<Alert>), Malformed> {
    let Some(len) = reader.remaining().checked_sub(mac) else {
        return Err(reader.error(&MAC, "is cut short"));
    };
    let alert = reader.within(len, |reader| plaintext(reader, kind))?.flatten();
    reader.bytes(&MAC, mac)?;
    Ok((len, alert))
}
