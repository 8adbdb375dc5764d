//! Memories from patterns, descriptions, files and functions.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use attractor::diffusion::{self, Sampling};
use attractor::memories::{self, Denoiser, Function, Options, Spec};
use attractor::{Extras, Patterns, Prepare};
use attractor_data::{description_from_text, memory_from_bytes, read_description, read_memory, summary};
use attractor_networks::{PARAMETERS, Plan, Trainer};
use numpy::{PyArray1, ToPyArray};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::arrays::{read, read_if};
use crate::error::{foreign as carried, refused, unreadable};
use crate::memory::{Held, Memory};
use crate::observe::Signals;
use crate::options::{Named, of_model, typed};

/// What is known of each pattern besides its values.
pub struct Known<'a, 'py> {
    pub labels: Option<Vec<String>>,
    pub weights: Option<Vec<f64>>,
    pub values: Option<&'a Bound<'py, PyAny>>,
}

/// Of the number type that the patterns have.
pub fn patterns(
    py: Python<'_>,
    model: &str,
    named: &Named,
    patterns: &Bound<'_, PyAny>,
    prepare: &str,
    raw: bool,
    known: Known,
) -> PyResult<Memory> {
    let spec = Spec { model: model.to_owned(), options: typed(of_model(model), named)? };
    match read::<f64>("patterns", patterns).is_ok() {
        true => of::<f64>(py, spec, patterns, prepare, raw, known),
        false => of::<f32>(py, spec, patterns, prepare, raw, known),
    }
}

fn of<F: Held>(
    py: Python<'_>,
    spec: Spec,
    patterns: &Bound<'_, PyAny>,
    prepare: &str,
    raw: bool,
    known: Known,
) -> PyResult<Memory> {
    let array = read::<F>("patterns", patterns)?;
    let values = read_if::<F>("values", known.values)?;
    // Copied, since a memory must not change under its user.
    let (raw_patterns, associated) = (array.as_array().to_owned(), values.map(|v| v.as_array().to_owned()));
    let extras = Extras { labels: known.labels, weights: known.weights, associated };
    let prepare = prepare.to_owned();
    let size = raw_patterns.len();
    let build = move || -> attractor::Result<Memory> {
        let card = memories::model(&spec.model)?.card;
        let prepare = preparation(&prepare, raw, card.raw)?;
        let patterns = Patterns::prepared(raw_patterns, prepare, card.spins)?;
        let provenance = vec![format!("stored {} rows of an array", patterns.len())];
        let memory = spec.build(patterns.with(extras)?)?;
        Ok(Memory { any: F::hold(memory), spec, raw, provenance })
    };
    abandonable(py, size, build)?.map_err(refused)
}

/// A score network that is trained now, of the number type that the patterns have.
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn trained(
    py: Python<'_>,
    named: &Named,
    patterns: &Bound<'_, PyAny>,
    prepare: &str,
    raw: bool,
    labels: Option<Vec<String>>,
    training: &Named,
    progress: Option<Py<PyAny>>,
) -> PyResult<Memory> {
    let spec = Spec { model: "network".to_owned(), options: typed(of_model("network"), named)? };
    let training = &typed(PARAMETERS, training)?;
    match read::<f64>("patterns", patterns).is_ok() {
        true => train::<f64>(py, spec, patterns, prepare, raw, labels, training, progress),
        false => train::<f32>(py, spec, patterns, prepare, raw, labels, training, progress),
    }
}

#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
fn train<F: Held>(
    py: Python<'_>,
    spec: Spec,
    patterns: &Bound<'_, PyAny>,
    prepare: &str,
    raw: bool,
    labels: Option<Vec<String>>,
    training: &Options,
    progress: Option<Py<PyAny>>,
) -> PyResult<Memory> {
    let values = read::<F>("patterns", patterns)?.as_array().to_owned();
    py.detach(|| {
        let plan = Plan::new(training).map_err(refused)?;
        // Options of recall are looked at before the work.
        let sampling = Sampling::from_options(&spec.options).map_err(refused)?;
        let prepare = preparation(prepare, raw, false).map_err(refused)?;
        let patterns = Patterns::prepared(values, prepare, false).map_err(refused)?;
        let patterns = patterns.with(Extras { labels, ..Extras::default() }).map_err(refused)?;
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
        Ok(Memory { any: F::hold(memory), spec, raw, provenance })
    })
}

/// What is done to patterns first.
fn preparation(prepare: &str, raw: bool, compares_raw: bool) -> attractor::Result<Prepare> {
    match prepare {
        "auto" if raw && !compares_raw => Ok(Prepare::Normalize),
        "auto" => Ok(Prepare::None),
        name => name.parse(),
    }
}

