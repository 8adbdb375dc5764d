//! Checkpoints: a file with the memory so far and what training needs to resume.

use std::collections::BTreeMap;
use std::sync::Arc;

use attractor::diffusion::{LinearRate, Process};
use attractor::memories::{Learned, Spec, TRAINED, Weights};
use attractor::{Patterns, Real};
use attractor_data::{Shape, Stored, Training};
use serde_json::{Value, json};

use crate::adam::Adam;
use crate::settings::Settings;
use crate::trainer::Trainer;

/// Names of the optimiser's arrays, before the number of the layer.
const FIRST: &str = "first";
const SECOND: &str = "second";
/// The array of the trained weights, if the memory is made of their average.
const WEIGHTS: &str = "weights";

impl Trainer {
    /// The memory so far, with what training needs to resume. `patterns` must be those that training began with.
    pub fn stored<F: Real>(
        &self,
        patterns: Patterns<F>,
        shape: Option<Shape>,
        raw: bool,
        provenance: Vec<String>,
    ) -> Stored<F> {
        let mut arrays = BTreeMap::new();
        let mut keep = |name: &str, layers: &[Vec<f32>]| {
            for (number, layer) in layers.iter().enumerate() {
                arrays.insert(format!("{name}.{number}"), layer.clone());
            }
        };
        keep(FIRST, &self.adam.first);
        keep(SECOND, &self.adam.second);
        if self.adam.average.is_some() {
            keep(WEIGHTS, self.network.weights());
        }
        let settings = self.settings();
        let rate = match settings.process {
            Process::VarianceExploding { diffusion_rate } => json!([diffusion_rate]),
            Process::VariancePreserving { gamma } => json!([gamma]),
            _ => settings.process.linear_rate().map_or(json!([]), |r| json!([r.min, r.max])),
        };
        let says = json!({
            "done": self.done(),
            "steps": settings.steps,
            "process": settings.process.name(),
            "process-rate": rate,
            "last-time": settings.last_time,
            "batch-repeats": settings.repeats,
            "rate": settings.rate,
            "cosine": settings.cosine,
            "average": settings.average,
            "seed": settings.seed,
        });
        Stored {
            spec: Spec::new(TRAINED.name),
            learned: Some(Learned {
                patterns: patterns.len(),
                weights: Weights::Network(Arc::new(self.network())),
            }),
            patterns,
            training: Some(Training { says, arrays }),
            shape,
            raw,
            provenance,
        }
    }

    /// Resumes training from a file.
    ///
    /// # Errors
    /// The memory was not trained, or the file lacks what training needs. The reason is a part of a sentence.
    pub fn resume<F: Real>(stored: &Stored<F>) -> Result<Self, String> {
        let Some(Weights::Network(network)) = stored.learned.as_ref().map(|l| &l.weights) else {
            return Err(format!("a stored memory of the model {}", stored.spec.model));
        };
        let training =
            stored.training.as_ref().ok_or("a network without what its training needs to go on")?;
        let says = &training.says;
        let settings = settings(says).ok_or("settings of its training that cannot be read")?;
        let done = says["done"].as_u64().ok_or("a training of unknown length")?;
        let read = |name: &str| -> Result<Vec<Vec<f32>>, String> {
            let layer = |(number, weights): (usize, &Vec<f32>)| {
                let found = training.arrays.get(&format!("{name}.{number}"));
                found
                    .filter(|array| array.len() == weights.len() && array.iter().all(|x| x.is_finite()))
                    .cloned()
                    .ok_or_else(|| format!("an array '{name}.{number}' of its training that does not fit"))
            };
            network.weights().iter().enumerate().map(layer).collect()
        };
        let mut adam = Adam::new(network, settings.average > 0.0);
        (adam.first, adam.second) = (read(FIRST)?, read(SECOND)?);
        let mut trained = network.as_ref().clone();
        if settings.average > 0.0 {
            for (number, layer) in read(WEIGHTS)?.iter().enumerate() {
                trained.layer_mut(number).copy_from_slice(layer);
            }
        }
        Trainer::from_parts(&stored.patterns, settings, trained, adam, done).map_err(|e| e.to_string())
    }
}

fn settings(says: &Value) -> Option<Settings> {
    let process: Process = says["process"].as_str()?.parse().ok()?;
    let rates: Vec<f64> = serde_json::from_value(says["process-rate"].clone()).ok()?;
    let process = match rates[..] {
        [] => process,
        [rate] => process.with_rate(rate).ok()?,
        [min, max] => process.with_linear_rate(LinearRate { min, max }).ok()?,
        _ => return None,
    };
    let settings = Settings {
        process,
        last_time: match &says["last-time"] {
            Value::Null => None,
            time => Some(time.as_f64()?),
        },
        steps: says["steps"].as_u64()?,
        repeats: usize::try_from(says["batch-repeats"].as_u64()?).ok()?,
        rate: says["rate"].as_f64()?,
        cosine: says["cosine"].as_bool()?,
        average: says["average"].as_f64()?,
        seed: says["seed"].as_u64()?,
    };
    settings.check().ok()?;
    Some(settings)
}
