//! A response whose program breaks off in the midst of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base::Duration;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use net::{Os, Sleep};

/// How long after its last words the program breaks off: what it wrote has left by then.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(1);

/// A body that promises more than comes of it, and then fails.
pub(super) struct BrokenOff {
    torso: Bytes,
    promised: u64,
    os: Os,
    last_words: Option<Pin<Box<Sleep>>>,
}

impl BrokenOff {
    /// `torso` of a body of `promised` bytes.
    pub(super) fn new(os: &Os, torso: Bytes, promised: usize) -> BrokenOff {
        BrokenOff { torso, promised: promised as u64, os: os.clone(), last_words: None }
    }
}

impl Body for BrokenOff {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.torso.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.torso)))));
        }
        let BrokenOff { os, last_words, .. } = &mut *self;
        ready!(last_words.get_or_insert_with(|| Box::pin(os.sleep(LAST_WORDS))).as_mut().poll(cx));
        Poll::Ready(Some(Err(io::Error::other("the program broke off in the midst of a response"))))
    }
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
