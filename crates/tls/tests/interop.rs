//! Against an independent implementation of the same primitives: every suite with every group, in both directions.
//!
//! The other provider runs on processors with certain extensions only; elsewhere these tests say that they skip.

mod pair;

use std::sync::Arc;

use base::{Seed, WallTime};
use pair::converse;
use proptest::prelude::*;
use rustls::crypto::CryptoProvider;
use rustls::{CipherSuite, ClientConfig, ServerConfig, version};
use tls::{Authority, Certificates, Clock, Group, KeyKind, Options, Request, client, server};

const NAME: &str = "www.example.com";
const SUITES: [CipherSuite; 6] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];
const GROUPS: [Group; 3] = [Group::X25519, Group::Secp256r1, Group::X25519MlKem768];

/// The other provider, or nothing where this processor cannot run it.
fn other() -> Option<CryptoProvider> {
    #[cfg(target_arch = "x86_64")]
    let able = std::arch::is_x86_feature_detected!("aes")
        && std::arch::is_x86_feature_detected!("pclmulqdq")
        && std::arch::is_x86_feature_detected!("adx")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    let able = cfg!(target_arch = "aarch64");
    let at_hand = if able { Ok(()) } else { Err("this processor cannot run the other TLS provider") };
    oracle::check("graviola", at_hand).then(rustls_graviola::default_provider)
}

fn agrees(seed: u64, suite: CipherSuite, group: Group, key: KeyKind, we_are_client: bool) {
    let Some(mut provider) = other() else { return };
    provider.cipher_suites.retain(|have| have.suite() == suite);
    provider.kx_groups.retain(|have| have.name() == group.name());
    let (provider, clock) = (Arc::new(provider), Clock::new(WallTime::SIMULATION_EPOCH));
    let versions = [if provider.cipher_suites[0].tls13().is_some() { &version::TLS13 } else { &version::TLS12 }];

    let seed = Seed(seed);
    let authority = Authority::simulated();
    let identity = authority.issue(&mut seed.stream("id"), &Request { key, ..Request::new(NAME) }).unwrap();
    // All of ours, so that the other side's one suite and group are negotiated.
    let options = Options { groups: GROUPS.to_vec(), ..Options::default() };
    let (client, server): (Arc<ClientConfig>, Arc<ServerConfig>) = if we_are_client {
        let theirs = ServerConfig::builder_with_details(provider, clock.clone())
            .with_protocol_versions(&versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Certificates::new(identity));
        (client(seed.stream("client"), &clock, authority.roots(), &options).unwrap(), Arc::new(theirs))
    } else {
        let theirs = ClientConfig::builder_with_details(provider, clock.clone())
            .with_protocol_versions(&versions)
            .unwrap()
            .with_root_certificates(authority.roots())
            .with_no_client_auth();
        (Arc::new(theirs), server(seed.stream("server"), &clock, Certificates::new(identity), &options).unwrap())
    };
    let talk = converse(&client, &server, NAME).unwrap();
    assert_eq!(talk.client.negotiated_cipher_suite().unwrap().suite(), suite);
    assert_eq!(talk.client.negotiated_key_exchange_group().unwrap().name(), group.name());
}

#[test]
fn every_suite_and_group_works_in_both_directions() {
    for suite in SUITES {
        for group in GROUPS {
            // The hybrid is a group of TLS 1.3 only.
            if group == Group::X25519MlKem768 && suite.as_str().is_some_and(|name| name.contains("_WITH_")) {
                continue;
            }
            for we_are_client in [true, false] {
                agrees(1, suite, group, KeyKind::EcdsaP256, we_are_client);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Other seeds draw other keys, shares and nonces; each must be as good as the first.
    #[test]
    fn whatever_the_seed_both_sides_agree(seed: u64, suite in 0usize..6, group in 0usize..2, we_are_client: bool) {
        agrees(seed, SUITES[suite], GROUPS[group], KeyKind::EcdsaP256, we_are_client);
    }
}
