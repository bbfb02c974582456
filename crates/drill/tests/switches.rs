//! Each algorithm of the stack has a script of ours that fails without it: so the scripts show what they say, and nothing can
//! go missing unseen.

use std::path::Path;

use base::Duration;
use drill::{Report, Script, Setup, Verdict};
use host::{HostConfig, Ipv6Config};
use tcp::{Config, CongestionKind, EcnUse, MtuProbing, Qdisc, Seq, SlowStart};

/// How an algorithm is switched off.
enum Off {
    /// In what connections start with.
    Config(fn(&mut Config)),
    /// In what the machine is made of.
    Machine(fn(&mut HostConfig)),
    /// In what the script sets, the machine's settings or a socket's: from, to.
    Sysctl(&'static str, &'static str),
}
use Off::{Config as With, Machine, Sysctl};

/// The algorithm, how it is switched off, and the scripts that fail then.
const SWITCHES: &[(&str, Off, &[&str])] = &[
    // Loss recovery.
    ("SACK (RFC 2018)", With(|config| config.sack = false), &["selective_repeat", "rack_reordering"]),
    ("RACK (RFC 8985)", With(|config| config.rack = false), &["rack_reordering", "lost_retransmission"]),
    ("TLP (RFC 8985)", With(|config| config.tlp = false), &["tail_loss_probe", "spurious_timeout"]),
    ("PRR (RFC 9937)", With(|config| config.prr = false), &["proportional_rate_reduction"]),
    ("DSACK (RFC 2883)", With(|config| config.dsack = false), &["duplicate_sack"]),
    ("F-RTO (RFC 5682)", With(|config| config.frto = false), &["spurious_timeout"]),
    ("Eifel (RFC 3522, RFC 4015)", With(|config| config.undo = false), &["needless_retransmission"]),
    ("undo by DSACK (RFC 3708)", With(|config| config.undo = false), &["duplicate_sack_undo"]),
    ("limited transmit (RFC 3042)", With(|config| config.limited_transmit = false), &["limited_transmit"]),
    (
        "lost retransmissions found (RFC 8985)",
        With(|config| config.lost_retransmissions = false),
        &["lost_retransmission"],
    ),
    ("RFC 6675 where there is no RACK", Sysctl("tcp_recovery=0", "tcp_recovery=1"), &["sack_without_rack"]),
    ("RFC 6675's threshold", With(|config| config.reordering = 100), &["sack_without_rack"]),
    ("NewReno (RFC 6582)", With(|config| config.newreno = false), &["newreno"]),
    ("fast retransmission (RFC 5681)", With(|config| config.reordering = 100), &["newreno"]),
    (
        "retransmission timeout (RFC 6298)",
        With(|config| config.min_rto = Duration::from_secs(1)),
        &["retransmission_timeout", "user_timeout"],
    ),
    ("its backoff (RFC 6298)", With(|config| config.max_rto = Duration::from_millis(300)), &["retransmission_timeout"]),
    // Congestion control.
    ("Reno (RFC 5681)", With(|config| config.congestion = CongestionKind::Cubic), &["reno_and_cubic"]),
    ("CUBIC (RFC 9438)", With(|config| config.congestion = CongestionKind::Reno), &["proportional_rate_reduction"]),
    ("BBR's pacing", With(|config| config.congestion = CongestionKind::Cubic), &["bbr_paces"]),
    ("an unused window stays (RFC 7661)", With(|config| config.validate_window = false), &["unused_window"]),
    ("restart after idle (RFC 2861)", With(|config| config.slow_start_after_idle = false), &["idle_restart"]),
    ("ECN (RFC 3168)", With(|config| config.ecn = EcnUse::Off), &["ecn"]),
    ("accurate ECN (RFC 9768)", Sysctl("tcp_ecn=3", "tcp_ecn=1"), &["accurate_ecn"]),
    ("HyStart", With(|config| config.slow_start = SlowStart::Plain), &["hystart"]),
    (
        "HyStart++ (RFC 9406)",
        Sysctl("wirescope.tcp_slow_start=hystart++", "wirescope.tcp_slow_start=hystart"),
        &["hystart_plus_plus"],
    ),
    ("byte counting (RFC 3465)", With(|config| config.byte_counting = false), &["byte_counting"]),
    // The window.
    (
        "silly window avoidance (RFC 9293)",
        With(|config| config.avoid_silly_windows = false),
        &["silly_window", "silly_window_receiver"],
    ),
    ("window scaling (RFC 7323)", With(|config| config.window_scale = false), &["window_scale", "window_grows"]),
    ("the window's growth", With(|config| config.grow_window = false), &["window_grows", "receive_memory"]),
    ("the other side's window shrinks", With(|config| config.heed_shrinking = false), &["window_shrinks"]),
    ("a window that shrinks", With(|config| config.shrink_window = false), &["window_taken_back"]),
    ("the receive buffer's tuning", With(|config| config.tune_receive_buffer = false), &["receive_buffer_tuning"]),
    ("probes of a closed window", With(|config| config.max_rto = Duration::from_millis(300)), &["zero_window"]),
    // Time.
    ("timestamps (RFC 7323)", With(|config| config.timestamps = false), &["timestamps"]),
    ("PAWS (RFC 7323)", With(|config| config.paws = false), &["timestamps"]),
    ("TIME-WAIT", With(|config| config.time_wait = Duration::from_millis(1)), &["time_wait"]),
    ("TIME-WAIT's end by newer timestamps (RFC 6191)", With(|config| config.timestamps = false), &["time_wait_reuse"]),
    ("ports in TIME-WAIT used again (RFC 6191)", Sysctl("tcp_tw_reuse=1", "tcp_tw_reuse=0"), &["time_wait_ports"]),
    ("keepalive", With(|config| config.keepalive = None), &["keepalive"]),
    ("user timeout (RFC 5482)", With(|config| config.user_timeout = None), &["user_timeout"]),
    // Start.
    ("Fast Open's data (RFC 7413)", Sysctl("300, MSG_FASTOPEN", "0, MSG_FASTOPEN"), &["fast_open_client"]),
    ("Fast Open (RFC 7413)", Sysctl("tcp_fastopen=0x403", "tcp_fastopen=0x1"), &["fast_open_server"]),
    (
        "SYN cookies (RFC 4987)",
        Sysctl("tcp_syncookies=2", "tcp_syncookies=1"),
        &["syn_cookie", "syn_cookie_timestamps"],
    ),
    (
        "initial sequence numbers (RFC 6528)",
        Machine(|machine| machine.isns = vec![Seq(1); 8]),
        &["initial_sequence_number"],
    ),
    (
        "off-path segments doubted (RFC 5961)",
        With(|config| config.blind_defence = false),
        &["blind_attack", "blind_syn"],
    ),
    ("challenge ACKs (RFC 5961)", With(|config| config.invalid_interval = Duration::from_secs(9)), &["blind_attack"]),
    ("challenge ACKs' limit", With(|config| config.challenge_limit = None), &["challenge_limit"]),
    // The path.
    ("the MSS option (RFC 9293)", With(|config| config.mss = 1000), &["accept", "connect"]),
    ("ICMP errors judged (RFC 5927)", With(|config| config.judge_icmp = false), &["path_mtu"]),
    (
        "path MTU discovery (RFC 1191)",
        With(|config| config.path_mtu_discovery = false),
        &["path_mtu", "ipv6_packet_too_big"],
    ),
    (
        "packetization-layer path MTU discovery (RFC 4821)",
        With(|config| config.mtu_probing = MtuProbing::Off),
        &["mtu_black_hole", "mtu_probe"],
    ),
    // Batching.
    ("Nagle's algorithm", With(|config| config.nagle = false), &["nagle"]),
    ("Minshall's refinement", With(|config| config.minshall = false), &["minshall"]),
    ("quick acknowledgments", With(|config| config.quick_acks = false), &["delayed_ack"]),
    ("every second segment (RFC 5681)", With(|config| config.ack_every_second = false), &["delayed_ack"]),
    ("delayed acknowledgments", With(|config| config.delayed_ack = false), &["delayed_ack"]),
    ("batches", With(|config| config.batch = None), &["batches"]),
    ("a fair queue's pacing", With(|config| config.qdisc = Qdisc::Fifo), &["fair_queue", "full_queue"]),
    // The socket interface.
    ("TCP_CORK", Sysctl("TCP_CORK, [1]", "TCP_CORK, [0]"), &["cork"]),
    ("TCP_LINGER2", Sysctl("TCP_LINGER2, [2], 4", "TCP_LINGER2, [9], 4"), &["linger2"]),
    ("TCP_LINGER2 below zero", Sysctl("TCP_LINGER2, [-1], 4", "TCP_LINGER2, [9], 4"), &["linger2_none"]),
    ("TCP_DEFER_ACCEPT", With(|config| config.defer_accept = 0), &["defer_accept", "defer_accept_over"]),
    ("SO_LINGER", Sysctl("onoff=1", "onoff=0"), &["linger"]),
    ("TCP_NODELAY", Sysctl("TCP_NODELAY, [1]", "TCP_NODELAY, [0]"), &["nagle"]),
    ("the backlog", Sysctl("listen(3, 1)", "listen(3, 9)"), &["listen_backlog"]),
    ("half a close", Sysctl("SHUT_WR", "SHUT_RDWR"), &["shutdown"]),
    ("the other half", Sysctl("SHUT_RDWR", "SHUT_WR"), &["shutdown_both"]),
    ("SO_SNDBUF", Sysctl("SO_SNDBUF, [10000]", "SO_SNDBUF, [20000]"), &["buffer_sizes"]),
    (
        "SO_RCVBUF",
        Sysctl("setsockopt(3, SOL_SOCKET, SO_RCVBUF", "setsockopt(3, SOL_SOCKET, SO_MARK"),
        &["buffer_sizes"],
    ),
    ("readiness, by edges", Sysctl("EPOLLIN|EPOLLET", "EPOLLIN"), &["epoll"]),
    ("readiness, by levels", Sysctl("{events=EPOLLIN, fd=4}) = 0", "{events=EPOLLOUT, fd=4}) = 0"), &["epoll"]),
    ("readiness, by poll()", Sysctl("events=POLLIN,", "events=POLLOUT,"), &["poll"]),
    ("a route's initial window", Sysctl("initcwnd 4", "initcwnd 10"), &["route_metrics"]),
    ("a route's largest segment", Sysctl("advmss 600 mtu lock 640", "advmss 1460"), &["route_metrics"]),
    ("a route that changes", Sysctl("mtu lock 1500", "mtu lock 640"), &["route_widens"]),
    ("a route's quick acknowledgments", Sysctl("quickack 1", "quickack 0"), &["route_metrics"]),
    ("IP_RECVERR", Sysctl("IP_RECVERR, [1]", "IP_RECVERR, [0]"), &["datagram_errors", "icmp_errors"]),
    ("MSG_PEEK", Sysctl("5000, MSG_PEEK", "5000, 0"), &["peek"]),
    ("MSG_WAITALL", Sysctl("MSG_WAITALL", "0"), &["peek"]),
    ("urgent data (RFC 6093)", With(|config| config.urgent_inline = true), &["urgent"]),
    ("the low-water mark of what is not sent", With(|config| config.notsent_low_water = None), &["not_sent_low_water"]),
    // IPv6.
    ("neighbour discovery (RFC 4861)", Machine(|machine| ipv6(machine).silent = true), &["neighbour_discovery"]),
    (
        "router advertisements, address autoconfiguration (RFC 4862)",
        Machine(|machine| ipv6(machine).autoconfigures = false),
        &["router_advertisement"],
    ),
    (
        "fragments, IPv6's fragment header (RFC 8200)",
        Machine(|machine| machine.accepts_fragments = false),
        &["fragments"],
    ),
    ("the initial window (RFC 6928)", With(|config| config.initial_window = 2), &["unused_window"]),
];

