//! TLS code points: versions, types, groups, signature schemes and the like, each with its meaning.

use super::grease::grease_enum;
use crate::open_enum;

grease_enum! {
    /// A protocol version as it stands on the wire.
    pub struct Version(u16) {
        SSL2 = 0x0002, "SSL 2.0", "RFC 6176 §3", "prohibited: its flaws let anybody in";
        SSL3 = 0x0300, "SSL 3.0", "RFC 7568 §3", "prohibited: its padding can be used to decrypt";
        TLS10 = 0x0301, "TLS 1.0", "RFC 8996 §4", "deprecated; as the version of a first record it says nothing";
        TLS11 = 0x0302, "TLS 1.1", "RFC 8996 §5", "deprecated";
        TLS12 = 0x0303, "TLS 1.2", "RFC 5246 §A.1", "also stands where TLS 1.3 shows an old version so that middleboxes let it pass";
        TLS13 = 0x0304, "TLS 1.3", "RFC 8446 §4.1.2", "the newest version: one round trip, and most of the handshake encrypted";
        TLS13_DRAFT_23 = 0x7f17, "TLS 1.3 draft 23", "RFC 8446 §4.2.1", "a version before the standard";
        TLS13_DRAFT_28 = 0x7f1c, "TLS 1.3 draft 28", "RFC 8446 §4.2.1", "a version before the standard";
        DTLS10 = 0xfeff, "DTLS 1.0", "RFC 8996 §4", "TLS over datagrams, deprecated";
        DTLS12 = 0xfefd, "DTLS 1.2", "RFC 6347 §4.1", "TLS 1.2 over datagrams";
        DTLS13 = 0xfefc, "DTLS 1.3", "RFC 9147 §5.3", "TLS 1.3 over datagrams";
    }
}

open_enum! {
    /// What a record carries.
    pub struct ContentType(u8) {
        INVALID = 0, "invalid", "RFC 8446 §5.1", "never sent";
        CHANGE_CIPHER_SPEC = 20, "change_cipher_spec", "RFC 5246 §7.1", "from here on the sender encrypts; in TLS 1.3 without meaning, for middleboxes only";
        ALERT = 21, "alert", "RFC 8446 §6", "an error, or the end of the connection";
        HANDSHAKE = 22, "handshake", "RFC 8446 §4", "messages that agree on keys and prove identities";
        APPLICATION_DATA = 23, "application_data", "RFC 8446 §5.2", "the application's bytes; in TLS 1.3 anything encrypted looks like this";
        HEARTBEAT = 24, "heartbeat", "RFC 6520 §3", "a ping inside TLS";
    }
}

open_enum! {
    /// How serious an alert is (TLS 1.2; TLS 1.3 goes by the description alone: RFC 8446 §6).
    pub struct AlertLevel(u8) {
        WARNING = 1, "warning", "RFC 8446 §6", "the connection may go on";
        FATAL = 2, "fatal", "RFC 8446 §6", "the connection ends at once";
    }
}

