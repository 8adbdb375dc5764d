//! The command that runs a report again: the one that was given, quoted for a shell.

/// The command line of this process, as a POSIX shell reads it.
pub fn command_line() -> String {
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once("attractor".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// An argument as a word of a POSIX shell.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:,=+@%^-".contains(c);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_what_was_given() {
        for text in ["plain-1.npy", "a b", "", "it's; $(touch x) `y` \\ \"z\"", "*", "~", "é", "a\nb"] {
            let echo = format!("printf %s {}", quoted(text));
            let output = std::process::Command::new("sh").args(["-c", &echo]).output().expect("sh");
            assert_eq!(String::from_utf8(output.stdout).expect("text"), text);
        }
        assert_eq!(quoted("mask:0.5"), "mask:0.5");
    }
}
