//! The log: one line for each event, as text or JSON, on standard error. A panic is an event too.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use tracing::error;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use super::shared::Failure;
use crate::server::config::Config;
use crate::traces::Traces;

/// Starts writing the log. End the returned traces when the process stops, so that the last ones are sent.
///
/// # Errors
/// A line that says which setting is wrong.
pub fn start_logging(config: &Config) -> Result<Traces, Failure> {
    let (traces, layer) = Traces::begin()?;
    let colours = io::stderr().is_terminal() && !config.log_json;
    let lines = fmt::layer().with_ansi(colours).with_writer(move || OneLine { to: io::stderr(), colours });
    // It would report a log that cannot be written with `eprintln!`, which panics if standard error is closed.
    let lines = lines.log_internal_errors(false);
    let lines = if config.log_json { lines.json().boxed() } else { lines.boxed() };
    tracing_subscriber::registry().with(filter(config)?).with(lines).with(layer).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        error!(place, cause = panic.payload_as_str(), backtrace, "Panicked");
    }));
    Ok(traces)
}

/// Returns the filter that decides what is logged.
///
/// # Errors
/// A line that says that `RUST_LOG` cannot be parsed.
pub fn filter(config: &Config) -> Result<EnvFilter, Failure> {
    let fix = "RUST_LOG is not a filter; use a level (info) or targets with levels (info,hyper=warn)";
    EnvFilter::try_new(&config.log_filter).map_err(|_| fix.into())
}

/// Writes each event as one line, even if a client put control characters into a value: no value can begin a new line,
/// move the reader's cursor, or change the direction of the text after it.
struct OneLine<W> {
    to: W,
    /// Keeps our own colour codes. The formatter has already escaped those in values.
    colours: bool,
}

impl<W: Write> Write for OneLine<W> {
    /// The formatter calls this with one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.to.write_all(one_line(&text, self.colours).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Returns the text as one line. Keeps a final line end. Escapes as JSON does.
pub fn one_line(text: &str, colours: bool) -> Cow<'_, str> {
    let (line, end) = text.strip_suffix('\n').map_or((text, ""), |line| (line, "\n"));
    let harmful = |letter: char| is_harmful(letter) && !(colours && letter == '\u{1b}');
    if !line.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in line.chars() {
        if harmful(letter) {
            // Cannot fail: the target is a string.
            let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
        } else {
            escaped.push(letter);
        }
    }
    escaped.push_str(end);
    Cow::Owned(escaped)
}

/// Control characters, line ends outside ASCII, and characters that change the direction of text.
fn is_harmful(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_stands_in_it() {
        let mut written = Vec::new();
        let mut writer = OneLine { to: &mut written, colours: false };
        writer.write_all("eve\r\nINFO forged \u{1b}[2J\u{9b}31m\u{2028}\u{202e}drawkcab \u{fc}\n".as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "eve\\u000d\\u000aINFO forged \\u001b[2J\\u009b31m\\u2028\\u202edrawkcab \u{fc}\n"
        );
    }

    #[test]
    fn colours_are_let_through_for_a_terminal_and_ends_of_lines_are_not() {
        assert_eq!(one_line("\u{1b}[32mINFO\u{1b}[0m a\nb\n", true), "\u{1b}[32mINFO\u{1b}[0m a\\u000ab\n");
        assert!(matches!(one_line("as it was\n", false), Cow::Borrowed("as it was\n")));
    }
}