open_enum! {
    /// What an alert says.
    pub struct AlertDescription(u8) {
        CLOSE_NOTIFY = 0, "close_notify", "RFC 8446 §6.1", "the sender sends no more: an orderly end";
        UNEXPECTED_MESSAGE = 10, "unexpected_message", "RFC 8446 §6.2", "a message came that does not belong here";
        BAD_RECORD_MAC = 20, "bad_record_mac", "RFC 8446 §6.2", "a record could not be decrypted or was changed on its way";
        DECRYPTION_FAILED = 21, "decryption_failed", "RFC 5246 §7.2.2", "no longer sent: it helped attackers";
        RECORD_OVERFLOW = 22, "record_overflow", "RFC 8446 §6.2", "a record was too long";
        DECOMPRESSION_FAILURE = 30, "decompression_failure", "RFC 5246 §7.2.2", "compressed data made no sense";
        HANDSHAKE_FAILURE = 40, "handshake_failure", "RFC 8446 §6.2", "no common ground: no suite, group or signature that both sides accept";
        NO_CERTIFICATE = 41, "no_certificate", "RFC 6101 §5.4.2", "SSL 3.0: the client has none";
        BAD_CERTIFICATE = 42, "bad_certificate", "RFC 8446 §6.2", "the certificate is damaged or its signature is wrong";
        UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate", "RFC 8446 §6.2", "the certificate is of a kind that is not understood";
        CERTIFICATE_REVOKED = 44, "certificate_revoked", "RFC 8446 §6.2", "the certificate was withdrawn by its issuer";
        CERTIFICATE_EXPIRED = 45, "certificate_expired", "RFC 8446 §6.2", "the certificate is no longer, or not yet, valid";
        CERTIFICATE_UNKNOWN = 46, "certificate_unknown", "RFC 8446 §6.2", "the certificate is not accepted for some other reason";
        ILLEGAL_PARAMETER = 47, "illegal_parameter", "RFC 8446 §6.2", "a field had a value that is not allowed there";
        UNKNOWN_CA = 48, "unknown_ca", "RFC 8446 §6.2", "the certificate's issuer is not one that is trusted";
        ACCESS_DENIED = 49, "access_denied", "RFC 8446 §6.2", "the certificate is valid, but its owner is not allowed in";
        DECODE_ERROR = 50, "decode_error", "RFC 8446 §6.2", "a message could not be read: a length is wrong";
        DECRYPT_ERROR = 51, "decrypt_error", "RFC 8446 §6.2", "a signature or a Finished value is wrong";
        TOO_MANY_CIDS_REQUESTED = 52, "too_many_cids_requested", "RFC 9147 §9", "DTLS: more connection ids than the sender gives";
        EXPORT_RESTRICTION = 60, "export_restriction", "RFC 5246 §7.2.2", "no longer sent";
        PROTOCOL_VERSION = 70, "protocol_version", "RFC 8446 §6.2", "the version is known but not supported";
        INSUFFICIENT_SECURITY = 71, "insufficient_security", "RFC 8446 §6.2", "the server wants stronger parameters than the client offers";
        INTERNAL_ERROR = 80, "internal_error", "RFC 8446 §6.2", "something failed that has nothing to do with the peer";
        INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback", "RFC 7507 §3", "the client came with an older version than both could speak";
        USER_CANCELED = 90, "user_canceled", "RFC 8446 §6.1", "the user gave up the handshake";
        NO_RENEGOTIATION = 100, "no_renegotiation", "RFC 5246 §7.2.2", "a new handshake is refused";
        MISSING_EXTENSION = 109, "missing_extension", "RFC 8446 §6.2", "an extension that must be there is not";
        UNSUPPORTED_EXTENSION = 110, "unsupported_extension", "RFC 8446 §6.2", "an extension came that does not belong there or was not asked for";
        CERTIFICATE_UNOBTAINABLE = 111, "certificate_unobtainable", "RFC 6066 §5", "the certificate could not be fetched";
        UNRECOGNIZED_NAME = 112, "unrecognized_name", "RFC 6066 §3", "the server has no site of that name";
        BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response", "RFC 6066 §8", "the statement about revocation is wrong";
        BAD_CERTIFICATE_HASH_VALUE = 114, "bad_certificate_hash_value", "RFC 6066 §5", "the fetched certificate is another one";
        UNKNOWN_PSK_IDENTITY = 115, "unknown_psk_identity", "RFC 8446 §6.2", "the server does not know the key that the client names";
        CERTIFICATE_REQUIRED = 116, "certificate_required", "RFC 8446 §6.2", "the server demands a certificate and the client sent none";
        GENERAL_ERROR = 117, "general_error", "RFC 9846 §6.2", "something went wrong that no other alert says";
        NO_APPLICATION_PROTOCOL = 120, "no_application_protocol", "RFC 7301 §3.2", "none of the offered protocols is spoken here";
        ECH_REQUIRED = 121, "ech_required", "RFC 9849 §6.1.6", "the client insists on an encrypted ClientHello";
    }
}

