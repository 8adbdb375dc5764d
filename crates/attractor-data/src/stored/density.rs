//! The file of a density: Gaussians with their weights, and events beside them.
//!
//! The arrays are: `gaussians.means` (K × D), `gaussians.weights` (K), `gaussians.thicknesses` (K), and the directions of
//! all Gaussians one after the other: `gaussians.directions` (R × D), `gaussians.deviations` (R) and `gaussians.ranks` (K
//! numbers that sum to R). If there are events, they are `patterns` (N × D), with `weights` (N) if they differ.
//! Everything is in the units of the data, so there is no preparation. Events of which only cores are stored have
//! arrays of their own (`cores.rs`).

use std::collections::HashMap;
use std::path::Path;

use attractor::energies::shapes::Subspace;
use attractor::energies::{self, Kind, Mixture};
use attractor::memories::Spec;
use attractor::{Extras, Patterns, Real};
use ndarray::{Array2, s};
use safetensors::SafeTensors;
use safetensors::tensor::{Metadata, TensorView, serialize};
use serde_json::{Value, json};

use super::cores::{CoresSummary, cores_from};
use super::read::Arrays;
use super::{Array, DENSITY_VERSION, KEY, array, describe, vector, wrong};
use crate::error::{Error, Result};
use crate::output::write_atomically;
use crate::shape::Shape;

/// The content of the file of a density (semantic memory), with the events beside it.
#[derive(Clone, Debug)]
pub struct StoredDensity<F> {
    /// Model and options.
    pub spec: Spec,
    /// Gaussians, and single points as events.
    pub mixture: Mixture<F>,
    /// The shape of the images, if rows are images.
    pub shape: Option<Shape>,
    /// Whether the rows were bytes or bools, which are scaled to 0 to 1.
    pub raw: bool,
    /// Its history.
    pub provenance: Vec<String>,
}

/// A summary of a stored density, from the head of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct DensitySummary {
    /// The number of Gaussians, K.
    pub gaussians: usize,
    /// The largest number of directions of a Gaussian.
    pub rank: usize,
    /// The number of events.
    pub events: usize,
    /// The prior weight of all events together.
    pub event_weight: f64,
    /// What is stored of the events, if it is not all of them.
    pub cores: Option<CoresSummary>,
}

/// Whether a mixture can be kept in a file: it has Gaussians, and besides them at most single points or cores of events.
pub fn is_density<F: Real>(mixture: &Mixture<F>) -> bool {
    mixture.reconstruction().is_some() || mixture.gaussians().is_some_and(|gaussians| !gaussians.is_empty())
}

impl<F: Real> StoredDensity<F> {
    /// Writes the file. If that fails, no partial file is left.
    ///
    /// # Errors
    /// The mixture has memories of other kinds, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        write_atomically(path, |file| file.write_all(&bytes))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// The mixture has memories of other kinds; there are more numbers than a file can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if let Some(recipe) = self.mixture.reconstruction() {
            return self.cores_to_bytes(recipe);
        }
        let path = Path::new("memory");
        let mixture = &self.mixture;
        let Some(gaussians) = mixture.gaussians().filter(|gaussians| !gaussians.is_empty()) else {
            let cure = "keep the description or the patterns that it was made of";
            return Err(Error::content(path, "a memory of points and Gaussians", "other shapes", cure));
        };
        let events = mixture.points();
        let count = events.map_or(0, |points| points.len());
        let labels: Vec<Option<&str>> = (0..mixture.memories()).map(|n| mixture.label(n)).collect();
        let options =
            self.spec.options.iter().map(|(k, v)| (k.to_owned(), Value::from(v.to_string()))).collect();
        let first: Vec<usize> = gaussians.iter().map(|(memory, ..)| *memory).collect();
        let says = json!({
            "version": DENSITY_VERSION,
            "model": self.spec.model,
            "options": Value::Object(options),
            "raw": self.raw,
            "shape": self.shape.map(|s| s.to_string()),
            "provenance": self.provenance,
            "memory_labels": labels.iter().any(Option::is_some).then_some(labels),
            "dtype": F::NAME,
            "units": energies::Denoise::dim(mixture),
            "density": {
                "gaussians": gaussians.len(),
                "rank": gaussians.iter().map(|(.., gaussian)| gaussian.deviations().len()).max(),
                "events": count,
                "event_weight": mixture.event_weight(),
                // The numbers of the Gaussians among the memories; the others are the events.
                "memories": first,
            },
        });
        let meta = HashMap::from([(KEY.to_owned(), says.to_string())]);
        let mut arrays = of_gaussians(&gaussians);
        if let Some(points) = events {
            arrays.push(array("patterns", points.values().dim(), points.values().iter().copied()));
            if let Some(weights) = &points.extras().weights {
                arrays.push(vector("weights", weights));
            }
        }
        let refused = |error: safetensors::SafeTensorError| wrong(path, error.to_string());
        let mut views = Vec::new();
        for (name, kind, sizes, bytes) in &arrays {
            views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes).map_err(refused)?));
        }
        serialize(views, Some(meta)).map_err(refused)
    }
}

