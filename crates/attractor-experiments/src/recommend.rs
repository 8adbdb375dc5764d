//! Finds the best similarity and separation for given patterns and corruptions, by measuring all pairs.
//!
//! Cues are made from the patterns themselves. Every pair of a [similarity](attractor::similarities) and a
//! [separation](attractor::separations) reads each cue once. A cue is *found* if its own pattern is the
//! stored pattern nearest to what was read. All pairs get the same cues, so they are compared cue by cue.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use attractor::Patterns;
use attractor::kernels::{Difference, Operand, dots, pairs, weighted_sums};
use attractor::separations::{self, Separation, Separator, largest};
use attractor::similarities::{Convention, Data, Keys, SIMILARITIES, Similarity};
use attractor::threads;
use attractor_data::{Corruption, corrupt};
use attractor_report::statistics::{Interval, sign_test, wilson};
use attractor_report::team::{Alone, gathered, stray};
use attractor_report::{
    Block, Cell, Cellular, Column, Error, Experiment, Progress, Report, Result, Table, Team, code,
};
use ndarray::{Array2, ArrayView2, Axis};
use serde_json::{Map, Value, json};

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of the patterns.
    pub name: String,
    /// Stored patterns as they are, N × D.
    pub patterns: Array2<f64>,
    /// Whether the patterns are grey values in [0, 1].
    pub grey: bool,
    /// The corruptions.
    pub corruptions: Vec<Corruption>,
    /// The number of cues, made from evenly spaced patterns.
    pub cues: usize,
    /// Seed of the corruption.
    pub seed: u64,
    /// The command that runs it again.
    pub command: String,
}

/// The settings of a user; `None` is the default.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Corruptions, written as in [`attractor_data::CORRUPTIONS`].
    pub corruptions: Vec<String>,
    /// Number of stored patterns, evenly spaced. Default: all, but at most 2,000.
    pub count: Option<usize>,
    /// Number of cues. Default: one for each stored pattern, but at most 1,000.
    pub cues: Option<usize>,
    /// Seed of the corruption.
    pub seed: u64,
}

impl Config {
    /// The default limit of stored patterns. The cost of all pairs grows with the square of the number.
    const MOST: usize = 2000;
    /// The default limit of cues.
    const CUES: usize = 1000;

    /// The study of all pairs on the patterns of a table called `name`.
    ///
    /// # Errors
    /// An unknown corruption, and as [`check`](Experiment::check).
    pub fn new(name: String, table: &attractor_data::Table, asked: &Asked) -> Result<Self> {
        let (rows, dim) = (table.rows(), table.columns());
        let count = asked.count.unwrap_or(Self::MOST).clamp(1, rows.max(1));
        let picked: Vec<usize> = (0..count.min(rows)).map(|i| i * rows / count).collect();
        let cues = asked.cues.unwrap_or(Self::CUES.min(picked.len()));
        let parse = |text: &String| Ok(Corruption::parse(text, table.shape(), dim)?);
        let config = Config {
            grey: table.dtype().is_raw(),
            patterns: table.select(&picked).floats(),
            corruptions: asked.corruptions.iter().map(parse).collect::<Result<_>>()?,
            cues,
            seed: asked.seed,
            command: format!(
                "attractor recommend --patterns {name} --corruption {} --count {count} --cues {cues} --seed {} --out DIR",
                asked.corruptions.join(" "),
                asked.seed
            ),
            name,
        };
        config.check()?;
        Ok(config)
    }
}

/// The result of one pair on all cues of a corruption.
struct Measured {
    similarity: Similarity,
    separation: Separation,
    /// For each cue whether it was found.
    found: Vec<bool>,
    /// Mean squared error for each unit of what was read.
    error: f64,
}

impl Measured {
    fn count(&self) -> usize {
        self.found.iter().filter(|f| **f).count()
    }

    /// As a value: the separation, whether each cue was found, as 0 and 1, and the error.
    fn value(&self) -> Value {
        let found: String = self.found.iter().map(|found| if *found { '1' } else { '0' }).collect();
        json!([self.separation.to_string(), found, self.error])
    }

    /// From such a value; `None` if it is none.
    fn of(similarity: Similarity, value: &Value, cues: usize) -> Option<Self> {
        let found: Vec<bool> = value[1].as_str()?.chars().map(|found| found == '1').collect();
        let separation = value[0].as_str()?.parse().ok()?;
        // An error that is no finite number is null.
        let error = value[2].as_f64().unwrap_or(f64::INFINITY);
        (found.len() == cues).then_some(Measured { similarity, separation, found, error })
    }

