//! What a change of a memory did to the patterns that it keeps: which of them are looked at, and with which cues.

use attractor::analysis::{Effect, effects};
use attractor::kernels::dots;
use attractor::memories::Memory;
use attractor::message::Argument;
use attractor::{Level, Patterns, Preparation, Request, message};
use attractor_data::{Corrupted, Corruption, OutOfRange, corrupt};
use ndarray::Array2;

use crate::about::About;
use crate::any::Held;
use crate::error::{Error, Result};

/// How a change is examined.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Cues of each pattern that is looked at, ≥ 1.
    pub cues: usize,
    /// How many of the patterns that are kept are looked at, ≥ 1: half of them those nearest to what is added or removed, the
    /// others evenly spaced. Without it 200, and fewer of a large memory: as many as have 10¹⁰ comparisons of a unit in one read of
    /// all patterns, but 10.
    pub patterns: Option<usize>,
    /// How cues are made. Without it: each unit of ±1 states is flipped with probability 0.1, and other patterns get noise of
    /// 0.3 spreads.
    pub corruption: Option<String>,
    /// Seed of the corruption, and of recalls that draw at random.
    pub seed: u64,
    /// The largest share of its cues that a pattern may lose. More is an error.
    pub protect: Option<f64>,
}

impl Examination {
    /// The default number of cues of each pattern.
    pub const CUES: usize = 10;

    /// How many patterns are looked at in a memory of this size.
    fn most<F: Held>(&self, patterns: &Patterns<F>) -> usize {
        const MOST: usize = 200;
        const LEAST: usize = 10;
        const WORK: usize = 10_000_000_000;
        let each = patterns.len().saturating_mul(patterns.dim()).saturating_mul(self.cues);
        self.patterns.unwrap_or((WORK / each.max(1)).clamp(LEAST, MOST))
    }
}

/// What a change did to the recall of the patterns that were kept.
#[derive(Clone, Debug)]
pub struct Examined {
    /// How many patterns were kept.
    pub kept: usize,
    /// Those that were looked at, in the order of the memory.
    pub effects: Vec<Effect>,
    /// How many of them were chosen as the nearest to what changed.
    pub near: usize,
    /// How cues were made.
    pub corruption: Corruption,
    /// The seed.
    pub seed: u64,
}

impl Examined {
    /// A sum over the patterns that were looked at.
    pub fn total(&self, of: impl Fn(&Effect) -> usize) -> usize {
        self.effects.iter().map(of).sum()
    }

    /// The patterns that lost cues, most first.
    pub fn losers(&self) -> Vec<&Effect> {
        let mut losers: Vec<_> = self.effects.iter().filter(|effect| effect.lost > 0).collect();
        losers.sort_by(|a, b| b.lost.cmp(&a.lost).then(a.after.cmp(&b.after)));
        losers
    }
}

/// Examines what a change did to the patterns that `after` keeps of `before`.
///
/// `index` gives the index in `after` of each pattern of `before`, or `None` if it is gone. `progress` is called with the
/// number of cues that are done, and with the number of all.
///
/// # Errors
/// Settings outside their range; no pattern is kept; a corruption that the patterns cannot have; a memory without patterns;
/// with [`Examination::protect`], a pattern that loses more.
pub fn examine<F: Held>(
    before: &dyn Memory<F>,
    after: &dyn Memory<F>,
    index: &[Option<usize>],
    about: &About,
    how: &Examination,
    progress: &mut dyn FnMut(usize, usize) -> attractor::Result<()>,
) -> Result<Examined> {
    how.check()?;
    let (Some(old), Some(new)) = (before.patterns(), after.patterns()) else {
        return Err(Error::Refused(
            "effect: expected a memory of patterns, found one that knows none; leave the examination away"
                .into(),
        ));
    };
    let kept: Vec<(usize, usize)> =
        index.iter().enumerate().filter_map(|(n, index)| index.map(|index| (n, index))).collect();
    let (pairs, near) = chosen(&kept, old, new, how.most(old));
    let corruption = match &how.corruption {
        Some(text) => Corruption::parse(text, about.shape, old.dim())?,
        None if before.model().abilities().spins => Corruption::Flip(0.1),
        None => usual_noise(old),
    };
    let made = cues(old, &pairs, &corruption, about.raw, how)?;
    let removes = matches!(corruption, Corruption::Mask(_) | Corruption::Block { .. });
    let request = Request {
        known: removes.then(|| made.known.view()),
        level: level(&corruption),
        seed: how.seed,
        ..Request::new(made.cues.view())
    };
    let (mut done, all) = (0, made.cues.nrows());
    let effects = effects(before, after, &pairs, &request, |some| {
        done += some;
        progress(done, all)
    })?;
    let examined = Examined { kept: kept.len(), effects, near, corruption, seed: how.seed };
    if let Some(most) = how.protect {
        protect(&examined, most, after)?;
    }
    Ok(examined)
}

impl Examination {
    fn check(&self) -> Result<()> {
        let whole = |name: &'static str, value: usize| match value {
            0 => Err(attractor::Error::parameter(name, "a whole number ≥ 1", value)),
            _ => Ok(()),
        };
        whole("check-cues", self.cues)?;
        whole("check-patterns", self.patterns.unwrap_or(1))?;
        match self.protect {
            Some(share) if !(0.0..1.0).contains(&share) => {
                Err(attractor::Error::parameter("protect", "a share from 0 to below 1", share).into())
            }
            _ => Ok(()),
        }
    }
}

