//! One run on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock};

use tokio::sync::{oneshot, watch};

use super::Workshop;
use crate::api::{Code, Problem, Progress};

/// Questions that may wait at one run.
const MAX_WAITING: usize = 64;
/// A decoder may stand in as many groups as a message nests.
const STACK: usize = 8 << 20;

type Job = Box<dyn FnOnce(&Workshop) + Send>;

/// How far a run is.
#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// It is being made.
    Making(Progress),
    /// It can be asked.
    Ready,
    /// It could not be made.
    Failed(Problem),
}

/// What is asked for in the place of a run while that is being made: its first packets.
type Beginning = Arc<Mutex<Option<Arc<Run>>>>;

/// Tells how far a run is.
#[derive(Debug)]
pub struct Report {
    state: watch::Sender<State>,
    id: Arc<OnceLock<String>>,
    begins: Arc<OnceLock<String>>,
    beginning: Beginning,
}

impl Report {
    /// A report that nobody reads.
    pub fn nobody() -> Report {
        let (id, begins) = Default::default();
        Report { state: watch::channel(State::Ready).0, id, begins, beginning: Beginning::default() }
    }
    /// `done` of `total` of `stage` is done.
    pub fn progress(&self, stage: &str, done: f64, total: Option<f64>) {
        let beginning = held(&self.beginning).is_some();
        self.state.send_replace(State::Making(Progress { stage: stage.to_owned(), done, total, beginning }));
    }
    /// Makes a run of its first packets, which can be asked until the whole is there. Where there is no thread for it, there
    /// is none.
    pub fn begin(&self, make: impl FnOnce(&Report) -> Result<Workshop, Problem> + Send + 'static) {
        // Not one of the store's permits: the whole waits for nobody.
        *held(&self.beginning) = Run::start(Permits::new(1), make).ok().map(Arc::new);
    }
    /// Whether a beginning can be asked.
    pub fn has_beginning(&self) -> bool {
        held(&self.beginning).is_some()
    }
    /// Tells what the run's id begins with, before it is known.
    pub fn begins(&self, id: String) {
        let _ = self.begins.set(id);
    }
    /// Names the run, once and for all.
    pub fn name(&self, id: &str) {
        let _ = self.id.set(id.to_owned());
    }
}

fn held(beginning: &Beginning) -> std::sync::MutexGuard<'_, Option<Arc<Run>>> {
    beginning.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// How many runs are made at a time.
#[derive(Debug)]
pub struct Permits {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Permits {
    /// `n` at a time.
    pub fn new(n: usize) -> Arc<Permits> {
        Arc::new(Permits { free: Mutex::new(n), changed: Condvar::new() })
    }
    fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        let free = self.free.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut free =
            self.changed.wait_while(free, |free| *free == 0).unwrap_or_else(|poisoned| poisoned.into_inner());
        *free -= 1;
        drop(free);
        let done = work();
        *self.free.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
        self.changed.notify_one();
        done
    }
}

/// A run: a thread that holds its story, and the way to ask it.
#[derive(Debug)]
pub struct Run {
    id: Arc<OnceLock<String>>,
    begins: Arc<OnceLock<String>>,
    jobs: SyncSender<Job>,
    state: watch::Receiver<State>,
    beginning: Beginning,
    cancelled: Arc<std::sync::atomic::AtomicBool>,
    bytes: Arc<std::sync::atomic::AtomicU64>,
}

