//! The two streams of the program: what it finds on stdout, everything else on stderr.
//!
//! A stream that cannot be written ends the printing and not the work. A reader that closed the pipe, as `head` does, or
//! a terminal that was closed is no error. Text from files reaches neither stream with its control characters.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{BufWriter, ErrorKind, Result, StdoutLock, Write};
use std::sync::OnceLock;

use serde_json::Value;

/// The first error of stdout in a command that goes on without it.
static FAILURE: OnceLock<std::io::Error> = OnceLock::new();

/// Writes a line to stderr, as `format!` makes it. It cannot fail and cannot panic.
macro_rules! say {
    ($($words:tt)*) => { $crate::streams::write_line(format_args!($($words)*)) };
}
pub(crate) use say;

/// Writes a line to stderr. If stderr cannot be written, nobody is there to read it.
pub fn write_line(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(std::io::stderr(), "{}", safe(&line, '\u{fffd}'.into()));
}

/// Whether a character does something to a terminal other than taking a place: a control character, or one that changes
/// the direction of writing.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What stands for an active character.
enum Instead {
    This(char),
    JsonEscape,
}

impl From<char> for Instead {
    fn from(c: char) -> Self {
        Instead::This(c)
    }
}

/// The text with line feeds and tabs, and without other active characters.
fn safe(text: &str, instead: Instead) -> Cow<'_, str> {
    let harmful = |c: char| is_active(c) && c != '\n' && c != '\t';
    if !text.contains(harmful) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match instead {
            _ if !harmful(c) => safe.push(c),
            Instead::This(other) => safe.push(other),
            Instead::JsonEscape => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    safe.into()
}

/// Text from a file, safe for one line of a terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_active(c) { '\u{fffd}' } else { c }).collect()
}

/// A label, safe for a line of a terminal, and at most so many characters long.
pub fn label(text: &str, most: usize) -> String {
    match text.char_indices().nth(most - 1) {
        Some((last, _)) if text[last..].chars().nth(1).is_some() => printable(&text[..last]) + "\u{2026}",
        _ => printable(text),
    }
}

/// The longest label in a line of a terminal. Files and JSON have labels whole.
pub const LABEL: usize = 80;

/// Stdout, as a command prints to it.
pub struct Printer {
    out: BufWriter<StdoutLock<'static>>,
    /// Whether the command also writes files, and so goes on if stdout cannot be written.
    files: bool,
    ended: bool,
}

/// Stdout for a command. `files` says that the command also writes files: then an error of stdout ends the printing, and
/// [`failure`] gives it in the end. Without files there is nothing else to do, and the error ends the command.
pub fn stdout(files: bool) -> Printer {
    Printer { out: BufWriter::new(std::io::stdout().lock()), files, ended: false }
}

/// The first error of stdout that a command went on after.
pub fn failure() -> Option<&'static std::io::Error> {
    FAILURE.get()
}

/// Lets a write beyond a limit on the size of files (`ulimit -f`) fail, instead of killing the program.
pub fn go_on_at_file_limits() {
    #[cfg(unix)]
    // SAFETY: ignoring a signal runs no code, and this is called before other threads start.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Whether the error means that the reader closed the pipe.
pub fn is_closed_pipe(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

impl Printer {
    /// Prints one JSON value as a line. Active characters are escaped, as JSON allows inside of strings.
    pub fn json(&mut self, value: &Value) -> Result<()> {
        let text = value.to_string();
        writeln!(self, "{}", safe(&text, Instead::JsonEscape))
    }

    /// Keeps an error if the command goes on.
    fn survive<T>(&mut self, result: Result<T>, usual: T) -> Result<T> {
        match result {
            Err(error) if self.files => {
                self.ended = true;
                let _ = FAILURE.set(error);
                Ok(usual)
            }
            result => result,
        }
    }
}

impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.ended {
            return Ok(bytes.len());
        }
        let written = match std::str::from_utf8(bytes) {
            Ok(text) => self.out.write_all(safe(text, '\u{fffd}'.into()).as_bytes()),
            Err(_) => self.out.write_all(bytes),
        };
        self.survive(written.map(|()| bytes.len()), bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.survive(flushed, ())
    }
}

impl Drop for Printer {
    /// A command that ends early has printed what it could.
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            let _ = FAILURE.set(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_characters_do_not_pass() {
        let text = "a\u{1b}]0;title\u{7}\u{9b}31m\u{202e}b\nc\td";
        assert_eq!(safe(text, '?'.into()), "a?]0;title??31m?b\nc\td");
        assert_eq!(printable("a\nb\tc"), "a\u{fffd}b\u{fffd}c");
        assert_eq!((label("äöü", 3), label("äöü\n", 3)), ("äöü".to_owned(), "äö…".to_owned()));
        assert_eq!(label(&"x".repeat(1 << 20), LABEL).chars().count(), LABEL);
        let value = Value::from("\u{9b}\u{202e}é");
        let escaped = safe(&value.to_string(), Instead::JsonEscape).into_owned();
        assert_eq!(escaped, "\"\\u009b\\u202eé\"");
        assert_eq!(serde_json::from_str::<Value>(&escaped).expect("JSON"), value);
    }
}
