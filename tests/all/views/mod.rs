//! What the views of a run draw: told by a simulation, and told again of the capture that it writes.

mod compared;
mod graphs;
mod journeys;
mod learning;
mod machines;
mod questions;

use wirescope::export::TapSet;
use wirescope::flow::{ConversationId, Kind};
use wirescope::scenario::{self, Scenario};
use wirescope::{Run, Story};

use crate::runs;

/// The first TCP connection of a story.
pub fn connection(story: &Story) -> ConversationId {
    let mut conversations = story.flow().conversations().iter();
    conversations.find(|conversation| matches!(conversation.kind, Kind::Tcp(_))).expect("there is a connection").id
}

/// A run over a bad line, long enough for the windows to move.
pub fn lossy() -> Run {
    let mut scenario = Scenario::for_url("http://www.example.com/").expect("it is a URL");
    scenario.server.page.size = Some("200k".parse().expect("it is a size"));
    scenario.network.loss = "2%".parse().expect("it is a share");
    scenario.network.rate = "10Mbit/s".parse().expect("it is a rate");
    scenario.network.queue = "20k".parse().expect("it is a size");
    scenario::run(&scenario).expect("it runs")
}

/// The story that is told of the capture of a story's tap.
pub fn captured(story: &Story) -> Story {
    let trace = story.trace().expect("it was simulated");
    let (_, file) = runs::reopened(trace, TapSet::One(story.tap().expect("one tap")));
    runs::told(file)
}
