//! The page's types, generated from the API's: `page/src/api.ts`.

use std::path::Path;

use ts_rs::{Config, TS};

use super::*;

/// Every type, in the order in which it is read.
macro_rules! declarations {
    ($($name:ty),* $(,)?) => {{
        let config = Config::default();
        [$(format!("export {}\n", <$name as TS>::decl(&config))),*].concat()
    }};
}

fn generated() -> String {
    let types = declarations![
        ApiError,
        Problem,
        Code,
        Sources,
        Start,
        Scenario,
        ScenarioKind,
        Knob,
        KnobKind,
        Choice,
        RunRequest,
        RunAnswer,
        Progress,
        Head,
        Badge,
        SourceInfo,
        SourceKind,
        Host,
        Place,
        Tap,
        Protocol,
        Class,
        FlagBit,
        MarkBit,
        Phase,
        Totals,
        Close,
        TimeWait,
        Connection,
        TlsInfo,
        HttpLine,
        RequestLine,
        Cache,
        UrlInfo,
        Outcome,
        Findings,
        ColumnsHead,
        ColumnInfo,
        ColumnType,
        Texts,
        Hits,
        Packet,
        Turn,
        Mark,
        StateAt,
        Known,
        Envelope,
        Buffer,
        Node,
        Diagram,
        Cell,
        Link,
        Chain,
        Explained,
        Entry,
        Near,
        Extra,
        Bundle,
    ];
    // The page's own words for some of them.
    let words = [
        ("Problem", "ApiProblem"),
        ("Flag", "FlagBit"),
        ("MarkKind", "MarkBit"),
        ("Span", "Close"),
        ("TlsSummary", "TlsInfo"),
        ("Exchange", "HttpLine"),
        ("UrlParts", "UrlInfo"),
        ("CacheLine", "Cache"),
        ("Origin", "SourceInfo"),
        ("Column", "ColumnInfo"),
        ("Found", "Hits"),
        ("DiagramCell", "Cell"),
    ];
    let words: String = words.iter().map(|(word, of)| format!("export type {word} = {of};\n")).collect();
    format!(
        "// Generated from crates/web/src/api: WIRESCOPE_UPDATE=1 cargo test -p wirescope-web typescript\n\n{types}\n{words}"
    )
}

#[test]
fn the_pages_types_are_those_of_the_api() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../page/src/api.ts");
    let wanted = generated();
    assert!(!wanted.contains("bigint"), "a browser gets numbers: take f64");
    if std::env::var_os("WIRESCOPE_UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("it can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "page/src/api.ts is not what the API says: run this test with WIRESCOPE_UPDATE=1");
}
