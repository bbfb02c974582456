//! Guided tours: a run told in a few steps, each bound to a packet by what the packet is.

use base::Instant;
use serde::{Deserialize, Serialize};

use crate::{Row, Side, Story};

/// A tour through a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tour {
    /// What it is about.
    pub title: String,
    /// Its steps, in order of time.
    pub steps: Vec<TourStep>,
}

/// A step of a tour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TourStep {
    /// The packet that it is about.
    pub packet: Option<u32>,
    /// The moment that it is about.
    pub at_ns: Option<i64>,
    /// A few words.
    pub title: String,
    /// A sentence or two, with this run's own numbers in them.
    pub text: String,
    /// The field of the packet to look at.
    pub field: Option<String>,
    /// What to look at: `ladder`, `states`, `graphs`, `hops`, `dns`, `waterfall`.
    pub view: Option<String>,
}

/// A tour as it is written: `tours/*.toml`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Script {
    title: String,
    step: Vec<Scene>,
}

/// A step as it is written. It is about the first packet behind the step before it (or the same) that is all of what stands here; a
/// run that has no such packet goes without the step.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Scene {
    title: String,
    text: String,
    field: Option<String>,
    view: Option<String>,
    /// The innermost protocol: `DHCP`.
    protocol: Option<String>,
    /// The TCP flags: `SYN ACK`.
    flags: Option<String>,
    /// Who sends it: `client` or `server`.
    sender: Option<String>,
    /// Words that its meaning contains.
    says: Option<String>,
    /// The client's state when it has passed.
    client: Option<String>,
    /// The server's state.
    server: Option<String>,
    /// What happens with it: an id of a comparison's milestones.
    milestone: Option<String>,
    /// An event of the simulation instead of a packet: its kind.
    event: Option<String>,
}

/// The tours, by the name of the scenario that they lead through.
const TOURS: [(&str, &str); 5] = [
    ("https", include_str!("../../tours/https.toml")),
    ("browser", include_str!("../../tours/browser.toml")),
    ("curl", include_str!("../../tours/curl.toml")),
    ("lifecycle", include_str!("../../tours/lifecycle.toml")),
    ("http2", include_str!("../../tours/http2.toml")),
];

/// The scenarios that have a tour.
pub fn scenarios() -> impl Iterator<Item = &'static str> {
    TOURS.iter().map(|(name, _)| *name)
}

fn script(scenario: &str) -> Option<Script> {
    let text = TOURS.iter().find(|(name, _)| *name == scenario)?.1;
    let mut script: Script = toml::from_str(text).ok()?;
    for scene in &mut script.step {
        // How the file breaks its lines is not part of what it says.
        scene.text = scene.text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    Some(script)
}

impl Story {
    /// The tour through the scenario `name`, as this run of it turned out. `None` if the scenario has none.
    pub fn tour(&self, name: &str) -> Option<Tour> {
        let script = script(name)?;
        let digest = self.digest();
        let mut from = 1;
        let mut steps = Vec::new();
        for scene in script.step {
            if let Some(kind) = &scene.event {
                steps.extend(self.moment(kind, &scene));
                continue;
            }
            let happened = scene.milestone.as_ref().map(|id| digest.milestone(id).and_then(|one| one.packet));
            let wanted = |row: &Row| happened.is_none_or(|packet| packet == Some(row.number)) && is(&scene, row);
            let may_be = |number: &u32| {
                happened.is_none_or(|packet| packet == Some(*number))
                    && self.flow().row(*number).is_some_and(|view| may_be(&scene, &view))
            };
            // Whether a packet can be it at all is seen at once; what it says is not.
            let mut rows =
                (from..=self.len() as u32).filter(may_be).take(MAX_READ).filter_map(|number| self.row(number));
            let Some(row) = rows.find(wanted) else { continue };
            from = row.number;
            steps.push(TourStep {
                packet: Some(row.number),
                at_ns: Some(row.at.as_nanos()),
                text: self.filled(&scene.text, &row),
                title: scene.title,
                field: scene.field,
                view: scene.view,
            });
        }
        Some(Tour { title: script.title, steps })
    }

    /// A step about an event: a capture has none.
    fn moment(&self, kind: &str, scene: &Scene) -> Option<TourStep> {
        let event = self.trace()?.events.iter().find(|event| event.kind.id == kind)?;
        Some(TourStep {
            packet: None,
            at_ns: Some(event.at.as_nanos()),
            title: scene.title.clone(),
            text: scene.text.replace("{ms}", &format!("{:.3}", event.at.as_millis_f64())),
            field: scene.field.clone(),
            view: scene.view.clone(),
        })
    }

    /// The text with the packet's own values in the places of their names.
    fn filled(&self, text: &str, row: &Row) -> String {
        let tcp = self.flow().row(row.number).and_then(|view| view.tcp).copied();
        let raw = |of: fn(&flow::Tcp) -> u32| tcp.as_ref().map(|tcp| of(tcp).to_string()).unwrap_or_default();
        let relative = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        let values = [
            ("{number}", row.number.to_string()),
            ("{ms}", format!("{:.3}", row.at.since(Instant::ZERO).as_millis_f64())),
            ("{from}", row.from.clone()),
            ("{to}", row.to.clone()),
            ("{length}", row.length.to_string()),
            ("{payload}", row.payload.to_string()),
            ("{seq}", relative(row.seq)),
            ("{ack}", relative(row.ack)),
            ("{seq_raw}", raw(|tcp| tcp.seq.0)),
            ("{ack_raw}", raw(|tcp| tcp.ack.0)),
            ("{says}", row.meaning.clone()),
        ];
        values.iter().fold(text.trim().to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// Packets that are read for one step, at most.
const MAX_READ: usize = 20_000;

/// Whether flags and direction are a scene's.
fn may_be(scene: &Scene, view: &flow::RowView<'_>) -> bool {
    let flags = |wanted: &String| view.tcp.is_some_and(|tcp| tcp.flags.to_string() == *wanted);
    let sender = if view.row.direction == flow::Direction::ToServer { "client" } else { "server" };
    scene.flags.as_ref().is_none_or(flags) && scene.sender.as_ref().is_none_or(|wanted| wanted == sender)
}

/// Whether a packet is what a scene is about.
fn is(scene: &Scene, row: &Row) -> bool {
    let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
    let state = |wanted: &Option<String>, which: usize| match (wanted, &row.ends) {
        (None, _) => true,
        (Some(wanted), Some(ends)) => {
            let known = if which == 0 { &ends.client } else { &ends.server };
            known.value().and_then(|state| state.name()).is_some_and(|name| name == wanted)
        }
        (Some(_), None) => false,
    };
    same(&scene.protocol, row.protocol)
        && same(&scene.flags, &row.flags)
        && same(&scene.sender, if row.side == Side::ToServer { "client" } else { "server" })
        && scene.says.as_ref().is_none_or(|says| row.meaning.contains(says))
        && state(&scene.client, 0)
        && state(&scene.server, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tour_can_be_read() {
        for (name, text) in TOURS {
            let _: Script = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let script = script(name).expect("it was read just now");
            assert!(script.step.len() >= 6, "{name}");
            for scene in &script.step {
                assert!(!scene.title.is_empty() && scene.text.len() > 30, "{name}: {}", scene.title);
                assert!(!scene.text.contains(char::is_control), "{name}: {}", scene.text);
                let views = ["ladder", "states", "graphs", "hops", "dns", "waterfall"];
                assert!(scene.view.as_ref().is_none_or(|view| views.contains(&view.as_str())), "{name}: {scene:?}");
            }
        }
    }
}
