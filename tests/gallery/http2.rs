//! HTTP/2 between curl and nginx, inside TLS and in clear, read as tshark reads it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::line::Line;
use crate::net::nginx;
use crate::place::{End, Place, SERVER, available, findings};
use crate::tls::{Wrong, certificates};

const CONF: &str = "gzip on; server { listen 80 http2; listen 443 ssl http2; ssl_certificate leaf.pem; \
    ssl_certificate_key leaf.key; ssl_protocols TLSv1.3; location / { } location /post { return 200 thanks; } \
    location /broken { return 503; } }";

/// Three requests at once inside TLS, then one in clear with a body.
fn captured(place: &mut Place) -> std::path::PathBuf {
    certificates(place, Wrong::Nothing);
    std::fs::write(place.directory.join("leaf.pem"), chain(place)).expect("cargo's directory for tests can be written");
    nginx(place, 200_000, CONF);
    place.await_port(443);
    let capture = place.capture(End::Client);
    let resolve = format!("shop.example:443:{SERVER}");
    let mut args =
        vec!["-s", "--noproxy", "*", "--http2", "-Z", "--compressed", "--cacert", "root.pem", "--resolve", &resolve];
    for path in ["page", "page?again", "leaf.ext"] {
        args.extend(["-o", "/dev/null"]);
        args.push(match path {
            "page" => "https://shop.example/page",
            "page?again" => "https://shop.example/page?again",
            _ => "https://shop.example/leaf.ext",
        });
    }
    args.extend(["-H", "X-Odd: never seen before", "-H", "Cookie: a=b; c=d"]);
    place.ask("curl", &args, 20);
    let url = format!("http://{SERVER}/post");
    let plain = ["-s", "--noproxy", "*", "--http2-prior-knowledge", "-d", "name=value", "-o", "/dev/null", &url];
    place.ask("curl", &plain, 20);
    capture.finish(place)
}

/// The leaf and the intermediate, as nginx wants them.
fn chain(place: &Place) -> Vec<u8> {
    let read = |name: &str| std::fs::read(place.directory.join(name)).expect("it was made");
    [read("leaf.pem"), read("chain.pem")].concat()
}

fn wirescope(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_wirescope")).args(args).output().expect("it is built");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What tshark says of every header field: packet and `name: value`, sorted.
fn by_tshark(file: &Path, keys: &Path) -> Vec<(u32, String)> {
    let mut command = Command::new("tshark");
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env_remove("XDG_CONFIG_HOME").arg("-n").arg("-r").arg(file);
    command.arg("-o").arg(format!("tls.keylog_file:{}", keys.display())).args(["-d", "tcp.port==80,http2"]);
    command.args(["-Y", "http2.header", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=\u{1}"]);
    command.args(["-e", "frame.number", "-e", "http2.header.name", "-e", "http2.header.value"]);
    let output = command.output().expect("tshark is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut all = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [number, names, values] = cells.as_slice() else { panic!("{line}") };
        let number = number.parse().expect("a number");
        // tshark leaves empty values out: nobody here sends one.
        let pairs = names.split('\u{1}').zip(values.split('\u{1}'));
        all.extend(pairs.map(|(name, value)| (number, format!("{name}: {value}"))));
    }
    all.sort();
    all
}

#[test]
fn http2_of_curl_and_nginx_is_read_as_tshark_reads_it() {
    if !available() || !oracle::program("tshark") {
        return;
    }
    let mut place = Place::new(&Line { delay: Duration::from_millis(5), ..Line::default() });
    let file = captured(&mut place);
    let keys = place.directory.join("keys.txt");
    let (path, keylog) = (file.display().to_string(), keys.display().to_string());

    let theirs = by_tshark(&file, &keys);
    assert!(theirs.len() > 50, "{theirs:#?}");
    let har = place.directory.join("all.har").display().to_string();
    wirescope(&["open", &path, "--keylog", &keylog, "-o", &har]);
    let har: Value = serde_json::from_str(&std::fs::read_to_string(&har).expect("it was written")).expect("JSON");
    let entries = har["log"]["entries"].as_array().expect("a list");
    let mut ours: Vec<String> = Vec::new();
    for entry in entries {
        for side in ["request", "response"] {
            let fields = entry[side]["headers"].as_array().into_iter().flatten();
            ours.extend(
                fields
                    .map(|field| format!("{}: {}", field["name"].as_str().unwrap(), field["value"].as_str().unwrap())),
            );
        }
    }
    ours.sort();
    let mut of_all: Vec<String> = theirs.iter().map(|(_, field)| field.clone()).collect();
    of_all.sort();
    assert_eq!(ours, of_all);

    let told = |entry: &Value| {
        let (request, response) = (&entry["request"], &entry["response"]);
        format!("{} {} {} {}", request["method"], request["url"], response["status"], response["content"]["size"])
    };
    let mut requests: Vec<String> = entries.iter().map(told).collect();
    requests.sort();
    let page = std::fs::metadata(place.directory.join("page")).expect("it was made").len();
    let extensions = std::fs::metadata(place.directory.join("leaf.ext")).expect("it was made").len();
    let wanted = [
        format!("\"GET\" \"https://shop.example/leaf.ext\" 200 {extensions}"),
        format!("\"GET\" \"https://shop.example/page\" 200 {page}"),
        format!("\"GET\" \"https://shop.example/page?again\" 200 {page}"),
        format!("\"POST\" \"http://{SERVER}/post\" 200 6"),
    ];
    assert_eq!(requests, wanted);

    // The same words ask for the fields of both versions of HTTP.
    for filter in ["http.method == POST", "http2.headers.method == POST", "http.host == 10.77.0.1"] {
        let text = wirescope(&["open", &path, "--keylog", &keylog, "--filter", filter, "--format", "jsonl"]);
        assert!(text.contains("POST /post HTTP/2"), "{filter}: {text}");
        assert!(!text.contains("GET /page"), "{filter}: {text}");
    }
    let found = findings(&file);
    assert!(found.is_empty() || !place.kept_time(), "{found:?}");

    // Without what is private the copy of the connection in clear reads as before, other words in the same places.
    let copy = place.directory.join("clean.pcapng").display().to_string();
    wirescope(&["sanitize", &path, "-o", &copy]);
    let clean = std::fs::read(&copy).expect("it was written");
    assert!(!clean.windows(10).any(|bytes| bytes == b"name=value" || bytes == b"shop.examp"));
    let fields = |file: &Path| -> Vec<(u32, String)> {
        let name = |field: String| field.split(": ").next().unwrap_or_default().to_owned();
        by_tshark(file, Path::new("/dev/null")).into_iter().map(|(number, field)| (number, name(field))).collect()
    };
    let (before, after) = (fields(&file), fields(Path::new(&copy)));
    assert!(before.len() > 10, "{before:?}");
    assert_eq!(before, after);
}
