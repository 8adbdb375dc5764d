//! The similarities of the experiments, both as published and corrected.

use attractor::similarities::{Convention, Keys, Similarity};
use attractor_report::Result;
use ndarray::{ArcArray2, Array2, ArrayView2, Zip};

/// Which protocol is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// That of the published code, including its mistakes.
    Paper,
    /// That of the paper's text, without the mistakes.
    Corrected,
}

impl Mode {
    /// Both protocols.
    pub const ALL: [Mode; 2] = [Mode::Paper, Mode::Corrected];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Paper => "paper",
            Mode::Corrected => "corrected",
        }
    }
}

/// A similarity, and how its scores are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// As in the published code: scores are first divided by their sum.
    Published(Similarity),
    /// As its name says: the largest score wins.
    Plain(Similarity),
    /// 1/(KL + reverse KL) of the published divergences. This is the published "JS" without its inversion.
    Jeffreys,
}

use Similarity as S;

/// The similarities of the published experiments.
pub(super) const PUBLISHED: [Measure; 6] = [
    Measure::Published(S::Euclidean),
    Measure::Published(S::Manhattan),
    Measure::Published(S::L1Dot),
    Measure::Published(S::KullbackLeibler),
    Measure::Published(S::ReverseKullbackLeibler),
    Measure::Published(S::JensenShannon),
];

/// Further similarities under the published protocol.
pub(super) const ADDED: [Measure; 5] = [
    Measure::Plain(S::Dot),
    Measure::Plain(S::Cosine),
    Measure::Plain(S::Pearson),
    Measure::Jeffreys,
    Measure::Plain(S::JensenShannon),
];

/// The similarities of corrected mode.
pub(super) const CORRECTED: [Measure; 9] = [
    Measure::Plain(S::Euclidean),
    Measure::Plain(S::Manhattan),
    Measure::Plain(S::Cosine),
    Measure::Plain(S::Pearson),
    Measure::Plain(S::Dot),
    Measure::Plain(S::L1Dot),
    Measure::Plain(S::KullbackLeibler),
    Measure::Plain(S::ReverseKullbackLeibler),
    Measure::Plain(S::JensenShannon),
];

/// The similarities that a mode measures.
pub(super) fn of(mode: Mode) -> Vec<Measure> {
    match mode {
        Mode::Paper => PUBLISHED.into_iter().chain(ADDED).collect(),
        Mode::Corrected => CORRECTED.to_vec(),
    }
}

impl Measure {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Published(S::JensenShannon) => "js-as-coded",
            Measure::Jeffreys => "jeffreys",
            Measure::Published(of) | Measure::Plain(of) => of.name(),
        }
    }

    /// Whether scores are divided by their sum before the best one is chosen.
    pub fn normalised(self) -> bool {
        !matches!(self, Measure::Plain(_))
    }
}

/// Its name for readers; † marks similarities that are not in the published experiments.
pub(super) fn label(name: &str, mode: Mode) -> String {
    match (name, mode) {
        ("euclidean", Mode::Paper) => "Euclidean (1/d²)".into(),
        ("manhattan", Mode::Paper) => "Manhattan (1/L1)".into(),
        ("l1-dot", Mode::Paper) => "“dot” (L1-normalised)".into(),
        ("js-as-coded", _) => "“JS” as coded".into(),
        ("dot", Mode::Paper) => "dot †".into(),
        ("cosine", Mode::Paper) => "cosine †".into(),
        ("pearson", Mode::Paper) => "Pearson †".into(),
        ("jeffreys", _) => "1/Jeffreys †".into(),
        ("jensen-shannon", Mode::Paper) => "true JS †".into(),
        ("kl", _) => "KL".into(),
        ("reverse-kl", _) => "reverse KL".into(),
        ("euclidean", _) => "Euclidean (−d²)".into(),
        ("manhattan", _) => "Manhattan (−L1)".into(),
        ("pearson", _) => "Pearson".into(),
        ("jensen-shannon", _) => "Jensen–Shannon".into(),
        (other, _) => other.into(),
    }
}

