//! The command line, declared once: help, completions and man pages come from here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use scenario::Knob;

/// See every packet of an HTTP(S) request, understand every byte of it, and know where the time went.
#[derive(Parser, Debug)]
#[command(
    name = "wirescope",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Examples:\n  \
        wirescope https://www.example.com/                 simulate the request and print every packet\n  \
        wirescope https://www.example.com/ --packet 20     one packet, bit by bit, and why it was sent\n  \
        wirescope https://www.example.com/ --loss 2% --seed 7 -o run.pcapng\n  \
        wirescope simulate --scenario curl                 a TCP connection, packet by packet\n  \
        wirescope open trace.pcapng --keylog keys.txt      the same view of a capture\n  \
        wirescope open trace.pcapng --filter 'http.status >= 500' -o bad.pcapng\n  \
        wirescope https://www.example.com/ -o run.html     the page with the run inside, as one file\n  \
        wirescope explain tcp.window                       what a field means, and where that is written\n  \
        wirescope header tcp                               the RFC's bit diagram\n\n\
        Exit codes: 0 done, 1 the request failed, 2 wrong use, 3 unreadable input,\n\
        130 stopped by Ctrl-C (what was read until then is shown).\n\
        Environment: NO_COLOR, if not empty, turns colour off."
)]
pub struct Cli {
    /// What to do; without a command, the URL is simulated.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The request to simulate when no command is given.
    #[command(flatten)]
    pub simulate: Simulate,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Simulate a request over a simulated internet and print every packet.
    Simulate(Box<Simulate>),
    /// Show a capture (pcap or pcapng) in the same way.
    Open(Open),
    /// Write a copy of a capture without what is private in it: addresses, names, cookies, authorisation, bodies.
    Sanitize(Sanitize),
    /// Compare two runs or captures: what differs, in words and in figures.
    Compare(Compare),
    /// Say what a field, flag, state, option, message type or status code means, and which RFC says so.
    Explain(Explain),
    /// Print the bit diagram of a header and the meaning of its fields.
    Header(Header),
    /// Open the page: the same view in a browser, to step through, turn knobs and compare.
    Serve(Box<Serve>),
    /// Run packetdrill scripts against the stack, in virtual time.
    Drill(Drill),
    /// List the built-in scenarios.
    Scenarios,
    /// Print a shell's completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a directory.
    Man {
        /// The directory; it is created.
        directory: PathBuf,
    },
}

/// What to simulate, and under which conditions.
#[derive(Args, Debug, Clone, Default)]
pub struct Simulate {
    /// The URL to request, or the name of a built-in scenario.
    #[arg(value_name = "URL|SCENARIO")]
    pub target: Option<String>,
    /// A built-in scenario, or a scenario file in TOML.
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub scenario: Option<String>,
    /// Conditions.
    #[command(flatten)]
    pub knobs: Knobs,
    /// What to show.
    #[command(flatten)]
    pub view: View,
}

/// The conditions of a simulation, as the knobs that were turned: what is not given is the scenario's, or that of a home
/// connection. The options are made from [`scenario::KNOBS`].
#[derive(Debug, Clone, Default)]
pub struct Knobs {
    /// Each knob and the text that it was given, in the order of the knobs.
    pub turned: Vec<(&'static Knob, String)>,
}

impl Knobs {
    /// The knobs by name; what was given several times, a line each.
    pub fn map(&self) -> BTreeMap<String, String> {
        let mut map = BTreeMap::<String, String>::new();
        for (knob, text) in &self.turned {
            map.entry(knob.name.to_owned())
                .and_modify(|lines| {
                    lines.push('\n');
                    lines.push_str(text);
                })
                .or_insert_with(|| text.clone());
        }
        map
    }
}

impl Args for Knobs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let options = scenario::KNOBS.iter().map(|knob| {
            let option = Arg::new(knob.name).long(knob.name).value_name(knob.value_name).help_heading("Conditions");
            let option = option.help(knob.help.strip_suffix('.').unwrap_or(knob.help));
            let option = match knob.short {
                Some(short) => option.short(short),
                None => option,
            };
            match knob.kind {
                scenario::Kind::Lines => option.action(ArgAction::Append),
                scenario::Kind::Choice(choices) => {
                    option.value_parser(PossibleValuesParser::new(choices.iter().map(|(value, _)| *value)))
                }
                scenario::Kind::Switch => option.value_parser(["on", "off"]).hide_possible_values(true),
                _ => option,
            }
        });
        command.args(options.collect::<Vec<_>>())
    }
    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Knobs::augment_args(command)
    }
}

