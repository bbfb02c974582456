//! Prints what flow says of each packet of a capture: `cargo run -p wirescope-flow --example rows -- FILE [KEYLOG]`.

use std::io::Write as _;

use flow::{Flow, Layers, Limits, Packet, UnitKind};

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
    let layers: Vec<_> = flow.conversations().iter().map(|c| Layers::of(&flow, c.id, &frames, &keys)).collect();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for row in flow.rows() {
        let conversation = row.conversation.map_or(String::new(), |id| id.to_string());
        write!(out, "{}\t{}\t{:?}\t", row.number, conversation, row.kind)?;
        if let Some(tcp) = flow.tcp(row) {
            let show = |n: Option<i64>| n.map_or(String::new(), |n| n.to_string());
            write!(
                out,
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                tcp.flags,
                show(tcp.relative_seq()),
                show(tcp.relative_ack()),
                tcp.len,
                tcp.verdicts,
                tcp.dup_ack,
                show(tcp.acks().map(i64::from)),
                show(tcp.rtt().map(|rtt| rtt.as_nanos())),
                show(tcp.in_flight().map(i64::from)),
            )?;
        }
        writeln!(out)?;
        let layers = row.conversation.and_then(|id| layers[id.index()].as_ref());
        for carried in layers.iter().flat_map(|layers| layers.carried(row.number)).filter(|c| c.completes) {
            let layers = layers.unwrap();
            match carried.unit.kind {
                UnitKind::Record(i) => {
                    let record = &layers.tls.as_ref().unwrap().records[i];
                    match &record.content {
                        flow::RecordContent::Undecrypted(why) => {
                            writeln!(out, "    record {}: {why}", record.header.content_type)?;
                        }
                        content => writeln!(out, "    record {}: {content:?}", record.content_type())?,
                    }
                }
                UnitKind::Handshake(i) => {
                    writeln!(out, "    {}", layers.tls.as_ref().unwrap().messages[i].kind)?;
                }
                UnitKind::Frame(i) => {
                    writeln!(out, "    {:?}", layers.http.as_ref().unwrap().frames[i].header)?;
                }
                UnitKind::Http(i) => {
                    let message = &layers.http.as_ref().unwrap().messages[i];
                    writeln!(out, "    {:?} {:?} {:?}", message.head, message.framing, message.state)?;
                }
                UnitKind::Dns(_) => writeln!(out, "    DNS over TCP")?,
            }
        }
    }
    Ok(())
}