    fn interval(&self) -> Interval {
        wilson(self.count(), self.found.len())
    }

    /// The probability that two equally good pairs would differ as much on the cues that only one of them
    /// finds.
    fn differs(&self, other: &Measured) -> f64 {
        let only =
            |a: &Measured, b: &Measured| a.found.iter().zip(&b.found).filter(|(a, b)| **a && !**b).count();
        sign_test(only(self, other), only(other, self))
    }
}

/// The pairs of one corruption, best first, and those that could not be tried.
struct Ranking {
    corruption: Corruption,
    pairs: Vec<Measured>,
    refused: Vec<Similarity>,
    /// The best pair on cues that did not choose it, if there are any.
    again: Option<Measured>,
}

impl Ranking {
    /// A pair ties with the best one unless its probability is below this level.
    const LEVEL: f64 = 0.05;

    fn ties(&self, pair: &Measured) -> bool {
        self.pairs.first().is_some_and(|best| best.differs(pair) >= Self::LEVEL)
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "similarities"
    }

    fn check(&self) -> Result<()> {
        Patterns::new(self.patterns.clone())?;
        if self.patterns.nrows() < 2 {
            return Err(Error::setting("patterns", "at least 2, to be told apart", self.patterns.nrows()));
        }
        if !(1..=self.patterns.nrows()).contains(&self.cues) {
            let expected = format!("from 1 to {}, the patterns that cues are made of", self.patterns.nrows());
            return Err(Error::setting("cues", expected, self.cues));
        }
        match self.corruptions.is_empty() {
            true => Err(Error::setting("corruption", attractor_data::CORRUPTIONS, "none")),
            false => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let ground = Ground::new(self);
        self.run_with(&mut Alone::new(&|cell| ground.cell(cell)), progress)
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

/// A cell is a similarity on the cues of a corruption: `[corruption, similarity]`, both by number. It gives
/// `[separation, which cues are found, error]` for each separation that can be tried, or null if the similarity takes no such values.
impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        Ground::new(self).cell(cell)
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let rankings = self.rankings(team, progress)?;
        Ok(self.report(&rankings, start.elapsed().as_secs_f64()))
    }
}

/// What the cells of a study share.
struct Ground<'a> {
    config: &'a Config,
    /// The patterns that cues are made of.
    own: Vec<usize>,
    /// The squared distances of these from all patterns: 0 for equal patterns, which cannot be told apart.
    apart: Array2<f64>,
    gram: Array2<f64>,
}

impl<'a> Ground<'a> {
    fn new(config: &'a Config) -> Self {
        let n = config.patterns.nrows();
        let own: Vec<usize> = (0..config.cues).map(|i| i * n / config.cues).collect();
        let picked = config.patterns.select(Axis(0), &own);
        let all = Operand::plain(config.patterns.view());
        let apart = pairs(Difference::Square, Operand::plain(picked.view()), all);
        Ground { config, own, apart, gram: dots(config.patterns.view(), config.patterns.view()) }
    }

    fn cell(&self, cell: &Value) -> Result<Value> {
        let config = self.config;
        let number = |k: usize| cell[k].as_u64().and_then(|n| usize::try_from(n).ok());
        let corruption = number(0).and_then(|c| config.corruptions.get(c));
        let facts = number(1).and_then(|s| SIMILARITIES.get(s));
        let (Some(corruption), Some(facts)) = (corruption, facts) else { return Err(stray(cell)) };
        let picked = config.patterns.select(Axis(0), &self.own);
        let cues = corrupt(picked, corruption, config.seed, 0, config.grey)?.cues;
        // The patterns are valid, so an error means that the similarity does not take such patterns or such cues.
        let keys = Keys::new(facts.similarity, config.patterns.clone(), Convention::Corrected);
        let scored = keys.ok().and_then(|keys| keys.scores(cues.view()).ok().map(|scores| (keys, scores)));
        let Some((keys, scores)) = scored else { return Ok(Value::Null) };
        let mut found = Vec::new();
        for separation in separations::tried(&keys)? {
            let Ok(separator) = Separator::new(separation, &keys) else { continue };
            let apart = self.apart.view();
            found.extend(measure(&separator, facts.similarity, &scores, &self.gram, &self.own, apart));
        }
        Ok(found.iter().map(Measured::value).collect())
    }
}

