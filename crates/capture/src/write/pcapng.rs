//! pcapng, one section in little-endian order (draft-ietf-opsawg-pcapng §4).

use std::io::{self, Write};

use base::WallTime;

use super::{misuse, total};
use crate::block::{self, option};
use crate::{Direction, LinkType, SecretsKind};

/// Writes a pcapng file. Each call writes its block with several small writes: put a [`std::io::BufWriter`] around a
/// file. The blocks stand in the order of the calls; secrets must precede the packets that they decrypt.
#[derive(Debug)]
pub struct PcapNg<W: Write> {
    out: W,
    interfaces: u32,
}

/// An interface to be described. Its time stamps count nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interface<'a> {
    /// What its packets start with.
    pub link_type: LinkType,
    /// The most bytes kept of a packet; 0 is no limit.
    pub snap_len: u32,
    /// Its name; empty for none. Names and comments are cut at 65,532 bytes.
    pub name: &'a str,
    /// What it is; empty for none.
    pub description: &'a str,
    /// What people should know about it.
    pub comments: &'a [&'a str],
}

/// A packet to be written, its bytes apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The interface that saw it: what [`PcapNg::interface`] returned.
    pub interface: u32,
    /// When it was seen; from 1970 on.
    pub at: WallTime,
    /// How many bytes it had on the wire; `None` if all of them are given.
    pub original_len: Option<u32>,
    /// Which way it went.
    pub direction: Option<Direction>,
    /// What people should know about it.
    pub comments: &'a [&'a str],
}

impl<'a> Interface<'a> {
    /// An interface of which nothing is known but its link type.
    pub const fn new(link_type: LinkType) -> Interface<'a> {
        Interface { link_type, snap_len: 0, name: "", description: "", comments: &[] }
    }
}

impl<'a> Packet<'a> {
    /// A whole packet, seen by an interface at a moment.
    pub const fn new(interface: u32, at: WallTime) -> Packet<'a> {
        Packet { interface, at, original_len: None, direction: None, comments: &[] }
    }
}

impl<W: Write> PcapNg<W> {
    /// Starts a file: writes the section header.
    ///
    /// # Errors
    /// As `out` fails.
    pub fn new(out: W) -> io::Result<PcapNg<W>> {
        PcapNg::with_comments(out, &[])
    }

    /// As [`PcapNg::new`], with comments on the whole.
    ///
    /// # Errors
    /// As `out` fails.
    pub fn with_comments(mut out: W, comments: &[&str]) -> io::Result<PcapNg<W>> {
        let mut body = Vec::with_capacity(16);
        body.extend(block::BYTE_ORDER_MAGIC.to_le_bytes());
        // Version 1.0; the section's length is not told (-1), as it is not known when this is written.
        body.extend([1, 0, 0, 0]);
        body.extend((-1i64).to_le_bytes());
        options(&mut body, comments.iter().map(|text| (option::COMMENT, text.as_bytes())));
        whole_block(&mut out, block::SECTION, &body)?;
        Ok(PcapNg { out, interfaces: 0 })
    }

    /// Describes an interface and returns its number, the first is 0.
    ///
    /// # Errors
    /// As the output fails.
    pub fn interface(&mut self, interface: &Interface<'_>) -> io::Result<u32> {
        let mut body = Vec::with_capacity(64);
        body.extend(interface.link_type.to_u16().to_le_bytes());
        body.extend([0, 0]);
        body.extend(interface.snap_len.to_le_bytes());
        let texts = [(option::IF_NAME, interface.name), (option::IF_DESCRIPTION, interface.description)];
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let comments = interface.comments.iter().map(|text| (option::COMMENT, *text));
        let texts = texts.chain(comments).map(|(code, text)| (code, text.as_bytes()));
        options(&mut body, texts.chain([(option::IF_TSRESOL, &[9][..])]));
        whole_block(&mut self.out, block::INTERFACE, &body)?;
        self.interfaces += 1;
        Ok(self.interfaces - 1)
    }

    /// Writes TLS secrets (SSLKEYLOGFILE text, see [`crate::keylog::KeyLog`]); nothing if there are none. Write them
    /// before the packets: tshark, for one, uses only what precedes.
    ///
    /// # Errors
    /// As the output fails, and [`io::ErrorKind::InvalidInput`] beyond 128 MiB.
    pub fn tls_secrets(&mut self, key_log: &str) -> io::Result<()> {
        if key_log.is_empty() { Ok(()) } else { self.secrets(SecretsKind::TlsKeyLog, key_log.as_bytes()) }
    }

