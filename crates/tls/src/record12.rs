//! Record protection of TLS 1.2: AES-GCM with an explicit nonce (RFC 5288 §3), ChaCha20-Poly1305 without (RFC 7905 §2).

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm, UnsupportedOperationError,
    make_tls12_aad,
};
use rustls::{ConnectionTrafficSecrets, Error};

use crate::aead::{Aead, Algorithm, TAG_LEN};

/// The nonce's part that is derived from the handshake; GCM's other eight bytes travel with each record.
const GCM_SALT_LEN: usize = 4;
const NONCE_LEN: usize = 12;
const MAX_PLAINTEXT_LEN: usize = 1 << 14;

impl Algorithm {
    /// Bytes of nonce in front of each record.
    const fn explicit_nonce_len(self) -> usize {
        match self {
            Algorithm::Aes128Gcm | Algorithm::Aes256Gcm => NONCE_LEN - GCM_SALT_LEN,
            Algorithm::ChaCha20Poly1305 => 0,
        }
    }
}

/// The implicit part of the nonce followed by the start of the explicit one.
fn whole_iv(iv: &[u8], extra: &[u8]) -> Iv {
    let mut whole = [0; NONCE_LEN];
    for (byte, value) in whole.iter_mut().zip(iv.iter().chain(extra)) {
        *byte = *value;
    }
    Iv::new(whole)
}

impl Tls12AeadAlgorithm for Algorithm {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Direction {
            aead: self.keyed(key.as_ref()),
            iv: whole_iv(iv, extra),
            explicit: self.explicit_nonce_len(),
        })
    }
    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Direction {
            aead: self.keyed(key.as_ref()),
            iv: whole_iv(iv, &[]),
            explicit: self.explicit_nonce_len(),
        })
    }
    fn key_block_shape(&self) -> KeyBlockShape {
        let explicit_nonce_len = self.explicit_nonce_len();
        KeyBlockShape { enc_key_len: self.key_len(), fixed_iv_len: NONCE_LEN - explicit_nonce_len, explicit_nonce_len }
    }
    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.secrets(key, whole_iv(iv, explicit)))
    }
}

/// One direction of a connection.
struct Direction {
    aead: Aead,
    iv: Iv,
    /// Bytes of nonce in front of each record: 8 or 0.
    explicit: usize,
}

impl MessageEncrypter for Direction {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let len = message.payload.len();
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(len));
        let nonce = Nonce::new(&self.iv, seq).0;
        payload.extend_from_slice(&nonce[NONCE_LEN - self.explicit..]);
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(seq, message.typ, message.version, len);
        let tag = self.aead.seal(nonce, &aad, &mut payload.as_mut()[self.explicit..]);
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }
    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.explicit + payload_len + TAG_LEN
    }
}

impl MessageDecrypter for Direction {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let len = message.payload.len().checked_sub(self.explicit + TAG_LEN).ok_or(Error::DecryptError)?;
        // RFC 5246 §6.2.1: at most 2^14 bytes of plaintext.
        if len > MAX_PLAINTEXT_LEN {
            return Err(Error::PeerSentOversizedRecord);
        }
        let (explicit, rest) = message.payload.split_at_mut(self.explicit);
        let (text, tag) = rest.split_at_mut(len);
        let nonce = if explicit.is_empty() {
            // RFC 7905 §2: the sequence number, XORed into the derived nonce.
            Nonce::new(&self.iv, seq).0
        } else {
            // RFC 5288 §3: four derived bytes, then the eight that the record carries.
            let mut nonce: [u8; NONCE_LEN] = self.iv.as_ref().try_into().map_err(|_| Error::DecryptError)?;
            nonce[GCM_SALT_LEN..].copy_from_slice(explicit);
            nonce
        };
        let aad = make_tls12_aad(seq, message.typ, message.version, len);
        self.aead.open(nonce, &aad, text, tag).map_err(|_| Error::DecryptError)?;
        Ok(message.into_plain_message_range(self.explicit..self.explicit + len))
    }
}
