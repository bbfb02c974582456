//! smoltcp.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

use crate::{BUFFER, TURN_US, Transfer, WRITE, cpu_ns};

/// One direction of the wire, and the memory of frames that have arrived, for the next ones.
#[derive(Default)]
struct Wire {
    frames: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    sent: u64,
    with_data: u64,
}

/// One machine's end of the wire.
struct End {
    incoming: Rc<RefCell<Wire>>,
    outgoing: Rc<RefCell<Wire>>,
}

struct Rx(Rc<RefCell<Wire>>, Vec<u8>);
struct Tx(Rc<RefCell<Wire>>);

impl phy::RxToken for Rx {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        let result = f(&self.1);
        self.0.borrow_mut().spare.push(self.1);
        result
    }
}

impl phy::TxToken for Tx {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = self.0.borrow_mut().spare.pop().unwrap_or_default();
        frame.resize(len, 0);
        let result = f(&mut frame);
        let mut wire = self.0.borrow_mut();
        wire.sent += 1;
        wire.with_data += u64::from(len > 500);
        wire.frames.push_back(frame);
        result
    }
}

impl Device for End {
    type RxToken<'a> = Rx;
    type TxToken<'a> = Tx;
    fn receive(&mut self, _: Instant) -> Option<(Rx, Tx)> {
        let frame = self.incoming.borrow_mut().frames.pop_front()?;
        Some((Rx(self.incoming.clone(), frame), Tx(self.outgoing.clone())))
    }
    fn transmit(&mut self, _: Instant) -> Option<Tx> {
        Some(Tx(self.outgoing.clone()))
    }
    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.max_transmission_unit = 1514;
        capabilities.medium = Medium::Ethernet;
        capabilities
    }
}

/// A machine with one socket.
struct Machine {
    end: End,
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
}

impl Machine {
    fn new(last: u8, incoming: &Rc<RefCell<Wire>>, outgoing: &Rc<RefCell<Wire>>) -> Machine {
        let mut end = End { incoming: incoming.clone(), outgoing: outgoing.clone() };
        let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, last]).into());
        let mut interface = Interface::new(config, &mut end, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::v4(10, 0, 0, last), 24)).expect("there is room for one address");
        });
        let mut sockets = SocketSet::new(vec![]);
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let socket = sockets.add(Socket::new(buffer(), buffer()));
        Machine { end, interface, sockets, socket }
    }
    fn turn(&mut self, now: Instant) {
        self.interface.poll(now, &mut self.end, &mut self.sockets);
    }
    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.socket)
    }
}

/// A client, a server, and the wires between them.
fn pair() -> (Machine, Machine, [Rc<RefCell<Wire>>; 2]) {
    let wires: [Rc<RefCell<Wire>>; 2] = Default::default();
    (Machine::new(1, &wires[0], &wires[1]), Machine::new(2, &wires[1], &wires[0]), wires)
}

fn connect(client: &mut Machine, server: &mut Machine, port: u16) {
    server.socket().listen(80).expect("the socket is free");
    let socket = client.sockets.get_mut::<Socket>(client.socket);
    socket.connect(client.interface.context(), (IpAddress::v4(10, 0, 0, 2), 80), port).expect("the socket is free");
}

fn measured(start: u64, wires: &[Rc<RefCell<Wire>>; 2]) -> Transfer {
    let sum = |what: fn(&Wire) -> u64| wires.iter().map(|wire| what(&wire.borrow())).sum();
    Transfer { ns: cpu_ns() - start, segments: sum(|wire| wire.with_data), frames: sum(|wire| wire.sent) }
}

/// Moves `total` bytes from the server to the client, who copies them out.
pub fn transfer(total: usize) -> Transfer {
    let (mut client, mut server, wires) = pair();
    connect(&mut client, &mut server, 49_152);
    let source: Vec<u8> = (0..WRITE).map(|i| ((i * 31) >> 3) as u8).collect();
    let mut buffer = vec![0; BUFFER];
    let (mut now, mut written, mut read) = (Instant::ZERO, 0, 0);
    let start = cpu_ns();
    while read < total {
        now += Duration::from_micros(TURN_US);
        client.turn(now);
        server.turn(now);
        let socket = server.socket();
        while socket.can_send() && written < total {
            let from = written % WRITE;
            written += socket.send_slice(&source[from..WRITE.min(from + total - written)]).expect("it may be written");
        }
        let socket = client.socket();
        while socket.can_recv() {
            read += socket.recv_slice(&mut buffer).expect("it may be read");
        }
    }
    measured(start, &wires)
}

/// Opens `count` connections, one after the other; the client closes each first.
pub fn connections(count: usize) -> Transfer {
    let (mut client, mut server, wires) = pair();
    let mut now = Instant::ZERO;
    let start = cpu_ns();
    for n in 0..count {
        connect(&mut client, &mut server, 49_152 + (n % 16_384) as u16);
        while !(client.socket().may_send() && server.socket().may_send()) {
            now += Duration::from_micros(TURN_US);
            client.turn(now);
            server.turn(now);
        }
        client.socket().close();
        while server.socket().is_active() {
            now += Duration::from_micros(TURN_US);
            client.turn(now);
            server.turn(now);
            if !server.socket().may_recv() {
                server.socket().close();
            }
        }
        // It does not wait in TIME-WAIT.
        client.socket().abort();
    }
    measured(start, &wires)
}