pub(super) fn of_gaussians(gaussians: &[(usize, f64, &Subspace)]) -> Vec<Array> {
    let dim = gaussians.first().map_or(0, |(.., gaussian)| gaussian.origin().len());
    let all = || gaussians.iter().map(|(.., gaussian)| *gaussian);
    let ranks: Vec<f64> = all().map(|gaussian| gaussian.deviations().len() as f64).collect();
    let directions: Vec<f64> =
        all().flat_map(|g| g.directions().iter().copied().collect::<Vec<_>>()).collect();
    let deviations: Vec<f64> = all().flat_map(|gaussian| gaussian.deviations().to_vec()).collect();
    let thicknesses: Vec<f64> = all().map(Subspace::thickness).collect();
    let weights: Vec<f64> = gaussians.iter().map(|(_, weight, _)| *weight).collect();
    let means = all().flat_map(|gaussian| gaussian.origin().to_vec());
    vec![
        array("gaussians.means", (gaussians.len(), dim), means),
        vector("gaussians.weights", &weights),
        vector("gaussians.ranks", &ranks),
        array("gaussians.directions", (deviations.len(), dim), directions.into_iter()),
        vector("gaussians.deviations", &deviations),
        vector("gaussians.thicknesses", &thicknesses),
    ]
}

/// The density in the description of a file, if it is one.
pub(super) fn density_of(says: &Value) -> Option<DensitySummary> {
    let density = &says["density"];
    let number = |name: &str| density[name].as_u64().map(|n| n as usize);
    Some(DensitySummary {
        gaussians: number("gaussians")?,
        rank: number("rank")?,
        events: number("events")?,
        event_weight: density["event_weight"].as_f64()?,
        cores: match &density["cores"] {
            Value::Null => None,
            cores => Some(CoresSummary::of(cores)?),
        },
    })
}

/// Reads a stored density.
///
/// # Errors
/// The file is not a stored density, is truncated, or has arrays that do not fit together.
pub fn read_density<F: Real>(path: &Path) -> Result<StoredDensity<F>> {
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    density_from_bytes(path, &bytes)
}

