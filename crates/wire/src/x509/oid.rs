//! Object identifiers that appear in certificates, by name.

/// A named object identifier.
#[derive(Debug)]
pub struct Named {
    /// Its numbers: `2.5.4.3`.
    pub dotted: &'static str,
    /// Its name: `commonName`.
    pub name: &'static str,
    /// Where it is defined.
    pub rfc: &'static str,
    /// What it means, in one line of plain words.
    pub line: &'static str,
}

macro_rules! oids {
    ($($dotted:literal, $name:literal, $rfc:literal, $line:literal;)*) => {
        /// All named ones.
        pub static OIDS: &[Named] = &[$(Named { dotted: $dotted, name: $name, rfc: $rfc, line: $line }),*];
    };
}

oids! {
    "2.5.4.3", "commonName", "RFC 5280 §A.1", "a name for people; host names now stand in subjectAltName";
    "2.5.4.4", "surname", "RFC 5280 §A.1", "a family name";
    "2.5.4.5", "serialNumber", "RFC 5280 §A.1", "a number that tells like names apart, or a company's registration number";
    "2.5.4.6", "countryName", "RFC 5280 §A.1", "a country, two letters";
    "2.5.4.7", "localityName", "RFC 5280 §A.1", "a town";
    "2.5.4.8", "stateOrProvinceName", "RFC 5280 §A.1", "a state or province";
    "2.5.4.9", "streetAddress", "RFC 4519 §2.34", "a street";
    "2.5.4.10", "organizationName", "RFC 5280 §A.1", "an organisation";
    "2.5.4.11", "organizationalUnitName", "RFC 5280 §A.1", "a part of an organisation";
    "2.5.4.12", "title", "RFC 5280 §A.1", "a person's position";
    "2.5.4.15", "businessCategory", "RFC 4519 §2.1", "the kind of organisation";
    "2.5.4.17", "postalCode", "RFC 4519 §2.23", "a postal code";
    "2.5.4.42", "givenName", "RFC 5280 §A.1", "a first name";
    "2.5.4.97", "organizationIdentifier", "ETSI EN 319 412-1 §5.1.4", "a number of an organisation in some register";
    "0.9.2342.19200300.100.1.1", "userId", "RFC 4519 §2.39", "a login name";
    "0.9.2342.19200300.100.1.25", "domainComponent", "RFC 4519 §2.4", "one label of a DNS name";
    "1.2.840.113549.1.9.1", "emailAddress", "RFC 5280 §A.1", "a mail address";
    "1.3.6.1.4.1.311.60.2.1.1", "jurisdictionLocalityName", "CA/B EV Guidelines §9.2.4", "the town where an organisation is registered";
    "1.3.6.1.4.1.311.60.2.1.2", "jurisdictionStateOrProvinceName", "CA/B EV Guidelines §9.2.4", "the state where an organisation is registered";
    "1.3.6.1.4.1.311.60.2.1.3", "jurisdictionCountryName", "CA/B EV Guidelines §9.2.4", "the country where an organisation is registered";
    "1.2.840.113549.1.1.1", "rsaEncryption", "RFC 3279 §2.3.1", "an RSA key";
    "1.2.840.113549.1.1.4", "md5WithRSAEncryption", "RFC 3279 §2.2.1", "RSA over an MD5 hash: broken";
    "1.2.840.113549.1.1.5", "sha1WithRSAEncryption", "RFC 3279 §2.2.1", "RSA over a SHA-1 hash: weak";
    "1.2.840.113549.1.1.7", "id-RSAES-OAEP", "RFC 4055 §4.1", "an RSA key for encryption with modern padding";
    "1.2.840.113549.1.1.8", "id-mgf1", "RFC 4055 §2.2", "the mask generation function of RSA's modern padding";
    "1.2.840.113549.1.1.10", "id-RSASSA-PSS", "RFC 4055 §3.1", "RSA with modern (PSS) padding";
    "1.2.840.113549.1.1.11", "sha256WithRSAEncryption", "RFC 4055 §5", "RSA over a SHA-256 hash";
    "1.2.840.113549.1.1.12", "sha384WithRSAEncryption", "RFC 4055 §5", "RSA over a SHA-384 hash";
    "1.2.840.113549.1.1.13", "sha512WithRSAEncryption", "RFC 4055 §5", "RSA over a SHA-512 hash";
    "1.2.840.10045.2.1", "id-ecPublicKey", "RFC 5480 §2.1.1", "a key on an elliptic curve";
    "1.2.840.10045.3.1.7", "secp256r1", "RFC 5480 §2.1.1.1", "NIST's curve P-256";
    "1.3.132.0.34", "secp384r1", "RFC 5480 §2.1.1.1", "NIST's curve P-384";
    "1.3.132.0.35", "secp521r1", "RFC 5480 §2.1.1.1", "NIST's curve P-521";
    "1.3.132.0.10", "secp256k1", "SEC 2 §2.4.1", "a curve known from Bitcoin";
    "1.2.840.10045.4.1", "ecdsa-with-SHA1", "RFC 3279 §2.2.3", "ECDSA over a SHA-1 hash: weak";
    "1.2.840.10045.4.3.1", "ecdsa-with-SHA224", "RFC 5758 §3.2", "ECDSA over a SHA-224 hash";
    "1.2.840.10045.4.3.2", "ecdsa-with-SHA256", "RFC 5758 §3.2", "ECDSA over a SHA-256 hash";
    "1.2.840.10045.4.3.3", "ecdsa-with-SHA384", "RFC 5758 §3.2", "ECDSA over a SHA-384 hash";
    "1.2.840.10045.4.3.4", "ecdsa-with-SHA512", "RFC 5758 §3.2", "ECDSA over a SHA-512 hash";
    "1.2.840.10040.4.1", "id-dsa", "RFC 3279 §2.3.2", "a DSA key";
    "1.2.840.10040.4.3", "id-dsa-with-sha1", "RFC 3279 §2.2.2", "DSA over a SHA-1 hash: weak";
    "2.16.840.1.101.3.4.3.2", "id-dsa-with-sha256", "RFC 5758 §3.1", "DSA over a SHA-256 hash";
    "1.3.101.110", "id-X25519", "RFC 8410 §3", "a key on Curve25519 for key exchange";
    "1.3.101.111", "id-X448", "RFC 8410 §3", "a key on Curve448 for key exchange";
    "1.3.101.112", "id-Ed25519", "RFC 8410 §3", "a signature on Curve25519";
    "1.3.101.113", "id-Ed448", "RFC 8410 §3", "a signature on Curve448";
    "2.16.840.1.101.3.4.3.17", "id-ml-dsa-44", "RFC 9881 §2", "ML-DSA-44, safe against quantum computers";
    "2.16.840.1.101.3.4.3.18", "id-ml-dsa-65", "RFC 9881 §2", "ML-DSA-65, safe against quantum computers";
    "2.16.840.1.101.3.4.3.19", "id-ml-dsa-87", "RFC 9881 §2", "ML-DSA-87, safe against quantum computers";
    "1.3.14.3.2.26", "id-sha1", "RFC 3279 §2.2.1", "the hash SHA-1";
    "2.16.840.1.101.3.4.2.1", "id-sha256", "RFC 4055 §2.1", "the hash SHA-256";
    "2.16.840.1.101.3.4.2.2", "id-sha384", "RFC 4055 §2.1", "the hash SHA-384";
    "2.16.840.1.101.3.4.2.3", "id-sha512", "RFC 4055 §2.1", "the hash SHA-512";
    "2.5.29.9", "subjectDirectoryAttributes", "RFC 5280 §4.2.1.8", "further attributes of the subject";
    "2.5.29.14", "subjectKeyIdentifier", "RFC 5280 §4.2.1.2", "a short name for the certificate's key";
    "2.5.29.15", "keyUsage", "RFC 5280 §4.2.1.3", "what the key may be used for";
    "2.5.29.17", "subjectAltName", "RFC 5280 §4.2.1.6", "the host names and addresses that the certificate is for";
    "2.5.29.18", "issuerAltName", "RFC 5280 §4.2.1.7", "other names of the issuer";
    "2.5.29.19", "basicConstraints", "RFC 5280 §4.2.1.9", "whether the subject may issue certificates";
    "2.5.29.20", "cRLNumber", "RFC 5280 §5.2.3", "the number of a revocation list";
    "2.5.29.30", "nameConstraints", "RFC 5280 §4.2.1.10", "the names for which the subject may issue certificates";
    "2.5.29.31", "cRLDistributionPoints", "RFC 5280 §4.2.1.13", "where lists of revoked certificates can be fetched";
    "2.5.29.32", "certificatePolicies", "RFC 5280 §4.2.1.4", "the rules by which the certificate was issued";
    "2.5.29.32.0", "anyPolicy", "RFC 5280 §4.2.1.4", "any rules";
    "2.5.29.33", "policyMappings", "RFC 5280 §4.2.1.5", "rules of two issuers that count as equal";
    "2.5.29.35", "authorityKeyIdentifier", "RFC 5280 §4.2.1.1", "a short name for the key that signed the certificate";
    "2.5.29.36", "policyConstraints", "RFC 5280 §4.2.1.11", "limits on rules further down the chain";
    "2.5.29.37", "extKeyUsage", "RFC 5280 §4.2.1.12", "the purposes that the key is for";
    "2.5.29.37.0", "anyExtendedKeyUsage", "RFC 5280 §4.2.1.12", "any purpose";
    "2.5.29.54", "inhibitAnyPolicy", "RFC 5280 §4.2.1.14", "from where on anyPolicy does not count";
    "1.3.6.1.5.5.7.1.1", "authorityInfoAccess", "RFC 5280 §4.2.2.1", "where the issuer's certificate and revocation service are";
    "1.3.6.1.5.5.7.1.3", "qcStatements", "RFC 3739 §3.2.6", "statements about a qualified certificate";
    "1.3.6.1.5.5.7.1.11", "subjectInfoAccess", "RFC 5280 §4.2.2.2", "where the subject's services are";
    "1.3.6.1.5.5.7.1.24", "tlsFeature", "RFC 7633 §4", "TLS extensions that the server must send, such as stapled OCSP";
    "1.3.6.1.5.5.7.2.1", "id-qt-cps", "RFC 5280 §4.2.1.4", "the address of the issuer's rules";
    "1.3.6.1.5.5.7.2.2", "id-qt-unotice", "RFC 5280 §4.2.1.4", "a notice for users";
    "1.3.6.1.5.5.7.3.1", "serverAuth", "RFC 5280 §4.2.1.12", "a TLS server proves itself";
    "1.3.6.1.5.5.7.3.2", "clientAuth", "RFC 5280 §4.2.1.12", "a TLS client proves itself";
    "1.3.6.1.5.5.7.3.3", "codeSigning", "RFC 5280 §4.2.1.12", "signing programs";
    "1.3.6.1.5.5.7.3.4", "emailProtection", "RFC 5280 §4.2.1.12", "signing and encrypting mail";
    "1.3.6.1.5.5.7.3.8", "timeStamping", "RFC 5280 §4.2.1.12", "signing times";
    "1.3.6.1.5.5.7.3.9", "OCSPSigning", "RFC 5280 §4.2.1.12", "signing statements about revocation";
    "1.3.6.1.5.5.7.48.1", "ocsp", "RFC 5280 §4.2.2.1", "where to ask whether the certificate is revoked";
    "1.3.6.1.5.5.7.48.1.1", "id-pkix-ocsp-basic", "RFC 6960 §4.2.1", "the usual form of an OCSP response";
    "1.3.6.1.5.5.7.48.1.2", "id-pkix-ocsp-nonce", "RFC 6960 §4.4.1", "a random value that ties answer and question";
    "1.3.6.1.5.5.7.48.2", "caIssuers", "RFC 5280 §4.2.2.1", "where the issuer's own certificate is";
    "1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestampList", "RFC 6962 §3.3", "promises of public logs to list the certificate";
    "1.3.6.1.4.1.11129.2.4.3", "ctPoison", "RFC 6962 §3.1", "marks a certificate that is for logs only";
    "1.3.6.1.4.1.11129.2.4.5", "ocspSignedCertificateTimestampList", "RFC 6962 §3.3", "promises of public logs, in an OCSP response";
    "2.23.140.1.1", "extended-validated", "CA/B EV Guidelines §9.3.2", "the organisation was checked thoroughly";
    "2.23.140.1.2.1", "domain-validated", "CA/B Baseline Requirements §7.1.6.1", "only control of the domain was checked";
    "2.23.140.1.2.2", "organization-validated", "CA/B Baseline Requirements §7.1.6.1", "the organisation was checked";
    "2.23.140.1.2.3", "individual-validated", "CA/B Baseline Requirements §7.1.6.1", "the person was checked";
}

