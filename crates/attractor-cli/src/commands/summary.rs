//! What a recall comes to, in one line: how the cues ended, in how many memories, and how many are right.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use anyhow::{Result, bail};
use attractor::memories::{Ending, Regime, Row};
use attractor::{Memory, Real};
use attractor_data::Rows;
use attractor_report::statistics::wilson;

use crate::cues::Batch;

/// How it is known which memory a cue was made of.
enum Truth<'a> {
    /// By the clean patterns of the cues.
    Patterns(Rows),
    /// By their labels, if those of some are among the labels of the memory.
    Labels(Labels<'a>),
    /// It is not known.
    Unknown,
}

/// Counts of recalled rows.
pub struct Summary<'a> {
    truth: Truth<'a>,
    cues: usize,
    endings: [usize; Ending::NAMES.len()],
    memories: BTreeSet<usize>,
    blends: usize,
    averages: usize,
    judged: usize,
    right: usize,
    unstored: usize,
}

impl<'a> Summary<'a> {
    /// A summary of recalls that are compared with the clean patterns in `truth`, or else by labels.
    pub fn new<F: Real>(
        memory: &'a dyn Memory<F>,
        cues: usize,
        labelled: bool,
        truth: Option<(&Path, Rows)>,
    ) -> Result<Self> {
        let truth = match truth {
            Some((path, rows)) => {
                let found = rows.head().rows;
                if found != cues {
                    bail!(
                        "truth: expected {cues} rows, the clean pattern of each cue, found {found} in {}; give one for each cue, in their order",
                        path.display()
                    );
                }
                if memory.memories().is_none() {
                    bail!(
                        "truth: expected a memory that can list its memories, found {}, which cannot; leave --truth away",
                        memory.name()
                    );
                }
                Truth::Patterns(rows)
            }
            None if labelled => Labels::of(memory).map_or(Truth::Unknown, Truth::Labels),
            None => Truth::Unknown,
        };
        Ok(Summary {
            truth,
            cues: 0,
            endings: [0; Ending::NAMES.len()],
            memories: BTreeSet::new(),
            blends: 0,
            averages: 0,
            judged: 0,
            right: 0,
            unstored: 0,
        })
    }

    /// Counts the recalls of a batch. Returns for each whether it is right, where that is known.
    pub fn add<F: Real>(
        &mut self,
        memory: &dyn Memory<F>,
        batch: &Batch<F>,
        rows: &[Row],
    ) -> Result<Vec<Option<bool>>> {
        self.cues += rows.len();
        for row in rows {
            self.endings[row.ending() as usize] += 1;
            self.memories.extend(row.memory.filter(|_| !row.refused));
            self.blends += usize::from(matches!(row.regime, Some(Regime::Blend(_))));
            self.averages += usize::from(matches!(row.regime, Some(Regime::GlobalAverage)));
        }
        let right = match &mut self.truth {
            Truth::Patterns(truth) => {
                let found = by_patterns(memory, truth, rows)?;
                self.unstored += found.iter().filter(|stored| stored.is_none()).count();
                found.into_iter().map(|right| Some(right.unwrap_or(false))).collect()
            }
            Truth::Labels(labels) => {
                let judge = |(k, row): (usize, &Row)| {
                    let cue = batch.labels.as_ref()?.get(k)?;
                    labels.agree(cue, row.memory.filter(|_| !row.refused).and_then(|n| memory.label(n)))
                };
                rows.iter().enumerate().map(judge).collect()
            }
            Truth::Unknown => vec![None; rows.len()],
        };
        self.judged += right.iter().flatten().count();
        self.right += right.iter().flatten().filter(|right| **right).count();
        Ok(right)
    }

