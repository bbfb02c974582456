//! Lists of extensions (RFC 8446 §4.2), and what each extension says.

use std::collections::BTreeSet;

use super::extension_type::{ExtensionType, OTHER_EXTENSION};
use super::key_share::{Side, public_key};
use super::parts::{length, list, opaque, opaque_with, vector};
use super::sct::sct_list;
use super::{
    CertificateCompression, CertificateType, EcPointFormat, EchType, HeartbeatMode, HpkeAead, HpkeKdf,
    MaxFragmentLength, NameType, NamedGroup, PskKeMode, SignatureScheme, StatusType, Version, ech,
};
use crate::{Malformed, Note, Reader, Sink};

crate::fields! {
    /// Fields of extensions.
    pub EXTENSION_FIELDS;
    EXTENSIONS = "tls.extensions", "Extensions", "RFC 8446 §4.2", Group, "what the sender can do or asks for beyond the message's fixed fields";
    EXT_TYPE = "tls.ext.type", "Extension type", "RFC 8446 §4.2", Dec, "which extension this is", codes ExtensionType::CODES;
    EXT_LEN = "tls.ext.len", "Extension length", "RFC 8446 §4.2", Octets, "the bytes of the extension's data";
    EXT_DATA = "tls.ext.data", "Extension data", "RFC 8446 §4.2", Bytes, "what the extension says";
    SERVER_NAME_LIST = "tls.ext.server_name.list", "Server name list", "RFC 6066 §3", Group, "the names; in practice one";
    NAME_TYPE = "tls.ext.server_name.type", "Name type", "RFC 6066 §3", Dec, "what the name is", codes NameType::CODES;
    HOST_NAME = "tls.ext.server_name.host_name", "Host name", "RFC 6066 §3", Text, "the site that the client wants; everybody on the path can read it";
    MAX_FRAGMENT = "tls.ext.max_fragment_length.code", "Maximum fragment length", "RFC 6066 §4", Dec, "the longest record that the client wants", codes MaxFragmentLength::CODES;
    STATUS_TYPE = "tls.ext.status_request.type", "Status type", "RFC 6066 §8", Dec, "the kind of proof", codes StatusType::CODES;
    RESPONDER_IDS_LEN = "tls.ext.status_request.responders.len", "Responder id list length", "RFC 6066 §8", Octets, "0: whichever responder the server knows";
    RESPONDER_IDS = "tls.ext.status_request.responders", "Responder ids", "RFC 6066 §8", Bytes, "the responders that the client trusts; none means: the server knows";
    REQUEST_EXTENSIONS_LEN = "tls.ext.status_request.extensions.len", "Request extensions length", "RFC 6066 §8", Octets, "0: no extensions of the OCSP request";
    REQUEST_EXTENSIONS = "tls.ext.status_request.extensions", "Request extensions", "RFC 6066 §8", Bytes, "extensions of the OCSP request";
    OCSP_RESPONSE = "tls.ocsp_response", "OCSP response", "RFC 6066 §8", Group, "the issuer's signed statement whether the certificate is still good";
    GROUP_LIST = "tls.ext.supported_groups.list", "Group list", "RFC 8446 §4.2.7", Group, "the groups, the best first";
    NAMED_GROUP = "tls.named_group", "Group", "RFC 8446 §4.2.7", Hex, "a group in which keys are exchanged", codes NamedGroup::CODES;
    POINT_FORMATS = "tls.ext.ec_point_formats.list", "Point formats", "RFC 8422 §5.1.2", Group, "the ways to write a point";
    POINT_FORMAT = "tls.ext.ec_point_formats.format", "Point format", "RFC 8422 §5.1.2", Dec, "a way to write a point of a curve", codes EcPointFormat::CODES;
    SCHEMES = "tls.signature_schemes", "Signature schemes", "RFC 8446 §4.2.3", Group, "the signatures that the sender can verify, the best first";
    SCHEME = "tls.signature_scheme", "Signature scheme", "RFC 8446 §4.2.3", Hex, "how a signature is made", codes SignatureScheme::CODES;
    HEARTBEAT_MODE = "tls.ext.heartbeat.mode", "Mode", "RFC 6520 §2", Dec, "whether the peer may send heartbeats", codes HeartbeatMode::CODES;
    PROTOCOLS = "tls.ext.alpn.protocols", "Protocol names", "RFC 7301 §3.1", Group, "the protocols, the best first; in an answer the chosen one";
    PROTOCOL = "tls.ext.alpn.protocol", "Protocol name", "RFC 7301 §3.1", Text, "h2 is HTTP/2, http/1.1 is HTTP/1.1, h3 is HTTP/3";
    CERTIFICATE_TYPES = "tls.ext.certificate_types", "Certificate types", "RFC 7250 §3", Group, "the forms of certificate";
    CERTIFICATE_TYPE = "tls.ext.certificate_type", "Certificate type", "RFC 7250 §3", Dec, "a form of certificate", codes CertificateType::CODES;
    PADDING = "tls.ext.padding.zeros", "Padding", "RFC 7685 §3", Opaque(Padding), "zeros";
    COMPRESSIONS = "tls.ext.compress_certificate.list", "Algorithms", "RFC 8879 §3", Group, "the compressions that the sender can undo";
    COMPRESSION = "tls.certificate_compression", "Algorithm", "RFC 8879 §3", Dec, "a compression of certificates", codes CertificateCompression::CODES;
    RECORD_SIZE_LIMIT = "tls.ext.record_size_limit.limit", "Record size limit", "RFC 8449 §4", Octets, "the longest plaintext that the sender takes in one record; in TLS 1.3 its type and padding count";
    TICKET = "tls.ext.session_ticket.ticket", "Ticket", "RFC 5077 §3.2", Bytes, "the server's own note, which only it can read";
    IDENTITIES = "tls.ext.pre_shared_key.identities", "Identities", "RFC 8446 §4.2.11", Group, "the keys that the client offers";
    IDENTITY_GROUP = "tls.ext.pre_shared_key.psk", "PSK identity", "RFC 8446 §4.2.11", Group, "one key that the client offers";
    IDENTITY = "tls.ext.pre_shared_key.identity", "Identity", "RFC 8446 §4.2.11", Bytes, "the name of a key; mostly a ticket from an earlier connection";
    OBFUSCATED_AGE = "tls.ext.pre_shared_key.age", "Obfuscated ticket age", "RFC 8446 §4.2.11.1", Dec, "milliseconds since the ticket came, plus a secret number, so that visits cannot be linked";
    BINDERS = "tls.ext.pre_shared_key.binders", "Binders", "RFC 8446 §4.2.11.2", Group, "one for each identity";
    BINDER = "tls.ext.pre_shared_key.binder", "Binder", "RFC 8446 §4.2.11.2", Bytes, "a checksum over this ClientHello under that key: the client really has it";
    SELECTED_IDENTITY = "tls.ext.pre_shared_key.selected", "Selected identity", "RFC 8446 §4.2.11", Dec, "which of the offered keys the server takes, counted from 0";
    MAX_EARLY_DATA = "tls.ext.early_data.max", "Maximum early data size", "RFC 8446 §4.6.1", Octets, "how much data the client may send along with a ClientHello that uses this ticket";
    VERSIONS = "tls.ext.supported_versions.list", "Versions", "RFC 8446 §4.2.1", Group, "the versions that the client can speak, the best first";
    VERSION = "tls.ext.supported_versions.version", "Version", "RFC 8446 §4.2.1", Hex, "a version of the protocol", codes Version::CODES;
    SELECTED_VERSION = "tls.ext.supported_versions.selected", "Selected version", "RFC 8446 §4.2.1", Hex, "the version that is spoken from now on", codes Version::CODES;
    COOKIE = "tls.ext.cookie.cookie", "Cookie", "RFC 8446 §4.2.2", Bytes, "the server's note to itself, which the client returns";
    PSK_MODES = "tls.ext.psk_key_exchange_modes.list", "Modes", "RFC 8446 §4.2.9", Group, "how the client lets a pre-shared key be used";
    PSK_MODE = "tls.ext.psk_key_exchange_modes.mode", "Mode", "RFC 8446 §4.2.9", Dec, "a way to use a pre-shared key", codes PskKeMode::CODES;
    AUTHORITIES = "tls.authorities", "Certificate authorities", "RFC 8446 §4.2.4", Group, "the issuers that the sender trusts";
    AUTHORITY = "tls.authority", "Distinguished name", "RFC 8446 §4.2.4", Group, "the name of an issuer";
    FILTERS = "tls.ext.oid_filters.list", "Filters", "RFC 8446 §4.2.5", Group, "what the client's certificate must contain";
    FILTER_OID = "tls.ext.oid_filters.oid", "Certificate extension OID", "RFC 8446 §4.2.5", Bytes, "the certificate's extension, as a DER object identifier";
    FILTER_VALUES = "tls.ext.oid_filters.values", "Certificate extension values", "RFC 8446 §4.2.5", Bytes, "the value that it must have, in DER";
    SHARES = "tls.ext.key_share.shares", "Client shares", "RFC 8446 §4.2.8", Group, "a public key for each group that the client expects the server to like";
    SHARE = "tls.ext.key_share.entry", "Key share entry", "RFC 8446 §4.2.8", Group, "a group and a fresh public key in it";
    SELECTED_GROUP = "tls.ext.key_share.selected", "Selected group", "RFC 8446 §4.2.8", Hex, "the group for which the server wants a key share in a second ClientHello", codes NamedGroup::CODES;
    RENEGOTIATED_LEN = "tls.ext.renegotiation_info.len", "Renegotiated connection length", "RFC 5746 §3.2", Octets, "0: this is the connection's first handshake";
    RENEGOTIATED = "tls.ext.renegotiation_info.data", "Renegotiated connection", "RFC 5746 §3.2", Bytes, "the Finished values of the handshake before; empty in a first one";
    QUIC_PARAMETERS = "tls.ext.quic_transport_parameters.data", "Transport parameters", "RFC 9000 §18", Bytes, "a list of numbered limits and timers of a QUIC connection";
    TICKETS_NEW = "tls.ext.ticket_request.new", "New session count", "RFC 9149 §3", Dec, "tickets wanted after a full handshake";
    TICKETS_RESUMED = "tls.ext.ticket_request.resumed", "Resumption count", "RFC 9149 §3", Dec, "tickets wanted after a resumption";
    CONNECTION_ID = "tls.ext.connection_id.id", "Connection id", "RFC 9146 §3", Bytes, "the number that records to the sender shall carry";
    OUTER_TYPES = "tls.ext.ech_outer_extensions.list", "Outer extensions", "RFC 9849 §5.1", Group, "the extensions to copy from the visible ClientHello";
    ECH_TYPE = "tls.ext.ech.type", "Type", "RFC 9849 §5", Dec, "visible or hidden ClientHello", codes EchType::CODES;
    ECH_KDF = "tls.ext.ech.kdf", "KDF", "RFC 9849 §5", Hex, "the key derivation of the encryption", codes HpkeKdf::CODES;
    ECH_AEAD = "tls.ext.ech.aead", "AEAD", "RFC 9849 §5", Hex, "the cipher of the encryption", codes HpkeAead::CODES;
    ECH_CONFIG_ID = "tls.ext.ech.config_id", "Config id", "RFC 9849 §5", Dec, "which of the server's public keys was used";
    ECH_ENC_LEN = "tls.ext.ech.enc.len", "Encapsulated key length", "RFC 9849 §5", Octets, "0 in a second ClientHello, which goes on with the first one's key";
    ECH_ENC = "tls.ext.ech.enc", "Encapsulated key", "RFC 9849 §5", Bytes, "the client's fresh key, with which the server computes the secret; empty in a second ClientHello";
    ECH_PAYLOAD = "tls.ext.ech.payload", "Payload", "RFC 9849 §5", Opaque(Ciphertext), "the real ClientHello, encrypted; or random bytes that look like it (GREASE)";
    ECH_CONFIRMATION = "tls.ext.ech.confirmation", "Confirmation", "RFC 9849 §7.2.1", Bytes, "tells the client that the hidden ClientHello was understood";
}

