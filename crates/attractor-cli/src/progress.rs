//! Progress of long work, on stderr.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts `what`, or one that is not seen.
pub fn bar(what: &str, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left"));
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