/// Scores of cues with keys, B × N. `take` gets the scores of one measure at a time.
pub(super) fn scores(
    measures: &[Measure],
    keys: &ArcArray2<f64>,
    cues: ArrayView2<f64>,
    mut take: impl FnMut(Measure, &Array2<f64>) -> Result<()>,
) -> Result<()> {
    let by = |similarity, convention| -> Result<Array2<f64>> {
        Ok(Keys::new(similarity, keys.clone(), convention)?.scores(cues)?)
    };
    // Two of the scores are made from both divergences.
    let (mut forward, mut reverse) = (None, None);
    for &measure in measures {
        let made;
        let scores = match measure {
            Measure::Published(S::KullbackLeibler) => {
                forward.insert(by(S::KullbackLeibler, Convention::Uhn2022)?)
            }
            Measure::Published(S::ReverseKullbackLeibler) => {
                reverse.insert(by(S::ReverseKullbackLeibler, Convention::Uhn2022)?)
            }
            Measure::Published(S::JensenShannon) | Measure::Jeffreys => {
                let of = |kept: &mut Option<Array2<f64>>, similarity| -> Result<()> {
                    if kept.is_none() {
                        *kept = Some(by(similarity, Convention::Uhn2022)?);
                    }
                    Ok(())
                };
                of(&mut forward, S::KullbackLeibler)?;
                of(&mut reverse, S::ReverseKullbackLeibler)?;
                let (Some(forward), Some(reverse)) = (&forward, &reverse) else { unreachable!() };
                let mean: fn(f64, f64) -> f64 = match measure {
                    Measure::Jeffreys => |a, b| 1.0 / (1.0 / a + 1.0 / b),
                    // The reciprocal of a mean of numbers which are reciprocals already.
                    _ => |a, b| 1.0 / (0.5 * a + 0.5 * b),
                };
                made = Zip::from(forward).and(reverse).map_collect(|&a, &b| mean(a, b));
                &made
            }
            // The published code applies the same formula to vectors that sum to 0.
            Measure::Published(of) => {
                made = by(of, Convention::Uhn2022)?;
                &made
            }
            Measure::Plain(S::L1Dot) => {
                made = by(S::L1Dot, Convention::Uhn2022)?;
                &made
            }
            // This takes a logarithm for each unit and pair. f32 is four times as fast, and accurate enough
            // for images.
            Measure::Plain(S::JensenShannon) => {
                let narrow = |x: ArrayView2<f64>| x.mapv(|v| v as f32);
                let keys = Keys::new(S::JensenShannon, narrow(keys.view()), Convention::Corrected)?;
                made = keys.scores(narrow(cues).view())?;
                &made
            }
            Measure::Plain(of) => {
                made = by(of, Convention::Corrected)?;
                &made
            }
        };
        take(measure, scores)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    #[test]
    fn what_is_made_of_two_divergences_is_what_the_core_makes() {
        let mut stream = Stream::new(0, Purpose::Patterns, 0);
        let keys = Array2::from_shape_simple_fn((7, 40), || stream.uniform()).into_shared();
        let cues = Array2::from_shape_simple_fn((5, 40), || stream.uniform());
        let direct = Keys::new(S::JensenShannon, keys.clone(), Convention::Uhn2022)
            .and_then(|k| k.scores(cues.view()))
            .expect("scores");
        for measures in [&PUBLISHED[..], &[Measure::Published(S::JensenShannon)]] {
            scores(measures, &keys, cues.view(), |measure, scores| {
                if measure == Measure::Published(S::JensenShannon) {
                    assert_eq!(scores, direct);
                }
                Ok(())
            })
            .expect("scores");
        }
    }

    /// Scores of three keys by the authors' functions, in f32: 1/(½KL + ½ reverse KL) of their reciprocals.
    #[test]
    fn scores_are_those_of_the_published_code() {
        let keys = ndarray::array![[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]];
        let cue = ndarray::array![[0.1, 0.2, 0.25, 0.4]];
        let expected = [
            [400.0, 5.19481, 21.05263],
            [20.0, 1.33333, 2.85714],
            [0.4, 0.266667, 0.333333],
            [293.749, 2.26560, 8.62412],
            [302.084, 2.16365, 9.45534],
            [0.00336, 0.45154, 0.11062],
        ];
        // Their values are in f32, where the terms of a small divergence cancel to four digits.
        const SINGLE: f64 = 1e-4;
        let mut at = 0;
        scores(&PUBLISHED, &keys.into_shared(), cue.view(), |measure, scores| {
            // The published "dot" is divided by its sum at once.
            let sum = if measure == Measure::Published(S::L1Dot) { scores.sum() } else { 1.0 };
            for (score, expected) in scores.iter().map(|s| s / sum).zip(expected[at]) {
                assert!((score - expected).abs() < SINGLE * expected.max(0.1), "{measure:?}: {score}");
            }
            at += 1;
            Ok(())
        })
        .expect("scores");
    }
}
