//! What OpenSSL's client and server say to each other, in the suites and versions that rustls does not speak.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use capture::keylog::KeyLog;
use flow::tls::{Opened, Sender};
use wire::tls::ContentType;

use crate::talk::{Flight, application_data, assert_all_read, open_all, records};

const SAID: &[u8] = b"what the client says\n";
/// The server turns each line around.
const ANSWERED: &[u8] = b"syas tneilc eht tahw\n";

/// A program that is waited for when the test is over, however that ends: it ends with its one connection, or after a while. (To
/// kill it would kill `timeout` alone, and leave what that has started.)
struct Awaited(Child);

impl Drop for Awaited {
    fn drop(&mut self) {
        let _ = self.0.wait();
    }
}

/// OpenSSL, which is ended after a while, whatever happens.
fn openssl() -> Command {
    let mut command = Command::new("timeout");
    command.args(["20", "openssl"]);
    command
}

/// Whether OpenSSL is there; if not, says so, and fails where it must be.
fn installed() -> bool {
    oracle::programs("openssl", &["timeout", "openssl"])
}

/// Lets the two talk through a relay: what they sent, and the key log. `renegotiate`: with new keys before the text.
fn talk(name: &str, both: &[&str], client: &[&str], renegotiate: bool) -> (Vec<(Sender, Vec<u8>)>, KeyLog) {
    let keys_file: PathBuf = std::env::temp_dir().join(format!("wirescope-{}-{name}.keys", std::process::id()));
    let _ = std::fs::remove_file(&keys_file);

    let mut server = openssl()
        .args(["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev", "-nocert", "-psk", "1a2b"])
        .arg("-client_renegotiation")
        .args(both)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map(Awaited)
        .unwrap();
    let mut lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let port: u16 = lines
        .find_map(|line| line.unwrap().strip_prefix("ACCEPT ")?.rsplit(':').next()?.trim().parse().ok())
        .expect("the server says where it listens");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = listener.local_addr().unwrap();
    let mut client = openssl()
        .args(["s_client", "-connect", &relay.to_string(), "-psk", "1a2b"])
        .arg("-keylogfile")
        .arg(&keys_file)
        .args(both)
        .args(client)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(Awaited)
        .unwrap();

    let near = listener.accept().unwrap().0;
    let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let sent: Arc<Mutex<Vec<Flight>>> = Arc::default();
    let carry = |mut from: TcpStream, mut to: TcpStream, sender: Sender| {
        let sent = sent.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = from.read(&mut buffer) {
                sent.lock().unwrap().push((sender, buffer[..n].to_vec()));
                if to.write_all(&buffer[..n]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        })
    };
    let carriers =
        [carry(near.try_clone().unwrap(), far.try_clone().unwrap(), Sender::Client), carry(far, near, Sender::Server)];

    let mut stdin = client.0.stdin.take().unwrap();
    let mut stdout = client.0.stdout.take().unwrap();
    let mut stderr = client.0.stderr.take().unwrap();
    if renegotiate {
        stdin.write_all(b"first\n").unwrap();
        hear(&mut stdout, b"tsrif\n");
        // A line with this letter alone is a command.
        stdin.write_all(b"R\n").unwrap();
        hear(&mut stderr, b"RENEGOTIATING\n");
    }
    stdin.write_all(SAID).unwrap();
    hear(&mut stdout, ANSWERED);
    drop(stdin);
    client.0.wait().unwrap();
    for carrier in carriers {
        carrier.join().unwrap();
    }
    let keys = KeyLog::parse(&std::fs::read(&keys_file).unwrap()).0;
    let _ = std::fs::remove_file(&keys_file);
    let sent = std::mem::take(&mut *sent.lock().unwrap());
    (records(&whole_records(sent)), keys)
}

/// Reads up to the end of what is awaited.
fn hear(from: &mut impl Read, what: &[u8]) {
    let mut heard = Vec::new();
    while !heard.ends_with(what) {
        let mut byte = [0];
        from.read_exact(&mut byte).unwrap_or_else(|_| panic!("heard only {}", String::from_utf8_lossy(&heard)));
        heard.push(byte[0]);
    }
}