grease_enum! {
    /// Groups in which keys are exchanged.
    pub struct NamedGroup(u16) {
        SECT163K1 = 1, "sect163k1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT233K1 = 6, "sect233k1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT283K1 = 9, "sect283k1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT283R1 = 10, "sect283r1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT409K1 = 11, "sect409k1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT409R1 = 12, "sect409r1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT571K1 = 13, "sect571k1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECT571R1 = 14, "sect571r1", "RFC 8422 §5.1.1", "a binary curve, deprecated";
        SECP192R1 = 19, "secp192r1", "RFC 8422 §5.1.1", "NIST's P-192, deprecated";
        SECP224R1 = 21, "secp224r1", "RFC 8422 §5.1.1", "NIST's P-224, deprecated";
        SECP256K1 = 22, "secp256k1", "RFC 8422 §5.1.1", "a curve known from Bitcoin, deprecated in TLS";
        SECP256R1 = 23, "secp256r1", "RFC 8446 §4.2.7", "NIST's P-256, an elliptic curve";
        SECP384R1 = 24, "secp384r1", "RFC 8446 §4.2.7", "NIST's P-384, an elliptic curve";
        SECP521R1 = 25, "secp521r1", "RFC 8446 §4.2.7", "NIST's P-521, an elliptic curve";
        BRAINPOOL_P256R1 = 26, "brainpoolP256r1", "RFC 7027 §2", "a Brainpool curve of 256 bits";
        BRAINPOOL_P384R1 = 27, "brainpoolP384r1", "RFC 7027 §2", "a Brainpool curve of 384 bits";
        BRAINPOOL_P512R1 = 28, "brainpoolP512r1", "RFC 7027 §2", "a Brainpool curve of 512 bits";
        X25519 = 29, "x25519", "RFC 8446 §4.2.7", "Curve25519, a fast elliptic curve with 32-byte keys";
        X448 = 30, "x448", "RFC 8446 §4.2.7", "Curve448, an elliptic curve with 56-byte keys";
        BRAINPOOL_P256R1_TLS13 = 31, "brainpoolP256r1tls13", "RFC 8734 §3", "a Brainpool curve of 256 bits";
        BRAINPOOL_P384R1_TLS13 = 32, "brainpoolP384r1tls13", "RFC 8734 §3", "a Brainpool curve of 384 bits";
        BRAINPOOL_P512R1_TLS13 = 33, "brainpoolP512r1tls13", "RFC 8734 §3", "a Brainpool curve of 512 bits";
        CURVE_SM2 = 41, "curveSM2", "RFC 8998 §2", "the Chinese standard curve";
        FFDHE2048 = 256, "ffdhe2048", "RFC 7919 §A.1", "Diffie-Hellman modulo a prime of 2048 bits";
        FFDHE3072 = 257, "ffdhe3072", "RFC 7919 §A.2", "Diffie-Hellman modulo a prime of 3072 bits";
        FFDHE4096 = 258, "ffdhe4096", "RFC 7919 §A.3", "Diffie-Hellman modulo a prime of 4096 bits";
        FFDHE6144 = 259, "ffdhe6144", "RFC 7919 §A.4", "Diffie-Hellman modulo a prime of 6144 bits";
        FFDHE8192 = 260, "ffdhe8192", "RFC 7919 §A.5", "Diffie-Hellman modulo a prime of 8192 bits";
        MLKEM512 = 0x0200, "MLKEM512", "draft-ietf-tls-mlkem §4", "ML-KEM-512 alone, safe against quantum computers";
        MLKEM768 = 0x0201, "MLKEM768", "draft-ietf-tls-mlkem §4", "ML-KEM-768 alone, safe against quantum computers";
        MLKEM1024 = 0x0202, "MLKEM1024", "draft-ietf-tls-mlkem §4", "ML-KEM-1024 alone, safe against quantum computers";
        SECP256R1_MLKEM768 = 0x11eb, "SecP256r1MLKEM768", "draft-ietf-tls-ecdhe-mlkem §4", "P-256 and ML-KEM-768 together: safe while either of them is";
        X25519_MLKEM768 = 0x11ec, "X25519MLKEM768", "draft-ietf-tls-ecdhe-mlkem §4", "Curve25519 and ML-KEM-768 together: safe while either of them is";
        SECP384R1_MLKEM1024 = 0x11ed, "SecP384r1MLKEM1024", "draft-ietf-tls-ecdhe-mlkem §4", "P-384 and ML-KEM-1024 together: safe while either of them is";
        X25519_KYBER768_DRAFT00 = 0x6399, "X25519Kyber768Draft00", "draft-tls-westerbaan-xyber768d00-03 §3", "the trial version of X25519MLKEM768";
        ARBITRARY_EXPLICIT_PRIME_CURVES = 0xff01, "arbitrary_explicit_prime_curves", "RFC 8422 §5.1.1", "any prime curve, spelled out; deprecated";
        ARBITRARY_EXPLICIT_CHAR2_CURVES = 0xff02, "arbitrary_explicit_char2_curves", "RFC 8422 §5.1.1", "any binary curve, spelled out; deprecated";
    }
}