/// The patterns that are looked at, in order, and how many of them are the nearest to what changed. Each is a pair of indices before and
/// after.
fn chosen<F: Held>(
    kept: &[(usize, usize)],
    old: &Patterns<F>,
    new: &Patterns<F>,
    most: usize,
) -> (Vec<(usize, usize)>, usize) {
    if kept.len() <= most {
        return (kept.to_vec(), 0);
    }
    let stays: std::collections::BTreeSet<_> = kept.iter().map(|&(b, _)| b).collect();
    let comes: std::collections::BTreeSet<_> = kept.iter().map(|&(_, a)| a).collect();
    let gone: Vec<usize> = (0..old.len()).filter(|n| !stays.contains(n)).collect();
    let added: Vec<usize> = (0..new.len()).filter(|n| !comes.contains(n)).collect();
    let mut distances = vec![f64::INFINITY; kept.len()];
    for (patterns, changed, side) in [(old, gone, 0), (new, added, 1)] {
        if !changed.is_empty() {
            let at = kept.iter().map(|&(b, a)| if side == 0 { b } else { a }).collect::<Vec<_>>();
            nearer(patterns, &changed, &at, &mut distances);
        }
    }
    let near = most / 2;
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by(|&i, &j| distances[i].total_cmp(&distances[j]).then(i.cmp(&j)));
    let mut picked: std::collections::BTreeSet<usize> = order[..near].iter().copied().collect();
    // Evenly spaced among the others.
    let others: Vec<usize> = (0..kept.len()).filter(|k| !picked.contains(k)).collect();
    let spaced = most - near;
    picked.extend((0..spaced).map(|i| others[i * others.len() / spaced]));
    (picked.into_iter().map(|k| kept[k]).collect(), near)
}

/// Lowers the distance of each row `at` to that from the nearest of the rows that changed.
fn nearer<F: Held>(patterns: &Patterns<F>, changed: &[usize], at: &[usize], distances: &mut [f64]) {
    /// So many rows are read at a time.
    const ROWS: usize = 256;
    /// If more rows changed, so many of them are compared with, evenly spaced.
    const CHANGED: usize = 1000;
    let count = changed.len().min(CHANGED);
    let some: Vec<usize> = (0..count).map(|i| changed[i * changed.len() / count]).collect();
    let changed = patterns.select(&some);
    let squares: Vec<f64> = changed.outer_iter().map(|row| square(row.iter())).collect();
    for (rows, distances) in at.chunks(ROWS).zip(distances.chunks_mut(ROWS)) {
        let states = patterns.select(rows);
        let products = dots(states.view(), changed.view());
        for ((state, products), least) in states.outer_iter().zip(products.outer_iter()).zip(distances) {
            let own = square(state.iter());
            for (product, other) in products.iter().zip(&squares) {
                *least = least.min(own + other - 2.0 * product.to_f64());
            }
        }
    }
}

fn square<'a, F: Held>(values: impl Iterator<Item = &'a F>) -> f64 {
    values.map(|v| v.to_f64().powi(2)).sum()
}

/// Noise of 0.3 spreads in raw units, in two digits.
fn usual_noise<F: Held>(patterns: &Patterns<F>) -> Corruption {
    let sigma = 0.3 * patterns.spread() / patterns.preparation().scale();
    let digits: f64 = format!("{sigma:.1e}").parse().unwrap_or(sigma);
    Corruption::Noise { sigma: digits, finish: OutOfRange::Free }
}

/// The cues of all pairs, in raw units, one pattern after the other.
fn cues<F: Held>(
    old: &Patterns<F>,
    pairs: &[(usize, usize)],
    corruption: &Corruption,
    grey: bool,
    how: &Examination,
) -> Result<Corrupted<F>> {
    let rows: Vec<usize> = pairs.iter().flat_map(|&(before, _)| vec![before; how.cues]).collect();
    let states: Array2<F> = old.select(&rows);
    let preparation = old.preparation();
    // A flip of a thresholded unit is the other of its two levels.
    let as_spins = matches!(preparation, Preparation::Spins { .. })
        && matches!(corruption, Corruption::Flip(_) | Corruption::SaltAndPepper(_));
    if as_spins {
        let Corrupted { cues, known } = corrupt(states, corruption, how.seed, 0, false)?;
        return Ok(Corrupted { cues: preparation.backward(cues), known });
    }
    Ok(corrupt(preparation.backward(states), corruption, how.seed, 0, grey)?)
}

/// The noise level of cues, where the corruption is noise.
fn level(corruption: &Corruption) -> Level {
    match *corruption {
        Corruption::Signal(signal) => Level::Signal(signal),
        Corruption::Noise { sigma, finish: OutOfRange::Free } => Level::Sigma(sigma),
        _ => Level::Estimate,
    }
}

/// Returns an error if a pattern loses more than this share of its cues.
fn protect<F: Held>(examined: &Examined, most: f64, after: &dyn Memory<F>) -> Result<()> {
    let losers = examined.losers();
    let over: Vec<_> = losers.iter().filter(|effect| effect.share_lost() > most).collect();
    let Some(worst) = over.first() else {
        return Ok(());
    };
    let label = after.label(worst.after).map_or(String::new(), |label| format!(" ({label})"));
    let others = match over.len() {
        1 => String::new(),
        2 => ", and another one to lose too many".to_owned(),
        n => format!(", and {} others to lose too many", n - 1),
    };
    Err(Error::Refused(message![
        format!(
            "protect: expected no pattern to lose more than {most} of its cues, found pattern {}{label} to lose {} of {}{others}; nothing was changed; allow more, or leave ",
            worst.before, worst.lost, worst.cues
        ),
        Argument::option("protect"),
        " away"
    ]))
}
