//! How an event is written as one line: as text or as JSON. Both say which request it belongs to.
//!
//! The text is that of `tracing_subscriber`, with the id in place of a span. It is put together by hand, because every
//! request makes one: the library calls a formatter with colours for each piece of it.

use std::cell::RefCell;
use std::fmt::{self, Debug};
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
        line.write_str(dim)?;
        write_now(&mut line)?;
        for part in [plain, " ", colour, name, plain, " "].into_iter().chain(id).chain([dim, target, ":", plain, " "]) {
            line.write_str(part)?;
        }
        if colours {
            // The library escapes the colours in values.
            context.format_fields(line.by_ref(), event)?;
        } else {
            let mut fields = Fields { line: line.by_ref(), first: true, result: Ok(()) };
            event.record(&mut fields);
            fields.result?;
        }
        line.write_char('\n')
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

/// Writes the time, like `2026-11-22T09:12:00.000000Z`. The text of a second is made once.
#[expect(clippy::disallowed_methods, reason = "the log has the machine's time, whatever clock a spec gives the server")]
fn write_now(line: &mut Writer<'_>) -> fmt::Result {
    thread_local!(static SECOND: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.as_secs() {
            let time = i64::try_from(now.as_secs()).ok().and_then(|second| Timestamp::from_second(second).ok());
            *text = time.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.").to_string();
            *second = now.as_secs();
        }
        line.write_str(text)
    })?;
    let mut digits = *b"000000Z";
    let mut rest = now.subsec_micros();
    for digit in digits[..6].iter_mut().rev() {
        // A digit fits.
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    line.write_str(std::str::from_utf8(&digits).unwrap_or_default())
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

/// Writes the message and the fields: `message name=value name=value`.
struct Fields<'w> {
    line: Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl Fields<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let name = field.name();
        // What the crate `log` adds stands in front already.
        if self.result.is_err() || name.starts_with("log.") {
            return;
        }
        let space = if std::mem::take(&mut self.first) { "" } else { " " };
        // A name that is a word of Rust was written `r#type`.
        let (name, is) = if name == "message" { ("", "") } else { (name.strip_prefix("r#").unwrap_or(name), "=") };
        let before = [space, name, is].into_iter().try_for_each(|part| self.line.write_str(part));
        self.result = before.and_then(|()| value(&mut self.line));
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |line| write!(line, "{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(
            field,
            |line| if field.name() == "message" { line.write_str(value) } else { write!(line, "{value:?}") },
        );
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |line| write!(line, "{value}"));
    }
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
