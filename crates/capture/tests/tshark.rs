//! Wireshark's tools as oracles: what they read of the files that we write, and what they write that we read.
//!
//! Where a tool is missing, a test says so on stderr and passes; with `WIRESCOPE_ORACLES=required` it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use base::WallTime;
use capture::read::{Container, File, OwnedPacket, read_all};
use capture::write::{Interface, Packet, Pcap, PcapNg};
use capture::{Direction, LinkType};

/// Whether all tools are there.
fn have(tools: &[&str]) -> bool {
    oracle::programs("tshark", tools)
}

/// A place for a test's files.
fn place(test: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&place).unwrap();
    place
}

/// Runs a tool and returns what it prints.
fn run(tool: &str, arguments: &[&str]) -> String {
    // Without a home, no settings of whoever runs the test have a say.
    let output = Command::new(tool).args(arguments).env("HOME", env!("CARGO_TARGET_TMPDIR")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{tool} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

const FIELDS: [&str; 8] = [
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.interface_id",
    "frame.interface_name",
    "frame.packet_flags_direction",
    "frame.comment",
];

/// One line a packet, as tshark sees it.
fn by_tshark(file: &Path) -> Vec<String> {
    let mut arguments = vec!["-n", "-r", path(file), "-T", "fields", "-E", "separator=;", "-E", "aggregator=|"];
    FIELDS.iter().for_each(|field| arguments.extend(["-e", field]));
    run("tshark", &arguments).lines().map(str::to_owned).collect()
}

/// The same lines, as we see it.
fn by_us(file: &File) -> Vec<String> {
    let line = |packet: &OwnedPacket| {
        let at = packet.at.unwrap_or_default();
        let interface = &file.interfaces[packet.interface as usize];
        // tshark numbers interfaces within their section, and shows those of files that describe them only.
        let pcap = matches!(file.format.container, Container::Pcap { .. });
        let first = file.interfaces.iter().find(|other| other.section == interface.section).unwrap();
        let (id, name) = match pcap {
            true => (String::new(), ""),
            false => ((interface.id - first.id).to_string(), interface.name.as_deref().unwrap_or("unknown")),
        };
        format!(
            "{};{}.{:09};{};{};{};{};{};{}",
            packet.number,
            at.as_unix_secs(),
            at.as_unix_nanos().rem_euclid(1_000_000_000),
            packet.original_len,
            packet.data.len(),
            id,
            name,
            packet.direction.map(|direction| format!("{:#010x}", direction.to_flags())).unwrap_or_default(),
            packet.comments.join("|"),
        )
    };
    file.packets.iter().map(line).collect()
}

/// An Ethernet frame of `len` bytes of an experimental protocol, which no dissector takes for something else.
fn frame(len: usize) -> Vec<u8> {
    let mut frame = vec![0x02; 12];
    frame.extend([0x88, 0xB5]);
    frame.extend((0..len.saturating_sub(14)).map(|n| n as u8));
    frame
}

const START: i64 = WallTime::SIMULATION_EPOCH.as_unix_nanos();

/// A file with all that we write.
fn sample() -> Vec<u8> {
    let mut out = PcapNg::with_comments(Vec::new(), &["made by a test"]).unwrap();
    let laptop = Interface { name: "laptop", description: "the laptop's Wi-Fi", ..Interface::new(LinkType::Ethernet) };
    let laptop = out.interface(&laptop).unwrap();
    let server = Interface { name: "server", snap_len: 96, comments: &["far"], ..Interface::new(LinkType::Ethernet) };
    let server = out.interface(&server).unwrap();
    out.tls_secrets(&format!("CLIENT_RANDOM {} {}\n", "00".repeat(32), "11".repeat(48))).unwrap();
    for n in 0..50u32 {
        let data = frame(14 + n as usize);
        let packet = Packet {
            original_len: (n % 5 == 0).then_some(1_514),
            direction: [None, Some(Direction::Inbound), Some(Direction::Outbound)][n as usize % 3],
            comments: [&[][..], &["one remark"], &["the first", "the second: äöü"], &["x"]][n as usize % 4],
            ..Packet::new(
                [laptop, server][n as usize % 2],
                WallTime::from_unix_nanos(START + i64::from(n) * 123_456_789),
            )
        };
        let (head, body) = data.split_at(14);
        out.packet(&packet, [head, body]).unwrap();
    }
    out.finish().unwrap()
}

#[test]
fn tshark_reads_what_we_write() {
    if !have(&["tshark", "capinfos"]) {
        return;
    }
    let file = place("written").join("sample.pcapng");
    std::fs::write(&file, sample()).unwrap();
    let ours = by_us(&read_all(&sample()[..]).unwrap());
    assert_eq!(ours.len(), 50);
    assert_eq!(ours[2], "3;1767225600.246913578;16;16;0;laptop;0x00000002;the first|the second: äöü");
    assert_eq!(by_tshark(&file), ours);

    let about = run("capinfos", &[path(&file)]);
    for line in [
        "File type:           Wireshark/... - pcapng",
        "File timestamp precision:  nanoseconds (9)",
        "Number of packets:   50",
    ] {
        assert!(about.contains(line), "{line}\n{about}");
    }
    for part in ["made by a test", "laptop", "the laptop's Wi-Fi", "server", "Number of decryption secrets in file: 1"]
    {
        assert!(about.contains(part), "{part}\n{about}");
    }
    // No program, system or host may be named: the bytes are the same on every machine.
    for part in ["Capture application", "Capture oper-sys", "Capture hardware"] {
        assert!(!about.contains(part), "{part}\n{about}");
    }
}

#[test]
fn tshark_reads_the_classic_pcap_that_we_write() {
    if !have(&["tshark", "capinfos"]) {
        return;
    }
    let mut out = Pcap::new(Vec::new(), LinkType::Ethernet).unwrap();
    for n in 0..20u32 {
        let at = WallTime::from_unix_nanos(START + i64::from(n) * 999_999_999);
        out.packet(at, (n % 2 == 0).then_some(9_000), [frame(14 + n as usize)]).unwrap();
    }
    let bytes = out.finish().unwrap();
    let file = place("classic").join("sample.pcap");
    std::fs::write(&file, &bytes).unwrap();
    let ours = by_us(&read_all(&bytes[..]).unwrap());
    assert_eq!(ours[1], "2;1767225600.999999999;15;15;;;;");
    assert_eq!(by_tshark(&file), ours);
    assert!(run("capinfos", &["-t", path(&file)]).contains("nanosecond pcap"));
}

#[test]
fn we_read_what_editcap_writes() {
    if !have(&["tshark", "editcap"]) {
        return;
    }
    let place = place("converted");
    let source = place.join("sample.pcapng");
    std::fs::write(&source, sample()).unwrap();
    for format in ["pcapng", "pcap", "nsecpcap", "modpcap"] {
        let file = place.join(format);
        run("editcap", &["-F", format, path(&source), path(&file)]);
        let bytes = std::fs::read(&file).unwrap();
        let ours = read_all(&bytes[..]).unwrap();
        assert!(ours.problems.is_empty() && ours.ended_by.is_none(), "{format}: {:?}", ours.problems);
        let nanoseconds =
            matches!(ours.format.container, Container::Pcap { nanoseconds: true, .. } | Container::PcapNg);
        assert_eq!(nanoseconds, format == "pcapng" || format == "nsecpcap", "{format}");
        assert_eq!(ours.packets.len(), 50, "{format}");
        assert_eq!(by_tshark(&file), by_us(&ours), "{format}");
    }
    // Cut to 30 bytes each, and from a moment on.
    let file = place.join("cut");
    run("editcap", &["-s", "30", "-A", "1767225602", path(&source), path(&file)]);
    let ours = read_all(std::fs::File::open(&file).unwrap()).unwrap();
    assert!(ours.packets.iter().all(|packet| packet.data.len() <= 30));
    assert_eq!(by_tshark(&file), by_us(&ours));
    // The secrets survive the way through.
    let file = place.join("pcapng");
    let (log, wrong) = read_all(std::fs::File::open(&file).unwrap()).unwrap().key_log();
    assert!(wrong.is_empty());
    assert_eq!(log.connections().len(), 1);
}

#[test]
fn we_read_what_mergecap_and_text2pcap_write() {
    if !have(&["tshark", "mergecap", "text2pcap"]) {
        return;
    }
    let place = place("merged");
    let (source, dump, other) = (place.join("sample.pcapng"), place.join("dump.txt"), place.join("other.pcapng"));
    std::fs::write(&source, sample()).unwrap();
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!(" {byte:02x}")).collect::<String>();
    std::fs::write(&dump, format!("000000{}\n000000{}\n", line(&[0x45; 20]), line(&[0x60; 40]))).unwrap();
    run("text2pcap", &["-q", "-l", "101", path(&dump), path(&other)]);
    let ours = read_all(std::fs::File::open(&other).unwrap()).unwrap();
    assert_eq!(ours.interfaces[0].link_type, LinkType::Raw);
    assert_eq!(
        ours.packets.iter().map(|packet| packet.data.to_vec()).collect::<Vec<_>>(),
        [vec![0x45; 20], vec![0x60; 40]]
    );

    for mode in ["none", "all"] {
        let file = place.join(format!("merged-{mode}.pcapng"));
        run("mergecap", &["-I", mode, "-w", path(&file), path(&source), path(&source), path(&other)]);
        let ours = read_all(std::fs::File::open(&file).unwrap()).unwrap();
        assert_eq!(ours.packets.len(), 102);
        assert!(ours.interfaces.len() >= 3, "{:?}", ours.interfaces);
        assert_eq!(by_tshark(&file), by_us(&ours), "{mode}");
    }
}

#[test]
fn tshark_agrees_on_resolutions_that_we_do_not_write() {
    if !have(&["tshark"]) {
        return;
    }
    // By hand: two sections of different byte orders, interfaces in milliseconds, 2^-20 s and with an offset.
    let block = |kind: u32, body: &[u8], big: bool| {
        let number = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let length = number(body.len() as u32 + 12);
        [&number(kind)[..], &length, body, &length].concat()
    };
    let mut bytes = Vec::new();
    for big in [false, true] {
        let n16 = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let n32 = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let n64 = |n: u64| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let section = [&n32(0x1A2B_3C4D)[..], &n16(1), &n16(0), &[0xFF; 8]].concat();
        bytes.extend(block(0x0A0D_0D0A, &section, big));
        let plain = [&n16(1)[..], &n16(0), &n32(0)].concat();
        let resolution = |n: u8| [&n16(9)[..], &n16(1), &[n, 0, 0, 0]].concat();
        let offset = [&n16(14)[..], &n16(8), &n64(1_000_000_000)].concat();
        let end = [0; 4];
        bytes.extend(block(1, &plain, big));
        bytes.extend(block(1, &[&plain[..], &resolution(3), &end].concat(), big));
        bytes.extend(block(1, &[&plain[..], &resolution(0x80 | 20), &end].concat(), big));
        bytes.extend(block(1, &[&plain[..], &offset, &resolution(9), &end].concat(), big));
        let millisecond = 1_700_000_000_123u64;
        let ticks = [millisecond * 1_000, millisecond, 1_700_000_000 << 20 | 1 << 19, 700_000_000_000_000_001];
        for (interface, ticks) in (0..).zip(ticks) {
            let data = frame(20);
            let halves = [n32((ticks >> 32) as u32), n32(ticks as u32)].concat();
            let packet = [&n32(interface)[..], &halves, &n32(20), &n32(64), &data].concat();
            bytes.extend(block(6, &packet, big));
        }
    }
    let file = place("resolutions").join("sample.pcapng");
    std::fs::write(&file, &bytes).unwrap();
    let ours = by_us(&read_all(&bytes[..]).unwrap());
    assert_eq!(ours.len(), 8);
    assert_eq!(by_tshark(&file), ours);
}
