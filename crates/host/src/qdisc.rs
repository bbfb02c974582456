//! The queue discipline of the machine's devices (Linux `tc-qdisc`).

use tcp::Qdisc;
use trace::Cx;

use crate::sockets::Socket;
use crate::{Host, Outgoing};

impl Host {
    /// From now on the queue in front of each of its devices is of this kind: for all connections, open ones too.
    pub fn set_qdisc(&mut self, qdisc: Qdisc) {
        self.refuses = qdisc == Qdisc::Full;
        self.tcp_config.qdisc = qdisc;
        let connected = |socket: &Socket| matches!(socket, Socket::Connected(_));
        let slots: Vec<_> =
            self.sockets.iter().filter(|(_, _, socket)| connected(socket)).map(|(slot, ..)| slot).collect();
        for slot in slots {
            if let Some(connected) = self.sockets.connected(slot) {
                connected.connection.set_qdisc(qdisc);
            }
        }
    }

    /// The next frame to send where the queue has no room: there is none.
    pub(crate) fn refuse_all(&mut self, cx: &mut Cx<'_>) -> Option<Outgoing> {
        for out in std::mem::take(&mut self.out) {
            self.discard("the queue of the outgoing device has no room", &mut cx.caused_by(out.event));
        }
        None
    }
}
