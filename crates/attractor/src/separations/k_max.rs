//! The k largest scores; all others get weight 0.

use super::{Grammar, JUMPS, Lagrangian, NEGATIVE_DISTANCES, NEVER_NEGATIVE, Separate, Separation};
use crate::error::Error;
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "k-max:K",
    formula: "w = s for the K largest s, else 0",
    parse: |arguments| match arguments.values[..] {
        [text] => match text.parse() {
            Ok(k) if k > 0 => Ok(Separation::KMax(k)),
            _ => Err(Error::parameter(
                "separation",
                "a whole number of memories, as in k-max:5",
                arguments.text,
            )),
        },
        _ => arguments.unknown(),
    },
    tried: |_, _| vec![Separation::KMax(5)],
};

pub(super) struct KMax(pub usize);

impl KMax {
    /// The k largest scores.
    fn best(&self, scores: &[f64]) -> impl Iterator<Item = f64> {
        let mut sorted = scores.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted.into_iter().take(self.0)
    }
}

impl Separate for KMax {
    fn text(&self) -> String {
        format!("k-max:{}", self.0)
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        match range {
            Range::Positive => Ok(()),
            Range::Negative => Err(NEGATIVE_DISTANCES),
            Range::Any => Err(NEVER_NEGATIVE),
        }
    }

    fn is_published(&self) -> bool {
        true
    }

    fn weights(&self, scores: &mut [f64]) {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        order.iter().skip(self.0).for_each(|&n| scores[n] = 0.0);
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = half the sum of the k largest squares.
impl Lagrangian for KMax {
    fn value(&self, scores: &[f64]) -> f64 {
        self.best(scores).map(|s| s * s / 2.0).sum()
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(self.best(scores).map(f64::ln).sum())
    }

    fn growth(&self) -> Stated<Growth> {
        Err(JUMPS)
    }
}
