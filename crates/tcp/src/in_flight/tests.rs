//! The counts, the runs and the order, whatever happens.

use base::EventId;

use super::*;

fn flight(lens: &[u32]) -> InFlight {
    let mut flight = InFlight::default();
    let mut start = Seq(0xffff_ffff);
    for &len in lens {
        flight.push(Sent::new(start, start + len, Instant::ZERO, EventId::NONE));
        start += len;
    }
    flight
}

#[test]
fn pipe_counts_what_is_neither_acknowledged_nor_lost() {
    let mut flight = flight(&[100, 100, 100]);
    assert_eq!((flight.pipe(), flight.segments()), (300, 3));
    assert!(flight.mark_lost(1) && !flight.mark_lost(1));
    assert_eq!((flight.pipe(), flight.next_lost()), (200, Some(1)));
    let mut whole = 0;
    flight.acknowledge(Seq(149), |_| whole += 1);
    assert_eq!((whole, flight.pipe(), flight.next_lost()), (1, 100, Some(1)));
    assert_eq!(flight.resend(1, 1000, Instant::ZERO).map(|sent| sent.len()), Some(50));
    assert_eq!((flight.pipe(), flight.segments(), flight.next_lost()), (150, 2, None));
    // The retransmission is lost too.
    assert!(flight.mark_lost(1));
    assert_eq!((flight.pipe(), flight.segments(), flight.next_lost()), (100, 1, Some(1)));
}

#[test]
fn a_segment_that_no_longer_fits_is_split() {
    let mut flight = flight(&[1000, 10]);
    flight.mark_all_lost();
    assert_eq!(flight.pipe(), 0);
    assert_eq!(flight.resend(0, 400, Instant::ZERO).map(|sent| sent.len()), Some(400));
    assert_eq!((flight.pipe(), flight.next_lost(), flight.len()), (400, Some(1), 3));
    flight.acknowledge(Seq(0xffff_ffff) + 1010, |_| {});
    assert_eq!((flight.pipe(), flight.next_lost(), flight.is_empty()), (0, None, true));
}

#[test]
fn a_block_that_grows_is_news_only_where_it_grew() {
    let mut flight = flight(&[10; 20]);
    let news = |flight: &mut InFlight, from, to| {
        let mut n = 0;
        flight.sack(from, to, |_| n += 1);
        n
    };
    assert_eq!(news(&mut flight, 5, 8), 3);
    assert_eq!(news(&mut flight, 5, 10), 2);
    assert_eq!(news(&mut flight, 12, 14), 2);
    assert_eq!(news(&mut flight, 3, 15), 5, "what lies between, before and behind");
    assert_eq!((flight.sacked(), flight.pipe(), flight.board.runs.len()), (12, 80, 1));
    assert_eq!(flight.nth_sacked_from_end(3), Some(12));
    assert_eq!(flight.nth_sacked_from_end(13), None);
    assert_eq!(flight.highest_sacked(), Some(Seq(0xffff_ffff) + 150));
}

#[test]
fn the_order_of_transmissions_follows_what_is_sent_again_and_leaves_out_what_arrived() {
    let mut flight = flight(&[10; 5]);
    let order = |flight: &InFlight| std::iter::successors(flight.earliest(), |&n| flight.after(n)).collect::<Vec<_>>();
    flight.mark_lost(1);
    flight.sack(3, 4, |_| {});
    assert_eq!(order(&flight), [0, 2, 4]);
    flight.resend(1, 100, Instant::ZERO);
    assert_eq!(order(&flight), [0, 2, 4, 1]);
    flight.acknowledge(Seq(0xffff_ffff) + 10, |_| {});
    assert_eq!(order(&flight), [2, 4, 1]);
    flight.forget_sacked();
    assert_eq!((flight.sacked(), flight.segments()), (0, 4 + 1 - 1));
}

proptest::proptest! {
    /// Whatever happens, the counts are what a count of the records gives.
    #[test]
    fn the_counts_are_those_of_the_records(deeds in proptest::collection::vec((0u8..6, 0u64..40, 1u64..9), 1..80)) {
        let mut flight = flight(&[10; 30]);
        for (deed, at, n) in deeds {
            match deed {
                0 => flight.sack(at, at + n, |_| {}),
                1 => _ = flight.mark_lost(at),
                2 => if let Some(lost) = flight.next_lost() {
                    flight.resend(lost, 4 + n as u32, Instant::ZERO);
                },
                3 => {
                    let una = flight.oldest().map(|sent| sent.start + n as u32);
                    if let Some(una) = una.filter(|una| flight.newest().is_some_and(|s| una.at_or_before(s.end))) {
                        flight.acknowledge(una, |_| {});
                    }
                }
                4 => flight.unmark_lost(),
                _ => flight.forget_sacked(),
            }
            let count = |f: fn(&Sent) -> bool| flight.iter().filter(|sent| f(sent)).count() as u32;
            proptest::prop_assert_eq!(flight.sacked, count(|sent| sent.sacked));
            proptest::prop_assert_eq!(flight.lost, count(|sent| sent.lost));
            proptest::prop_assert_eq!(flight.resent, count(|sent| sent.resent));
            proptest::prop_assert_eq!(flight.board.waiting.len() as u32, count(|sent| sent.lost && !sent.resent));
            proptest::prop_assert_eq!(flight.pipe, flight.iter().map(|sent| sent.copies() * sent.len()).sum::<u32>());
            let in_runs: u64 = flight.board.runs.iter().map(|(a, b)| b - a).sum();
            proptest::prop_assert_eq!(in_runs as u32, flight.sacked);
            let listed = std::iter::successors(flight.earliest(), |&n| flight.after(n)).count() as u32;
            proptest::prop_assert!(listed <= flight.len() as u32 && listed >= flight.resent);
        }
    }
}
