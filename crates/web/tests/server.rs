//! The real server over the loopback address, asked as a browser, or somebody worse, would ask it.

mod ask;

use ask::{Reply, Server};
use base64::Engine as _;
use serde_json::{Value, json};

fn simulate(server: &Server, source: &str, knobs: Value) -> String {
    let reply = server.post_json("/api/run", &json!({ "source": source, "knobs": knobs }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["run"].as_str().expect("an id").to_owned()
}

/// The error of a reply: its code and place.
fn error(reply: &Reply) -> (String, String) {
    let error = &reply.json()["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    assert!(!text("message").is_empty(), "{error}");
    (text("code"), text("place"))
}

/// A pcapng of the scenario `https`, made by the server itself.
fn capture(server: &Server) -> Vec<u8> {
    let run = simulate(server, "https", json!({}));
    server.get(&format!("/api/run/{run}/export.pcapng")).body
}

#[test]
fn a_run_can_be_asked_for_all_that_it_has() {
    let server = Server::start();
    let run = simulate(&server, "curl", json!({}));
    assert_eq!(simulate(&server, "curl", json!({})), run, "the same request is the same run");
    let head = server.get(&format!("/api/run/{run}/head")).json();
    assert_eq!((head["badge"].as_str(), head["packets"].as_u64()), (Some("simulated"), Some(11)));
    assert_eq!(head["hosts"][0]["name"], "client");
    assert_eq!(head["outcome"]["ok"], true);
    for path in head["extra"].as_array().expect("paths") {
        let path = path.as_str().expect("text").replace("follow", "follow/1");
        assert_eq!(server.get(&format!("/api/run/{run}/{path}")).status, 200, "{path}");
    }
    let columns = server.get(&format!("/api/run/{run}/columns")).body;
    assert_eq!(&columns[..4], b"WSC1");
    let texts = server.get(&format!("/api/run/{run}/texts?from=11&count=5")).json();
    assert_eq!(texts["texts"].as_array().map(Vec::len), Some(1));
    let packet = server.get(&format!("/api/run/{run}/packet/1")).json();
    assert_eq!((packet["flags"].as_str(), packet["client"]["after"].as_str()), (Some("SYN"), Some("SYN-SENT")));
    let names: Vec<_> = packet["envelopes"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(names, ["ethernet", "ipv4", "tcp"]);
    // Every link of the chain of causes leads on: to an act of the user.
    let why = packet["why"].as_array().expect("links");
    assert_eq!(why.last().map(|link| link["root"].clone()), Some(json!(true)));
    let event = why[0]["event"].as_f64().expect("a number") as u64;
    let chain = server.get(&format!("/api/run/{run}/chain?event={event}")).json();
    assert_eq!(chain["links"].as_array().map(Vec::len), Some(why.len()));
    let hits = server.get(&format!("/api/run/{run}/find?q=fin")).json();
    assert!(hits["numbers"].as_array().is_some_and(|numbers| numbers.len() >= 2), "{hits}");
    let explained = server.get("/api/explain?term=SYN").json();
    assert_eq!(explained["entries"][0]["id"], "tcp.syn");
    let progress = server.get(&format!("/api/run/{run}/progress"));
    assert!(progress.text().contains("event: ready"), "{}", progress.text());
}

/// The ids of what an envelope stands in, the innermost first.
fn around(envelopes: &[Value], at: usize) -> Vec<&str> {
    let mut ids = Vec::new();
    let mut next = envelopes[at]["inside"].as_u64();
    while let Some(holder) = next {
        let holder = &envelopes[holder as usize];
        ids.push(holder["id"].as_str().expect("an id"));
        next = holder["inside"].as_u64();
    }
    ids
}

#[test]
fn each_envelope_stands_in_the_one_that_carries_it() {
    let server = Server::start();
    let run = simulate(&server, "https", json!({}));
    let transport = ["tcp", "ipv4", "ethernet"];
    let of = |number: u32| {
        let packet = server.get(&format!("/api/run/{run}/packet/{number}")).json();
        packet["envelopes"].as_array().expect("a list").clone()
    };
    // The server's flight of TLS 1.3: the ServerHello in the clear, the others together in one protected record (RFC 8446 §2).
    let flight = of(6);
    let at = |id: &str| flight.iter().position(|one| one["id"] == id).expect("it is in the flight");
    let clear = [&["tls.record"][..], &transport].concat();
    let sealed = [&["tls.inner", "tls.record"][..], &transport].concat();
    assert_eq!(around(&flight, at("tls.handshake.server_hello")), clear);
    for id in ["encrypted_extensions", "certificate", "certificate_verify", "finished"] {
        assert_eq!(around(&flight, at(&format!("tls.handshake.{id}"))), sealed, "{id}");
    }
    let record = |id: &str| flight[flight[at(id)]["inside"].as_u64().expect("a record") as usize]["buffer"].clone();
    assert_ne!(record("tls.handshake.server_hello"), record("tls.inner"));
    // The request: five in each other, and HTTP innermost.
    let request = of(9);
    let http = request.iter().position(|one| one["layer"] == 7).expect("HTTP");
    assert_eq!(around(&request, http), sealed);
    assert!(
        request.iter().enumerate().all(|(at, one)| one["inside"].as_u64().is_none_or(|holder| (holder as usize) < at))
    );
}

#[test]
fn the_requests_of_a_page_have_their_times() {
    let server = Server::start();
    let run = simulate(&server, "http2", json!({}));
    let head = server.get(&format!("/api/run/{run}/head")).json();
    let requests = head["requests"].as_array().expect("requests");
    assert_eq!((requests.len(), head["requests_in_all"].as_u64()), (7, Some(7)));
    assert_eq!(requests.iter().filter(|one| one["main"] == true).count(), 1);
    for one in requests {
        let times = ["from_ns", "asked_ns", "first_ns", "last_ns"].map(|time| one[time].as_f64().expect("a time"));
        assert!(times.is_sorted(), "{one}");
        assert_eq!((one["status"].as_u64(), one["whole"].as_bool()), (Some(200), Some(true)), "{one}");
        assert_eq!(one["connection"].as_u64(), Some(0), "{one}");
    }
    // All files are asked for at once, and none waits for another (RFC 9113 §5).
    let files = &requests[1..];
    let last_asked = files.iter().filter_map(|one| one["asked_ns"].as_f64()).fold(0.0, f64::max);
    let first_whole = files.iter().filter_map(|one| one["last_ns"].as_f64()).fold(f64::INFINITY, f64::min);
    assert!(last_asked < first_whole && files.iter().all(|one| one["multiplexed"] == true));
}

#[test]
fn a_diagrams_rows_tile_its_header_and_lead_to_nodes() {
    let server = Server::start();
    let run = simulate(&server, "curl", json!({}));
    let packet = server.get(&format!("/api/run/{run}/packet/4")).json();
    let frame = &packet["buffers"][0];
    for diagram in frame["diagrams"].as_array().expect("a list") {
        let mut next = 0;
        for cell in diagram["rows"].as_array().expect("rows").iter().flat_map(|row| row.as_array().expect("cells")) {
            assert_eq!(cell["from_bit"].as_u64(), Some(next), "{cell}");
            next += cell["bits"].as_u64().expect("a width");
            let node = &frame["nodes"][cell["node"].as_u64().expect("a node") as usize];
            assert_eq!(node["value"], cell["value"]);
        }
        assert_eq!(Some(next), diagram["bits"].as_u64());
    }
}

#[test]
fn a_run_of_the_page_is_the_command_lines() {
    let server = Server::start();
    let knobs = json!({ "loss": "3%", "seed": "5", "size": "50k" });
    let run = simulate(&server, "https://www.example.com/", knobs);
    let mut scenario = scenario::Scenario::for_url("https://www.example.com/").expect("a URL");
    for (name, value) in [("loss", "3%"), ("seed", "5"), ("size", "50k")] {
        scenario::find_knob(name).expect("a knob").turn(&mut scenario, value).expect("a value");
    }
    let trace = scenario::run(&scenario).expect("it runs").trace;
    let story = story::Story::from_trace(trace, story::TapChoice::Client).expect("a client");
    let mut file = Vec::new();
    export::write_story(&mut file, &story, None).expect("memory");
    assert!(server.get(&format!("/api/run/{run}/export.pcapng")).body == file, "the bytes differ");
}

#[test]
fn other_taps_show_other_packets() {
    let server = Server::start();
    let run = simulate(&server, "browser", json!({}));
    let packets = |tap: &str| server.get(&format!("/api/run/{run}/head?tap={tap}")).json()["packets"].as_u64();
    let (client, all) = (packets(""), packets("all"));
    assert!(all > client, "{all:?} {client:?}");
    let reply = server.get(&format!("/api/run/{run}/head?tap=moon"));
    assert_eq!((reply.status, error(&reply)), (404, ("unknown-tap".into(), "tap".into())));
}

#[test]
fn errors_name_input_place_and_remedy() {
    let server = Server::start();
    let run = simulate(&server, "curl", json!({}));
    let post = |source: &str, knobs: Value| server.post_json("/api/run", &json!({ "source": source, "knobs": knobs }));
    for (reply, status, code, place) in [
        (post("www.example.com", json!({})), 422, "bad-url", ""),
        (post("https", json!({ "rtt": "33 parsecs" })), 422, "bad-knob", "rtt"),
        (post("https", json!({ "mtu": "20" })), 422, "bad-knob", "mtu"),
        (post("https", json!({ "colour": "red" })), 422, "bad-knob", "colour"),
        (post("https", json!({ "size": "1G" })), 422, "bad-knob", "size"),
        (post("lossy", json!({ "rtt": "1ms" })), 422, "bad-knob", "rtt"),
        (server.post_json("/api/run", &json!({ "source": 7 })), 400, "bad-request", "line 1, column 11"),
        (server.get(&format!("/api/run/{run}/packet/99")), 404, "unknown-packet", ""),
        (server.get(&format!("/api/run/{run}/packet/x")), 404, "unknown-packet", ""),
        (server.get(&format!("/api/run/{run}/texts?from=x")), 400, "bad-request", "from"),
        (server.get(&format!("/api/run/{run}/find")), 400, "bad-request", "q"),
        (server.get(&format!("/api/run/{run}/export.bmp")), 404, "not-found", ""),
        (server.get(&format!("/api/run/{run}/series?connection=9")), 404, "not-available", "connection"),
        (server.get(&format!("/api/run/{run}/chain?event=4000000")), 404, "not-available", "event"),
        (server.get("/api/run/s0/head"), 404, "unknown-run", ""),
        (server.get("/api/explain"), 400, "bad-request", "term"),
        (server.get("/etc/passwd"), 404, "not-found", ""),
        (server.get("/api/run"), 400, "bad-request", ""),
    ] {
        assert_eq!((reply.status, error(&reply)), (status, (code.to_owned(), place.to_owned())), "{}", reply.text());
    }
    let remedy = post("www.example.com", json!({})).json()["error"]["remedy"].clone();
    assert_eq!(remedy, "write the scheme in front: https://www.example.com");
}

#[test]
fn strangers_get_nothing() {
    let server = Server::start();
    let address = server.address.to_string();
    let run = simulate(&server, "curl", json!({}));
    let path = format!("/api/run/{run}/head");
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| server.ask(method, path, headers, b"{}");
    for headers in [
        &[("Host", "evil.example")][..],
        &[("Host", "evil.example:80"), ("Origin", "http://evil.example:80")],
        &[("Host", &address), ("Origin", "http://evil.example")],
        &[("Host", &address), ("Origin", "null")],
        &[("Host", &address), ("Sec-Fetch-Site", "cross-site")],
    ] {
        let reply = ask("GET", &path, headers);
        assert_eq!((reply.status, error(&reply).0.as_str()), (403, "foreign"), "{headers:?}");
    }
    // A form or a simple request of another site can send this, but not our header.
    let simple = [("Host", address.as_str()), ("Content-Type", "text/plain")];
    let bytes = [("Host", address.as_str()), ("Content-Type", "application/octet-stream")];
    let keys = format!("/api/run/{run}/keys");
    for path in ["/api/run", "/api/capture", &keys] {
        assert_eq!(ask("POST", path, &simple).status, 403, "{path}");
        assert_eq!(ask("POST", path, &bytes).status, 403, "{path}");
        let ours = ("X-Wirescope", "1");
        for foreign in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
            assert_eq!(ask("POST", path, &[bytes[0], bytes[1], ours, foreign]).status, 403, "{path} {foreign:?}");
        }
        assert_eq!(ask("POST", path, &[("Host", "evil.example"), bytes[1], ours]).status, 403, "{path}");
    }
    let no_json = [("Host", address.as_str()), ("X-Wirescope", "1"), ("Content-Type", "text/plain")];
    assert_eq!(ask("POST", "/api/run", &no_json).status, 400);
    // No answer gives another site a permission, and none may be kept.
    let reply = ask("OPTIONS", "/api/run", &[("Host", &address), ("Origin", &format!("http://{address}"))]);
    assert!(reply.header("access-control-allow-origin").is_none() && reply.status >= 400);
    let reply = server.get(&path);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
    assert!(reply.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
}

#[test]
fn captures_are_opened_and_decrypted_with_their_keys() {
    let server = Server::start();
    let file = capture(&server);
    // Without the secrets block: as a packet sniffer would have written it.
    let bare = ask::without_secrets(&file);
    let simulated = simulate(&server, "https", json!({}));
    let keys = server.get(&format!("/api/run/{simulated}/export.keys")).body;
    let opened = server.post_bytes("/api/capture?name=a.pcapng", &bare);
    assert_eq!(opened.status, 200, "{}", opened.text());
    let run = opened.json()["run"].as_str().expect("an id").to_owned();
    let decrypted = |run: &str| {
        let head = server.get(&format!("/api/run/{run}/head")).json();
        assert_eq!((head["badge"].as_str(), head["title"].as_str()), (Some("captured"), Some("a.pcapng")));
        head["connections"][0]["tls"]["decrypted"].as_u64()
    };
    assert_eq!(decrypted(&run), Some(0));
    let with_keys = server.post_bytes(&format!("/api/run/{run}/keys"), &keys).json();
    let with_keys = with_keys["run"].as_str().expect("an id");
    assert!(with_keys != run && decrypted(with_keys) > Some(0));
    // The same in one upload: the same run.
    let both = [bare.as_slice(), &keys].concat();
    let reply = server.post_bytes(&format!("/api/capture?size={}&name=a.pcapng", bare.len()), &both);
    assert_eq!(reply.json()["run"], with_keys);
    // What a capture cannot tell, it says.
    let packet = server.get(&format!("/api/run/{run}/packet/1")).json();
    assert!(packet["why_note"].as_str().is_some_and(|note| !note.is_empty()));
    assert_eq!(error(&server.get(&format!("/api/run/{run}/hops"))).0, "not-available");
    assert_eq!(server.get(&format!("/api/run/{run}/export.pcapng")).body, bare, "its own bytes");
    // Keys of another capture help nothing, and that is said.
    let other = simulate(&server, "https", json!({ "seed": "99" }));
    let other = server.get(&format!("/api/run/{other}/export.keys")).body;
    let useless = server.post_bytes(&format!("/api/run/{run}/keys"), &other).json();
    let head = server.get(&format!("/api/run/{}/head", useless["run"].as_str().expect("an id"))).json();
    assert_eq!(head["problems"][0]["code"], "bad-keys", "{}", head["problems"]);
}

/// The columns by their names: how many bytes a value takes, and the values.
#[cfg(unix)]
fn columns(bytes: &[u8]) -> std::collections::BTreeMap<String, (usize, Vec<u8>)> {
    use web::api::{ColumnType, ColumnsHead};
    let length = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes")) as usize;
    let head: ColumnsHead = serde_json::from_slice(&bytes[8..8 + length]).expect("a head");
    let size = |kind: ColumnType| match kind {
        ColumnType::F64 => 8,
        ColumnType::U32 => 4,
        ColumnType::U16 => 2,
        ColumnType::U8 => 1,
    };
    let rows = head.rows as usize;
    let values = |column: &web::api::ColumnInfo| {
        let (full, stored) = (size(column.kind), size(column.stored));
        let from = &bytes[8 + length + column.offset as usize..];
        let runs = column.runs as usize;
        if runs > 0 {
            let start = |run: usize| match from[..4 * runs].chunks(4).nth(run) {
                Some(row) => u32::from_le_bytes(row.try_into().expect("four bytes")) as usize,
                None => rows,
            };
            let numbers = from[(4 * runs).next_multiple_of(8)..].chunks(full);
            let run = |(run, number): (usize, &[u8])| number.repeat(start(run + 1) - start(run));
            return (full, numbers.take(runs).enumerate().flat_map(run).collect());
        }
        let wide = |number: &[u8]| match column.kind == column.stored {
            true => number.to_vec(),
            false if column.kind == ColumnType::F64 => {
                let number = u32::from_le_bytes(number.try_into().expect("four bytes"));
                (if number == u32::MAX { f64::NAN } else { f64::from(number) }).to_le_bytes().to_vec()
            }
            false => [number, &vec![0; full - stored]].concat(),
        };
        (full, from[..stored * rows].chunks(stored).flat_map(wide).collect())
    };
    head.columns.iter().map(|column| (column.name.clone(), values(column))).collect()
}

#[cfg(unix)]
#[test]
fn the_first_packets_of_a_capture_are_there_while_the_rest_is_read() {
    use std::io::Write as _;
    let maker = Server::start();
    let simulated = simulate(&maker, "curl", json!({ "size": "18M", "mtu": "600" }));
    let file = maker.get(&format!("/api/run/{simulated}/export.pcapng")).body;
    let (first, rest) = file.split_at(17 << 20);
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let server = Server::on(std::os::fd::OwnedFd::from(reader).into());
    let start = server.get("/api/sources").json()["start"]["run"].as_str().expect("an id").to_owned();
    let path = |what: &str| format!("/api/run/{start}/{what}");
    writer.write_all(first).expect("it is read");
    server.until(&path("progress"), "\"beginning\":true");
    let head = server.get(&path("head?beginning=1")).json();
    assert_eq!((&head["beginning"], &head["packets"]), (&json!(true), &json!(20_000)));
    assert_eq!((&head["totals"], &head["phases"], &head["extra"]), (&Value::Null, &json!([]), &json!(["machines"])));
    let early = columns(&server.get(&path("columns?beginning=1")).body);
    let last = server.get(&path("packet/20000?beginning=1"));
    assert_eq!((last.status, server.get(&path("packet/20001?beginning=1")).status), (200, 404));
    let said = server.get(&path("texts?from=20000&beginning=1")).json()["texts"].clone();
    assert_eq!(said, json!(["a part of the response (the rest is still being read)"]), "no end is invented");
    // A link to it leads to its first packets; whether it is meant at all, its first bytes tell, and in the end the last.
    let uploaded = maker.post_bytes("/api/capture?name=a.pcapng", &file).json()["run"].clone();
    let link = uploaded.as_str().expect("an id");
    let mistaken = format!("{}{}", &link[..9], "0".repeat(32));
    let of_link = |link: &str, what: &str| server.get(&format!("/api/run/{link}/{what}"));
    for link in [link, &mistaken] {
        assert_eq!(of_link(link, "head?beginning=1").json()["run"], *link);
        assert_eq!(of_link(link, "packet/20000?beginning=1").body, last.body);
    }
    assert_eq!(of_link(&format!("c{}", "0".repeat(40)), "head?beginning=1").status, 404);
    writer.write_all(rest).expect("it is read");
    drop(writer);
    // All of it: what an upload of the same file gives, whoever asks for the beginning still.
    let head = server.get(&path("head")).json();
    let whole = server.get(&path("columns")).body;
    let id = head["run"].as_str().expect("an id").to_owned();
    assert_eq!(uploaded, id);
    assert_eq!(error(&of_link(&mistaken, "head")).0, "unknown-run");
    assert_eq!(head, maker.get(&format!("/api/run/{id}/head")).json());
    assert_eq!(
        (&head["beginning"], head["phases"].as_array().is_some_and(|phases| !phases.is_empty())),
        (&json!(false), true)
    );
    assert!(whole == maker.get(&format!("/api/run/{id}/columns")).body);
    assert!(
        whole == server.get(&path("columns?beginning=1")).body
            && whole == server.get(&format!("/api/run/{id}/columns")).body
    );
    // The first rows say what they said.
    let whole = columns(&whole);
    assert!(early.keys().eq(whole.keys()));
    for (name, (size, values)) in &early {
        assert!(values[..] == whole[name].1[..size * 20_000], "{name}");
    }
    assert_eq!(last.json()["buffers"][0], server.get(&path("packet/20000")).json()["buffers"][0]);
}

#[test]
fn a_capture_in_a_file_stays_there_and_tells_the_same() {
    let maker = Server::start();
    let file = capture(&maker);
    let path = std::env::temp_dir().join(format!("wirescope-served-{}.pcapng", std::process::id()));
    std::fs::write(&path, &file).expect("it can be written");
    let server = Server::on(std::fs::File::open(&path).expect("it is there"));
    std::fs::remove_file(&path).expect("whoever has it open keeps it");
    let start = server.get("/api/sources").json()["start"]["run"].as_str().expect("an id").to_owned();
    let id = server.get(&format!("/api/run/{start}/head")).json()["run"].as_str().expect("an id").to_owned();
    assert_eq!(maker.post_bytes("/api/capture?name=a.pcapng", &file).json()["run"], id);
    for what in ["head", "columns", "texts", "packet/9", "packet/1", "export.json", "export.pcapng", "export.keys"] {
        let of = |server: &Server| server.get(&format!("/api/run/{id}/{what}"));
        assert_eq!(of(&server).status, 200, "{what}");
        assert!(of(&server).body == of(&maker).body, "{what}");
    }
    assert!(server.get(&format!("/api/run/{id}/export.pcapng")).body == file);
}

/// A pcap of Ethernet frames with a SYN each, from ever other ports.
fn syns(count: u16) -> Vec<u8> {
    let sum = |bytes: &[u8]| {
        let words = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)])));
        let sum: u32 = words.sum();
        (!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes()
    };
    let mut file = Vec::new();
    [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1u32].iter().for_each(|word| file.extend(word.to_le_bytes()));
    for n in 0..count {
        let mut ip = [69, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        let check = sum(&ip);
        ip[10..12].copy_from_slice(&check);
        let [high, low] = (20_000 + n).to_be_bytes();
        let mut tcp = [high, low, 0, 80, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0];
        let check = sum(&[&ip[12..], &[0, 6, 0, 20], &tcp].concat());
        tcp[16..18].copy_from_slice(&check);
        [1_700_000_000, n.into(), 54, 54u32].iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend([&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &tcp].concat());
    }
    file
}

#[test]
fn however_many_connections_there_are_the_head_lists_the_first_and_counts_all() {
    let server = Server::start();
    let head = |count: u16| {
        let run = server.post_bytes("/api/capture?name=many.pcap", &syns(count)).json()["run"].clone();
        server.get(&format!("/api/run/{}/head", run.as_str().expect("an id")))
    };
    let few = head(1_000).json();
    assert_eq!((few["connections"].as_array().map(Vec::len), &few["connections_in_all"]), (Some(1_000), &json!(1_000)));
    let many = head(5_000);
    let told = many.json();
    assert_eq!(
        (told["connections"].as_array().map(Vec::len), &told["connections_in_all"]),
        (Some(1_000), &json!(5_000))
    );
    assert!(many.body.len() < 1 << 20, "{} bytes", many.body.len());
}

#[test]
fn what_would_take_all_memory_is_not_written_and_that_is_said() {
    let server = Server::start();
    let many: Vec<u8> = syns(20_000);
    let (header, packets) = many.split_at(24);
    let run = |copies: usize| {
        let file = [header, &packets.repeat(copies)].concat();
        server.post_bytes("/api/capture?name=many.pcap", &file).json()["run"].as_str().expect("an id").to_owned()
    };
    let (few, more) = (run(1), run(6));
    let exports = |run: &str| server.get(&format!("/api/run/{run}/head")).json()["exports"].clone();
    assert_eq!(exports(&few), json!(["html", "svg", "pcapng", "json", "keys"]));
    assert_eq!(exports(&more), json!(["pcapng", "keys"]));
    assert_eq!(server.get(&format!("/api/run/{few}/export.svg")).status, 200);
    for format in ["html", "svg", "json"] {
        let reply = server.get(&format!("/api/run/{more}/export.{format}"));
        assert_eq!((reply.status, error(&reply).0.as_str()), (413, "too-large"), "{format}");
    }
    assert_eq!(server.get(&format!("/api/run/{more}/export.pcapng")).status, 200);
}

#[test]
fn of_a_damaged_capture_what_was_whole_is_shown() {
    let server = Server::start();
    let file = capture(&server);
    let reply = server.post_bytes("/api/capture", &file[..file.len() * 2 / 3]);
    let run = reply.json()["run"].as_str().expect("an id").to_owned();
    let head = server.get(&format!("/api/run/{run}/head")).json();
    assert!(head["packets"].as_u64() > Some(3), "{}", head["packets"]);
    let problems = head["problems"].as_array().expect("a list");
    let last = problems.last().expect("a problem");
    assert!(last["place"].as_str().is_some_and(|place| place.starts_with("byte ")), "{last}");
    assert!(last["remedy"].is_string(), "{last}");
    for nonsense in [&b"this is no capture at all"[..], b"", &[0x0a, 0x0d, 0x0d, 0x0a, 0xff]] {
        let reply = server.post_bytes("/api/capture?name=x.pcap", nonsense);
        assert_eq!((reply.status, error(&reply).0.as_str()), (422, "bad-capture"), "{}", reply.text());
    }
    let reply = server.post_bytes("/api/capture?size=999999999", &file);
    assert_eq!(error(&reply), ("bad-request".to_owned(), "size".to_owned()));
}

#[test]
fn uploads_have_a_limit() {
    let server = Server::with(web::Limits { upload: 10_000, ..web::Limits::default() });
    let reply = server.post_bytes("/api/capture", &vec![0; 10_001]);
    assert_eq!((reply.status, error(&reply).0.as_str()), (413, "too-large"));
    let long = "a".repeat(4 << 20);
    let reply = server.post_json("/api/run", &json!({ "source": long }));
    assert_eq!((reply.status, error(&reply).0.as_str()), (413, "too-large"));
    assert_eq!(server.get("/api/sources").json()["largest_upload"], 10_000.0);
}

#[test]
fn what_only_drips_in_is_cut_off_and_makes_room_for_others() {
    use std::io::{Read as _, Write as _};
    use std::time::Duration;
    let server = Server::with(web::Limits { patience: Duration::from_secs(1), ..web::Limits::default() });
    let file = capture(&server);
    let run = simulate(&server, "curl", json!({}));
    for (path, media_type) in [
        ("/api/capture?name=a.pcapng".to_owned(), "application/octet-stream"),
        (format!("/api/run/{run}/keys"), "application/octet-stream"),
        ("/api/run".to_owned(), "application/json"),
    ] {
        let mut stream = std::net::TcpStream::connect(server.address).expect("it listens");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nX-Wirescope: 1\r\nContent-Type: {media_type}\r\nContent-Length: 100000\r\n\r\n",
            server.address
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        // A byte now and then for as long as it takes them: no pause is ever long.
        let mut drip = stream.try_clone().expect("a socket");
        let dripping = std::thread::spawn(move || {
            (0..100_000)
                .take_while(|_| drip.write_all(b" ").is_ok())
                .for_each(|_| std::thread::sleep(Duration::from_millis(10)));
        });
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a socket");
        let (mut said, mut piece) = (Vec::new(), [0; 4096]);
        // Cut off: the connection ends, with an answer before.
        while let Ok(n @ 1..) = stream.read(&mut piece) {
            said.extend_from_slice(&piece[..n]);
        }
        let said = String::from_utf8_lossy(&said);
        assert!(
            said.starts_with("HTTP/1.1 408") && said.contains("too-slow") && said.contains("1s to arrive"),
            "{path}: {said}"
        );
        dripping.join().expect("it ends when nobody listens");
    }
    // Nothing of it is left in the way.
    assert_eq!(server.post_bytes("/api/capture?name=a.pcapng", &file).status, 200);
}

#[test]
fn a_head_that_only_drips_in_is_cut_off_and_what_follows_a_whole_one_is_not() {
    use std::io::{Read as _, Write as _};
    use std::time::Duration;
    let server = Server::with(web::Limits { head_patience: Duration::from_secs(1), ..web::Limits::default() });
    let connected = || {
        let stream = std::net::TcpStream::connect(server.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a socket");
        stream
    };
    // Until the connection ends; the time limit of the socket is no end.
    let rest = |mut stream: std::net::TcpStream| {
        let (mut said, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            match stream.read(&mut piece) {
                Ok(n @ 1..) => said.extend_from_slice(&piece[..n]),
                Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => panic!("not cut off: {error}"),
                _ => break String::from_utf8_lossy(&said).into_owned(),
            }
        }
    };
    let host = server.address;
    let whole = format!("GET /api/sources HTTP/1.1\r\nHost: {host}\r\n\r\n");
    // In the first request of a connection, and in one after another that was answered.
    for (before, answers) in [("", 0), (whole.as_str(), 1)] {
        let mut stream = connected();
        stream.write_all(format!("{before}GET /api/sources HTTP/1.1\r\nX-Long: ").as_bytes()).expect("it reads");
        let mut drip = stream.try_clone().expect("a socket");
        let dripping = std::thread::spawn(move || {
            (0..100_000)
                .take_while(|_| drip.write_all(b"a").is_ok())
                .for_each(|_| std::thread::sleep(Duration::from_millis(10)));
        });
        let said = rest(stream);
        assert_eq!(said.matches("HTTP/1.1 200").count(), answers, "{said}");
        assert!(!said.contains("HTTP/1.1 4"), "cut off for its time, not its size: {said}");
        dripping.join().expect("it ends when nobody listens");
    }
    // Who says nothing at all holds no connection either.
    assert_eq!(rest(connected()), "");
    // A body has its own time.
    let mut stream = connected();
    let body = json!({ "source": "curl", "knobs": {} }).to_string();
    let head = format!(
        "POST /api/run HTTP/1.1\r\nHost: {host}\r\nX-Wirescope: 1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    std::thread::sleep(Duration::from_secs(2));
    stream.write_all(body.as_bytes()).expect("it still reads");
    let said = rest(stream);
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}

#[test]
fn few_uploads_are_under_way_and_one_that_breaks_off_leaves_nothing() {
    use std::io::Write as _;
    let server = Server::start();
    let file = capture(&server);
    let slow = || {
        let mut stream = std::net::TcpStream::connect(server.address).expect("it listens");
        let (host, length) = (server.address, file.len());
        let head = format!(
            "POST /api/capture?name=a.pcapng HTTP/1.1\r\nHost: {host}\r\nX-Wirescope: 1\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&file[..1000])).expect("it reads");
        stream
    };
    let upload = || server.post_bytes("/api/capture?name=a.pcapng", &file);
    let until = |status: u16| {
        let mut reply = upload();
        for _ in 0..1000 {
            if reply.status == status {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
            reply = upload();
        }
        assert_eq!(reply.status, status, "{}", reply.text());
        reply
    };
    let (mut one, other) = (slow(), slow());
    assert_eq!(error(&until(503)).0, "too-many");
    drop(other);
    let id = until(200).json()["run"].clone();
    // The one that was slow is the same file.
    one.write_all(&file[1000..]).expect("it reads");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut one, &mut said).expect("an answer");
    assert!(said.starts_with("HTTP/1.1 200") && said.contains(id.as_str().expect("an id")), "{said}");
}

#[test]
fn the_sources_have_every_scenario_and_knob_of_the_command_line() {
    let server = Server::start();
    let sources = server.get("/api/sources").json();
    let names = |list: &str| -> Vec<String> {
        let list = sources[list].as_array().expect("a list").iter();
        list.map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names("knobs"), scenario::KNOBS.iter().map(|knob| knob.name).collect::<Vec<_>>());
    for built_in in scenario::BUILT_IN {
        assert!(names("scenarios").contains(&built_in.name.to_owned()), "{}", built_in.name);
    }
    assert!(sources["start"].is_null());
    for scenario in sources["scenarios"].as_array().expect("a list") {
        let name = scenario["name"].as_str().expect("a name");
        simulate(&server, name, json!({}));
    }
}

const FILE: &str = "seed = 5\n[request]\nurl = \"http://files.example/a\"\n[network]\nrtt = \"20ms\"\n";

#[test]
fn a_scenario_file_is_a_source_like_others() {
    let server = Server::start();
    let post = |file: &str, knobs: Value| {
        server.post_json("/api/run", &json!({ "source": "mine.toml", "knobs": knobs, "file": file }))
    };
    let run = |file: &str, knobs: Value| post(file, knobs).json()["run"].as_str().expect("an id").to_owned();
    let one = run(FILE, json!({}));
    let head = server.get(&format!("/api/run/{one}/head")).json();
    assert_eq!(head["url"]["href"], "http://files.example/a");
    assert_eq!((&head["source"]["source"], &head["source"]["file"]), (&json!("mine.toml"), &json!(FILE)));
    assert_eq!(head["source"]["command"], "wirescope --scenario mine.toml");
    assert_eq!(
        (&head["source"]["conditions"]["rtt"], &head["source"]["conditions"]["seed"]),
        (&json!("20ms"), &json!("5"))
    );
    // Its conditions can be turned; another text is another run, and the same text the same.
    let turned = run(FILE, json!({ "rtt": "50ms" }));
    let head = server.get(&format!("/api/run/{turned}/head")).json();
    assert_eq!(head["source"]["conditions"]["rtt"], "50ms");
    assert_eq!(head["source"]["command"], "wirescope --scenario mine.toml --rtt 50ms");
    assert!(one == run(FILE, json!({})) && one != run(&FILE.replace("seed = 5", "seed = 6"), json!({})));
    // What is wrong in the file has its line and column; what is wrong with a knob, the knob.
    for (more, place, said) in [
        ("mtu = 20\n", "line 6, column 7", "network.mtu"),
        ("colour = 1\n", "line 6, column 1", "colour"),
        ("x = <script>\n", "line 6, column 5", "mine.toml"),
        ("[server.page]\nsize = \"100M\"\n", "line 7, column 8", "at most 64000000"),
        ("[server.page]\nfiles = 100\nfile_size = \"1M\"\n", "line 7, column 9", "at most 64000000"),
    ] {
        let reply = post(&format!("{FILE}{more}"), json!({}));
        assert_eq!(
            (reply.status, error(&reply)),
            (422, ("bad-scenario".to_owned(), place.to_owned())),
            "{}",
            reply.text()
        );
        assert!(reply.text().contains(said), "{}", reply.text());
    }
    let reply = post(FILE, json!({ "mtu": "20" }));
    assert_eq!((reply.status, error(&reply)), (422, ("bad-knob".to_owned(), "mtu".to_owned())));
    let long = format!("{FILE}about = \"{}\"\n", "a".repeat(1 << 20));
    assert_eq!(post(&long, json!({})).status, 413);
    // A file that is called like a scenario is not taken for it.
    let reply = server.post_json("/api/run", &json!({ "source": "curl", "file": FILE }));
    let head = server.get(&format!("/api/run/{}/head", reply.json()["run"].as_str().expect("an id"))).json();
    assert_eq!(head["url"]["host"], "files.example");
    assert!(!head["extra"].as_array().expect("a list").contains(&json!("tour")));
}

#[test]
fn exports_are_whole() {
    let server = Server::start();
    let run = simulate(&server, "curl", json!({}));
    let svg = server.get(&format!("/api/run/{run}/export.svg"));
    assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
    assert!(svg.text().matches("class=\"arrow").count() >= 11 && svg.text().ends_with("</svg>\n"));
    let document = server.get(&format!("/api/run/{run}/export.json")).json();
    assert_eq!(document["packets"].as_array().map(Vec::len), Some(11));
    let html = server.get(&format!("/api/run/{run}/export.html"));
    if let Some(why) = web::page_missing() {
        eprintln!("the page is not in this program ({why}): its export is not checked");
        assert_eq!(error(&html).0, "not-available");
        return;
    }
    let text = html.text();
    assert!(text.contains("Content-Security-Policy") && text.contains("connect-src 'none'"));
    assert!(!text.contains("http://127.0.0.1"), "it asks nobody");
    let (_, data) = text.split_once("id=\"wirescope-data\">").expect("a place for the run");
    let data: Value = serde_json::from_str(data.split_once("</script>").expect("an end").0).expect("JSON");
    assert_eq!(data["packets"].as_object().map(|packets| packets.len()), Some(11));
    let packed = data["packets"]["1"].as_str().expect("a packed packet");
    let packed = base64::engine::general_purpose::STANDARD.decode(packed).expect("base64");
    let inside: Value = serde_json::from_reader(flate2::read::GzDecoder::new(&packed[..])).expect("JSON");
    // A file cannot run the scenario again without the packet, so it does not offer to.
    let mut packet = server.get(&format!("/api/run/{run}/packet/1")).json();
    assert!(packet["lose"].is_object() && inside["lose"].is_null());
    packet["lose"] = Value::Null;
    assert_eq!(inside, packet);
    assert_eq!(data["head"], server.get(&format!("/api/run/{run}/head")).json());
    let some = server.get(&format!("/api/run/{run}/export.html?packets=2-3")).text();
    assert!(some.contains("2 of 11 packets"));
    let index = server.get("/");
    assert!(index.header("content-security-policy").is_some_and(|policy| {
        policy.contains("script-src 'sha256-")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe")
    }));
}