impl Config {
    fn rankings(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Vec<Ranking>> {
        let places = (0..self.corruptions.len()).flat_map(|c| (0..SIMILARITIES.len()).map(move |s| (c, s)));
        let cells: Vec<Value> = places.map(|place| json!(place)).collect();
        let found = gathered(team, &cells, &mut |done| progress(done, cells.len()))?;
        let gram = dots(self.patterns.view(), self.patterns.view());
        let mut rankings = Vec::new();
        for (corruption, found) in self.corruptions.iter().zip(found.chunks(SIMILARITIES.len())) {
            let mut ranking = Ranking {
                corruption: corruption.clone(),
                pairs: Vec::new(),
                refused: Vec::new(),
                again: None,
            };
            for (facts, found) in SIMILARITIES.iter().zip(found) {
                let measured = |value: &Value| {
                    Measured::of(facts.similarity, value, self.cues).ok_or_else(|| stray(value))
                };
                match found.as_array() {
                    None if found.is_null() => ranking.refused.push(facts.similarity),
                    None => return Err(stray(found)),
                    Some(pairs) => {
                        let pairs: Vec<Measured> = pairs.iter().map(measured).collect::<Result<_>>()?;
                        ranking.pairs.extend(pairs);
                    }
                }
            }
            let dim = self.patterns.ncols() as f64;
            ranking.pairs.iter_mut().for_each(|pair| pair.error /= dim);
            ranking.pairs.sort_by(|a, b| b.count().cmp(&a.count()).then(a.error.total_cmp(&b.error)));
            ranking.again = self.again(&ranking, &gram)?;
            rankings.push(ranking);
        }
        Ok(rankings)
    }

    /// Measures the best pair of a ranking on fresh cues. The best of many pairs is partly the best by luck, which its
    /// share of the cues that chose it includes. `None` if there are no other cues: all patterns are cues, and their
    /// corruption is not random.
    fn again(&self, ranking: &Ranking, gram: &Array2<f64>) -> Result<Option<Measured>> {
        let n = self.patterns.nrows();
        let Some(best) = ranking.pairs.first() else { return Ok(None) };
        let mut taken = vec![false; n];
        (0..self.cues).for_each(|i| taken[i * n / self.cues] = true);
        let others: Vec<usize> = (0..n).filter(|&row| !taken[row]).collect();
        let own: Vec<usize> = match (others.len(), &ranking.corruption) {
            (0, Corruption::Block { .. }) => return Ok(None),
            (0, _) => (0..n).collect(),
            (some, _) => {
                let count = self.cues.min(some);
                (0..count).map(|i| others[i * some / count]).collect()
            }
        };
        let picked = self.patterns.select(Axis(0), &own);
        let all = Operand::plain(self.patterns.view());
        let apart = pairs(Difference::Square, Operand::plain(picked.view()), all);
        // Rows from here on have noise of their own.
        let first = self.cues as u64;
        let cues = corrupt(picked, &ranking.corruption, self.seed, first, self.grey)?.cues;
        let keys = Keys::new(best.similarity, self.patterns.clone(), Convention::Corrected)?;
        // Noise may have made a value that the similarity does not take.
        let Ok(scores) = keys.scores(cues.view()) else { return Ok(None) };
        let separator = Separator::new(best.separation, &keys)?;
        Ok(measure(&separator, best.similarity, &scores, gram, &own, apart.view()))
    }

    fn report(&self, rankings: &[Ranking], seconds: f64) -> Report {
        let mut results = Table::new(
            "pairs",
            vec![
                Column::plain("corruption"),
                Column::plain("rank"),
                Column::plain("similarity"),
                Column::plain("separation"),
                Column::new("found", &["found", "low", "high"]),
                Column::new("rms error of a unit", &["rms"]),
                Column::new("as good as the best", &["tie"]),
            ],
        );
        for ranking in rankings {
            results.rows.extend(ranking.pairs.iter().enumerate().map(|(rank, pair)| {
                let mut row = vec![Cell::plain(ranking.corruption.to_string()), Cell::plain(rank + 1)];
                row.extend(cells(ranking, pair));
                row
            }));
        }
        let mut blocks = Vec::new();
        rankings.iter().for_each(|ranking| blocks.extend(describe(ranking)));
        let corruptions: Vec<String> = self.corruptions.iter().map(ToString::to_string).collect();
        Report {
            experiment: "recommend",
            title: "Which similarity, which separation?".into(),
            introduction: format!(
                "{name}: {n} patterns of {d} units, {cues} of them as cues, each damaged once by {how}. A cue is found if its \
                 own pattern is, of all {n}, nearest to what was read from it; in brackets 95 % intervals (Wilson), each \
                 for one pair by itself. The best of many pairs is partly the best by luck, so it is measured again on \
                 fresh cues: of patterns that were no cues, or with other noise. A pair ties with the best if cues that only one of the two finds are shared out as chance may (exact sign test, \
                 5 %). Values are compared as they are, without preparation.",
                name = code(&self.name),
                n = self.patterns.nrows(),
                d = self.patterns.ncols(),
                cues = self.cues,
                how = corruptions.join(", "),
            ),
            command: self.command.clone(),
            settings: json!({
                "patterns": self.name, "stored": self.patterns.nrows(), "dim": self.patterns.ncols(),
                "cues": self.cues, "corruptions": corruptions, "seed": self.seed,
            }),
            seed: self.seed,
            seconds,
            results,
            more: Map::new(),
            blocks,
        }
    }
}

/// For each row w of weights, the squared error of the output z = Mᵀw from its target, and the index of the
/// pattern nearest to z. Both follow from G = M Mᵀ: ‖z − x_j‖² = wᵀGw − 2(Gw)_j + G_jj.
fn judge(weights: &Array2<f64>, gram: &Array2<f64>, targets: &[usize]) -> Vec<(f64, usize)> {
    /// Each weight of a sparse product costs this many times as much as one of a dense product.
    const SPARSE: usize = 8;
    let some = weights.iter().filter(|w| **w != 0.0).count();
    let product = match some * SPARSE < weights.len() {
        true => weighted_sums(weights.view(), gram.view()),
        false => dots(weights.view(), gram.view()),
    };
    let one = |cue: usize| {
        let (w, gw) = (weights.row(cue), product.row(cue));
        let square: f64 = w.iter().zip(gw).map(|(w, g)| w * g).sum();
        let away: Vec<f64> = (0..gw.len()).map(|j| 2.0 * gw[j] - gram[[j, j]]).collect();
        ((square - away[targets[cue]]).max(0.0), largest(&away))
    };
    threads::parallel(targets.len(), one)
}

/// Measures a pair. A cue without weights is not found, and has no error. `None` if no cue has weights.
fn measure(
    separator: &Separator,
    similarity: Similarity,
    scores: &Array2<f64>,
    gram: &Array2<f64>,
    own: &[usize],
    apart: ArrayView2<f64>,
) -> Option<Measured> {
    let n = scores.ncols();
    let mut weights = scores.clone();
    let rows = weights.as_slice_mut().expect("row-major");
    let answered: Vec<AtomicBool> = own.iter().map(|_| AtomicBool::new(true)).collect();
    threads::each(rows.chunks_mut(n).zip(&answered).collect(), f64::INFINITY, |(row, answered)| {
        if separator.weights(row).is_err() {
            row.fill(0.0);
            answered.store(false, Ordering::Relaxed);
        }
    });
    let answered: Vec<bool> = answered.into_iter().map(AtomicBool::into_inner).collect();
    let count = answered.iter().filter(|answered| **answered).count();
    if count == 0 {
        return None;
    }
    let judged = judge(&weights, gram, own);
    let found = judged.iter().zip(own).enumerate().map(|(cue, (&(_, nearest), &own))| {
        answered[cue] && (nearest == own || apart[[cue, nearest]] == 0.0)
    });
    let errors = judged.iter().zip(&answered).filter(|(_, answered)| **answered);
    let error = errors.map(|((error, _), _)| error).sum::<f64>() / count as f64;
    Some(Measured { similarity, separation: separator.separation(), found: found.collect(), error })
}

/// The cells of a pair: similarity, separation, share found, error, tie.
fn cells(ranking: &Ranking, pair: &Measured) -> Vec<Cell> {
    let Interval { low, high } = pair.interval();
    let share = pair.count() as f64 / pair.found.len() as f64;
    let tie = ranking.ties(pair);
    vec![
        Cell::plain(pair.similarity.name()),
        Cell::of(short(pair.separation), [pair.separation.to_string().into()]),
        Cell::interval(share, low, high, 3),
        Cell::number(pair.error.sqrt()),
        Cell::of(if tie { "yes" } else { "" }, [tie.into()]),
    ]
}

/// The name of a [`Separation`], with numbers to four digits.
fn short(separation: Separation) -> String {
    let text = separation.to_string();
    let round = |part: &str| {
        let number: Option<f64> = part.parse().ok();
        number.and_then(|x| format!("{x:.3e}").parse::<f64>().ok()).map_or(part.to_owned(), |x| x.to_string())
    };
    text.split(':').map(round).collect::<Vec<_>>().join(":")
}

/// The text and table for one corruption.
fn describe(ranking: &Ranking) -> Vec<Block> {
    /// The number of pairs that are shown. The files have all of them.
    const SHOWN: usize = 15;
    let mut blocks = vec![Block::Heading(ranking.corruption.to_string())];
    let Some(best) = ranking.pairs.first() else {
        blocks.push(Block::Text("No pair can be tried.".into()));
        return blocks;
    };
    let mut seen: Vec<&Measured> = Vec::new();
    for pair in &ranking.pairs {
        if !seen.iter().any(|other| other.similarity == pair.similarity) {
            seen.push(pair);
        }
    }
    let others: Vec<&str> =
        seen[1..].iter().filter(|p| ranking.ties(p)).map(|p| p.similarity.name()).collect();
    let share = 100.0 * best.count() as f64 / best.found.len() as f64;
    let ties = match others.as_slice() {
        [] => "No other similarity is as good.".to_owned(),
        names => format!("As good, as far as these cues can tell: {}.", names.join(", ")),
    };
    let again = ranking.again.as_ref().map_or(String::new(), |again| {
        let Interval { low, high } = again.interval();
        let count = again.found.len();
        let [found, low, high] = [again.count() as f64 / count as f64, low, high].map(|share| 100.0 * share);
        format!(
            " Of {count} fresh cues, which did not choose it, it finds {found:.1} % [{low:.1}, {high:.1}]."
        )
    });
    blocks.push(Block::Text(format!(
        "Best: similarity `{}` with separation `{}`, which finds {share:.1} % of the cues.{again} {ties}",
        best.similarity,
        short(best.separation)
    )));
    let columns = ["similarity", "separation", "found", "rms error of a unit", "as good as the best"];
    let table = |caption: &str, pairs: &[&Measured]| {
        let mut table = Table::new("", columns.map(|heading| Column::new(heading, &[])).to_vec());
        table.caption = caption.into();
        table.rows = pairs.iter().map(|pair| cells(ranking, pair)).collect();
        Block::Table(table)
    };
    blocks.push(table("Each similarity with the separation that is best for it.", &seen));
    let first: Vec<&Measured> = ranking.pairs.iter().take(SHOWN).collect();
    blocks.push(table(
        &format!("The first {} of {} pairs, by cues found, then by error.", first.len(), ranking.pairs.len()),
        &first,
    ));
    let refused = |kind: &[Data], why: &str| {
        let names: Vec<&str> = ranking
            .refused
            .iter()
            .map(|similarity| similarity.facts())
            .filter(|facts| kind.contains(&facts.data))
            .map(|facts| facts.name)
            .collect();
        (!names.is_empty()).then(|| format!("{} ({why})", names.join(", ")))
    };
    let reasons = [
        refused(&[Data::Amounts, Data::Shares], "only for values that are never below 0 and not all 0"),
        refused(&[Data::Bits], "only for two values, -1 and 1 or 0 and 1"),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    if !reasons.is_empty() {
        blocks.push(Block::Text(format!("Not tried: {}.", reasons.join("; "))));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor_data::digits;

    fn config(corruption: &str) -> Config {
        let digits = digits();
        let patterns = digits.images.mapv(|v| f64::from(v) / 16.0).slice(ndarray::s![..200, ..]).to_owned();
        let shape = Some(attractor_data::Shape::grey(8, 8));
        Config {
            name: "digits".into(),
            patterns,
            grey: true,
            corruptions: vec![Corruption::parse(corruption, shape, 64).unwrap()],
            cues: 100,
            seed: 1,
            command: String::new(),
        }
    }

    fn ranked(config: &Config) -> Vec<Ranking> {
        config.rankings(&mut Alone::new(&|cell| config.cell(cell)), &mut |_, _| Ok(())).expect("rankings")
    }

    /// For white noise the maximum likelihood rule is the nearest pattern, so no pair can be better except by
    /// chance.
    #[test]
    fn nothing_beats_the_nearest_pattern_under_white_noise() {
        let ranking = ranked(&config("sigma:0.6")).remove(0);
        let nearest =
            |p: &&Measured| p.similarity == Similarity::Euclidean && p.separation == Separation::Max;
        assert!(ranking.ties(ranking.pairs.iter().find(nearest).unwrap()));
        // Noise makes values negative, which some similarities do not take. These are named and left out.
        assert!(ranking.refused.contains(&Similarity::KullbackLeibler), "{:?}", ranking.refused);
        assert!(ranking.pairs.iter().all(|p| p.similarity != Similarity::KullbackLeibler));
    }

    /// The share of the best pair on the cues that chose it is too high. That on fresh cues is not: over many seeds its mean
    /// is the mean over all others of the same pair.
    #[test]
    fn the_best_pair_is_measured_on_cues_that_did_not_choose_it() {
        const SEEDS: u64 = 24;
        let few = |seed, cues| Config { cues, seed, ..config("sigma:0.9") };
        let (mut chosen, mut fresh, mut truth) = (0.0, 0.0, 0.0);
        for seed in 0..SEEDS {
            let run = few(seed, 25);
            let ranking = ranked(&run).remove(0);
            let best = &ranking.pairs[0];
            let again = ranking.again.as_ref().expect("fresh cues");
            assert_eq!(
                (again.similarity, again.separation, again.found.len()),
                (best.similarity, best.separation, 25)
            );
            let share = |m: &Measured| m.count() as f64 / m.found.len() as f64 / SEEDS as f64;
            (chosen, fresh) = (chosen + share(best), fresh + share(again));
            // All 200 patterns with the noise of another seed.
            let whole = few(seed + 1000, 200);
            let own: Vec<usize> = (0..200).collect();
            let cues =
                corrupt(whole.patterns.clone(), &whole.corruptions[0], whole.seed, 0, true).unwrap().cues;
            let keys = Keys::new(best.similarity, whole.patterns.clone(), Convention::Corrected).unwrap();
            let separator = Separator::new(best.separation, &keys).unwrap();
            let all = Operand::plain(whole.patterns.view());
            let apart = pairs(Difference::Square, Operand::plain(whole.patterns.view()), all);
            let gram = dots(whole.patterns.view(), whole.patterns.view());
            let scores = keys.scores(cues.view()).unwrap();
            truth +=
                share(&measure(&separator, best.similarity, &scores, &gram, &own, apart.view()).unwrap());
        }
        // 600 cues: a standard deviation of 0.02.
        assert!((fresh - truth).abs() < 0.06, "{fresh} for {truth}, {chosen} by choice");
        assert!(chosen > truth + 0.03, "{chosen} by choice, {truth} in truth");
        // Nothing fresh is left where every pattern was a cue and nothing is random.
        let whole = Config { cues: 200, ..config("block:top:0.5") };
        assert!(ranked(&whole)[0].again.is_none());
        let whole = Config { cues: 200, ..config("mask:0.5") };
        assert_eq!(ranked(&whole)[0].again.as_ref().unwrap().found.len(), 200);
    }

    /// With max, the pattern that is found and read is the one with the best score. Checked by hand.
    #[test]
    fn max_is_the_best_score() {
        let config = config("mask:0.6");
        let ranking = ranked(&config).remove(0);
        let own: Vec<usize> = (0..100).map(|i| i * 2).collect();
        let picked = config.patterns.select(Axis(0), &own);
        let cues = corrupt(picked, &config.corruptions[0], 1, 0, true).unwrap().cues;
        for similarity in [Similarity::Manhattan, Similarity::Pearson, Similarity::JensenShannon] {
            let keys = Keys::new(similarity, config.patterns.clone(), Convention::Corrected).unwrap();
            let scores = keys.scores(cues.view()).unwrap();
            let best = |cue: usize| attractor::separations::largest(&scores.row(cue).to_vec());
            let found: Vec<bool> = (0..100).map(|cue| best(cue) == own[cue]).collect();
            let pair = |p: &&Measured| p.similarity == similarity && p.separation == Separation::Max;
            assert_eq!(ranking.pairs.iter().find(pair).unwrap().found, found, "{similarity}");
        }
    }

    #[test]
    fn settings_without_a_result_are_refused() {
        let good = config("mask:0.5");
        assert!(Config { cues: 0, ..good.clone() }.check().is_err());
        assert!(Config { cues: 201, ..good.clone() }.check().is_err());
        assert!(Config { corruptions: Vec::new(), ..good.clone() }.check().is_err());
        assert!(
            Config { patterns: good.patterns.slice(ndarray::s![..1, ..]).to_owned(), cues: 1, ..good }
                .check()
                .is_err()
        );
    }
}
