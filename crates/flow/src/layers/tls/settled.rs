//! What stays of a record whose bytes were let go.

use wire::tls::{ContentType, RecordHeader};

use super::{RecordContent, TlsRecord};
use crate::tls::{Epoch, Layout, Why};

/// What is known of a record whose bytes were let go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettledRecord {
    pub(super) header: RecordHeader,
    pub(super) opened: SettledContent,
}

/// What was in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SettledContent {
    Decrypted { content_type: ContentType, layout: Layout, sequence: u64, epoch: Epoch, parts: Vec<KeptPart> },
    Undecrypted(Why),
}

/// A part of a record's content that is kept when the record's bytes are let go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeptPart {
    /// Where in the content.
    pub at: u16,
    /// What stands there.
    pub bytes: Box<[u8]>,
}

/// What stands for plaintext that was let go.
pub(super) static ZEROS: [u8; (1 << 14) + 256] = [0; (1 << 14) + 256];

impl SettledRecord {
    /// What is to be known of `record` when its bytes are let go, but for those parts; `None` if they will still be needed.
    pub(crate) fn of(record: &TlsRecord, parts: Vec<KeptPart>) -> Option<SettledRecord> {
        let opened = match &record.content {
            RecordContent::Decrypted { content_type, layout, sequence, epoch, .. } => {
                // With an AEAD each record is opened by itself; with CBC the next one needs this one's end (RFC 2246 §6.2.3.2).
                let alone = layout.tag > 0 && layout.mac == 0 && layout.padding_length == 0;
                if !alone || layout.ciphertext > ZEROS.len() || *content_type != ContentType::APPLICATION_DATA {
                    return None;
                }
                let (content_type, layout, sequence, epoch) = (*content_type, *layout, *sequence, *epoch);
                SettledContent::Decrypted { content_type, layout, sequence, epoch, parts }
            }
            RecordContent::Undecrypted(why) if record.header.content_type == ContentType::APPLICATION_DATA => {
                SettledContent::Undecrypted(why.clone())
            }
            _ => return None,
        };
        Some(SettledRecord { header: record.header, opened })
    }
}
