//! Protocols of replay.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use attractor::fields::{Kind, Value};
use attractor_replay::{Experiences, PARAMETERS, Protocol, Replay, Round};
use attractor_session::{Held, Opened, Origin, Session, with_memory};
use ndarray::Array2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Number, give, list, read, read_if};
use crate::error::{foreign, refused, replayed};
use crate::memory::Memory;
use crate::observe::Signals;
use crate::options::{Named, typed};

/// What Python gives besides the memory.
struct Given<'a, 'py> {
    events: &'a Bound<'py, PyAny>,
    stream: Option<&'a Bound<'py, PyAny>>,
    core: Option<&'a Bound<'py, PyAny>>,
    /// The file of the state, whether to go on from it, and the seconds between two saves.
    state: Option<PathBuf>,
    resume: bool,
    every: f64,
    progress: Option<Py<PyAny>>,
}

/// The memory with its new weights, what was observed of each round, and where the events are in the memory.
type Result<'py> = PyResult<(Memory, Bound<'py, PyDict>, Vec<Vec<usize>>)>;

/// Replays events in a memory.
#[pyfunction]
#[pyo3(signature = (memory, events, settings, *, seed, stream=None, core=None, state=None, resume=false, every=30.0, progress=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn replay<'py>(
    py: Python<'py>,
    memory: &Memory,
    events: &Bound<'py, PyAny>,
    settings: &Named<'py>,
    seed: u64,
    stream: Option<&Bound<'py, PyAny>>,
    core: Option<&Bound<'py, PyAny>>,
    state: Option<PathBuf>,
    resume: bool,
    every: f64,
    progress: Option<Py<PyAny>>,
) -> Result<'py> {
    let protocol = Protocol::from_options(&typed(PARAMETERS, settings)?, seed).map_err(refused)?;
    if !(0.0..=1e6).contains(&every) {
        let text = format!("save_every: expected a number of seconds from 0 to 1e6, found {every}");
        return Err(PyValueError::new_err(text));
    }
    let given = Given { events, stream, core, state, resume, every, progress };
    with_memory!(&memory.0.memory, held => played(py, &memory.0, held, given, protocol))
}

fn played<'py, F: Number + Held>(
    py: Python<'py>,
    session: &Session,
    memory: &dyn attractor::Memory<F>,
    given: Given<'_, 'py>,
    protocol: Protocol,
) -> Result<'py> {
    let (events, stream) = (read::<F>("events", given.events)?, read_if::<F>("stream", given.stream)?);
    let core = read_if::<bool>("core", given.core)?;
    let about = &session.about;
    let experiences = Experiences {
        stream: stream.as_ref().map(|rows| rows.as_array()),
        core: core.as_ref().map(|units| units.as_array()),
        shape: about.shape,
        grey: about.raw,
        ..Experiences::new(events.as_array())
    };
    let Given { state, resume, every, progress, .. } = given;
    let mut raised = None;
    let replay = py.detach(|| -> attractor_replay::Result<Replay<F>> {
        let mut replay = match (&state, resume) {
            (Some(file), true) => Replay::resume(&about.spec, memory, &experiences, protocol, file)?,
            _ => Replay::new(&about.spec, memory, &experiences, protocol)?,
        };
        let mut signals = Signals::new();
        let rounds = replay.protocol().rounds;
        replay.run(state.as_deref(), Duration::from_secs_f64(every), &mut |round: &Round| {
            let told = match &progress {
                Some(progress) => Python::attach(|py| {
                    py.check_signals()?;
                    progress.bind(py).call1((round.round, rounds)).map(|_| ())
                }),
                None => signals.check(),
            };
            match told {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    raised = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        Ok(replay)
    });
    if let Some(error) = raised {
        // An exception of the caller's own function is raised unchanged.
        return Err(refused(foreign(error)));
    }
    let replay = replay.map_err(replayed)?;
    let memory = replay.memory(0).map_err(replayed)?;
    let mut about = about.clone();
    about.origin = Origin::Stored;
    let protocol = replay.protocol();
    about.provenance.push(format!(
        "replayed {} rounds of rule {}, seed {}",
        protocol.rounds, protocol.rule, protocol.seed
    ));
    let session = Session::from(Opened { memory, about });
    Ok((Memory::of(session), columns(py, replay.rounds())?, replay.events(0)))
}

/// Each field of all rounds as an array.
fn columns<'py>(py: Python<'py>, rounds: &[Round]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    for field in Round::FIELDS {
        let values = rounds.iter().map(|round| (field.get)(round));
        let array = match field.kind {
            Kind::Whole => list(py, values.map(|v| v.whole().map_or(-1, |n| n as i64)).collect()),
            Kind::Numbers => {
                let numbers: Vec<f64> = values
                    .flat_map(|v| if let Value::Numbers(x) = v { x.to_vec() } else { Vec::new() })
                    .collect();
                let dim = (rounds.len(), numbers.len() / rounds.len().max(1));
                give(py, Array2::from_shape_vec(dim, numbers).expect("one number for each round and event"))
            }
            _ => list(py, values.map(|v| v.number().unwrap_or(f64::NAN)).collect()),
        };
        columns.set_item(field.name, array)?;
    }
    Ok(columns)
}
