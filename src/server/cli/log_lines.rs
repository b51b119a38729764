//! How an event is written as one line: as text or as JSON. Both say which request it belongs to.
//!
//! The text is that of `tracing_subscriber`, with the id in place of a span. It is put together by hand, because every
//! request makes one: the library calls a formatter with colours for each piece of it.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, format};
use tracing_subscriber::registry::LookupSpan;

use crate::server::request_id;

/// The target of events from the crate `log`. The field `log.target` has the real one.
const FROM_LOG: &str = "log";
/// Bytes of most lines.
const USUAL_BYTES: usize = 256;

/// An event as text: time, level, request id, target, message and fields.
pub struct AsText;

impl<S, N> FormatEvent<S, N> for AsText
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let colours = line.has_ansi_escapes();
        let (name, colour) = level(*event.metadata().level());
        let [dim, colour, plain] = if colours { ["\u{1b}[2m", colour, "\u{1b}[0m"] } else { [""; 3] };
        let id = request_id::current();
        let id = id.as_ref().map_or(["", "", ""], |id| ["request{id=\"", id.as_str(), "\"}: "]);
        let mut of_log = LogTarget(String::new());
        let target = match event.metadata().target() {
            FROM_LOG => {
                event.record(&mut of_log);
                &of_log.0
            }
            target => target,
        };
        let mut text = String::with_capacity(USUAL_BYTES);
        text.push_str(dim);
        push_now(&mut text);
        for part in [plain, " ", colour, name, plain, " "].into_iter().chain(id).chain([dim, target, ":", plain, " "]) {
            text.push_str(part);
        }
        if colours {
            line.write_str(&text)?;
            // The library escapes the colours in values.
            context.format_fields(line.by_ref(), event)?;
            line.write_char('\n')
        } else {
            event.record(&mut Fields { text: &mut text, first: true });
            text.push('\n');
            line.write_str(&text)
        }
    }
}

/// The name of a level, as wide as the others, and its colour.
const fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => ("ERROR", "\u{1b}[31m"),
        Level::WARN => (" WARN", "\u{1b}[33m"),
        Level::INFO => (" INFO", "\u{1b}[32m"),
        Level::DEBUG => ("DEBUG", "\u{1b}[34m"),
        Level::TRACE => ("TRACE", "\u{1b}[35m"),
    }
}

/// Adds the time, like `2026-11-22T09:12:00.000000Z`. The text of a second is made once.
#[expect(clippy::disallowed_methods, reason = "the log has the machine's time, whatever clock a spec gives the server")]
fn push_now(text: &mut String) {
    thread_local!(static SECOND: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    SECOND.with_borrow_mut(|(second, begin)| {
        if *second != now.as_secs() {
            let time = i64::try_from(now.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok());
            *begin = time.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.").to_string();
            *second = now.as_secs();
        }
        text.push_str(begin);
    });
    // Six digits: the leading one of seven is cut off.
    text.push_str(&itoa::Buffer::new().format(1_000_000 + now.subsec_micros())[1..]);
    text.push('Z');
}

/// Finds the target of an event from the crate `log`.
struct LogTarget(String);

impl Visit for LogTarget {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            value.clone_into(&mut self.0);
        }
    }
}

/// Adds the message and the fields: `message name=value name="value of more words"`.
struct Fields<'t> {
    text: &'t mut String,
    first: bool,
}

impl Fields<'_> {
    /// Adds the name of a field. `false`: the crate `log` added the field, and its value stands in front already.
    fn begin(&mut self, field: &Field) -> bool {
        let name = field.name();
        if name.starts_with("log.") {
            return false;
        }
        if !std::mem::take(&mut self.first) {
            self.text.push(' ');
        }
        if name != "message" {
            // A name that is a word of Rust was written `r#type`.
            self.text.push_str(name.strip_prefix("r#").unwrap_or(name));
            self.text.push('=');
        }
        true
    }

    /// Adds what the library would write.
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if self.begin(field) {
            // Cannot fail: the target is a string.
            let _ = self.text.write_fmt(value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != "message" && !is_one_word(value) {
            self.add(field, format_args!("{value:?}"));
        } else if self.begin(field) {
            self.text.push_str(value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if self.begin(field) {
            self.text.push_str(itoa::Buffer::new().format(value));
        }
    }
}

/// Whether a value needs no quotes to be told from what follows.
fn is_one_word(value: &str) -> bool {
    // Not `all`: without an early end, several bytes are compared at once.
    let plain = |byte: u8| matches!(byte, b'!'..=b'~') & !matches!(byte, b'"' | b'=' | b'\\');
    !value.is_empty() && value.bytes().fold(true, |so_far, byte| so_far & plain(byte))
}

/// An event as a JSON object. The request is its span, as `tracing` writes one.
pub struct AsJson(Format<Json>);

impl Default for AsJson {
    fn default() -> Self {
        Self(format().json().with_current_span(false).with_span_list(false))
    }
}

impl<S, N> FormatEvent<S, N> for AsJson
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(id) = request_id::current() else { return self.0.format_event(context, line, event) };
        let mut object = String::new();
        self.0.format_event(context, Writer::new(&mut object), event)?;
        // An id needs no escapes.
        let span = format_args!(r#"{{"id":"{id}","name":"request"}}"#);
        let open = object.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        writeln!(line, r#"{open},"span":{span},"spans":[{span}]}}"#)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt;

    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_value_has_quotes_where_it_could_be_taken_for_something_else() {
        let kept = Kept::default();
        let to = kept.clone();
        let subscriber = fmt().with_ansi(false).event_format(AsText).with_writer(move || to.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let (none, error): (Option<&str>, _) = (None, io::Error::other("a cause"));
            tracing::info!(path = "/a", status = 200_u16, code = none, "Answered");
            tracing::warn!(a = "two words", b = "", c = "x=y", d = "\"", e = "\\", f = "\u{fc}", %error, r#type = true, "{}", "x y");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let rest: Vec<_> = text.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
        assert_eq!(
            rest,
            [
                " INFO handstamp::server::cli::log_lines::tests: Answered path=/a status=200",
                " WARN handstamp::server::cli::log_lines::tests: x y a=\"two words\" b=\"\" c=\"x=y\" d=\"\\\"\" \
                 e=\"\\\\\" f=\"\u{fc}\" error=a cause type=true",
            ]
        );
    }
}
