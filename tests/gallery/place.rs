//! Two network namespaces, a client's and a server's, with a line between them, and the programs in them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::line::{Line, Running};

/// The client's and the server's address, each in a network of 24 bits with both.
const CLIENT: &str = "10.77.0.2";
pub const SERVER: &str = "10.77.0.1";

/// Every program that a case starts.
const PROGRAMS: [&str; 8] = ["tcpdump", "nginx", "curl", "openssl", "dnsmasq", "dig", "udhcpc", "nft"];

/// Whether the programs are there, and we may make namespaces and devices. Says so if not.
pub fn available() -> bool {
    let right = if oracle::find("ip").is_none() {
        Err("`ip` is not installed")
    } else if std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_err() {
        Err("this machine does not let us open /dev/net/tun")
    } else if !ip(&["netns", "add", &unique()]) {
        Err("this machine does not let us make network namespaces")
    } else {
        ip(&["netns", "del", &format!("wsgal-{}-0", std::process::id())]);
        Ok(())
    };
    let right = right.map_err(|reason| format!("the gallery: {reason}"));
    oracle::check("linux", right.as_ref().map(|_| ()).map_err(String::as_str))
        && PROGRAMS.iter().all(|program| oracle::program(program))
}

static NEXT: AtomicU32 = AtomicU32::new(0);

fn unique() -> String {
    format!("wsgal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn ip(args: &[&str]) -> bool {
    let output = Command::new("ip").args(args).stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}

/// One of the two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Client,
    Server,
}

/// Both ends, gone when this is dropped, with all that runs in them.
pub struct Place {
    names: [String; 2],
    /// Where files of this run are.
    pub directory: PathBuf,
    line: Option<Running>,
    running: Vec<Child>,
}

impl Place {
    /// Makes both ends and the line.
    pub fn new(line: &Line) -> Place {
        let names = [unique(), unique()];
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gallery").join(&names[0]);
        std::fs::create_dir_all(&directory).expect("cargo's directory for tests can be written");
        let mut place = Place { names, directory, line: None, running: Vec::new() };
        let client = place.end(End::Client, CLIENT, "02:00:00:77:00:02");
        let server = place.end(End::Server, SERVER, "02:00:00:77:00:01");
        place.line = Some(Running::start(line, client, server));
        place
    }

    fn name(&self, end: End) -> &str {
        &self.names[end as usize]
    }

    fn end(&self, end: End, address: &str, mac: &str) -> SyncDevice {
        let name = self.name(end);
        let device = name.replace("wsgal-", "wg");
        let tap = DeviceBuilder::new().name(&device).layer(Layer::L2).build_sync().expect("a TAP device");
        assert!(ip(&["netns", "add", name]), "a namespace");
        assert!(ip(&["link", "set", &device, "netns", name, "name", "eth0", "address", mac]), "the device goes there");
        let script = format!(
            "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; \
             ip link set lo up && ip addr add {address}/24 dev eth0 && ip link set eth0 up"
        );
        self.shell(end, &script);
        tap
    }