/// The message that a list of extensions stands in; it decides what some extensions look like (RFC 8446 §4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// ClientHello: requests.
    ClientHello,
    /// ServerHello: answers in the clear.
    ServerHello,
    /// HelloRetryRequest: what a second ClientHello must change.
    HelloRetryRequest,
    /// EncryptedExtensions: further answers.
    EncryptedExtensions,
    /// CertificateRequest: what the server wants of a client's certificate.
    CertificateRequest,
    /// An entry of Certificate: proofs about that certificate.
    Certificate,
    /// NewSessionTicket: what the ticket allows.
    NewSessionTicket,
}

/// What the extensions of one message say, as far as a reader of handshakes needs it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Extensions {
    /// The types of all of them, in order.
    pub types: Vec<ExtensionType>,
    /// server_name: the host name, unless the extension is empty (an acknowledgment). Bytes that are no UTF-8 are replaced.
    pub server_name: Option<String>,
    /// ALPN: offered or chosen protocols. Bytes that are no UTF-8 are replaced.
    pub alpn: Vec<String>,
    /// supported_versions of a ClientHello.
    pub supported_versions: Vec<Version>,
    /// supported_versions of a ServerHello: the version.
    pub selected_version: Option<Version>,
    /// supported_groups.
    pub supported_groups: Vec<NamedGroup>,
    /// signature_algorithms.
    pub signature_schemes: Vec<SignatureScheme>,
    /// key_share: the groups of the shares in it; of a ServerHello one.
    pub key_shares: Vec<NamedGroup>,
    /// key_share of a HelloRetryRequest: the group that the server wants.
    pub selected_group: Option<NamedGroup>,
    /// psk_key_exchange_modes.
    pub psk_modes: Vec<PskKeMode>,
    /// pre_shared_key of a ClientHello: how many keys are offered.
    pub psk_identities: usize,
    /// pre_shared_key of a ServerHello: which offered key was taken.
    pub selected_psk: Option<u16>,
    /// session_ticket: the ticket, empty in a request for one and in an answer that announces one.
    pub session_ticket: Option<Vec<u8>>,
    /// early_data of a NewSessionTicket: how much data may come early, in bytes.
    pub max_early_data: Option<u32>,
    /// record_size_limit in bytes.
    pub record_size_limit: Option<u16>,
    /// encrypted_client_hello of a ClientHello: the outer (or GREASE) or the inner one.
    pub ech: Option<EchType>,
    /// Signed certificate timestamps in it.
    pub scts: usize,
}

