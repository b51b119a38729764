//! What commands print. Unlike `println!`, nothing here panics if the reader has closed the pipe, like `| head`.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use super::logging;
use super::shared::Failure;

/// The exit code of a process that the signal SIGPIPE ended, as shells report it.
const BROKEN_PIPE: u8 = 141;

/// Prints a text to standard output.
///
/// # Errors
/// If it cannot be written. The command then stops and returns this error.
pub fn print(text: impl Display) -> io::Result<()> {
    write!(io::stdout(), "{text}")
}

/// Prints a line to standard output.
///
/// # Errors
/// As [`print`].
pub fn print_line(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Prints a line to standard error, where a script does not read it. If it cannot be written, the command goes on.
pub fn print_note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints why a command failed. Returns its exit code.
///
/// A closed pipe is no failure to report: other tools end silently.
pub fn print_failure(failure: &Failure) -> ExitCode {
    if failure.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        return BROKEN_PIPE.into();
    }
    print_note(format_args!("handstamp: {}", logging::one_line(&failure.to_string(), false)));
    ExitCode::FAILURE
}
