use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> (KeyLog, Vec<String>) {
    let (log, problems) = KeyLog::parse(text.as_bytes());
    (log, problems.kept().iter().map(ToString::to_string).collect())
}

#[test]
fn comments_blank_lines_and_either_line_end_are_fine() {
    let (cr, s) = ("1F".repeat(32), "ab".repeat(32));
    let text = format!(
        "\u{feff}# made by a browser\r\n\r\n  \nCLIENT_HANDSHAKE_TRAFFIC_SECRET {cr} {s}\r\nSERVER_TRAFFIC_SECRET_0\t{cr}  {s}\n\
         QUIC_CLIENT_TRAFFIC_SECRET_0 {cr} {s}\nEXPORTER_SECRET {cr} {s}"
    );
    let (log, problems) = parse(&text);
    assert_eq!(problems, [""; 0]);
    let labels: Vec<String> = log.secrets(&[0x1F; 32]).iter().map(|secret| secret.label.to_string()).collect();
    assert_eq!(
        labels,
        [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_TRAFFIC_SECRET_0",
            "QUIC_CLIENT_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET"
        ]
    );
    assert_eq!(log.find(&[0x1F; 32], &Label::ServerTrafficSecret(0)), Some(&[0xAB; 32][..]));
    assert_eq!(log.find(&[0x1E; 32], &Label::ServerTrafficSecret(0)), None);
}

#[test]
fn where_files_were_joined_a_byte_order_mark_is_no_part_of_a_label() {
    let (cr, s) = ("00".repeat(32), "11".repeat(32));
    let (log, problems) = parse(&format!("# one\n\u{feff}\u{feff} NEW {cr} {s}\n\u{feff}# two\n"));
    assert_eq!(problems, [""; 0]);
    assert_eq!(log.secrets(&[0; 32]).iter().map(|secret| secret.label.to_string()).collect::<Vec<_>>(), ["NEW"]);
}

#[test]
fn a_bad_line_is_told_and_hinders_no_other() {
    let (cr, master) = ("00".repeat(32), "11".repeat(48));
    let lines = [
        format!("CLIENT_RANDOM {cr} {master}"),
        "CLIENT_RANDOM".to_owned(),
        format!("CLIENT_RANDOM {} {master}", "00".repeat(31)),
        format!("CLIENT_RANDOM {cr} {}", "11".repeat(32)),
        format!("CLIENT_RANDOM {cr} {master}1"),
        format!("CLIENT_RANDOM {} {master}", "zz".repeat(32)),
        format!("CLIENT_RANDOM {cr} {}", "22".repeat(48)),
        format!("CLIENT_TRAFFIC_SECRET_1 {cr} {}", "33".repeat(48)),
        format!("SERVER_TRAFFIC_SECRET_0 {cr} {}", "33".repeat(47)),
    ];
    let (log, problems) = parse(&lines.join("\n"));
    let expected = [
        "line 2: 1 words instead of three (label, client random, secret): ignored",
        "line 3: the client random has 31 bytes instead of 32: ignored",
        "line 4: the secret of CLIENT_RANDOM has 32 bytes instead of 48 bytes: ignored",
        "line 5: the secret has an odd number of hexadecimal digits: ignored",
        "line 6: the client random is not hexadecimal: ignored",
        "line 7: another CLIENT_RANDOM of the same connection: the first one is used",
        "line 9: the secret of SERVER_TRAFFIC_SECRET_0 has 47 bytes instead of 32 or 48 bytes: ignored",
    ];
    assert_eq!(problems, expected);
    assert_eq!(log.find(&[0; 32], &Label::MasterSecret), Some(&[0x11; 48][..]));
    assert_eq!(log.find(&[0; 32], &Label::ClientTrafficSecret(1)), Some(&[0x33; 48][..]));
}

#[test]
fn rsa_lines_have_two_forms() {
    let text = format!(
        "RSA 0102030405060708 {}\nRSA Session-ID:0a0b Master-Key:{}\nRSA 01 {}\nRSA Session-ID:0a0b Master:00\n",
        "03".repeat(48),
        "04".repeat(48),
        "03".repeat(48)
    );
    let (log, problems) = parse(&text);
    let premaster = RsaSecret::Premaster { encrypted_start: [1, 2, 3, 4, 5, 6, 7, 8], premaster: vec![3; 48] };
    let session = RsaSecret::Session { session_id: vec![10, 11], master: vec![4; 48] };
    assert_eq!(log.rsa(), [premaster, session]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn logs_merge_and_repetitions_vanish() {
    let mut one = KeyLog::default();
    assert_eq!(one.insert([1; 32], Label::ClientTrafficSecret(0), &[1; 32]), Inserted::New);
    let mut two = KeyLog::default();
    two.insert([1; 32], Label::ClientTrafficSecret(0), &[1; 32]);
    two.insert([0; 32], Label::EchConfig, &[9; 100]);
    one.merge(&two);
    assert_eq!(one.insert([1; 32], Label::ClientTrafficSecret(0), &[1; 32]), Inserted::Known);
    assert_eq!(one.insert([1; 32], Label::ClientTrafficSecret(0), &[2; 32]), Inserted::Contradicts);
    let randoms: Vec<u8> = one.connections().iter().map(|connection| connection.client_random[0]).collect();
    assert_eq!(randoms, [1, 0], "in the order in which they came");
}

#[test]
fn one_connection_cannot_hold_secrets_without_end() {
    let mut log = KeyLog::default();
    for n in 0..KeyLog::PER_CONNECTION as u32 {
        assert_eq!(log.insert([1; 32], Label::ClientTrafficSecret(n), &[1; 32]), Inserted::New);
    }
    assert_eq!(log.insert([1; 32], Label::ExporterSecret, &[1; 32]), Inserted::Full);
    let long = "A".repeat(100_000);
    assert_eq!(parse(&long).1.len(), 1);
}

proptest! {
    /// What is written reads back the same, whatever the labels.
    #[test]
    fn text_reads_back(
        lines in prop::collection::vec(
            (any::<[u8; 32]>(), "[A-Z_]{1,12}|(CLIENT|SERVER)_TRAFFIC_SECRET_[0-9]{1,3}", 0usize..3), 0..20)
    ) {
        let mut log = KeyLog::default();
        for (random, label, size) in lines {
            let label = Label::from_text(&label);
            if label != Label::Other("RSA".to_owned()) {
                log.insert(random, label, &vec![7; [32, 48, 64][size]]);
            }
        }
        let (again, problems) = KeyLog::parse(log.to_string().as_bytes());
        prop_assert!(problems.is_empty(), "{:?}", problems);
        prop_assert_eq!(again, log);
    }

    /// Any bytes at all are read without harm, and what was made of them reads back.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (log, _) = KeyLog::parse(&bytes);
        prop_assert_eq!(KeyLog::parse(log.to_string().as_bytes()).0, log);
    }

    /// Damage to one line loses that line at most.
    #[test]
    fn one_damaged_byte_costs_one_line(at in 0usize..1000, byte in any::<u8>()) {
        let text = (0..6u8).map(|n| format!("CLIENT_TRAFFIC_SECRET_0 {} {}\n", format!("{n:02x}").repeat(32), "55".repeat(32)));
        let mut text = text.collect::<String>().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let (log, _) = KeyLog::parse(&text);
        let sound = (0..6u8).filter(|n| log.find(&[*n; 32], &Label::ClientTrafficSecret(0)) == Some(&[0x55; 32][..]));
        // A line end that vanishes joins two lines; elsewhere one line is lost.
        prop_assert!(sound.count() >= 4);
    }
}
