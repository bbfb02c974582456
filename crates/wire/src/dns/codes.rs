//! The registries of DNS: operations, response codes, types, classes, EDNS options.

use crate::open_enum;

open_enum! {
    /// What kind of request a message is (RFC 1035 §4.1.1).
    pub struct Opcode(u8) {
        QUERY = 0, "QUERY", "RFC 1035 §4.1.1", "an ordinary question";
        IQUERY = 1, "IQUERY", "RFC 3425 §3", "an inverse question; no longer used";
        STATUS = 2, "STATUS", "RFC 1035 §4.1.1", "asks a server how it is; never put to use";
        NOTIFY = 4, "NOTIFY", "RFC 1996 §3.7", "a primary server tells its secondaries that the zone has changed";
        UPDATE = 5, "UPDATE", "RFC 2136 §1.3", "changes records of a zone";
        DSO = 6, "DSO", "RFC 8490 §5.1", "manages a long-lived session";
    }
}

open_enum! {
    /// How a request went. The header holds the lower four bits, EDNS the upper eight (RFC 6891 §6.1.3).
    pub struct Rcode(u16) {
        NOERROR = 0, "NOERROR", "RFC 1035 §4.1.1", "no error; the answer may still be empty";
        FORMERR = 1, "FORMERR", "RFC 1035 §4.1.1", "the server could not make sense of the message";
        SERVFAIL = 2, "SERVFAIL", "RFC 1035 §4.1.1", "the server could not find out";
        NXDOMAIN = 3, "NXDOMAIN", "RFC 1035 §4.1.1", "the name does not exist, with any type of record";
        NOTIMP = 4, "NOTIMP", "RFC 1035 §4.1.1", "the server does not know this kind of request";
        REFUSED = 5, "REFUSED", "RFC 1035 §4.1.1", "the server will not do this for this client";
        YXDOMAIN = 6, "YXDOMAIN", "RFC 2136 §2.2", "a name exists that should not";
        YXRRSET = 7, "YXRRSET", "RFC 2136 §2.2", "a record set exists that should not";
        NXRRSET = 8, "NXRRSET", "RFC 2136 §2.2", "a record set that should exist does not";
        NOTAUTH = 9, "NOTAUTH", "RFC 2136 §2.2", "the server is not in charge of the zone";
        NOTZONE = 10, "NOTZONE", "RFC 2136 §2.2", "a name lies outside the zone";
        BADVERS = 16, "BADVERS", "RFC 6891 §9", "the server does not know this version of EDNS";
        BADCOOKIE = 23, "BADCOOKIE", "RFC 7873 §8", "the cookie is missing or wrong";
    }
}