impl Run {
    /// Starts making a run. What it is called is said by [`Run::name`], or by [`Report::name`] before it is made.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        permits: Arc<Permits>,
        make: impl FnOnce(&Report) -> Result<Workshop, Problem> + Send + 'static,
    ) -> Result<Run, Problem> {
        use std::sync::atomic::Ordering::Relaxed;
        let waiting = Progress { stage: "waiting".to_owned(), done: 0.0, total: None, beginning: false };
        let (tell, state) = watch::channel(State::Making(waiting));
        let (jobs, todo) = sync_channel::<Job>(MAX_WAITING);
        let cancelled = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let bytes = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let (stop, size) = (cancelled.clone(), bytes.clone());
        let (id, begins, beginning) = Default::default();
        let report = Report { state: tell, id, begins, beginning };
        let (id, begins, beginning) = (report.id.clone(), report.begins.clone(), report.beginning.clone());
        let body = move || {
            let made = permits.with(|| {
                if stop.load(Relaxed) {
                    return Err(Problem::new(Code::UnknownRun, "a newer run took the place of this one"));
                }
                catch_unwind(AssertUnwindSafe(|| make(&report))).unwrap_or_else(|_| Err(fault()))
            });
            match made {
                Ok(workshop) => {
                    size.store(workshop.bytes(), Relaxed);
                    report.state.send_replace(State::Ready);
                    *held(&report.beginning) = None;
                    work(&workshop, &todo);
                }
                Err(problem) => {
                    report.state.send_replace(State::Failed(problem));
                }
            }
        };
        std::thread::Builder::new()
            .name("run".to_owned())
            .stack_size(STACK)
            .spawn(body)
            .map_err(|error| Problem::new(Code::TooMany, format!("no thread for another run: {error}")))?;
        Ok(Run { id, begins, jobs, state, beginning, cancelled, bytes })
    }

    /// Its id; empty before it was named.
    pub fn id(&self) -> &str {
        self.id.get().map_or("", String::as_str)
    }
    /// Names it, once and for all.
    pub fn name(&self, id: &str) {
        let _ = self.id.set(id.to_owned());
    }
    /// What its id will begin with, where that is known before all of it.
    pub fn begins(&self) -> Option<&str> {
        self.begins.get().map(String::as_str)
    }
    /// The run of its first packets, while the whole is being made.
    pub fn beginning(&self) -> Option<Arc<Run>> {
        held(&self.beginning).clone()
    }
    /// How far it is.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }
    /// How far it is, as that changes.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.clone()
    }
    /// About how much memory it takes.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(std::sync::atomic::Ordering::Relaxed)
    }
    /// Nobody wants it any more: if it has not begun, it never will.
    pub fn cancel(&self) {
        self.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Waits until it is made.
    ///
    /// # Errors
    /// If it could not be made.
    pub async fn made(&self) -> Result<(), Problem> {
        let mut state = self.state.clone();
        let made = state.wait_for(|state| !matches!(state, State::Making(_))).await;
        match made.as_deref() {
            Ok(State::Failed(problem)) => Err(problem.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(fault()),
        }
    }

    /// Asks it, once it is made.
    ///
    /// # Errors
    /// Those of the answer; or the run could not be made, or too much is being asked of it.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Workshop) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.made().await?;
        let (answer, answered) = oneshot::channel();
        let job = move |workshop: &Workshop| {
            // Who asked may have gone: then nobody needs the answer.
            if !answer.is_closed() {
                let done = catch_unwind(AssertUnwindSafe(|| question(workshop))).unwrap_or_else(|_| Err(fault()));
                let _ = answer.send(done);
            }
        };
        self.jobs.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) => Problem::new(Code::TooMany, "too much is being asked of this run at once")
                .remedy("ask again in a moment"),
            TrySendError::Disconnected(_) => fault(),
        })?;
        answered.await.unwrap_or_else(|_| Err(fault()))
    }
}

/// Answers until nobody can ask any more.
fn work(workshop: &Workshop, todo: &Receiver<Job>) {
    while let Ok(job) = todo.recv() {
        job(workshop);
    }
}

fn fault() -> Problem {
    Problem::new(Code::Internal, "a fault of the program: this could not be worked out")
        .remedy("please report what was opened and asked; everything else goes on")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RunRequest;
    use crate::run::Plan;

    fn block<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn a_fault_while_answering_is_an_error_and_the_run_goes_on() {
        let plan = Plan::new(RunRequest { source: "curl".to_owned(), ..RunRequest::default() }).unwrap();
        let run = Run::start(Permits::new(1), move |report| plan.run(report)).unwrap();
        let answer = block(run.ask(|_| -> Result<(), Problem> { panic!("on purpose") }));
        assert_eq!(answer.unwrap_err().code, Code::Internal);
        assert_eq!(block(run.ask(|workshop| Ok(workshop.story().len()))), Ok(11));
    }

    #[test]
    fn the_first_packets_are_asked_until_the_whole_is_there() {
        let plan = |source: &str| Plan::new(RunRequest { source: source.to_owned(), ..RunRequest::default() }).unwrap();
        let (go, wait) = std::sync::mpsc::channel();
        let run = Run::start(Permits::new(1), move |report| {
            report.begin(move |report| plan("curl").run(report));
            report.progress("reading", 1.0, Some(2.0));
            wait.recv().unwrap();
            report.name("c1");
            plan("https").run(report)
        });
        let run = run.unwrap();
        let mut state = run.watch();
        let told = |state: &State| matches!(state, State::Making(Progress { beginning: true, .. }));
        block(state.wait_for(told)).unwrap();
        let beginning = run.beginning().expect("it was begun");
        assert_eq!(block(beginning.ask(|workshop| Ok(workshop.story().len()))), Ok(11));
        go.send(()).unwrap();
        assert_eq!(block(run.ask(|workshop| Ok(workshop.story().len()))), Ok(17));
        assert_eq!((run.id(), run.beginning().is_none()), ("c1", true));
    }

    #[test]
    fn a_fault_while_making_is_an_error_too() {
        let permits = Permits::new(1);
        let run = Run::start(permits.clone(), |_| panic!("on purpose")).unwrap();
        assert_eq!(block(run.made()).unwrap_err().code, Code::Internal);
        // The permit came back.
        let plan = Plan::new(RunRequest { source: "curl".to_owned(), ..RunRequest::default() }).unwrap();
        let run = Run::start(permits, move |report| plan.run(report)).unwrap();
        assert_eq!(block(run.made()), Ok(()));
    }
}
