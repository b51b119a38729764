//! What every spec has.

/// What every user of the specs has.
pub const PASSWORD: &str = "correct horse battery staple";
/// What the specs' servers sign with, so that specs can forge with the right key.
pub const SECRET: &str = "specs sign with this and nobody else does: long enough for SHA-512";