/// Reads a stored density from the bytes of its file. `path` is used in messages only.
///
/// # Errors
/// As [`read_density`].
pub fn density_from_bytes<F: Real>(path: &Path, bytes: &[u8]) -> Result<StoredDensity<F>> {
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged or truncated file ({e})"));
    let (_, head) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let summary = describe(path, &head)?.ok_or_else(|| wrong(path, "a file of arrays that says no model"))?;
    let arrays = Arrays { path, tensors };
    if summary.density.is_none() {
        return Err(wrong(path, "one that is no density"));
    }
    let says = said(path, &head)?;
    if summary.density.as_ref().is_some_and(|density| density.cores.is_some()) {
        return cores_from(&arrays, &says, summary);
    }
    let numbers = says["density"]["memories"].as_array().cloned().unwrap_or_default();
    let numbers: Vec<usize> = numbers.iter().filter_map(|n| n.as_u64().map(|n| n as usize)).collect();
    let mut labels: Vec<Option<String>> = match &says["memory_labels"] {
        Value::Null => Vec::new(),
        list => serde_json::from_value(list.clone())
            .map_err(|_| wrong(path, "one whose labels cannot be read"))?,
    };
    let gaussians = gaussians_of(&arrays)?;
    let events = arrays.points::<F>()?;
    let count = gaussians.len() + events.as_ref().map_or(0, |events| events.len());
    labels.resize(count, None);
    let mut memories: Vec<Option<energies::Component<F>>> = (0..count).map(|_| None).collect();
    if numbers.len() != gaussians.len() || numbers.iter().any(|n| *n >= count) {
        return Err(wrong(path, "one whose memories cannot be counted"));
    }
    for (number, (weight, gaussian)) in numbers.into_iter().zip(gaussians) {
        let kind = Kind::Shape(Box::new(gaussian));
        memories[number] = Some(energies::Component { kind, weight, label: labels[number].take() });
    }
    let weight = summary.density.as_ref().map_or(0.0, |density| density.event_weight);
    if let Some(events) = &events {
        let each = weight / events.len() as f64;
        let free: Vec<usize> = (0..count).filter(|n| memories[*n].is_none()).collect();
        for (n, memory) in free.into_iter().enumerate().take(events.len()) {
            let own = events.log_weights().map_or(each, |logs| weight * logs[n].exp());
            let kind = Kind::Point(events.row(n).to_vec());
            memories[memory] = Some(energies::Component { kind, weight: own, label: labels[memory].take() });
        }
    }
    let memories: Option<Vec<_>> = memories.into_iter().collect();
    let memories = memories.ok_or_else(|| wrong(path, "one whose memories cannot be counted"))?;
    let mixture = Mixture::new(memories).map_err(|e| arrays.refused(&e))?;
    if let Some(shape) = summary.shape {
        shape.check(summary.dim)?;
    }
    let (spec, shape) = (summary.spec, summary.shape);
    Ok(StoredDensity { spec, mixture, shape, raw: summary.raw, provenance: summary.provenance })
}

fn said(path: &Path, head: &Metadata) -> Result<Value> {
    let text = head.metadata().as_ref().and_then(|m| m.get(KEY).cloned()).unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| wrong(path, "one whose description cannot be read"))
}

pub(super) fn gaussians_of(arrays: &Arrays) -> Result<Vec<(f64, Subspace)>> {
    let needed = |name: &str| -> Result<Array2<f64>> {
        arrays.table(name)?.ok_or_else(|| arrays.wrong(format!("one without '{name}'")))
    };
    let means = needed("gaussians.means")?;
    let directions = needed("gaussians.directions")?;
    let list = |name: &str| Ok::<_, Error>(needed(name)?.into_raw_vec_and_offset().0);
    let (weights, ranks) = (list("gaussians.weights")?, list("gaussians.ranks")?);
    let (deviations, thicknesses) = (list("gaussians.deviations")?, list("gaussians.thicknesses")?);
    let whole = |rank: &f64| (0.0..=1e9).contains(rank) && rank.fract() == 0.0;
    let fits = ranks.iter().all(whole)
        && ranks.iter().sum::<f64>() == deviations.len() as f64
        && directions.dim() == (deviations.len(), means.ncols())
        && [weights.len(), ranks.len(), thicknesses.len()] == [means.nrows(); 3];
    if !fits {
        return Err(arrays.wrong("Gaussians whose sizes disagree"));
    }
    let mut from = 0;
    let mut gaussians = Vec::new();
    for (k, mean) in means.outer_iter().enumerate() {
        let to = from + ranks[k] as usize;
        let own = directions.slice(s![from..to, ..]).to_owned();
        let gaussian = Subspace::new(mean.to_vec(), own, deviations[from..to].to_vec())
            .and_then(|gaussian| gaussian.with_thickness(thicknesses[k]))
            .map_err(|e| arrays.refused(&e))?;
        gaussians.push((weights[k], gaussian));
        from = to;
    }
    Ok(gaussians)
}

impl Arrays<'_> {
    /// The events, if there are any.
    fn points<F: Real>(&self) -> Result<Option<Patterns<F>>> {
        let Some(values) = self.table("patterns")? else {
            return Ok(None);
        };
        let extras = Extras { weights: self.list("weights")?, ..Extras::default() };
        let patterns = Patterns::new(values.mapv(F::from_f64)).and_then(|patterns| patterns.with(extras));
        patterns.map(Some).map_err(|e| self.refused(&e))
    }
}