/// The numbers of an encoded object identifier (X.690 §8.19): `2.5.4.3`. What does not fit 64 bits becomes `?`.
pub fn dotted(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut value: Option<u64> = Some(0);
    for byte in bytes {
        value = value.filter(|value| *value < 1 << 57).map(|value| value << 7 | u64::from(byte & 0x7f));
        if byte & 0x80 != 0 {
            continue;
        }
        match value {
            // The first two numbers share a component: 40 times the first plus the second.
            Some(value) if out.is_empty() => {
                let first = (value / 40).min(2);
                out = format!("{first}.{}", value - first * 40);
            }
            Some(value) => out.push_str(&format!(".{value}")),
            None => out.push_str(".?"),
        }
        value = Some(0);
    }
    out
}

/// The named identifier with these encoded bytes.
pub fn lookup(bytes: &[u8]) -> Option<&'static Named> {
    let dotted = dotted(bytes);
    OIDS.iter().find(|named| named.dotted == dotted)
}

/// `commonName`, or the numbers.
pub fn name(bytes: &[u8]) -> String {
    lookup(bytes).map_or_else(|| dotted(bytes), |named| named.name.to_owned())
}

/// `commonName (2.5.4.3)`, or the numbers alone.
pub fn describe(bytes: &[u8]) -> String {
    match lookup(bytes) {
        Some(named) => format!("{} ({})", named.name, named.dotted),
        None => dotted(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        assert_eq!(describe(&[0x55, 4, 3]), "commonName (2.5.4.3)");
        assert_eq!(
            describe(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]),
            "sha256WithRSAEncryption (1.2.840.113549.1.1.11)"
        );
        assert_eq!(dotted(&[0x88, 0x37, 1]), "2.999.1", "X.690 §8.19.5's example has a first number of 2.999");
        assert_eq!(dotted(&[0xff; 20]), "", "no last byte");
        assert_eq!(dotted(&[0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), "1.2.?");
    }

    #[test]
    fn no_identifier_has_two_names() {
        let all: std::collections::BTreeSet<_> = OIDS.iter().map(|named| named.dotted).collect();
        assert_eq!(all.len(), OIDS.len());
    }
}
