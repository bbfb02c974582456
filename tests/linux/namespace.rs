//! A network namespace with one TAP device, and programs in it.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// A network namespace that is gone when this is dropped, with all that runs in it.
pub struct Namespace {
    name: String,
    /// The other end of its network device `eth0`.
    pub tap: SyncDevice,
}

/// Tells the namespaces of one run apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Whether `programs` are there, and we may make devices. Says so if not; fails where oracles are required.
pub fn available(test: &str, programs: &[&str]) -> bool {
    let right = if oracle::find("ip").is_none() {
        Err("`ip` is not installed")
    } else if std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_err() {
        Err("this machine does not let us open /dev/net/tun")
    } else if !probe() {
        Err("this machine does not let us make network namespaces")
    } else {
        Ok(())
    };
    let right = right.map_err(|reason| format!("{test}: {reason}"));
    let linux = oracle::check("linux", right.as_ref().map(|_| ()).map_err(String::as_str));
    linux && programs.iter().all(|program| oracle::program(program))
}

fn probe() -> bool {
    let name = unique();
    let made = ip(&["netns", "add", &name]);
    ip(&["netns", "del", &name]);
    made
}

fn unique() -> String {
    format!("wirescope-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn ip(args: &[&str]) -> bool {
    let output = Command::new("ip").args(args).stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}

impl Namespace {
    /// A namespace whose device `eth0` has `address` (with its prefix length), and a default route by way of `gateway`.
    pub fn new(address: &str, gateway: Option<&str>) -> Namespace {
        let name = unique();
        let device = name.replace("wirescope-", "ws");
        let tap = DeviceBuilder::new().name(&device).layer(Layer::L2).build_sync().expect("a TAP device");
        tap.set_nonblocking(true).expect("a device that does not block");
        let namespace = Namespace { name: name.clone(), tap };
        assert!(ip(&["netns", "add", &name]), "a namespace");
        assert!(ip(&["link", "set", &device, "netns", &name, "name", "eth0"]), "the device goes there");
        namespace.ip(&["link", "set", "lo", "up"]);
        if !address.is_empty() {
            namespace.ip(&["addr", "add", address, "dev", "eth0"]);
        }
        namespace.ip(&["link", "set", "eth0", "up"]);
        if let Some(gateway) = gateway {
            namespace.ip(&["route", "add", "default", "via", gateway]);
        }
        namespace
    }

    /// Runs `ip` inside.
    pub fn ip(&self, args: &[&str]) {
        assert!(ip(&[&["-n", self.name.as_str()], args].concat()), "ip {args:?}");
    }

    /// A program inside, to be started.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a program inside.
    pub fn start(&self, program: &str, args: &[&str]) -> Running {
        Running(Some(self.command(program).args(args).spawn().unwrap_or_else(|e| panic!("{program}: {e}"))))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Whoever still runs inside (a server that was told to stay) goes with it.
        if let Ok(output) = Command::new("ip").args(["netns", "pids", &self.name]).output() {
            for pid in String::from_utf8_lossy(&output.stdout).split_whitespace() {
                let _ = Command::new("kill").arg(pid).output();
            }
        }
        ip(&["netns", "del", &self.name]);
    }
}

/// A program that is ended when this is dropped.
pub struct Running(Option<Child>);

impl Running {
    /// Whether it has ended by itself.
    pub fn is_over(&mut self) -> bool {
        self.0.as_mut().is_none_or(|child| child.try_wait().expect("a child").is_some())
    }
    /// Reads what it prints, on a thread of its own.
    pub fn read(&mut self) -> JoinHandle<Vec<u8>> {
        let mut pipe = self.0.as_mut().and_then(|child| child.stdout.take()).expect("a pipe");
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            bytes
        })
    }
    /// What it printed; it has ended.
    pub fn output(mut self) -> Output {
        let child = self.0.take().expect("a child");
        child.wait_with_output().expect("its output")
    }
    /// What it printed to standard output, once it has ended well.
    pub fn stdout(self) -> String {
        let output = self.output();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}: {}{}", output.status, text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until `done`, but not for ever.
pub fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited 20 s for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
