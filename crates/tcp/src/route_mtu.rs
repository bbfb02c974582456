//! The route changes under an open connection: it takes larger packets now, or only smaller ones (RFC 1191 §6.4; Linux
//! `tcp_current_mss`, `tcp_sync_mss`).

use trace::{Cx, kinds::tcp as kind};

use crate::connection::Connection;
use crate::handshake::MIN_MSS;

/// The packets that a route takes now, and whether the connection goes by that already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RouteChange {
    /// In bytes, headers and all.
    mtu: u32,
    stage: Stage,
}

/// As on Linux a connection looks its route up again when it sends, and asks what it takes when it sends the next time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Nothing has been sent since.
    Changed,
    /// Something has.
    LookedUp,
    /// All that could be sent then was.
    Due,
    /// It is known.
    Known,
}

impl Connection {
    /// The route by which this connection sends takes packets of `mtu` bytes from now on.
    pub fn set_route_mtu(&mut self, mtu: u16) {
        self.mtu.route = Some(RouteChange { mtu: mtu.into(), stage: Stage::Changed });
    }

    /// The packets that the route takes, if that is less than what its first link does.
    pub(crate) fn route_mtu(&self) -> Option<u32> {
        self.mtu.route.map(|route| route.mtu).or(self.config.route_mtu.map(u32::from))
    }

    /// Something is sent.
    pub(crate) fn look_route_up(&mut self) {
        if self.mtu.route.is_some_and(|route| route.stage == Stage::Changed) {
            self.mtu.route = self.mtu.route.map(|route| RouteChange { stage: Stage::LookedUp, ..route });
        }
    }

    /// All that could be sent is.
    pub(crate) fn expect_route(&mut self) {
        if self.mtu.route.is_some_and(|route| route.stage == Stage::LookedUp) {
            self.mtu.route = self.mtu.route.map(|route| RouteChange { stage: Stage::Due, ..route });
        }
    }

    /// New data is to be sent: by the route as it is now.
    pub(crate) fn follow_route(&mut self, cx: &mut Cx) {
        let Some(route) = self.mtu.route.filter(|route| route.stage == Stage::Due) else { return };
        self.mtu.route = Some(RouteChange { stage: Stage::Known, ..route });
        let before = self.agreed.mss;
        if self.searches_mtu() {
            self.widen_mtu_search(route.mtu);
        } else {
            let room = route.mtu.saturating_sub(self.mtu_headers());
            self.agreed.mss = room.max(MIN_MSS.into()).min(self.agreed.most.into());
        }
        if self.agreed.mss != before {
            let args = [route.mtu.into(), self.agreed.mss.into()];
            cx.caused_by(self.trigger).event(&kind::ROUTE_CHANGED, self.id, args);
        }
    }
}
