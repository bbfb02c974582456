//! The simulated certificate authority: a root, which clients trust, an intermediate, which servers send, and a leaf
//! for any name that is asked (RFC 5280). And certificates that are wrong on purpose.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use base::{Duration, Rng, Seed, WallTime};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::certificate::{self, Extensions, Name, Profile, Template};
use crate::{KeyKind, PrivateKey};

const DAY: Duration = Duration::from_secs(86_400);

/// What to put into a server's certificate.
#[derive(Clone, Debug)]
pub struct Request {
    /// Host names in their ASCII form, or IP addresses; at least one. A first label `*` matches one label.
    pub names: Vec<String>,
    /// The kind of the server's key.
    pub key: KeyKind,
    /// When the certificate is to be looked at: it is valid from 30 days before to 60 days after.
    pub now: WallTime,
    /// What is wrong with it, if something is.
    pub defect: Option<Defect>,
}

impl Request {
    /// A good certificate for `name`, valid when a simulation begins.
    pub fn new(name: &str) -> Request {
        Request { names: vec![name.to_owned()], key: KeyKind::default(), now: WallTime::SIMULATION_EPOCH, defect: None }
    }
}

/// What can be wrong with a certificate. Each makes a client that checks give up, in a way of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Defect {
    /// It ran out 30 days ago.
    Expired,
    /// It begins tomorrow.
    NotYetValid,
    /// It is for another host.
    WrongName,
    /// It comes from a root that the client does not have.
    UntrustedRoot,
    /// The server signed it itself.
    SelfSigned,
    /// The server sends its own certificate without the intermediate that joins it to the root.
    MissingIntermediate,
}

/// Why a name cannot be put into a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameError {
    /// The name.
    pub name: String,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(f, "no certificate for `{name}`: it is neither an IP address nor a host name in its ASCII form ")?;
        f.write_str("(labels of 1 to 63 letters, digits, `-` or `_`, 253 characters in all; xn-- labels for others)")
    }
}

impl std::error::Error for NameError {}

/// A root, its intermediate, and the intermediate's key.
#[derive(Debug)]
pub struct Authority {
    root: CertificateDer<'static>,
    roots: Arc<RootCertStore>,
    intermediate: CertificateDer<'static>,
    issuer: Issuer,
}

/// A certificate's subject and key, as far as the certificates that it signs need them.
#[derive(Debug)]
struct Issuer {
    common_name: &'static str,
    key: PrivateKey,
    key_id: Vec<u8>,
}

impl Authority {
    /// The authority of every simulated world. It is the same in all of them, so its root can be given to other
    /// programs, once; whoever does so should know that its keys are no secret.
    pub fn simulated() -> &'static Authority {
        static AUTHORITY: OnceLock<Authority> = OnceLock::new();
        AUTHORITY.get_or_init(|| Authority::found("Wirescope Simulated Root", "Wirescope Simulated CA 1"))
    }

    /// An authority that no client trusts.
    fn untrusted() -> &'static Authority {
        static AUTHORITY: OnceLock<Authority> = OnceLock::new();
        AUTHORITY.get_or_init(|| Authority::found("Wirescope Unknown Root", "Wirescope Unknown CA 1"))
    }

    /// Draws both keys from streams that the names give, and signs both certificates.
    fn found(root_name: &'static str, intermediate_name: &'static str) -> Authority {
        let day = |n: i64| WallTime::from_unix_nanos(0) + DAY * n;
        let issuer = |common_name: &'static str| {
            let key = PrivateKey::generate(KeyKind::EcdsaP256, &mut Seed(0).stream(common_name));
            Issuer { common_name, key_id: certificate::key_id(&key), key }
        };
        let (root, intermediate) = (issuer(root_name), issuer(intermediate_name));
        let serial = |name| {
            let mut serial = [0; 16];
            Seed(1).stream(name).fill(&mut serial);
            serial
        };
        let template = |subject: &Issuer, from: i64, to: i64, profile: Profile| Template {
            serial: serial(subject.common_name),
            issuer: Name::Authority(root.common_name),
            subject: Name::Authority(subject.common_name),
            not_before: day(from),
            not_after: day(to),
            extensions: Extensions {
                profile,
                subject_key_id: subject.key_id.clone(),
                authority_key_id: (subject.common_name != root.common_name).then(|| root.key_id.clone()),
            },
        };
        // From 2020-01-01 to 2045-01-01, and from 2024-01-01 to 2034-01-01.
        let root_der = template(&root, 18_262, 27_394, Profile::Root).signed(&root.key, &root.key);
        let intermediate_der =
            template(&intermediate, 19_723, 23_376, Profile::Intermediate).signed(&intermediate.key, &root.key);
        let mut roots = RootCertStore::empty();
        roots.add(root_der.clone()).expect("the root that was just made is well formed");
        Authority { root: root_der, roots: Arc::new(roots), intermediate: intermediate_der, issuer: intermediate }
    }

    /// The root's certificate.
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The root's certificate in PEM (RFC 7468), for programs that read it from a file.
    pub fn root_pem(&self) -> String {
        certificate::pem(&self.root)
    }

    /// What a client that trusts this authority has in its store.
    pub fn roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }

    /// A new key from `rng`, and the certificate chain that `request` describes.
    ///
    /// # Errors
    /// [`NameError`] for the first name that cannot stand in a certificate, and when there is none.
    pub fn issue(&self, rng: &mut Rng, request: &Request) -> Result<Arc<CertifiedKey>, NameError> {
        let mut names = request.names.iter().map(|name| subject_name(name)).collect::<Result<Vec<_>, _>>()?;
        if request.defect == Some(Defect::WrongName) {
            names = vec![subject_name("www.somewhere-else.example")?];
        }
        let first = names.first().ok_or_else(|| NameError { name: String::new() })?;
        // X.520 limits a common name to 64 characters; without one, the names stand in the extension alone.
        let host = first.to_string();
        let subject = if host.len() <= 64 { Name::Host(host) } else { Name::Empty };

        let key = PrivateKey::generate(request.key, rng);
        let mut serial = [0; 16];
        rng.fill(&mut serial);
        let now = request.now;
        let (not_before, not_after) = match request.defect {
            Some(Defect::Expired) => (now + DAY * -120, now + DAY * -30),
            Some(Defect::NotYetValid) => (now + DAY, now + DAY * 91),
            _ => (now + DAY * -30, now + DAY * 60),
        };
        let own_id = certificate::key_id(&key);
        let authority = if request.defect == Some(Defect::UntrustedRoot) { Authority::untrusted() } else { self };
        let authority_name = Name::Authority(authority.issuer.common_name);
        let (subject, issuer, issuer_key, issuer_id) = if request.defect == Some(Defect::SelfSigned) {
            // An issuer's name may not be empty (RFC 5280 §4.1.2.4).
            let own = if subject == Name::Empty { Name::Authority("Self-Signed Server") } else { subject };
            (own.clone(), own, &key, own_id.clone())
        } else {
            (subject, authority_name, &authority.issuer.key, authority.issuer.key_id.clone())
        };
        let extensions =
            Extensions { profile: Profile::Server(names), subject_key_id: own_id, authority_key_id: Some(issuer_id) };
        let template = Template { serial, issuer, subject, not_before, not_after, extensions };
        let mut chain = vec![template.signed(&key, issuer_key)];
        if !matches!(request.defect, Some(Defect::SelfSigned | Defect::MissingIntermediate)) {
            chain.push(authority.intermediate.clone());
        }
        Ok(Arc::new(CertifiedKey::new(chain, Arc::new(key))))
    }
}

