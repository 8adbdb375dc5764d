//! Progress bars on stderr.

use std::cell::Cell;
use std::fmt::Write;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use anyhow::Result;
use attractor_report::{Experiment, Report};
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::again;
use crate::streams::say;

/// The bar of training, with steps per second and the loss as its message.
pub fn training(steps: u64, done: u64, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {msg}, {per_sec:.1}, {eta} left");
    let bar = ProgressBar::new(steps).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_position(done);
    bar.reset_eta();
    bar
}

/// A line that says how far a fit is, whose length is not known.
pub fn spinner(hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// A bar that counts `what`. It may be hidden.
pub fn bar(what: &str, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left"));
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Runs an experiment, and shows how far it is. Its report has the command that was given.
pub fn followed(experiment: &dyn Experiment, quiet: bool) -> Result<Report> {
    let meter = Meter::new(experiment.parts(), quiet);
    let mut report = experiment.run(&mut |done, of| {
        meter.at(done, of);
        Ok(())
    })?;
    meter.end();
    report.command = again::command_line();
    Ok(report)
}

/// How far an experiment is: a bar on a terminal, and elsewhere a line now and then.
struct Meter {
    bar: ProgressBar,
    begun: Instant,
    /// When the next line is due; `None` if there are none.
    due: Cell<Option<Instant>>,
}

impl Meter {
    /// For an experiment that counts `parts`. It may be hidden.
    fn new(parts: &str, hidden: bool) -> Self {
        /// Shorter runs say nothing.
        const FIRST: Duration = Duration::from_secs(10);
        let begun = Instant::now();
        let due = Cell::new((!hidden && !stderr().is_terminal()).then(|| begun + FIRST));
        let bar = bar(parts, hidden);
        let counted =
            if parts == "thousandths" { "{percent} %".into() } else { format!("{{pos}}/{{len}} {parts}") };
        let left = |state: &ProgressState, text: &mut dyn Write| {
            // Nothing is known before the first part is done.
            let _ = match state.pos() {
                0 => write!(text, "after {:#}", HumanDuration(state.elapsed())),
                _ => write!(text, "{:#} left", HumanDuration(state.eta())),
            };
        };
        if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:40}} {counted}, {{left}}")) {
            bar.set_style(style.with_key("left", left));
        }
        Meter { bar, begun, due }
    }

    /// So many of the parts are done.
    fn at(&self, done: usize, of: usize) {
        /// Time between two lines.
        const NEXT: Duration = Duration::from_secs(60);
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
        let now = Instant::now();
        if self.due.get().is_some_and(|due| due <= now) && done < of {
            self.due.set(Some(now + NEXT));
            let share = done as f64 / of.max(1) as f64;
            let elapsed = now - self.begun;
            let left = match done {
                0 => String::new(),
                _ => format!(", about {:#} left", HumanDuration(elapsed.mul_f64(1.0 / share - 1.0))),
            };
            say!("attractor: {:.0} % done after {:#}{left}", 100.0 * share, HumanDuration(elapsed));
        }
    }

    /// All is done.
    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
