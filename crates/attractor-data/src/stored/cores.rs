//! The file of a reconstructive memory: a density, and cores of events.
//!
//! The density has the arrays of `density.rs`. The cores have: `cores.values` (all cores, one after the other),
//! `cores.widths` (N numbers of numbers), `cores.weights` (N) and `cores.encoders` (N): the number of the encoder, or −1
//! for an event that keeps units of its own, which are in `cores.units` in the order of the values. Encoders that are
//! matrices have their rows one after the other in `encoders.rows`, and `encoders.widths` numbers of rows.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use attractor::Real;
use attractor::energies::{Encoder, Event, Form, Odds, Reconstruction, Semantic};
use ndarray::{Array2, s};
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Value, json};

use super::density::{StoredDensity, gaussians_of, of_gaussians};
use super::read::Arrays;
use super::{Array, DENSITY_VERSION, KEY, StoredSummary, array, vector, wrong};
use crate::error::Result;

/// A summary of the cores of events.
#[derive(Clone, Debug, PartialEq)]
pub struct CoresSummary {
    /// The form of the memory: `conditioned` or `literal`.
    pub form: String,
    /// How likely events are before a cue: `equal` or `evidence`.
    pub odds: String,
    /// How many numbers are stored of all events together.
    pub numbers: usize,
    /// The number of encoders.
    pub encoders: usize,
}

impl CoresSummary {
    pub(super) fn of(says: &Value) -> Option<Self> {
        let count = |name: &str| says[name].as_u64().map(|n| n as usize);
        Some(CoresSummary {
            form: says["form"].as_str()?.to_owned(),
            odds: says["odds"].as_str()?.to_owned(),
            numbers: count("numbers")?,
            encoders: count("encoders")?,
        })
    }
}

/// The distinct encoders of events, and the number of each event's.
fn distinct(events: &[Event]) -> (Vec<&Encoder>, Vec<usize>) {
    let mut encoders: Vec<&Encoder> = Vec::new();
    let mut numbers = Vec::with_capacity(events.len());
    for event in events {
        let known = encoders.iter().position(|known| *known == event.encoder.as_ref());
        let found = known.unwrap_or_else(|| {
            encoders.push(&event.encoder);
            encoders.len() - 1
        });
        numbers.push(found);
    }
    (encoders, numbers)
}

impl<F: Real> StoredDensity<F> {
    /// The bytes of the file of a reconstructive memory.
    pub(super) fn cores_to_bytes(&self, recipe: &Reconstruction) -> Result<Vec<u8>> {
        let (encoders, numbers) = distinct(&recipe.events);
        let options =
            self.spec.options.iter().map(|(k, v)| (k.to_owned(), Value::from(v.to_string()))).collect();
        let labels =
            |all: Vec<&Option<String>>| all.iter().any(|label| label.is_some()).then_some(json!(all));
        let stored: usize = recipe.events.iter().map(|event| event.core.len()).sum();
        let says = json!({
            "version": DENSITY_VERSION,
            "model": self.spec.model,
            "options": Value::Object(options),
            "raw": self.raw,
            "shape": self.shape.map(|s| s.to_string()),
            "provenance": self.provenance,
            "memory_labels": labels(recipe.events.iter().map(|event| &event.label).collect()),
            "semantic_labels": labels(recipe.semantic.iter().map(|part| &part.label).collect()),
            "dtype": F::NAME,
            "units": recipe.dim(),
            "density": {
                "gaussians": recipe.semantic.len(),
                "rank": recipe.semantic.iter().map(|part| part.gaussian.deviations().len()).max(),
                "events": recipe.events.len(),
                "event_weight": self.mixture.event_weight(),
                "cores": {
                    "form": recipe.form.name(),
                    "odds": recipe.odds.name(),
                    "gist": recipe.gist,
                    "numbers": stored,
                    "encoders": encoders.len(),
                },
            },
        });
        let gaussians: Vec<_> =
            recipe.semantic.iter().enumerate().map(|(k, part)| (k, part.weight, &part.gaussian)).collect();
        let mut arrays = of_gaussians(&gaussians);
        arrays.extend(of_cores(&recipe.events, &encoders, &numbers));
        // Formats of arrays have no empty lists.
        arrays.retain(|(_, _, sizes, _)| sizes.iter().all(|&size| size > 0));
        let refused = |error: safetensors::SafeTensorError| wrong(Path::new("memory"), error.to_string());
        let mut views = Vec::new();
        for (name, kind, sizes, bytes) in &arrays {
            views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes).map_err(refused)?));
        }
        serialize(views, Some(HashMap::from([(KEY.to_owned(), says.to_string())]))).map_err(refused)
    }
}

