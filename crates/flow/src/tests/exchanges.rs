//! ARP, DNS and DHCP: which answer belongs to which question.

use wire::dhcp::{DhcpOption, MessageType, Op};
use wire::dns::{Message, Question, RData, ResourceRecord, Type};

use super::*;

fn arp(operation: u16, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    let header = wire::arp::Header {
        hardware: wire::arp::Hardware::ETHERNET,
        protocol: EtherType::IPV4,
        hardware_len: 6,
        protocol_len: 4,
        operation: wire::arp::Operation(operation),
        sender_mac: MacAddr([4; 6]),
        sender_ip: sender.into(),
        target_mac: MacAddr::ZERO,
        target_ip: target.into(),
    };
    let mut out = vec![0; 28];
    header.write(&mut out);
    ethernet(EtherType::ARP, &out)
}

#[test]
fn an_arp_request_and_its_reply() {
    let mut t = Tape::new();
    t.push(arp(1, CLIENT, [10, 0, 1, 1]));
    t.ms(1000).push(arp(1, CLIENT, [10, 0, 1, 1]));
    t.ms(1).push(arp(2, [10, 0, 1, 1], CLIENT));
    t.push(arp(1, CLIENT, CLIENT));
    let [asked, announced] = t.flow.arp() else { panic!("{:?}", t.flow.arp()) };
    assert_eq!((asked.requests.as_slice(), asked.reply.map(|reply| reply.0)), (&[1, 2][..], Some(3)));
    assert!(announced.announcement() && !asked.announcement());
    assert_eq!(t.flow.conversations().len(), 2);
}

#[test]
fn a_dns_question_repeated_and_answered() {
    let question = Question::new("www.example.com".parse().unwrap(), Type::A);
    let query = Message::query(7, question.clone());
    let mut response = Message::response_to(&query);
    response.answers.push(ResourceRecord::new(question.name.clone(), 300, RData::A([192, 0, 2, 1].into())));
    let mut t = Tape::new();
    t.push(udp((CLIENT, 5000), (SERVER, 53), &query.encode()));
    t.ms(1000).push(udp((CLIENT, 5000), (SERVER, 53), &query.encode()));
    t.ms(20).push(udp((SERVER, 53), (CLIENT, 5000), &response.encode()));
    t.ms(1).push(udp((SERVER, 53), (CLIENT, 5000), &response.encode()));
    let other = Message::query(7, Question::new("example.org".parse().unwrap(), Type::A));
    t.push(udp((CLIENT, 5000), (SERVER, 53), &other.encode()));
    let [first, second] = t.flow.dns() else { panic!("{:?}", t.flow.dns()) };
    assert_eq!((first.queries.as_slice(), first.response.map(|r| r.0)), (&[1, 2][..], Some(3)));
    assert_eq!(first.duration(), Some(base::Duration::from_millis(1020)));
    assert_eq!(first.addresses, [std::net::IpAddr::from([192, 0, 2, 1])]);
    assert_eq!(first.more_responses, [4]);
    assert_eq!((second.queries.as_slice(), second.response), (&[5][..], None));
}

#[test]
fn a_dhcp_exchange_by_its_transaction_id() {
    let mac = MacAddr([4; 6]);
    let mut t = Tape::new();
    for (op, kind, src, dst) in [
        (Op::REQUEST, MessageType::DISCOVER, ([0; 4], 68), ([255; 4], 67)),
        (Op::REPLY, MessageType::OFFER, ([10, 0, 1, 1], 67), ([10, 0, 1, 5], 68)),
        (Op::REQUEST, MessageType::REQUEST, ([0; 4], 68), ([255; 4], 67)),
        (Op::REPLY, MessageType::ACK, ([10, 0, 1, 1], 67), ([10, 0, 1, 5], 68)),
    ] {
        let mut message = wire::dhcp::Message::new(op, kind, 99, mac);
        if op == Op::REPLY {
            message.header.yiaddr = [10, 0, 1, 5].into();
            message.options.push(DhcpOption::LeaseTime(3600));
            message.options.push(DhcpOption::DnsServers(vec![[10, 0, 1, 1].into()]));
        }
        t.ms(1).push(udp(src, dst, &message.encode(576)));
    }
    let [exchange] = t.flow.dhcp() else { panic!("{:?}", t.flow.dhcp()) };
    assert_eq!((exchange.client, exchange.messages.len()), (Some(mac), 4));
    assert_eq!((exchange.address, exchange.lease_seconds), (Some([10, 0, 1, 5].into()), Some(3600)));
    assert_eq!(exchange.settled().unwrap().frame, 4);
}
