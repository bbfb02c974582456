//! The client's end of an HTTP/2 connection.

use std::cell::Cell;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use net::{Join, Os};
use trace::kinds::app;

use super::io::TokioIo;
use super::{receive_body, send_body};
use crate::http::{Connection, FetchError, Request, Response};

/// Room for a response before the client has to make more: of a stream, and of the connection, as Chromium offers them.
const STREAM_WINDOW: u32 = 6 << 20;
const CONNECTION_WINDOW: u32 = 15 << 20;
/// The largest header section that is taken, as Chromium says it.
const MAX_HEADER_LIST: u32 = 256 << 10;

/// Fields that speak of one connection of HTTP/1.1 and must not be sent in HTTP/2 (RFC 9113 §8.2.2).
const OF_A_CONNECTION: [&str; 5] = ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];

/// A client on one connection.
pub(in crate::http) struct Client {
    sender: SendRequest<Bytes>,
    driver: Join<()>,
    scheme: http::uri::Scheme,
    /// The number of the next stream: a client's are odd and go up (RFC 9113 §5.1.1).
    next: Cell<u32>,
}

impl Client {
    /// Sends the preface and the settings (RFC 9113 §3.4), and starts the task that keeps the connection going.
    pub(in crate::http) async fn start(os: &Os, connection: Connection, secure: bool) -> Result<Client, FetchError> {
        let (sender, connection) = Builder::new()
            // See the module's note: no clock is read.
            .max_concurrent_reset_streams(0)
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            .handshake(TokioIo::new(connection))
            .await
            .map_err(FetchError::Http2)?;
        let driver = os.spawn("http client", async move { drop(connection.await) });
        let scheme = if secure { http::uri::Scheme::HTTPS } else { http::uri::Scheme::HTTP };
        Ok(Client { sender, driver, scheme, next: Cell::new(1) })
    }

    /// Sends a request on a stream of its own and takes the response in.
    pub(in crate::http) async fn fetch(&self, os: &Os, number: u32, request: Request) -> Result<Response, FetchError> {
        let Request { method, target, headers, body } = request;
        let mut sender = self.sender.clone().ready().await.map_err(FetchError::Http2)?;
        let line = format!("{method} {target}");
        let message = self.message(method, &target, headers)?;
        // What cannot be said in HTTP/2 has taken no number.
        let stream = self.next.replace(self.next.get() + 2);
        let line = os.text(&format!("{line} on stream {stream}"));
        os.event(&app::HTTP_REQUEST, number, [line, 0]);
        let (response, mut sending) = sender.send_request(message, body.is_empty()).map_err(FetchError::Http2)?;
        debug_assert_eq!(response.stream_id().as_u32(), stream);
        // The response may come before the request is all there (RFC 9113 §8.1).
        let upload = (!body.is_empty())
            .then(|| os.spawn("request body", async move { send_body(&mut sending, body, true).await }));
        let hung_up = |error: h2::Error| {
            let unheard = stream == 1 && error.is_io() && self.scheme == http::uri::Scheme::HTTP;
            if unheard { FetchError::NotHttp2 } else { FetchError::Http2(error) }
        };
        let response = response.await.map_err(hung_up)?;
        let (head, mut body) = response.into_parts();
        let line = os.text(&format!("{} on stream {stream}", head.status));
        os.event(&app::HTTP_RESPONSE, number, [line, 0]);
        let body = receive_body(&mut body).await.map_err(FetchError::Http2)?;
        if let Some(upload) = upload {
            upload.await.map_err(FetchError::Http2)?;
        }
        os.event(&app::HTTP_DONE, number, [body.len() as u64, 0]);
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// The head as HTTP/2 has it: the authority in the place of `Host` (RFC 9113 §8.3.1).
    fn message(
        &self,
        method: http::Method,
        target: &http::Uri,
        headers: Vec<(http::HeaderName, http::HeaderValue)>,
    ) -> Result<http::Request<()>, FetchError> {
        let wrong = |why: String| FetchError::Request(why);
        let host = headers.iter().rev().find(|(name, _)| name == http::header::HOST);
        let (_, host) = host.ok_or_else(|| wrong("it has no Host".to_owned()))?;
        let uri = http::Uri::builder()
            .scheme(self.scheme.clone())
            .authority(host.as_bytes())
            .path_and_query(target.path_and_query().map_or("/", http::uri::PathAndQuery::as_str))
            .build();
        let uri = uri.map_err(|error| {
            wrong(format!("`{}` cannot be asked: {error}", String::from_utf8_lossy(host.as_bytes())))
        })?;
        let mut message = http::Request::new(());
        *message.method_mut() = method;
        *message.uri_mut() = uri;
        *message.version_mut() = http::Version::HTTP_2;
        for (name, value) in headers {
            let te = name == http::header::TE && value != "trailers";
            if te || OF_A_CONNECTION.contains(&name.as_str()) {
                let value = String::from_utf8_lossy(value.as_bytes());
                return Err(wrong(format!(
                    "`{name}: {value}` belongs to a connection of HTTP/1.1, and HTTP/2 forbids it (RFC 9113 §8.2.2)"
                )));
            }
            if name != http::header::HOST {
                message.headers_mut().append(name, value);
            }
        }
        Ok(message)
    }

    /// Says goodbye (GOAWAY, RFC 9113 §6.8) and waits until the connection is closed.
    pub(in crate::http) async fn close(self) {
        drop(self.sender);
        self.driver.await;
    }
}
