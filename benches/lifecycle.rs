//! What one whole HTTPS request costs in process: a laptop that joins by DHCP, ARP, DNS from the root down, TCP, TLS 1.3 with a new
//! authority and certificate, HTTP, the close and TIME-WAIT; everything recorded. From cold: nothing is kept from one to the
//! next.
//!
//! `cargo bench -p wirescope --bench lifecycle`

use divan::Bencher;
use wirescope::{Outcome, Scenario, Story, TapChoice, scenario};

fn main() {
    divan::main();
}

const URL: &str = "https://www.example.com/";

/// The simulation alone: a URL becomes a world, the world a trace.
fn simulate() -> scenario::Run {
    let asked = Scenario::for_url(URL).expect("the URL is good");
    let run = scenario::run(&asked).expect("the scenario runs");
    assert!(matches!(run.outcome, Outcome::Response { status: 200, .. }));
    run
}

#[divan::bench(sample_count = 100)]
fn simulated(bencher: Bencher) {
    bencher.bench(simulate);
}

/// And what the ladder needs of it: every packet read back, decrypted and put into words.
#[divan::bench(sample_count = 100)]
fn simulated_and_told(bencher: Bencher) {
    bencher.bench(|| {
        let story = Story::from_trace(simulate().trace, TapChoice::Client).expect("there is a client");
        story.rows().map(|row| row.meaning.len()).sum::<usize>()
    });
}
