//! What a fault may look at: the headers of a frame, as far as they are there.

use wire::{Packet, ethernet, ipv4, ipv6, tcp, udp};

/// A frame's headers, for choosing frames to meddle with. Only what is intact enough to be read is there.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The frame's length in bytes.
    pub len: usize,
    /// The Ethernet header.
    pub ethernet: ethernet::Header,
    /// The IPv4 header, without its options.
    pub ipv4: Option<ipv4::Header>,
    /// The IPv6 header.
    pub ipv6: Option<ipv6::Header>,
    /// The TCP header, without its options; in the first fragment of a packet only.
    pub tcp: Option<tcp::Header>,
    /// The UDP header; in the first fragment of a packet only.
    pub udp: Option<udp::Header>,
    /// Bytes behind the TCP or UDP header; 0 without either.
    pub payload_len: usize,
}

impl View {
    /// Reads the headers of a frame. `None` if it is shorter than an Ethernet header.
    pub fn of(frame: &Packet) -> Option<View> {
        // The headers of frames that our hosts make stand in the head; those of strangers may stand in the body.
        let head = frame.head();
        let mut copy = [0; 14 + 60 + 20];
        let bytes = if head.len() >= copy.len().min(frame.len()) {
            head
        } else {
            let mut at = 0;
            for piece in frame.slices() {
                let n = piece.len().min(copy.len() - at);
                copy[at..at + n].copy_from_slice(&piece[..n]);
                at += n;
            }
            &copy[..at]
        };
        let (ethernet, rest) = bytes.split_at_checked(ethernet::Header::LEN)?;
        let ethernet = ethernet::Header::read(ethernet);
        let mut view =
            View { len: frame.len(), ethernet, ipv4: None, ipv6: None, tcp: None, udp: None, payload_len: 0 };
        if ethernet.ethertype == ethernet::EtherType::IPV4 && rest.len() >= ipv4::Header::LEN {
            let ip = ipv4::Header::read(rest);
            view.ipv4 = Some(ip);
            let header_len = usize::from(ip.ihl) * 4;
            let data_len = usize::from(ip.total_len).saturating_sub(header_len);
            if let Some(data) = rest.get(header_len..).filter(|_| ip.fragment_offset == 0) {
                view.transport(ip.protocol, data, data_len);
            }
        } else if ethernet.ethertype == ethernet::EtherType::IPV6 && rest.len() >= ipv6::Header::LEN {
            let ip = ipv6::Header::read(rest);
            view.ipv6 = Some(ip);
            // What stands behind extension headers is left alone: our hosts make none but fragments'.
            let data = rest.get(ipv6::Header::LEN..).unwrap_or(&[]);
            view.transport(ipv4::Protocol(ip.next_header.0), data, usize::from(ip.payload_len));
        }
        Some(view)
    }

    /// Reads the transport's header.
    fn transport(&mut self, protocol: ipv4::Protocol, data: &[u8], data_len: usize) {
        if protocol == ipv4::Protocol::TCP && data.len() >= tcp::Header::LEN {
            let header = tcp::Header::read(data);
            self.payload_len = data_len.saturating_sub(header.header_len());
            self.tcp = Some(header);
        } else if protocol == ipv4::Protocol::UDP && data.len() >= udp::Header::LEN {
            self.payload_len = data_len.saturating_sub(udp::Header::LEN);
            self.udp = Some(udp::Header::read(data));
        }
    }
}
