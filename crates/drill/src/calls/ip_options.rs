//! Options of IP and of IPv6: how a socket's packets travel.

use super::set_option::call_option;
use super::{Called, Outcome, SocketState};
use crate::run::{Runner, Stop};
use crate::script::Call;
use crate::setup::IpVersion;
use crate::symbols::number;

impl Runner<'_> {
    /// Options of IP and of IPv6.
    pub(super) fn set_ip_option(&mut self, fd: i32, level: i64, option: i64, value: i64, call: &Call) -> Called {
        let named = |v4: &str, v6: &str| number(if level == 0 { v4 } else { v6 }) == Some(option);
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
        let live = match socket.state {
            SocketState::Connected(id, _) => Some(id),
            _ => None,
        };
        let options = &mut socket.options;
        if named("IP_TOS", "IPV6_TCLASS") {
            options.tos = value & 0xFF;
            let dscp = options.dscp();
            self.on_connection(live, |connection, _| connection.set_dscp(dscp))?;
        } else if named("IP_MTU_DISCOVER", "IPV6_MTU_DISCOVER") {
            if !(0..=5).contains(&value) {
                return Ok(Outcome::Fails("EINVAL"));
            }
            options.mtu_discover = value;
            let discovers = options.discovers_mtu();
            self.on_connection(live, |connection, _| connection.set_path_mtu_discovery(discovers))?;
        } else if named("IP_FREEBIND", "IPV6_FREEBIND") {
            // `bind` takes the machine's own address in any case.
            options.free_bind = value != 0;
        } else if named("IP_RECVERR", "IPV6_RECVERR") {
            // Each is for errors of its own version; a mapped address is one of IPv4.
            if !socket.stream || (level == 41) == (self.setup.version == IpVersion::V6) {
                options.keeps_errors = value != 0;
            }
            let reports = options.keeps_errors;
            self.on_connection(live, |connection, _| connection.set_report_errors(reports))?;
            let Some(socket) = self.descriptors.socket(fd) else { return Ok(Outcome::Fails("EBADF")) };
            if let SocketState::Udp(id) = socket.state {
                _ = self.machine.host.udp_keep_errors(id, value != 0);
            }
        } else {
            return Err(Stop::unsupported(format!("the socket option {}", call_option(call))));
        }
        self.apply_to_listener(fd);
        Ok(Outcome::done(0))
    }
}
