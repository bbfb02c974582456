//! The runs that are kept: the latest, within bounds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::worker::Permits;
use super::{Report, Run, State, Workshop};
use crate::api::{Code, Problem};

/// How much is kept and done at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Runs that are kept, those that are pinned not counted.
    pub runs: usize,
    /// Bytes of memory, roughly, beyond which the oldest go.
    pub bytes: u64,
    /// Runs that are made at a time.
    pub making: usize,
    /// Bytes of an upload.
    pub upload: usize,
    /// How long a body may take to arrive, however steadily it comes.
    pub patience: Duration,
    /// How long a request's head may take to arrive, however steadily it comes, and how long a connection may be idle.
    pub head_patience: Duration,
    /// Requests under way at a time.
    pub requests: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            runs: 8,
            bytes: 4 << 30,
            making: 2,
            upload: 512 << 20,
            patience: Duration::from_secs(120),
            head_patience: Duration::from_secs(30),
            requests: 64,
        }
    }
}

/// The runs that are kept.
#[derive(Debug)]
pub struct Store {
    limits: Limits,
    permits: Arc<Permits>,
    /// The latest last; each with whether it stays for good.
    runs: Mutex<Vec<(Arc<Run>, bool)>>,
}

impl Store {
    /// An empty store.
    pub fn new(limits: Limits) -> Store {
        Store { limits, permits: Permits::new(limits.making), runs: Mutex::new(Vec::new()) }
    }

    /// The run `id`, if it is kept.
    ///
    /// # Errors
    /// If it is not.
    pub fn get(&self, id: &str) -> Result<Arc<Run>, Problem> {
        self.find(id).ok_or_else(|| {
            let remedy = match id.as_bytes().first() {
                Some(b'c') => "drop the capture here again",
                _ => "run the scenario again",
            };
            Problem::new(Code::UnknownRun, format!("the run {id} is not here (any more)")).input(id).remedy(remedy)
        })
    }

    fn find(&self, id: &str) -> Option<Arc<Run>> {
        let mut runs = self.lock();
        let at = runs.iter().position(|(run, _)| run.id() == id)?;
        let found = runs.remove(at);
        let run = found.0.clone();
        runs.push(found);
        Some(run)
    }

    /// The run `id`: the one that is kept, or a new one. One that failed is tried again. If it is `pinned`, it stays.
    ///
    /// # Errors
    /// If no thread is to be had.
    pub fn get_or_make(
        &self,
        id: &str,
        pinned: bool,
        make: impl FnOnce(&Report) -> Result<Workshop, Problem> + Send + 'static,
    ) -> Result<Arc<Run>, Problem> {
        if let Some(run) = self.find(id).filter(|run| !matches!(run.state(), State::Failed(_))) {
            return Ok(run);
        }
        let run = Arc::new(Run::start(self.permits.clone(), make)?);
        run.name(id);
        let mut runs = self.lock();
        runs.retain(|(old, _)| old.id() != id);
        runs.push((run.clone(), pinned));
        self.shrink(&mut runs);
        Ok(run)
    }

    /// A run that stays, and that nobody can ask for before it is named.
    ///
    /// # Errors
    /// If no thread is to be had.
    pub fn begin(
        &self,
        make: impl FnOnce(&Report) -> Result<Workshop, Problem> + Send + 'static,
    ) -> Result<Arc<Run>, Problem> {
        let run = Arc::new(Run::start(self.permits.clone(), make)?);
        self.lock().push((run.clone(), true));
        Ok(run)
    }

    /// Nobody waits for the run `id` any more. If it is not made yet, it goes.
    pub fn cancel(&self, id: &str) {
        self.lock().retain(|(run, pinned)| {
            let goes = run.id() == id && !pinned && matches!(run.state(), State::Making(_));
            if goes {
                run.cancel();
            }
            !goes
        });
    }

    /// The oldest go until the rest is within bounds. The latest stays whatever its size.
    fn shrink(&self, runs: &mut Vec<(Arc<Run>, bool)>) {
        loop {
            let bytes: u64 = runs.iter().map(|(run, _)| run.bytes()).sum();
            let count = runs.iter().filter(|(_, pinned)| !pinned).count();
            if count <= 1 || (count <= self.limits.runs && bytes <= self.limits.bytes) {
                return;
            }
            let Some(oldest) = runs.iter().position(|(_, pinned)| !pinned) else { return };
            let (run, _) = runs.remove(oldest);
            run.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Arc<Run>, bool)>> {
        self.runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RunRequest;
    use crate::run::Plan;

    fn make(store: &Store, id: &str, pinned: bool) -> Arc<Run> {
        let plan = Plan::new(RunRequest { source: "curl".to_owned(), ..RunRequest::default() }).unwrap();
        store.get_or_make(id, pinned, move |report| plan.run(report)).unwrap()
    }

    #[test]
    fn the_oldest_goes_and_what_is_pinned_stays() {
        let store = Store::new(Limits { runs: 2, ..Limits::default() });
        make(&store, "pinned", true);
        make(&store, "a", false);
        make(&store, "b", false);
        assert!(store.get("a").is_ok(), "asked for, so it is younger than b now");
        make(&store, "c", false);
        assert!(store.get("a").is_ok() && store.get("c").is_ok() && store.get("pinned").is_ok());
        let error = store.get("b").unwrap_err();
        assert_eq!((error.code, error.input.as_deref()), (Code::UnknownRun, Some("b")));
    }

    #[test]
    fn the_same_run_is_made_once() {
        let store = Store::new(Limits::default());
        let one = make(&store, "a", false);
        assert!(Arc::ptr_eq(&one, &make(&store, "a", false)));
    }
}
