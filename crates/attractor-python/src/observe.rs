//! Observers in Python, and Ctrl-C. Everything here runs on the calling thread.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use attractor::{Frame, Observer, Preparation};
use numpy::PyArray1;
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;

use crate::arrays::{Number, give};

/// The time between two checks for signals.
const INTERVAL: Duration = Duration::from_millis(20);

/// Checks from time to time whether the user pressed Ctrl-C.
pub struct Signals {
    asked: Option<Instant>,
}

impl Signals {
    /// The first check comes after a short time, so that short calls make none.
    pub fn new() -> Self {
        Signals { asked: None }
    }

    /// # Errors
    /// `KeyboardInterrupt`, or whatever a handler raised.
    pub fn check(&mut self) -> PyResult<()> {
        let now = Instant::now();
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
    signals: Signals,
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