/// How the machine speaks IPv6, if it does: what is changed otherwise goes nowhere.
fn ipv6(machine: &mut HostConfig) -> &mut Ipv6Config {
    machine.interfaces[0].ipv6.get_or_insert_default()
}

fn run(name: &str, off: &Off) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/drill");
    let mut text = std::fs::read_to_string(folder.join(format!("{name}.pkt"))).expect("the script is there");
    let mut setup = Setup { strict: true, ..Setup::default() };
    match off {
        With(adjust) => setup.adjust = *adjust,
        Machine(adjust) => setup.adjust_machine = *adjust,
        Sysctl(from, to) => {
            assert!(text.contains(from), "{name} sets nothing like {from}");
            text = text.replace(from, to);
        }
    }
    let script = Script::parse_with(name, &text, &setup.symbols()).expect("it is valid");
    script.run(&setup, &folder)
}

#[test]
fn without_an_algorithm_its_script_fails() {
    for (what, off, scripts) in SWITCHES {
        for name in *scripts {
            assert_eq!(run(name, &With(|_| {})).verdict, Verdict::Passed, "{name} as it is");
            let verdict = run(name, off).verdict;
            assert!(matches!(verdict, Verdict::Failed(_)), "without {what}, {name} comes out as {verdict:?}");
        }
    }
}
