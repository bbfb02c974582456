//! HTTP/2 (RFC 9113) by the unmodified `h2`: a client that sends each request on a stream of its own, and a server.
//!
//! `h2` reads the machine's clock in one place only: when an end that has reset a stream itself decides how long to put up with
//! what is still on its way on it. Both ends here remember no such streams, so that no clock is read; what comes late on one is
//! answered as on any closed stream (RFC 9113 §5.1).

mod client;
mod io;
mod server;

use bytes::Bytes;
use h2::{RecvStream, SendStream};

pub(super) use client::Client;
pub(super) use server::serve;

/// The connection preface, by which a server knows HTTP/2 without having been told (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Sends a body, as fast as the windows of stream and connection let it (RFC 9113 §5.2). If it is all, it ends the stream.
/// all.
async fn send_body(stream: &mut SendStream<Bytes>, mut body: Bytes, all: bool) -> Result<(), h2::Error> {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let room = match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(room) => room?,
            // The other end wants no more of it (RFC 9113 §8.1): that is its right.
            None => return Ok(()),
        };
        let piece = body.split_to(room.min(body.len()));
        stream.send_data(piece, all && body.is_empty())?;
    }
    Ok(())
}

/// Takes a body in, giving its sender as much room again as was taken (RFC 9113 §5.2.1).
async fn receive_body(stream: &mut RecvStream) -> Result<Bytes, h2::Error> {
    let mut all = bytes::BytesMut::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}