impl Extensions {
    /// Whether an extension of this type is there.
    pub fn has(&self, kind: ExtensionType) -> bool {
        self.types.contains(&kind)
    }
}

/// Decodes a list of extensions with its length (RFC 8446 §4.2).
pub(super) fn extensions<S: Sink>(reader: &mut Reader<'_, '_, S>, place: Place) -> Result<Extensions, Malformed> {
    let mut out = Extensions::default();
    let mut seen = BTreeSet::new();
    vector(reader, &EXTENSIONS, 16, |reader| {
        while !reader.is_empty() {
            let kind = match *reader.peek() {
                [a, b, ..] => ExtensionType(u16::from_be_bytes([a, b])),
                _ => return Err(reader.error(&EXT_TYPE, "is cut short")),
            };
            let group = if S::RECORDS { kind.group() } else { &OTHER_EXTENSION };
            reader.group(group, |reader| {
                // RFC 8446 §4.2: no more than one of a type; §4.2.11: pre_shared_key is a ClientHello's last.
                if !seen.insert(kind) {
                    reader.report(&EXT_TYPE, "appears twice")?;
                }
                if place == Place::ClientHello && out.types.last() == Some(&ExtensionType::PRE_SHARED_KEY) {
                    reader.report(&EXT_TYPE, "stands behind pre_shared_key, which must be the last")?;
                }
                out.types.push(kind);
                reader.u16(&EXT_TYPE)?;
                let n = usize::from(reader.u16(&EXT_LEN)?);
                if n > reader.remaining() {
                    return Err(reader.error(&EXT_LEN, "reaches behind the end of the extensions"));
                }
                reader.within(n, |reader| data(reader, kind, place, &mut out)).map(drop)
            })?;
        }
        Ok(())
    })?;
    Ok(out)
}

