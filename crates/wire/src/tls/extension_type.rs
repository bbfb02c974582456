//! The extensions that hellos and other messages carry (IANA "TLS ExtensionType Values").

use super::grease::grease_enum;

crate::fields! {
    /// Fields of every extension.
    pub EXTENSION_TYPE_FIELDS;
    OTHER_EXTENSION = "tls.ext", "Extension", "RFC 8446 §4.2", Group, "one extension: its type, length and data";
}

super::parts::grouped_enum! {
    prefix "tls.ext.", make grease_enum, rest OTHER_EXTENSION;
    /// What an extension is about.
    pub struct ExtensionType(u16) {
        SERVER_NAME = 0, "server_name", "RFC 6066 §3", "the site that the client wants, in the clear: many share one address";
        MAX_FRAGMENT_LENGTH = 1, "max_fragment_length", "RFC 6066 §4", "a client with little memory asks for short records";
        CLIENT_CERTIFICATE_URL = 2, "client_certificate_url", "RFC 6066 §5", "the client sends an address instead of its certificate";
        TRUSTED_CA_KEYS = 3, "trusted_ca_keys", "RFC 6066 §6", "the issuers that the client trusts";
        TRUNCATED_HMAC = 4, "truncated_hmac", "RFC 6066 §7", "shorter checksums; unsafe";
        STATUS_REQUEST = 5, "status_request", "RFC 6066 §8", "asks the server to attach proof that its certificate is not revoked (OCSP stapling)";
        SUPPORTED_GROUPS = 10, "supported_groups", "RFC 8446 §4.2.7", "the groups for key exchange that the sender can use, the best first";
        EC_POINT_FORMATS = 11, "ec_point_formats", "RFC 8422 §5.1.2", "how the sender can write points of a curve; TLS 1.3 has one way only";
        SRP = 12, "srp", "RFC 5054 §2.8.1", "a login by password inside TLS";
        SIGNATURE_ALGORITHMS = 13, "signature_algorithms", "RFC 8446 §4.2.3", "the signatures that the sender can verify, the best first";
        USE_SRTP = 14, "use_srtp", "RFC 5764 §4.1.1", "keys for encrypted audio and video";
        HEARTBEAT = 15, "heartbeat", "RFC 6520 §2", "whether pings inside TLS are welcome";
        ALPN = 16, "application_layer_protocol_negotiation", "RFC 7301 §3.1", "the protocols that can be spoken inside: h2, http/1.1, ...";
        STATUS_REQUEST_V2 = 17, "status_request_v2", "RFC 6961 §2.2", "asks for proof that no certificate of the chain is revoked";
        SCT = 18, "signed_certificate_timestamp", "RFC 6962 §3.3.1", "proof that the certificate stands in public logs";
        CLIENT_CERTIFICATE_TYPE = 19, "client_certificate_type", "RFC 7250 §3", "the forms of certificate that the client can send";
        SERVER_CERTIFICATE_TYPE = 20, "server_certificate_type", "RFC 7250 §3", "the forms of certificate that the client can verify";
        PADDING = 21, "padding", "RFC 7685 §3", "makes the ClientHello longer: some lengths trip old servers";
        ENCRYPT_THEN_MAC = 22, "encrypt_then_mac", "RFC 7366 §2", "with CBC ciphers, computes the MAC over the ciphertext";
        EXTENDED_MASTER_SECRET = 23, "extended_master_secret", "RFC 7627 §5.1", "ties the secret to the whole handshake, against a man in the middle";
        TOKEN_BINDING = 24, "token_binding", "RFC 8472 §2", "ties login tokens to a client's key";
        CACHED_INFO = 25, "cached_info", "RFC 7924 §3", "certificates that the client has seen before";
        COMPRESS_CERTIFICATE = 27, "compress_certificate", "RFC 8879 §3", "the compressions of certificates that the sender can undo";
        RECORD_SIZE_LIMIT = 28, "record_size_limit", "RFC 8449 §4", "the longest record that the sender wants to receive";
        DELEGATED_CREDENTIAL = 34, "delegated_credential", "RFC 9345 §4.1.1", "short-lived keys that a certificate's owner hands out";
        SESSION_TICKET = 35, "session_ticket", "RFC 5077 §3.2", "a ticket from an earlier visit, or empty: please give me one";
        PRE_SHARED_KEY = 41, "pre_shared_key", "RFC 8446 §4.2.11", "keys from an earlier visit, with proof that the client has them";
        EARLY_DATA = 42, "early_data", "RFC 8446 §4.2.10", "data comes along before the handshake ends (0-RTT)";
        SUPPORTED_VERSIONS = 43, "supported_versions", "RFC 8446 §4.2.1", "the versions that the client can speak, or the one that the server chose";
        COOKIE = 44, "cookie", "RFC 8446 §4.2.2", "from the server's HelloRetryRequest, returned as it is";
        PSK_KEY_EXCHANGE_MODES = 45, "psk_key_exchange_modes", "RFC 8446 §4.2.9", "how the client lets a pre-shared key be used";
        CERTIFICATE_AUTHORITIES = 47, "certificate_authorities", "RFC 8446 §4.2.4", "the issuers that the sender trusts";
        OID_FILTERS = 48, "oid_filters", "RFC 8446 §4.2.5", "what the client's certificate must contain";
        POST_HANDSHAKE_AUTH = 49, "post_handshake_auth", "RFC 8446 §4.2.6", "the client can prove who it is later, if asked";
        SIGNATURE_ALGORITHMS_CERT = 50, "signature_algorithms_cert", "RFC 8446 §4.2.3", "the signatures that the sender can verify in certificates";
        KEY_SHARE = 51, "key_share", "RFC 8446 §4.2.8", "fresh public keys: with one of each side both compute the same secret";
        TRANSPARENCY_INFO = 52, "transparency_info", "RFC 9162 §6.5", "proof that the certificate stands in public logs, second version";
        CONNECTION_ID = 54, "connection_id", "RFC 9146 §3", "DTLS: a number that survives a change of address";
        QUIC_TRANSPORT_PARAMETERS = 57, "quic_transport_parameters", "RFC 9001 §8.2", "the limits and timers of a QUIC connection";
        TICKET_REQUEST = 58, "ticket_request", "RFC 9149 §3", "how many tickets the client would like";
        DNSSEC_CHAIN = 59, "dnssec_chain", "RFC 9102 §2", "DNS records that prove the server's key";
        NEXT_PROTOCOL_NEGOTIATION = 13172, "next_protocol_negotiation", "draft-agl-tls-nextprotoneg-04 §3", "an older way to choose the protocol inside";
        APPLICATION_SETTINGS_OLD = 17513, "application_settings_old", "draft-vvv-tls-alps §3", "settings of the protocol inside, a trial";
        APPLICATION_SETTINGS = 17613, "application_settings", "draft-vvv-tls-alps §3", "settings of the protocol inside, a trial";
        CHANNEL_ID = 30032, "channel_id", "draft-balfanz-tls-channelid-01 §3", "a trial that tied logins to a client's key";
        ECH_OUTER_EXTENSIONS = 0xfd00, "ech_outer_extensions", "RFC 9849 §5.1", "in a hidden ClientHello: extensions to copy from the visible one";
        ENCRYPTED_CLIENT_HELLO = 0xfe0d, "encrypted_client_hello", "RFC 9849 §5", "the real ClientHello, encrypted (or random bytes that look like one)";
        QUIC_TRANSPORT_PARAMETERS_DRAFT = 0xffa5, "quic_transport_parameters_draft", "draft-ietf-quic-tls-32 §8.2", "the limits and timers of a QUIC connection, before the standard";
        RENEGOTIATION_INFO = 0xff01, "renegotiation_info", "RFC 5746 §3.2", "ties a new handshake to the one before, against a man in the middle";
    }
}