/// Runs `f`, on a thread of its own if there is much to do. At Ctrl-C it is left alone: it finishes what it began, and
/// nobody hears of it.
fn abandonable<T: Send + 'static>(
    py: Python<'_>,
    size: usize,
    f: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    /// Numbers that are stored too quickly for anyone to want to stop it.
    const LITTLE: usize = 100_000;
    /// Between looks at signals.
    const PATIENCE: Duration = Duration::from_millis(50);
    if size < LITTLE {
        return Ok(py.detach(f));
    }
    let (give, mut take) = mpsc::channel();
    let worker = std::thread::Builder::new().name("attractor".into()).spawn(move || {
        // Nobody may be left to take it.
        let _ = give.send(f());
    });
    let worker =
        worker.map_err(|reason| PyRuntimeError::new_err(format!("cannot start a thread: {reason}")))?;
    loop {
        let taker = &mut take;
        match py.detach(move || taker.recv_timeout(PATIENCE)) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            // It panicked; so does this.
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(PyRuntimeError::new_err("a memory was not built")),
            },
        }
    }
}

/// From a file, or from the text of one.
pub fn description(
    py: Python<'_>,
    path: &Path,
    text: Option<&str>,
    named: &Named,
    wide: bool,
) -> PyResult<Memory> {
    let options = typed(of_model("extended"), named)?;
    py.detach(|| {
        let described = match text {
            Some(text) => description_from_text(path, text),
            None => read_description(path),
        }
        .map_err(unreadable)?;
        let sampling = Sampling::from_options(&options).map_err(refused)?;
        let any = match wide {
            true => f64::hold(
                memories::extended(described.mixture().map_err(refused)?, sampling).map_err(refused)?,
            ),
            false => f32::hold(
                memories::extended(described.mixture().map_err(refused)?, sampling).map_err(refused)?,
            ),
        };
        let spec = Spec { model: "extended".into(), options };
        Ok(Memory { any, spec, raw: false, provenance: vec![format!("described in {}", path.display())] })
    })
}

/// From a callable.
pub fn foreign<F: Held>(
    denoiser: Py<PyAny>,
    dim: usize,
    named: &Named,
    spread: f64,
    patterns: Option<&Bound<'_, PyAny>>,
    labels: Option<Vec<String>>,
) -> PyResult<Memory> {
    let denoise = move |states: ndarray::ArrayView2<F>, sigmas: &[f64]| {
        Python::attach(|py| {
            let levels = PyArray1::from_slice(py, sigmas);
            let answer = denoiser.bind(py).call1((states.to_pyarray(py), levels))?;
            Ok(read::<F>("denoiser", &answer)?.as_array().to_owned())
        })
        .map_err(carried)
    };
    let options = typed(diffusion::PARAMETERS, named)?;
    let sampling = Sampling::from_options(&options).map_err(refused)?;
    let memory = Denoiser::new(Box::new(Function::new(dim, denoise)), sampling)
        .and_then(|memory| memory.with_spread(spread))
        .map_err(refused)?;
    let memory = match read_if::<F>("patterns", patterns)? {
        Some(array) => {
            let patterns = Patterns::new(array.as_array().to_owned());
            let labelled = patterns.and_then(|p| p.with(Extras { labels, ..Extras::default() }));
            labelled.and_then(|p| memory.with_patterns(p)).map_err(refused)?
        }
        None => memory,
    };
    let spec = Spec { model: "denoiser".into(), options };
    Ok(Memory { any: F::hold(Box::new(memory)), spec, raw: false, provenance: Vec::new() })
}

/// From a stored memory; options given now take the place of those it was stored with.
pub fn load(
    py: Python<'_>,
    path: &Path,
    bytes: Option<&[u8]>,
    options: Option<(&str, &Named)>,
    wide: Option<bool>,
) -> PyResult<Memory> {
    let options = options.map(|(model, named)| typed(of_model(model), named)).transpose()?;
    py.detach(|| {
        let own = match bytes {
            Some(_) => None,
            None => match summary(path).map_err(unreadable)? {
                Some(summary) => Some(summary.dtype == "f64"),
                // Says what is wrong.
                None => read_memory::<f32>(path).map(|_| None).map_err(unreadable)?,
            },
        };
        match wide.or(own).unwrap_or(false) {
            true => loaded::<f64>(path, bytes, options),
            false => loaded::<f32>(path, bytes, options),
        }
    })
}

fn loaded<F: Held>(path: &Path, bytes: Option<&[u8]>, options: Option<Options>) -> PyResult<Memory> {
    let stored = match bytes {
        Some(bytes) => memory_from_bytes::<F>(path, bytes),
        None => read_memory::<F>(path),
    };
    let stored = stored.map_err(unreadable)?;
    let mut spec = stored.spec;
    let rule_before = spec.options.get("rule").cloned();
    if let Some(options) = options {
        spec.options = options;
    }
    // Couplings learned by another rule are of no use.
    let learned = stored.learned.filter(|_| spec.options.get("rule") == rule_before.as_ref());
    let memory = spec.build_on(stored.patterns, learned).map_err(|error| match error {
        attractor::Error::UnknownName { kind: "model", found, .. } => PyValueError::new_err(format!(
            "{}: expected a memory of this version, found the model '{found}'; update attractor",
            path.display()
        )),
        other => refused(other),
    })?;
    Ok(Memory { any: F::hold(memory), spec, raw: stored.raw, provenance: stored.provenance })
}
