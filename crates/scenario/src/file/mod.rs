//! A scenario: who asks whom for what, over which network. Written in TOML.

mod check;
mod client;
mod network;
mod request;
mod server;

use serde::Deserialize;

pub use client::{Client, Join};
pub use network::{IpVersions, Network, Topology};
pub use request::{Browser, Header, HttpVersion, Request, TlsVersion};
pub use server::{Page, Server};

use crate::{Mistake, TcpOptions, UrlError, UrlParts};

/// The largest scenario file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// A scenario. Everything but the URL has a default: a laptop at home, a server that answers 200.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: lower case, for the command line.
    #[serde(default)]
    pub name: String,
    /// A line about it.
    #[serde(default)]
    pub title: String,
    /// What it shows, in a few sentences.
    #[serde(default)]
    pub about: String,
    /// What everything random comes from.
    #[serde(default = "one")]
    pub seed: u64,
    /// What is asked for.
    pub request: Request,
    /// Who asks.
    #[serde(default)]
    pub client: Client,
    /// Who answers.
    #[serde(default)]
    pub server: Server,
    /// What lies between.
    #[serde(default)]
    pub network: Network,
    /// TCP, on both ends.
    #[serde(default)]
    pub tcp: TcpOptions,
}

fn one() -> u64 {
    1
}

/// Why a scenario cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The TOML is wrong.
    #[error("{0}")]
    Toml(Mistake),
    /// The URL is wrong.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A value makes no sense.
    #[error("{key} = {value}: {reason}")]
    Value {
        /// The key, dotted.
        key: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Scenario {
    /// A scenario with all defaults for `url`.
    ///
    /// # Errors
    /// If the URL cannot be requested.
    pub fn for_url(url: &str) -> Result<Scenario, ScenarioError> {
        let parts = UrlParts::parse(url)?;
        let request = Request {
            url: parts.href,
            method: None,
            headers: Vec::new(),
            body: None,
            browser: Browser::Browser,
            tls: TlsVersion::Tls13,
            http: HttpVersion::Http11,
        };
        Ok(Scenario {
            name: String::new(),
            title: String::new(),
            about: String::new(),
            seed: 1,
            request,
            client: Client::default(),
            server: Server::default(),
            network: Network::default(),
            tcp: TcpOptions::default(),
        })
    }

    /// Reads a scenario file.
    ///
    /// # Errors
    /// If it is not TOML, has a key or value that makes no sense (with line and column), or a URL that cannot be requested.
    pub fn parse(toml: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario =
            toml::from_str(toml).map_err(|error| ScenarioError::Toml(Mistake::of(toml, &error)))?;
        scenario.check()?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_has_a_line_and_a_column() {
        let error = Scenario::parse("[request]\nurl = \"http://a.example/\"\n[network]\nrtt = \"33 parsecs\"\n");
        let text = error.unwrap_err().to_string();
        assert!(text.contains("line 4, column 7"), "{text}");
        assert!(text.contains("33 parsecs") && text.contains("such as 33ms"), "{text}");
        let error =
            Scenario::parse("[request]\nurl = \"http://a.example/\"\ncolour = \"red\"\n").unwrap_err().to_string();
        assert!(error.contains("line 3, column 1") && error.contains("colour"), "{error}");
    }

    #[test]
    fn values_that_make_no_sense_are_named() {
        let error = Scenario::parse("[request]\nurl = \"http://a.example/\"\n[network]\nmtu = 20\n").unwrap_err();
        assert!(error.to_string().starts_with("network.mtu = 20: "), "{error}");
        assert!(matches!(Scenario::parse("[request]\nurl = \"gopher://a/\"\n"), Err(ScenarioError::Url(_))));
    }
}
