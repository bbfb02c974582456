//! The page's one file, as the build script made it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

mod built {
    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

/// The page; `None` if it could not be built.
pub fn page() -> Option<&'static str> {
    built::PAGE
}

/// Why the page is not in this program; `None` if it is.
pub fn missing() -> Option<&'static str> {
    built::PAGE.is_none().then_some(built::WHY_NOT)
}

/// Where an exported page holds its data.
pub const DATA: &str = r#"<script type="application/json" id="wirescope-data">"#;

/// A Content Security Policy (CSP Level 3) that lets this very page run and nothing else: its scripts and styles by their
/// hashes. `connect` is what it may ask.
pub fn policy(html: &str, connect: &str) -> String {
    let hashes = |tag: &str| {
        let list: Vec<String> = contents(html, tag).map(|text| format!("'sha256-{}'", hash(text))).collect();
        if list.is_empty() { "'none'".to_owned() } else { list.join(" ") }
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src {connect}; base-uri 'none'; form-action 'none'",
        hashes("script"),
        hashes("style"),
    )
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// The texts inside the elements called `tag`; data blocks, which are not executed, left out.
fn contents<'a>(html: &'a str, tag: &'a str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(&open)?;
            let attributes = &rest[start + open.len()..];
            let inner = attributes.find('>')? + 1;
            let (attributes, behind) = attributes.split_at(inner);
            let end = behind.find(&close)?;
            rest = &behind[end + close.len()..];
            if !attributes.contains("application/json") {
                return Some(&behind[..end]);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_every_script_and_style() {
        let html = r#"<style>a{}</style><script type="application/json" id="wirescope-data">{}</script><script type="module">go()</script>"#;
        let policy = policy(html, "'self'");
        // openssl dgst -sha256 -binary | base64
        assert!(policy.contains(&format!("script-src 'sha256-{}';", hash("go()"))), "{policy}");
        assert!(policy.contains(&format!("style-src 'sha256-{}';", hash("a{}"))), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(hash("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "FIPS 180-4's example");
    }
}
