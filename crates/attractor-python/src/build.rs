//! Builds memories from patterns, descriptions, files and Python functions.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use attractor::diffusion::{self, Sampling};
use attractor::memories::{self, DESCRIBED, Denoiser, Function, Options, Spec, TRAINED};
use attractor_data::{Shape, description_from_text, read_description};
use attractor_networks::{PARAMETERS, Trainer, TrainingPlan};
use attractor_session::{
    About, Auto, Held, Known, Origin, Precision, Session, Setup, Source, in_precision, prepared_array,
};
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::arrays::{Number, read, read_if};
use crate::callable::Callable;
use crate::error::{foreign as carried, refused, session, unreadable};
use crate::memory::Memory;
use crate::observe::Signals;
use crate::options::{Named, array, noising, of_model, typed};

/// Patterns to store: rows, their preparation, labels, weights and values.
pub struct Patterns<'a, 'py> {
    pub rows: &'a Bound<'py, PyAny>,
    pub prepare: &'a str,
    /// Whether the rows were bytes or bools.
    pub raw: bool,
    /// The sizes of an image, as `8x8`, if the rows are images.
    pub image: Option<&'a str>,
    pub labels: Option<Vec<String>>,
    pub weights: Option<Vec<f64>>,
    pub values: Option<&'a Bound<'py, PyAny>>,
}

/// Double precision if `wide`, else single.
pub fn precision(wide: bool) -> Precision {
    if wide { Precision::F64 } else { Precision::F32 }
}

/// The number type of an array.
fn precision_of(rows: &Bound<'_, PyAny>) -> Precision {
    precision(read::<f64>("patterns", rows).is_ok())
}

/// Builds a memory with the number type of the patterns.
pub fn patterns(py: Python<'_>, model: &str, named: &Named, stored: Patterns) -> PyResult<Memory> {
    let card = memories::model(model).map_err(refused)?.card;
    let options = typed(card.parameters, named)?;
    let setup = Setup {
        model: Some(card),
        options,
        noising: noising(named)?,
        couplings: array(named, "couplings")?,
        addresses: array(named, "addresses")?,
        ..Setup::default()
    };
    in_precision!(precision_of(stored.rows), F => of::<F>(py, setup, stored))
}

fn of<F: Held + Number>(py: Python<'_>, setup: Setup, stored: Patterns) -> PyResult<Memory> {
    // The rows are copied: if the caller changes the array later, the memory must not change.
    let rows = read::<F>("patterns", stored.rows)?.as_array().to_owned();
    let associated = read_if::<F>("values", stored.values)?.map(|v| v.as_array().to_owned());
    let known = Known { labels: stored.labels, weights: stored.weights, associated };
    let (raw, size) = (stored.raw, rows.len());
    let shape = shape_of(stored.image);
    let setup = Setup { prepare: Some(stored.prepare.parse().map_err(refused)?), ..setup };
    let build = move || {
        let Session { memory, about } = Session::of_array(rows, known, raw, &setup)?;
        Ok(Session { memory, about: About { shape, ..about } })
    };
    interruptible(py, size, build)?.map(Memory::of).map_err(session)
}

/// The shape of images. Sizes that no picture has, such as two channels, are none.
fn shape_of(sizes: Option<&str>) -> Option<Shape> {
    sizes?.parse().ok()
}

/// Trains a score network on patterns. The memory has the number type of the patterns.
pub fn trained(
    py: Python<'_>,
    named: &Named,
    stored: Patterns,
    training: &Named,
    progress: Option<Py<PyAny>>,
) -> PyResult<Memory> {
    let spec = Spec { model: TRAINED.name.to_owned(), options: typed(TRAINED.parameters, named)? };
    let training = typed(PARAMETERS, training)?;
    in_precision!(precision_of(stored.rows), F => train::<F>(py, spec, stored, &training, progress))
}

fn train<F: Held + Number>(
    py: Python<'_>,
    spec: Spec,
    stored: Patterns,
    training: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<Memory> {
    let rows = read::<F>("patterns", stored.rows)?.as_array().to_owned();
    let known = Known { labels: stored.labels, ..Known::default() };
    let shape = shape_of(stored.image);
    let (raw, prepare) = (stored.raw, stored.prepare.to_owned());
    py.detach(|| {
        let plan = TrainingPlan::new(training).map_err(refused)?;
        // The options of recall are checked before the training starts.
        let sampling = Sampling::from_options(&spec.options).map_err(refused)?;
        let prepare: Auto = prepare.parse().map_err(refused)?;
        let patterns = prepared_array(rows, known, raw, prepare, TRAINED).map_err(session)?;
        let architecture = plan.architecture(patterns.dim());
        let mut trainer = Trainer::new(&patterns, architecture, plan.settings).map_err(refused)?;
        let mut signals = Signals::new();
        for step in 1..=plan.settings.steps {
            let loss = trainer.step().map_err(refused)?;
            match &progress {
                None => signals.check()?,
                Some(progress) => Python::attach(|py| {
                    py.check_signals()?;
                    progress.bind(py).call1((step, plan.settings.steps, loss)).map(|_| ())
                })?,
            }
        }
        let provenance =
            vec![format!("trained {} steps on {} rows of an array", trainer.done(), patterns.len())];
        let memory = memories::learned(trainer.network(), patterns, sampling).map_err(refused)?;
        let origin = Origin::Rows { bytes: false };
        let about = About { card: Some(TRAINED), spec, shape, raw, units: None, origin, provenance };
        Ok(Memory::of(Session { memory: F::hold(memory), about }))
    })
}

/// Runs `f`, on a separate thread if it takes long. At Ctrl-C the call returns; the thread finishes in the background
/// and its result is dropped.
fn interruptible<T: Send + 'static>(
    py: Python<'_>,
    size: usize,
    f: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    /// Up to so many numbers, storing is too quick to need interrupting.
    const SMALL: usize = 100_000;
    /// The time between two checks for signals.
    const INTERVAL: Duration = Duration::from_millis(50);
    if size < SMALL {
        return Ok(py.detach(f));
    }
    let (give, mut take) = mpsc::channel();
    let worker = std::thread::Builder::new().name("attractor".into()).spawn(move || {
        // The receiver is gone after Ctrl-C.
        let _ = give.send(f());
    });
    let worker =
        worker.map_err(|reason| PyRuntimeError::new_err(format!("cannot start a thread: {reason}")))?;
    loop {
        let taker = &mut take;
        match py.detach(move || taker.recv_timeout(INTERVAL)) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            // The thread panicked; the panic goes on here.
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(PyRuntimeError::new_err("a memory was not built")),
            },
        }
    }
}

