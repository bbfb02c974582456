//! Nothing that runs in a simulated world reads this machine's clock or draws its entropy.
//!
//! This program defines the C library's calls for both, so that its own definitions are linked in the library's stead:
//! the standard library and every crate call these. While a thread is under guard, each call is noted with the way that
//! led to it, and a test fails.
//!
//! Three calls are let pass. hyper's HTTP/1 server looks at the wall clock whenever it is polled, for a Date header that our
//! servers tell it not to send. rustls draws keys for the hash map of a session cache, which it never iterates, and h2 for the
//! map of its streams, which it iterates in the order in which they were put in. That what they read changes nothing is shown, not assumed: each run is repeated with clocks that lie and with other hash
//! keys (a thread draws its own), and must give the same trace.

#![allow(unsafe_code)] // the one place: calls with the C library's signatures, which it lets us define

mod interposed;
mod runs;

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static FALSE_CLOCK: Cell<Option<i64>> = const { Cell::new(None) };
    static READS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Called by each interposed call.
fn note(call: &str) {
    if GUARDED.get() {
        // What notes it must not be noted itself.
        GUARDED.set(false);
        let way = Backtrace::force_capture().to_string();
        if !is_harmless(&way) {
            READS.with_borrow_mut(|reads| reads.push(format!("{call}, called by\n{way}")));
        }
        GUARDED.set(true);
    }
}

/// Whether it is one of the calls that are let pass, made by the library itself with nothing of ours in between.
fn is_harmless(way: &str) -> bool {
    let calls = |what: &str, by: &str| {
        way.split_once(by).is_some_and(|(inner, _)| inner.contains(what) && !inner.contains("/crates/"))
    };
    calls("clock_gettime", "hyper::proto::h1::dispatch::Server<")
        || calls("hashmap_random_keys", "rustls::limited_cache::LimitedCache<")
        || calls("hashmap_random_keys", "h2::proto::streams::streams::Inner::new")
}

/// What guarded threads are told instead of the time: `None` for the truth, or seconds since 1970 that grow by a day with
/// each look.
fn false_time() -> Option<i64> {
    FALSE_CLOCK.get().inspect(|&time| FALSE_CLOCK.set(Some(time + 86_400)))
}

/// Runs `f` on a thread of its own under guard, so that nothing that a thread sets up once (the keys of its hash maps) was
/// set up before: the calls that it made, and its result.
fn guarded<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> (T, Vec<String>) {
    let thread = std::thread::spawn(|| {
        GUARDED.set(true);
        let result = f();
        GUARDED.set(false);
        (result, READS.take())
    });
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs `f` under guard and fails if it made any of the calls.
fn assert_sealed<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (result, reads) = guarded(f);
    assert!(reads.is_empty(), "{what} read the clock or entropy {} times; first: {}", reads.len(), reads[0]);
    result
}

/// As [`assert_sealed`], three times, with clocks that tell the truth, the year 1970 and the year 2100: fails unless the
/// results are alike.
fn assert_sealed_and_alike<T: Send + PartialEq + 'static>(
    what: &'static str,
    f: impl Fn() -> T + Send + Copy + 'static,
) -> T {
    let runs = [None, Some(0), Some(4_102_444_800)].map(|clock| {
        assert_sealed(what, move || {
            FALSE_CLOCK.set(clock);
            f()
        })
    });
    let [truth, past, future] = runs;
    assert!(truth == past && truth == future, "{what} depends on the clock");
    truth
}

/// The guard itself works: each call that it watches is noticed.
mod notices {
    use super::guarded;

    #[test]
    #[allow(clippy::disallowed_methods)] // the very thing to notice
    fn clocks() {
        let (_, reads) = guarded(std::time::Instant::now);
        assert!(reads.len() == 1 && reads[0].contains("clock_gettime"), "{reads:?}");
        let (_, reads) = guarded(std::time::SystemTime::now);
        assert!(reads.len() == 1 && reads[0].contains("clock_gettime"), "{reads:?}");
    }

    #[test]
    fn the_rest() {
        // SAFETY: a null pointer asks `time` and `gettimeofday` to write nothing; the buffer is as long as we say.
        let (_, reads) = guarded(|| unsafe {
            libc::time(std::ptr::null_mut());
            libc::gettimeofday(std::ptr::null_mut(), std::ptr::null_mut());
            libc::getentropy([0u8; 4].as_mut_ptr().cast(), 4);
        });
        let calls: Vec<&str> = reads.iter().filter_map(|read| read.split(',').next()).collect();
        assert_eq!(calls, ["time", "gettimeofday", "getentropy"]);
        let (file, reads) = guarded(|| std::fs::File::open("/dev/urandom").is_ok());
        assert!(file && reads.len() == 1, "{reads:?}");
    }

    #[test]
    #[allow(clippy::disallowed_types)] // the very thing to notice
    fn entropy_of_hash_maps() {
        let (_, reads) = guarded(|| std::collections::HashMap::<u8, u8>::new().len());
        assert!(reads.iter().any(|read| read.contains("getrandom")), "{reads:?}");
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // the very thing to notice
    fn clocks_can_lie() {
        let (now, _) = guarded(|| {
            super::FALSE_CLOCK.set(Some(0));
            std::time::SystemTime::now()
        });
        assert_eq!(now, std::time::UNIX_EPOCH);
    }

    #[test]
    fn nothing_where_there_is_nothing() {
        let (sum, reads) = guarded(|| (1..=10).sum::<u32>());
        assert_eq!((sum, reads), (55, Vec::new()));
    }
}
