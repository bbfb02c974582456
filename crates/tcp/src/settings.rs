//! A configuration as connections keep it.

use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use crate::Config;
use crate::handshake::MIN_MSS;

/// A configuration that is shared by all that have the same, but for what is each connection's own. Who changes more gets a
/// copy.
#[derive(Clone, Debug)]
pub struct Settings {
    shared: Rc<Config>,
    /// In the place of [`Config::mss`]: each path has its own.
    pub mss: u16,
    /// In the place of [`Config::timestamp_offset`]: each connection has its own.
    pub timestamp_offset: u32,
    /// In the place of [`Config::send_buffer`]: it grows with each connection's window.
    pub send_buffer: usize,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Settings {
        let Config { mss, timestamp_offset, send_buffer, .. } = *config;
        Settings { shared: Rc::new(*config), mss, timestamp_offset, send_buffer }
    }
}

impl From<&Settings> for Settings {
    fn from(settings: &Settings) -> Settings {
        settings.clone()
    }
}

impl Settings {
    /// The largest segment that our SYN announces, in bytes.
    pub(crate) fn announced_mss(&self) -> u16 {
        self.mss.min(self.advertised_mss.unwrap_or(u16::MAX)).max(MIN_MSS)
    }
    /// The largest segment that the route takes, beside `headers` bytes of IP and TCP headers.
    pub(crate) fn route_mss(&self, headers: u16) -> u16 {
        self.mss.min(self.route_mtu.map_or(u16::MAX, |mtu| mtu.saturating_sub(headers))).max(MIN_MSS)
    }
}

impl Deref for Settings {
    type Target = Config;
    #[inline]
    fn deref(&self) -> &Config {
        &self.shared
    }
}

impl DerefMut for Settings {
    fn deref_mut(&mut self) -> &mut Config {
        Rc::make_mut(&mut self.shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_changes_the_others_do_not_see() {
        let first = Settings::from(&Config::default());
        let mut second = first.clone();
        (second.mss, second.timestamp_offset, second.send_buffer) = (500, 7, 1 << 20);
        assert!(Rc::ptr_eq(&first.shared, &second.shared), "these are each one's own");
        second.nagle = false;
        assert!(first.nagle && !second.nagle);
        assert_eq!((first.mss, second.mss), (1460, 500));
    }
}