    /// A program at one end, to be started.
    pub fn command(&self, end: End, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.name(end), program]).args(args).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs lines of shell at one end; they must succeed.
    pub fn shell(&self, end: End, script: &str) {
        let output = self.command(end, "sh", &["-c", script]).output().expect("sh");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs a program at the client to its end, however it ends, but not for ever. Returns what it printed.
    pub fn ask(&self, program: &str, args: &[&str], seconds: u32) -> String {
        let seconds = seconds.to_string();
        let args = [&["-k", "1", &seconds, program], args].concat();
        let mut command = self.command(End::Client, "timeout", &args);
        command.env("SSLKEYLOGFILE", self.directory.join("keys.txt")).env("OPENSSL_CONF", "/dev/null");
        let output = command.output().expect("ip");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// Starts a program that goes on until the end of the run.
    pub fn start(&mut self, end: End, program: &str, args: &[&str]) {
        let mut command = self.command(end, program, args);
        command.stdout(Stdio::null()).stderr(Stdio::null()).env("OPENSSL_CONF", "/dev/null");
        self.running.push(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")));
    }

    /// Starts one of our own programs, with its arguments.
    pub fn start_own(&mut self, end: End, program: &str) {
        let mut command = self.own(end, program);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.running.push(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")));
    }

    /// One of our own programs: this very test, told what to be.
    pub fn own(&self, end: End, program: &str) -> Command {
        let this = std::env::current_exe().expect("this program is a file");
        let args = ["--exact", "the_cause_of_each_fault_is_named_first_and_its_twin_is_healthy", "--nocapture"];
        let mut command = self.command(end, &this.display().to_string(), &args);
        command.env(crate::programs::ROLE, program);
        command
    }

    /// Waits until something listens at a TCP port of the server.
    pub fn await_port(&self, port: u16) {
        let wanted = format!(":{port:04X} 00000000:0000 0A");
        self.wait(&format!("port {port}"), || {
            let table = self.command(End::Server, "cat", &["/proc/net/tcp"]).output().expect("cat");
            String::from_utf8_lossy(&table.stdout).contains(&wanted)
        });
    }

    /// The same of a UDP port.
    pub fn await_udp(&self, port: u16) {
        let wanted = format!(":{port:04X} 00000000:0000 07");
        self.wait(&format!("UDP port {port}"), || {
            let table = self.command(End::Server, "cat", &["/proc/net/udp"]).output().expect("cat");
            String::from_utf8_lossy(&table.stdout).contains(&wanted)
        });
    }

    fn wait(&self, what: &str, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < Duration::from_secs(30), "waited 30 s for {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Captures at one end until the result is finished.
    pub fn capture(&self, end: End) -> Capture {
        let file = self.directory.join("capture.pcap");
        let before = self.passed(end);
        let path = file.display().to_string();
        let args = ["-i", "eth0", "-w", &path, "-s", "0", "-U", "--immediate-mode", "-Z", "root", "-n", "-B", "32768"];
        let mut child = self.command(end, "tcpdump", &args).spawn().expect("tcpdump");
        let mut err = child.stderr.take().expect("a pipe");
        // It says so when it listens.
        let mut said = Vec::new();
        let mut byte = [0];
        while !said.windows(12).any(|window| window == b"listening on") {
            assert!(err.read(&mut byte).is_ok_and(|n| n == 1), "tcpdump: {}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
        }
        Capture { child, file, end, before, _err: err }
    }

    /// Frames that have passed the device at one end.
    fn passed(&self, end: End) -> u64 {
        let table = self.command(end, "cat", &["/proc/net/dev"]).output().expect("cat");
        let table = String::from_utf8_lossy(&table.stdout).into_owned();
        let line = table.lines().find_map(|line| line.trim().strip_prefix("eth0:")).unwrap_or_default();
        // Received packets stand second, sent ones tenth.
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        numbers.get(1).zip(numbers.get(9)).map_or(0, |(received, sent)| received + sent)
    }

    /// Whether the line was as it should be all the time.
    pub fn kept_time(&self) -> bool {
        self.line.as_ref().is_some_and(Running::kept_time)
    }

    /// Writes a file of this run.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        std::fs::write(&path, text).expect("cargo's directory for tests can be written");
        path.display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        for name in &self.names {
            // Whoever still runs inside (a server's children) goes with it.
            if let Ok(output) = Command::new("ip").args(["netns", "pids", name]).output() {
                for pid in String::from_utf8_lossy(&output.stdout).split_whitespace() {
                    let _ = Command::new("kill").args(["-9", pid]).output();
                }
            }
            ip(&["netns", "del", name]);
        }
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// tcpdump at work.
pub struct Capture {
    child: Child,
    file: PathBuf,
    end: End,
    /// Frames that had passed the device before.
    before: u64,
    /// Its standard error: closed, it would end tcpdump at the next word.
    _err: std::process::ChildStderr,
}

impl Capture {
    /// Ends it when the file is whole: tcpdump leaves what it has not read when it is told to stop.
    pub fn finish(mut self, place: &Place) -> PathBuf {
        let start = Instant::now();
        let passed = place.passed(self.end) - self.before;
        while packets(&self.file) < passed && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = Command::new("kill").args(["-2", &self.child.id().to_string()]).output();
        let _ = self.child.wait();
        self.file.clone()
    }
}

/// The packets in a pcap file so far: a head of 24 bytes, then each with 16 before it, in the machine's byte order.
fn packets(file: &Path) -> u64 {
    let bytes = std::fs::read(file).unwrap_or_default();
    let (mut at, mut count) = (24, 0);
    while let Some(len) = bytes.get(at + 8..at + 12).and_then(|len| len.try_into().ok()).map(u32::from_ne_bytes) {
        at += 16 + len as usize;
        count += u64::from(at <= bytes.len());
    }
    count
}

/// What `wirescope open` finds in a capture: the findings' ids in its order.
pub fn findings(file: &Path) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
    command.args(["open", &file.display().to_string(), "--findings", "--format", "json"]);
    let keys = file.with_file_name("keys.txt");
    if std::fs::metadata(&keys).is_ok_and(|about| about.len() > 0) {
        command.arg("--keylog").arg(keys);
    }
    let output = command.output().expect("it is built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let ids = list.as_array().into_iter().flatten().filter_map(|finding| finding["id"].as_str());
    ids.map(str::to_owned).collect()
}
