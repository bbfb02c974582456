//! A packet a row.

use flow::RowKind;
use story::{Mark, Side};

use super::{Cell, Chosen, Sink, Table, columns};

pub(super) static TABLE: Table = Table {
    name: "packets",
    line: "A packet at the tap.",
    columns: columns! {
        "number" Integer "its number, from 1: the frame's in the capture";
        "at_ns" Integer "when it passed the tap, in nanoseconds since the run's zero";
        "epoch_ns" Integer "the same in nanoseconds since 1970";
        "interface" Integer "the interface of the capture, from 0";
        "connection" Integer "its TCP connection, from 1";
        "source" Text "the sender's address";
        "source_port" Integer "and port";
        "destination" Text "the receiver's address";
        "destination_port" Integer "and port";
        "from_client" Boolean "whether the client of its conversation sent it";
        "protocol" Text "the innermost protocol that says something";
        "flags" Text "TCP's flags, separated by blanks";
        "relative_seq" Integer "derived: TCP's sequence number counted from the initial one";
        "relative_ack" Integer "derived: the acknowledgment number likewise";
        "window" Integer "TCP's window field, not scaled";
        "length" Integer "bytes on the wire";
        "payload" Integer "bytes of payload above UDP or TCP, by the headers";
        "rtt_ns" Integer "derived: the time since the segment that it acknowledges";
        "marks" Text "what is special: verdicts, separated by blanks; see `wirescope explain`";
        "wireshark" Text "what Wireshark's tcp.analysis would say, separated by blanks";
        "meaning" Text "what it says, in plain words";
    },
    rows,
};

fn rows(chosen: &Chosen<'_>, each: &mut Sink<'_>) -> std::io::Result<()> {
    let story = chosen.story;
    let labels = story.compatible();
    let epoch = story.epoch().as_unix_nanos();
    let all = story.flow().rows().iter().map(|row| row.number);
    let numbers: Box<dyn Iterator<Item = u32>> = match chosen.packets {
        Some(packets) => Box::new(packets.iter().copied()),
        None => Box::new(all),
    };
    for number in numbers {
        let (Some(row), Some(view)) = (story.row(number), story.flow().row(number)) else { continue };
        let conversation = view.row.conversation.and_then(|id| story.flow().conversation(id));
        let sender = conversation.map(|c| c.sender(view.row.direction));
        let receiver = conversation.map(|c| c.sender(view.row.direction.opposite()));
        let ports = matches!(view.row.kind, RowKind::Tcp | RowKind::Udp);
        let port = |end: Option<flow::Endpoint>| Cell::from(end.filter(|_| ports).map(|end| end.port));
        let marks: Vec<&str> = row
            .marks
            .iter()
            .map(|mark| match mark {
                Mark::Verdict(id, _) => id,
                Mark::Lost(_) => "lost",
                Mark::Malformed => "malformed",
            })
            .collect();
        let words: Vec<&str> = labels.get(number).verdicts.iter().map(|verdict| verdict.id).collect();
        each(&[
            number.into(),
            row.at.into(),
            (epoch + row.at.as_nanos()).into(),
            view.row.interface.into(),
            conversation.and_then(|c| chosen.number(c.id)).into(),
            sender.map(|end| end.ip.to_string()).into(),
            port(sender),
            receiver.map(|end| end.ip.to_string()).into(),
            port(receiver),
            conversation.map(|_| row.side == Side::ToServer).into(),
            row.protocol.into(),
            view.tcp.map(|_| row.flags.clone()).into(),
            row.seq.into(),
            row.ack.into(),
            view.tcp.map(|tcp| tcp.window).into(),
            row.length.into(),
            row.payload.into(),
            view.tcp.and_then(|tcp| tcp.rtt()).into(),
            marks.join(" ").into(),
            words.join(" ").into(),
            row.meaning.into(),
        ])?;
    }
    Ok(())
}
