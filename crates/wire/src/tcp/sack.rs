//! The blocks of a SACK option (RFC 2018 §3).

use std::ops::Deref;

use super::Seq;

/// SACK blocks that fit into a header: 40 bytes of options hold four (RFC 2018 §3).
pub const MAX_SACK_BLOCKS: usize = 4;

/// The blocks of a SACK option: left edge and the number after the right end, in the order on the wire (RFC 2018 §3). They
/// stand in place: a segment is moved without looking after memory.
#[derive(Clone, Copy, Default)]
pub struct SackBlocks {
    blocks: [(Seq, Seq); MAX_SACK_BLOCKS],
    len: u8,
}

impl SackBlocks {
    /// None.
    pub fn new() -> SackBlocks {
        SackBlocks::default()
    }
    /// Appends a block. Of more than [`MAX_SACK_BLOCKS`] the surplus is dropped: no header holds it.
    pub fn push(&mut self, block: (Seq, Seq)) {
        if let Some(room) = self.blocks.get_mut(usize::from(self.len)) {
            *room = block;
            self.len += 1;
        }
    }
    /// The blocks.
    #[inline]
    pub fn as_slice(&self) -> &[(Seq, Seq)] {
        &self.blocks[..usize::from(self.len)]
    }
}

impl Deref for SackBlocks {
    type Target = [(Seq, Seq)];
    #[inline]
    fn deref(&self) -> &[(Seq, Seq)] {
        self.as_slice()
    }
}

impl FromIterator<(Seq, Seq)> for SackBlocks {
    fn from_iter<I: IntoIterator<Item = (Seq, Seq)>>(blocks: I) -> SackBlocks {
        let mut out = SackBlocks::new();
        blocks.into_iter().for_each(|block| out.push(block));
        out
    }
}

impl PartialEq for SackBlocks {
    fn eq(&self, other: &SackBlocks) -> bool {
        self.as_slice() == other.as_slice()
    }
}
impl Eq for SackBlocks {}

impl std::fmt::Debug for SackBlocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}