/// Decodes an extension's data, which fills the reader.
fn data<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    kind: ExtensionType,
    place: Place,
    out: &mut Extensions,
) -> Result<(), Malformed> {
    use ExtensionType as E;
    let asks = matches!(place, Place::ClientHello | Place::CertificateRequest);
    match kind {
        // RFC 6066 §3: the server's answer is empty.
        E::SERVER_NAME if !reader.is_empty() => server_name(reader, out)?,
        E::MAX_FRAGMENT_LENGTH => drop(reader.u8(&MAX_FRAGMENT)?),
        E::STATUS_REQUEST if reader.is_empty() => {}
        E::STATUS_REQUEST if place == Place::ClientHello => {
            reader.u8(&STATUS_TYPE)?;
            opaque_with(reader, &RESPONDER_IDS_LEN, &RESPONDER_IDS, 16)?;
            opaque_with(reader, &REQUEST_EXTENSIONS_LEN, &REQUEST_EXTENSIONS, 16)?;
        }
        // RFC 8446 §4.4.2.1: the server's proof stands beside its certificate.
        E::STATUS_REQUEST if place == Place::Certificate => certificate_status(reader)?,
        E::SUPPORTED_GROUPS => out.supported_groups = list(reader, &GROUP_LIST, 16, &NAMED_GROUP, 16)?,
        E::EC_POINT_FORMATS => drop(list::<S, EcPointFormat>(reader, &POINT_FORMATS, 8, &POINT_FORMAT, 8)?),
        E::SIGNATURE_ALGORITHMS => out.signature_schemes = list(reader, &SCHEMES, 16, &SCHEME, 16)?,
        E::SIGNATURE_ALGORITHMS_CERT | E::DELEGATED_CREDENTIAL if asks => {
            drop(list::<S, SignatureScheme>(reader, &SCHEMES, 16, &SCHEME, 16)?);
        }
        E::HEARTBEAT => drop(reader.u8(&HEARTBEAT_MODE)?),
        E::ALPN => out.alpn = protocols(reader)?,
        E::APPLICATION_SETTINGS | E::APPLICATION_SETTINGS_OLD if place == Place::ClientHello => {
            protocols(reader)?;
        }
        E::SCT if !reader.is_empty() => out.scts = sct_list(reader)?,
        E::CLIENT_CERTIFICATE_TYPE | E::SERVER_CERTIFICATE_TYPE if place == Place::ClientHello => {
            drop(list::<S, CertificateType>(reader, &CERTIFICATE_TYPES, 8, &CERTIFICATE_TYPE, 8)?);
        }
        E::CLIENT_CERTIFICATE_TYPE | E::SERVER_CERTIFICATE_TYPE => drop(reader.u8(&CERTIFICATE_TYPE)?),
        E::PADDING => drop(reader.rest(&PADDING)?),
        E::COMPRESS_CERTIFICATE => {
            drop(list::<S, CertificateCompression>(reader, &COMPRESSIONS, 8, &COMPRESSION, 16)?);
        }
        E::RECORD_SIZE_LIMIT => out.record_size_limit = Some(reader.u16(&RECORD_SIZE_LIMIT)?),
        E::SESSION_TICKET => out.session_ticket = Some(reader.rest(&TICKET)?.to_vec()),
        E::PRE_SHARED_KEY if place == Place::ClientHello => pre_shared_keys(reader, out)?,
        E::PRE_SHARED_KEY if place == Place::ServerHello => out.selected_psk = Some(reader.u16(&SELECTED_IDENTITY)?),
        E::EARLY_DATA if place == Place::NewSessionTicket => out.max_early_data = Some(reader.u32(&MAX_EARLY_DATA)?),
        E::SUPPORTED_VERSIONS if place == Place::ClientHello => {
            out.supported_versions = list(reader, &VERSIONS, 8, &VERSION, 16)?;
        }
        E::SUPPORTED_VERSIONS => out.selected_version = Some(reader.get(&SELECTED_VERSION, 16)?),
        E::COOKIE => drop(opaque(reader, &COOKIE, 16)?),
        E::PSK_KEY_EXCHANGE_MODES => out.psk_modes = list(reader, &PSK_MODES, 8, &PSK_MODE, 8)?,
        E::CERTIFICATE_AUTHORITIES => authorities(reader)?,
        E::OID_FILTERS => {
            vector(reader, &FILTERS, 16, |reader| {
                while !reader.is_empty() {
                    opaque(reader, &FILTER_OID, 8)?;
                    opaque(reader, &FILTER_VALUES, 16)?;
                }
                Ok(())
            })?;
        }
        E::KEY_SHARE => key_share(reader, place, out)?,
        E::RENEGOTIATION_INFO => drop(opaque_with(reader, &RENEGOTIATED_LEN, &RENEGOTIATED, 8)?),
        E::QUIC_TRANSPORT_PARAMETERS | E::QUIC_TRANSPORT_PARAMETERS_DRAFT => drop(reader.rest(&QUIC_PARAMETERS)?),
        E::TICKET_REQUEST if place == Place::ClientHello => {
            reader.u8(&TICKETS_NEW)?;
            reader.u8(&TICKETS_RESUMED)?;
        }
        E::CONNECTION_ID => drop(opaque(reader, &CONNECTION_ID, 8)?),
        E::ECH_OUTER_EXTENSIONS => drop(list::<S, ExtensionType>(reader, &OUTER_TYPES, 8, &EXT_TYPE, 16)?),
        E::ENCRYPTED_CLIENT_HELLO => encrypted_client_hello(reader, place, out)?,
        E::EXTENDED_MASTER_SECRET | E::ENCRYPT_THEN_MAC | E::POST_HANDSHAKE_AUTH | E::TRUNCATED_HMAC => {
            // Being there is all that they say; what else stands there is left over and reported.
        }
        _ => drop(reader.rest(&EXT_DATA)?),
    }
    Ok(())
}

