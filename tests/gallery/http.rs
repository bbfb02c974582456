//! HTTP: nginx, curl, and servers that break off.

use crate::case::{Case, Play};
use crate::net::{PLAIN, get, get_page, nginx, plain, small_page};
use crate::place::{End, Place, SERVER};

const fn case(name: &'static str, findings: &'static [&'static str]) -> Case {
    Case { name, findings, at: End::Client, line: plain, serve: small_page, ask: get_page }
}

/// nginx that answers with a status, where the fault is played.
fn with_status(play: &mut Play<'_>, place: &mut Place, status: u16) {
    let conf = format!("server {{ listen 80; location / {{ return {status} ; }} }}");
    nginx(place, 500, if play.faulty { &conf } else { PLAIN });
}

/// One of our own servers where the fault is played, nginx where not.
fn own(play: &mut Play<'_>, place: &mut Place, program: &str) {
    if play.faulty {
        place.start_own(End::Server, program);
        place.await_port(80);
    } else {
        small_page(play, place);
    }
}

pub const CASES: &[Case] = &[
    Case {
        ask: |play, place| {
            get(place, &format!("http://{SERVER}/{}", if play.faulty { "missing" } else { "page" }), &[])
        },
        ..case("not found", &["finding.http.client_error"])
    },
    Case {
        serve: |play, place| {
            let status = play.pick(&[400, 401, 403, 410, 429]);
            with_status(play, place, status);
        },
        ..case("rejected", &["finding.http.client_error"])
    },
    Case {
        serve: |play, place| {
            let status = play.pick(&[500, 503, 504]);
            with_status(play, place, status);
        },
        ..case("the server fails", &["finding.http.server_error"])
    },
    Case {
        serve: |play, place| {
            let conf = "server { listen 80; location / { proxy_pass http://127.0.0.1:9; } }";
            nginx(place, 500, if play.faulty { conf } else { PLAIN });
        },
        ..case("a proxy without its server", &["finding.http.server_error"])
    },
    Case {
        serve: |play, place| {
            let status = play.pick(&[301, 302, 303, 307, 308]);
            let conf = format!("server {{ listen 80; location / {{ return {status} http://{SERVER}/elsewhere; }} }}");
            nginx(place, 500, if play.faulty { &conf } else { PLAIN });
        },
        ..case("moved", &["finding.http.redirect"])
    },
    Case {
        serve: |play, place| {
            let think = play.between(450, 2000);
            own(play, place, &format!("slow-server 80 {think}"));
        },
        ..case("a slow server", &["finding.http.slow_server"])
    },
    Case {
        serve: |play, place| {
            let length = play.between(5_000, 60_000);
            let sent = play.between(100, length - 1);
            own(play, place, &format!("truncating-server 80 {length} {sent}"));
        },
        ..case("a body cut short", &["finding.http.truncated"])
    },
    Case {
        serve: |play, place| {
            let pause = play.between(1200, 3000);
            own(play, place, &format!("stalling-server 80 {pause}"));
        },
        ..case("the server stops in the midst", &["finding.http.stalled"])
    },
    Case {
        serve: |play, place| own(play, place, "closing-server 80"),
        ..case("closed without an answer", &["finding.http.no_response"])
    },
    Case {
        serve: |play, place| own(play, place, "resetting-server 80"),
        ..case("the server crashes", &["finding.tcp.server_reset"])
    },
    Case {
        serve: |play, place| {
            let page = play.between(30_000, 90_000);
            let conf = "gzip off; server { listen 80; location / { } }";
            nginx(place, page, if play.faulty { conf } else { PLAIN });
        },
        ask: |_, place| get(place, &format!("http://{SERVER}/page"), &["--compressed"]),
        ..case("text as it is", &["finding.http.uncompressed"])
    },
    Case {
        serve: |play, place| {
            let page = play.between(200, 3_000);
            let conf = "keepalive_timeout 0; server { listen 80; location / { } }";
            nginx(place, page, if play.faulty { conf } else { PLAIN });
        },
        ask: |play, place| {
            let url = format!("http://{SERVER}/page");
            let times = play.between(5, 9) as usize;
            place.ask("curl", &[&["-s", "--noproxy", "*"][..], &vec![url.as_str(); times]].concat(), 10);
        },
        ..case("a connection for each request", &["finding.http.no_keep_alive"])
    },
];