/// A name of a server, as a certificate states it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SubjectName {
    /// Lower case, without a final dot.
    Dns(String),
    Ip(IpAddr),
}

impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubjectName::Dns(name) => f.write_str(name),
            SubjectName::Ip(address) => address.fmt(f),
        }
    }
}

fn subject_name(name: &str) -> Result<SubjectName, NameError> {
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    if let Ok(address) = literal.parse() {
        return Ok(SubjectName::Ip(address));
    }
    // RFC 5280 §4.2.1.6: the preferred name syntax of RFC 1034, so no final dot.
    let plain = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let host = plain.strip_prefix("*.").unwrap_or(&plain);
    match ServerName::try_from(host) {
        Ok(ServerName::DnsName(_)) if !host.ends_with('.') => Ok(SubjectName::Dns(plain)),
        _ => Err(NameError { name: name.to_owned() }),
    }
}

/// The certificates of one server, chosen by the name that the client asks for (SNI, RFC 6066 §3).
#[derive(Debug)]
pub struct Certificates {
    default: Arc<CertifiedKey>,
    by_name: BTreeMap<String, Arc<CertifiedKey>>,
}

impl Certificates {
    /// One certificate, whatever the client asks for.
    pub fn new(only: Arc<CertifiedKey>) -> Arc<Certificates> {
        Certificates::by_name(only, [])
    }

    /// A certificate for each name (in lower case), and one for clients that ask for another or for none.
    pub fn by_name(
        default: Arc<CertifiedKey>,
        others: impl IntoIterator<Item = (String, Arc<CertifiedKey>)>,
    ) -> Arc<Certificates> {
        Arc::new(Certificates { default, by_name: others.into_iter().collect() })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().and_then(|name| self.by_name.get(&name.to_ascii_lowercase()));
        Some(asked.unwrap_or(&self.default).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_certificates_want_them() {
        let dns = |name: &str| Ok(SubjectName::Dns(name.to_owned()));
        assert_eq!(subject_name("WWW.Example.com."), dns("www.example.com"));
        assert_eq!(subject_name("*.example.com"), dns("*.example.com"));
        assert_eq!(subject_name("xn--bcher-kva.example"), dns("xn--bcher-kva.example"));
        assert_eq!(subject_name("10.0.2.10"), Ok(SubjectName::Ip([10, 0, 2, 10].into())));
        assert_eq!(subject_name("[2001:db8::1]"), Ok(SubjectName::Ip("2001:db8::1".parse().unwrap())));
        for bad in ["", ".", "a..b", "bücher.example", "a b", &"a".repeat(64), "*.", "example.com..", "*.*.example"] {
            assert!(subject_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_certificate() {
        let issue = |seed: u64| {
            let mut rng = Seed(seed).stream("tls/certificate");
            Authority::simulated().issue(&mut rng, &Request::new("www.example.com")).unwrap().cert.clone()
        };
        assert_eq!(issue(1), issue(1));
        assert_ne!(issue(1)[0], issue(2)[0]);
        assert_eq!(issue(1)[1], issue(2)[1], "the intermediate is every world's");
    }

    #[test]
    fn a_request_without_names_is_refused() {
        let request = Request { names: vec![], ..Request::new("") };
        assert!(Authority::simulated().issue(&mut Seed(1).stream("x"), &request).is_err());
    }
}
