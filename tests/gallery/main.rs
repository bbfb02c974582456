//! Faults made by real programs on Linux' own TCP/IP: nginx, curl, openssl, dnsmasq, dig, udhcpc and a few small programs of
//! our own in two network namespaces, nftables' rules, and between them a line that loses, holds, damages and queues.
//! tcpdump captures; `wirescope open --findings` must name the cause first, and find nothing where the fault is absent.
//!
//! Needs root, `/dev/net/tun` and the programs; without, it says so and passes, or fails where the environment says
//! `WIRESCOPE_ORACLES=required`. `WIRESCOPE_GALLERY=1..5` plays other seeds, `WIRESCOPE_GALLERY_ONLY=text` only faults with
//! the text in their names.

#![allow(clippy::disallowed_methods)] // real programs keep real time

mod case;
mod dns;
mod http;
mod http2;
mod line;
mod net;
mod place;
mod programs;
mod tls;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::{Case, Told};

/// Cases that are played at the same time: they mostly wait.
const SIDE_BY_SIDE: usize = 10;

fn seeds() -> Vec<u64> {
    let Ok(range) = std::env::var("WIRESCOPE_GALLERY") else { return vec![1] };
    let (from, to) = range.split_once("..").expect("WIRESCOPE_GALLERY is written like 1..5");
    (from.parse().expect("a number")..=to.parse().expect("a number")).collect()
}

#[test]
fn the_cause_of_each_fault_is_named_first_and_its_twin_is_healthy() {
    // A case starts this very test again in a namespace, as one of its small programs.
    if let Some(role) = programs::role() {
        return programs::run(&role);
    }
    if !place::available() {
        return;
    }
    let only = std::env::var("WIRESCOPE_GALLERY_ONLY").unwrap_or_default();
    let cases: Vec<Case> = [net::CASES, dns::CASES, http::CASES, tls::CASES].concat();
    let chosen = cases.iter().filter(|case| case.name.contains(&only));
    let seeds = seeds();
    let jobs: Vec<(&Case, u64)> = chosen.flat_map(|case| seeds.iter().map(move |&seed| (case, seed))).collect();
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Told::default()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some((case, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // What cannot be played is told beside what is found wrong.
                    let one = std::panic::catch_unwind(|| case.play(*seed)).unwrap_or_else(|_| Told {
                        wrong: vec![format!("{} (seed {seed}): it could not be played", case.name)],
                        ..Told::default()
                    });
                    let mut told = told.lock().expect("no thread panics with it");
                    told.wrong.extend(one.wrong);
                    told.late.extend(one.late);
                }
            });
        }
    });
    let Told { wrong, late } = told.into_inner().expect("no thread panics with it");
    if !late.is_empty() {
        let text = format!("\nNOT JUDGED, this machine was too busy to run the line in time:\n{}\n", late.join("\n"));
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), jobs.len(), wrong.join("\n"));
    assert!(late.len() * 4 <= jobs.len(), "{} of {} could not be judged", late.len(), jobs.len());
}
