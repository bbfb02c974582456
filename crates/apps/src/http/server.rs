//! A web server with one configurable page.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use base::Duration;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use net::{Os, TcpListener, TcpStream};
use rustls::ServerConfig;
use tls::Clock;
use trace::kinds::app;

use super::{Connection, TlsStream};

/// What the server answers.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status code.
    pub status: http::StatusCode,
    /// Header fields beside `Date`, `Content-Length` and the connection's own.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// How long the server thinks before it answers.
    pub think: Duration,
    /// Whether a `Date` is sent (RFC 9110 §6.6.1: a server with a clock must; a document may fix its sizes without).
    pub date: bool,
}

impl Default for Page {
    fn default() -> Page {
        Page {
            status: http::StatusCode::OK,
            headers: Vec::new(),
            body: Bytes::from_static(b"hello\n"),
            think: Duration::ZERO,
            date: true,
        }
    }
}

impl Page {
    /// How long the head of a response with a body of `body` bytes is, as hyper writes it: status line, header fields with
    /// `Content-Length`, the empty line.
    pub fn head_len(&self, body: usize) -> usize {
        let reason = self.status.canonical_reason().unwrap_or("<none>");
        let line = "HTTP/1.1 200 ".len() + reason.len() + 2;
        let field = |name: usize, value: usize| name + 2 + value + 2;
        let own: usize = self.headers.iter().map(|(name, value)| field(name.as_str().len(), value.len())).sum();
        let date = if self.date { field("date".len(), "Thu, 01 Jan 2026 00:00:00 GMT".len()) } else { 0 };
        line + own + date + field("content-length".len(), body.to_string().len()) + 2
    }
}

/// A web server's settings.
#[derive(Clone, Debug)]
pub struct Server {
    /// What it answers.
    pub page: Rc<Page>,
    /// For `https`.
    pub tls: Option<Arc<ServerConfig>>,
    /// The clock that tickets are dated by; set to virtual time at each connection.
    pub clock: Arc<Clock>,
    /// How long the program takes to close its direction once the client has closed its own.
    pub close_delay: Duration,
}

/// Accepts connections for ever and answers every request on them.
pub async fn serve(os: Os, listener: TcpListener, server: Server) {
    let server = Rc::new(server);
    while let Ok((tcp, _)) = listener.accept().await {
        let (task_os, server) = (os.clone(), server.clone());
        drop(os.spawn("connection", async move { answer(task_os, tcp, server).await }));
    }
}

async fn answer(os: Os, tcp: TcpStream, server: Rc<Server>) {
    let number = tcp.id().0;
    let connection = match &server.tls {
        None => Connection::from(tcp),
        Some(config) => {
            server.clock.set(os.wall());
            match TlsStream::accept(tcp, config.clone()).await {
                Ok(stream) => Connection::from(stream),
                Err(error) => {
                    let text = os.text(&error.to_string());
                    os.event(&app::TLS_FAILED, number, [text, 0]);
                    return;
                }
            }
        }
    };
    let page = &server.page;
    let service = hyper::service::service_fn(|request: http::Request<Incoming>| {
        let (os, page) = (os.clone(), page.clone());
        async move { Ok::<_, Infallible>(respond(&os, number, &page, request).await) }
    });
    let closing = Closing { connection, os: os.clone(), delay: server.close_delay, until: None };
    let served = hyper::server::conn::http1::Builder::new()
        .timer(os.timer())
        // hyper would ask the real clock for its own.
        .auto_date_header(false)
        .serve_connection(closing, service)
        .await;
    if let Err(error) = served {
        let text = os.text(&error.to_string());
        os.event(&app::REQUEST_FAILED, number, [text, 0]);
    }
}

async fn respond(os: &Os, number: u32, page: &Page, request: http::Request<Incoming>) -> http::Response<Full<Bytes>> {
    let line = os.text(&format!("{} {}", request.method(), request.uri()));
    os.event(&app::HTTP_REQUEST, number, [line, 0]);
    // A body that breaks off is the connection's error; hyper ends it.
    let _ = request.into_body().collect().await;
    if page.think > Duration::ZERO {
        os.event(&app::HTTP_THINK, number, [page.think.as_nanos() as u64, 0]);
        os.sleep(page.think).await;
    }
    let line = os.text(&page.status.to_string());
    os.event(&app::HTTP_RESPONSE, number, [line, 0]);
    let mut response = http::Response::new(Full::new(page.body.clone()));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    if let (true, Ok(date)) = (page.date, http::HeaderValue::from_str(&os.wall().http_date())) {
        headers.insert(http::header::DATE, date);
    }
    headers.extend(page.headers.iter().map(|(name, value)| (Some(name.clone()), value.clone())));
    response
}

/// A connection whose server takes its time to close.
struct Closing {
    connection: Connection,
    os: Os,
    delay: Duration,
    until: Option<std::pin::Pin<Box<net::Sleep>>>,
}

mod closing {
    //! hyper's traits for [`Closing`]: all as the connection does, but for the shutdown, which waits first.

    use std::future::Future as _;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use base::Duration;
    use hyper::rt::{Read, ReadBufCursor, Write};

    use super::Closing;

    impl Read for Closing {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.connection).poll_read(cx, buffer)
        }
    }

    impl Write for Closing {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.connection).poll_write(cx, data)
        }
        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.connection).poll_flush(cx)
        }
        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            if self.delay > Duration::ZERO {
                let (os, delay) = (self.os.clone(), self.delay);
                let sleep = self.until.get_or_insert_with(|| Box::pin(os.sleep(delay)));
                ready!(sleep.as_mut().poll(cx));
            }
            Pin::new(&mut self.connection).poll_shutdown(cx)
        }
    }
}
