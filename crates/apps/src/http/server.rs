//! A web server with a configurable page, and what belongs to it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use base::Duration;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use net::{Os, TcpListener, TcpStream};
use rustls::ServerConfig;
use tls::Clock;
use trace::kinds::app;

use super::broken_off::BrokenOff;
use super::{Connection, TlsStream, Version, Versions, http2};

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
    /// After how many bytes of the body the program breaks off, as one that crashes does; a shorter body is sent whole.
    pub breaks_after: Option<usize>,
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
            breaks_after: None,
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

    /// What is sent of the body, if not all of it.
    pub(super) fn torso(&self) -> Option<Bytes> {
        let len = self.breaks_after.filter(|len| *len < self.body.len())?;
        Some(self.body.slice(..len))
    }
}

/// A web server's settings.
#[derive(Clone, Debug)]
pub struct Server {
    /// What it answers.
    pub page: Rc<Page>,
    /// What it answers to these targets instead.
    pub others: Rc<BTreeMap<String, Page>>,
    /// The versions of HTTP that it speaks over plain TCP. Over TLS the two ends agree by ALPN (RFC 7301).
    pub versions: Versions,
    /// For `https`.
    pub tls: Option<Arc<ServerConfig>>,
    /// The clock that tickets are dated by; set to virtual time at each connection.
    pub clock: Arc<Clock>,
    /// How long the program takes to close its direction once the client has closed its own.
    pub close_delay: Duration,
}

/// How long a client may be silent before it has asked for anything, as hyper waits for a request's head.
const FIRST_BYTES: Duration = Duration::from_secs(30);

impl Server {
    /// What it answers to a target.
    pub(super) fn page_at(&self, target: &str) -> &Page {
        self.others.get(target).unwrap_or(&self.page)
    }
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
    let failed = |why: &dyn std::fmt::Display| {
        let text = os.text(&why.to_string());
        os.event(&app::REQUEST_FAILED, number, [text, 0]);
    };
    let (connection, version) = match &server.tls {
        None => {
            let mut connection = Connection::from(tcp);
            let version = match server.versions {
                Versions::Both => match os.timeout(FIRST_BYTES, connection.version()).await {
                    Ok(Ok(version)) => version,
                    Ok(Err(error)) => return failed(&error),
                    Err(silent) => return failed(&silent),
                },
                Versions::Http11 => Version::Http11,
                Versions::Http2 => Version::Http2,
            };
            (connection, version)
        }
        Some(config) => {
            server.clock.set(os.wall());
            match TlsStream::accept(tcp, config.clone()).await {
                Ok(stream) => {
                    let two = stream.tls().alpn_protocol() == Some(b"h2");
                    (Connection::from(stream), if two { Version::Http2 } else { Version::Http11 })
                }
                Err(error) => {
                    let text = os.text(&error.to_string());
                    os.event(&app::TLS_FAILED, number, [text, 0]);
                    return;
                }
            }
        }
    };
    let connection = Closing { connection, os: os.clone(), delay: server.close_delay, until: None };
    match version {
        Version::Http11 => {
            if let Err(error) = serve_http11(&os, number, connection, &server).await {
                failed(&error);
            }
        }
        Version::Http2 => {
            if let Err(error) = http2::serve(&os, number, connection, &server).await {
                failed(&error);
            }
        }
    }
}

async fn serve_http11(os: &Os, number: u32, connection: Closing, server: &Rc<Server>) -> Result<(), hyper::Error> {
    let service = hyper::service::service_fn(|request: http::Request<Incoming>| {
        let (os, server) = (os.clone(), server.clone());
        async move { Ok::<_, Infallible>(respond(&os, number, &server, request).await) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(os.timer())
        // hyper would ask the real clock for its own.
        .auto_date_header(false)
        .serve_connection(connection, service)
        .await
}

async fn respond(os: &Os, number: u32, server: &Server, request: http::Request<Incoming>) -> http::Response<Body> {
    let line = os.text(&format!("{} {}", request.method(), request.uri()));
    os.event(&app::HTTP_REQUEST, number, [line, 0]);
    let page = server.page_at(request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str));
    // A body that breaks off is the connection's error; hyper ends it.
    let _ = request.into_body().collect().await;
    think(os, number, page).await;
    let line = os.text(&page.status.to_string());
    os.event(&app::HTTP_RESPONSE, number, [line, 0]);
    let body = match page.torso() {
        None => Body::Left(Full::new(page.body.clone())),
        Some(torso) => {
            os.event(&app::HTTP_BREAK_OFF, number, [torso.len() as u64, page.body.len() as u64]);
            Body::Right(BrokenOff::new(os, torso, page.body.len()))
        }
    };
    let mut response = http::Response::new(body);
    (*response.status_mut(), *response.headers_mut()) = (page.status, fields(os, page));
    response
}

/// A body, whole or not.
type Body = Either<Full<Bytes>, BrokenOff>;

/// The server takes its time.
pub(super) async fn think(os: &Os, number: u32, page: &Page) {
    if page.think > Duration::ZERO {
        os.event(&app::HTTP_THINK, number, [page.think.as_nanos() as u64, 0]);
        os.sleep(page.think).await;
    }
}

/// The header fields of a page's response, but for its length.
pub(super) fn fields(os: &Os, page: &Page) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    if let (true, Ok(date)) = (page.date, http::HeaderValue::from_str(&os.wall().http_date())) {
        headers.insert(http::header::DATE, date);
    }
    headers.extend(page.headers.iter().map(|(name, value)| (Some(name.clone()), value.clone())));
    headers
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
