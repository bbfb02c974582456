//! A transfer from the server to the client over a path that loses, reorders and doubles packets, drawn from a seed: a
//! sender with a window, fast retransmission and a timer, and a receiver with SACK. Plain, but with the kinds of packets
//! that analysis must tell apart.

use std::collections::{BTreeMap, BTreeSet};

use wire::tcp::SackBlocks;

use super::*;

/// The path and what is sent over it.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    /// Data segments of 1,000 bytes.
    pub segments: u32,
    /// Loss, reordering and doubling of data segments, in thousandths.
    pub loss: u32,
    pub reorder: u32,
    pub duplicate: u32,
    /// The receiver's buffer in bytes.
    pub window: u32,
    /// Whether the receiver's program pauses until the window is closed.
    pub slow_reader: bool,
    /// Whether the tap is at the sender, not at the receiver.
    pub tap_at_sender: bool,
    pub seed: u64,
}

impl Default for Path {
    fn default() -> Path {
        Path {
            segments: 50,
            loss: 0,
            reorder: 0,
            duplicate: 0,
            window: 60_000,
            slow_reader: false,
            tap_at_sender: false,
            seed: 1,
        }
    }
}

const MSS: u32 = 1000;
/// One way in microseconds.
const DELAY: i64 = 10_000;

enum Happening {
    /// The sender's segment, by its first byte, reaches the receiver.
    Data(u32),
    /// The receiver's ACK reaches the sender: number, window and whether it is a pure repetition.
    Ack(u32, u32),
    /// A segment passes the tap.
    Tap(Box<Seg>),
    /// The sender's timer, if nothing was acknowledged since it was armed at this count.
    Timeout(u64),
    /// The receiver's program reads all.
    Read,
}

struct Play {
    path: Path,
    rng: base::Rng,
    queue: BTreeMap<(i64, u64), Happening>,
    order: u64,
    now: i64,
    una: u32,
    next: u32,
    peer_window: u32,
    cwnd: u32,
    dups: u32,
    recover: u32,
    progress: u64,
    rcv_next: u32,
    out_of_order: BTreeSet<u32>,
    unread: u32,
}

/// Plays the transfer and gives the capture.
pub(crate) fn play(path: &Path) -> Tape {
    let mut tape = Tape::new();
    tape.handshake();
    let mut play = Play {
        path: *path,
        rng: base::Seed(path.seed).stream("path"),
        queue: BTreeMap::new(),
        order: 0,
        now: tape.now / 1000,
        una: 0,
        next: 0,
        peer_window: path.window.min(1000),
        cwnd: 10,
        dups: 0,
        recover: 0,
        progress: 0,
        rcv_next: 0,
        out_of_order: BTreeSet::new(),
        unread: 0,
    };
    play.peer_window = path.window;
    play.ack(false);
    while let Some(((at, _), happening)) = play.queue.pop_first() {
        play.now = at;
        match happening {
            Happening::Tap(seg) => {
                tape.now = at * 1000;
                tape.seg(*seg);
            }
            Happening::Data(start) => play.receive(start),
            Happening::Ack(ack, window) => play.acked(ack, window),
            Happening::Timeout(progress) => play.timeout(progress),
            Happening::Read => {
                play.unread = 0;
                play.ack(false);
            }
        }
        assert!(play.order < 100_000, "the transfer does not end");
    }
    assert_eq!(play.una, path.segments * MSS, "all was delivered");
    tape
}

impl Play {
    fn at(&mut self, at: i64, happening: Happening) {
        self.order += 1;
        self.queue.insert((at, self.order), happening);
    }
    fn chance(&mut self, thousandths: u32) -> bool {
        self.rng.below(1000) < u64::from(thousandths)
    }