/// Builds a memory from a description: a file, or its text.
pub fn description(
    py: Python<'_>,
    path: &Path,
    text: Option<&str>,
    named: &Named,
    wide: bool,
) -> PyResult<Memory> {
    let options = typed(DESCRIBED.parameters, named)?;
    let potential = noising(named)?;
    py.detach(|| {
        let described = match text {
            Some(text) => description_from_text(path, text),
            None => read_description(path),
        };
        let setup =
            Setup { options, noising: potential, precision: Some(precision(wide)), ..Setup::default() };
        Session::of_description(path, described.map_err(unreadable)?, &setup).map(Memory::of).map_err(session)
    })
}

/// Builds a memory from a Python denoiser.
pub fn foreign<F: Held + Number>(
    denoiser: Py<PyAny>,
    dim: usize,
    named: &Named,
    spread: f64,
    patterns: Option<&Bound<'_, PyAny>>,
    labels: Option<Vec<String>>,
) -> PyResult<Memory> {
    let denoiser = Callable::new(denoiser);
    let called = denoiser.clone();
    let denoise = move |states: ndarray::ArrayView2<F>, sigmas: &[f64]| {
        Python::attach(|py| {
            let levels = PyArray1::from_slice(py, sigmas);
            let answer = called.get(py)?.call1((states.to_pyarray(py), levels))?;
            Ok(read::<F>("denoiser", &answer)?.as_array().to_owned())
        })
        .map_err(carried)
    };
    let options = typed(diffusion::PARAMETERS, named)?;
    let sampling = Sampling::from_options(&options).map_err(refused)?;
    let memory = Denoiser::new(Box::new(Function::new(dim, denoise)), sampling)
        .and_then(|memory| memory.with_spread(spread))
        .map_err(refused)?;
    let memory: Box<dyn attractor::Memory<F>> = match read_if::<F>("patterns", patterns)? {
        Some(array) => {
            let patterns = attractor::Patterns::new(array.as_array().to_owned());
            let labelled = patterns.and_then(|p| p.with(Known { labels, ..Known::default() }));
            Box::new(labelled.and_then(|p| memory.with_patterns(p)).map_err(refused)?)
        }
        None => Box::new(memory),
    };
    let spec = Spec { model: memory.name().to_owned(), options };
    let about = About {
        card: None,
        spec,
        shape: None,
        raw: false,
        units: None,
        origin: Origin::Function,
        provenance: Vec::new(),
    };
    Ok(Memory::calling(Session { memory: F::hold(memory), about }, denoiser))
}

/// Loads a stored memory. Options that are given replace the stored options.
pub fn load(
    py: Python<'_>,
    path: &Path,
    bytes: Option<&[u8]>,
    options: Option<(&str, &Named)>,
    wide: Option<bool>,
) -> PyResult<Memory> {
    let potential = options.map(|(_, named)| noising(named)).transpose()?.flatten();
    let given = |name: &str| options.map(|(_, named)| array(named, name)).transpose();
    let (couplings, addresses) = (given("couplings")?.flatten(), given("addresses")?.flatten());
    let options = options.map(|(model, named)| typed(of_model(model), named)).transpose()?;
    py.detach(|| {
        let setup = Setup {
            replace_options: options.is_some(),
            options: options.unwrap_or_default(),
            noising: potential,
            couplings,
            addresses,
            precision: wide.map(precision),
            ..Setup::default()
        };
        if let Some(bytes) = bytes {
            return Session::of_bytes(path, bytes, &setup).map(Memory::of).map_err(session);
        }
        let Some(source) = Source::stored(path).map_err(session)? else {
            // A pipe can be read only once, so its bytes are read here. If the file is not a memory, the error says
            // what is wrong.
            let failed = |reason| unreadable(attractor_data::Error::Read { path: path.to_owned(), reason });
            let bytes = std::fs::read(path).map_err(failed)?;
            return Session::of_bytes(path, &bytes, &setup).map(Memory::of).map_err(session);
        };
        source.build(&setup).map(Memory::of).map_err(session)
    })
}
