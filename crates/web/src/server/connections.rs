//! Connections: each is served by a task of its own, and none can be held by whoever sends no whole request.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

/// Takes connections for as long as the program runs. One is closed if a request's head takes longer than
/// `head_patience` to arrive, counted from when the connection is free for a request: RFC 9112 §9.5 leaves it to a
/// server how long it keeps an idle connection, and §9.3.1 lets clients ask again on another.
pub async fn take(mut listener: TcpListener, router: Router, head_patience: Duration) -> Infallible {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_patience);
    loop {
        // Waits and tries again where there are no more sockets.
        let (stream, _) = Listener::accept(&mut listener).await;
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        // Whoever broke it off, or was cut off, is owed no answer.
        tokio::spawn(async { drop(connection.await) });
    }
}