fn server_name<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut Extensions) -> Result<(), Malformed> {
    vector(reader, &SERVER_NAME_LIST, 16, |reader| {
        while !reader.is_empty() {
            let kind: NameType = reader.get(&NAME_TYPE, 8)?;
            let name = opaque(reader, &HOST_NAME, 16)?;
            if kind == NameType::HOST_NAME && out.server_name.is_none() {
                out.server_name = Some(String::from_utf8_lossy(name).into_owned());
            }
        }
        Ok(())
    })
    .map(drop)
}

fn protocols<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<Vec<String>, Malformed> {
    let names = vector(reader, &PROTOCOLS, 16, |reader| {
        let mut names = Vec::new();
        while !reader.is_empty() {
            let name = opaque(reader, &PROTOCOL, 8)?;
            if let Some(meaning) = protocol_meaning(name) {
                reader.note(Note::Remark(meaning));
            }
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        Ok(names)
    })?;
    Ok(names.unwrap_or_default())
}

/// What a protocol's name stands for (IANA "TLS ALPN Protocol IDs").
fn protocol_meaning(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"http/0.9" => "HTTP/0.9: one line asks, the page answers (RFC 1945)",
        b"http/1.0" => "HTTP/1.0: a connection a request (RFC 1945)",
        b"http/1.1" => "HTTP/1.1: requests one after the other (RFC 9112)",
        b"h2" => "HTTP/2: many requests at once on one connection (RFC 9113)",
        b"h2c" => "HTTP/2 without TLS; reserved (RFC 9113)",
        b"h3" => "HTTP/3, over QUIC (RFC 9114)",
        b"dot" => "DNS over TLS (RFC 7858)",
        b"doq" => "DNS over QUIC (RFC 9250)",
        b"acme-tls/1" => "proof of control over a domain (RFC 8737)",
        b"imap" | b"pop3" | b"smtp" => "mail",
        b"ftp" => "file transfer (RFC 4217)",
        b"mqtt" => "messages of devices",
        b"webrtc" | b"c-webrtc" => "audio and video between browsers (RFC 8833)",
        b"postgresql" => "PostgreSQL's protocol",
        &[a, b] if super::is_grease(u16::from_be_bytes([a, b])) => "GREASE: without meaning (RFC 8701 §2)",
        _ => return None,
    })
}

