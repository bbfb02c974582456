//! ServerKeyExchange and ClientKeyExchange of TLS 1.2 and before (RFC 5246 §7.4.3, §7.4.7; RFC 8422 §5.4, §5.7; RFC 4279).

use super::extensions::{NAMED_GROUP, SCHEME};
use super::handshake::Context;
use super::key_share::{Side, public_key};
use super::parts::{is_pair, length, opaque, signature};
use super::{Authentication, CipherSuite, EcCurveType, KeyExchange, NamedGroup, SignatureScheme, Version};
use crate::{Malformed, Reader, Sink};

crate::fields! {
    /// Fields of key exchanges before TLS 1.3.
    pub KEY_EXCHANGE_FIELDS;
    CURVE_TYPE = "tls.server_key_exchange.curve_type", "Curve type", "RFC 8422 §5.4", Dec, "how the curve is given: by its number", codes EcCurveType::CODES;
    DH_P = "tls.server_key_exchange.dh_p", "Prime", "RFC 5246 §7.4.3", Bytes, "the prime modulus of the Diffie-Hellman group";
    DH_G = "tls.server_key_exchange.dh_g", "Generator", "RFC 5246 §7.4.3", Bytes, "the number that is raised to secret powers";
    DH_YS = "tls.server_key_exchange.dh_ys", "Server's public value", "RFC 5246 §7.4.3", Bytes, "the generator to the power of the server's secret, modulo the prime";
    SIGNATURE = "tls.server_key_exchange.signature", "Signature", "RFC 5246 §7.4.3", Bytes, "over both randoms and the key, by the certificate's key";
    PSK_HINT = "tls.server_key_exchange.psk_hint", "PSK identity hint", "RFC 4279 §2", Text, "helps the client to choose the shared key";
    PSK_IDENTITY = "tls.client_key_exchange.psk_identity", "PSK identity", "RFC 4279 §2", Text, "which shared key the client uses";
    DH_YC = "tls.client_key_exchange.dh_yc", "Client's public value", "RFC 5246 §7.4.7.2", Bytes, "the generator to the power of the client's secret, modulo the prime";
    EC_POINT = "tls.client_key_exchange.ec_point", "Client's public key", "RFC 8422 §5.7", Bytes, "a point on the server's curve";
    ENCRYPTED_PREMASTER = "tls.client_key_exchange.premaster", "Encrypted premaster secret", "RFC 5246 §7.4.7.1", Opaque(Ciphertext), "a secret of the client's making, encrypted to the server's RSA key";
    PARAMETERS = "tls.key_exchange.parameters", "Key exchange parameters", "RFC 5246 §7.4.3", Bytes, "of a key exchange that is not known here";
}

/// What a ServerKeyExchange says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ServerKeyExchange {
    /// The curve of the server's key.
    pub group: Option<NamedGroup>,
    /// The length of a Diffie-Hellman prime in bits.
    pub dh_bits: Option<usize>,
    /// How the key is signed (TLS 1.2).
    pub scheme: Option<SignatureScheme>,
}

/// The key exchange of the suite. Without knowledge of the suite: what the server's message looks like, an elliptic
/// curve by number.
fn kind(context: &Context) -> Option<(KeyExchange, Authentication)> {
    context.suite.and_then(CipherSuite::suite).map(|suite| (suite.key_exchange, suite.authentication))
}

