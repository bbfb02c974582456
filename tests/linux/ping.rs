//! ARP and ICMP, both ways.

use std::net::{IpAddr, Ipv4Addr};

use base::Duration;
use host::PingResult;
use trace::kinds;
use wire::Body;

use crate::namespace::available;
use crate::real::Real;

const LINUX: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// Linux pings us at `to`, three times with each of `sizes` (bytes of data), and has all answers.
pub(crate) fn linux_pings(real: &mut Real, to: &str, sizes: [&str; 5]) {
    for size in sizes {
        let ping = real.linux().start("ping", &["-c", "3", "-i", "0.05", "-W", "5", "-s", size, to]);
        let output = real.finish(ping);
        assert!(output.contains("3 received, 0% packet loss"), "{size} bytes: {output}");
    }
}

/// We ping Linux at `to` with each of `sizes` (bytes of data), and have it back unchanged.
pub(crate) fn we_ping(real: &mut Real, to: IpAddr, sizes: [usize; 4]) {
    for (sequence, len) in (1..).zip(sizes) {
        let os = real.os();
        let answer = real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "ping", async move {
            let data = Body::from((0..len).map(|i| i as u8).collect::<Vec<u8>>());
            let id = os.with_host(|h, _| h.ping_open()).expect("a socket");
            os.with_host(|h, cx| h.ping_send(id, to, sequence, data.clone(), None, cx)).expect("a way");
            loop {
                if let Ok(answer) = os.with_host(|h, _| h.ping_recv(id)) {
                    return (answer, data);
                }
                os.sleep(Duration::from_millis(1)).await;
            }
        });
        let (answer, data) = real.join(&answer);
        assert_eq!((answer.from, answer.kind, answer.sequence), (to, PingResult::Reply, sequence));
        assert_eq!(answer.data, data);
    }
}

#[test]
fn linux_pings_us() {
    if !available("linux_pings_us", &["ping"]) {
        return;
    }
    let mut real = Real::pair();
    linux_pings(&mut real, "10.77.0.2", ["0", "56", "1472", "1473", "20000"]);
    assert_eq!(real.count("icmp.echo"), 15);
    assert_eq!(real.count("ip.reassembled"), 6, "two sizes were larger than the link's MTU");
}

#[test]
fn we_ping_linux() {
    if !available("we_ping_linux", &[]) {
        return;
    }
    let mut real = Real::pair();
    we_ping(&mut real, LINUX.into(), [0, 56, 1473, 20_000]);
}

#[test]
fn neighbours_see_each_other_as_linux_does() {
    if !available("neighbours_see_each_other_as_linux_does", &["ping"]) {
        return;
    }
    let mut real = Real::pair();
    let ping = real.linux().start("ping", &["-c", "1", "-W", "5", "10.77.0.2"]);
    real.finish(ping);
    let show = real.linux().start("ip", &["neigh", "show", "10.77.0.2"]);
    let shown = real.finish(show);
    assert!(shown.contains("02:00:00:00:00:02 REACHABLE"), "{shown}");
    // Linux asked, we learned from the question: used at once, so in doubt until something confirms it.
    let now = real.world.now();
    let rows = real.world.host(real.node(), |h| h.neighbour_table(now));
    assert_eq!((rows.len(), rows[0].address, rows[0].state), (1, LINUX.into(), host::NeighbourState::Delay));
    // After five seconds we ask Linux by unicast, and it answers.
    let asked_at = real.world.now();
    real.until("the question", |real| real.world.now() - asked_at > Duration::from_millis(5_500));
    let now = real.world.now();
    assert_eq!(real.world.host(real.node(), |h| h.neighbour_table(now))[0].state, host::NeighbourState::Reachable);
    assert_eq!(real.count("arp.stale"), 1);
}
