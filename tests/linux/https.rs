//! HTTPS: rustls over our TCP with a seeded provider here, OpenSSL over Linux' there, in both roles.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use apps::http::{Connection, Page, Server, TlsStream, serve};
use base::{Duration, Seed, WallTime};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tls::{Authority, Certificates, Clock, Options, Request};
use trace::kinds;

use crate::http::{Folder, nginx, nginx_config, pattern};
use crate::namespace::{available, wait_for};
use crate::real::Real;

/// The wall clock, which the other side's OpenSSL looks at, too.
fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a date after 1970");
    WallTime::from_unix_nanos(i64::try_from(since.as_nanos()).expect("a date before 2262"))
}

#[test]
fn curl_trusts_us() {
    if !available("curl_trusts_us", &["curl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("curl-tls");
    let root = folder.file("root.pem");
    std::fs::write(&root, Authority::simulated().root_pem()).expect("a file");
    let request = Request { now: now(), ..Request::new("ours.test") };
    let key = Authority::simulated().issue(&mut Seed(1).stream("key"), &request).expect("a certificate");
    let clock = Clock::new(now());
    let options = Options { alpn: vec![b"http/1.1".to_vec()], ..Options::default() };
    let config = tls::server(Seed(1).stream("server"), &clock, Certificates::new(key), &options).expect("a config");
    let page = Rc::new(Page { body: pattern(500_000).into(), ..Page::default() });
    let (others, versions) = Default::default();
    let server = Server { page, others, versions, tls: Some(config), clock, close_delay: Duration::ZERO };
    let os = real.os();
    let listener = os.tcp_listen(SocketAddr::from(([0, 0, 0, 0], 443)), 16).expect("the port is free");
    real.world.spawn_root(real.node(), &kinds::app::OPERATOR_STARTS, "web server", serve(os, listener, server));
    for version in [&["--tlsv1.3"][..], &["--tlsv1.2", "--tls-max", "1.2"]] {
        let file = folder.file("got");
        let resolve = ["-sS", "--max-time", "30", "--cacert", &root, "--resolve", "ours.test:443:10.77.0.2"];
        let rest = ["-o", &file, "-w", "%{ssl_verify_result} %{http_code}", "https://ours.test/"];
        let curl = real.linux().start("curl", &[&resolve[..], version, &rest].concat());
        assert_eq!(real.finish(curl), "0 200", "{version:?}");
        assert!(std::fs::read(&file).expect("curl's file") == pattern(500_000));
    }
    // Who does not know our root does not trust us.
    let curl = ["-s", "--max-time", "30", "--resolve", "ours.test:443:10.77.0.2", "https://ours.test/"];
    let mut curl = real.linux().start("curl", &curl);
    real.until("curl", |_| curl.is_over());
    assert_eq!(curl.output().status.code(), Some(60), "curl's code for an unknown issuer");
}

/// A certificate for `linux.test` in `folder`, by OpenSSL: PEM for nginx, DER for us.
fn certificate(folder: &Folder) -> Vec<u8> {
    let (key, pem, der) = (folder.file("key.pem"), folder.file("cert.pem"), folder.file("cert.der"));
    let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let subject = ["-subj", "/CN=linux.test", "-addext", "subjectAltName=DNS:linux.test"];
    let files = ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &pem];
    for args in
        [&[&request[..], &subject, &files].concat()[..], &["x509", "-in", &pem, "-outform", "der", "-out", &der]]
    {
        let output = Command::new("openssl").args(args).output().expect("openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::read(der).expect("a certificate")
}

#[test]
fn we_trust_nginx() {
    if !available("we_trust_nginx", &["nginx", "openssl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("nginx-tls");
    std::fs::write(folder.0.join("page"), pattern(500_000)).expect("a file");
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&folder).into()).expect("a root");
    let listen =
        format!("443 ssl; ssl_certificate {}; ssl_certificate_key {}", folder.file("cert.pem"), folder.file("key.pem"));
    let mut server = nginx(real.linux(), &folder, &nginx_config(&folder, &listen));
    let pid = folder.0.join("pid");
    wait_for("nginx", || Path::new(&pid).exists() || server.is_over());
    assert!(!server.is_over(), "{:?}", server.output());
    let clock = Clock::new(now());
    let config = tls::client(Seed(1).stream("client"), &clock, roots.into(), &Options::default()).expect("a config");
    let os = real.os();
    let page = real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "https://linux.test/page", async move {
        let tcp = os.tcp_connect(SocketAddr::from(([10, 77, 0, 1], 443))).await.expect("a connection");
        let name = ServerName::try_from("linux.test").expect("a name");
        let stream = TlsStream::connect(tcp, config, name).await.expect("a handshake");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(Connection::from(stream)).await.expect("a handshake");
        os.spawn("connection", async move { drop(connection.await) });
        let request = hyper::Request::get("/page").header("host", "linux.test").body(Full::new(Bytes::new()));
        let response = sender.send_request(request.expect("a request")).await.expect("a response");
        response.into_body().collect().await.expect("a body").to_bytes()
    });
    assert!(real.join(&page) == pattern(500_000));
}
