//! Uploads: a capture and its key log.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use capture::read::Held;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use crate::api::{Code, Problem};
use crate::run::OfCapture;
use crate::spool::{Spool, no_room};

/// The largest key log: some 300,000 secrets.
pub const MAX_KEYS: usize = 64 << 20;
/// Parts of a body that wait to be written.
const WAITING: usize = 16;

/// Reads a body of at most `limit` bytes into memory, if it arrives within `patience`.
///
/// # Errors
/// If it is larger, takes too long or breaks off.
pub async fn body(headers: &HeaderMap, body: Body, limit: usize, patience: Duration) -> Result<Bytes, Problem> {
    let mut bytes = Vec::with_capacity(claimed(headers, limit)?);
    within(body, limit, patience, To::Memory(&mut bytes)).await?;
    Ok(bytes.into())
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("more than {limit} bytes are not taken"))
        .remedy("a larger capture can be opened on the command line: wirescope serve FILE")
}

/// How many bytes a body claims to have. Memory that is only claimed is not used.
fn claimed(headers: &HeaderMap, limit: usize) -> Result<usize, Problem> {
    let claimed = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    claimed.map_or(Ok(0), |claimed| if claimed > limit { Err(too_large(limit)) } else { Ok(claimed) })
}

/// Where the parts of a body go.
enum To<'a> {
    Memory(&'a mut Vec<u8>),
    Thread(mpsc::Sender<Bytes>),
}

impl To<'_> {
    /// Whether more is wanted.
    async fn take(&mut self, part: Bytes) -> bool {
        match self {
            To::Memory(bytes) => {
                bytes.extend_from_slice(&part);
                true
            }
            To::Thread(send) => send.send(part).await.is_ok(),
        }
    }
}

/// Hands on the parts of a body as they arrive, at most `limit` bytes within `patience`, as long as more is wanted.
async fn within(body: Body, limit: usize, patience: Duration, mut to: To<'_>) -> Result<(), Problem> {
    let mut body = Limited::new(body, limit);
    let all = async {
        while let Some(frame) = body.frame().await {
            if let Ok(part) = frame?.into_data()
                && !to.take(part).await
            {
                break;
            }
        }
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    match tokio::time::timeout(patience, all).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(error)) => Err(Problem::new(Code::BadRequest, format!("the body broke off: {error}"))),
        Err(_) => Err(Problem::new(Code::TooSlow, format!("what was sent took more than {patience:?} to arrive"))
            .remedy("a capture can be opened on the command line, where nothing waits for it: wirescope serve FILE")),
    }
}

/// Bytes that were handed over and are kept in a file without a name, and the name that they have as a capture.
#[derive(Debug)]
pub struct Upload {
    /// The bytes.
    pub held: Held,
    /// Their name, but for how many of them are the capture's.
    pub id: OfCapture,
}

/// Reads an upload: bytes, one of few at a time. They are written and hashed by a thread of their own while more arrive.
///
/// # Errors
/// As [`body`], or if it is not said to be bytes, too many are under way, or there is no room.
pub async fn upload(shared: &Shared, headers: &HeaderMap, from: Body) -> Result<Upload, Problem> {
    demand(headers, "application/octet-stream")?;
    let limit = shared.limits.upload;
    claimed(headers, limit)?;
    let Ok(_permit) = shared.uploads.try_acquire() else {
        return Err(Problem::new(Code::TooMany, "too many uploads are under way").remedy("try again in a moment"));
    };
    let (send, parts) = mpsc::channel(WAITING);
    let (done, kept) = oneshot::channel();
    let keep = move || {
        // Whoever handed it over may have gone.
        let _ = done.send(Spool::new().and_then(|spool| keep(spool, parts)));
    };
    std::thread::Builder::new()
        .name("upload".to_owned())
        .spawn(keep)
        .map_err(|error| Problem::new(Code::TooMany, format!("no thread for an upload: {error}")))?;
    // If the file takes no more, it says why.
    within(from, limit, shared.limits.patience, To::Thread(send)).await?;
    match kept.await {
        Ok(kept) => kept.map_err(|error| no_room(&error)),
        Err(_) => Err(Problem::new(Code::Internal, "a fault of the program: the upload was lost")),
    }
}

/// Keeps what arrives.
fn keep(mut spool: Spool, mut parts: mpsc::Receiver<Bytes>) -> std::io::Result<Upload> {
    let mut id = OfCapture::default();
    while let Some(part) = parts.blocking_recv() {
        id.update(&part);
        spool.write_all(&part)?;
    }
    Ok(Upload { held: spool.into_held(), id })
}

/// The key log behind the first `size` bytes of an upload.
///
/// # Errors
/// If it is too large, or can no longer be read.
pub fn keys_behind(held: &Held, size: u64) -> Result<Bytes, Problem> {
    if held.len() - size > MAX_KEYS as u64 {
        let message = format!("a key log of more than {MAX_KEYS} bytes is not taken");
        return Err(Problem::new(Code::TooLarge, message).place("size"));
    }
    let mut keys = Vec::new();
    held.reader_from(size).read_to_end(&mut keys).map_err(|error| no_room(&error))?;
    Ok(keys.into())
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
