//! Observers in Python, and Ctrl-C. Everything here runs on the calling thread.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use attractor::{Frame, Observer, Preparation};
use attractor_session::batch_of;
use numpy::PyArray1;
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;

use crate::arrays::{Number, give};

/// The time between two checks for signals.
const INTERVAL: Duration = Duration::from_millis(20);

/// How many rows are worked on at a time, so that Ctrl-C is heard within a fraction of a second: few at first if each is
/// much work, then twice as many as long as that is quick. The results of a row do not depend on it.
pub struct Pace {
    rows: usize,
    least: usize,
    most: usize,
}

impl Pace {
    /// The pace for a memory of this many patterns of `dim` units.
    pub fn new(patterns: usize, dim: usize) -> Self {
        /// So many pairs of a pattern's unit and a row take half a second if units are updated one by one (by couplings that are
        /// no whole numbers, 0.5 ns), and 80 ms in a matrix product.
        const FIRST: usize = 800_000_000;
        let most = batch_of(dim);
        let row = dim.max(1).saturating_mul(patterns.max(dim).max(1));
        Pace { rows: (FIRST / row).clamp(1, most), least: 1, most }
    }

    /// The pace for patterns at one bit a unit, of which the rows of a block are read at little more than the cost of one.
    pub fn of_bits(patterns: usize, dim: usize) -> Self {
        /// The rows that share a pass over the bits.
        const BLOCK: usize = 64;
        let Pace { rows, most, .. } = Pace::new(patterns, dim);
        Pace { rows: rows.max(BLOCK), least: BLOCK, most: most.max(BLOCK) }
    }

    /// The pace for a function of the user's, which is called with all rows at once.
    pub fn all_at_once(dim: usize) -> Self {
        Pace { rows: batch_of(dim), least: 1, most: batch_of(dim) }
    }

    /// The number of rows that come next.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes note of the longest time between two checks for signals.
    pub fn adapt(&mut self, longest: Duration) {
        /// A person takes so much for an answer at once.
        const QUICK: Duration = Duration::from_millis(100);
        if longest < QUICK {
            self.rows = (2 * self.rows).min(self.most);
        } else if longest > 4 * QUICK {
            self.rows = (self.rows / 2).max(self.least);
        }
    }
}

/// Checks from time to time whether the user pressed Ctrl-C.
pub struct Signals {
    asked: Option<Instant>,
    /// The last call of `check`, and the longest time between two of them.
    last: Instant,
    longest: Duration,
}

impl Signals {
    /// The first check comes after a short time, so that short calls make none.
    pub fn new() -> Self {
        Signals { asked: None, last: Instant::now(), longest: Duration::ZERO }
    }

    /// The longest time between two checks since this was asked last.
    pub fn longest(&mut self) -> Duration {
        std::mem::take(&mut self.longest)
    }

    /// # Errors
    /// `KeyboardInterrupt`, or whatever a handler raised.
    pub fn check(&mut self) -> PyResult<()> {
        let now = Instant::now();
        self.longest = self.longest.max(now - self.last);
        self.last = now;
        match self.asked {
            Some(asked) if now - asked < INTERVAL => Ok(()),
            before => {
                self.asked = Some(now);
                match before {
                    Some(_) => Python::attach(|py| py.check_signals()),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Shows every step to a Python callable, if there is one, and checks for signals.
pub struct Watch<'a> {
    observer: Option<Py<PyAny>>,
    preparation: &'a Preparation,
    /// Where Ctrl-C is checked.
    pub signals: Signals,
    stopped: bool,
    /// The exception that the callable or a signal handler raised.
    pub raised: Option<PyErr>,
}

impl<'a> Watch<'a> {
    pub fn new(observer: Option<Py<PyAny>>, preparation: &'a Preparation) -> Self {
        Watch { observer, preparation, signals: Signals::new(), stopped: false, raised: None }
    }

    /// Calls the observer; returns whether to go on.
    fn show<F: Number>(&mut self, frame: Frame<F>) -> PyResult<bool> {
        let Some(observer) = &self.observer else {
            return self.signals.check().map(|()| true);
        };
        Python::attach(|py| {
            py.check_signals()?;
            let states = self.preparation.backward(frame.states.to_owned());
            let scale = self.preparation.scale();
            let rows = frame.rows.iter().map(|&row| row as i64);
            let shown = (
                frame.step,
                frame.steps,
                PyArray1::from_iter(py, rows),
                give(py, states),
                PyArray1::from_iter(py, frame.levels.iter().map(|level| level / scale)),
            );
            match observer.bind(py).call1(shown) {
                Ok(answer) => Ok(!answer.extract::<bool>().is_ok_and(|go| !go)),
                // An observer may raise `StopIteration` to stop, as iterators do.
                Err(error) if error.is_instance_of::<PyStopIteration>(py) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }
}

impl<F: Number> Observer<F> for Watch<'_> {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        if !self.stopped && self.raised.is_none() {
            match self.show(frame) {
                Ok(go) => self.stopped = !go,
                Err(error) => self.raised = Some(error),
            }
        }
        if self.stopped || self.raised.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn watches(&self) -> bool {
        self.observer.is_some()
    }
}
