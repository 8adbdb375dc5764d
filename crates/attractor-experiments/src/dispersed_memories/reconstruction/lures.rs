//! Lures: cues of what was never stored, and how often and how surely an event is recalled from them.

use attractor::diffusion::{Sampler, Sampling};
use attractor::energies::{CoreRule, Event, Mixture, Reconstruction};
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Request, memories};
use attractor_report::Result;
use ndarray::Axis;

use super::{Config, Digits};

/// What the cue was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// An event that is stored.
    Stored,
    /// An event that is not stored, of a class with stored events.
    Related,
    /// An event of a class that has none.
    Unrelated,
}

impl Cue {
    pub(super) const ALL: [(Cue, &'static str); 3] = [
        (Cue::Stored, "stored event"),
        (Cue::Related, "other event of a stored class"),
        (Cue::Unrelated, "event of a class without events"),
    ];
}

/// The answer of a memory to one cue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub cue: Cue,
    /// The share of gist in the memory.
    pub gist: f64,
    /// The posterior probability that it is an event at all.
    pub event: f64,
    /// The largest posterior probability of one event.
    pub surest: f64,
    /// Whether the recall ended in an event, and in that of the cue.
    pub recalled: bool,
    pub right: bool,
    /// Whether the recalled event is of the class of the cue.
    pub class: bool,
}

/// A cue of a class without events, with what was recalled from it.
pub(super) struct Example {
    pub truth: Vec<f64>,
    pub class: u8,
    pub cue: Vec<f64>,
    pub recalled: Vec<f64>,
    /// The event that was recalled, and its stored units.
    pub event: Vec<f64>,
    pub event_class: u8,
    pub units: Vec<usize>,
    pub surest: f64,
}

impl Config {
    /// Asks memories in which one class after the other has no events.
    pub(super) fn lures(
        &self,
        data: &Digits,
        semantic: &Mixture<f64>,
    ) -> Result<(Vec<Answer>, Vec<Example>)> {
        let rule = CoreRule::Surprise(self.threshold);
        let cores = rule.events(semantic, data.events.view(), |_| Ok(Vec::new()))?;
        let mut cues = data.events.clone();
        for (n, mut cue) in cues.outer_iter_mut().enumerate() {
            let mut stream = Stream::new(self.seed, Purpose::Corruption, n as u64);
            cue.mapv_inplace(|y| y + self.sigma * stream.normal());
        }
        let (mut answers, mut examples) = (Vec::new(), Vec::new());
        for class in 0..10 {
            // Of the other classes, every second event is stored.
            let others: Vec<usize> = (0..cues.nrows()).filter(|&n| data.labels[n] != class).collect();
            let stored: Vec<usize> = others.iter().copied().step_by(2).collect();
            if stored.is_empty() || stored.len() == cues.nrows() {
                continue;
            }
            let events: Vec<Event> = stored.iter().map(|&n| cores[n].clone()).collect();
            for gist in [0.0, self.gist] {
                let recipe = Reconstruction { gist, ..Reconstruction::new(semantic, events.clone())? };
                let sampling = Sampling { sampler: Sampler::Bridge, ..Sampling::default() };
                let memory = memories::mixture(recipe.mixture()?, sampling)?;
                let request = Request {
                    level: Level::Sigma(self.sigma),
                    seed: self.seed,
                    top: stored.len(),
                    ..Request::new(cues.view())
                };
                let recall = memory.recall(&request)?;
                for (n, row) in recall.rows.iter().enumerate() {
                    let cue = match (data.labels[n] == class, stored.contains(&n)) {
                        (true, _) => Cue::Unrelated,
                        (false, true) => Cue::Stored,
                        (false, false) => Cue::Related,
                    };
                    let top = row.posterior.as_ref().map_or(&[][..], |posterior| &posterior.top);
                    let surest = top.iter().filter(|(memory, _)| *memory < stored.len()).map(|(_, w)| *w);
                    let surest = surest.fold(0.0, f64::max);
                    let event =
                        row.memory.filter(|memory| *memory < stored.len()).map(|memory| stored[memory]);
                    answers.push(Answer {
                        cue,
                        gist,
                        event: row.event_share.unwrap_or(1.0),
                        surest,
                        recalled: event.is_some(),
                        right: event == Some(n),
                        class: event.is_some_and(|event| data.labels[event] == data.labels[n]),
                    });
                    let Some(event) = event.filter(|_| gist == 0.0 && cue == Cue::Unrelated) else {
                        continue;
                    };
                    // One example of each class: the first.
                    if examples.iter().all(|example: &Example| example.class != class) {
                        examples.push(Example {
                            truth: data.events.row(n).to_vec(),
                            class,
                            cue: cues.row(n).to_vec(),
                            recalled: recall.states.index_axis(Axis(0), n).to_vec(),
                            event: data.events.row(event).to_vec(),
                            event_class: data.labels[event],
                            units: cores[event].encoder.kept_units().unwrap_or_default().to_vec(),
                            surest,
                        });
                    }
                }
            }
        }
        Ok((answers, examples))
    }
}
