//! Unmodified hyper on simulated sockets.

mod common;

use std::convert::Infallible;

use base::{Duration, Seed};
use bytes::Bytes;
use common::{Home, any_at, check_causes, dump, line, server_at};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use net::{Join, Stop};
use trace::{Level, Trace, kinds};

/// A server that answers every request with its path, after thinking for 5 ms.
fn serve(home: &Home) {
    let os = home.world.os(home.server);
    home.world.spawn_root(home.server, &kinds::app::OPERATOR_STARTS, "web server", async move {
        let listener = os.tcp_listen(any_at(80), 16).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let thinking = os.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let os = thinking.clone();
                async move {
                    os.sleep(Duration::from_millis(5)).await;
                    let body = Full::new(Bytes::from(format!("you asked for {}", request.uri().path())));
                    Ok::<_, Infallible>(Response::new(body))
                }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(os.timer())
                .auto_date_header(false)
                .serve_connection(stream, service);
            os.spawn("connection", async move {
                let _ = connection.await;
            });
        }
    });
}

/// Asks for two pages on one connection.
fn get(home: &Home) -> Join<Vec<String>> {
    let os = home.world.os(home.client);
    home.world.spawn_root(home.client, &kinds::app::USER_OPENS, "http://10.0.2.10/", async move {
        let stream = os.tcp_connect(server_at(80)).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        os.spawn("connection", async move {
            connection.await.unwrap();
        });
        let mut pages = Vec::new();
        for path in ["/a", "/b"] {
            let request = Request::get(path).header("host", "10.0.2.10").body(Full::new(Bytes::new())).unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            pages.push(String::from_utf8(body.to_vec()).unwrap());
        }
        pages
    })
}

fn run(seed: Seed) -> Trace {
    let mut home = Home::new(seed, Level::Full, line(), true);
    serve(&home);
    let pages = get(&home);
    assert_eq!(home.world.run(), Stop::Idle);
    assert_eq!(pages.take().unwrap(), ["you asked for /a", "you asked for /b"]);
    home.world.into_trace()
}

#[test]
fn a_get_across_a_router() {
    let trace = run(Seed(1));
    check_causes(&trace);
    // Each request is one segment: hyper's vectored writes are one write, as on a kernel's socket.
    let client = trace.taps.iter().find(|tap| tap.name == "client").unwrap().id;
    let requests = trace.frames_at(client).filter(|meta| trace.frames.bytes(meta.id).get(66..69) == Some(b"GET"));
    assert_eq!(requests.count(), 2);
    // The response's chain of causes: sent because the server's thinking was over, and further back to the user.
    let server = trace.taps.iter().find(|tap| tap.name == "server").unwrap().id;
    let response =
        trace.frames_at(server).find(|meta| trace.frames.bytes(meta.id).get(66..70) == Some(b"HTTP")).unwrap();
    let chain: Vec<&str> = trace.causes(response.event).map(|event| event.kind.id).collect();
    assert!(chain.contains(&"app.timer") && chain.contains(&"link.received"), "{chain:?}");
    assert_eq!(chain.last(), Some(&"user.opens"), "{chain:?}");
}

#[test]
fn http_runs_are_repeatable() {
    assert!(dump(&run(Seed(8))) == dump(&run(Seed(8))));
}
