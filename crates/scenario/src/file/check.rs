//! What the types of a scenario cannot hold: which values make sense, alone and together.

use super::{IpVersions, Scenario, ScenarioError};
use crate::UrlParts;

/// The most files that a simulated page refers to.
const MAX_FILES: u32 = 500;
/// The largest body that a simulated server sends.
const MAX_BODY: u64 = 1 << 30;

impl Scenario {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// If a value makes no sense: the error names its key.
    pub fn check(&self) -> Result<(), ScenarioError> {
        UrlParts::parse(&self.request.url)?;
        let value =
            |key, value: String, reason: &str| Err(ScenarioError::Value { key, value, reason: reason.to_owned() });
        let network = &self.network;
        if !(68..=9000).contains(&network.mtu) {
            return value("network.mtu", network.mtu.to_string(), "an MTU lies between 68 (RFC 791 §3.2) and 9000");
        }
        if network.ip.has_ipv6() && network.mtu < 1280 {
            let reason = "IPv6 needs links of at least 1280 bytes (RFC 8200 §5): raise it, or speak IPv4 alone";
            return value("network.mtu", network.mtu.to_string(), reason);
        }
        if network.ip == IpVersions::Six {
            let parts = UrlParts::parse(&self.request.url)?;
            let reason = "the URL names an IPv4 address: use a host name, or 4 or dual";
            if parts.literal.is_some() {
                return value("network.ip", "6".to_owned(), reason);
            }
        }
        if network.rtt.0 < base::Duration::from_micros(100) || network.rtt.0 > base::Duration::from_secs(60) {
            return value("network.rtt", network.rtt.0.to_string(), "a round trip lies between 0.1 ms and 60 s here");
        }
        if network.queue.0 < 1600 || network.queue.0 > 1 << 32 {
            return value("network.queue", network.queue.0.to_string(), "a queue holds between 1600 bytes and 4 GiB");
        }
        if network.rate.0.0 != 0 && network.rate.0.0 < 1000 {
            return value("network.rate", network.rate.0.to_string(), "a line has at least 1 kbit/s");
        }
        for (number, fault) in (1..).zip(&network.faults) {
            if let Err(reason) = fault.check() {
                return value("network.faults", format!("table {number}"), reason);
            }
        }
        if !(100..=999).contains(&self.server.page.status) {
            return value("server.page.status", self.server.page.status.to_string(), "a status code has three digits");
        }
        let size = self.server.page.size.or(self.server.page.response_size).map_or(0, |size| size.0);
        if size > MAX_BODY {
            return value("server.page.size", size.to_string(), "a simulated body has at most 1 GiB");
        }
        let page = &self.server.page;
        if page.files > MAX_FILES {
            return value("server.page.files", page.files.to_string(), "a page refers to at most 500 files here");
        }
        if page.files > 0 && page.file_size.0.saturating_mul(page.files.into()) > MAX_BODY {
            return value(
                "server.page.file_size",
                page.file_size.0.to_string(),
                "all files together have at most 1 GiB",
            );
        }
        let html = page.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
        if page.files > 0 && !html {
            let reason = "only HTML refers to files: its `content_type` is another";
            return value("server.page.files", page.files.to_string(), reason);
        }
        if !(1..=100).contains(&self.client.connections) {
            return value("client.connections", self.client.connections.to_string(), "between 1 and 100 connections");
        }
        if self.tcp.initial_window == 0 || self.tcp.initial_window > 1000 {
            return value("tcp.initial_window", self.tcp.initial_window.to_string(), "between 1 and 1000 segments");
        }
        Ok(())
    }
}
