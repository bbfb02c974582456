//! What a damaged pcapng still gives, and what is said about it.

use super::*;
use crate::Place;

#[test]
fn a_block_that_is_wrong_inside_is_skipped() {
    let (mut file, start, _) = three();
    file[start + 20] = 200; // its captured length
    let file = read(&file);
    assert_eq!(data(&file), [b"first", b"third"]);
    assert_eq!(file.packets[1].number, 2);
    let expected = format!(
        "at byte {start}: a packet claims 200 captured bytes, but its block has room for 20: the block is skipped"
    );
    assert_eq!(problems(&file), [expected]);
    assert!(file.ended_by.is_none());
}

#[test]
fn damaged_options_cost_no_packet() {
    let (mut file, start, _) = three();
    file[start + 28 + 8 + 2] = 200; // the comment's length
    let file = read(&file);
    assert_eq!(data(&file), [&b"first"[..], b"second", b"third"]);
    assert_eq!(file.packets[1].comments, [""; 0]);
    assert_eq!(file.problems.kept()[0].place, Place::Byte(start as u64));
}

#[test]
fn where_the_two_lengths_differ_what_follows_decides() {
    // The length at the end is wrong: the next block is where the length at the start says.
    let (mut file, start, end) = three();
    file[end - 4] ^= 0xFF;
    let read_back = read(&file);
    assert_eq!(data(&read_back), [&b"first"[..], b"second", b"third"]);
    assert!(problems(&read_back)[0].contains("what follows agrees with the start"), "{:?}", problems(&read_back));

    // The length at the start is wrong, too long or too short, even below the least or beyond the limit: the block is lost.
    let (_, _, end) = three();
    let to_third_end = (three().0.len() - start) as u32;
    for wrong in [60, 8, 33, to_third_end, 90_000, 0x0100_0000, 0xFFFF_FFF0u32] {
        let (mut file, ..) = three();
        file.extend(vec![0; 100_000]);
        file[start + 4..start + 8].copy_from_slice(&wrong.to_le_bytes());
        let read_back = read(&file);
        assert_eq!(data(&read_back)[..2], [b"first", b"third"], "{wrong}");
        assert!(problems(&read_back)[0].starts_with(&format!("at byte {start}: ")), "{wrong}");
        assert!(problems(&read_back)[0].ends_with(&format!("to the next whole block at byte {end}")), "{wrong}");
    }
}

#[test]
fn a_wrong_length_near_the_end_does_not_pass_for_the_end() {
    for wrong in [0x2034u32, 0x0034_2000, 0x0400_0000] {
        let (mut file, start, end) = three();
        file[start + 4..start + 8].copy_from_slice(&wrong.to_le_bytes());
        let read_back = read(&file);
        assert_eq!(data(&read_back), [b"first", b"third"], "{wrong}");
        assert!(problems(&read_back)[0].ends_with(&format!("at byte {end}")), "{:?}", problems(&read_back));
    }
}

#[test]
fn a_cut_packet_is_not_searched_for_packets() {
    // The packet that was cut carries a pcapng.
    let (inner, ..) = three();
    let (mut file, ..) = three();
    let start = file.len();
    file.extend(enhanced(Order::Little, 0, 4, &[&inner[..], &[0; 100]].concat(), &[]));
    let read_back = read(&file[..file.len() - 50]);
    assert_eq!(read_back.packets.len(), 3);
    assert_eq!(read_back.ended_by.unwrap().offset(), Some(start as u64));
    assert!(read_back.problems.is_empty());
}

#[test]
fn bytes_that_were_lost_or_added_cost_one_block() {
    let (mut file, start, end) = three();
    file.remove(start + 30);
    assert_eq!(data(&read(&file)), [b"first", b"third"]);
    let (mut file, ..) = three();
    file.insert(end, 0);
    assert_eq!(data(&read(&file)), [&b"first"[..], b"second", b"third"]);
}

#[test]
fn a_length_without_its_padding_is_tolerated() {
    let order = Order::Little;
    let mut file = section(order);
    file.extend(interface(order, 1, 0, &[]));
    // 28 bytes, 5 of packet, 3 of padding, 4: 40, but the program wrote 37.
    let block = Bytes::new(order).u32(6).u32(37).u32(0).u32(0).u32(0).u32(5).u32(5).padded(b"hello").u32(37);
    file.extend(block.bytes);
    file.extend(enhanced(order, 0, 3, b"next", &[]));
    let file = read(&file);
    assert_eq!(data(&file), [&b"hello"[..], b"next"]);
    assert_eq!(file.problems.total(), 1);
}

#[test]
fn a_cut_pcapng_says_where_and_what_to_do() {
    let (file, start, end) = three();
    let cut = read(&file[..end - 1]);
    assert_eq!(data(&cut), [b"first"]);
    let error = cut.ended_by.unwrap();
    let (needed, left) = (end - start, end - start - 1);
    assert_eq!(
        error.to_string(),
        format!(
            "at byte {start}: the file ends inside an Enhanced Packet Block: {needed} bytes belong there, {left} are left"
        )
    );
    assert_eq!(error.offset(), Some(start as u64));
}

#[test]
fn unknown_versions_and_half_magics_are_refused() {
    let mut file = section(Order::Little);
    file[12] = 2;
    let error = read(&file).ended_by.unwrap();
    assert_eq!(error.to_string(), "at byte 0: pcapng version 2.0 is not known");
    let error = read_all(&b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1b"[..]).unwrap_err();
    assert!(error.to_string().contains("byte-order magic"), "{error}");
    let error = read_all(&section(Order::Little)[..9]).unwrap_err();
    assert!(matches!(error, Error::Truncated { offset: 0, needed: 12, available: 9, .. }), "{error}");
    let error = read_all(&pcap(Order::Big, 0xA1B2_C3D4, 1).bytes[..20]).unwrap_err();
    assert!(matches!(error, Error::Truncated { offset: 0, needed: 24, available: 20, .. }), "{error}");
}

#[test]
fn the_beginning_of_a_file_may_break_off_anywhere() {
    let (file, _, _) = three();
    let whole = read(&file);
    for cut in 28..=file.len() {
        let beginning = read_beginning(&file[..cut], 2).unwrap();
        assert!(beginning.ended_by.is_none() && beginning.problems.total() == 0, "{cut}");
        assert_eq!(beginning.packets, whole.packets[..beginning.packets.len()], "{cut}");
        assert!(beginning.packets.len() <= 2 && beginning.interfaces.len() <= 1, "{cut}");
    }
    assert_eq!(read_beginning(&file[..], 2).unwrap().packets.len(), 2);
    assert!(read_beginning(&b"this is no capture at all"[..], 2).is_err());
}