impl FromArgMatches for Knobs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Knobs, clap::Error> {
        let given = |knob: &'static Knob| {
            let values = matches.get_many::<String>(knob.name).into_iter().flatten();
            values.map(move |value| (knob, value.clone()))
        };
        Ok(Knobs { turned: scenario::KNOBS.iter().flat_map(given).collect() })
    }
    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Knobs::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What to show of a run and where to write it.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Output")]
pub struct View {
    /// Show one packet, bit by bit, instead of the ladder; its number is the ladder's first column.
    #[arg(long, value_name = "N")]
    pub packet: Option<u32>,
    /// Show and write only the packets that the expression means, e.g. 'tcp.port == 443 && http.status >= 500'. Fields are
    /// those of `explain`; Wireshark's names are understood (docs/filter.md).
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Show and write only the packets of this TCP connection, from 1 in order of first packets.
    #[arg(long, value_name = "N")]
    pub connection: Option<usize>,
    /// Show and write only the packets of this request, from 1 in order of time; with --time, only this request.
    #[arg(long, value_name = "N")]
    pub request: Option<usize>,
    /// Where to observe: laptop, home-router.lan, home-router.wan, server ... or `all` for every hop.
    #[arg(long, value_name = "PLACE")]
    pub tap: Option<String>,
    /// Write the run, or the packets chosen, to a file: .pcapng, .json, .jsonl, .har (requests), .packets.csv,
    /// .connections.csv, .requests.csv, .findings.csv (docs/tables.md), .svg (the ladder), .html (the page with the run
    /// inside, always whole) or .keys (TLS secrets); may be repeated.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = ViewFormat::Text)]
    pub format: ViewFormat,
}

/// How to print a run.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ViewFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document (docs/json.md).
    Json,
    /// For programs: an object a line (docs/tables.md).
    Jsonl,
}

/// How to print what is no run.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document (docs/json.md).
    Json,
}

/// What to open.
#[derive(Args, Debug)]
pub struct Open {
    /// The capture; `-` is standard input. Several are joined in order of time; where their clocks differ, the others' times are
    /// corrected by the packets that both have.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A TLS key log (SSLKEYLOGFILE); may be repeated.
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// Say only what went wrong: every finding with its evidence and advice.
    #[arg(long)]
    pub findings: bool,
    /// Keep little in memory: read the capture once, and let connections go when they are over; read it again for what
    /// --packet, --connection, --request or --filter ask for. From 64 MB on this is done unasked where it can be: for these,
    /// the overview, --findings, JSON lines and CSV.
    #[arg(long)]
    pub stream: bool,
    /// Say only where the time of each request went, cause by cause; it adds up exactly.
    #[arg(long, conflicts_with = "findings")]
    pub time: bool,
    /// Look at TCP alone, by its headers: every connection with its figures, as fast as the file can be read.
    #[arg(long, conflicts_with_all = ["findings", "time", "keylog", "packet", "filter", "connection", "request", "tap"])]
    pub transport: bool,
    /// What to show.
    #[command(flatten)]
    pub view: View,
}

/// What to sanitize.
#[derive(Args, Debug)]
#[command(
    after_help = "What is replaced becomes another of its kind and length, the same by the same; lengths, times and \
    numbers stay, checksums are carried along. TLS stays encrypted; secrets and comments are left out.\n\
    Look at the copy before you give it away: what a program hides in sizes, times or numbers stays."
)]
pub struct Sanitize {
    /// The capture; `-` is standard input.
    pub file: PathBuf,
    /// The copy, a pcapng.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: PathBuf,
    /// Replace as another copy was replaced that was made with the same word, so that the two can be compared. Whoever knows
    /// it can try out what became of a name. Without it the replacements are drawn at random.
    #[arg(long, value_name = "WORD")]
    pub key: Option<String>,
}

