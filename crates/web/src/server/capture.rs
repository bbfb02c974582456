//! Uploads: a capture and its key log.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Shared;
use crate::api::{Code, Problem};
use crate::run::OfCapture;

/// How long a body may take to arrive.
const LONGEST: Duration = Duration::from_secs(120);

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// If it is larger, takes too long or breaks off.
pub async fn body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    within(headers, body, limit, |_| ()).await
}

/// Reads a body of at most `limit` bytes, and shows it as it arrives.
async fn within(headers: &HeaderMap, body: Body, limit: usize, look: impl FnMut(&[u8])) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(Code::TooLarge, format!("more than {limit} bytes are not taken"))
            .remedy("a larger capture can be opened on the command line: wirescope serve FILE")
    };
    let claimed = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if claimed.is_some_and(|claimed| claimed > limit) {
        return Err(too_large());
    }
    match tokio::time::timeout(LONGEST, collected(Limited::new(body, limit), claimed.unwrap_or(0), look)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Problem::new(Code::BadRequest, format!("the body broke off: {error}"))),
        Err(_) => Err(Problem::new(Code::TooSlow, format!("the body took more than {} s", LONGEST.as_secs()))),
    }
}

/// A body in one piece. Memory that was only claimed is not used.
async fn collected(
    mut body: Limited<Body>,
    claimed: usize,
    mut look: impl FnMut(&[u8]),
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut bytes = Vec::with_capacity(claimed);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            look(&data);
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Bytes that were handed over, and the name that they have as a capture.
#[derive(Debug)]
pub struct Upload {
    /// The bytes.
    pub bytes: Bytes,
    /// Their name, but for how many of them are the capture's.
    pub id: OfCapture,
}

/// Reads an upload: bytes, one of few at a time.
///
/// # Errors
/// As [`body`], or if it is not said to be bytes, or too many are under way.
pub async fn upload(shared: &Shared, headers: &HeaderMap, from: Body) -> Result<Upload, Problem> {
    demand(headers, "application/octet-stream")?;
    let Ok(_permit) = shared.uploads.try_acquire() else {
        return Err(Problem::new(Code::TooMany, "too many uploads are under way").remedy("try again in a moment"));
    };
    let mut id = OfCapture::default();
    let bytes = within(headers, from, shared.limits.upload, |bytes| id.update(bytes)).await?;
    Ok(Upload { bytes, id })
}

/// Checks the body's media type.
///
/// # Errors
/// If it is another.
pub fn demand(headers: &HeaderMap, media_type: &str) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.split(';').next().is_some_and(|given| given.trim().eq_ignore_ascii_case(media_type)) {
        return Ok(());
    }
    Err(Problem::new(Code::BadRequest, format!("the body has to be {media_type}")).input(given).place("Content-Type"))
}

/// What a browser calls a file, as one line without anything that could be taken for a path.
pub fn file_name(name: Option<&str>) -> String {
    let name = name.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    if clean.is_empty() { "capture".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(file_name(Some("C:\\fakepath\\a.pcap")), "a.pcap");
        assert_eq!(file_name(Some("../../etc/passwd")), "passwd");
        assert_eq!(file_name(Some("a\nb\u{1b}[31m")), "ab[31m");
        assert_eq!(file_name(None), "capture");
    }
}