open_enum! {
    /// What a record tells, or a question asks for.
    pub struct Type(u16) {
        A = 1, "A", "RFC 1035 §3.4.1", "the IPv4 address of a host";
        NS = 2, "NS", "RFC 1035 §3.3.11", "a name server that is in charge of the zone";
        CNAME = 5, "CNAME", "RFC 1035 §3.3.1", "this name is an alias; look there instead";
        SOA = 6, "SOA", "RFC 1035 §3.3.13", "start of a zone: who runs it, its serial number and timers";
        PTR = 12, "PTR", "RFC 1035 §3.3.12", "points at another name; used to find the name of an address";
        HINFO = 13, "HINFO", "RFC 1035 §3.3.2", "kind of machine and operating system";
        MX = 15, "MX", "RFC 1035 §3.3.9", "a host that takes mail for this name";
        TXT = 16, "TXT", "RFC 1035 §3.3.14", "text whose meaning depends on the name";
        AAAA = 28, "AAAA", "RFC 3596 §2.1", "the IPv6 address of a host";
        LOC = 29, "LOC", "RFC 1876 §2", "a place on earth";
        SRV = 33, "SRV", "RFC 2782", "host and port of a service";
        NAPTR = 35, "NAPTR", "RFC 3403 §4.1", "a rule that rewrites a name";
        DNAME = 39, "DNAME", "RFC 6672 §2.1", "everything below this name is an alias of the same below that one";
        OPT = 41, "OPT", "RFC 6891 §6.1.1", "not a record: carries the extensions of this message (EDNS)";
        DS = 43, "DS", "RFC 4034 §5", "a digest of the child zone's key: the link of the chain of trust";
        SSHFP = 44, "SSHFP", "RFC 4255 §3.1", "the fingerprint of an SSH host key";
        RRSIG = 46, "RRSIG", "RFC 4034 §3", "a signature over a set of records";
        NSEC = 47, "NSEC", "RFC 4034 §4", "proves that no name stands between this one and the next";
        DNSKEY = 48, "DNSKEY", "RFC 4034 §2", "a public key of the zone";
        NSEC3 = 50, "NSEC3", "RFC 5155 §3", "as NSEC, but over hashes of names";
        NSEC3PARAM = 51, "NSEC3PARAM", "RFC 5155 §4", "how the zone hashes its names";
        TLSA = 52, "TLSA", "RFC 6698 §2.1", "which certificate a TLS server must show (DANE)";
        CDS = 59, "CDS", "RFC 7344 §3.1", "the DS record that the child wants";
        CDNSKEY = 60, "CDNSKEY", "RFC 7344 §3.2", "the key that the child wants to be trusted";
        SVCB = 64, "SVCB", "RFC 9460 §2", "where and how to reach a service";
        HTTPS = 65, "HTTPS", "RFC 9460 §9", "where and how to reach a web server: protocols, port, addresses, keys";
        TSIG = 250, "TSIG", "RFC 8945 §4.2", "a keyed hash over this message";
        IXFR = 251, "IXFR", "RFC 1995 §3", "asks for what changed in a zone";
        AXFR = 252, "AXFR", "RFC 5936 §1", "asks for a whole zone";
        ANY = 255, "ANY", "RFC 8482 §1", "asks for whatever the server has";
        CAA = 257, "CAA", "RFC 8659 §4", "which authorities may issue certificates for this name";
    }
}

open_enum! {
    /// Which name space a record belongs to.
    pub struct Class(u16) {
        IN = 1, "IN", "RFC 1035 §3.2.4", "the Internet";
        CH = 3, "CH", "RFC 1035 §3.2.4", "Chaosnet; servers tell their version there";
        HS = 4, "HS", "RFC 1035 §3.2.4", "Hesiod";
        NONE = 254, "NONE", "RFC 2136 §1.3", "in an update: delete, or must not exist";
        ANY = 255, "ANY", "RFC 1035 §3.2.5", "any class";
    }
}

open_enum! {
    /// EDNS options (RFC 6891 §6.1.2).
    pub struct OptionCode(u16) {
        NSID = 3, "NSID", "RFC 5001 §2.3", "which of several servers behind one address this is";
        CLIENT_SUBNET = 8, "Client subnet", "RFC 7871 §6", "a part of the address of the client on whose behalf the resolver asks";
        EXPIRE = 9, "Expire", "RFC 7314 §2", "when a secondary's copy of the zone runs out";
        COOKIE = 10, "Cookie", "RFC 7873 §4", "lets each side recognise the other, so that blind forgery fails";
        KEEPALIVE = 11, "TCP keepalive", "RFC 7828 §3.1", "how long an idle TCP connection stays open";
        PADDING = 12, "Padding", "RFC 7830 §3", "hides the length of an encrypted message";
        CHAIN = 13, "Chain", "RFC 7901 §4", "asks for the whole chain of trust";
        EXTENDED_ERROR = 15, "Extended error", "RFC 8914 §2", "why the request failed, more precisely";
    }
}