/// Pieces as they passed become flights of whole records: a record counts where its last byte passed.
fn whole_records(pieces: Vec<Flight>) -> Vec<Flight> {
    let mut unfinished = [Vec::new(), Vec::new()];
    let mut flights = Vec::new();
    for (sender, piece) in pieces {
        let bytes: &mut Vec<u8> = &mut unfinished[usize::from(sender == Sender::Server)];
        bytes.extend(piece);
        let mut whole = 0;
        while let Some(&[_, _, _, high, low]) = bytes[whole..].first_chunk::<5>() {
            let end = whole + 5 + usize::from(u16::from_be_bytes([high, low]));
            if end > bytes.len() {
                break;
            }
            whole = end;
        }
        flights.push((sender, bytes.drain(..whole).collect()));
    }
    flights
}

#[test]
fn suites_that_only_openssl_speaks_are_read() {
    if !installed() {
        return;
    }
    let old = ["-tls1_2", "-tls1_1", "-tls1"];
    let cases: [(&str, &[&str], bool); 16] = [
        // Before TLS 1.2 there are only these, with the hashes of their time; TLS 1.0 chains its records.
        ("PSK-AES128-CBC-SHA", &old, false),
        ("PSK-AES256-CBC-SHA", &old, false),
        ("PSK-AES128-CBC-SHA256", &old[..1], false),
        ("PSK-AES256-CBC-SHA384", &old[..1], false),
        // The same with the MAC inside.
        ("PSK-AES128-CBC-SHA", &old, true),
        ("PSK-AES256-CBC-SHA384", &old[..1], true),
        ("PSK-AES128-CBC-SHA256", &old[..1], true),
        ("ADH-AES128-SHA256", &old[..1], true),
        ("PSK-AES128-GCM-SHA256", &old[..1], false),
        ("PSK-AES256-GCM-SHA384", &old[..1], false),
        ("PSK-CHACHA20-POLY1305", &old[..1], false),
        ("PSK-AES128-CCM", &old[..1], false),
        ("PSK-AES256-CCM", &old[..1], false),
        ("PSK-AES128-CCM8", &old[..1], false),
        ("PSK-AES256-CCM8", &old[..1], false),
        ("PSK-NULL-SHA256", &old[..1], false),
    ];
    for (cipher, versions, mac_inside) in cases {
        for version in versions {
            let name = format!("{cipher}{version}{}", if mac_inside { "-inside" } else { "" });
            let ciphers = format!("{cipher}:@SECLEVEL=0");
            let client: &[&str] = if mac_inside { &["-no_etm"] } else { &[] };
            let (records, keys) = talk(&name, &["-cipher", &ciphers, version], client, false);
            let opened = open_all(&records, &keys);
            assert_all_read(&opened, &name);
            assert_eq!(application_data(&opened, Sender::Client), SAID, "{name}");
            assert_eq!(application_data(&opened, Sender::Server), ANSWERED, "{name}");
            let inside = opened.iter().any(|(_, opened)| match opened {
                Opened::Decrypted(plain) => plain.layout.mac > 0 && plain.content_type == ContentType::APPLICATION_DATA,
                _ => false,
            });
            assert_eq!(inside, mac_inside || cipher.contains("NULL"), "{name}: where the MAC stands");
        }
    }
}

#[test]
fn the_ccm_suites_of_tls_13_are_read() {
    if !installed() {
        return;
    }
    for suite in ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"] {
        let (records, keys) = talk(suite, &["-tls1_3", "-ciphersuites", suite], &[], false);
        let opened = open_all(&records, &keys);
        assert_all_read(&opened, suite);
        assert_eq!(application_data(&opened, Sender::Client), SAID, "{suite}");
        assert_eq!(application_data(&opened, Sender::Server), ANSWERED, "{suite}");
    }
}

#[test]
fn a_renegotiation_inside_a_connection_is_followed() {
    if !installed() {
        return;
    }
    let both = ["-cipher", "PSK-AES128-CBC-SHA256:@SECLEVEL=0", "-tls1_2"];
    let (records, keys) = talk("renegotiation", &both, &[], true);
    assert_eq!(keys.connections().len(), 2, "each handshake has its own client random");
    let opened = open_all(&records, &keys);
    assert_all_read(&opened, "renegotiation");
    assert_eq!(application_data(&opened, Sender::Client), [b"first\n", SAID].concat());
}
