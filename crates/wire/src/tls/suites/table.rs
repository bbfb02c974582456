//! The table of cipher suites.

use super::{Authentication, Cipher, Hash, KeyExchange, Suite};

macro_rules! suites {
    ($($name:ident = $value:expr, $label:expr, $rfc:expr, $kx:ident, $auth:ident, $cipher:ident, $hash:ident, $line:expr;)*) => {
        super::super::grease::grease_enum! {
            /// A cipher suite: what protects a connection.
            pub struct CipherSuite(u16) {
                $($name = $value, $label, $rfc, $line;)*
                EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "RFC 5746 §3.3",
                    "not a suite but a signal: the client understands secure renegotiation";
                FALLBACK_SCSV = 0x5600, "TLS_FALLBACK_SCSV", "RFC 7507 §2",
                    "not a suite but a signal: the client tries an older version after a failure, which an attacker may have caused";
            }
        }
        /// In ascending order of the suites' numbers.
        pub(super) static SUITES: &[(u16, Suite)] = &[$(($value, Suite {
            key_exchange: KeyExchange::$kx,
            authentication: Authentication::$auth,
            cipher: Cipher::$cipher,
            hash: Hash::$hash,
        })),*];
    };
}

suites! {
    NULL_WITH_NULL_NULL = 0x0000, "TLS_NULL_WITH_NULL_NULL", "RFC 5246 §A.5", Null, Anon, Null, Null, "no key exchange; data not encrypted; no integrity";
    RSA_WITH_NULL_MD5 = 0x0001, "TLS_RSA_WITH_NULL_MD5", "RFC 5246 §A.5", Rsa, Rsa, Null, Md5, "the client encrypts the secret to the server's RSA key (no forward secrecy); data not encrypted; MD5";
    RSA_WITH_NULL_SHA = 0x0002, "TLS_RSA_WITH_NULL_SHA", "RFC 5246 §A.5", Rsa, Rsa, Null, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data not encrypted; SHA-1";
    RSA_WITH_RC4_128_MD5 = 0x0004, "TLS_RSA_WITH_RC4_128_MD5", "RFC 5246 §A.5", Rsa, Rsa, Rc4, Md5, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under RC4 (broken); MD5";
    RSA_WITH_RC4_128_SHA = 0x0005, "TLS_RSA_WITH_RC4_128_SHA", "RFC 5246 §A.5", Rsa, Rsa, Rc4, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under RC4 (broken); SHA-1";
    RSA_WITH_IDEA_CBC_SHA = 0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA", "RFC 5469 §3", Rsa, Rsa, IdeaCbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under IDEA in CBC mode; SHA-1";
    RSA_WITH_DES_CBC_SHA = 0x0009, "TLS_RSA_WITH_DES_CBC_SHA", "RFC 5469 §3", Rsa, Rsa, DesCbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under DES in CBC mode (broken); SHA-1";
    RSA_WITH_3DES_EDE_CBC_SHA = 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RFC 5246 §A.5", Rsa, Rsa, TripleDesCbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under triple DES in CBC mode (weak); SHA-1";
    DH_DSS_WITH_3DES_EDE_CBC_SHA = 0x000d, "TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA", "RFC 5246 §A.5", Dh, Dss, TripleDesCbc, Sha1, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under triple DES in CBC mode (weak); SHA-1";
    DH_RSA_WITH_3DES_EDE_CBC_SHA = 0x0010, "TLS_DH_RSA_WITH_3DES_EDE_CBC_SHA", "RFC 5246 §A.5", Dh, Rsa, TripleDesCbc, Sha1, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under triple DES in CBC mode (weak); SHA-1";
    DHE_DSS_WITH_DES_CBC_SHA = 0x0012, "TLS_DHE_DSS_WITH_DES_CBC_SHA", "RFC 5469 §3", Dhe, Dss, DesCbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under DES in CBC mode (broken); SHA-1";
    DHE_DSS_WITH_3DES_EDE_CBC_SHA = 0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", "RFC 5246 §A.5", Dhe, Dss, TripleDesCbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under triple DES in CBC mode (weak); SHA-1";
    DHE_RSA_WITH_DES_CBC_SHA = 0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", "RFC 5469 §3", Dhe, Rsa, DesCbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under DES in CBC mode (broken); SHA-1";
    DHE_RSA_WITH_3DES_EDE_CBC_SHA = 0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "RFC 5246 §A.5", Dhe, Rsa, TripleDesCbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under triple DES in CBC mode (weak); SHA-1";
    DH_ANON_WITH_RC4_128_MD5 = 0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", "RFC 5246 §A.5", Dhe, Anon, Rc4, Md5, "fresh Diffie-Hellman keys that nobody signs; data under RC4 (broken); MD5";
    DH_ANON_WITH_3DES_EDE_CBC_SHA = 0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", "RFC 5246 §A.5", Dhe, Anon, TripleDesCbc, Sha1, "fresh Diffie-Hellman keys that nobody signs; data under triple DES in CBC mode (weak); SHA-1";
    RSA_WITH_AES_128_CBC_SHA = 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", "RFC 5246 §A.5", Rsa, Rsa, Aes128Cbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-128 in CBC mode; SHA-1";
    DH_DSS_WITH_AES_128_CBC_SHA = 0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA", "RFC 5246 §A.5", Dh, Dss, Aes128Cbc, Sha1, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under AES-128 in CBC mode; SHA-1";
    DH_RSA_WITH_AES_128_CBC_SHA = 0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA", "RFC 5246 §A.5", Dh, Rsa, Aes128Cbc, Sha1, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-128 in CBC mode; SHA-1";
    DHE_DSS_WITH_AES_128_CBC_SHA = 0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", "RFC 5246 §A.5", Dhe, Dss, Aes128Cbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under AES-128 in CBC mode; SHA-1";
    DHE_RSA_WITH_AES_128_CBC_SHA = 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "RFC 5246 §A.5", Dhe, Rsa, Aes128Cbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under AES-128 in CBC mode; SHA-1";
    DH_ANON_WITH_AES_128_CBC_SHA = 0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", "RFC 5246 §A.5", Dhe, Anon, Aes128Cbc, Sha1, "fresh Diffie-Hellman keys that nobody signs; data under AES-128 in CBC mode; SHA-1";
    RSA_WITH_AES_256_CBC_SHA = 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "RFC 5246 §A.5", Rsa, Rsa, Aes256Cbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-256 in CBC mode; SHA-1";
    DH_DSS_WITH_AES_256_CBC_SHA = 0x0036, "TLS_DH_DSS_WITH_AES_256_CBC_SHA", "RFC 5246 §A.5", Dh, Dss, Aes256Cbc, Sha1, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under AES-256 in CBC mode; SHA-1";
    DH_RSA_WITH_AES_256_CBC_SHA = 0x0037, "TLS_DH_RSA_WITH_AES_256_CBC_SHA", "RFC 5246 §A.5", Dh, Rsa, Aes256Cbc, Sha1, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-256 in CBC mode; SHA-1";
    DHE_DSS_WITH_AES_256_CBC_SHA = 0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", "RFC 5246 §A.5", Dhe, Dss, Aes256Cbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under AES-256 in CBC mode; SHA-1";
    DHE_RSA_WITH_AES_256_CBC_SHA = 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "RFC 5246 §A.5", Dhe, Rsa, Aes256Cbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under AES-256 in CBC mode; SHA-1";
    DH_ANON_WITH_AES_256_CBC_SHA = 0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", "RFC 5246 §A.5", Dhe, Anon, Aes256Cbc, Sha1, "fresh Diffie-Hellman keys that nobody signs; data under AES-256 in CBC mode; SHA-1";
    RSA_WITH_NULL_SHA256 = 0x003b, "TLS_RSA_WITH_NULL_SHA256", "RFC 5246 §A.5", Rsa, Rsa, Null, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data not encrypted; SHA-256";
    RSA_WITH_AES_128_CBC_SHA256 = 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", "RFC 5246 §A.5", Rsa, Rsa, Aes128Cbc, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-128 in CBC mode; SHA-256";
    RSA_WITH_AES_256_CBC_SHA256 = 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", "RFC 5246 §A.5", Rsa, Rsa, Aes256Cbc, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-256 in CBC mode; SHA-256";
    DH_DSS_WITH_AES_128_CBC_SHA256 = 0x003e, "TLS_DH_DSS_WITH_AES_128_CBC_SHA256", "RFC 5246 §A.5", Dh, Dss, Aes128Cbc, Sha256, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under AES-128 in CBC mode; SHA-256";
    DH_RSA_WITH_AES_128_CBC_SHA256 = 0x003f, "TLS_DH_RSA_WITH_AES_128_CBC_SHA256", "RFC 5246 §A.5", Dh, Rsa, Aes128Cbc, Sha256, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-128 in CBC mode; SHA-256";
    DHE_DSS_WITH_AES_128_CBC_SHA256 = 0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", "RFC 5246 §A.5", Dhe, Dss, Aes128Cbc, Sha256, "fresh Diffie-Hellman keys signed with DSS; data under AES-128 in CBC mode; SHA-256";
    RSA_WITH_CAMELLIA_128_CBC_SHA = 0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", "RFC 5932 §2", Rsa, Rsa, Camellia128Cbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under Camellia-128 in CBC mode; SHA-1";
    DHE_DSS_WITH_CAMELLIA_128_CBC_SHA = 0x0044, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA", "RFC 5932 §2", Dhe, Dss, Camellia128Cbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under Camellia-128 in CBC mode; SHA-1";
    DHE_RSA_WITH_CAMELLIA_128_CBC_SHA = 0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA", "RFC 5932 §2", Dhe, Rsa, Camellia128Cbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under Camellia-128 in CBC mode; SHA-1";
    DHE_RSA_WITH_AES_128_CBC_SHA256 = 0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "RFC 5246 §A.5", Dhe, Rsa, Aes128Cbc, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-128 in CBC mode; SHA-256";
    DH_DSS_WITH_AES_256_CBC_SHA256 = 0x0068, "TLS_DH_DSS_WITH_AES_256_CBC_SHA256", "RFC 5246 §A.5", Dh, Dss, Aes256Cbc, Sha256, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under AES-256 in CBC mode; SHA-256";
    DH_RSA_WITH_AES_256_CBC_SHA256 = 0x0069, "TLS_DH_RSA_WITH_AES_256_CBC_SHA256", "RFC 5246 §A.5", Dh, Rsa, Aes256Cbc, Sha256, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-256 in CBC mode; SHA-256";
    DHE_DSS_WITH_AES_256_CBC_SHA256 = 0x006a, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", "RFC 5246 §A.5", Dhe, Dss, Aes256Cbc, Sha256, "fresh Diffie-Hellman keys signed with DSS; data under AES-256 in CBC mode; SHA-256";
    DHE_RSA_WITH_AES_256_CBC_SHA256 = 0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "RFC 5246 §A.5", Dhe, Rsa, Aes256Cbc, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-256 in CBC mode; SHA-256";
    DH_ANON_WITH_AES_128_CBC_SHA256 = 0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", "RFC 5246 §A.5", Dhe, Anon, Aes128Cbc, Sha256, "fresh Diffie-Hellman keys that nobody signs; data under AES-128 in CBC mode; SHA-256";
    DH_ANON_WITH_AES_256_CBC_SHA256 = 0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", "RFC 5246 §A.5", Dhe, Anon, Aes256Cbc, Sha256, "fresh Diffie-Hellman keys that nobody signs; data under AES-256 in CBC mode; SHA-256";
    RSA_WITH_CAMELLIA_256_CBC_SHA = 0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", "RFC 5932 §2", Rsa, Rsa, Camellia256Cbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under Camellia-256 in CBC mode; SHA-1";
    DHE_DSS_WITH_CAMELLIA_256_CBC_SHA = 0x0087, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA", "RFC 5932 §2", Dhe, Dss, Camellia256Cbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under Camellia-256 in CBC mode; SHA-1";
    DHE_RSA_WITH_CAMELLIA_256_CBC_SHA = 0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA", "RFC 5932 §2", Dhe, Rsa, Camellia256Cbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under Camellia-256 in CBC mode; SHA-1";
    PSK_WITH_RC4_128_SHA = 0x008a, "TLS_PSK_WITH_RC4_128_SHA", "RFC 4279 §2", Psk, Psk, Rc4, Sha1, "a key shared beforehand (no forward secrecy); data under RC4 (broken); SHA-1";
    PSK_WITH_3DES_EDE_CBC_SHA = 0x008b, "TLS_PSK_WITH_3DES_EDE_CBC_SHA", "RFC 4279 §2", Psk, Psk, TripleDesCbc, Sha1, "a key shared beforehand (no forward secrecy); data under triple DES in CBC mode (weak); SHA-1";
    PSK_WITH_AES_128_CBC_SHA = 0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA", "RFC 4279 §2", Psk, Psk, Aes128Cbc, Sha1, "a key shared beforehand (no forward secrecy); data under AES-128 in CBC mode; SHA-1";
    PSK_WITH_AES_256_CBC_SHA = 0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA", "RFC 4279 §2", Psk, Psk, Aes256Cbc, Sha1, "a key shared beforehand (no forward secrecy); data under AES-256 in CBC mode; SHA-1";
    DHE_PSK_WITH_RC4_128_SHA = 0x008e, "TLS_DHE_PSK_WITH_RC4_128_SHA", "RFC 4279 §2", DhePsk, Psk, Rc4, Sha1, "a key shared beforehand and fresh Diffie-Hellman keys; data under RC4 (broken); SHA-1";
    DHE_PSK_WITH_3DES_EDE_CBC_SHA = 0x008f, "TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA", "RFC 4279 §2", DhePsk, Psk, TripleDesCbc, Sha1, "a key shared beforehand and fresh Diffie-Hellman keys; data under triple DES in CBC mode (weak); SHA-1";
    DHE_PSK_WITH_AES_128_CBC_SHA = 0x0090, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", "RFC 4279 §2", DhePsk, Psk, Aes128Cbc, Sha1, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-128 in CBC mode; SHA-1";
    DHE_PSK_WITH_AES_256_CBC_SHA = 0x0091, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA", "RFC 4279 §2", DhePsk, Psk, Aes256Cbc, Sha1, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-256 in CBC mode; SHA-1";
    RSA_PSK_WITH_RC4_128_SHA = 0x0092, "TLS_RSA_PSK_WITH_RC4_128_SHA", "RFC 4279 §2", RsaPsk, Psk, Rc4, Sha1, "a key shared beforehand and a secret encrypted to the server's RSA key; data under RC4 (broken); SHA-1";
    RSA_PSK_WITH_3DES_EDE_CBC_SHA = 0x0093, "TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA", "RFC 4279 §2", RsaPsk, Psk, TripleDesCbc, Sha1, "a key shared beforehand and a secret encrypted to the server's RSA key; data under triple DES in CBC mode (weak); SHA-1";
    RSA_PSK_WITH_AES_128_CBC_SHA = 0x0094, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA", "RFC 4279 §2", RsaPsk, Psk, Aes128Cbc, Sha1, "a key shared beforehand and a secret encrypted to the server's RSA key; data under AES-128 in CBC mode; SHA-1";
    RSA_PSK_WITH_AES_256_CBC_SHA = 0x0095, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA", "RFC 4279 §2", RsaPsk, Psk, Aes256Cbc, Sha1, "a key shared beforehand and a secret encrypted to the server's RSA key; data under AES-256 in CBC mode; SHA-1";
    RSA_WITH_SEED_CBC_SHA = 0x0096, "TLS_RSA_WITH_SEED_CBC_SHA", "RFC 4162 §2", Rsa, Rsa, SeedCbc, Sha1, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under SEED in CBC mode; SHA-1";
    DHE_DSS_WITH_SEED_CBC_SHA = 0x0099, "TLS_DHE_DSS_WITH_SEED_CBC_SHA", "RFC 4162 §2", Dhe, Dss, SeedCbc, Sha1, "fresh Diffie-Hellman keys signed with DSS; data under SEED in CBC mode; SHA-1";
    DHE_RSA_WITH_SEED_CBC_SHA = 0x009a, "TLS_DHE_RSA_WITH_SEED_CBC_SHA", "RFC 4162 §2", Dhe, Rsa, SeedCbc, Sha1, "fresh Diffie-Hellman keys signed with RSA; data under SEED in CBC mode; SHA-1";
    RSA_WITH_AES_128_GCM_SHA256 = 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", "RFC 5288 §3", Rsa, Rsa, Aes128Gcm, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-128-GCM; SHA-256";
    RSA_WITH_AES_256_GCM_SHA384 = 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", "RFC 5288 §3", Rsa, Rsa, Aes256Gcm, Sha384, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-256-GCM; SHA-384";
    DHE_RSA_WITH_AES_128_GCM_SHA256 = 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "RFC 5288 §3", Dhe, Rsa, Aes128Gcm, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-128-GCM; SHA-256";
    DHE_RSA_WITH_AES_256_GCM_SHA384 = 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "RFC 5288 §3", Dhe, Rsa, Aes256Gcm, Sha384, "fresh Diffie-Hellman keys signed with RSA; data under AES-256-GCM; SHA-384";
    DH_RSA_WITH_AES_128_GCM_SHA256 = 0x00a0, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", "RFC 5288 §3", Dh, Rsa, Aes128Gcm, Sha256, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-128-GCM; SHA-256";
    DH_RSA_WITH_AES_256_GCM_SHA384 = 0x00a1, "TLS_DH_RSA_WITH_AES_256_GCM_SHA384", "RFC 5288 §3", Dh, Rsa, Aes256Gcm, Sha384, "Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-256-GCM; SHA-384";
    DHE_DSS_WITH_AES_128_GCM_SHA256 = 0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", "RFC 5288 §3", Dhe, Dss, Aes128Gcm, Sha256, "fresh Diffie-Hellman keys signed with DSS; data under AES-128-GCM; SHA-256";
    DHE_DSS_WITH_AES_256_GCM_SHA384 = 0x00a3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", "RFC 5288 §3", Dhe, Dss, Aes256Gcm, Sha384, "fresh Diffie-Hellman keys signed with DSS; data under AES-256-GCM; SHA-384";
    DH_DSS_WITH_AES_128_GCM_SHA256 = 0x00a4, "TLS_DH_DSS_WITH_AES_128_GCM_SHA256", "RFC 5288 §3", Dh, Dss, Aes128Gcm, Sha256, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under AES-128-GCM; SHA-256";
    DH_DSS_WITH_AES_256_GCM_SHA384 = 0x00a5, "TLS_DH_DSS_WITH_AES_256_GCM_SHA384", "RFC 5288 §3", Dh, Dss, Aes256Gcm, Sha384, "Diffie-Hellman with the fixed key of a DSS-signed certificate; data under AES-256-GCM; SHA-384";
    DH_ANON_WITH_AES_128_GCM_SHA256 = 0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", "RFC 5288 §3", Dhe, Anon, Aes128Gcm, Sha256, "fresh Diffie-Hellman keys that nobody signs; data under AES-128-GCM; SHA-256";
    DH_ANON_WITH_AES_256_GCM_SHA384 = 0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", "RFC 5288 §3", Dhe, Anon, Aes256Gcm, Sha384, "fresh Diffie-Hellman keys that nobody signs; data under AES-256-GCM; SHA-384";
    PSK_WITH_AES_128_GCM_SHA256 = 0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", "RFC 5487 §2", Psk, Psk, Aes128Gcm, Sha256, "a key shared beforehand (no forward secrecy); data under AES-128-GCM; SHA-256";
    PSK_WITH_AES_256_GCM_SHA384 = 0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384", "RFC 5487 §2", Psk, Psk, Aes256Gcm, Sha384, "a key shared beforehand (no forward secrecy); data under AES-256-GCM; SHA-384";
    DHE_PSK_WITH_AES_128_GCM_SHA256 = 0x00aa, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", "RFC 5487 §2", DhePsk, Psk, Aes128Gcm, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-128-GCM; SHA-256";
    DHE_PSK_WITH_AES_256_GCM_SHA384 = 0x00ab, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384", "RFC 5487 §2", DhePsk, Psk, Aes256Gcm, Sha384, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-256-GCM; SHA-384";
    RSA_PSK_WITH_AES_128_GCM_SHA256 = 0x00ac, "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256", "RFC 5487 §2", RsaPsk, Psk, Aes128Gcm, Sha256, "a key shared beforehand and a secret encrypted to the server's RSA key; data under AES-128-GCM; SHA-256";
    RSA_PSK_WITH_AES_256_GCM_SHA384 = 0x00ad, "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384", "RFC 5487 §2", RsaPsk, Psk, Aes256Gcm, Sha384, "a key shared beforehand and a secret encrypted to the server's RSA key; data under AES-256-GCM; SHA-384";
    PSK_WITH_AES_128_CBC_SHA256 = 0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256", "RFC 5487 §3", Psk, Psk, Aes128Cbc, Sha256, "a key shared beforehand (no forward secrecy); data under AES-128 in CBC mode; SHA-256";
    PSK_WITH_AES_256_CBC_SHA384 = 0x00af, "TLS_PSK_WITH_AES_256_CBC_SHA384", "RFC 5487 §3", Psk, Psk, Aes256Cbc, Sha384, "a key shared beforehand (no forward secrecy); data under AES-256 in CBC mode; SHA-384";
    PSK_WITH_NULL_SHA256 = 0x00b0, "TLS_PSK_WITH_NULL_SHA256", "RFC 5487 §3", Psk, Psk, Null, Sha256, "a key shared beforehand (no forward secrecy); data not encrypted; SHA-256";
    PSK_WITH_NULL_SHA384 = 0x00b1, "TLS_PSK_WITH_NULL_SHA384", "RFC 5487 §3", Psk, Psk, Null, Sha384, "a key shared beforehand (no forward secrecy); data not encrypted; SHA-384";
    DHE_PSK_WITH_AES_128_CBC_SHA256 = 0x00b2, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256", "RFC 5487 §3", DhePsk, Psk, Aes128Cbc, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-128 in CBC mode; SHA-256";
    DHE_PSK_WITH_AES_256_CBC_SHA384 = 0x00b3, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384", "RFC 5487 §3", DhePsk, Psk, Aes256Cbc, Sha384, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-256 in CBC mode; SHA-384";
    DHE_PSK_WITH_NULL_SHA256 = 0x00b4, "TLS_DHE_PSK_WITH_NULL_SHA256", "RFC 5487 §3", DhePsk, Psk, Null, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data not encrypted; SHA-256";
    DHE_PSK_WITH_NULL_SHA384 = 0x00b5, "TLS_DHE_PSK_WITH_NULL_SHA384", "RFC 5487 §3", DhePsk, Psk, Null, Sha384, "a key shared beforehand and fresh Diffie-Hellman keys; data not encrypted; SHA-384";
    RSA_PSK_WITH_AES_128_CBC_SHA256 = 0x00b6, "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256", "RFC 5487 §3", RsaPsk, Psk, Aes128Cbc, Sha256, "a key shared beforehand and a secret encrypted to the server's RSA key; data under AES-128 in CBC mode; SHA-256";
    RSA_PSK_WITH_AES_256_CBC_SHA384 = 0x00b7, "TLS_RSA_PSK_WITH_AES_256_CBC_SHA384", "RFC 5487 §3", RsaPsk, Psk, Aes256Cbc, Sha384, "a key shared beforehand and a secret encrypted to the server's RSA key; data under AES-256 in CBC mode; SHA-384";
    RSA_PSK_WITH_NULL_SHA256 = 0x00b8, "TLS_RSA_PSK_WITH_NULL_SHA256", "RFC 5487 §3", RsaPsk, Psk, Null, Sha256, "a key shared beforehand and a secret encrypted to the server's RSA key; data not encrypted; SHA-256";
    RSA_PSK_WITH_NULL_SHA384 = 0x00b9, "TLS_RSA_PSK_WITH_NULL_SHA384", "RFC 5487 §3", RsaPsk, Psk, Null, Sha384, "a key shared beforehand and a secret encrypted to the server's RSA key; data not encrypted; SHA-384";
    RSA_WITH_CAMELLIA_128_CBC_SHA256 = 0x00ba, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256", "RFC 5932 §2", Rsa, Rsa, Camellia128Cbc, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under Camellia-128 in CBC mode; SHA-256";
    DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256 = 0x00be, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", "RFC 5932 §2", Dhe, Rsa, Camellia128Cbc, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under Camellia-128 in CBC mode; SHA-256";
    RSA_WITH_CAMELLIA_256_CBC_SHA256 = 0x00c0, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256", "RFC 5932 §2", Rsa, Rsa, Camellia256Cbc, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under Camellia-256 in CBC mode; SHA-256";
    DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256 = 0x00c4, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256", "RFC 5932 §2", Dhe, Rsa, Camellia256Cbc, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under Camellia-256 in CBC mode; SHA-256";
    SM4_GCM_SM3 = 0x00c6, "TLS_SM4_GCM_SM3", "RFC 8998 §2", Tls13, Tls13, Sm4Gcm, Sm3, "TLS 1.3; data under SM4-GCM; SM3";
    SM4_CCM_SM3 = 0x00c7, "TLS_SM4_CCM_SM3", "RFC 8998 §2", Tls13, Tls13, Sm4Ccm, Sm3, "TLS 1.3; data under SM4-CCM; SM3";
    AES_128_GCM_SHA256 = 0x1301, "TLS_AES_128_GCM_SHA256", "RFC 8446 §B.4", Tls13, Tls13, Aes128Gcm, Sha256, "TLS 1.3; data under AES-128-GCM; SHA-256";
    AES_256_GCM_SHA384 = 0x1302, "TLS_AES_256_GCM_SHA384", "RFC 8446 §B.4", Tls13, Tls13, Aes256Gcm, Sha384, "TLS 1.3; data under AES-256-GCM; SHA-384";
    CHACHA20_POLY1305_SHA256 = 0x1303, "TLS_CHACHA20_POLY1305_SHA256", "RFC 8446 §B.4", Tls13, Tls13, ChaCha20Poly1305, Sha256, "TLS 1.3; data under ChaCha20-Poly1305; SHA-256";
    AES_128_CCM_SHA256 = 0x1304, "TLS_AES_128_CCM_SHA256", "RFC 8446 §B.4", Tls13, Tls13, Aes128Ccm, Sha256, "TLS 1.3; data under AES-128-CCM; SHA-256";
    AES_128_CCM_8_SHA256 = 0x1305, "TLS_AES_128_CCM_8_SHA256", "RFC 8446 §B.4", Tls13, Tls13, Aes128Ccm8, Sha256, "TLS 1.3; data under AES-128-CCM with short tags; SHA-256";
    ECDH_ECDSA_WITH_NULL_SHA = 0xc001, "TLS_ECDH_ECDSA_WITH_NULL_SHA", "RFC 4492 §6", Ecdh, Ecdsa, Null, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data not encrypted; SHA-1";
    ECDH_ECDSA_WITH_RC4_128_SHA = 0xc002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA", "RFC 4492 §6", Ecdh, Ecdsa, Rc4, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under RC4 (broken); SHA-1";
    ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA = 0xc003, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA", "RFC 4492 §6", Ecdh, Ecdsa, TripleDesCbc, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under triple DES in CBC mode (weak); SHA-1";
    ECDH_ECDSA_WITH_AES_128_CBC_SHA = 0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", "RFC 4492 §6", Ecdh, Ecdsa, Aes128Cbc, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under AES-128 in CBC mode; SHA-1";
    ECDH_ECDSA_WITH_AES_256_CBC_SHA = 0xc005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", "RFC 4492 §6", Ecdh, Ecdsa, Aes256Cbc, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under AES-256 in CBC mode; SHA-1";
    ECDHE_ECDSA_WITH_NULL_SHA = 0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", "RFC 8422 §6", Ecdhe, Ecdsa, Null, Sha1, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data not encrypted; SHA-1";
    ECDHE_ECDSA_WITH_RC4_128_SHA = 0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "RFC 4492 §6", Ecdhe, Ecdsa, Rc4, Sha1, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under RC4 (broken); SHA-1";
    ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA = 0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", "RFC 8422 §6", Ecdhe, Ecdsa, TripleDesCbc, Sha1, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under triple DES in CBC mode (weak); SHA-1";
    ECDHE_ECDSA_WITH_AES_128_CBC_SHA = 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "RFC 8422 §6", Ecdhe, Ecdsa, Aes128Cbc, Sha1, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-128 in CBC mode; SHA-1";
    ECDHE_ECDSA_WITH_AES_256_CBC_SHA = 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "RFC 8422 §6", Ecdhe, Ecdsa, Aes256Cbc, Sha1, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-256 in CBC mode; SHA-1";
    ECDH_RSA_WITH_NULL_SHA = 0xc00b, "TLS_ECDH_RSA_WITH_NULL_SHA", "RFC 4492 §6", Ecdh, Rsa, Null, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data not encrypted; SHA-1";
    ECDH_RSA_WITH_RC4_128_SHA = 0xc00c, "TLS_ECDH_RSA_WITH_RC4_128_SHA", "RFC 4492 §6", Ecdh, Rsa, Rc4, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under RC4 (broken); SHA-1";
    ECDH_RSA_WITH_3DES_EDE_CBC_SHA = 0xc00d, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA", "RFC 4492 §6", Ecdh, Rsa, TripleDesCbc, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under triple DES in CBC mode (weak); SHA-1";
    ECDH_RSA_WITH_AES_128_CBC_SHA = 0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", "RFC 4492 §6", Ecdh, Rsa, Aes128Cbc, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-128 in CBC mode; SHA-1";
    ECDH_RSA_WITH_AES_256_CBC_SHA = 0xc00f, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", "RFC 4492 §6", Ecdh, Rsa, Aes256Cbc, Sha1, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-256 in CBC mode; SHA-1";
    ECDHE_RSA_WITH_NULL_SHA = 0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", "RFC 8422 §6", Ecdhe, Rsa, Null, Sha1, "fresh elliptic-curve keys signed with RSA; data not encrypted; SHA-1";
    ECDHE_RSA_WITH_RC4_128_SHA = 0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "RFC 4492 §6", Ecdhe, Rsa, Rc4, Sha1, "fresh elliptic-curve keys signed with RSA; data under RC4 (broken); SHA-1";
    ECDHE_RSA_WITH_3DES_EDE_CBC_SHA = 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "RFC 8422 §6", Ecdhe, Rsa, TripleDesCbc, Sha1, "fresh elliptic-curve keys signed with RSA; data under triple DES in CBC mode (weak); SHA-1";
    ECDHE_RSA_WITH_AES_128_CBC_SHA = 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "RFC 8422 §6", Ecdhe, Rsa, Aes128Cbc, Sha1, "fresh elliptic-curve keys signed with RSA; data under AES-128 in CBC mode; SHA-1";
    ECDHE_RSA_WITH_AES_256_CBC_SHA = 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "RFC 8422 §6", Ecdhe, Rsa, Aes256Cbc, Sha1, "fresh elliptic-curve keys signed with RSA; data under AES-256 in CBC mode; SHA-1";
    ECDH_ANON_WITH_NULL_SHA = 0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", "RFC 8422 §6", Ecdhe, Anon, Null, Sha1, "fresh elliptic-curve keys that nobody signs; data not encrypted; SHA-1";
    ECDH_ANON_WITH_RC4_128_SHA = 0xc016, "TLS_ECDH_anon_WITH_RC4_128_SHA", "RFC 4492 §6", Ecdhe, Anon, Rc4, Sha1, "fresh elliptic-curve keys that nobody signs; data under RC4 (broken); SHA-1";
    ECDH_ANON_WITH_3DES_EDE_CBC_SHA = 0xc017, "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA", "RFC 8422 §6", Ecdhe, Anon, TripleDesCbc, Sha1, "fresh elliptic-curve keys that nobody signs; data under triple DES in CBC mode (weak); SHA-1";
    ECDH_ANON_WITH_AES_128_CBC_SHA = 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "RFC 8422 §6", Ecdhe, Anon, Aes128Cbc, Sha1, "fresh elliptic-curve keys that nobody signs; data under AES-128 in CBC mode; SHA-1";
    ECDH_ANON_WITH_AES_256_CBC_SHA = 0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "RFC 8422 §6", Ecdhe, Anon, Aes256Cbc, Sha1, "fresh elliptic-curve keys that nobody signs; data under AES-256 in CBC mode; SHA-1";
    ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 = 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "RFC 5289 §3.1", Ecdhe, Ecdsa, Aes128Cbc, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-128 in CBC mode; SHA-256";
    ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 = 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "RFC 5289 §3.1", Ecdhe, Ecdsa, Aes256Cbc, Sha384, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-256 in CBC mode; SHA-384";
    ECDH_ECDSA_WITH_AES_128_CBC_SHA256 = 0xc025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", "RFC 5289 §3.1", Ecdh, Ecdsa, Aes128Cbc, Sha256, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under AES-128 in CBC mode; SHA-256";
    ECDH_ECDSA_WITH_AES_256_CBC_SHA384 = 0xc026, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384", "RFC 5289 §3.1", Ecdh, Ecdsa, Aes256Cbc, Sha384, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under AES-256 in CBC mode; SHA-384";
    ECDHE_RSA_WITH_AES_128_CBC_SHA256 = 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "RFC 5289 §3.1", Ecdhe, Rsa, Aes128Cbc, Sha256, "fresh elliptic-curve keys signed with RSA; data under AES-128 in CBC mode; SHA-256";
    ECDHE_RSA_WITH_AES_256_CBC_SHA384 = 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "RFC 5289 §3.1", Ecdhe, Rsa, Aes256Cbc, Sha384, "fresh elliptic-curve keys signed with RSA; data under AES-256 in CBC mode; SHA-384";
    ECDH_RSA_WITH_AES_128_CBC_SHA256 = 0xc029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", "RFC 5289 §3.1", Ecdh, Rsa, Aes128Cbc, Sha256, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-128 in CBC mode; SHA-256";
    ECDH_RSA_WITH_AES_256_CBC_SHA384 = 0xc02a, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384", "RFC 5289 §3.1", Ecdh, Rsa, Aes256Cbc, Sha384, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-256 in CBC mode; SHA-384";
    ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "RFC 5289 §3.2", Ecdhe, Ecdsa, Aes128Gcm, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-128-GCM; SHA-256";
    ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "RFC 5289 §3.2", Ecdhe, Ecdsa, Aes256Gcm, Sha384, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-256-GCM; SHA-384";
    ECDH_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02d, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", "RFC 5289 §3.2", Ecdh, Ecdsa, Aes128Gcm, Sha256, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under AES-128-GCM; SHA-256";
    ECDH_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02e, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384", "RFC 5289 §3.2", Ecdh, Ecdsa, Aes256Gcm, Sha384, "elliptic-curve Diffie-Hellman with the fixed key of an ECDSA-signed certificate; data under AES-256-GCM; SHA-384";
    ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "RFC 5289 §3.2", Ecdhe, Rsa, Aes128Gcm, Sha256, "fresh elliptic-curve keys signed with RSA; data under AES-128-GCM; SHA-256";
    ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "RFC 5289 §3.2", Ecdhe, Rsa, Aes256Gcm, Sha384, "fresh elliptic-curve keys signed with RSA; data under AES-256-GCM; SHA-384";
    ECDH_RSA_WITH_AES_128_GCM_SHA256 = 0xc031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", "RFC 5289 §3.2", Ecdh, Rsa, Aes128Gcm, Sha256, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-128-GCM; SHA-256";
    ECDH_RSA_WITH_AES_256_GCM_SHA384 = 0xc032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", "RFC 5289 §3.2", Ecdh, Rsa, Aes256Gcm, Sha384, "elliptic-curve Diffie-Hellman with the fixed key of an RSA-signed certificate; data under AES-256-GCM; SHA-384";
    ECDHE_PSK_WITH_RC4_128_SHA = 0xc033, "TLS_ECDHE_PSK_WITH_RC4_128_SHA", "RFC 5489 §3", EcdhePsk, Psk, Rc4, Sha1, "a key shared beforehand and fresh elliptic-curve keys; data under RC4 (broken); SHA-1";
    ECDHE_PSK_WITH_3DES_EDE_CBC_SHA = 0xc034, "TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA", "RFC 5489 §3", EcdhePsk, Psk, TripleDesCbc, Sha1, "a key shared beforehand and fresh elliptic-curve keys; data under triple DES in CBC mode (weak); SHA-1";
    ECDHE_PSK_WITH_AES_128_CBC_SHA = 0xc035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", "RFC 5489 §3", EcdhePsk, Psk, Aes128Cbc, Sha1, "a key shared beforehand and fresh elliptic-curve keys; data under AES-128 in CBC mode; SHA-1";
    ECDHE_PSK_WITH_AES_256_CBC_SHA = 0xc036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA", "RFC 5489 §3", EcdhePsk, Psk, Aes256Cbc, Sha1, "a key shared beforehand and fresh elliptic-curve keys; data under AES-256 in CBC mode; SHA-1";
    ECDHE_PSK_WITH_AES_128_CBC_SHA256 = 0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "RFC 5489 §3", EcdhePsk, Psk, Aes128Cbc, Sha256, "a key shared beforehand and fresh elliptic-curve keys; data under AES-128 in CBC mode; SHA-256";
    ECDHE_PSK_WITH_AES_256_CBC_SHA384 = 0xc038, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", "RFC 5489 §3", EcdhePsk, Psk, Aes256Cbc, Sha384, "a key shared beforehand and fresh elliptic-curve keys; data under AES-256 in CBC mode; SHA-384";
    ECDHE_PSK_WITH_NULL_SHA = 0xc039, "TLS_ECDHE_PSK_WITH_NULL_SHA", "RFC 5489 §3", EcdhePsk, Psk, Null, Sha1, "a key shared beforehand and fresh elliptic-curve keys; data not encrypted; SHA-1";
    RSA_WITH_ARIA_128_GCM_SHA256 = 0xc050, "TLS_RSA_WITH_ARIA_128_GCM_SHA256", "RFC 6209 §2", Rsa, Rsa, Aria128Gcm, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under ARIA-128-GCM; SHA-256";
    RSA_WITH_ARIA_256_GCM_SHA384 = 0xc051, "TLS_RSA_WITH_ARIA_256_GCM_SHA384", "RFC 6209 §2", Rsa, Rsa, Aria256Gcm, Sha384, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under ARIA-256-GCM; SHA-384";
    DHE_RSA_WITH_ARIA_128_GCM_SHA256 = 0xc052, "TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256", "RFC 6209 §2", Dhe, Rsa, Aria128Gcm, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under ARIA-128-GCM; SHA-256";
    DHE_RSA_WITH_ARIA_256_GCM_SHA384 = 0xc053, "TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384", "RFC 6209 §2", Dhe, Rsa, Aria256Gcm, Sha384, "fresh Diffie-Hellman keys signed with RSA; data under ARIA-256-GCM; SHA-384";
    ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256 = 0xc05c, "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256", "RFC 6209 §2", Ecdhe, Ecdsa, Aria128Gcm, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under ARIA-128-GCM; SHA-256";
    ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384 = 0xc05d, "TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384", "RFC 6209 §2", Ecdhe, Ecdsa, Aria256Gcm, Sha384, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under ARIA-256-GCM; SHA-384";
    ECDHE_RSA_WITH_ARIA_128_GCM_SHA256 = 0xc060, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", "RFC 6209 §2", Ecdhe, Rsa, Aria128Gcm, Sha256, "fresh elliptic-curve keys signed with RSA; data under ARIA-128-GCM; SHA-256";
    ECDHE_RSA_WITH_ARIA_256_GCM_SHA384 = 0xc061, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384", "RFC 6209 §2", Ecdhe, Rsa, Aria256Gcm, Sha384, "fresh elliptic-curve keys signed with RSA; data under ARIA-256-GCM; SHA-384";
    ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256 = 0xc072, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256", "RFC 6367 §2", Ecdhe, Ecdsa, Camellia128Cbc, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under Camellia-128 in CBC mode; SHA-256";
    ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384 = 0xc073, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384", "RFC 6367 §2", Ecdhe, Ecdsa, Camellia256Cbc, Sha384, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under Camellia-256 in CBC mode; SHA-384";
    ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256 = 0xc076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", "RFC 6367 §2", Ecdhe, Rsa, Camellia128Cbc, Sha256, "fresh elliptic-curve keys signed with RSA; data under Camellia-128 in CBC mode; SHA-256";
    ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384 = 0xc077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384", "RFC 6367 §2", Ecdhe, Rsa, Camellia256Cbc, Sha384, "fresh elliptic-curve keys signed with RSA; data under Camellia-256 in CBC mode; SHA-384";
    RSA_WITH_CAMELLIA_128_GCM_SHA256 = 0xc07a, "TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256", "RFC 6367 §2", Rsa, Rsa, Camellia128Gcm, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under Camellia-128-GCM; SHA-256";
    RSA_WITH_CAMELLIA_256_GCM_SHA384 = 0xc07b, "TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384", "RFC 6367 §2", Rsa, Rsa, Camellia256Gcm, Sha384, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under Camellia-256-GCM; SHA-384";
    DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256 = 0xc07c, "TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", "RFC 6367 §2", Dhe, Rsa, Camellia128Gcm, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under Camellia-128-GCM; SHA-256";
    DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384 = 0xc07d, "TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384", "RFC 6367 §2", Dhe, Rsa, Camellia256Gcm, Sha384, "fresh Diffie-Hellman keys signed with RSA; data under Camellia-256-GCM; SHA-384";
    ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256 = 0xc086, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256", "RFC 6367 §2", Ecdhe, Ecdsa, Camellia128Gcm, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under Camellia-128-GCM; SHA-256";
    ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384 = 0xc087, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384", "RFC 6367 §2", Ecdhe, Ecdsa, Camellia256Gcm, Sha384, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under Camellia-256-GCM; SHA-384";
    ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256 = 0xc08a, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", "RFC 6367 §2", Ecdhe, Rsa, Camellia128Gcm, Sha256, "fresh elliptic-curve keys signed with RSA; data under Camellia-128-GCM; SHA-256";
    ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384 = 0xc08b, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384", "RFC 6367 §2", Ecdhe, Rsa, Camellia256Gcm, Sha384, "fresh elliptic-curve keys signed with RSA; data under Camellia-256-GCM; SHA-384";
    RSA_WITH_AES_128_CCM = 0xc09c, "TLS_RSA_WITH_AES_128_CCM", "RFC 6655 §3", Rsa, Rsa, Aes128Ccm, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-128-CCM; SHA-256";
    RSA_WITH_AES_256_CCM = 0xc09d, "TLS_RSA_WITH_AES_256_CCM", "RFC 6655 §3", Rsa, Rsa, Aes256Ccm, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-256-CCM; SHA-256";
    DHE_RSA_WITH_AES_128_CCM = 0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", "RFC 6655 §3", Dhe, Rsa, Aes128Ccm, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-128-CCM; SHA-256";
    DHE_RSA_WITH_AES_256_CCM = 0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", "RFC 6655 §3", Dhe, Rsa, Aes256Ccm, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-256-CCM; SHA-256";
    RSA_WITH_AES_128_CCM_8 = 0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", "RFC 6655 §3", Rsa, Rsa, Aes128Ccm8, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-128-CCM with short tags; SHA-256";
    RSA_WITH_AES_256_CCM_8 = 0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", "RFC 6655 §3", Rsa, Rsa, Aes256Ccm8, Sha256, "the client encrypts the secret to the server's RSA key (no forward secrecy); data under AES-256-CCM with short tags; SHA-256";
    DHE_RSA_WITH_AES_128_CCM_8 = 0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", "RFC 6655 §3", Dhe, Rsa, Aes128Ccm8, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-128-CCM with short tags; SHA-256";
    DHE_RSA_WITH_AES_256_CCM_8 = 0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", "RFC 6655 §3", Dhe, Rsa, Aes256Ccm8, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under AES-256-CCM with short tags; SHA-256";
    PSK_WITH_AES_128_CCM = 0xc0a4, "TLS_PSK_WITH_AES_128_CCM", "RFC 6655 §3", Psk, Psk, Aes128Ccm, Sha256, "a key shared beforehand (no forward secrecy); data under AES-128-CCM; SHA-256";
    PSK_WITH_AES_256_CCM = 0xc0a5, "TLS_PSK_WITH_AES_256_CCM", "RFC 6655 §3", Psk, Psk, Aes256Ccm, Sha256, "a key shared beforehand (no forward secrecy); data under AES-256-CCM; SHA-256";
    DHE_PSK_WITH_AES_128_CCM = 0xc0a6, "TLS_DHE_PSK_WITH_AES_128_CCM", "RFC 6655 §3", DhePsk, Psk, Aes128Ccm, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-128-CCM; SHA-256";
    DHE_PSK_WITH_AES_256_CCM = 0xc0a7, "TLS_DHE_PSK_WITH_AES_256_CCM", "RFC 6655 §3", DhePsk, Psk, Aes256Ccm, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-256-CCM; SHA-256";
    PSK_WITH_AES_128_CCM_8 = 0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8", "RFC 6655 §3", Psk, Psk, Aes128Ccm8, Sha256, "a key shared beforehand (no forward secrecy); data under AES-128-CCM with short tags; SHA-256";
    PSK_WITH_AES_256_CCM_8 = 0xc0a9, "TLS_PSK_WITH_AES_256_CCM_8", "RFC 6655 §3", Psk, Psk, Aes256Ccm8, Sha256, "a key shared beforehand (no forward secrecy); data under AES-256-CCM with short tags; SHA-256";
    PSK_DHE_WITH_AES_128_CCM_8 = 0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8", "RFC 6655 §3", DhePsk, Psk, Aes128Ccm8, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-128-CCM with short tags; SHA-256";
    PSK_DHE_WITH_AES_256_CCM_8 = 0xc0ab, "TLS_PSK_DHE_WITH_AES_256_CCM_8", "RFC 6655 §3", DhePsk, Psk, Aes256Ccm8, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under AES-256-CCM with short tags; SHA-256";
    ECDHE_ECDSA_WITH_AES_128_CCM = 0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "RFC 7251 §2", Ecdhe, Ecdsa, Aes128Ccm, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-128-CCM; SHA-256";
    ECDHE_ECDSA_WITH_AES_256_CCM = 0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "RFC 7251 §2", Ecdhe, Ecdsa, Aes256Ccm, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-256-CCM; SHA-256";
    ECDHE_ECDSA_WITH_AES_128_CCM_8 = 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "RFC 7251 §2", Ecdhe, Ecdsa, Aes128Ccm8, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-128-CCM with short tags; SHA-256";
    ECDHE_ECDSA_WITH_AES_256_CCM_8 = 0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "RFC 7251 §2", Ecdhe, Ecdsa, Aes256Ccm8, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under AES-256-CCM with short tags; SHA-256";
    SHA256_SHA256 = 0xc0b4, "TLS_SHA256_SHA256", "RFC 9150 §4", Tls13, Tls13, Null, Sha256, "TLS 1.3; data not encrypted; SHA-256";
    SHA384_SHA384 = 0xc0b5, "TLS_SHA384_SHA384", "RFC 9150 §4", Tls13, Tls13, Null, Sha384, "TLS 1.3; data not encrypted; SHA-384";
    ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", Ecdhe, Rsa, ChaCha20Poly1305, Sha256, "fresh elliptic-curve keys signed with RSA; data under ChaCha20-Poly1305; SHA-256";
    ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", Ecdhe, Ecdsa, ChaCha20Poly1305, Sha256, "fresh elliptic-curve keys signed with ECDSA or EdDSA; data under ChaCha20-Poly1305; SHA-256";
    DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", Dhe, Rsa, ChaCha20Poly1305, Sha256, "fresh Diffie-Hellman keys signed with RSA; data under ChaCha20-Poly1305; SHA-256";
    PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccab, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", Psk, Psk, ChaCha20Poly1305, Sha256, "a key shared beforehand (no forward secrecy); data under ChaCha20-Poly1305; SHA-256";
    ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", EcdhePsk, Psk, ChaCha20Poly1305, Sha256, "a key shared beforehand and fresh elliptic-curve keys; data under ChaCha20-Poly1305; SHA-256";
    DHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccad, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", DhePsk, Psk, ChaCha20Poly1305, Sha256, "a key shared beforehand and fresh Diffie-Hellman keys; data under ChaCha20-Poly1305; SHA-256";
    RSA_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xccae, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256", "RFC 7905 §2", RsaPsk, Psk, ChaCha20Poly1305, Sha256, "a key shared beforehand and a secret encrypted to the server's RSA key; data under ChaCha20-Poly1305; SHA-256";
    ECDHE_PSK_WITH_AES_128_GCM_SHA256 = 0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", "RFC 8442 §3", EcdhePsk, Psk, Aes128Gcm, Sha256, "a key shared beforehand and fresh elliptic-curve keys; data under AES-128-GCM; SHA-256";
    ECDHE_PSK_WITH_AES_256_GCM_SHA384 = 0xd002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384", "RFC 8442 §3", EcdhePsk, Psk, Aes256Gcm, Sha384, "a key shared beforehand and fresh elliptic-curve keys; data under AES-256-GCM; SHA-384";
    ECDHE_PSK_WITH_AES_128_CCM_8_SHA256 = 0xd003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", "RFC 8442 §3", EcdhePsk, Psk, Aes128Ccm8, Sha256, "a key shared beforehand and fresh elliptic-curve keys; data under AES-128-CCM with short tags; SHA-256";
    ECDHE_PSK_WITH_AES_128_CCM_SHA256 = 0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", "RFC 8442 §3", EcdhePsk, Psk, Aes128Ccm, Sha256, "a key shared beforehand and fresh elliptic-curve keys; data under AES-128-CCM; SHA-256";
}
