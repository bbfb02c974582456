//! A simulated world that keeps time with the real one, and exchanges frames with Linux.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::Instant;

use base::Seed;
use host::{HostConfig, InterfaceId};
use net::{Join, NodeId, World};
use trace::{Direction, Level, Role, kinds};
use wire::{MacAddr, Packet};

use crate::namespace::{Namespace, Running};

/// How long a test may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Which frames pass: the direction and the frame's number in it.
type Filter = Box<dyn FnMut(Direction, u64) -> bool>;

/// An interface of a simulated machine that is on Linux' wire.
struct Wire {
    linux: Namespace,
    node: NodeId,
    port: u16,
    passed: [u64; 2],
}

/// A world, some of whose interfaces are on Linux' wires.
pub struct Real {
    pub world: World,
    /// The first one is what most tests have alone.
    wires: Vec<Wire>,
    start: Instant,
    seen: usize,
    pub filter: Option<Filter>,
}

impl Real {
    /// Puts port `port` of `node` on the wire to `linux`.
    pub fn new(world: World, node: NodeId, port: u16, linux: Namespace) -> Real {
        // Without anything to wait for, a world's time would stand still.
        let os = world.os(node);
        world.spawn_root(node, &kinds::app::OPERATOR_STARTS, "clock", async move {
            loop {
                os.sleep(base::Duration::from_secs(3600)).await;
            }
        });
        let wires = vec![Wire { linux, node, port, passed: [0; 2] }];
        Real { world, wires, start: Instant::now(), seen: 0, filter: None }
    }

    /// One host, 10.77.0.2, on the wire to Linux, 10.77.0.1.
    pub fn pair() -> Real {
        let mut world = World::new(Seed(1), Level::Full);
        let node = world.add_host(Role::Server, host("ours", [10, 77, 0, 2]));
        Real::new(world, node, 0, Namespace::new("10.77.0.1/24", None))
    }

    /// Puts port `port` of `node` on the wire to another Linux.
    pub fn and(mut self, node: NodeId, port: u16, linux: Namespace) -> Real {
        self.wires.push(Wire { linux, node, port, passed: [0; 2] });
        self
    }

    /// Linux at the other end of the first wire.
    pub fn linux(&self) -> &Namespace {
        &self.wires[0].linux
    }
    /// Linux at the other end of the second wire.
    pub fn second_linux(&self) -> &Namespace {
        &self.wires[1].linux
    }
    /// The host that is on the first wire.
    pub fn os(&self) -> net::Os {
        self.world.os(self.node())
    }
    /// The host that is on the first wire.
    pub fn node(&self) -> NodeId {
        self.wires[0].node
    }

    /// Lets what is due happen, passes frames both ways, and waits a little where nothing moved.
    pub fn turn(&mut self) {
        let elapsed = i64::try_from(self.start.elapsed().as_nanos()).expect("less than 292 years");
        self.world.run_until(base::Instant::from_nanos(elapsed));
        let len = self.world.trace(|trace| trace.frames.len());
        let new = std::mem::replace(&mut self.seen, len)..len;
        let mut moved = false;
        for wire in &mut self.wires {
            moved |= wire.exchange(&mut self.world, new.clone(), &mut self.filter);
        }
        if !moved {
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
    }

    /// Turns until `done`.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Real) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "waited a minute for {what}");
            self.turn();
        }
    }
    /// Turns until a program of Linux' has ended; gives what it printed.
    pub fn finish(&mut self, mut program: Running) -> String {
        self.until("a program", |_| program.is_over());
        program.stdout()
    }
    /// As [`Real::finish`], for what is not text.
    pub fn finish_bytes(&mut self, mut program: Running) -> Vec<u8> {
        // What it prints is read while it runs: a pipe holds 64 KiB.
        let reader = program.read();
        self.until("a program", |_| program.is_over() && reader.is_finished());
        reader.join().expect("its output")
    }
    /// Turns until a task of ours is over.
    pub fn join<T>(&mut self, task: &Join<T>) -> T {
        let mut result = None;
        self.until("a task", |_| {
            result = task.take();
            result.is_some()
        });
        result.expect("it is over")
    }
    /// How many events of this kind there were.
    pub fn count(&self, kind: &str) -> usize {
        self.world.trace(|trace| trace.events.iter().filter(|event| event.kind.id == kind).count())
    }
}

/// A host with one interface, in a prefix of 24 bits.
pub fn host(name: &str, address: [u8; 4]) -> HostConfig {
    let [_, _, c, d] = address;
    HostConfig::new(name, Seed(1)).interface("eth0", MacAddr([2, 0, 0, 0, c, d]), &[(Ipv4Addr::from(address), 24)])
}

impl Wire {
    /// Passes on what the world sent of its frames `new`, and what Linux sent. Whether there was any.
    fn exchange(&mut self, world: &mut World, new: Range<usize>, filter: &mut Option<Filter>) -> bool {
        let tap = world.tap(self.node, self.port);
        let out = world.trace(|trace| {
            let new = trace.frames.metas().get(new).unwrap_or(&[]);
            let sent = new.iter().filter(|meta| meta.tap == tap && meta.direction == Direction::Out);
            sent.map(|meta| trace.frames.bytes(meta.id)).collect::<Vec<_>>()
        });
        let mut moved = !out.is_empty();
        for frame in out {
            if self.passes(Direction::Out, filter) {
                // A full queue loses the frame, as any wire may.
                let _ = self.linux.tap.send(&frame);
            }
        }
        let mut buffer = [0; 2048];
        for _ in 0..64 {
            match self.linux.tap.recv(&mut buffer) {
                Ok(len) => {
                    moved = true;
                    if self.passes(Direction::In, filter) {
                        let frame = Packet::from_bytes(buffer[..len].to_vec().into());
                        let interface = InterfaceId(self.port);
                        world.with_host(self.node, &kinds::app::OPERATOR_STARTS, "a frame of Linux'", |h, cx| {
                            h.handle_frame(interface, frame, None, cx);
                        });
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("the TAP device: {error}"),
            }
        }
        moved
    }

    fn passes(&mut self, direction: Direction, filter: &mut Option<Filter>) -> bool {
        let count = &mut self.passed[usize::from(direction == Direction::Out)];
        *count += 1;
        filter.as_mut().is_none_or(|filter| filter(direction, *count))
    }
}
