//! A letter: what a mail says, as plain text and as simple HTML, and when it is tried again.
//!
//! It loads nothing and counts no reader. In the store it is encrypted, because its link is a secret.

use std::fmt::Write as _;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};

/// A mail to one address. No `Debug`: it can contain a link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// An [`Email`](super::email::Email).
    pub to: String,
    /// One line of ASCII.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The paragraphs of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paragraph {
    Words(String),
    /// Names and values, one a line.
    Facts(Vec<(&'static str, String)>),
    /// An address to open.
    Link(String),
}

/// How long a mail is tried again.
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// The time for which one process has a mail to itself. Longer than sending can take.
pub const LEASE: Duration = Duration::from_mins(5);

/// Characters of a line of text (RFC 5322, section 2.1.1, recommends at most 78).
const WIDTH: usize = 72;

const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Returns the wait after a mail was not sent for the `tries`th time. It doubles.
#[must_use]
pub fn wait_after(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1).max(0)).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT)
}

impl Letter {
    /// Writes a letter. `subject`: one line.
    #[must_use]
    pub fn new(to: &str, subject: &str, paragraphs: &[Paragraph]) -> Self {
        let (mut text, mut html) = (String::new(), String::from("<!doctype html>\r\n<html lang=\"en\"><body>\r\n"));
        // Cannot fail: the targets are strings.
        for paragraph in paragraphs {
            match paragraph {
                Paragraph::Words(words) => {
                    let _ = write!(text, "{}\r\n\r\n", wrapped(words));
                    let _ = write!(html, "<p>{}</p>\r\n", escaped(words));
                }
                Paragraph::Facts(facts) => {
                    html += "<p>";
                    for (at, (name, value)) in facts.iter().enumerate() {
                        let _ = write!(text, "{name}: {value}\r\n");
                        let line = if at == 0 { "" } else { "<br>\r\n" };
                        let _ = write!(html, "{line}{name}: {}", escaped(value));
                    }
                    text += "\r\n";
                    html += "</p>\r\n";
                }
                Paragraph::Link(address) => {
                    let address_in_html = escaped(address);
                    let _ = write!(text, "{address}\r\n\r\n");
                    let _ = write!(html, "<p><a href=\"{address_in_html}\">{address_in_html}</a></p>\r\n");
                }
            }
        }
        html += "</body></html>\r\n";
        Self { to: to.to_owned(), subject: subject.to_owned(), text: text.trim_end().to_owned() + "\r\n", html }
    }

    /// Returns the bytes that the store keeps encrypted.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Fails only for maps with other keys than texts.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads [`Self::to_bytes`]. `None` for bytes of another version.
    #[must_use]
    pub fn from_bytes(bytes: &SecretSlice<u8>) -> Option<Self> {
        serde_json::from_slice(bytes.expose_secret()).ok()
    }
}

/// Breaks a paragraph into lines. With longer ones, the mail would be encoded, and hard to read in the outbox.
fn wrapped(words: &str) -> String {
    let (mut lines, mut column) = (String::with_capacity(words.len() + 16), 0);
    for word in words.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            lines += "\r\n";
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_as_text_and_as_html_and_a_name_is_no_markup() {
        let facts = Paragraph::Facts(vec![("When", "now".into()), ("Where", "<b>curl</b> & \"more\"".into())]);
        let link = Paragraph::Link("https://id.example.org/?a=1&b=2".into());
        let letter = Letter::new("ada@example.org", "Subject", &[Paragraph::Words("Hello <ada>,".into()), facts, link]);

        let text =
            "Hello <ada>,\r\n\r\nWhen: now\r\nWhere: <b>curl</b> & \"more\"\r\n\r\nhttps://id.example.org/?a=1&b=2\r\n";
        assert_eq!(letter.text, text);
        let html = "<!doctype html>\r\n<html lang=\"en\"><body>\r\n<p>Hello &lt;ada&gt;,</p>\r\n\
                    <p>When: now<br>\r\nWhere: &lt;b&gt;curl&lt;/b&gt; &amp; &quot;more&quot;</p>\r\n\
                    <p><a href=\"https://id.example.org/?a=1&amp;b=2\">https://id.example.org/?a=1&amp;b=2</a></p>\r\n\
                    </body></html>\r\n";
        assert_eq!(letter.html, html);
        assert!(Letter::from_bytes(&letter.to_bytes().into()).unwrap() == letter);
        assert!(Letter::from_bytes(&b"{}".to_vec().into()).is_none());
    }

    #[test]
    fn a_paragraph_has_short_lines_and_a_link_is_never_broken() {
        let words = "word ".repeat(40);
        let link = Paragraph::Link(format!("https://id.example.org/{}", "x".repeat(100)));
        let letter = Letter::new("ada@example.org", "Subject", &[Paragraph::Words(words.trim().into()), link.clone()]);
        let lines: Vec<_> = letter.text.lines().filter(|line| !line.is_empty()).collect();
        assert!(lines[..3].iter().all(|line| line.len() <= WIDTH && line.starts_with("word")), "{lines:?}");
        assert_eq!(lines[..3].join(" "), words.trim());
        assert_eq!(Paragraph::Link(lines[3].to_owned()), link);
    }

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let waits: Vec<_> = (1..=12).map(|tries| wait_after(tries).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
        assert_eq!((wait_after(0).as_secs(), wait_after(i64::MAX).as_secs()), (10, 3600));
    }
}