/// CertificateStatus (RFC 6066 §8), in TLS 1.2 a message of its own.
pub(super) fn certificate_status<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    match reader.get::<StatusType>(&STATUS_TYPE, 8)? {
        StatusType::OCSP => drop(vector(reader, &OCSP_RESPONSE, 24, crate::x509::ocsp::response)?),
        _ => drop(reader.rest(&EXT_DATA)?),
    }
    Ok(())
}

/// A list of issuers' names with its length of 16 bits, each in DER with a length of its own.
pub(super) fn authorities<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(), Malformed> {
    vector(reader, &AUTHORITIES, 16, |reader| {
        while !reader.is_empty() {
            vector(reader, &AUTHORITY, 16, crate::x509::name)?;
        }
        Ok(())
    })
    .map(drop)
}

fn pre_shared_keys<S: Sink>(reader: &mut Reader<'_, '_, S>, out: &mut Extensions) -> Result<(), Malformed> {
    vector(reader, &IDENTITIES, 16, |reader| {
        while !reader.is_empty() {
            reader.group(&IDENTITY_GROUP, |reader| {
                opaque(reader, &IDENTITY, 16)?;
                reader.u32(&OBFUSCATED_AGE)
            })?;
            out.psk_identities += 1;
        }
        Ok(())
    })?;
    vector(reader, &BINDERS, 16, |reader| {
        while !reader.is_empty() {
            opaque(reader, &BINDER, 8)?;
        }
        Ok(())
    })
    .map(drop)
}

