//! Small programs that do what no well-made one does: servers that wait, break off or fall silent, clients that do not read.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// What a process that a case starts is to be: a program's name and its arguments.
pub const ROLE: &str = "WIRESCOPE_ROLE";

/// What this process is to be, if a case started it.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Is it, until it is killed or has done its work.
pub fn run(role: &str) {
    let words: Vec<&str> = role.split(' ').collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    match words[0] {
        "slow-server" => serve(number(1), |stream| {
            std::thread::sleep(Duration::from_millis(number(2)));
            answer(stream, 500, 500);
        }),
        "truncating-server" => serve(number(1), |stream| answer(stream, number(2), number(3))),
        "stalling-server" => serve(number(1), |stream| stall(stream, number(2))),
        "closing-server" => serve(number(1), drop),
        "silent-server" => serve(number(1), |stream| {
            std::thread::sleep(Duration::from_secs(60));
            drop(stream);
        }),
        "pausing-server" => serve(number(1), |stream| {
            std::thread::sleep(Duration::from_millis(number(2)));
            drop(stream);
        }),
        "resetting-server" => listen(number(1), |mut stream| {
            // Linux resets a connection that is closed with data unread.
            let mut few = [0; 10];
            let _ = stream.read_exact(&mut few);
        }),
        "chatting-server" => listen(number(1), chat),
        "vanishing-server" => listen(number(1), |stream| vanish(stream, Duration::from_millis(number(2)))),
        "patient-client" => ask_twice(words[1], Duration::from_millis(number(2))),
        "chatting-client" => chat_with(words[1], number(2), words.get(3) == Some(&"nodelay")),
        "reader" => read_from(words[1], number(2)),
        "name-server" => answer_names(number(1) as u8, Duration::from_millis(number(2))),
        other => panic!("there is no program {other}"),
    }
}

fn listen(port: u64, each: impl Fn(TcpStream) + Sync) {
    let listener = TcpListener::bind(("0.0.0.0", port as u16)).expect("a port");
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            let each = &each;
            scope.spawn(move || each(stream));
        }
    });
}

/// Reads a request's head, then goes on.
fn serve(port: u64, each: impl Fn(TcpStream) + Sync) {
    listen(port, |stream| {
        let mut lines = BufReader::new(&stream);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|n| n > 2) {
            line.clear();
        }
        each(stream);
    });
}

/// Announces a body of `length` bytes, and sends `sent` of them.
fn answer(mut stream: TcpStream, length: u64, sent: u64) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nContent-Type: image/png\r\n\r\n");
    let _ = stream.write_all(&[head.as_bytes(), &vec![b'x'; sent as usize]].concat());
}

/// Sends half of an image, and the other half a while later.
fn stall(mut stream: TcpStream, millis: u64) {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\nContent-Type: image/png\r\n\r\n";
    let _ = stream.write_all(&[&head[..], &[b'x'; 10_000]].concat());
    std::thread::sleep(Duration::from_millis(millis));
    let _ = stream.write_all(&[b'x'; 10_000]);
}

/// The length of what the chatting client says in two pieces, and of the answer.
const SAID: usize = 200;
const ANSWERED: usize = 50;

fn chat(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut said = [0; SAID];
    while stream.read_exact(&mut said).is_ok() {
        if stream.write_all(&[b'a'; ANSWERED]).is_err() {
            return;
        }
    }
}

/// Says things in two writes each and waits for the answer: with Nagle's algorithm, unless `nodelay`.
fn chat_with(server: &str, times: u64, nodelay: bool) {
    let mut stream = TcpStream::connect(server).expect("a connection");
    stream.set_nodelay(nodelay).expect("an option");
    let mut answer = [0; ANSWERED];
    for _ in 0..times {
        stream.write_all(&[b'h'; SAID / 2]).expect("written");
        stream.write_all(&[b'b'; SAID / 2]).expect("written");
        stream.read_exact(&mut answer).expect("an answer");
    }
}

/// Answers once, and is gone a while later.
fn vanish(mut stream: TcpStream, later: Duration) {
    let mut said = [0; SAID];
    let _ = stream.read_exact(&mut said).and_then(|()| stream.write_all(&[b'a'; ANSWERED]));
    std::thread::sleep(later);
    std::process::exit(0);
}

/// Says something, and something again after a pause.
fn ask_twice(server: &str, pause: Duration) {
    let mut stream = TcpStream::connect(server).expect("a connection");
    let mut answer = [0; ANSWERED];
    for _ in 0..2 {
        let _ = stream.write_all(&[b'h'; SAID]).and_then(|()| stream.read_exact(&mut answer));
        std::thread::sleep(pause);
    }
}

/// Asks for `/page` over HTTP, and does not read for so many milliseconds.
fn read_from(server: &str, pause: u64) {
    let mut stream = TcpStream::connect(server).expect("a connection");
    stream.write_all(b"GET /page HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n").expect("written");
    std::thread::sleep(Duration::from_millis(pause));
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Answers each query with a response code and no record, or with the address 10.77.0.1, after a while.
fn answer_names(code: u8, wait: Duration) {
    let socket = UdpSocket::bind(("0.0.0.0", 53)).expect("port 53");
    let mut buffer = [0; 1500];
    while let Ok((len, from)) = socket.recv_from(&mut buffer) {
        // The header and the first question (RFC 1035 §4.1), without the additional records that dig sends.
        let Some(name) = buffer[12..len].iter().position(|&byte| byte == 0) else { continue };
        let mut answer = buffer[..12 + name + 5].to_vec();
        answer[2] |= 0x80;
        answer[3] = 0x80 | code;
        answer[6..12].fill(0);
        if code == 0 {
            answer[7] = 1;
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 77, 0, 1]);
        }
        std::thread::sleep(wait);
        let _ = socket.send_to(&answer, from);
    }
}
