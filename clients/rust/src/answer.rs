//! Reads answers of `GET /revocations` piece by piece, so that a snapshot of a million entries is never in memory as text.
//!
//! Knows the form of an answer: `{"cursor":"…","entries":[{"sid"|"jti":"…","exp":…},…]}`. Does not know HTTP.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::write::GzDecoder;
use serde::Deserialize;

use crate::error::Broken;

/// Blocks a token with this `sid` or this `jti`.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Entry<'t> {
    #[serde(borrow)]
    pub sid: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub jti: Option<Cow<'t, str>>,
    pub exp: i64,
}

#[derive(Deserialize)]
struct Whole {
    cursor: String,
}

/// Gives entries to `take` as they come. What `take` got is true, also if the answer is cut off later.
pub struct Reader<F> {
    take: F,
    unpack: Option<GzDecoder<Vec<u8>>>,
    head: Vec<u8>,
    rest: Vec<u8>,
    tail: Vec<u8>,
}

impl<F: FnMut(Entry<'_>)> Reader<F> {
    pub fn new(is_gzip: bool, take: F) -> Self {
        let unpack = is_gzip.then(|| GzDecoder::new(Vec::new()));
        Self { take, unpack, head: Vec::new(), rest: Vec::new(), tail: Vec::new() }
    }

    /// Reads the next piece of the body.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Broken> {
        let Some(unpack) = &mut self.unpack else { return self.read(piece) };
        unpack.write_all(piece)?;
        let text = std::mem::take(unpack.get_mut());
        self.read(&text)
    }

    /// Returns the cursor.
    pub fn finish(mut self) -> Result<String, Broken> {
        if let Some(unpack) = self.unpack.take() {
            let text = unpack.finish()?;
            self.read(&text)?;
        }
        if !self.rest.trim_ascii().is_empty() {
            return Err(Broken::Form("it is cut off, or is no list of entries".into()));
        }
        let whole = [self.head, self.tail].concat();
        Ok(serde_json::from_slice::<Whole>(&whole)?.cursor)
    }

    fn read(&mut self, text: &[u8]) -> Result<(), Broken> {
        if !self.tail.is_empty() {
            self.tail.extend_from_slice(text);
            return Ok(());
        }
        self.rest.extend_from_slice(text);
        if self.head.is_empty() {
            // Ids are base64url and numbers: the first bracket opens the list, and the next one closes it.
            let Some(begin) = find(&self.rest, b'[') else { return Ok(()) };
            let rest = self.rest.split_off(begin + 1);
            self.head = std::mem::replace(&mut self.rest, rest);
        }
        if let Some(end) = find(&self.rest, b']') {
            self.tail = self.rest.split_off(end);
        }
        let Some(last) = self.rest.iter().rposition(|byte| *byte == b'}') else { return Ok(()) };
        let rest = self.rest.split_off(last + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        let comma = whole.trim_ascii_start();
        let entries = [b"[", comma.strip_prefix(b",").unwrap_or(comma), b"]"].concat();
        serde_json::from_slice::<Vec<Entry<'_>>>(&entries)?.into_iter().for_each(&mut self.take);
        Ok(())
    }
}

fn find(text: &[u8], wanted: u8) -> Option<usize> {
    text.iter().position(|byte| *byte == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str =
        r#"{ "cursor": "x.1", "entries": [ {"sid":"a","exp":1} , {"jti":"b","exp":2}, {"sid":"c","exp":3} ] }"#;

    fn read(pieces: &[&[u8]], is_gzip: bool) -> Result<(String, Vec<String>), Broken> {
        let mut taken = Vec::new();
        let mut reader = Reader::new(is_gzip, |entry| taken.push(format!("{:?}", (entry.sid, entry.jti, entry.exp))));
        for piece in pieces {
            reader.push(piece)?;
        }
        Ok((reader.finish()?, taken))
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn an_answer_is_the_same_wherever_it_is_cut_into_pieces() {
        let expected = read(&[ANSWER.as_bytes()], false).unwrap();
        assert_eq!((expected.0.as_str(), expected.1.len()), ("x.1", 3));
        for (text, is_gzip) in [(ANSWER.as_bytes().to_vec(), false), (gzip(ANSWER.as_bytes()), true)] {
            for at in 0..text.len() {
                assert_eq!(read(&[&text[..at], &text[at..]], is_gzip).unwrap(), expected, "{at}");
            }
            let single: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(read(&single, is_gzip).unwrap(), expected);
        }
        assert_eq!(read(&[br#"{"cursor":"x.1","entries":[]}"#], false).unwrap(), ("x.1".into(), Vec::new()));
        assert_eq!(read(&[br#"{"entries":[{"sid":"a","exp":1}],"cursor":"x.1"}"#], false).unwrap().1.len(), 1);
    }

    #[test]
    fn an_answer_that_is_cut_off_is_refused_wherever_that_was_and_so_are_other_forms() {
        for (text, is_gzip) in [(ANSWER.as_bytes().to_vec(), false), (gzip(ANSWER.as_bytes()), true)] {
            for end in 0..text.len() {
                assert!(read(&[&text[..end]], is_gzip).is_err(), "{end}");
            }
        }
        for other in ["", "[]", "<html>", r#"{"cursor":1,"entries":[]}"#, r#"{"cursor":"x","entries":[1,2]}"#] {
            assert!(read(&[other.as_bytes()], false).is_err(), "{other}");
        }
    }
}
