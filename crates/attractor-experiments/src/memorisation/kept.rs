//! Networks that are done, kept in files, so that a stopped run continues.

use std::path::{Path, PathBuf};

use attractor_audit::rates::COUNT;
use attractor_data::{Hold, write_atomically};
use attractor_report::{Error, Result};
use serde_json::{Value, json};

use super::networks::{Gap, Learned, Look, Plan, Rate};

/// A folder of networks that are done; without one, nothing is kept.
pub struct Kept(Option<PathBuf>);

/// Who trains a network.
pub enum Claim {
    /// It is done.
    Done(Box<Learned>),
    /// We do, as long as this is held.
    Ours(Option<Hold>),
    /// Another process.
    Theirs,
}

/// Raise this when results change.
const VERSION: u32 = 1;

impl Kept {
    /// The folder beside a file of results.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn beside(store: Option<&Path>) -> Result<Self> {
        let folder = store.map(|file| file.with_file_name("networks"));
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).map_err(|error| Error::store(folder, &error.to_string()))?;
        }
        Ok(Kept(folder))
    }

    fn path(&self, plan: &Plan, count: usize) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(format!("{}-{count}.json", plan.set.name())))
    }

    /// Whether a network is done, or may be trained here.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn claim(&self, plan: &Plan, count: usize, seed: u64) -> Result<Claim> {
        let Some(path) = self.path(plan, count) else { return Ok(Claim::Ours(None)) };
        let read = || {
            let text = std::fs::read_to_string(&path).ok()?;
            let value: Value = serde_json::from_str(&text).ok()?;
            (value["key"] == key(plan, count, seed)).then(|| learned(&value["network"]))?
        };
        if let Some(done) = read() {
            return Ok(Claim::Done(Box::new(done)));
        }
        Ok(match Hold::at_once(&path) {
            Ok(hold) => match read() {
                Some(done) => Claim::Done(Box::new(done)),
                None => Claim::Ours(Some(hold)),
            },
            Err(attractor_data::Error::Content { .. }) => Claim::Theirs,
            Err(error) => return Err(error.into()),
        })
    }

    /// Keeps a network.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, plan: &Plan, seed: u64, found: &Learned) -> Result<()> {
        let Some(path) = self.path(plan, found.count) else { return Ok(()) };
        let document = json!({ "key": key(plan, found.count, seed), "network": value(found) });
        Ok(write_atomically(&path, |file| write!(file, "{document:#}"))?)
    }
}

fn key(plan: &Plan, count: usize, seed: u64) -> Value {
    json!({
        "version": VERSION, "set": plan.set.name(), "rows": count, "steps": plan.steps, "width": plan.width, "batch": plan.batch,
        "generated": plan.generated, "rate": plan.rate, "seed": seed,
    })
}

/// A network as a value.
pub fn value(found: &Learned) -> Value {
    let look = |look: &Look| {
        let rates = look.rates.iter().map(|r| json!([r.value, r.honest, r.p_value]));
        let gaps = look.gaps.iter().map(|g| json!([g.sigma, g.memory, g.truth, g.between]));
        json!({
            "step": look.step, "rates": rates.collect::<Value>(), "wasserstein": look.wasserstein, "fidelity": look.fidelity,
            "gaps": gaps.collect::<Value>(),
        })
    };
    json!({
        "rows": found.count, "critical": found.critical, "levels": found.levels, "floor": found.floor,
        "looks": found.looks.iter().map(look).collect::<Value>(),
    })
}

/// A network from such a value; `None` if it is none.
pub fn learned(value: &Value) -> Option<Learned> {
    // A number that was not finite is null.
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let look = |value: &Value| {
        let mut rates = [Rate::default(); COUNT];
        for (rate, stored) in rates.iter_mut().zip(value["rates"].as_array()?) {
            *rate =
                Rate { value: number(&stored[0]), honest: stored[1].as_f64(), p_value: stored[2].as_f64() };
        }
        let gap = |stored: &Value| Gap {
            sigma: number(&stored[0]),
            memory: number(&stored[1]),
            truth: stored[2].as_f64(),
            between: stored[3].as_f64(),
        };
        Some(Look {
            step: value["step"].as_u64()?,
            rates,
            wasserstein: [0, 1].map(|k: usize| number(&value["wasserstein"][k])),
            fidelity: [0, 1, 2].map(|k: usize| number(&value["fidelity"][k])),
            gaps: value["gaps"].as_array()?.iter().map(gap).collect(),
        })
    };
    Some(Learned {
        count: usize::try_from(value["rows"].as_u64()?).ok()?,
        critical: [0, 1].map(|k: usize| value["critical"][k].as_f64()),
        levels: [0, 1].map(|k: usize| number(&value["levels"][k])),
        floor: value["floor"].as_f64(),
        looks: value["looks"].as_array()?.iter().map(look).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::data::Set;
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::beside(Some(&folder.path().join("cells.sqlite"))).expect("a folder");
        let plan = Plan {
            set: Set::Circle,
            counts: vec![4],
            steps: vec![1, 2],
            width: 8,
            batch: 4,
            generated: 5,
            rate: 1e-3,
        };
        let mut look = Look { step: 2, wasserstein: [0.1, 1.0 / 3.0], ..Look::default() };
        look.rates[2] = Rate { value: 0.7, honest: None, p_value: Some(0.04) };
        look.gaps = vec![Gap { sigma: 0.3, memory: 0.2, truth: None, between: Some(1e-9) }];
        let found = Learned {
            count: 4,
            critical: [Some(0.5), None],
            levels: [0.1, 3.0],
            floor: Some(0.3),
            looks: vec![look],
        };
        let Claim::Ours(hold) = kept.claim(&plan, 4, 9).expect("a claim") else {
            panic!("nobody else is there")
        };
        assert!(matches!(kept.claim(&plan, 4, 9), Ok(Claim::Theirs)));
        kept.keep(&plan, 9, &found).expect("kept");
        drop(hold);
        assert!(matches!(kept.claim(&plan, 4, 9), Ok(Claim::Done(done)) if *done == found));
        // Another seed is another network.
        assert!(matches!(kept.claim(&plan, 4, 8), Ok(Claim::Ours(_))));
    }
}