grease_enum! {
    /// How a signature is made: the key's kind, the padding and the hash.
    pub struct SignatureScheme(u16) {
        RSA_PKCS1_MD5 = 0x0101, "rsa_pkcs1_md5", "RFC 5246 §7.4.1.4.1", "RSA with the old padding over an MD5 hash: broken";
        RSA_PKCS1_SHA1 = 0x0201, "rsa_pkcs1_sha1", "RFC 8446 §4.2.3", "RSA with the old padding over a SHA-1 hash: weak";
        DSA_SHA1 = 0x0202, "dsa_sha1", "RFC 5246 §7.4.1.4.1", "DSA over a SHA-1 hash: weak";
        ECDSA_SHA1 = 0x0203, "ecdsa_sha1", "RFC 8446 §4.2.3", "ECDSA over a SHA-1 hash: weak";
        RSA_PKCS1_SHA224 = 0x0301, "rsa_pkcs1_sha224", "RFC 5246 §7.4.1.4.1", "RSA with the old padding over a SHA-224 hash";
        DSA_SHA224 = 0x0302, "dsa_sha224", "RFC 5246 §7.4.1.4.1", "DSA over a SHA-224 hash";
        ECDSA_SHA224 = 0x0303, "ecdsa_sha224", "RFC 5246 §7.4.1.4.1", "ECDSA over a SHA-224 hash";
        RSA_PKCS1_SHA256 = 0x0401, "rsa_pkcs1_sha256", "RFC 8446 §4.2.3", "RSA with the old padding over a SHA-256 hash; in TLS 1.3 for certificates only";
        DSA_SHA256 = 0x0402, "dsa_sha256", "RFC 5246 §7.4.1.4.1", "DSA over a SHA-256 hash";
        ECDSA_SECP256R1_SHA256 = 0x0403, "ecdsa_secp256r1_sha256", "RFC 8446 §4.2.3", "ECDSA on the curve P-256 over a SHA-256 hash";
        RSA_PKCS1_SHA384 = 0x0501, "rsa_pkcs1_sha384", "RFC 8446 §4.2.3", "RSA with the old padding over a SHA-384 hash; in TLS 1.3 for certificates only";
        DSA_SHA384 = 0x0502, "dsa_sha384", "RFC 5246 §7.4.1.4.1", "DSA over a SHA-384 hash";
        ECDSA_SECP384R1_SHA384 = 0x0503, "ecdsa_secp384r1_sha384", "RFC 8446 §4.2.3", "ECDSA on the curve P-384 over a SHA-384 hash";
        RSA_PKCS1_SHA512 = 0x0601, "rsa_pkcs1_sha512", "RFC 8446 §4.2.3", "RSA with the old padding over a SHA-512 hash; in TLS 1.3 for certificates only";
        DSA_SHA512 = 0x0602, "dsa_sha512", "RFC 5246 §7.4.1.4.1", "DSA over a SHA-512 hash";
        ECDSA_SECP521R1_SHA512 = 0x0603, "ecdsa_secp521r1_sha512", "RFC 8446 §4.2.3", "ECDSA on the curve P-521 over a SHA-512 hash";
        SM2SIG_SM3 = 0x0708, "sm2sig_sm3", "RFC 8998 §2", "the Chinese standard signature";
        RSA_PSS_RSAE_SHA256 = 0x0804, "rsa_pss_rsae_sha256", "RFC 8446 §4.2.3", "RSA with modern (PSS) padding over a SHA-256 hash";
        RSA_PSS_RSAE_SHA384 = 0x0805, "rsa_pss_rsae_sha384", "RFC 8446 §4.2.3", "RSA with modern (PSS) padding over a SHA-384 hash";
        RSA_PSS_RSAE_SHA512 = 0x0806, "rsa_pss_rsae_sha512", "RFC 8446 §4.2.3", "RSA with modern (PSS) padding over a SHA-512 hash";
        ED25519 = 0x0807, "ed25519", "RFC 8446 §4.2.3", "a signature on Curve25519";
        ED448 = 0x0808, "ed448", "RFC 8446 §4.2.3", "a signature on Curve448";
        RSA_PSS_PSS_SHA256 = 0x0809, "rsa_pss_pss_sha256", "RFC 8446 §4.2.3", "RSA by a key for PSS alone, over a SHA-256 hash";
        RSA_PSS_PSS_SHA384 = 0x080a, "rsa_pss_pss_sha384", "RFC 8446 §4.2.3", "RSA by a key for PSS alone, over a SHA-384 hash";
        RSA_PSS_PSS_SHA512 = 0x080b, "rsa_pss_pss_sha512", "RFC 8446 §4.2.3", "RSA by a key for PSS alone, over a SHA-512 hash";
        ECDSA_BRAINPOOL_P256R1_TLS13_SHA256 = 0x081a, "ecdsa_brainpoolP256r1tls13_sha256", "RFC 8734 §4", "ECDSA on a Brainpool curve over a SHA-256 hash";
        ECDSA_BRAINPOOL_P384R1_TLS13_SHA384 = 0x081b, "ecdsa_brainpoolP384r1tls13_sha384", "RFC 8734 §4", "ECDSA on a Brainpool curve over a SHA-384 hash";
        ECDSA_BRAINPOOL_P512R1_TLS13_SHA512 = 0x081c, "ecdsa_brainpoolP512r1tls13_sha512", "RFC 8734 §4", "ECDSA on a Brainpool curve over a SHA-512 hash";
        MLDSA44 = 0x0904, "mldsa44", "draft-ietf-tls-mldsa §3", "ML-DSA-44, safe against quantum computers";
        MLDSA65 = 0x0905, "mldsa65", "draft-ietf-tls-mldsa §3", "ML-DSA-65, safe against quantum computers";
        MLDSA87 = 0x0906, "mldsa87", "draft-ietf-tls-mldsa §3", "ML-DSA-87, safe against quantum computers";
    }
}