    /// The summary in one line. `None` without cues.
    pub fn line(&self) -> Option<String> {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        if self.cues == 0 {
            return None;
        }
        let endings = Ending::NAMES.iter().zip(self.endings).filter(|(_, n)| *n > 0);
        let endings: Vec<String> = endings.map(|(name, n)| format!("{n} {name}")).collect();
        let mut line = format!("{}: {}", count(self.cues, "cue"), endings.join(", "));
        if !self.memories.is_empty() {
            let plural = if self.memories.len() == 1 { "y" } else { "ies" };
            line += &format!("; in {} memor{plural}", self.memories.len());
        }
        if self.blends > 0 {
            line += &format!("; {} in a blend of several patterns", self.blends);
        }
        if self.averages > 0 {
            line += &format!("; {} in the average of all patterns", self.averages);
        }
        if self.judged > 0 {
            let share = 100.0 * self.right as f64 / self.judged as f64;
            let interval = wilson(self.right, self.judged);
            let of = if self.judged < self.cues {
                format!(" of the {} whose label is stored", self.judged)
            } else {
                String::new()
            };
            line += &format!(
                "; {}{of} right ({share:.1} %, 95 % interval {:.1} to {:.1} %)",
                self.right,
                100.0 * interval.low,
                100.0 * interval.high
            );
        }
        if self.unstored > 0 {
            line += &format!("; {} of the true patterns are not stored", self.unstored);
        }
        Some(line)
    }
}

/// Whether each recalled memory is the one that is nearest to the clean pattern, or equal to it. `None` where the clean
/// pattern is not stored.
fn by_patterns<F: Real>(memory: &dyn Memory<F>, truth: &mut Rows, rows: &[Row]) -> Result<Vec<Option<bool>>> {
    /// The largest distance of a clean pattern from its memory, in spreads: what 8-bit pictures lose by rounding is less.
    const STORED: f64 = 0.02;
    let Some(table) = truth.next_batch(rows.len())? else { return Ok(Vec::new()) };
    let clean = memory.preparation().forward(table.floats::<F>());
    let Some(nearest) = memory.nearest(clean.view())? else { return Ok(vec![None; rows.len()]) };
    let spread = memory.spread().unwrap_or(1.0) / memory.preparation().scale();
    // Patterns may be stored twice.
    let equal = |a: usize, b: usize| {
        a == b || memory.patterns().is_some_and(|patterns| patterns.row(a) == patterns.row(b))
    };
    let judge = |(row, own): (&Row, &attractor::energies::Nearest)| {
        let recalled = row.memory.filter(|_| !row.refused);
        (own.distance <= STORED * spread).then(|| recalled.is_some_and(|n| equal(n, own.memory)))
    };
    Ok(rows.iter().zip(&nearest).map(judge).collect())
}

/// The labels of a memory.
pub struct Labels<'a> {
    whole: HashSet<&'a str>,
    stems: HashSet<&'a str>,
}

impl<'a> Labels<'a> {
    /// The labels of all memories, if they have any.
    fn of<F: Real>(memory: &'a dyn Memory<F>) -> Option<Self> {
        let whole: HashSet<&str> = (0..memory.memories()?).filter_map(|n| memory.label(n)).collect();
        let stems = whole.iter().map(|label| stem(label)).collect();
        (!whole.is_empty()).then_some(Labels { whole, stems })
    }

    /// Whether the label of a recalled memory is that of its cue. A picture may have been written in another format, so
    /// that its name ends differently. `None` if no memory has the label of the cue.
    fn agree(&self, cue: &str, recalled: Option<&str>) -> Option<bool> {
        if self.whole.contains(cue) {
            Some(recalled == Some(cue))
        } else if self.whole.contains(stem(cue)) {
            Some(recalled == Some(stem(cue)))
        } else {
            self.stems.contains(stem(cue)).then(|| recalled.map(stem) == Some(stem(cue)))
        }
    }
}

/// The name of a picture without its ending; other labels as they are.
fn stem(label: &str) -> &str {
    match label.rsplit_once('.') {
        Some((stem, ending)) if ["png", "jpg", "jpeg"].contains(&ending.to_lowercase().as_str()) => stem,
        _ => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_agree_across_formats() {
        let labels = ["a.jpg", "a.png", "b.jpeg", "7"];
        let labels = Labels { whole: labels.into(), stems: labels.iter().map(|label| stem(label)).collect() };
        assert_eq!(labels.agree("a.jpg", Some("a.png")), Some(false));
        assert_eq!(labels.agree("a.jpg.png", Some("a.jpg")), Some(true));
        assert_eq!(labels.agree("b.png", Some("b.jpeg")), Some(true));
        assert_eq!(labels.agree("7", None), Some(false));
        assert_eq!(labels.agree("new", Some("7")), None);
    }
}
