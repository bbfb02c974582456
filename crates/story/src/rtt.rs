//! The retransmission timeout that the round trips seen at a tap lead to (RFC 6298), where no end tells its own.

use base::{Duration, Instant};
use flow::{ConversationId, Direction};

use crate::Story;

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
    fn next(before: Option<&Estimate>, at: Instant, packet: u32, sample: Duration) -> Estimate {
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

    /// All estimates of the round trips that the sender of `direction` saw, as far as the tap can tell.
    ///
    /// # Errors
    /// Why the tap cannot tell.
    pub fn all(story: &Story, id: ConversationId, direction: Direction) -> Result<Vec<Estimate>, &'static str> {
        let near = story.inferred(id).map(|states| states.tap());
        match (near, direction) {
            (Some(analyze::Tap::Both), _)
            | (Some(analyze::Tap::Client), Direction::ToServer)
            | (Some(analyze::Tap::Server), Direction::ToClient) => {}
            (Some(_), _) => {
                return Err("the capture was made elsewhere: it sees only a part of this end's round trips");
            }
            (None, _) => return Err("the conversation is no TCP connection"),
        }
        let Some(conversation) = story.flow().conversation(id) else { return Ok(Vec::new()) };
        let mut all: Vec<Estimate> = Vec::new();
        for view in conversation.packets.iter().filter_map(|&number| story.flow().row(number)) {
            if view.row.direction == direction {
                continue;
            }
            if let Some(sample) = view.tcp.and_then(|tcp| tcp.rtt()) {
                all.push(Estimate::next(all.last(), view.row.at, view.row.number, sample));
            }
        }
        Ok(all)
    }

    /// The estimate as it stood at `at`.
    ///
    /// # Errors
    /// As [`Estimate::all`].
    pub fn at(
        story: &Story,
        id: ConversationId,
        direction: Direction,
        at: Instant,
    ) -> Result<Option<Estimate>, &'static str> {
        let all = Estimate::all(story, id, direction)?;
        Ok(all.partition_point(|estimate| estimate.at <= at).checked_sub(1).map(|last| all[last]))
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