    /// Writes secrets of any kind.
    ///
    /// # Errors
    /// As [`PcapNg::tls_secrets`].
    pub fn secrets(&mut self, kind: SecretsKind, secrets: &[u8]) -> io::Result<()> {
        let len = total([secrets].into_iter())?;
        let mut body = Vec::with_capacity(8 + secrets.len() + 4);
        body.extend(kind.to_u32().to_le_bytes());
        body.extend(len.to_le_bytes());
        body.extend(secrets);
        pad(&mut body);
        whole_block(&mut self.out, block::SECRETS, &body)
    }

    /// Writes a packet. Its bytes may come in pieces, which are not copied: `[&head[..], &body[..]]`, or `&[bytes::Bytes]`.
    ///
    /// # Errors
    /// As the output fails; [`io::ErrorKind::InvalidInput`] for an interface that was not described, for a time before
    /// 1970 and for more than 128 MiB, in which cases nothing is written.
    pub fn packet<I>(&mut self, packet: &Packet<'_>, data: I) -> io::Result<()>
    where
        I: IntoIterator<Item: AsRef<[u8]>, IntoIter: Clone>,
    {
        let data = data.into_iter();
        let captured = total(data.clone())?;
        if packet.interface >= self.interfaces {
            let (named, known) = (packet.interface, self.interfaces);
            return Err(misuse(format!("a packet names interface {named}, but only {known} were described")));
        }
        let Ok(nanos) = u64::try_from(packet.at.as_unix_nanos()) else {
            return Err(misuse(format!("a packet's time, {}, is before 1970", packet.at)));
        };
        let mut tail = Vec::new();
        let flags = packet.direction.map(|direction| direction.to_flags().to_le_bytes());
        let flags = flags.as_ref().map(|flags| (option::PACKET_FLAGS, &flags[..]));
        let comments = packet.comments.iter().map(|text| (option::COMMENT, text.as_bytes()));
        options(&mut tail, comments.chain(flags));

        let padded = captured.next_multiple_of(4);
        let length = tail.len() as u64 + u64::from(padded) + 32;
        let length = u32::try_from(length).map_err(|_| misuse("a packet's comments are longer than a block may be"))?;
        let mut head = [0; 28];
        let fields = [
            block::ENHANCED_PACKET,
            length,
            packet.interface,
            (nanos >> 32) as u32,
            nanos as u32,
            captured,
            packet.original_len.unwrap_or(captured),
        ];
        for (place, field) in head.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.out.write_all(&head)?;
        for piece in data {
            self.out.write_all(piece.as_ref())?;
        }
        self.out.write_all([0; 3].get(..(padded - captured) as usize).unwrap_or_default())?;
        self.out.write_all(&tail)?;
        self.out.write_all(&length.to_le_bytes())
    }

    /// Ends the file and gives the output back, flushed.
    ///
    /// # Errors
    /// As the output fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Writes a block: type, length, body (a multiple of four bytes), length.
fn whole_block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len() as u64 + 12).map_err(|_| misuse("a block longer than its format allows"))?;
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.write_all(&length.to_le_bytes())
}

/// Appends options and their end mark; nothing if there are none.
fn options<'a>(body: &mut Vec<u8>, options: impl Iterator<Item = (u16, &'a [u8])>) {
    let before = body.len();
    for (code, value) in options {
        let value = cut(value);
        body.extend(code.to_le_bytes());
        body.extend((value.len() as u16).to_le_bytes());
        body.extend(value);
        pad(body);
    }
    if body.len() > before {
        body.extend([0; 4]);
    }
}

/// An option's value, cut between characters where it is too long for its 16-bit length.
fn cut(value: &[u8]) -> &[u8] {
    const LONGEST: usize = 65_532;
    if value.len() <= LONGEST {
        return value;
    }
    // UTF-8's continuation bytes start with the bits 10.
    let end = (0..=LONGEST).rev().find(|end| value.get(*end).is_none_or(|byte| byte & 0xC0 != 0x80));
    value.get(..end.unwrap_or(LONGEST)).unwrap_or(value)
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}
