//! Which state comes next?

use wire::tcp::{Flags, State, TRANSITIONS};

use super::{MAX_OF_A_SORT, Prediction, a, connections, ordered};
use crate::Story;

/// A question for each packet with which an end changes its state.
pub(super) fn questions(story: &Story) -> Vec<Prediction> {
    let mut out = Vec::new();
    for id in connections(story) {
        let Some(conversation) = story.flow().conversation(id) else { continue };
        let mut known: [Option<u8>; 2] = [None, None];
        for number in handshakes(story, &conversation.packets) {
            if out.len() >= MAX_OF_A_SORT {
                return out;
            }
            let Some(machines) = story.machines_after(number) else { continue };
            let Some(view) = story.flow().row(number) else { continue };
            let flags = view.tcp.map(|tcp| tcp.flags).unwrap_or_default();
            let sender = if view.row.direction == flow::Direction::ToServer { "client" } else { "server" };
            for (end, known) in machines.ends.iter().zip(&mut known) {
                let before = known.replace(end.state);
                let Some(taken) = &end.taken else { continue };
                // Of several steps at once the last is told, and it does not begin where the question does.
                let begins = before.is_some_and(|before| before != end.state && before == taken.codes[0]);
                let first = before.is_none() && taken.packet == Some(number);
                if !(begins || first) || taken.event.is_empty() {
                    continue;
                }
                out.push(Prediction {
                    id: format!("state-{number}-{}", end.side),
                    before_packet: number,
                    ask: format!(
                        "Packet {number} is {} from the {sender}. The {} is in {}: in which state is it then?",
                        a(&flags.to_string()),
                        end.side,
                        taken.from
                    ),
                    kind: "choice",
                    choices: choices(taken.codes[0], taken.to),
                    answer: taken.to.to_owned(),
                    accepts: Vec::new(),
                    because: format!(
                        "in {}, “{}” leads to {}{} ({})",
                        taken.from,
                        taken.event,
                        taken.to,
                        if taken.action == "x" { String::new() } else { format!(", with “{}”", taken.action) },
                        taken.rfc
                    ),
                    packet: number,
                    field: Some(telling(flags)),
                });
            }
        }
    }
    out
}

/// The packets with which states can change: those with SYN, FIN or RST, and the next few, which answer them.
fn handshakes<'p>(story: &'p Story, packets: &'p [u32]) -> impl Iterator<Item = u32> + 'p {
    let mut near = 0;
    packets.iter().copied().filter(move |&number| {
        let flags = story.flow().row(number).and_then(|view| view.tcp).map(|tcp| tcp.flags).unwrap_or_default();
        near = if flags.intersects(Flags::SYN | Flags::FIN | Flags::RST) { ANSWERS } else { near };
        near > 0 && {
            near -= 1;
            true
        }
    })
}

/// The flag that moves a state machine.
fn telling(flags: Flags) -> &'static str {
    let by_flag = [(Flags::RST, "tcp.rst"), (Flags::FIN, "tcp.fin"), (Flags::SYN, "tcp.syn")];
    by_flag.iter().find(|(flag, _)| flags.contains(*flag)).map_or("tcp.ack_flag", |(_, field)| field)
}

/// How many packets behind one that opens or closes may bring a change of state.
const ANSWERS: u32 = 6;

/// The right state among others: first those where other arrows from the same state lead, then those nearby.
fn choices(from: u8, right: &str) -> Vec<String> {
    let away = TRANSITIONS.iter().filter(|row| row.from.0 == from).map(|row| row.to);
    let near = [State::ESTABLISHED, State::TIME_WAIT, State::CLOSE_WAIT, State::SYN_RECEIVED, State::CLOSED];
    let mut choices = vec![right.to_owned()];
    for name in away.chain(near).filter_map(State::name) {
        if choices.len() < 4 && choices.iter().all(|known| known != name) {
            choices.push(name.to_owned());
        }
    }
    ordered(choices)
}
