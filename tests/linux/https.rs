//! HTTPS: rustls over our TCP with a seeded provider here, OpenSSL over Linux' there, in both roles.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use apps::http::{Connection, Exchange, Page, Server, Session, TlsStream, Version, Versions, serve};
use base::{Duration, Seed, WallTime};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tls::{Authority, Certificates, Clock, Options, Request};
use trace::kinds;

use crate::http::{Folder, nginx, nginx_config, pattern};
use crate::namespace::{Running, available, wait_for};
use crate::real::Real;

/// The wall clock, which the other side's OpenSSL looks at, too.
fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a date after 1970");
    WallTime::from_unix_nanos(i64::try_from(since.as_nanos()).expect("a date before 2262"))
}

/// Starts our web server for `ours.test` with a page of half a megabyte, over TLS and without. The file with its root is
/// returned.
fn start_ours(real: &mut Real, folder: &Folder, versions: Versions) -> String {
    let root = folder.file("root.pem");
    std::fs::write(&root, Authority::simulated().root_pem()).expect("a file");
    let request = Request { now: now(), ..Request::new("ours.test") };
    let key = Authority::simulated().issue(&mut Seed(1).stream("key"), &request).expect("a certificate");
    let clock = Clock::new(now());
    let options = Options { alpn: versions.alpn(), ..Options::default() };
    let config = tls::server(Seed(1).stream("server"), &clock, Certificates::new(key), &options).expect("a config");
    let page = Rc::new(Page { body: pattern(500_000).into(), ..Page::default() });
    let (node, act) = (real.node(), &kinds::app::OPERATOR_STARTS);
    for (port, tls) in [(443, Some(config)), (80, None)] {
        let (page, others, clock) = (page.clone(), Rc::default(), clock.clone());
        let server = Server { page, others, versions, tls, clock, close_delay: Duration::ZERO };
        let os = real.os();
        let listener = os.tcp_listen(SocketAddr::from(([0, 0, 0, 0], port)), 16).expect("the port is free");
        real.world.spawn_root(node, act, "web server", serve(os, listener, server));
    }
    root
}

