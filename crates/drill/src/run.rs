//! Running a script: one event after the other, in virtual time.

mod packets;

use std::path::Path;

use base::{Duration, Instant};
use trace::Trace;

use crate::calls::{Descriptors, Pending};
use crate::code::{Environment, Failure};
use crate::error::{Fault, Problem, ScriptError, Span};
use crate::flow::Flow;
use crate::kernel::{Kernel, Refused};
use crate::machine::Machine;
use crate::report::{Mismatch, Place, Report, Verdict};
use crate::script::{Action, Command, Event, Packet, Script, Time, Way};
use crate::setup::Setup;
use crate::shell::{MadeFile, Shell, Trouble};
use crate::tables;

/// How long a packet that does not come is waited for beyond its time.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a call may stay blocked that does not say when it returns, or that another call waits for.
const LONGEST_CALL: Duration = Duration::from_secs(600);
/// How many packets of the past a mismatch shows.
const LADDER: usize = 24;

/// Why a run ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What the script says is not so.
    Failed { what: String, sides: Option<(String, String)> },
    /// It asks for something that does not exist here.
    Unsupported(String),
    /// It breaks the language's rules.
    Invalid(String),
}

impl Stop {
    pub(crate) fn failed(what: impl Into<String>) -> Stop {
        Stop::Failed { what: what.into(), sides: None }
    }
    pub(crate) fn unsupported(what: impl Into<String>) -> Stop {
        Stop::Unsupported(what.into())
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Stop {
        match trouble {
            Trouble::Refused(refused) => refused.into(),
            Trouble::Failed(what) => Stop::failed(what),
        }
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Stop {
        Stop::Unsupported(refused.0)
    }
}

/// A script at work.
pub(crate) struct Runner<'a> {
    pub(crate) script: &'a Script,
    pub(crate) setup: Setup,
    pub(crate) kernel: Kernel,
    pub(crate) files: Vec<MadeFile>,
    pub(crate) machine: Machine,
    pub(crate) descriptors: Descriptors,
    /// Connections, the newest last, and the one that packets belong to.
    pub(crate) flows: Vec<Flow>,
    pub(crate) current: Option<usize>,
    next_port: u16,
    environment: Environment,
    /// The call that blocks.
    pub(crate) pending: Option<Pending>,
    /// The event before: when the script wanted it, and whether it was a packet to the stack.
    last: Option<(Instant, bool)>,
    ladder: Vec<String>,
    packets: usize,
}

impl Script {
    /// Runs the script on a new machine. `directory` is where the files are that its commands name.
    pub fn run(&self, setup: &Setup, directory: &Path) -> Report {
        let setup = match setup.for_script(self) {
            Ok(setup) => setup,
            Err(problem) => return refused(self, problem),
        };
        let mut kernel = Kernel::default();
        let mut files = Vec::new();
        let mut shell = Shell { kernel: &mut kernel, files: &mut files, tables: &|_| None };
        for path in &setup.init_scripts {
            if let Err(trouble) = shell.file(path, 0) {
                return refused(self, Problem::unsupported(Span::default(), trouble.text()));
            }
        }
        if let Some(init) = &self.init
            && let Err(trouble) = shell.run(&init.text, directory)
        {
            return refused(self, Problem::unsupported(init.span, trouble.text()));
        }
        kernel.forget_metrics = false;
        kernel.adjust = setup.adjust;
        kernel.merged_arrivals = setup.merged_arrivals;
        let machine = Machine::new(&setup, kernel.tcp());
        let mut runner = Runner {
            script: self,
            setup,
            kernel,
            files,
            machine,
            descriptors: Descriptors::default(),
            flows: Vec::new(),
            current: None,
            next_port: 40_001,
            environment: environment(),
            pending: None,
            last: None,
            ladder: Vec::new(),
            packets: 0,
        };
        let (reuse, ports) = (runner.kernel.number("tcp_tw_reuse") == 1, runner.kernel.port_range());
        runner.machine.host.set_time_wait_reuse(reuse);
        runner.machine.host.set_ephemeral_ports(ports.0, ports.1);
        let verdict = runner.events(directory);
        Report {
            file: self.file.clone(),
            verdict,
            packets: runner.packets,
            took: runner.machine.now.since(Instant::ZERO),
            printed: runner.environment.printed,
            trace: runner.machine.into_trace(),
        }
    }
}

/// The report about a script that was not run.
fn refused(script: &Script, problem: Problem) -> Report {
    Report::of_error(problem.located(&script.file, &script.source))
}

impl Report {
    /// The report about a script that cannot be run.
    pub fn of_error(error: ScriptError) -> Report {
        let place = Place { file: error.file.clone(), line: error.line, column: error.column };
        let mut what = error.message;
        if let Some(remedy) = error.remedy {
            what.push_str(&format!("\n  help: {remedy}"));
        }
        let verdict = match error.fault {
            Fault::Invalid => Verdict::Invalid(place, what),
            Fault::Unsupported => Verdict::Unsupported(place, what),
        };
        let (printed, trace) = (Vec::new(), Trace::default());
        Report { file: error.file, verdict, packets: 0, took: Duration::ZERO, printed, trace }
    }
}

/// The names that code blocks know from the start.
fn environment() -> Environment {
    const NAMES: &[(&str, i128)] = &[
        ("TCP_ESTABLISHED", 1),
        ("TCP_SYN_SENT", 2),
        ("TCP_SYN_RECV", 3),
        ("TCP_FIN_WAIT1", 4),
        ("TCP_FIN_WAIT2", 5),
        ("TCP_TIME_WAIT", 6),
        ("TCP_CLOSE", 7),
        ("TCP_CLOSE_WAIT", 8),
        ("TCP_LAST_ACK", 9),
        ("TCP_LISTEN", 10),
        ("TCP_CLOSING", 11),
        ("TCP_CA_Open", 0),
        ("TCP_CA_Disorder", 1),
        ("TCP_CA_CWR", 2),
        ("TCP_CA_Recovery", 3),
        ("TCP_CA_Loss", 4),
        ("TCPI_OPT_TIMESTAMPS", 1),
        ("TCPI_OPT_SACK", 2),
        ("TCPI_OPT_WSCALE", 4),
        ("TCPI_OPT_ECN", 8),
        ("TCPI_OPT_ECN_SEEN", 16),
        ("TCPI_OPT_SYN_DATA", 32),
        ("TCPI_OPT_USEC_TS", 64),
        ("TCPI_OPT_TFO_CHILD", 128),
    ];
    let mut environment = Environment::default();
    NAMES.iter().for_each(|(name, value)| environment.set(name, *value));
    environment
}

impl Runner<'_> {
    fn events(&mut self, directory: &Path) -> Verdict {
        for event in &self.script.events {
            if let Err(stop) = self.event(event, directory) {
                return self.verdict(stop, event.span);
            }
        }
        let end = self.script.events.last().map_or_else(Span::default, |event| event.span);
        if let Err((stop, span)) = self.finish(end) {
            return self.verdict(stop, span);
        }
        Verdict::Passed
    }