open_enum! {
    /// How points of a curve are written.
    pub struct EcPointFormat(u8) {
        UNCOMPRESSED = 0, "uncompressed", "RFC 8422 §5.1.2", "both coordinates, the only form still in use";
        ANSI_X962_COMPRESSED_PRIME = 1, "ansiX962_compressed_prime", "RFC 8422 §5.1.2", "one coordinate and a bit, for prime curves; deprecated";
        ANSI_X962_COMPRESSED_CHAR2 = 2, "ansiX962_compressed_char2", "RFC 8422 §5.1.2", "one coordinate and a bit, for binary curves; deprecated";
    }
}

open_enum! {
    /// How a curve is given.
    pub struct EcCurveType(u8) {
        EXPLICIT_PRIME = 1, "explicit_prime", "RFC 8422 §5.4", "a prime curve, spelled out; deprecated";
        EXPLICIT_CHAR2 = 2, "explicit_char2", "RFC 8422 §5.4", "a binary curve, spelled out; deprecated";
        NAMED_CURVE = 3, "named_curve", "RFC 8422 §5.4", "by its number in the registry";
    }
}

open_enum! {
    /// How a pre-shared key is used (GREASE values: RFC 8701 §2).
    pub struct PskKeMode(u8) {
        PSK_KE = 0, "psk_ke", "RFC 8446 §4.2.9", "the shared key alone: no forward secrecy";
        PSK_DHE_KE = 1, "psk_dhe_ke", "RFC 8446 §4.2.9", "the shared key together with fresh key shares";
        GREASE_0 = 0x0b, "GREASE (0x0b)", "RFC 8701 §2", "without meaning";
        GREASE_1 = 0x2a, "GREASE (0x2a)", "RFC 8701 §2", "without meaning";
        GREASE_2 = 0x49, "GREASE (0x49)", "RFC 8701 §2", "without meaning";
        GREASE_3 = 0x68, "GREASE (0x68)", "RFC 8701 §2", "without meaning";
        GREASE_4 = 0x87, "GREASE (0x87)", "RFC 8701 §2", "without meaning";
        GREASE_5 = 0xa6, "GREASE (0xa6)", "RFC 8701 §2", "without meaning";
        GREASE_6 = 0xc5, "GREASE (0xc5)", "RFC 8701 §2", "without meaning";
        GREASE_7 = 0xe4, "GREASE (0xe4)", "RFC 8701 §2", "without meaning";
    }
}