pub(super) fn server_key_exchange<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    context: &Context,
) -> Result<ServerKeyExchange, Malformed> {
    use KeyExchange as K;
    let mut out = ServerKeyExchange::default();
    let kind = kind(context);
    let curve_by_number = reader.peek().first() == Some(&EcCurveType::NAMED_CURVE.0);
    let signed = match kind {
        Some((K::Ecdhe, authentication)) => {
            ecdhe(reader, &mut out)?;
            authentication != Authentication::Anon
        }
        None if curve_by_number => {
            ecdhe(reader, &mut out)?;
            !reader.is_empty()
        }
        Some((K::Dhe, authentication)) => {
            dhe(reader, &mut out)?;
            authentication != Authentication::Anon
        }
        Some((K::Psk | K::RsaPsk, _)) => {
            opaque(reader, &PSK_HINT, 16)?;
            false
        }
        Some((K::DhePsk, _)) => {
            opaque(reader, &PSK_HINT, 16)?;
            dhe(reader, &mut out)?;
            false
        }
        Some((K::EcdhePsk, _)) => {
            opaque(reader, &PSK_HINT, 16)?;
            ecdhe(reader, &mut out)?;
            false
        }
        _ => {
            reader.rest(&PARAMETERS)?;
            false
        }
    };
    if signed {
        // RFC 5246 §7.4.3: the algorithm is named since TLS 1.2.
        if context.version.is_none_or(|version| version >= Version::TLS12) {
            out.scheme = Some(reader.get(&SCHEME, 16)?);
        }
        signature(reader, &SIGNATURE, out.scheme.is_some_and(is_pair))?;
    }
    Ok(out)
}

fn ecdhe<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut ServerKeyExchange) -> Result<(), Malformed> {
    if reader.get::<EcCurveType>(&CURVE_TYPE, 8)? != EcCurveType::NAMED_CURVE {
        // RFC 8422 §5.4: explicit curves are deprecated, and nobody sends them.
        return reader.rest(&PARAMETERS).map(drop);
    }
    let group: NamedGroup = reader.get(&NAMED_GROUP, 16)?;
    out.group = Some(group);
    let n = length(reader, 8)?;
    reader.within(n, |reader| public_key(reader, group, Side::Server)).map(drop)
}

fn dhe<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut ServerKeyExchange) -> Result<(), Malformed> {
    let p = opaque(reader, &DH_P, 16)?;
    let p = &p[p.iter().take_while(|byte| **byte == 0).count()..];
    out.dh_bits = Some(p.first().map_or(0, |first| p.len() * 8 - first.leading_zeros() as usize));
    opaque(reader, &DH_G, 16)?;
    opaque(reader, &DH_YS, 16).map(drop)
}

pub(super) fn client_key_exchange<S: Sink>(reader: &mut Reader<'_, '_, S>, context: &Context) -> Result<(), Malformed> {
    use KeyExchange as K;
    match kind(context).map(|(kind, _)| kind) {
        // RFC 8422 §5.7 and RFC 5246 §7.4.7.2: nothing, if the client's certificate holds its key.
        Some(K::Ecdhe | K::Ecdh | K::Dhe | K::Dh) if reader.is_empty() => {}
        Some(K::Ecdhe | K::Ecdh) => drop(opaque(reader, &EC_POINT, 8)?),
        Some(K::Dhe | K::Dh) => drop(opaque(reader, &DH_YC, 16)?),
        // RFC 5246 §7.4.7.1: SSL 3.0 had no length before it.
        Some(K::Rsa) if context.version == Some(Version::SSL3) => drop(reader.rest(&ENCRYPTED_PREMASTER)?),
        Some(K::Rsa) => drop(opaque(reader, &ENCRYPTED_PREMASTER, 16)?),
        Some(K::Psk) => drop(opaque(reader, &PSK_IDENTITY, 16)?),
        Some(K::DhePsk) => {
            opaque(reader, &PSK_IDENTITY, 16)?;
            opaque(reader, &DH_YC, 16)?;
        }
        Some(K::EcdhePsk) => {
            opaque(reader, &PSK_IDENTITY, 16)?;
            opaque(reader, &EC_POINT, 8)?;
        }
        Some(K::RsaPsk) => {
            opaque(reader, &PSK_IDENTITY, 16)?;
            opaque(reader, &ENCRYPTED_PREMASTER, 16)?;
        }
        _ => drop(reader.rest(&PARAMETERS)?),
    }
    Ok(())
}
