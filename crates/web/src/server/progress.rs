//! How far a run is, as server-sent events (WHATWG HTML, "Server-sent events").

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};

use crate::api::{ApiError, Progress};
use crate::run::{Run, State};

/// Events `progress` until there is one `ready` or `failed`.
pub fn events(run: Arc<Run>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = run.watch();
    let stream = unfold((Some(watch), true), |(watch, first)| async move {
        let mut watch = watch?;
        if !first && watch.changed().await.is_err() {
            return None;
        }
        let state = watch.borrow_and_update().clone();
        let (event, over) = match state {
            State::Making(progress) => (named::<Progress>("progress", &progress), false),
            State::Ready => (Event::default().event("ready").data("{}"), true),
            State::Failed(problem) => (named("failed", &ApiError::from(problem)), true),
        };
        Some((Ok(event), ((!over).then_some(watch), false)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

fn named<T: serde::Serialize>(name: &str, data: &T) -> Event {
    Event::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}
