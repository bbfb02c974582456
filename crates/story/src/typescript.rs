//! The page's types of what the server passes on as `story` tells it: `page/src/story.ts`, generated.

use std::path::Path;

use ts_rs::{Config, TS};

use crate::How;
use crate::compare::{Aligned, Comparison, Count, PhasePair, Sentence};
use crate::dns::{CacheAsked, Question, Questions};
use crate::hops::{Change, Hop, Journey, Table};
use crate::log::{Log, LogEntry, LogGroup};
use crate::machines::{Arrow, Drawing, Machine, Machines, RunningTimer, StateBox, Taken, Value};
use crate::predict::{Prediction, Predictions};
use crate::series::{Graph, Graphs, Note, Series};
use crate::tour::{Tour, TourStep};

/// Every type, in the order in which it is read. All integers are below 2^53: a browser's numbers hold them.
macro_rules! declarations {
    ($($name:ty),* $(,)?) => {{
        let config = Config::default().with_large_int("number");
        [$(format!("export {}\n", <$name as TS>::decl(&config))),*].concat()
    }};
}

fn generated() -> String {
    let types = declarations![
        How,
        Drawing,
        StateBox,
        Arrow,
        Machines,
        Machine,
        Taken,
        RunningTimer,
        Value,
        Graphs,
        Graph,
        Series,
        Note,
        Journey,
        Hop,
        Change,
        Table,
        Questions,
        Question,
        CacheAsked,
        Log,
        LogEntry,
        LogGroup,
        Tour,
        TourStep,
        Predictions,
        Prediction,
        Comparison,
        Sentence,
        Aligned,
        PhasePair,
        Count,
    ];
    format!("// Generated from crates/story: WIRESCOPE_UPDATE=1 cargo test -p wirescope-story typescript\n\n{types}")
}

#[test]
fn the_pages_types_are_those_of_the_story() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../page/src/story.ts");
    let wanted = generated();
    if std::env::var_os("WIRESCOPE_UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("it can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "page/src/story.ts is not what the story tells: run this test with WIRESCOPE_UPDATE=1");
}
