//! UDP and TCP against Linux' own sockets, which the tests open with `nc`.

use std::net::SocketAddr;

use tcp::Errno;
use trace::kinds;

use crate::namespace::available;
use crate::real::Real;

fn linux(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 77, 0, 1], port))
}

#[test]
fn closed_ports_are_refused_by_both() {
    if !available("closed_ports_are_refused_by_both", &["curl"]) {
        return;
    }
    let mut real = Real::pair();
    let os = real.os();
    let outcome = real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "closed ports", async move {
        let tcp = os.tcp_connect(linux(81)).await.err();
        let udp = os.udp_bind(SocketAddr::from(([0, 0, 0, 0], 0))).expect("a socket");
        udp.connect(linux(81)).expect("a way");
        udp.send_to("anyone?", linux(81)).expect("room");
        (tcp, udp.recv_from().await.err())
    });
    assert_eq!(real.join(&outcome), (Some(Errno::ConnectionRefused), Some(Errno::ConnectionRefused)));
    let mut curl = real.linux().start("curl", &["-s", "-S", "--max-time", "10", "http://10.77.0.2:81/"]);
    real.until("curl", |_| curl.is_over());
    let output = curl.output();
    assert_eq!(output.status.code(), Some(7), "curl's code for a refused connection");
}

#[test]
fn nobody_is_there() {
    if !available("nobody_is_there", &[]) {
        return;
    }
    let mut real = Real::pair();
    let os = real.os();
    let outcome =
        real.world.spawn_root(real.node(), &kinds::app::USER_OPENS, "an address without a host", async move {
            os.tcp_connect(SocketAddr::from(([10, 77, 0, 99], 80))).await.err()
        });
    assert_eq!(real.join(&outcome), Some(Errno::HostUnreachable));
}
