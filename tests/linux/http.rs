//! HTTP over our TCP and Linux': hyper here, curl and nginx there.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use net::Os;
use trace::{Direction, kinds};

use crate::namespace::{Namespace, Running, available, wait_for};
use crate::real::Real;

/// Bytes that show where each of them belongs.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes()).take(len).collect()
}

/// A folder that is gone when this is dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("wirescope-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
    /// The path of a file in it.
    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Serves `/N`: N bytes of the pattern; a POST is answered with the number of bytes that came and whether they were the
/// pattern.
pub async fn serve(os: Os, port: u16) {
    let listener = os.tcp_listen(SocketAddr::from(([0u16; 8], port)), 64).expect("the port is free");
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let connection = os.clone();
        os.spawn("connection", async move {
            let service = hyper::service::service_fn(answer);
            let mut builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.timer(connection.timer()).serve_connection(stream, service).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match *request.method() {
        hyper::Method::POST => {
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            format!("{} {}", body.len(), body == pattern(body.len())).into_bytes()
        }
        _ => pattern(request.uri().path().trim_start_matches('/').parse().unwrap_or(0)),
    };
    Ok(Response::new(Full::new(body.into())))
}

/// Asks for pages, one after the other over one connection.
pub async fn get(os: Os, server: SocketAddr, paths: &[String]) -> Vec<Bytes> {
    let stream = os.tcp_connect(server).await.expect("a connection");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.expect("a handshake");
    os.spawn("connection", async move { drop(connection.await) });
    let mut bodies = Vec::new();
    for path in paths {
        sender.ready().await.expect("a connection that is kept");
        let request = Request::get(path).header("host", "linux").body(Full::new(Bytes::new())).expect("a request");
        let response = sender.send_request(request).await.expect("a response");
        assert_eq!(response.status(), 200);
        bodies.push(response.into_body().collect().await.expect("a body").to_bytes());
    }
    bodies
}

/// Loses every `n`th frame, both ways.
fn lose_every(n: u64) -> Option<Box<dyn FnMut(Direction, u64) -> bool>> {
    Some(Box::new(move |_, number| number % n != 0))
}

#[test]
fn curl_asks_us() {
    if !available("curl_asks_us", &["curl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("curl");
    real.world.spawn_root(real.node(), &kinds::app::OPERATOR_STARTS, "web server", serve(real.os(), 80));
    let small = real.linux().start("curl", &["-sS", "--max-time", "20", "http://10.77.0.2/200"]);
    assert_eq!(real.finish_bytes(small), pattern(200));
    // Large both ways.
    let len = 3_000_000;
    let file = folder.file("got");
    let url = format!("http://10.77.0.2/{len}");
    let large = real.linux().start("curl", &["-sS", "--max-time", "50", "-o", &file, &url]);
    real.finish(large);
    assert!(std::fs::read(&file).expect("curl's file") == pattern(len));
    let file = folder.file("sent");
    std::fs::write(&file, pattern(len)).expect("a file");
    let data = format!("@{file}");
    let args = ["-sS", "--max-time", "50", "-H", "Expect:", "--data-binary", &data, "http://10.77.0.2/"];
    let upload = real.linux().start("curl", &args);
    assert_eq!(real.finish(upload), format!("{len} true"));
    assert_eq!(real.count("ip.discarded"), 0, "Linux sent nothing that we do not understand");
}

#[test]
fn curl_asks_us_over_a_lossy_wire() {
    if !available("curl_asks_us_over_a_lossy_wire", &["curl"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("lossy");
    real.world.spawn_root(real.node(), &kinds::app::OPERATOR_STARTS, "web server", serve(real.os(), 80));
    real.filter = lose_every(97);
    let len = 1_000_000;
    let url = format!("http://10.77.0.2/{len}");
    let file = folder.file("got");
    let large = real.linux().start("curl", &["-sS", "--max-time", "50", "-o", &file, &url]);
    real.finish(large);
    assert!(std::fs::read(&file).expect("curl's file") == pattern(len));
    let file = folder.file("sent");
    std::fs::write(&file, pattern(len)).expect("a file");
    let data = format!("@{file}");
    let args = ["-sS", "--max-time", "50", "-H", "Expect:", "--data-binary", &data, "http://10.77.0.2/"];
    let upload = real.linux().start("curl", &args);
    assert_eq!(real.finish(upload), format!("{len} true"));
    assert!(real.count("tcp.retransmit") > 0, "what was lost was sent again");
}

/// nginx' settings: it serves the files in `folder`.
pub fn nginx_config(folder: &Folder, listen: &str) -> String {
    let root = folder.0.to_str().expect("UTF-8");
    format!(
        "daemon off; master_process off; pid {root}/pid; error_log {root}/error.log; events {{}}\n\
         http {{ access_log off; client_body_temp_path {root}/a; proxy_temp_path {root}/b; fastcgi_temp_path {root}/c;\n\
         uwsgi_temp_path {root}/d; scgi_temp_path {root}/e; server {{ listen {listen}; root {root}; }} }}\n"
    )
}

/// nginx inside the namespace, in the foreground.
pub fn nginx(linux: &Namespace, folder: &Folder, config: &str) -> Running {
    let root = folder.0.to_str().expect("UTF-8");
    std::fs::set_permissions(&folder.0, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a folder");
    let file = folder.file("nginx.conf");
    std::fs::write(&file, config).expect("a file");
    linux.start("nginx", &["-p", root, "-c", &file])
}

#[test]
fn we_ask_nginx() {
    if !available("we_ask_nginx", &["nginx"]) {
        return;
    }
    let mut real = Real::pair();
    let folder = Folder::new("nginx");
    let len = 3_000_000;
    std::fs::write(folder.0.join("page"), pattern(len)).expect("a file");
    let mut server = nginx(real.linux(), &folder, &nginx_config(&folder, "80"));
    let pid = folder.0.join("pid");
    wait_for("nginx", || pid.exists() || server.is_over());
    assert!(!server.is_over(), "{:?}", server.output());
    let linux = SocketAddr::from(([10, 77, 0, 1], 80));
    let ask = |real: &mut Real| {
        let os = real.os();
        let task = async move { get(os, linux, &["/page".to_owned()]).await };
        let page = real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "page", task);
        real.join(&page)
    };
    assert!(ask(&mut real) == [pattern(len)]);
    real.filter = lose_every(101);
    assert!(ask(&mut real) == [pattern(len)], "over a lossy wire");
    assert!(real.count("tcp.out_of_order") > 0);
}
