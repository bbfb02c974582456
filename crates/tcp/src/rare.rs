//! Memory for what most connections never need.

use std::ops::{Deref, DerefMut};

/// What there is of a [`Rare`] before it is needed.
pub(crate) trait Blank: Default + 'static {
    /// As `Default::default()` makes it.
    const BLANK: &'static Self;
}

/// A part of a connection that takes memory only from its first change on: an idle one has none, and what is used for each
/// segment lies closer together. To look at it costs nothing; to change it allocates, so look first on the usual way.
#[derive(Debug)]
pub(crate) struct Rare<T>(Option<Box<T>>);

impl<T> Rare<T> {
    /// Nothing was needed yet.
    pub(crate) const NONE: Rare<T> = Rare(None);
}

impl<T: Blank> Deref for Rare<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::BLANK)
    }
}

impl<T: Blank> DerefMut for Rare<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(Box::default)
    }
}
