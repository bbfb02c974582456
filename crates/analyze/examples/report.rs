//! Prints connections, requests and phases of a capture: `cargo run -p wirescope-analyze --example report -- FILE [KEYLOG]`.

use std::io::Write as _;

use analyze::{Analysis, CriticalPath};
use flow::{Flow, Limits, Packet};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the name of a capture")?;
    let file = capture::read::read_all(std::fs::File::open(&path)?)?;
    let mut flow = Flow::new(Limits::default());
    let zero = file.packets.first().and_then(|packet| packet.at).unwrap_or_default();
    for packet in &file.packets {
        let link = file.interfaces.get(packet.interface as usize).map_or(1, |i| i.link_type.to_u16());
        flow.push(Packet {
            at: base::Instant::ZERO + (packet.at.unwrap_or(zero) - zero),
            interface: packet.interface,
            link: wire::link::LinkType(link.into()),
            bytes: &packet.data,
            original_len: packet.original_len as usize,
        });
    }
    let (mut keys, _) = file.key_log();
    if let Some(path) = std::env::args().nth(2) {
        keys.read(&std::fs::read(path)?);
    }
    let frames: Vec<_> = file.packets.iter().map(|packet| packet.data.clone()).collect();
    let analysis = Analysis::of(&flow, &frames, &keys);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for connection in &analysis.connections {
        let (client, server) = (&connection.client, &connection.server);
        writeln!(out, "{} to {}: {:?}, {} packets", client.end, server.end, connection.ending, connection.packets)?;
        for (name, side) in [("client", client), ("server", server)] {
            let counts = side.counts;
            writeln!(
                out,
                "  {name}: {:?}; {} bytes, {} retransmissions, {} duplicate ACKs, round trips {:?}",
                side.state, side.stream_bytes, counts.retransmissions, counts.dup_acks, side.rtt
            )?;
        }
        if let Some(tls) = &connection.tls {
            writeln!(out, "  {tls:?}")?;
        }
    }
    for request in &analysis.requests {
        let line = request.line.as_deref().unwrap_or("(not readable)");
        writeln!(out, "{line}: {:?}, total {:?}", request.status, request.total())?;
        let Some(path) = CriticalPath::of(&flow, &analysis.dns, request) else { continue };
        for phase in &path.phases {
            writeln!(out, "  {:<7}{:>12.3}  {:?}", phase.kind.name(), phase.duration(), phase.milli_round_trips())?;
        }
        writeln!(out, "  {:<7}{:>12.3}", "total", path.total())?;
    }
    Ok(())
}
