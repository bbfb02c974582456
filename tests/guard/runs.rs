//! What runs under guard.

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Rate, Seed};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use net::{LaneConfig, LinkConfig, Stop, World};
use trace::{Level, Role, kinds};
use wire::MacAddr;

use crate::assert_sealed_and_alike;

/// A trace's frames, each with the time and its bytes.
type Frames = Vec<(i64, Vec<u8>)>;

fn frames(trace: &trace::Trace) -> Frames {
    trace.frames.metas().iter().map(|meta| (meta.at.as_nanos(), trace.frames.bytes(meta.id))).collect()
}

/// A GET by hyper over a lossy link: its page, and the frames.
fn get() -> (Bytes, Frames) {
    let seed = Seed(11);
    let mut world = World::new(seed, Level::Full);
    let mut host = |name: &str, last: u8| {
        let address = Ipv4Addr::new(192, 0, 2, last);
        let mac = MacAddr([2, 0, 0, 0, 0, last]);
        world.add_host(Role::Client, host::HostConfig::new(name, seed).interface("eth0", mac, &[(address, 24)]))
    };
    let (client, server) = (host("client", 1), host("server", 2));
    let lane = LaneConfig::new(Duration::from_millis(10), Rate::mbit(50));
    let loss = "2%".parse().expect("a chance");
    world.link((client, 0), (server, 0), LinkConfig::both(lane.loss(loss)));

    let os = world.os(server);
    world.spawn_root(server, &kinds::app::OPERATOR_STARTS, "web server", async move {
        let listener = os.tcp_listen(SocketAddr::from(([0, 0, 0, 0], 80)), 16).expect("the port is free");
        let (stream, _) = listener.accept().await.expect("a connection");
        let page = hyper::service::service_fn(|_| async {
            Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(Bytes::from(vec![b'x'; 300_000]))))
        });
        let mut builder = hyper::server::conn::http1::Builder::new();
        let _ = builder.timer(os.timer()).auto_date_header(false).serve_connection(stream, page).await;
    });
    let os = world.os(client);
    let page = world.spawn_root(client, &kinds::app::USER_OPENS, "http://192.0.2.2/", async move {
        let stream = os.tcp_connect(SocketAddr::from(([192, 0, 2, 2], 80))).await.expect("a connection");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.expect("a handshake");
        os.spawn("connection", async move { drop(connection.await) });
        let request = hyper::Request::get("/").header("host", "192.0.2.2").body(Full::new(Bytes::new()));
        let response = sender.send_request(request.expect("a request")).await.expect("a response");
        response.into_body().collect().await.expect("a body").to_bytes()
    });
    assert_eq!(world.run(), Stop::Idle);
    let page = page.take().expect("the request is over");
    (page, frames(&world.into_trace()))
}

#[test]
fn hyper_in_a_world_is_sealed() {
    // hyper counts time in the standard library's moments; the one that stands for virtual zero is made beforehand.
    net::adapt::anchor();
    let (page, frames) = assert_sealed_and_alike("a GET by hyper", get);
    assert_eq!(page.len(), 300_000);
    assert!(frames.len() > 400, "{} frames", frames.len());
}

/// Each built-in scenario, DHCP, DNS, TLS and HTTP included: its frames and the TLS secrets.
#[test]
fn every_built_in_scenario_is_sealed() {
    net::adapt::anchor();
    for built_in in scenario::BUILT_IN {
        let (frames, _) = assert_sealed_and_alike(built_in.name, move || {
            let run = scenario::run(&built_in.scenario()).expect("a built-in scenario runs");
            (frames(&run.trace), run.trace.secrets)
        });
        assert!(frames.len() > 10, "{}: {} frames", built_in.name, frames.len());
    }
}

/// HTTP/2, over TLS and without: h2 as client and as server, with bodies larger than their windows both ways, and losses.
#[test]
fn http2_is_sealed() {
    net::adapt::anchor();
    for url in ["https://www.example.com/", "http://www.example.com/"] {
        let (frames, _) = assert_sealed_and_alike(url, move || {
            let mut scenario = scenario::Scenario::for_url(url).expect("a URL");
            scenario.request.body = Some("x".repeat(150_000));
            for (knob, value) in [("http", "2"), ("size", "300k"), ("loss", "1%"), ("think", "5ms")] {
                scenario::find_knob(knob).expect("a knob").turn(&mut scenario, value).expect("a value");
            }
            let run = scenario::run(&scenario).expect("it runs");
            assert!(matches!(run.outcome, scenario::Outcome::Response { status: 200, .. }), "{:?}", run.outcome);
            (frames(&run.trace), run.trace.secrets)
        });
        assert!(frames.len() > 300, "{url}: {} frames", frames.len());
    }
}
