//! The retransmission timeout that the round trips seen at a tap lead to (RFC 6298), where no end tells its own.

use base::{Duration, Instant};
use flow::{ConversationId, Direction};

use crate::Story;
use crate::progress::{Progress, Step};

/// RFC 6298's variables after a sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Estimate {
    pub at: Instant,
    pub packet: u32,
    /// The round trip measured.
    pub sample: Duration,
    /// SRTT.
    pub srtt: Duration,
    /// RTTVAR.
    pub rttvar: Duration,
    /// RTO, at least 200 ms, as Linux has it (RFC 6298 §2.4 would have a second).
    pub rto: Duration,
}

/// The least timeout, as on Linux (`TCP_RTO_MIN`).
const MIN_RTO: Duration = Duration::from_millis(200);
/// The clock's granularity, G.
const GRANULARITY: Duration = Duration::from_millis(1);

impl Estimate {
    /// What follows from one more sample (RFC 6298 §2.2 and §2.3).
    pub fn next(before: Option<&Estimate>, at: Instant, packet: u32, sample: Duration) -> Estimate {
        let (srtt, rttvar) = match before {
            None => (sample, sample / 2),
            Some(before) => {
                let off = (before.srtt - sample).abs();
                // beta = 1/4, alpha = 1/8.
                (before.srtt + (sample - before.srtt) / 8, before.rttvar + (off - before.rttvar) / 4)
            }
        };
        let rto = (srtt + (rttvar * 4).max(GRANULARITY)).max(MIN_RTO);
        Estimate { at, packet, sample, srtt, rttvar, rto }
    }

    /// Whether the tap sees the round trips of the sender of `direction`.
    ///
    /// # Errors
    /// Why it does not.
    fn seen(story: &Story, id: ConversationId, direction: Direction) -> Result<(), &'static str> {
        match (story.inferred(id).map(|states| states.tap()), direction) {
            (Some(analyze::Tap::Both), _)
            | (Some(analyze::Tap::Client), Direction::ToServer)
            | (Some(analyze::Tap::Server), Direction::ToClient) => Ok(()),
            (Some(_), _) => Err("the capture was made elsewhere: it sees only a part of this end's round trips"),
            (None, _) => Err("the conversation is no TCP connection"),
        }
    }

    /// All estimates of the round trips that the sender of `direction` saw, as far as the tap can tell.
    ///
    /// # Errors
    /// Why the tap cannot tell.
    pub fn all(
        story: &Story,
        id: ConversationId,
        progress: &Progress,
        direction: Direction,
    ) -> Result<Vec<Estimate>, &'static str> {
        Estimate::seen(story, id, direction)?;
        let told = progress.steps(story.flow()).filter_map(|step| {
            // It changes with the packets that bring a sample.
            step.estimates[direction as usize].filter(|estimate| estimate.packet == step.number)
        });
        Ok(told.collect())
    }

    /// The estimate as it stood after `step`, the last of the connection by then.
    ///
    /// # Errors
    /// As [`Estimate::all`].
    pub fn after(
        story: &Story,
        id: ConversationId,
        step: Option<&Step>,
        direction: Direction,
    ) -> Result<Option<Estimate>, &'static str> {
        Estimate::seen(story, id, direction)?;
        Ok(step.and_then(|step| step.estimates[direction as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_follow_rfc_6298() {
        let ms = Duration::from_millis;
        let first = Estimate::next(None, Instant::ZERO, 1, ms(80));
        assert_eq!((first.srtt, first.rttvar, first.rto), (ms(80), ms(40), ms(240)));
        let second = Estimate::next(Some(&first), Instant::ZERO, 2, ms(160));
        assert_eq!((second.srtt, second.rttvar), (ms(90), ms(50)));
        assert_eq!(second.rto, ms(290));
        let steady = (0..200).fold(second, |before, n| Estimate::next(Some(&before), Instant::ZERO, n, ms(30)));
        assert_eq!(steady.rto, ms(200), "Linux waits 200 ms at least");
    }
}