    fn verdict(&self, stop: Stop, span: Span) -> Verdict {
        let place = Place { file: self.script.file.clone(), line: self.script.line(span), column: 0 };
        match stop {
            Stop::Unsupported(why) => Verdict::Unsupported(place, why),
            Stop::Invalid(why) => Verdict::Invalid(place, why),
            Stop::Failed { what, sides } => {
                let text = self.script.source.get(span.start..span.end).unwrap_or_default();
                let line = text.split_whitespace().collect::<Vec<&str>>().join(" ");
                let ladder = self.ladder[self.ladder.len().saturating_sub(LADDER)..].to_vec();
                Verdict::Failed(Mismatch { place, line, what, sides, ladder })
            }
        }
    }

    /// After the last event: a call may still be blocked, packets may be left over.
    fn finish(&mut self, end: Span) -> Result<(), (Stop, Span)> {
        if let Some(pending) = &self.pending {
            let span = pending.span;
            self.await_call(Duration::from_secs(1)).map_err(|stop| (stop, span))?;
        }
        if self.setup.strict
            && let Some(text) = self.left_over()
        {
            return Err((
                Stop::failed(format!("the script ends, and the stack has sent one more packet: {text}")),
                end,
            ));
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, directory: &Path) -> Result<(), Stop> {
        let inbound = matches!(&event.action, Action::Packet(packet) if packet.way == Way::In);
        let offset = match self.last {
            // Packets that follow one another count from each other, whatever the stack took its time for.
            Some((at, true)) if inbound => at,
            _ => self.machine.now,
        };
        let zero = Instant::ZERO;
        let (from, to) = match event.time {
            Time::Absolute(at) => (zero + at, zero + at),
            Time::Relative(after) => (offset + after, offset + after),
            Time::AbsoluteRange(from, to) => (zero + from, zero + to),
            Time::RelativeRange(from, to) => (offset + from, offset + to),
            Time::Any => (offset, Instant::NEVER),
        };
        match &event.action {
            Action::Packet(packet) if packet.way == Way::Out => self.expect(packet, (from, to), event.time)?,
            action => {
                if let Action::Call(_) = action
                    && self.pending.is_some()
                {
                    self.await_call(Duration::from_secs(1))?;
                }
                self.wait_until(from)?;
                self.check_time((from, to), self.machine.now, "this line")?;
                match action {
                    Action::Packet(packet) => self.inject(packet)?,
                    Action::Call(call) => {
                        let base = if event.time.is_absolute() { zero } else { offset };
                        let pending = Pending::new(call.as_ref(), event.span, self.machine.now, base);
                        self.begin(pending)?;
                    }
                    Action::Command(command) => self.command(command, directory)?,
                    Action::Code(code) => self.code(code)?,
                }
            }
        }
        let at = if event.time == Time::Any { self.machine.now } else { from };
        self.last = Some((at, inbound));
        Ok(())
    }

    /// Lets time pass up to `until`; timers that are due by then have run, those due at that very moment have not.
    fn wait_until(&mut self, until: Instant) -> Result<(), Stop> {
        while self.machine.now < until {
            let just_before = Instant::from_nanos(until.as_nanos() - 1);
            if !self.step(just_before)? {
                self.machine.now = until;
            }
        }
        Ok(())
    }

    /// One timer, and what a blocked call makes of it. Whether there was one up to `until`.
    pub(crate) fn step(&mut self, until: Instant) -> Result<bool, Stop> {
        let ran = self.machine.step(self.pending.as_ref().map_or(until, |pending| until.min(pending.wake)));
        let woke = self.pending.as_ref().is_some_and(|pending| pending.wake <= self.machine.now);
        self.retry()?;
        Ok(ran || (woke && self.machine.now < until))
    }

    /// Lets time pass until the blocked call returns.
    pub(crate) fn await_call(&mut self, patience: Duration) -> Result<(), Stop> {
        let until = self.machine.now + patience.min(LONGEST_CALL);
        while self.pending.is_some() {
            if !self.step(until)? && self.machine.now >= until {
                return Err(Stop::failed("the call is still blocked"));
            }
        }
        Ok(())
    }

    /// Whether what happened at `live` happened when the script says.
    pub(crate) fn check_time(&self, (from, to): (Instant, Instant), live: Instant, what: &str) -> Result<(), Stop> {
        let since_last = self.last.map_or(Duration::ZERO, |(at, _)| from.since(at));
        let tolerance = self.tolerance(since_last);
        if live >= from + Duration::ZERO - tolerance && (to == Instant::NEVER || live <= to + tolerance) {
            return Ok(());
        }
        let when = if from == to { seconds(from) } else { format!("between {} and {}", seconds(from), seconds(to)) };
        let live = seconds(live);
        Err(Stop::failed(format!(
            "time: {what} is expected at {when} and comes at {live} (tolerance {} ms)",
            tolerance.as_millis_f64()
        )))
    }

    pub(crate) fn tolerance(&self, span: Duration) -> Duration {
        let share = Duration::from_nanos(span.as_nanos() / 1000 * self.setup.tolerance_permille);
        self.setup.tolerance.max(share)
    }

    fn command(&mut self, command: &Command, directory: &Path) -> Result<(), Stop> {
        let (machine, route) = (&self.machine, self.kernel.route);
        let tables = |name: &str| match name {
            "nstat" => Some(machine.counters()),
            name => tables::table(&machine.host, name),
        };
        Shell { kernel: &mut self.kernel, files: &mut self.files, tables: &tables }.run(&command.text, directory)?;
        let link = self.setup.mtu();
        let (mtu, before) = (self.kernel.route.mtu(link), route.mtu(link));
        if mtu != before {
            self.machine.with(|host, _| host.tcp_set_route_mtu(mtu));
        }
        if std::mem::take(&mut self.kernel.forget_metrics) {
            self.machine.host.tcp_forget_metrics();
        }
        if std::mem::take(&mut self.kernel.counters_read) {
            self.machine.restart_counters();
        }
        // 2: towards this machine itself, where no script goes.
        let reuse = self.kernel.number("tcp_tw_reuse") == 1;
        let ports = self.kernel.port_range();
        let (config, before) = (self.kernel.tcp(), *self.machine.host.tcp_config());
        self.machine.with(|host, _| {
            host.set_tcp_config(config);
            host.set_qdisc(config.qdisc);
            host.set_time_wait_reuse(reuse);
            host.set_ephemeral_ports(ports.0, ports.1);
        });
        self.apply_fast_open();
        if config.ecn_option == before.ecn_option { Ok(()) } else { self.apply_ecn_option(config.ecn_option) }
    }

    /// As on Linux this setting holds for open connections too.
    fn apply_ecn_option(&mut self, on: bool) -> Result<(), Stop> {
        for id in self.descriptors.connections() {
            self.on_connection(Some(id), |connection, _| connection.set_ecn_option(on))?;
        }
        Ok(())
    }

    fn code(&mut self, code: &str) -> Result<(), Stop> {
        if let Some(figures) = self.figures()? {
            figures.iter().for_each(|(name, value)| self.environment.set(name, *value));
        }
        if let Some(flow) = self.current.map(|at| &self.flows[at]) {
            self.environment.set("live_isn", flow.live_isn.into());
        }
        self.environment.run(code).map_err(|failure| match failure {
            Failure::Assertion(what) | Failure::Error(what) => Stop::failed(what),
            Failure::Unsupported(what) => Stop::unsupported(what),
        })
    }

    /// Adds a line to the ladder.
    fn tell(&mut self, at: Instant, way: Way, text: &str) {
        self.packets += 1;
        let arrow = if way == Way::In { '<' } else { '>' };
        self.ladder.push(format!("{:>12} {arrow} {text}", seconds(at)));
    }
}

/// A moment as scripts write it.
pub(crate) fn seconds(at: Instant) -> String {
    format!("{:.6}", at.as_nanos() as f64 / 1e9)
}

/// The addresses of a packet line's ports, live.
pub(crate) fn live_ports(packet: &Packet, live: (u16, u16)) -> (u16, u16) {
    packet.ports.filter(|ports| *ports != (0, 0)).unwrap_or(live)
}
