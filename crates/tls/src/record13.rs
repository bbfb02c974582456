//! Record protection of TLS 1.3 (RFC 8446 §5.2 and §5.3).

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm, UnsupportedOperationError,
    make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

use crate::aead::{Aead, Algorithm, TAG_LEN};

impl Tls13AeadAlgorithm for Algorithm {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Direction { aead: self.keyed(key.as_ref()), iv })
    }
    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Direction { aead: self.keyed(key.as_ref()), iv })
    }
    fn key_len(&self) -> usize {
        Algorithm::key_len(*self)
    }
    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.secrets(key, iv))
    }
}

/// One direction of a connection.
struct Direction {
    aead: Aead,
    iv: Iv,
}

impl MessageEncrypter for Direction {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let len = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(len);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[message.typ.into()]);
        let tag = self.aead.seal(Nonce::new(&self.iv, seq).0, &make_tls13_aad(len), payload.as_mut());
        payload.extend_from_slice(&tag);
        // RFC 8446 §5.2: the outer type is always application_data and the outer version always that of TLS 1.2.
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }
    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 1 + TAG_LEN
    }
}

impl MessageDecrypter for Direction {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let len = message.payload.len();
        let aad = make_tls13_aad(len);
        let (text, tag) =
            message.payload.split_at_mut_checked(len.saturating_sub(TAG_LEN)).ok_or(Error::DecryptError)?;
        self.aead.open(Nonce::new(&self.iv, seq).0, &aad, text, tag).map_err(|_| Error::DecryptError)?;
        message.payload.truncate(len - TAG_LEN);
        message.into_tls13_unpadded_message()
    }
}