fn of_cores(events: &[Event], encoders: &[&Encoder], numbers: &[usize]) -> Vec<Array> {
    // The place of each encoder among those that are matrices.
    let mut matrices = 0;
    let places: Vec<Option<usize>> = encoders
        .iter()
        .map(|encoder| {
            matrices += usize::from(encoder.kept_units().is_none());
            encoder.kept_units().is_none().then(|| matrices - 1)
        })
        .collect();
    let of_events: Vec<f64> =
        numbers.iter().map(|&number| places[number].map_or(-1.0, |place| place as f64)).collect();
    let units: Vec<f64> = events
        .iter()
        .filter_map(|event| event.encoder.kept_units())
        .flatten()
        .map(|&unit| unit as f64)
        .collect();
    let values: Vec<f64> = events.iter().flat_map(|event| event.core.iter().copied()).collect();
    let widths: Vec<f64> = events.iter().map(|event| event.core.len() as f64).collect();
    let weights: Vec<f64> = events.iter().map(|event| event.weight).collect();
    let own: Vec<Array2<f64>> = encoders
        .iter()
        .filter(|encoder| encoder.kept_units().is_none())
        .map(|encoder| encoder.rows())
        .collect();
    let rows: usize = own.iter().map(|rows| rows.nrows()).sum();
    let dim = own.first().map_or(0, |rows| rows.ncols());
    let heights: Vec<f64> = own.iter().map(|rows| rows.nrows() as f64).collect();
    vec![
        vector("cores.values", &values),
        vector("cores.widths", &widths),
        vector("cores.weights", &weights),
        vector("cores.encoders", &of_events),
        vector("cores.units", &units),
        array("encoders.rows", (rows, dim), own.iter().flat_map(|rows| rows.iter().copied())),
        vector("encoders.widths", &heights),
    ]
}

/// Reads a reconstructive memory.
pub(super) fn cores_from<F: Real>(
    arrays: &Arrays,
    says: &Value,
    summary: StoredSummary,
) -> Result<StoredDensity<F>> {
    let cores = &says["density"]["cores"];
    let labels = |name: &str, count: usize| -> Result<Vec<Option<String>>> {
        let list: Vec<Option<String>> = match &says[name] {
            Value::Null => vec![None; count],
            list => serde_json::from_value(list.clone())
                .map_err(|_| arrays.wrong("one whose labels cannot be read"))?,
        };
        if list.len() == count { Ok(list) } else { Err(arrays.wrong("one whose labels cannot be counted")) }
    };
    let gaussians = gaussians_of(arrays)?;
    let names = labels("semantic_labels", gaussians.len())?;
    let total: f64 = gaussians.iter().map(|(weight, _)| weight).sum();
    let semantic: Vec<Semantic> = gaussians
        .into_iter()
        .zip(names)
        .map(|((weight, gaussian), label)| Semantic { weight: weight / total, gaussian, label })
        .collect();
    let mut events = events_from(arrays, summary.dim)?;
    for (event, label) in events.iter_mut().zip(labels("memory_labels", summary.patterns)?) {
        event.label = label;
    }
    if events.len() != summary.patterns {
        return Err(arrays.wrong("events that cannot be counted"));
    }
    let named = |name: &str| cores[name].as_str().unwrap_or_default().to_owned();
    let refused = |error: attractor::Error| arrays.refused(&error);
    let recipe = Reconstruction {
        semantic,
        events,
        form: named("form").parse::<Form>().map_err(refused)?,
        odds: named("odds").parse::<Odds>().map_err(refused)?,
        gist: cores["gist"].as_f64().unwrap_or(f64::NAN),
    };
    if let Some(shape) = summary.shape {
        shape.check(summary.dim)?;
    }
    let mixture = recipe.mixture::<F>().map_err(refused)?;
    let (spec, shape) = (summary.spec, summary.shape);
    Ok(StoredDensity { spec, mixture, shape, raw: summary.raw, provenance: summary.provenance })
}

/// The events with their encoders.
fn events_from(arrays: &Arrays, dim: usize) -> Result<Vec<Event>> {
    let damaged = || arrays.wrong("cores whose sizes disagree");
    // What is left out has no numbers.
    let list = |name: &str| Ok::<_, crate::Error>(arrays.list(name)?.unwrap_or_default());
    let whole = |name: &str| -> Result<Vec<usize>> {
        let numbers = list(name)?;
        let is_whole = |x: &f64| (0.0..1e15).contains(x) && x.fract() == 0.0;
        if numbers.iter().all(is_whole) {
            Ok(numbers.into_iter().map(|x| x as usize).collect())
        } else {
            Err(damaged())
        }
    };
    let refused = |error: attractor::Error| arrays.refused(&error);
    let (values, widths, weights) = (list("cores.values")?, whole("cores.widths")?, list("cores.weights")?);
    let (numbers, units) = (list("cores.encoders")?, whole("cores.units")?);
    let rows = arrays.table("encoders.rows")?.unwrap_or_else(|| Array2::zeros((0, dim)));
    let mut matrices = Vec::new();
    let mut from = 0;
    for height in whole("encoders.widths")? {
        let to = from + height;
        if to > rows.nrows() || rows.ncols() != dim {
            return Err(damaged());
        }
        matrices.push(Arc::new(Encoder::matrix(rows.slice(s![from..to, ..]).to_owned()).map_err(refused)?));
        from = to;
    }
    if [weights.len(), numbers.len()] != [widths.len(); 2] || widths.iter().sum::<usize>() != values.len() {
        return Err(damaged());
    }
    let mut known: HashMap<Vec<usize>, Arc<Encoder>> = HashMap::new();
    let (mut events, mut value, mut unit) = (Vec::new(), 0, 0);
    for ((&width, &weight), &number) in widths.iter().zip(&weights).zip(&numbers) {
        let encoder = if number >= 0.0 {
            matrices.get(number as usize).cloned().ok_or_else(damaged)?
        } else {
            let own = units.get(unit..unit + width).ok_or_else(damaged)?.to_vec();
            unit += width;
            match known.get(&own) {
                Some(encoder) => encoder.clone(),
                None => {
                    let encoder = Arc::new(Encoder::units(dim, own.clone()).map_err(refused)?);
                    known.insert(own, encoder.clone());
                    encoder
                }
            }
        };
        events.push(Event { encoder, core: values[value..value + width].to_vec(), weight, label: None });
        value += width;
    }
    Ok(events)
}