open_enum! {
    /// Whether the other side should change its keys too.
    pub struct KeyUpdateRequest(u8) {
        UPDATE_NOT_REQUESTED = 0, "update_not_requested", "RFC 8446 §4.6.3", "only the sender changes its keys";
        UPDATE_REQUESTED = 1, "update_requested", "RFC 8446 §4.6.3", "the receiver shall change its keys as well";
    }
}

open_enum! {
    /// What a server name is.
    pub struct NameType(u8) {
        HOST_NAME = 0, "host_name", "RFC 6066 §3", "a DNS name";
    }
}

open_enum! {
    /// How a statement about revocation is made.
    pub struct StatusType(u8) {
        OCSP = 1, "ocsp", "RFC 6066 §8", "an OCSP response";
        OCSP_MULTI = 2, "ocsp_multi", "RFC 6961 §2.2", "OCSP responses for the whole chain";
    }
}

open_enum! {
    /// How a handshake could compress records (RFC 3749); TLS 1.3 allows null alone.
    pub struct CompressionMethod(u8) {
        NULL = 0, "null", "RFC 8446 §4.1.2", "no compression";
        DEFLATE = 1, "DEFLATE", "RFC 3749 §2", "compression that lets attackers guess secrets; do not use";
        LZS = 64, "LZS", "RFC 3943 §3", "compression that lets attackers guess secrets; do not use";
    }
}

grease_enum! {
    /// How certificates are compressed.
    pub struct CertificateCompression(u16) {
        ZLIB = 1, "zlib", "RFC 8879 §7.3", "zlib (RFC 1950)";
        BROTLI = 2, "brotli", "RFC 8879 §7.3", "Brotli (RFC 7932)";
        ZSTD = 3, "zstd", "RFC 8879 §7.3", "Zstandard (RFC 8878)";
    }
}

open_enum! {
    /// The fragment length that a client with little memory asks for.
    pub struct MaxFragmentLength(u8) {
        BYTES_512 = 1, "512", "RFC 6066 §4", "at most 512 bytes a record";
        BYTES_1024 = 2, "1024", "RFC 6066 §4", "at most 1024 bytes a record";
        BYTES_2048 = 3, "2048", "RFC 6066 §4", "at most 2048 bytes a record";
        BYTES_4096 = 4, "4096", "RFC 6066 §4", "at most 4096 bytes a record";
    }
}

open_enum! {
    /// The kinds of certificates that a TLS 1.2 server takes from a client.
    pub struct ClientCertificateType(u8) {
        RSA_SIGN = 1, "rsa_sign", "RFC 5246 §7.4.4", "a certificate with an RSA key";
        DSS_SIGN = 2, "dss_sign", "RFC 5246 §7.4.4", "a certificate with a DSA key";
        RSA_FIXED_DH = 3, "rsa_fixed_dh", "RFC 5246 §7.4.4", "a certificate with a fixed Diffie-Hellman key";
        DSS_FIXED_DH = 4, "dss_fixed_dh", "RFC 5246 §7.4.4", "a certificate with a fixed Diffie-Hellman key";
        ECDSA_SIGN = 64, "ecdsa_sign", "RFC 8422 §5.5", "a certificate with an ECDSA or EdDSA key";
        RSA_FIXED_ECDH = 65, "rsa_fixed_ecdh", "RFC 8422 §5.5", "a certificate with a fixed elliptic-curve key; deprecated";
        ECDSA_FIXED_ECDH = 66, "ecdsa_fixed_ecdh", "RFC 8422 §5.5", "a certificate with a fixed elliptic-curve key; deprecated";
    }
}

