//! What a simulated TLS connection costs, whole and in its pieces: `cargo bench -p wirescope-tls`.
//!
//! Both ends run in one thread, so a figure is the work of client and server together.

#[path = "../tests/pair/mod.rs"]
mod pair;

use std::hint::black_box;
use std::sync::Arc;

use base::{Seed, WallTime};
use divan::Bencher;
use rustls::{ClientConfig, ServerConfig};
use tls::{
    Authority, Certificates, Clock, Defect, Group, KeyKind, Options, PrivateKey, Request, Resume, Versions, client,
    server,
};

const NAME: &str = "www.example.com";

fn main() {
    // The authority is made once a process; its cost stands alone below.
    Authority::simulated();
    divan::main();
}

fn configs(options: &Options, request: &Request) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (seed, clock) = (Seed(1), Clock::new(WallTime::SIMULATION_EPOCH));
    let identity = Authority::simulated().issue(&mut seed.stream("certificate"), request).expect("a good name");
    let server = server(seed.stream("server"), &clock, Certificates::new(identity), options).expect("good options");
    (client(seed.stream("client"), &clock, Authority::simulated().roots(), options).expect("good options"), server)
}

/// Everything that a run with one HTTPS connection needs: certificate, configurations, handshake, question, answer.
#[divan::bench(args = [Versions::Tls13, Versions::Tls12])]
fn whole_connection_from_cold(bencher: Bencher, versions: Versions) {
    let options = Options { versions, ..Options::default() };
    bencher.bench(|| {
        let (client, server) = configs(&options, &Request::new(NAME));
        pair::converse(&client, &server, NAME).is_ok()
    });
}

/// Handshake, question and answer alone.
#[divan::bench(args = ["1.3", "1.3 hybrid", "1.3 p256", "1.2", "1.3 ed25519 leaf", "1.3 resumed", "1.2 resumed"])]
fn conversation(bencher: Bencher, what: &str) {
    let options = Options {
        versions: if what.starts_with("1.2") { Versions::Tls12 } else { Versions::Tls13 },
        groups: vec![match what {
            "1.3 hybrid" => Group::X25519MlKem768,
            "1.3 p256" => Group::Secp256r1,
            _ => Group::X25519,
        }],
        resume: if what.ends_with("resumed") { Resume::Stored } else { Resume::Never },
        ..Options::default()
    };
    let key = if what.contains("ed25519") { KeyKind::Ed25519 } else { KeyKind::EcdsaP256 };
    let (client, server) = configs(&options, &Request { key, ..Request::new(NAME) });
    pair::converse(&client, &server, NAME).expect("a good certificate");
    bencher.bench(|| pair::converse(&client, &server, NAME).is_ok());
}

/// The verification of one signature less: a server that sends no intermediate fails, so this is not what a run does.
#[divan::bench]
fn refused_for_its_issuer(bencher: Bencher) {
    let request = Request { defect: Some(Defect::MissingIntermediate), ..Request::new(NAME) };
    let (client, server) = configs(&Options::default(), &request);
    bencher.bench(|| pair::converse(&client, &server, NAME).is_err());
}

#[divan::bench(args = [KeyKind::EcdsaP256, KeyKind::Ed25519])]
fn certificate_with_its_key(bencher: Bencher, key: KeyKind) {
    let request = Request { key, ..Request::new(NAME) };
    let mut rng = Seed(1).stream("certificate");
    bencher.bench_local(|| Authority::simulated().issue(&mut rng, &request));
}

#[divan::bench(args = [KeyKind::EcdsaP256, KeyKind::Ed25519])]
fn key(bencher: Bencher, kind: KeyKind) {
    let mut rng = Seed(1).stream("key");
    bencher.bench_local(|| PrivateKey::generate(kind, &mut rng));
}

#[divan::bench(args = [KeyKind::EcdsaP256, KeyKind::Ed25519])]
fn signature(bencher: Bencher, kind: KeyKind) {
    let key = PrivateKey::generate(kind, &mut Seed(1).stream("key"));
    bencher.bench_local(|| key.sign(black_box(b"message")));
}

#[divan::bench]
fn both_configurations(bencher: Bencher) {
    let clock = Clock::new(WallTime::SIMULATION_EPOCH);
    let authority = Authority::simulated();
    let identity = authority.issue(&mut Seed(1).stream("certificate"), &Request::new(NAME)).expect("a good name");
    let certificates = Certificates::new(identity);
    bencher.bench(|| {
        let server = server(Seed(1).stream("server"), &clock, certificates.clone(), &Options::default());
        (server, client(Seed(1).stream("client"), &clock, authority.roots(), &Options::default()))
    });
}

/// 16 KiB of application data a record, sealed by one end and opened by the other.
#[divan::bench(args = [1 << 20])]
fn bulk(bencher: Bencher, len: usize) {
    use std::io::{Read, Write};
    let (client, server) = configs(&Options { resume: Resume::Never, ..Options::default() }, &Request::new(NAME));
    let name = NAME.try_into().expect("a good name");
    let mut pair = pair::Outcome {
        client: rustls::ClientConnection::new(client, name).expect("a good name"),
        server: rustls::ServerConnection::new(server).expect("good options"),
        sent: [Vec::new(), Vec::new()],
        flights: 0,
        early: Vec::new(),
    };
    pair.settle().expect("a handshake");
    pair.client.set_buffer_limit(None);
    let (data, mut read) = (vec![7; len], vec![0; len]);
    bencher.counter(divan::counter::BytesCount::new(len)).bench_local(|| {
        pair.sent = [Vec::new(), Vec::new()];
        for piece in data.chunks(1 << 14) {
            pair.client.writer().write_all(piece).expect("no limit");
            pair.settle().expect("good records");
            pair.server.reader().read_exact(&mut read[..piece.len()]).expect("all arrived");
        }
    });
}
