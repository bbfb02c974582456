//! Packets in short: what a list or a picture of all packets needs, without a word.

use std::rc::Rc;

use analyze::States;
use flow::{Conversation, ConversationId, RowKind, RowView, Verdicts};

use crate::ladder::{self, Side};
use crate::states::Ends;
use crate::{Story, meaning};

/// What of a [`crate::Row`] is no text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Brief {
    /// As [`crate::Row::side`].
    pub side: Side,
    /// As [`crate::Row::protocol`].
    pub protocol: &'static str,
    /// The verdicts among [`crate::Row::marks`].
    pub verdicts: Verdicts,
    /// Whether [`crate::Mark::Malformed`] is among them.
    pub malformed: bool,
    /// As [`crate::Row::ends`].
    pub ends: Option<Ends>,
}

/// The packets in short, first to last: see [`Story::briefs`].
pub struct Briefs<'a> {
    story: &'a Story,
    at: usize,
    /// How far the states of each connection have been read that nobody witnessed.
    read: Vec<Option<(Option<Rc<States>>, usize)>>,
}

impl Story {
    /// The packets in short, first to last.
    pub fn briefs(&self) -> Briefs<'_> {
        Briefs { story: self, at: 0, read: vec![None; self.flow.conversations().len()] }
    }

    /// What both ends of a conversation are called, the client first: see [`crate::Row::from`].
    pub fn end_names(&self, id: ConversationId) -> Option<[String; 2]> {
        self.flow.conversation(id).map(|conversation| ladder::end_names(self, conversation))
    }
}

impl<'a> Iterator for Briefs<'a> {
    type Item = (RowView<'a>, Brief);

    fn next(&mut self) -> Option<(RowView<'a>, Brief)> {
        let flow = &self.story.flow;
        let row = flow.rows().get(self.at)?;
        self.at += 1;
        let view = RowView { row, tcp: flow.tcp(row) };
        let conversation = row.conversation.and_then(|id| flow.conversation(id));
        Some((view, self.brief(&view, conversation)))
    }
}

impl Briefs<'_> {
    fn brief(&mut self, view: &RowView<'_>, conversation: Option<&Conversation>) -> Brief {
        let (story, row) = (self.story, view.row);
        let survey = story.survey();
        let number = row.number;
        let (protocol, malformed) = match (row.kind, conversation) {
            (RowKind::Tcp, _) => (survey.protocol(number), survey.is_malformed(number)),
            // Told by its ports; what it is not, need not be read.
            (RowKind::Udp, Some(conversation)) if !meaning::may_be_told(conversation) => ("UDP", false),
            _ => {
                let said = meaning::of(story, view, conversation);
                (said.protocol, said.malformed)
            }
        };
        let conflict = view.tcp.is_some_and(|tcp| tcp.repeats().is_some()) && survey.contradicts(number);
        let swapped = conversation.is_some_and(|conversation| story.swapped(conversation.id));
        let ends = view.tcp.map(|_| self.ends(view, conversation));
        Brief {
            side: ladder::side(row.direction, swapped),
            protocol,
            verdicts: view.tcp.map_or(Verdicts::NONE, |tcp| meaning::told(tcp, conflict)),
            malformed: row.malformed || malformed,
            ends: ends.map(|ends| if swapped { ends.swapped() } else { ends }),
        }
    }

    /// As [`ladder::ends`]; the states of a connection are read on from the packet before.
    fn ends(&mut self, view: &RowView<'_>, conversation: Option<&Conversation>) -> Ends {
        let story = self.story;
        let inferred = conversation.filter(|conversation| story.ends_of(conversation.id).is_none());
        let Some((place, id)) = inferred.map(|conversation| (conversation.id.index(), conversation.id)) else {
            return ladder::ends(story, view, conversation);
        };
        let Some(slot) = self.read.get_mut(place) else { return ladder::ends(story, view, conversation) };
        let (states, at) = slot.get_or_insert_with(|| (story.inferred(id), 0));
        let Some(states) = states else { return Ends::unknown() };
        while let Some((number, ends)) = states.get(*at).filter(|(number, _)| *number <= view.row.number) {
            *at += 1;
            if number == view.row.number {
                return Ends { client: ends.client, server: ends.server };
            }
        }
        Ends::unknown()
    }
}