fn key_share<S: Sink>(reader: &mut Reader<'_, '_, S>, place: Place, out: &mut Extensions) -> Result<(), Malformed> {
    match place {
        Place::ClientHello => drop(vector(reader, &SHARES, 16, |reader| {
            while !reader.is_empty() {
                out.key_shares.push(share(reader, Side::Client)?);
            }
            Ok(())
        })?),
        Place::HelloRetryRequest => out.selected_group = Some(reader.get(&SELECTED_GROUP, 16)?),
        _ => out.key_shares.push(share(reader, Side::Server)?),
    }
    Ok(())
}

fn share<S: Sink>(reader: &mut Reader<'_, '_, S>, side: Side) -> Result<NamedGroup, Malformed> {
    reader.group(&SHARE, |reader| {
        let group: NamedGroup = reader.get(&NAMED_GROUP, 16)?;
        let n = length(reader, 16)?;
        reader.within(n, |reader| public_key(reader, group, side))?;
        Ok(group)
    })
}

fn encrypted_client_hello<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    place: Place,
    out: &mut Extensions,
) -> Result<(), Malformed> {
    match place {
        Place::ClientHello => {
            let kind: EchType = reader.get(&ECH_TYPE, 8)?;
            out.ech = Some(kind);
            if kind == EchType::OUTER {
                reader.get::<HpkeKdf>(&ECH_KDF, 16)?;
                reader.get::<HpkeAead>(&ECH_AEAD, 16)?;
                reader.u8(&ECH_CONFIG_ID)?;
                opaque_with(reader, &ECH_ENC_LEN, &ECH_ENC, 16)?;
                opaque(reader, &ECH_PAYLOAD, 16)?;
            }
        }
        Place::HelloRetryRequest => drop(reader.bytes(&ECH_CONFIRMATION, 8)?),
        Place::EncryptedExtensions => ech::configs(reader)?,
        _ => drop(reader.rest(&EXT_DATA)?),
    }
    Ok(())
}
