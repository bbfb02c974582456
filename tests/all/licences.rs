//! Everything that is linked into the program may be.

use std::collections::BTreeSet;

use crate::metadata::{list, text, workspace};

/// Licences that go with ours (MIT OR Apache-2.0), by their SPDX names.
const FINE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression of names, AND, OR and brackets can be met with licences that are fine.
fn fine(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").replace(" WITH ", "~WITH~");
    let words: Vec<String> = spaced.split_whitespace().map(|word| word.replace("~WITH~", " WITH ")).collect();
    let mut at = 0;
    let met = either(&words, &mut at);
    met && at == words.len()
}

fn either(words: &[String], at: &mut usize) -> bool {
    let mut met = both(words, at);
    while words.get(*at).is_some_and(|word| word == "OR") {
        *at += 1;
        met |= both(words, at);
    }
    met
}

fn both(words: &[String], at: &mut usize) -> bool {
    let mut met = one(words, at);
    while words.get(*at).is_some_and(|word| word == "AND") {
        *at += 1;
        met &= one(words, at);
    }
    met
}

fn one(words: &[String], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if word != "(" {
        return FINE.contains(&word.as_str());
    }
    let met = either(words, at);
    let closed = words.get(*at).is_some_and(|word| word == ")");
    *at += 1;
    met && closed
}

#[test]
fn every_dependency_has_a_licence_that_goes_with_ours() {
    let metadata = workspace();
    // The packages of this platform are those of the resolved graph.
    let used: BTreeSet<&str> = list(&metadata["resolve"], "nodes").iter().map(|node| text(node, "id")).collect();
    let packages: Vec<_> =
        list(&metadata, "packages").iter().filter(|package| used.contains(text(package, "id"))).collect();
    assert!(packages.len() > 50, "only {} packages were looked at", packages.len());
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !fine(text(package, "license")))
        .map(|package| format!("{}: `{}`", text(package, "name"), text(package, "license")))
        .collect();
    assert!(wrong.is_empty(), "these licences do not go with ours, or are not known to: {wrong:#?}");
}

#[test]
fn expressions_are_read_as_spdx_says() {
    for good in
        ["MIT", "MIT OR GPL-3.0-only", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT/Apache-2.0", "GPL-2.0 OR MIT"]
    {
        assert!(fine(good), "{good}");
    }
    for bad in
        ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT", "MIT Apache-2.0", "OR", "(GPL-2.0 OR LGPL-3.0) AND MIT"]
    {
        assert!(!fine(bad), "{bad}");
    }
    assert!(fine("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
}
