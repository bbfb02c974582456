//! How far a run is, as server-sent events (WHATWG HTML, "Server-sent events").

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};

use tokio::sync::watch::Receiver;
use tokio::sync::watch::error::RecvError;
use tokio::time::timeout;

use crate::api::{ApiError, Progress};
use crate::run::{Run, State};

/// How long nothing is told that is only a little further.
const PAUSE: Duration = Duration::from_millis(200);

/// Events `progress` until there is one `ready` or `failed`.
pub fn events(run: Arc<Run>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = run.watch();
    let stream = unfold((Some(watch), None), |(watch, told)| async move {
        let mut watch = watch?;
        let state = match &told {
            None => watch.borrow_and_update().clone(),
            Some(told) => next(&mut watch, told, PAUSE).await.ok()?,
        };
        let (event, over) = match &state {
            State::Making(progress) => (named::<Progress>("progress", progress), false),
            State::Ready => (Event::default().event("ready").data("{}"), true),
            State::Failed(problem) => (named("failed", &ApiError::from(problem.clone())), true),
        };
        Some((Ok(event), ((!over).then_some(watch), Some(state))))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// Waits for what is worth telling after what was told: the run is over, or its beginning can be asked, or `pause` has passed and
/// it is further. A page draws itself again with each.
async fn next(watch: &mut Receiver<State>, told: &State, pause: Duration) -> Result<State, RecvError> {
    let begun = |state: &State| matches!(state, State::Making(progress) if progress.beginning);
    let had = begun(told);
    let news = |state: &State| !matches!(state, State::Making(_)) || (!had && begun(state));
    if let Ok(state) = timeout(pause, watch.wait_for(news)).await {
        return state.map(|state| state.clone());
    }
    watch.wait_for(|state| state != told).await.map(|state| state.clone())
}

fn named<T: serde::Serialize>(name: &str, data: &T) -> Event {
    Event::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    fn at(done: f64, beginning: bool) -> State {
        State::Making(Progress { stage: "reading".to_owned(), done, total: Some(9.0), beginning })
    }

    #[test]
    fn what_is_only_a_little_further_waits_and_the_rest_does_not() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (tell, mut watch) = watch::channel(at(0.0, false));
            for done in 1..=5 {
                tell.send_replace(at(done.into(), false));
            }
            let told = next(&mut watch, &at(0.0, false), Duration::from_millis(1)).await;
            assert_eq!(told.unwrap(), at(5.0, false), "the last of them alone");
            // A day, and yet these are told at once.
            let day = Duration::from_secs(86_400);
            tell.send_replace(at(5.0, true));
            assert_eq!(next(&mut watch, &at(5.0, false), day).await.unwrap(), at(5.0, true));
            tell.send_replace(State::Ready);
            assert_eq!(next(&mut watch, &at(5.0, true), day).await.unwrap(), State::Ready);
        });
    }
}
