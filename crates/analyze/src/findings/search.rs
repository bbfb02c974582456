//! The search for everything that went wrong, over a whole capture or part by part.

use base::{Duration, Instant, WallTime};
use capture::keylog::KeyLog;
use flow::{Conversation, Flow, Kind, Layers, Source};

use super::across::Across;
use super::{Case, Connection, Cost, Finding, MAX_OF_A_KIND, rules};

/// Looks at the parts of a capture, one after the other, and holds what was found.
#[derive(Default)]
pub struct Search {
    /// With the place of each one's rule.
    found: Vec<(usize, Finding)>,
    /// How many of each rule.
    counts: Vec<usize>,
    across: Across,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// What flow found.
    pub flow: &'a Flow,
    /// The packets' bytes.
    pub source: &'a dyn Source,
    /// Where the flow's zero lies on the wall clock; certificates are judged by it.
    pub epoch: WallTime,
    /// Until when nothing more came: the capture's end, or when the part was given up.
    pub until: Instant,
}

impl<'a> Sight<'a> {
    /// A whole capture.
    pub fn whole(flow: &'a Flow, source: &'a dyn Source, epoch: WallTime) -> Sight<'a> {
        let until = flow.rows().last().map_or(Instant::ZERO, |row| row.at);
        Sight { flow, source, epoch, until }
    }
}

/// What lasted as long as the capture's clock was set forward did not last; what is left of it may be worth a word.
fn without_steps(connection: &Connection<'_>, new: &mut Vec<Finding>) {
    let by: Duration = connection.tcp.clock_steps().iter().map(|step| step.by).sum();
    if by == Duration::ZERO {
        return;
    }
    new.retain_mut(|finding| match finding.cost {
        Cost::Time(time) if time >= by / 2 => {
            let left = time - by.min(time);
            finding.cost = Cost::Time(left);
            left >= time / 10 && left >= WORTH_A_WORD
        }
        _ => true,
    });
}

/// Less time than this, left of much more, is what the estimate of a step may be wrong by.
const WORTH_A_WORD: Duration = Duration::from_millis(400);

impl Search {
    /// Looks at a capture, or a part of one. `layers` reads what a connection carries; `each` is shown every connection.
    pub fn look<L: std::ops::Deref<Target = Layers>>(
        &mut self,
        sight: Sight<'_>,
        layers: impl Fn(&Conversation) -> Option<L>,
        mut each: impl FnMut(&Connection<'_>),
    ) {
        let Sight { flow, source, epoch, until } = sight;
        let reported = flow.rows().iter().filter_map(|row| row.about).collect();
        let case = Case { flow, source, reported, until };
        self.across.gather(&case);
        let mut new = Vec::new();
        for (order, rule) in rules().enumerate() {
            rule.look(&case, &mut new);
            self.keep(order, &mut new);
        }
        for conversation in flow.conversations().iter().filter(|c| matches!(c.kind, Kind::Tcp(_))) {
            let Some(layers) = layers(conversation) else { continue };
            let Some(connection) = Connection::new(&case, conversation, &layers, epoch) else { continue };
            self.across.gather_at(&connection);
            for (order, rule) in rules().enumerate() {
                rule.look_at(&connection, &mut new);
                without_steps(&connection, &mut new);
                new.iter_mut().for_each(|finding| finding.conversation = Some(conversation.id));
                self.keep(order, &mut new);
            }
            each(&connection);
        }
    }

    /// Judges what spans connections by what `whole` found of them: this search has seen some of the capture alone.
    pub fn as_part_of(&mut self, whole: Search) {
        self.across = whole.across;
    }

    /// What was found so far on connections alone.
    pub fn found(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter().map(|(_, finding)| finding)
    }

    /// Takes what another search found in later parts of the capture.
    pub fn append(&mut self, other: Search) {
        self.across.append(other.across);
        let mut one = Vec::new();
        for (order, finding) in other.found {
            one.push(finding);
            self.keep(order, &mut one);
        }
    }

    /// All that was found: failures first, then by the time that they cost.
    pub fn finish(mut self) -> Vec<Finding> {
        let across = std::mem::take(&mut self.across);
        let mut new = Vec::new();
        for (order, rule) in rules().enumerate() {
            rule.conclude(&across, &mut new);
            self.keep(order, &mut new);
        }
        self.found.sort_by_key(|(order, finding)| (finding.cost.rank(), *order));
        self.found.into_iter().map(|(_, finding)| finding).collect()
    }

    fn keep(&mut self, order: usize, new: &mut Vec<Finding>) {
        if new.is_empty() {
            return;
        }
        if self.counts.len() <= order {
            self.counts.resize(order + 1, 0);
        }
        let Some(count) = self.counts.get_mut(order) else { return };
        let room = MAX_OF_A_KIND.saturating_sub(*count);
        *count += new.len().min(room);
        self.found.extend(new.drain(..).take(room).map(|finding| (order, finding)));
    }
}

/// Looks for everything in a capture: failures first, then by the time that they cost. `epoch` is where the flow's zero
/// lies on the wall clock; certificates are judged by it.
pub fn of(flow: &Flow, source: &dyn Source, keys: &KeyLog, epoch: WallTime, whole: Option<Search>) -> Vec<Finding> {
    let mut search = Search::default();
    let layers = |conversation: &Conversation| Layers::of(flow, conversation.id, source, keys).map(Box::new);
    search.look(Sight::whole(flow, source, epoch), layers, |_| {});
    if let Some(whole) = whole {
        search.as_part_of(whole);
    }
    search.finish()
}
