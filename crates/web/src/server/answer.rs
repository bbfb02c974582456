//! Answers: what every one of them says to the browser, and errors as JSON.

use std::convert::Infallible;
use std::io::{self, Read as _};

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use capture::read::Held;
use futures_util::stream::{iter, unfold};
use serde::Serialize;

use crate::api::{ApiError, Code, Problem};
use crate::view::Packed;

/// What every answer says: nothing is kept, nothing is guessed, nobody else may use it.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The policy of answers that are no page: nothing in them runs, whatever a browser takes them for.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// An answer to a request, or an error that becomes one.
pub type Answer = Result<Response<Body>, Failure>;

/// An error on its way to the browser.
#[derive(Debug)]
pub struct Failure(pub Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_string(&ApiError::from(self.0)).unwrap_or_default();
        let mut response = typed("application/json", text.into());
        *response.status_mut() = status;
        response
    }
}

/// An answer of this media type.
pub fn typed(media_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A value as JSON.
pub fn json(value: &impl Serialize) -> Answer {
    let text = serde_json::to_vec(value).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    Ok(typed("application/json", text.into()))
}

/// Columns, part by part: they are not copied together first.
pub fn packed(columns: Packed) -> Response<Body> {
    let length = HeaderValue::from(columns.len());
    let parts = columns.into_parts().into_iter().map(Ok::<_, Infallible>);
    let mut response = typed("application/octet-stream", Body::from_stream(iter(parts)));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}

/// Bytes of a file that are in memory at a time for each who reads it.
const PIECE: usize = 256 << 10;

/// What is held, read piece by piece as fast as it is taken. If it ends too soon, so does the connection.
fn streamed(held: Held) -> Body {
    Body::from_stream(unfold(Some(0), move |at: Option<u64>| {
        let held = held.clone();
        async move {
            let at = at.filter(|at| *at < held.len())?;
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = Vec::with_capacity(PIECE);
                held.reader_from(at).take(PIECE as u64).read_to_end(&mut piece).map(|_| Bytes::from(piece))
            });
            match read.await.unwrap_or_else(|fault| Err(io::Error::other(fault))) {
                Ok(piece) if piece.is_empty() => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
                Ok(piece) => Some((Ok(piece.clone()), Some(at + piece.len() as u64))),
                Err(error) => Some((Err(error), None)),
            }
        }
    }))
}

/// Something to be saved as a file.
pub fn attachment(media_type: &'static str, name: &str, held: Held) -> Answer {
    let length = HeaderValue::from(held.len());
    let mut response = typed(media_type, streamed(held));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// Adds what every answer says.
pub fn sealed(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NO_PAGE));
    response
}
