//! Below HTTP: the line, addresses, TCP.

use std::time::Duration;

use crate::case::{Case, Play};
use crate::line::{Fate, Fault, Frames, Line, Way};
use crate::place::{End, Place, SERVER};

/// nginx with a page of so many bytes of text, on port 80.
pub fn nginx(place: &mut Place, page: u64, more: &str) {
    place.write("page", &"All work and no play makes a dull page.\n".repeat(page as usize / 40));
    let conf = format!(
        "user root; worker_processes 1; pid nginx.pid; error_log error.log; daemon off;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; default_type text/html; root .; client_body_temp_path t1; proxy_temp_path t2; \
         fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5; {more} }}\n"
    );
    place.write("nginx.conf", &conf);
    let directory = format!("{}/", place.directory.display());
    place.start(End::Server, "nginx", &["-p", &directory, "-c", "nginx.conf", "-e", "error.log"]);
    place.await_port(80);
}

/// Makes a router.
const FORWARD: &str = "echo 1 > /proc/sys/net/ipv4/ip_forward";

pub const PLAIN: &str = "gzip on; server { listen 80; location / { } }";

/// A page of some length; what was drawn is the same for the twin.
pub fn page(play: &mut Play<'_>, place: &mut Place) {
    let page = play.between(150_000, 400_000);
    nginx(place, page, PLAIN);
}
pub fn small_page(play: &mut Play<'_>, place: &mut Place) {
    let page = play.between(200, 9_000);
    nginx(place, page, PLAIN);
}

pub fn get(place: &Place, url: &str, more: &[&str]) {
    place.ask("curl", &[&["-s", "-o", "/dev/null", "--noproxy", "*", url], more].concat(), 12);
}
pub fn get_page(_: &mut Play<'_>, place: &mut Place) {
    get(place, &format!("http://{SERVER}/page"), &[]);
}

/// A line of some length.
pub fn plain(play: &mut Play<'_>) -> Line {
    Line { delay: Duration::from_millis(play.between(3, 15)), ..Line::default() }
}
fn far(play: &mut Play<'_>) -> Line {
    Line { delay: Duration::from_millis(play.between(20, 35)), ..Line::default() }
}

/// The line, with frames that meet a fate where the fault is played.
fn with(mut line: Line, play: &Play<'_>, way: Way, of: Frames, (from, to): (u64, u64), fate: Fate) -> Line {
    if play.faulty {
        line.faults.push(Fault { way, of, from, to, fate });
    }
    line
}

/// Rules of nftables at the server, where the fault is played.
fn rules(play: &Play<'_>, place: &Place, rule: &str) {
    if play.faulty {
        let chain = "nft add chain ip f in '{ type filter hook input priority 0; }'";
        place.shell(End::Server, &format!("nft add table ip f && {chain} && nft add rule ip f in {rule}"));
    }
}

