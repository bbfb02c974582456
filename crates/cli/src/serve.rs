//! `serve`: the page.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use web::api::{Problem, RunRequest};
use web::{Begin, CaptureFile, Limits, MAX_FILE, Options, ServeError};

use crate::args::Serve;
use crate::error::{Error, Kind};
use crate::input::unreadable;
use crate::simulate::scenario_text;

/// Serves until it is stopped.
pub fn run(out: &mut impl Write, args: &Serve) -> Result<ExitCode, Error> {
    let begin = begin(args)?;
    if let Some(why) = web::page_missing() {
        let _ = writeln!(
            io::stderr(),
            "warning: this wirescope was built without its page ({why}); the API works\n  help: build it where Node 20.19 or newer and npm are"
        );
    }
    if !args.listen.is_loopback() {
        let _ = writeln!(
            io::stderr(),
            "warning: everyone who reaches {} can read what you open here and run simulations; nothing is encrypted\n  help: without --listen it is your machine alone; from afar, use ssh -L",
            args.listen
        );
    }
    let options = Options { address: args.listen, port: args.port, begin, limits: Limits::default() };
    let mut told = Ok(());
    web::serve(options, |address| {
        let url = url(address);
        told = writeln!(out, "{url}").and_then(|()| out.flush());
        if args.open {
            browse(&url);
        }
    })
    .map_err(|error| match error {
        ServeError::Begin(problem) => wrong(problem),
        other => Error { kind: Kind::Failed, message: other.to_string(), remedy: None },
    })?;
    told?;
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with what was to be opened.
fn wrong(problem: Problem) -> Error {
    // A knob is named by its message, a place in a file is not.
    let place = problem.place.filter(|place| place.starts_with("line "));
    let message = place.map_or(problem.message.clone(), |place| format!("{} ({place})", problem.message));
    Error { kind: Kind::Usage, message, remedy: problem.remedy }
}

/// The address to open. Everything-addresses are no addresses: the loopback is one of theirs.
fn url(address: SocketAddr) -> String {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}/")
}

/// What is to be opened at once.
fn begin(args: &Serve) -> Result<Option<Begin>, Error> {
    let Some(target) = &args.target else {
        if !args.keylog.is_empty() || !args.knobs.turned.is_empty() {
            return Err(Error::usage("there is nothing to open").remedy("name a capture, a scenario or a URL"));
        }
        return Ok(None);
    };
    let known = scenario::find(target).is_some() || scenario::find_argument(target).is_some();
    if known || target.contains("://") || !looks_like_a_file(target) {
        if !args.keylog.is_empty() {
            return Err(Error::usage(format!("{target} is no capture: it needs no key log")));
        }
        let request = RunRequest { source: target.clone(), knobs: args.knobs.map(), file: None };
        return Ok(Some(Begin::Request(request)));
    }
    if is_scenario(Path::new(target)) {
        if !args.keylog.is_empty() {
            return Err(Error::usage(format!("{target} is no capture: it needs no key log")));
        }
        let file = Some(scenario_text(target)?);
        return Ok(Some(Begin::Request(RunRequest { source: name(target), knobs: args.knobs.map(), file })));
    }
    if !args.knobs.turned.is_empty() {
        let error = Error::usage(format!("{target} is a capture: nothing of it can be turned"));
        return Err(error.remedy("leave the conditions out"));
    }
    let mut keys = Vec::new();
    for path in &args.keylog {
        keys.extend(read(path)?);
        keys.push(b'\n');
    }
    let file = open(target)?;
    Ok(Some(Begin::Capture(CaptureFile { name: name(target), file, keys: keys.into() })))
}

/// Opens a capture. It is read while the page is there already.
fn open(target: &str) -> Result<File, Error> {
    let file = File::open(target).map_err(|error| unreadable(target, &error))?;
    let about = file.metadata().map_err(|error| unreadable(target, &error))?;
    if about.is_dir() {
        return Err(unreadable(target, &io::ErrorKind::IsADirectory.into()));
    }
    if about.len() >= MAX_FILE {
        let message = format!("{target} is too large for the page: it takes less than {MAX_FILE} bytes");
        return Err(Error::input(message));
    }
    Ok(file)
}

/// A file that is there, or a name that only a file would have.
fn looks_like_a_file(target: &str) -> bool {
    let path = Path::new(target);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    path.exists()
        || matches!(extension, "pcap" | "pcapng" | "cap" | "gz" | "ntar" | "toml")
        || target.starts_with(['/', '.'])
}

/// A scenario is told by its name: TOML is text, and has no mark at its beginning.
fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn name(target: &str) -> String {
    Path::new(target).file_name().map_or_else(|| target.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The bytes of a key log.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    file.take(MAX_KEYS + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
    if bytes.len() as u64 > MAX_KEYS {
        return Err(Error::input(format!("{name} is too large for a key log: it has more than {MAX_KEYS} bytes")));
    }
    Ok(bytes)
}

/// The largest key log that is read.
const MAX_KEYS: u64 = 1 << 30;

/// Starts the browser; if there is none, the address stands on the terminal all the same.
fn browse(url: &str) {
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let started = Command::new(program)
        .args(before)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        let _ = writeln!(io::stderr(), "warning: cannot start the browser ({program}: {error}); open {url}");
    }
}
