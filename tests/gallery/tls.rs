//! TLS: openssl makes certificates and serves with them, curl checks them.

use crate::case::{Case, Play};
use crate::net::{nginx, plain};
use crate::place::{End, Place, SERVER};

/// What is wrong with a chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    Expired,
    Name,
    SelfSigned,
    Root,
    PrivateRoot,
    NoIntermediate,
}

/// Makes a root, an intermediate and a leaf for shop.example: `leaf.pem` and `leaf.key`, `chain.pem`, `root.pem`.
pub fn certificates(place: &Place, wrong: Wrong) {
    let name = if wrong == Wrong::Name { "www.elsewhere.example" } else { "shop.example" };
    let days = if wrong == Wrong::Expired { "-1" } else { "20" };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let mut script = format!(
        "set -e; exec 2>/dev/null; export OPENSSL_CONF=$PWD/req.cnf; \
         printf '[req]\\ndistinguished_name=d\\n[d]\\n' > req.cnf; \
         printf 'basicConstraints=critical,CA:TRUE\\n' > ca.ext; printf 'subjectAltName=DNS:{name}\\n' > leaf.ext; \
         openssl req -x509 {key} -keyout root.key -out root.pem -days 30 -subj '/CN=Gallery Root' -addext basicConstraints=critical,CA:TRUE; \
         openssl req {key} -keyout ca.key -out ca.csr -subj '/CN=Gallery Intermediate'; \
         openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -set_serial 2 -days 30 -extfile ca.ext -out ca.pem; \
         openssl req {key} -keyout leaf.key -out leaf.csr -subj '/CN={name}'; \
         openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 3 -days {days} -extfile leaf.ext -out leaf.pem; \
         cp ca.pem chain.pem; "
    );
    match wrong {
        Wrong::SelfSigned => {
            let san = format!("-addext subjectAltName=DNS:{name}");
            script += &format!(
                "openssl req -x509 {key} -keyout leaf.key -out leaf.pem -days 9 -subj '/CN={name}' {san}; : > chain.pem; "
            );
        }
        // It signs what the server shows itself, and the client has never heard of it.
        Wrong::PrivateRoot => {
            script += &format!(
                "openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -set_serial 4 -days 9 -extfile leaf.ext -out leaf.pem; \
                 : > chain.pem; \
                 openssl req -x509 {key} -keyout other.key -out root.pem -days 30 -subj '/CN=Another Root'; "
            );
        }
        Wrong::NoIntermediate => script += ": > chain.pem; ",
        Wrong::Root => {
            script +=
                &format!("openssl req -x509 {key} -keyout other.key -out root.pem -days 30 -subj '/CN=Another Root'; ");
        }
        _ => {}
    }
    place.shell(End::Server, &script);
}

/// openssl's server with those certificates.
fn serve(place: &mut Place, wrong: Wrong, more: &[&str]) {
    certificates(place, wrong);
    let chain = std::fs::metadata(place.directory.join("chain.pem")).is_ok_and(|about| about.len() > 0);
    let mut args = vec!["s_server", "-4", "-accept", "443", "-cert", "leaf.pem", "-key", "leaf.key", "-www", "-quiet"];
    if chain {
        args.extend(["-cert_chain", "chain.pem"]);
    }
    args.extend(more);
    place.start(End::Server, "openssl", &args);
    place.await_port(443);
}

fn get(place: &Place, more: &[&str]) {
    let resolve = format!("shop.example:443:{SERVER}");
    let args = [
        "-s",
        "-o",
        "/dev/null",
        "--noproxy",
        "*",
        "--http1.1",
        "--cacert",
        "root.pem",
        "--resolve",
        &resolve,
        "https://shop.example/",
    ];
    place.ask("curl", &[&args, more].concat(), 8);
}

/// TLS 1.2 shows the certificate, 1.3 hides it: both must be judged.
fn version(play: &mut Play<'_>) -> [&'static str; 2] {
    ["--tls-max", play.pick(&["1.2", "1.3"])]
}

