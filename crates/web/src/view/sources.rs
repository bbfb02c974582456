//! What can be opened, and the knobs, from the declarations that the command line uses.

use scenario::{KNOBS, Kind, Scenario};

use crate::api::{Choice, Knob, KnobKind, ScenarioKind, Sources, Start};

/// What can be opened here.
pub fn sources(start: Option<Start>, largest_upload: usize) -> Sources {
    let built_in = scenario::BUILT_IN.iter().map(|built_in| {
        let scenario = built_in.scenario();
        crate::api::Scenario {
            name: built_in.name.to_owned(),
            title: scenario.title.clone(),
            about: scenario.about.trim().to_owned(),
            url: Some(scenario.request.url.clone()),
            kind: ScenarioKind::Scenario,
            knobs: KNOBS.iter().map(|knob| (knob.name.to_owned(), knob.value(&scenario))).collect(),
        }
    });
    let arguments = scenario::ARGUMENTS.iter().map(|argument| crate::api::Scenario {
        name: argument.name.to_owned(),
        title: argument.title.to_owned(),
        about: argument.about.trim().to_owned(),
        url: None,
        kind: ScenarioKind::Argument,
        knobs: [("seed".to_owned(), "1".to_owned())].into(),
    });
    Sources {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        start,
        scenarios: built_in.chain(arguments).collect(),
        knobs: KNOBS.iter().map(knob).collect(),
        largest_upload: largest_upload as f64,
        largest_scenario: scenario::MAX_FILE as f64,
    }
}

fn knob(knob: &scenario::Knob) -> Knob {
    // Any URL has the same defaults.
    let default = Scenario::for_url("https://www.example.com/").map(|scenario| knob.value(&scenario));
    let (kind, unit, range) = match knob.kind {
        Kind::Seed => (KnobKind::Seed, None, None),
        Kind::Duration => (KnobKind::Duration, Some("ms"), None),
        Kind::Rate => (KnobKind::Rate, Some("bit/s"), None),
        Kind::Chance => (KnobKind::Chance, None, Some(("0%".to_owned(), "100%".to_owned()))),
        Kind::Bytes => (KnobKind::Bytes, Some("bytes"), None),
        Kind::Number(from, to) => (KnobKind::Number, None, Some((from.to_string(), to.to_string()))),
        Kind::Choice(_) => (KnobKind::Choice, None, None),
        Kind::Switch => (KnobKind::Switch, None, None),
        Kind::Text => (KnobKind::Text, None, None),
        Kind::Lines => (KnobKind::Lines, None, None),
    };
    let choices: &[(&str, &str)] = match knob.kind {
        Kind::Choice(choices) => choices,
        Kind::Switch => &[("on", "on"), ("off", "off")],
        _ => &[],
    };
    let (min, max) = range.unzip();
    Knob {
        name: knob.name.to_owned(),
        label: knob.label.to_owned(),
        group: knob.group.name().to_owned(),
        kind,
        unit: unit.map(str::to_owned),
        default: default.unwrap_or_default(),
        min,
        max,
        steps: knob.steps.iter().map(|step| (*step).to_owned()).collect(),
        choices: choices
            .iter()
            .map(|(value, label)| Choice { value: (*value).to_owned(), label: (*label).to_owned() })
            .collect(),
        help: knob.help.to_owned(),
        flag: format!("--{}", knob.name),
    }
}
