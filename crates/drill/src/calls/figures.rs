//! TCP_INFO: the figures that code blocks state something about.

use tcp::State;

use super::SocketState;
use crate::run::{Runner, Stop};

/// Linux's number of a state (`tcp_states.h`), in TCP_INFO and in its tables.
pub(crate) fn state_number(state: State) -> i128 {
    match state {
        State::ESTABLISHED => 1,
        State::SYN_SENT => 2,
        State::SYN_RECEIVED => 3,
        State::FIN_WAIT_1 => 4,
        State::FIN_WAIT_2 => 5,
        State::TIME_WAIT => 6,
        State::CLOSE_WAIT => 8,
        State::LAST_ACK => 9,
        State::LISTEN => 10,
        State::CLOSING => 11,
        _ => 7,
    }
}

/// Linux's number of a phase of loss recovery.
fn phase(phase: tcp::recovery::Phase) -> i128 {
    use tcp::recovery::Phase;
    match phase {
        Phase::Open => 0,
        Phase::Disorder => 1,
        Phase::Cwr => 2,
        Phase::Recovery => 3,
        Phase::Loss => 4,
    }
}

impl Runner<'_> {
    /// The figures of the socket that the script is about, by name; `None` if it has no descriptor.
    pub(crate) fn figures(&mut self) -> Result<Option<Vec<(&'static str, i128)>>, Stop> {
        let Some(fd) = self.current.and_then(|at| self.flows[at].fd) else { return Ok(None) };
        let Some(socket) = self.descriptors.socket(fd) else { return Ok(None) };
        let id = match socket.state {
            SocketState::Connected(id, _) => id,
            SocketState::Listening(_) => return Ok(Some(vec![("tcpi_state", 10)])),
            _ => return Ok(Some(vec![("tcpi_state", 7)])),
        };
        let Some(info) = self.machine.host.tcp_info(id) else { return Ok(None) };
        let micros = |duration: base::Duration| i128::from(duration.as_micros());
        let mss = info.mss.max(1);
        let now = self.machine.now;
        let limited = info.limits.totals(now);
        let ssthresh = if info.ssthresh >= 0x7fff_ffff { 0x7fff_ffff } else { i128::from(info.ssthresh / mss) };
        let options = i128::from(info.timestamps)
            | i128::from(info.sack) << 1
            | i128::from(info.window_scale.is_some()) << 2
            | i128::from(info.ecn.0) << 3
            | i128::from(info.ecn.1) << 4
            | i128::from(info.syn_data) << 5;
        let (snd_shift, rcv_shift) = info.window_scale.unwrap_or((0, 0));
        Ok(Some(vec![
            ("tcpi_state", state_number(info.state)),
            ("tcpi_options", options),
            ("tcpi_snd_wscale", snd_shift.into()),
            ("tcpi_rcv_wscale", rcv_shift.into()),
            ("tcpi_rto", micros(info.rto)),
            ("tcpi_snd_mss", info.mss.into()),
            ("tcpi_rtt", micros(info.srtt)),
            ("tcpi_rttvar", micros(info.rttvar)),
            ("tcpi_snd_cwnd", i128::from(info.cwnd / mss)),
            ("tcpi_snd_ssthresh", ssthresh),
            ("tcpi_total_retrans", info.retransmits.into()),
            ("tcpi_bytes_acked", info.bytes_acked.into()),
            ("tcpi_bytes_received", info.bytes_received.into()),
            ("tcpi_segs_out", info.segments.0.into()),
            ("tcpi_segs_in", info.segments.1.into()),
            ("tcpi_unacked", info.segments_out.into()),
            ("tcpi_sacked", info.segments_sacked.into()),
            ("tcpi_lost", info.segments_lost.into()),
            ("tcpi_retrans", info.segments_resent.into()),
            ("tcpi_reordering", info.reordering.into()),
            ("tcpi_reord_seen", info.reordered.into()),
            ("tcpi_ca_state", phase(info.phase)),
            ("tcpi_delivered", info.delivered.into()),
            ("tcpi_dsack_dups", info.dsacks.into()),
            ("tcpi_min_rtt", micros(info.min_rtt)),
            ("tcpi_backoff", info.backoff.into()),
            ("tcpi_probes", info.probes.into()),
            ("tcpi_advmss", info.own_mss.into()),
            ("tcpi_rcv_mss", info.full_segment.into()),
            ("tcpi_rcv_rtt", micros(info.receiver.0)),
            ("tcpi_rcv_space", info.receiver.1.into()),
            ("tcpi_last_data_recv", i128::from(now.since(info.last_data_received).as_millis())),
            ("tcpi_notsent_bytes", info.unsent.into()),
            ("tcpi_busy_time", micros(limited.busy)),
            ("tcpi_rwnd_limited", micros(limited.by_receiver)),
            ("tcpi_sndbuf_limited", micros(limited.by_buffer)),
            ("tcpi_delivery_rate", info.delivery_rate.into()),
            ("tcpi_delivered_ce", info.marked.0.into()),
            ("tcpi_delivered_e1_bytes", info.marked.1[0].into()),
            ("tcpi_delivered_e0_bytes", info.marked.1[1].into()),
            ("tcpi_delivered_ce_bytes", info.marked.1[2].into()),
            ("tcpi_snd_wnd", info.snd_wnd.into()),
            ("tcpi_rcv_wnd", info.rcv_wnd.into()),
            ("tcpi_rcv_ssthresh", info.receive_memory.2.into()),
            ("SK_MEMINFO_RMEM_ALLOC", info.receive_memory.0.into()),
            ("SK_MEMINFO_RCVBUF", info.receive_memory.1.into()),
        ]))
    }
}