#[test]
fn curl_trusts_us() {
    if !available("curl_trusts_us", &["curl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("curl-tls");
    let root = start_ours(&mut real, &folder, Versions::Http11);
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

/// What curl speaks with us: by ALPN over TLS, by prior knowledge without, and HTTP/1.1 where it wants that.
#[test]
fn curl_speaks_http2_with_us() {
    if !available("curl_speaks_http2_with_us", &["curl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("curl-http2");
    let root = start_ours(&mut real, &folder, Versions::Both);
    let upload = folder.file("upload");
    std::fs::write(&upload, pattern(300_000)).expect("a file");
    let upload = format!("@{upload}");
    for (how, url, expected) in [
        (&["--http2"][..], "https://ours.test/", "2 200"),
        (&["--http1.1"], "https://ours.test/", "1.1 200"),
        (&["--http2-prior-knowledge"], "http://ours.test/", "2 200"),
        (&["--http1.1"], "http://ours.test/", "1.1 200"),
        // More than a stream's window of 65,535 bytes (RFC 9113 §6.9.2): curl has to be given room.
        (&["--http2", "--data-binary", &upload], "https://ours.test/", "2 200"),
    ] {
        let file = folder.file("got");
        let resolve = ["--resolve", "ours.test:443:10.77.0.2", "--resolve", "ours.test:80:10.77.0.2"];
        let rest =
            ["-sS", "--max-time", "30", "--cacert", &root, "-o", &file, "-w", "%{http_version} %{http_code}", url];
        let curl = real.linux().start("curl", &[how, &resolve[..], &rest].concat());
        assert_eq!(real.finish(curl), expected, "{how:?} {url}");
        assert!(std::fs::read(&file).expect("curl's file") == pattern(500_000), "{how:?} {url}");
    }
}

/// A certificate for `linux.test` in `folder`, by OpenSSL: PEM for nginx, DER for us. It is good in the real world's time and
/// in a simulated one.
fn certificate(folder: &Folder) -> Vec<u8> {
    let [key, pem, der] = ["key.pem", "cert.pem", "cert.der"].map(|name| folder.file(name));
    let [asked, settings, index] = ["asked.pem", "ca.conf", "index"].map(|name| folder.file(name));
    let place = folder.0.to_str().expect("UTF-8");
    let text = format!(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = {index}\nnew_certs_dir = {place}\nrand_serial = yes\n\
         default_md = sha256\npolicy = policy\nx509_extensions = names\n[policy]\ncommonName = supplied\n\
         [names]\nsubjectAltName = DNS:linux.test\nbasicConstraints = critical,CA:FALSE\n"
    );
    std::fs::write(&settings, text).and_then(|()| std::fs::write(&index, "")).expect("files");
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=linux.test"];
    let dates = ["-startdate", "20250101000000Z", "-enddate", "20450101000000Z"];
    let sign = ["ca", "-batch", "-notext", "-selfsign", "-config", &settings, "-keyfile", &key, "-in", &asked];
    for args in [
        [&["req", "-new"], &curve[..], &["-keyout", &key, "-out", &asked]].concat(),
        [&sign[..], &dates, &["-out", &pem]].concat(),
        vec!["x509", "-in", &pem, "-outform", "der", "-out", &der],
    ] {
        let output = Command::new("openssl").args(args).output().expect("openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::read(der).expect("a certificate")
}

/// Starts nginx, which shows what is in `folder`, with the certificate there.
fn start_nginx(real: &Real, folder: &Folder, listen: &str) -> Running {
    let (pem, key) = (folder.file("cert.pem"), folder.file("key.pem"));
    let listen = format!("{listen}; ssl_certificate {pem}; ssl_certificate_key {key}");
    let mut server = nginx(real.linux(), folder, &nginx_config(folder, &listen));
    let pid = folder.0.join("pid");
    wait_for("nginx", || Path::new(&pid).exists() || server.is_over());
    assert!(!server.is_over(), "{:?}", server.output());
    server
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
    let _server = start_nginx(&real, &folder, "443 ssl");
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

/// Several requests at once on one connection of HTTP/2, over TLS and without, to nginx.
#[test]
fn we_speak_http2_with_nginx() {
    if !available("we_speak_http2_with_nginx", &["nginx", "openssl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("nginx-http2");
    for (name, len) in [("small", 10), ("large", 500_000), ("empty", 0)] {
        std::fs::write(folder.0.join(name), pattern(len)).expect("a file");
    }
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&folder).into()).expect("a root");
    let _server = start_nginx(&real, &folder, "443 ssl http2; listen 80 http2");
    let clock = Clock::new(now());
    // Nothing else is offered: with HTTP/1.1 there would be no answer.
    let options = Options { alpn: Versions::Http2.alpn(), ..Options::default() };
    let config = tls::client(Seed(1).stream("client"), &clock, roots.into(), &options).expect("a config");
    let name = ServerName::try_from("linux.test").expect("a name");
    for (port, tls) in [(443, Some((config, name))), (80, None)] {
        let to = Exchange {
            server: SocketAddr::from(([10, 77, 0, 1], port)),
            tls,
            version: Version::Http2,
            connections: 1,
            clock: clock.clone(),
            keys: None,
            linger: Duration::ZERO,
        };
        let os = real.os();
        let pages = real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "linux.test", async move {
            let tcp = os.tcp_connect(to.server).await.expect("a connection");
            let session = Rc::new(Session::open(&os, tcp, &to).await.expect("a handshake"));
            assert!(session.multiplexes());
            let ask = |target: &'static str| {
                let session = session.clone();
                let request = apps::http::Request {
                    method: hyper::Method::GET,
                    target: hyper::Uri::from_static(target),
                    headers: vec![(hyper::header::HOST, hyper::header::HeaderValue::from_static("linux.test"))],
                    body: Bytes::new(),
                };
                os.spawn(target, async move { session.fetch(request).await.expect("a response") })
            };
            let asked = ["/small", "/large", "/empty", "/nothing"].map(ask);
            let mut pages = Vec::new();
            for response in asked {
                let response = response.await;
                pages.push((response.status.as_u16(), response.body));
            }
            Rc::into_inner(session).expect("nobody else asks").close().await;
            pages
        });
        let pages = real.join(&pages);
        for ((status, body), len) in pages.iter().zip([10, 500_000, 0]) {
            assert!((*status, &body[..]) == (200, &pattern(len)[..]), "{len} bytes on port {port}: {status}");
        }
        assert_eq!(pages.len(), 4);
        assert_eq!(pages[3].0, 404, "on port {port}");
    }
}