    fn send(&mut self, start: u32) {
        let end = self.path.segments * MSS;
        let data = vec![(start / MSS) as u8; MSS.min(end - start) as usize];
        let seg = |data: Vec<u8>| {
            Box::new(Seg {
                from_client: false,
                seq: 301 + start,
                ack: 101,
                flags: A | Flags::PSH,
                window: 1000,
                options: Options::default(),
                data,
            })
        };
        let mut arrives = self.now + DELAY;
        if self.chance(self.path.reorder) {
            arrives += 1_500;
        }
        // Segments that are sent at one instant follow each other.
        let order = self.order as i64 % 7;
        if self.path.tap_at_sender {
            self.at(self.now, Happening::Tap(seg(data.clone())));
        }
        if self.chance(self.path.loss) {
            return;
        }
        let copies = 1 + i64::from(self.chance(self.path.duplicate));
        for copy in 0..copies {
            if !self.path.tap_at_sender {
                self.at(arrives + order + 300 * copy, Happening::Tap(seg(data.clone())));
            }
            self.at(arrives + order + 300 * copy, Happening::Data(start));
        }
    }

    fn fill(&mut self) {
        let end = self.path.segments * MSS;
        while self.next < end && self.next + MSS <= self.una + self.peer_window.min(self.cwnd * MSS) {
            let start = self.next;
            self.next += MSS;
            self.send(start);
        }
        self.arm();
    }

    fn arm(&mut self) {
        self.progress += 1;
        if self.una < self.path.segments * MSS {
            self.at(self.now + 200_000, Happening::Timeout(self.progress));
        }
    }

    fn timeout(&mut self, progress: u64) {
        if progress != self.progress || self.una == self.path.segments * MSS {
            return;
        }
        if self.peer_window == 0 {
            // A probe, as Linux sends it: below SND.UNA.
            let probe = Seg {
                from_client: false,
                seq: 300 + self.una,
                ack: 101,
                flags: A,
                window: 1000,
                options: Options::default(),
                data: Vec::new(),
            };
            let at = if self.path.tap_at_sender { self.now } else { self.now + DELAY };
            self.at(at, Happening::Tap(Box::new(probe)));
            self.at(self.now + DELAY, Happening::Data(u32::MAX));
        } else {
            self.cwnd = 2;
            self.send(self.una);
        }
        self.arm();
    }

    fn receive(&mut self, start: u32) {
        if start == u32::MAX {
            return self.ack(true);
        }
        let room = self.path.window - self.unread.min(self.path.window);
        let mut repeated = true;
        if start >= self.rcv_next && start + MSS <= self.rcv_next + room {
            repeated = start != self.rcv_next;
            self.out_of_order.insert(start);
            while self.out_of_order.remove(&self.rcv_next) {
                self.rcv_next += MSS;
                self.unread += MSS;
            }
        }
        if !self.path.slow_reader {
            self.unread = 0;
        } else if self.unread >= self.path.window {
            self.at(self.now + 500_000, Happening::Read);
        }
        self.ack(repeated);
    }

    fn ack(&mut self, _repeated: bool) {
        let window = self.path.window - self.unread.min(self.path.window);
        let mut sack = SackBlocks::new();
        for &start in self.out_of_order.iter().take(3) {
            sack.push((Seq(301 + start), Seq(301 + start + MSS)));
        }
        let seg = Seg {
            from_client: true,
            seq: 101,
            ack: 301 + self.rcv_next,
            flags: A,
            window: window as u16,
            options: Options { sack, ..Options::default() },
            data: Vec::new(),
        };
        let at = if self.path.tap_at_sender { self.now + DELAY } else { self.now };
        self.at(at, Happening::Tap(Box::new(seg)));
        self.at(self.now + DELAY, Happening::Ack(self.rcv_next, window));
    }

    fn acked(&mut self, ack: u32, window: u32) {
        let opened = self.peer_window == 0 && window > 0;
        let same = ack == self.una && window == self.peer_window;
        self.peer_window = window;
        if ack > self.una {
            self.una = ack;
            self.next = self.next.max(ack);
            self.cwnd += 1;
            self.dups = 0;
            if self.recover > ack {
                self.send(ack);
            }
        } else if same && self.next > self.una {
            self.dups += 1;
            if self.dups == 3 && self.una >= self.recover {
                self.recover = self.next;
                self.cwnd = (self.cwnd / 2).max(2);
                self.send(self.una);
            }
        } else if !opened && ack < self.una {
            return;
        }
        self.fill();
    }
}
