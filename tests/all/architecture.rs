//! The arrows of `ARCHITECTURE.md`: which crate may use which.

use std::collections::{BTreeMap, BTreeSet};

use crate::metadata::{list, text, workspace};

/// Each crate and what it may use of the workspace. What stands here is the picture; a crate that is missing fails.
const MAY_USE: &[(&str, &[&str])] = &[
    // ground
    ("base", &[]),
    ("wire", &["base"]),
    ("trace", &["base", "wire"]),
    ("capture", &["base"]),
    // making
    ("tcp", GROUND),
    ("host", &["base", "wire", "trace", "tcp"]),
    ("net", &["base", "wire", "trace", "tcp", "host"]),
    ("tls", &["base"]),
    ("apps", &["base", "wire", "trace", "tcp", "host", "net", "tls"]),
    ("scenario", &["base", "wire", "trace", "tcp", "host", "net", "tls", "apps"]),
    ("drill", &["base", "wire", "trace", "tcp", "host"]),
    // reading
    ("flow", &["base", "wire", "trace", "capture"]),
    ("dissect", &["base", "wire", "trace", "capture", "flow"]),
    ("analyze", &["base", "wire", "trace", "capture", "flow"]),
    ("explain", &["base", "wire", "trace", "capture", "flow", "dissect", "analyze"]),
    ("story", &["base", "wire", "trace", "capture", "flow", "dissect", "analyze", "explain"]),
    ("filter", &["base", "wire", "trace", "capture", "flow", "dissect", "analyze", "explain", "story"]),
    // front
    ("export", READING),
    ("web", FRONT),
    ("cli", FRONT),
    // all of it, by name
    ("wirescope", ALL),
    // tests only
    ("oracle", &[]),
];
const GROUND: &[&str] = &["base", "wire", "trace"];
const READING: &[&str] = &["base", "wire", "trace", "capture", "flow", "dissect", "analyze", "explain", "story"];
/// The command line reads, and asks for simulations by way of `scenario` only.
const FRONT: &[&str] = &[
    "base", "wire", "trace", "capture", "flow", "dissect", "analyze", "explain", "story", "filter", "export", "web",
    "scenario", "drill",
];
const ALL: &[&str] = &[
    "base", "wire", "trace", "capture", "tcp", "host", "net", "tls", "apps", "scenario", "drill", "flow", "dissect",
    "analyze", "explain", "story", "filter", "export", "web", "cli",
];
/// What only the making wing may know.
const MAKING: &[&str] = &["tcp", "host", "net", "apps", "tls", "scenario", "drill"];

/// The crates of the workspace, each with those that it uses outside of its tests.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = workspace();
    let members: BTreeSet<&str> =
        list(&metadata, "workspace_members").iter().filter_map(|member| member.as_str()).collect();
    let short = |name: &str| name.strip_prefix("wirescope-").unwrap_or(name).to_owned();
    let packages = list(&metadata, "packages").iter().filter(|package| members.contains(text(package, "id")));
    let packages: Vec<_> = packages.collect();
    let names: BTreeSet<&str> = packages.iter().map(|package| text(package, "name")).collect();
    packages
        .iter()
        .map(|package| {
            let used = list(package, "dependencies").iter();
            let used = used.filter(|used| used["kind"].as_str() != Some("dev") && names.contains(text(used, "name")));
            (short(text(package, "name")), used.map(|used| short(text(used, "name"))).collect())
        })
        .collect()
}

#[test]
fn crates_use_what_the_picture_lets_them_use() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    for (name, used) in uses() {
        let allowed = allowed.get(name.as_str());
        let allowed =
            allowed.unwrap_or_else(|| panic!("the crate {name} is not in the picture: add it here and there"));
        for other in used {
            assert!(allowed.contains(&other.as_str()), "{name} uses {other}, and the picture has no such arrow");
        }
    }
}

#[test]
fn reading_never_depends_on_making() {
    // What the analyser says of a simulated run, it must be able to say of a stranger's capture.
    let uses = uses();
    for reader in READING {
        let mut reached = BTreeSet::new();
        let mut next = vec![(*reader).to_owned()];
        while let Some(name) = next.pop() {
            let used = uses.get(&name).unwrap_or_else(|| panic!("there is no crate {name}"));
            next.extend(used.iter().filter(|name| reached.insert((*name).clone())).cloned());
        }
        for maker in MAKING {
            assert!(!reached.contains(*maker), "{reader} depends on {maker}, if only by way of others");
        }
    }
}

#[test]
fn the_page_about_it_names_every_crate() {
    let page = include_str!("../../ARCHITECTURE.md");
    for (name, _) in MAY_USE {
        assert!(page.contains(name), "ARCHITECTURE.md does not name {name}");
    }
}
