//! Cells that others compute: some pattern sets of one series at D units, and their scores.
//!
//! A cell is `{"series": KEY, "dim": D, "parts": [[N, FROM, TO], …]}`. It gives a list for each part, with `[halves, units, seconds]`
//! of each of its pattern sets.

use attractor::threads;
use attractor_report::Result;
use attractor_report::team::stray;
use serde_json::{Value, json};

use crate::Config;
use crate::cells::{Part, Score};

/// The cell of some parts of one search.
pub(crate) fn cell(key: &str, parts: &[Part]) -> Value {
    let of = |part: &Part| json!([part.patterns, part.sets.start, part.sets.end]);
    json!({
        "series": key, "dim": parts.first().map(|part| part.dim), "parts": parts.iter().map(of).collect::<Value>(),
    })
}

/// Computes a cell; `None` if it is of none of the series of this measurement.
///
/// # Errors
/// Something that is no cell; errors of a memory.
pub fn computed(config: &Config, cell: &Value) -> Result<Option<Value>> {
    let Some(entrant) = config.entrants.iter().find(|entrant| cell["series"] == *config.key(entrant)) else {
        return Ok(None);
    };
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let dim = number(&cell["dim"]).ok_or_else(|| stray(cell))?;
    let mut sets = Vec::new();
    for part in cell["parts"].as_array().ok_or_else(|| stray(cell))? {
        match [0, 1, 2].map(|k: usize| number(&part[k])) {
            [Some(patterns), Some(from), Some(to)] if patterns > 0 && from <= to => {
                sets.push((patterns, from..to))
            }
            _ => return Err(stray(cell)),
        }
    }
    let all: Vec<(usize, usize)> =
        sets.iter().flat_map(|(patterns, sets)| sets.clone().map(|set| (*patterns, set))).collect();
    let one = |k: usize| {
        let (patterns, set) = all[k];
        entrant.contender.measure(entrant.task, (dim, patterns), set, config.cues, config.seed)
    };
    let scores: Vec<Score> = threads::parallel(all.len(), one).into_iter().collect::<Result<_>>()?;
    let mut scores = scores.iter();
    let of = |sets: std::ops::Range<usize>, scores: &mut std::slice::Iter<Score>| -> Value {
        scores.take(sets.len()).map(written).collect()
    };
    Ok(Some(sets.into_iter().map(|(_, sets)| of(sets, &mut scores)).collect()))
}

/// A score as a value: `[halves, units, seconds]`.
pub fn written(score: &Score) -> Value {
    json!([score.halves, score.units, score.seconds])
}

/// The score of a set from such a value; `None` if it is none.
pub fn score(set: usize, value: &Value) -> Option<Score> {
    let (halves, units) = (value[0].as_u64()?, value[1].as_u64()?);
    let seconds = value[2].as_f64().filter(|seconds| *seconds >= 0.0)?;
    (halves <= 2 * units).then_some(Score { set, halves, units, seconds })
}

/// The scores of each part of a cell from what it gave.
///
/// # Errors
/// Something else than such scores.
pub(crate) fn scores(parts: &[Part], found: &Value) -> Result<Vec<Vec<Score>>> {
    let lists = found.as_array().filter(|lists| lists.len() == parts.len()).ok_or_else(|| stray(found))?;
    let of = |(part, list): (&Part, &Value)| -> Result<Vec<Score>> {
        let list =
            list.as_array().filter(|list| list.len() == part.sets.len()).ok_or_else(|| stray(found))?;
        let sets = part.sets.clone().zip(list);
        sets.map(|(set, value)| score(set, value).ok_or_else(|| stray(found))).collect()
    };
    parts.iter().zip(lists).map(of).collect()
}
