//! Texts that passed every check that does not depend on the clock: access tokens, gate cookies. A text that comes again
//! then costs one lookup.

use std::hash::{Hash, Hasher};

use quick_cache::Equivalent;
use quick_cache::sync::Cache;

/// How many texts are remembered: about 10 MB when full. When it is full, the least used are removed.
const MOST: usize = 8192;

/// What is known about such texts.
pub(super) struct Remembered<T>(Cache<Text, T>);

impl<T: Clone> Remembered<T> {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// Remembers nothing.
    pub(super) fn none() -> Self {
        Self(Cache::new(0))
    }

    pub(super) fn get(&self, text: &str) -> Option<T> {
        self.0.get(&TextRef(text))
    }

    /// Remembers a text. Its signature or seal must have been verified.
    pub(super) fn insert(&self, text: &str, known: T) {
        self.0.insert(Text(text.into()), known);
    }
}

/// A text as a key: compared as a whole, hashed by the end of its signature or seal, which looks random. Only verified
/// texts are added, so an attacker cannot choose texts that collide.
#[derive(Clone, PartialEq, Eq)]
struct Text(Box<str>);

struct TextRef<'t>(&'t str);

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        TextRef(&self.0).hash(state);
    }
}

impl Hash for TextRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bytes = self.0.as_bytes();
        state.write(&bytes[bytes.len().saturating_sub(24)..]);
    }
}

impl Equivalent<Text> for TextRef<'_> {
    fn equivalent(&self, key: &Text) -> bool {
        *self.0 == *key.0
    }
}