fn wrong(play: &mut Play<'_>, place: &mut Place, wrong: Wrong) {
    serve(place, if play.faulty { wrong } else { Wrong::Nothing }, &[]);
}

/// The server with options, where the fault is played.
fn with(play: &mut Play<'_>, place: &mut Place, options: &[&str]) {
    serve(place, Wrong::Nothing, if play.faulty { options } else { &[] });
}

const fn case(name: &'static str, findings: &'static [&'static str]) -> Case {
    Case {
        name,
        findings,
        at: End::Client,
        line: plain,
        serve: |play, place| with(play, place, &[]),
        ask: |play, place| {
            let version = version(play);
            get(place, &version);
        },
    }
}

const OLD: &str = "ALL:@SECLEVEL=0";

pub const CASES: &[Case] = &[
    Case {
        serve: |play, place| wrong(play, place, Wrong::Expired),
        ..case("an old certificate", &["finding.tls.certificate_expired"])
    },
    Case {
        serve: |play, place| wrong(play, place, Wrong::Name),
        ..case("another's certificate", &["finding.tls.name_mismatch"])
    },
    Case {
        serve: |play, place| wrong(play, place, Wrong::SelfSigned),
        ..case("a certificate of its own", &["finding.tls.self_signed"])
    },
    Case {
        serve: |play, place| wrong(play, place, Wrong::Root),
        ..case("an unknown root", &["finding.tls.untrusted_issuer"])
    },
    Case {
        serve: |play, place| wrong(play, place, Wrong::PrivateRoot),
        ..case("a root of the house", &["finding.tls.untrusted_issuer"])
    },
    Case {
        serve: |play, place| wrong(play, place, Wrong::NoIntermediate),
        ..case("no intermediate", &["finding.tls.missing_intermediate"])
    },
    Case {
        serve: |play, place| with(play, place, &["-tls1_3"]),
        ask: |_, place| get(place, &["--tls-max", "1.2"]),
        ..case("no common version", &["finding.tls.no_common_version"])
    },
    Case {
        serve: |play, place| with(play, place, &["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"]),
        ask: |_, place| get(place, &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]),
        ..case("no common cipher", &["finding.tls.no_common_parameters"])
    },
    Case {
        serve: |play, place| with(play, place, &["-groups", "P-384"]),
        ask: |_, place| get(place, &["--tlsv1.3"]),
        ..case("a group that must be asked for", &["finding.tls.retried"])
    },
    Case {
        serve: |play, place| with(play, place, &["-tls1_1", "-cipher", OLD]),
        ask: |play, place| {
            let old = ["--tlsv1.1", "--tls-max", "1.1", "--ciphers", OLD];
            get(place, if play.faulty { &old } else { &[] });
        },
        ..case("an outdated version", &["finding.tls.old_version"])
    },
    Case {
        serve: |play, place| with(play, place, &["-Verify", "1", "-verify_return_error"]),
        ..case("a client without a certificate", &["finding.tls.client_certificate"])
    },
    Case {
        serve: |play, place| {
            if play.faulty {
                certificates(place, Wrong::Nothing);
                nginx(place, 500, "server { listen 80; listen 443; location / { } }");
                place.await_port(443);
            } else {
                serve(place, Wrong::Nothing, &[]);
            }
        },
        ..case("a port that speaks another protocol", &["finding.tls.not_tls"])
    },
    Case {
        serve: |play, place| {
            if play.faulty {
                certificates(place, Wrong::Nothing);
                place.start_own(End::Server, "silent-server 443");
                place.await_port(443);
            } else {
                serve(place, Wrong::Nothing, &[]);
            }
        },
        ask: |_, place| get(place, &["-m", "4"]),
        ..case("a server that does not speak TLS", &["finding.tls.no_answer"])
    },
];