/// What to compare.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wirescope compare https://www.example.com/ https://www.example.com/ --a-set tls=1.2\n  \
    wirescope compare curl curl --b-set loss=5% --set seed=7\n  \
    wirescope compare before.pcapng after.pcapng --keylog keys.txt")]
pub struct Compare {
    /// The first: a URL, a scenario or a capture.
    #[arg(value_name = "A")]
    pub a: String,
    /// The second.
    #[arg(value_name = "B")]
    pub b: String,
    /// A condition of both, e.g. rtt=100ms; may be repeated. Its name is that of an option of `simulate`.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A condition of A alone.
    #[arg(long, value_name = "KEY=VALUE")]
    pub a_set: Vec<String>,
    /// A condition of B alone.
    #[arg(long, value_name = "KEY=VALUE")]
    pub b_set: Vec<String>,
    /// A TLS key log for captures (SSLKEYLOGFILE); may be repeated.
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
}

/// What to serve, and where.
#[derive(Args, Debug)]
pub struct Serve {
    /// What to open at once: a capture, a scenario (built in, or a TOML file) or a URL.
    #[arg(value_name = "FILE|SCENARIO|URL")]
    pub target: Option<String>,
    /// Conditions.
    #[command(flatten)]
    pub knobs: Knobs,
    /// A TLS key log for the capture; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    /// The port; 0 for any that is free.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// The address to listen on. Everyone who reaches another than the loopback address can read what you open.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: IpAddr,
    /// Open the browser.
    #[arg(long)]
    pub open: bool,
}

/// What to explain.
#[derive(Args, Debug)]
pub struct Explain {
    /// A field (tcp.window), flag (SYN), state, option, message type or status code.
    #[arg(required = true, num_args = 1.., value_name = "TERM")]
    pub term: Vec<String>,
}

/// Which header to draw.
#[derive(Args, Debug)]
pub struct Header {
    /// ethernet, arp, ipv4, icmp, udp, tcp, dhcp, dns, tls ...
    pub name: String,
}

/// Which scripts to run.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 all passed, 1 one failed, 2 wrong use, 3 a script cannot be read, \
    4 none failed and one asks for something that is not supported.")]
pub struct Drill {
    /// The scripts.
    #[arg(required = true, value_name = "SCRIPT.pkt")]
    pub script: Vec<PathBuf>,
    /// Compare what scripts leave out as well: packets left over at the end, what fills options up.
    #[arg(long)]
    pub strict: bool,
    /// Files of `sysctl` commands to run first, one after the other; may be repeated, or separated by commas.
    #[arg(long = "init-scripts", alias = "init_scripts", value_name = "FILE", value_delimiter = ',')]
    pub init_scripts: Vec<PathBuf>,
    /// Which sockets and packets: ipv4, ipv6 or ipv4-mapped-ipv6. What follows is packetdrill's; a script's own lines go before.
    #[arg(long, alias = "ip_version", value_name = "VERSION", default_value = "ipv4")]
    pub ip_version: String,
    /// The machine's address.
    #[arg(long, alias = "local_ip", value_name = "ADDRESS")]
    pub local_ip: Option<String>,
    /// The address of whoever it talks to.
    #[arg(long, alias = "remote_ip", value_name = "ADDRESS")]
    pub remote_ip: Option<String>,
    /// The gateway's address; everybody is reached over one link all the same.
    #[arg(long, alias = "gateway_ip", value_name = "ADDRESS")]
    pub gateway_ip: Option<String>,
    /// The mask of the machine's network, for IPv4.
    #[arg(long, alias = "netmask_ip", value_name = "MASK")]
    pub netmask_ip: Option<String>,
    /// The link's MTU in bytes: 1500 without it, 1520 for IPv6.
    #[arg(long, value_name = "BYTES")]
    pub mtu: Option<String>,
    /// How far off a moment may be, in microseconds: 4000 without it.
    #[arg(long, alias = "tolerance_usecs", value_name = "MICROSECONDS")]
    pub tolerance_usecs: Option<String>,
    /// Define a symbol, as a script's own `--define` does.
    #[arg(long, short = 'D', value_name = "NAME=VALUE")]
    pub define: Vec<String>,
    /// Write the run to a file: .pcapng; for one script.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,
}
