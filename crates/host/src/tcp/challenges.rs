//! How many challenge ACKs a host sends in a second, over all its connections (RFC 5961 §7).

use base::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// What is left of them this second.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    second: Option<i64>,
    left: u32,
}

impl Challenges {
    /// Takes one of about `limit` in a second. Whether there was one. As Linux since CVE-2016-5696 the number is drawn anew each
    /// second, from half of the limit to one and a half: who counts the answers learns nothing by it. `secret` belongs to the
    /// host.
    pub(crate) fn take(&mut self, limit: u32, now: Instant, secret: [u8; 16]) -> bool {
        let second = now.as_nanos().div_euclid(SECOND.as_nanos());
        if self.second != Some(second) {
            let half = limit.div_ceil(2);
            let chance = tcp::siphash(secret, &second.to_be_bytes());
            // limit possibilities, of which the least is a half.
            let more = chance.checked_rem(limit.into()).unwrap_or(0);
            (self.second, self.left) = (Some(second), half.saturating_add(more as u32));
        }
        let any = self.left > 0;
        self.left = self.left.saturating_sub(1);
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_second(second: i64, limit: u32) -> u32 {
        let (mut challenges, now) = (Challenges::default(), Instant::ZERO + SECOND * second);
        (0..1000).map(|_| u32::from(challenges.take(limit, now, [5; 16]))).sum()
    }

    #[test]
    fn cve_2016_5696_nobody_knows_how_many_there_are_but_they_are_about_the_limit() {
        let numbers: Vec<u32> = (0..200).map(|second| in_second(second, 100)).collect();
        assert!(numbers.iter().all(|n| (50..150).contains(n)), "{numbers:?}");
        let different: std::collections::BTreeSet<&u32> = numbers.iter().collect();
        assert!(different.len() > 50, "{} different numbers in 200 seconds", different.len());
        let average = numbers.iter().sum::<u32>() / 200;
        assert!((90..110).contains(&average), "{average}");
    }

    #[test]
    fn a_limit_of_one_and_of_none() {
        assert_eq!((in_second(3, 1), in_second(3, 0)), (1, 0));
    }
}