fn nothing(_: &mut Play<'_>, _: &mut Place) {}

const FROM: Way = Way::FromClient;
const TO: Way = Way::ToClient;
const EVER: u64 = u64::MAX;

const fn case(name: &'static str, findings: &'static [&'static str]) -> Case {
    Case { name, findings, at: End::Client, line: plain, serve: small_page, ask: get_page }
}

pub const CASES: &[Case] = &[
    Case {
        serve: |play, place| {
            let faulty = play.faulty;
            small_page(play, place);
            if faulty {
                // A server that has only begun may miss the first word.
                let stop = "for i in $(seq 100); do [ -e nginx.pid ] || break; kill $(cat nginx.pid); sleep 0.1; done";
                place.shell(End::Server, stop);
            }
        },
        ..case("nobody listens", &["finding.tcp.refused"])
    },
    Case {
        serve: |play, place| {
            small_page(play, place);
            rules(play, place, "tcp dport 80 drop");
        },
        ask: |_, place| get(place, &format!("http://{SERVER}/page"), &["--connect-timeout", "3"]),
        ..case("a firewall drops", &["finding.tcp.unanswered"])
    },
    Case {
        serve: |play, place| {
            small_page(play, place);
            rules(play, place, "tcp dport 80 reject with icmp type admin-prohibited");
        },
        ..case("a firewall rejects", &["finding.icmp.prohibited"])
    },
    Case {
        serve: |play, place| {
            small_page(play, place);
            rules(play, place, "tcp dport 80 reject with tcp reset");
        },
        ..case("a firewall resets", &["finding.tcp.refused"])
    },
    Case {
        line: |play| {
            let (line, n) = (plain(play), play.between(1, 2));
            with(line, play, FROM, Frames::Syn, (1, n), Fate::Lose)
        },
        ..case("SYNs are lost", &["finding.tcp.syn_lost"])
    },
    Case {
        line: |play| {
            let line = plain(play);
            with(line, play, TO, Frames::Syn, (1, 1), Fate::Lose)
        },
        ..case("the SYN ACK is lost", &["finding.tcp.syn_lost"])
    },
    Case {
        line: |play| {
            let (line, n) = (plain(play), play.between(1, 3));
            with(line, play, FROM, Frames::Data(0), (1, n), Fate::Lose)
        },
        ..case("the request is lost", &["finding.tcp.timeout"])
    },
    Case {
        line: |play| {
            let (line, at, n) = (far(play), play.between(12, 60), play.between(0, 2));
            with(line, play, TO, Frames::Data(0), (at, at + n), Fate::Lose)
        },
        serve: page,
        ..case("segments are lost", &["finding.tcp.loss"])
    },
    Case {
        line: |play| {
            let mut line = Line { delay: Duration::from_millis(25), ..Line::default() };
            for base in [12, 30, 48] {
                let (at, hold) = (base + play.between(0, 9), Duration::from_micros(play.between(2500, 6000)));
                line = with(line, play, TO, Frames::Data(0), (at, at), Fate::Hold(hold));
            }
            line
        },
        serve: page,
        ..case("segments overtake each other", &["finding.tcp.reordering"])
    },
    Case {
        line: |play| {
            let (line, at, n) = (far(play), play.between(12, 60), play.between(0, 2));
            with(line, play, TO, Frames::Data(200), (at, at + n), Fate::Damage)
        },
        serve: page,
        ..case("bits flip", &["finding.tcp.damaged"])
    },
    Case {
        line: |play| {
            let (line, least) = (plain(play), play.between(1100, 1450) as usize);
            with(line, play, TO, Frames::Data(least), (1, EVER), Fate::Lose)
        },
        // Behind the place where they vanish nothing shows that there were any.
        at: End::Server,
        serve: page,
        ask: |_, place| get(place, &format!("http://{SERVER}/page"), &["-m", "5"]),
        ..case("large packets vanish", &["finding.tcp.mtu_black_hole"])
    },
    Case {
        line: |play| {
            let (line, at, n) = (far(play), play.between(12, 60), play.between(0, 4));
            with(line, play, TO, Frames::Data(0), (at, at + n), Fate::Mark)
        },
        serve: |play, place| {
            page(play, place);
            place.shell(End::Server, "echo 1 > /proc/sys/net/ipv4/tcp_ecn");
            place.shell(End::Client, "echo 1 > /proc/sys/net/ipv4/tcp_ecn");
        },
        ..case("a router marks congestion", &["finding.tcp.congestion_marked"])
    },
    Case {
        line: |play| {
            let delay = Duration::from_millis(play.between(8, 15));
            let rate = play.pick(&[2_000_000, 3_000_000, 4_000_000]);
            if play.faulty {
                Line { delay, rate, queue: 2_000_000, ..Line::default() }
            } else {
                Line { delay, ..Line::default() }
            }
        },
        at: End::Server,
        serve: |play, place| {
            // Without HyStart the sender fills the queue in slow start.
            place.shell(End::Server, "echo reno > /proc/sys/net/ipv4/tcp_congestion_control");
            let page = if play.faulty { play.between(900_000, 1_300_000) } else { 150_000 };
            nginx(place, page, PLAIN);
        },
        ..case("a long queue", &["finding.tcp.bufferbloat"])
    },
    Case {
        line: far,
        serve: |play, place| {
            page(play, place);
            if play.faulty {
                let bytes = play.between(10_000, 20_000);
                place.shell(End::Client, &format!("echo 4096 {bytes} {bytes} > /proc/sys/net/ipv4/tcp_rmem"));
            }
        },
        ..case("a small receive buffer", &["finding.tcp.window_limited"])
    },
    Case {
        // All of the page fits into the queue: the twin must lose nothing.
        line: |play| Line { queue: 4_000_000, ..plain(play) },
        serve: |play, place| {
            let page = play.between(800_000, 1_500_000);
            nginx(place, page, PLAIN);
        },
        ask: |play, place| {
            let pause = if play.faulty { play.between(600, 1500) } else { 0 };
            let reader = place.own(End::Client, &format!("reader {SERVER}:80 {pause}")).output();
            assert!(reader.is_ok_and(|output| output.status.success()));
        },
        ..case("a slow reader", &["finding.tcp.zero_window"])
    },
    Case {
        serve: |_, place| {
            place.start_own(End::Server, "chatting-server 7000");
            place.await_port(7000);
        },
        ask: |play, place| {
            let (times, nodelay) = (play.between(8, 14), if play.faulty { "" } else { " nodelay" });
            let client = place.own(End::Client, &format!("chatting-client {SERVER}:7000 {times}{nodelay}")).output();
            assert!(client.is_ok_and(|output| output.status.success()));
        },
        ..case("Nagle waits for a delayed ACK", &["finding.tcp.nagle_delayed_ack"])
    },
    Case {
        serve: |play, place| {
            // The server's program ends, and nobody hears of it.
            if play.faulty {
                let chain = "nft add chain ip f out '{ type filter hook output priority 0; }'";
                let rule = "nft add rule ip f out 'tcp flags & fin == fin' drop";
                place.shell(End::Server, &format!("nft add table ip f && {chain} && {rule}"));
            }
            let later = play.between(100, 300);
            let server =
                if play.faulty { format!("vanishing-server 7000 {later}") } else { "chatting-server 7000".to_owned() };
            place.start_own(End::Server, &server);
            place.await_port(7000);
        },
        ask: |play, place| {
            let pause = play.between(600, 900);
            let client = place.own(End::Client, &format!("patient-client {SERVER}:7000 {pause}")).output();
            assert!(client.is_ok_and(|output| output.status.success()));
        },
        ..case("a half-open connection", &["finding.tcp.half_open"])
    },
    Case {
        serve: |play, place| {
            small_page(play, place);
            if !play.faulty {
                place.shell(End::Server, "ip addr add 10.77.0.99/24 dev eth0");
            }
        },
        ask: |_, place| get(place, "http://10.77.0.99/page", &["--connect-timeout", "5"]),
        ..case("nobody has the address", &["finding.arp.unanswered"])
    },
    Case {
        line: |play| {
            let (line, n) = (plain(play), play.between(1, 2));
            with(line, play, FROM, Frames::Arp, (1, n), Fate::Lose)
        },
        ..case("ARP is lost", &["finding.arp.late"])
    },
    Case {
        serve: |play, place| {
            small_page(play, place);
            place.shell(End::Client, &format!("ip route add 203.0.113.0/24 via {SERVER}"));
            place.shell(End::Server, FORWARD);
            let there = if play.faulty {
                "ip route add unreachable 203.0.113.0/24"
            } else {
                "ip addr add 203.0.113.5/32 dev lo"
            };
            place.shell(End::Server, there);
        },
        ask: |_, place| get(place, "http://203.0.113.5/page", &["--connect-timeout", "3"]),
        ..case("a router knows no way", &["finding.icmp.host_unreachable"])
    },
    Case {
        serve: |play, place| {
            small_page(play, place);
            place.shell(End::Server, FORWARD);
            place.shell(End::Client, &format!("ip route add 203.0.113.0/24 via {SERVER}"));
            if play.faulty {
                place.shell(End::Client, "echo 1 > /proc/sys/net/ipv4/ip_default_ttl");
                place.shell(End::Server, "ip route add 203.0.113.0/24 via 10.77.0.3");
            } else {
                place.shell(End::Server, "ip addr add 203.0.113.5/32 dev lo");
            }
        },
        ask: |_, place| get(place, "http://203.0.113.5/page", &["--connect-timeout", "2"]),
        ..case("a time to live that is too short", &["finding.icmp.hops_exceeded"])
    },
    Case {
        serve: |play, place| rules(play, place, "icmp type echo-request drop"),
        ask: |_, place| {
            place.ask("ping", &["-c", "3", "-i", "0.3", "-W", "1", SERVER], 6);
        },
        ..case("pings are dropped", &["finding.icmp.echo_unanswered"])
    },
    Case {
        serve: |play, place| {
            if !play.faulty {
                dhcp_server(place);
            }
        },
        ask: dhcp_client,
        ..case("no DHCP server", &["finding.dhcp.unanswered"])
    },
    Case {
        line: |play| {
            let line = plain(play);
            with(line, play, FROM, Frames::Udp, (1, 1), Fate::Lose)
        },
        serve: |_, place| dhcp_server(place),
        ask: dhcp_client,
        ..case("the DISCOVER is lost", &["finding.dhcp.repeated"])
    },
    Case {
        line: |play| {
            let line = plain(play);
            with(line, play, FROM, Frames::Syn, (1, 1), Fate::Lose)
        },
        serve: |play, place| {
            let think = if play.faulty { play.between(500, 1500) } else { 0 };
            place.start_own(End::Server, &format!("slow-server 80 {think}"));
            place.await_port(80);
        },
        ..case("a SYN is lost and the server is slow", &["finding.tcp.syn_lost", "finding.http.slow_server"])
    },
    Case {
        line: |play| Line { delay: Duration::from_millis(play.between(1, 60)), ..Line::default() },
        serve: nothing,
        ask: |play, place| {
            if play.faulty {
                get(place, &format!("http://{SERVER}/"), &[]);
            }
        },
        ..case("the server is not there", &["finding.tcp.refused"])
    },
];

fn dhcp_server(place: &mut Place) {
    let args = [
        "--no-daemon",
        "--conf-file=/dev/null",
        "--port=0",
        "--user=root",
        "--no-ping",
        "--dhcp-authoritative",
        "--dhcp-range=10.77.0.50,10.77.0.90,255.255.255.0,2h",
        "--dhcp-leasefile=leases",
        "--pid-file=",
        "--interface=eth0",
        "--bind-interfaces",
    ];
    place.start(End::Server, "dnsmasq", &args);
    place.await_udp(67);
}

fn dhcp_client(_: &mut Play<'_>, place: &mut Place) {
    place.ask("udhcpc", &["-i", "eth0", "-f", "-n", "-q", "-t", "4", "-T", "1", "-s", "/bin/true"], 8);
}
