//! OpenSSL's opinion of the simulated authority's certificates, under its strictest rules.

use std::process::Command;

use base::{Seed, WallTime};
use rustls::pki_types::CertificateDer;
use tls::{Authority, Defect, KeyKind, Request, pem};

/// Whether OpenSSL is there; if not, says so, and fails where it must be.
fn installed() -> bool {
    oracle::program("openssl")
}

/// What `openssl verify` prints about a chain for a host or an address.
fn verify(test: &str, chain: &[CertificateDer<'_>], name: &str) -> Result<(), String> {
    let file = |what: &str, text: String| {
        let path = std::env::temp_dir().join(format!("wirescope-{}-{test}-{what}.pem", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    };
    let root = file("root", Authority::simulated().root_pem());
    let leaf = file("leaf", pem(&chain[0]));
    let others = file("others", chain[1..].iter().map(pem).collect());
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-purpose", "sslserver", "-attime"]);
    command.arg(WallTime::SIMULATION_EPOCH.as_unix_secs().to_string()).arg("-CAfile").arg(&root);
    if chain.len() > 1 {
        command.arg("-untrusted").arg(&others);
    }
    let what = if name.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    let output = command.args([what, name]).arg(&leaf).output().unwrap();
    for path in [root, leaf, others] {
        let _ = std::fs::remove_file(path);
    }
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}

fn chain(request: &Request) -> Vec<CertificateDer<'static>> {
    Authority::simulated().issue(&mut Seed(1).stream("tls/certificate"), request).unwrap().cert.clone()
}

#[test]
fn good_chains_verify() {
    if !installed() {
        return;
    }
    let long = ["abcdefgh"; 12].join(".");
    for key in [KeyKind::EcdsaP256, KeyKind::Ed25519] {
        for name in ["www.example.com", "192.0.2.7", "2001:db8::7", &long] {
            let chain = chain(&Request { key, ..Request::new(name) });
            assert_eq!(verify("good", &chain, name), Ok(()), "{name} {key:?}");
        }
    }
}

#[test]
fn defects_are_what_they_are_called() {
    if !installed() {
        return;
    }
    for (defect, expected) in [
        (Defect::Expired, "certificate has expired"),
        (Defect::NotYetValid, "certificate is not yet valid"),
        (Defect::WrongName, "hostname mismatch"),
        (Defect::UntrustedRoot, "at 1 depth lookup: unable to get local issuer certificate"),
        (Defect::SelfSigned, "self-signed certificate"),
        (Defect::MissingIntermediate, "at 0 depth lookup: unable to get local issuer certificate"),
    ] {
        let chain = chain(&Request { defect: Some(defect), ..Request::new("www.example.com") });
        let said = verify("defect", &chain, "www.example.com").expect_err("a defect");
        assert!(said.contains(expected), "{defect:?}: {said}");
    }
}