open_enum! {
    /// Codes of an extended error (RFC 8914 §4).
    pub struct ErrorInfo(u16) {
        OTHER = 0, "Other", "RFC 8914 §4.1", "none of the others; see the text";
        UNSUPPORTED_KEY = 1, "Unsupported DNSKEY algorithm", "RFC 8914 §4.2", "the resolver cannot check signatures of this kind";
        STALE = 3, "Stale answer", "RFC 8914 §4.4", "from a cache, older than its time to live, since nothing newer could be had";
        FORGED = 4, "Forged answer", "RFC 8914 §4.5", "the resolver's owner put this answer in the place of the real one";
        BOGUS = 6, "DNSSEC bogus", "RFC 8914 §4.7", "the signatures do not check out";
        SIGNATURE_EXPIRED = 7, "Signature expired", "RFC 8914 §4.8", "the signatures are too old";
        NOT_READY = 14, "Not ready", "RFC 8914 §4.15", "the server is still starting";
        BLOCKED = 15, "Blocked", "RFC 8914 §4.16", "the server's owner blocks the name";
        CENSORED = 16, "Censored", "RFC 8914 §4.17", "somebody else demanded that the name be blocked";
        FILTERED = 17, "Filtered", "RFC 8914 §4.18", "the client asked for such names to be blocked";
        PROHIBITED = 18, "Prohibited", "RFC 8914 §4.19", "the client may not use this server";
        NO_REACHABLE_AUTHORITY = 22, "No reachable authority", "RFC 8914 §4.23", "none of the zone's servers answers";
        NETWORK_ERROR = 23, "Network error", "RFC 8914 §4.24", "the resolver met an error on the way to the zone's servers";
    }
}

open_enum! {
    /// Keys of the parameters of SVCB and HTTPS records (RFC 9460 §14.3).
    pub struct SvcParamKey(u16) {
        MANDATORY = 0, "mandatory", "RFC 9460 §8", "parameters that a client must understand to use this record";
        ALPN = 1, "alpn", "RFC 9460 §7.1", "protocols that the server speaks: h2, h3, ...";
        NO_DEFAULT_ALPN = 2, "no-default-alpn", "RFC 9460 §7.1", "the protocol that is usual for the scheme does not work";
        PORT = 3, "port", "RFC 9460 §7.2", "the port to connect to";
        IPV4_HINT = 4, "ipv4hint", "RFC 9460 §7.3", "IPv4 addresses to try before the A records arrive";
        ECH = 5, "ech", "RFC 9848 §3", "keys that encrypt the ClientHello";
        IPV6_HINT = 6, "ipv6hint", "RFC 9460 §7.3", "IPv6 addresses to try before the AAAA records arrive";
        DOHPATH = 7, "dohpath", "RFC 9461 §5", "the path where the server takes DNS over HTTPS";
    }
}

open_enum! {
    /// Algorithms of DNSSEC keys and signatures (RFC 8624 §3.1).
    pub struct Algorithm(u8) {
        RSASHA1 = 5, "RSASHA1", "RFC 3110 §2", "RSA with SHA-1; no longer safe";
        RSASHA1_NSEC3 = 7, "RSASHA1-NSEC3-SHA1", "RFC 5155 §2", "RSA with SHA-1 in a zone that uses NSEC3";
        RSASHA256 = 8, "RSASHA256", "RFC 5702 §2.1", "RSA with SHA-256";
        RSASHA512 = 10, "RSASHA512", "RFC 5702 §2.2", "RSA with SHA-512";
        ECDSAP256SHA256 = 13, "ECDSAP256SHA256", "RFC 6605 §4", "ECDSA on the curve P-256";
        ECDSAP384SHA384 = 14, "ECDSAP384SHA384", "RFC 6605 §4", "ECDSA on the curve P-384";
        ED25519 = 15, "ED25519", "RFC 8080 §3", "EdDSA on Curve25519";
        ED448 = 16, "ED448", "RFC 8080 §3", "EdDSA on Curve448";
    }
}

open_enum! {
    /// Digests of DS records.
    pub struct DigestType(u8) {
        SHA1 = 1, "SHA-1", "RFC 4034 §A.2", "no longer safe";
        SHA256 = 2, "SHA-256", "RFC 4509 §2.1", "32 bytes";
        SHA384 = 4, "SHA-384", "RFC 6605 §2", "48 bytes";
    }
}
