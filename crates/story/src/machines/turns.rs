//! The packets with which something about the ends' states changes, as a capture tells: a few of a million.

use analyze::States;
use base::Instant;
use flow::{ConversationId, Direction, Flow};
use trace::Known;
use wire::tcp::{Flags, State};

/// What is known of an end's state from a packet on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub packet: u32,
    pub at: Instant,
    /// Whether the packet is a reset.
    pub reset: bool,
    pub known: Known<State>,
}

/// The turns of a connection's ends, by direction of what they send.
#[derive(Debug, Default)]
pub(crate) struct Turns([Vec<Turn>; 2]);

impl Turns {
    /// Looks through a connection once.
    pub fn of(flow: &Flow, id: ConversationId, states: &States) -> Option<Turns> {
        let conversation = flow.conversation(id)?;
        let mut turns = Turns::default();
        for (view, (packet, ends)) in flow.packets(conversation).zip(states.iter()) {
            let Some(tcp) = view.tcp else { continue };
            for (turns, known) in turns.0.iter_mut().zip([ends.client, ends.server]) {
                if turns.last().is_none_or(|last| last.known != known) {
                    turns.push(Turn { packet, at: view.row.at, reset: tcp.flags.contains(Flags::RST), known });
                }
            }
        }
        Some(turns)
    }

    /// Those of the sender of `direction`, in order.
    pub fn at_end(&self, direction: Direction) -> &[Turn] {
        &self.0[direction as usize]
    }
}
