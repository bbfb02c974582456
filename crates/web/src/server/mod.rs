//! The server on the loopback address.

mod answer;
mod capture;
mod connections;
mod guard;
mod progress;
mod routes;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::api::{Problem, RunRequest, Start};
use crate::run::{CaptureFile, Limits, Plan, Run, State, Store, of_request};

/// How to serve.
#[derive(Debug)]
pub struct Options {
    /// The address to listen on: the loopback address, unless somebody wants it otherwise.
    pub address: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// What to open at once.
    pub begin: Option<Begin>,
    /// How much is kept and done.
    pub limits: Limits,
}

/// What to open at once.
#[derive(Debug)]
pub enum Begin {
    /// A URL, a scenario or a scenario file.
    Request(RunRequest),
    /// A capture.
    Capture(CaptureFile),
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// What was to be opened cannot be.
    #[error("{0}")]
    Begin(Problem),
    /// The server could not begin its work.
    #[error("the server cannot start: {0}")]
    Start(std::io::Error),
}

/// What every request can reach.
#[derive(Debug)]
struct Shared {
    store: Store,
    limits: Limits,
    /// What was opened at once.
    start: Option<Start>,
    /// The capture that was opened at once.
    opened: Option<Arc<Run>>,
    /// Uploads that may be under way; each is written to a file without a name.
    uploads: Semaphore,
    /// Requests that may be under way.
    requests: Semaphore,
}

/// What the capture is called that was opened at once, before all of it was read and it has a name of its own.
const OPENED: &str = "opened";

impl Shared {
    /// The run `id`.
    ///
    /// # Errors
    /// If it is not here.
    async fn run(&self, id: &str) -> Result<Arc<Run>, Problem> {
        match &self.opened {
            Some(run) if id == OPENED => Ok(run.clone()),
            // A link names what may turn out to be this.
            Some(run) if run.id().is_empty() && id.starts_with('c') && self.store.get(id).is_err() => {
                let told = |state: &State| run.begins().is_some() || !matches!(state, State::Making(_));
                let _ = run.watch().wait_for(told).await;
                match run.begins() {
                    // So it seems. Whoever asks for the whole is told whether it is.
                    Some(begins) if run.id().is_empty() && id.starts_with(begins) => Ok(run.clone()),
                    _ => self.store.get(id),
                }
            }
            _ => self.store.get(id),
        }
    }
}

/// Uploads under way at a time.
const UPLOADS: usize = 2;

/// Serves until the program ends. `listening` is told the address once it can be opened.
///
/// # Errors
/// If the address cannot be had, or what was to be opened at once is wrong.
pub fn serve(options: Options, listening: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Start)?;
    runtime.block_on(async {
        let address = SocketAddr::new(options.address, options.port);
        let failed = |cause| ServeError::Listen { address, cause };
        let store = Store::new(options.limits);
        let begun = options.begin.map(|begin| open(&store, begin)).transpose().map_err(ServeError::Begin)?;
        let (start, opened) = begun.unzip();
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        listening(listener.local_addr().map_err(failed)?);
        let shared = Shared {
            store,
            limits: options.limits,
            start,
            opened: opened.flatten(),
            uploads: Semaphore::new(UPLOADS),
            requests: Semaphore::new(options.limits.requests),
        };
        match connections::take(listener, routes::router(Arc::new(shared)), options.limits.head_patience).await {}
    })
}

/// Begins to make what is to be opened at once; it stays for as long as the server runs.
fn open(store: &Store, begin: Begin) -> Result<(Start, Option<Arc<Run>>), Problem> {
    match begin {
        Begin::Request(request) => {
            let (id, plan) = (of_request(&request), Plan::new(request.clone())?);
            store.get_or_make(&id, true, move |report| plan.run(report))?;
            Ok((Start { run: Some(id), source: Some(request.source), knobs: request.knobs, error: None }, None))
        }
        Begin::Capture(capture) => {
            let run = store.begin(move |report| capture.open(report))?;
            let start = Start { run: Some(OPENED.to_owned()), source: None, knobs: BTreeMap::new(), error: None };
            Ok((start, Some(run)))
        }
    }
}