open_enum! {
    /// What form a certificate has.
    pub struct CertificateType(u8) {
        X509 = 0, "X.509", "RFC 8446 §4.4.2", "a chain of X.509 certificates";
        OPENPGP = 1, "OpenPGP", "RFC 6091 §3.1", "an OpenPGP key; not in TLS 1.3";
        RAW_PUBLIC_KEY = 2, "RawPublicKey", "RFC 7250 §3", "the bare key, trusted by other means";
    }
}

open_enum! {
    /// What a heartbeat message is.
    pub struct HeartbeatType(u8) {
        REQUEST = 1, "heartbeat_request", "RFC 6520 §3", "are you there? Send this back";
        RESPONSE = 2, "heartbeat_response", "RFC 6520 §3", "here I am, with what you sent";
    }
}

open_enum! {
    /// Whether a peer may send heartbeats.
    pub struct HeartbeatMode(u8) {
        ALLOWED = 1, "peer_allowed_to_send", "RFC 6520 §2", "the peer may send heartbeats";
        NOT_ALLOWED = 2, "peer_not_allowed_to_send", "RFC 6520 §2", "the peer must not send heartbeats";
    }
}

open_enum! {
    /// Which of the two ClientHellos an encrypted_client_hello extension stands in.
    pub struct EchType(u8) {
        OUTER = 0, "outer", "RFC 9849 §5", "the one that everybody sees, with the real one encrypted inside";
        INNER = 1, "inner", "RFC 9849 §5", "the real one";
    }
}

open_enum! {
    /// Key encapsulation of HPKE.
    pub struct HpkeKem(u16) {
        P256 = 0x0010, "DHKEM(P-256, HKDF-SHA256)", "RFC 9180 §7.1", "a key exchange on the curve P-256";
        P384 = 0x0011, "DHKEM(P-384, HKDF-SHA384)", "RFC 9180 §7.1", "a key exchange on the curve P-384";
        P521 = 0x0012, "DHKEM(P-521, HKDF-SHA512)", "RFC 9180 §7.1", "a key exchange on the curve P-521";
        X25519 = 0x0020, "DHKEM(X25519, HKDF-SHA256)", "RFC 9180 §7.1", "a key exchange on Curve25519";
        X448 = 0x0021, "DHKEM(X448, HKDF-SHA512)", "RFC 9180 §7.1", "a key exchange on Curve448";
    }
}

open_enum! {
    /// Key derivation of HPKE.
    pub struct HpkeKdf(u16) {
        HKDF_SHA256 = 1, "HKDF-SHA256", "RFC 9180 §7.2", "HKDF over SHA-256";
        HKDF_SHA384 = 2, "HKDF-SHA384", "RFC 9180 §7.2", "HKDF over SHA-384";
        HKDF_SHA512 = 3, "HKDF-SHA512", "RFC 9180 §7.2", "HKDF over SHA-512";
    }
}

open_enum! {
    /// Encryption of HPKE.
    pub struct HpkeAead(u16) {
        AES_128_GCM = 1, "AES-128-GCM", "RFC 9180 §7.3", "AES with a 128-bit key";
        AES_256_GCM = 2, "AES-256-GCM", "RFC 9180 §7.3", "AES with a 256-bit key";
        CHACHA20_POLY1305 = 3, "ChaCha20Poly1305", "RFC 9180 §7.3", "ChaCha20 with Poly1305";
        EXPORT_ONLY = 0xffff, "Export-only", "RFC 9180 §7.3", "no encryption, keys only";
    }
}

impl Version {
    /// Whether the number denotes TLS 1.3 or one of its drafts.
    pub fn is_tls13(self) -> bool {
        self == Version::TLS13 || self.0 >> 8 == 0x7f
    }
}
