//! Separations whose weights maximise p·s + H(p)/β, with β left open.

use std::fmt;
use std::str::FromStr;

use super::{ALL, Beta, Grammar, Separation};
use crate::error::{Error, Result};
use crate::options::Name;

/// A separation whose weights are the distribution p that maximises p·s + H(p)/β for an entropy H. Its β is left open.
///
/// These are the separations that have a BETA as their last argument. Modern networks take them with a β of their own.
///
/// ```
/// use attractor::separations::{Regularised, Separation};
/// let open: Regularised = "entmax:1.5".parse()?;
/// assert_eq!(open.at(4.0), Separation::Entmax(1.5, 4.0));
/// // α-entmax gives all weight to a score that is 1/(α − 1) ahead of the others.
/// assert_eq!(open.margin(), Some(2.0));
/// assert_eq!(Regularised::default().margin(), None);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regularised(Separation);

impl Default for Regularised {
    /// Softmax, with H the Shannon entropy.
    fn default() -> Self {
        Regularised(Separation::Softmax(Beta::Value(1.0)))
    }
}

impl Regularised {
    /// The grammars without β, and the formulas.
    pub fn forms() -> Vec<Name> {
        ALL.iter().filter_map(|grammar| Some(Name::with_about(open(grammar)?, grammar.formula))).collect()
    }

    /// The separation with this β.
    pub fn at(self, beta: f64) -> Separation {
        self.0.with(|separation| separation.at_beta(beta)).unwrap_or(self.0)
    }

    /// The lead β(s_best − s) over every other score from which the best score has all weight. `None` for softmax, whose
    /// weights are never 0.
    pub fn margin(self) -> Option<f64> {
        self.0.with(|separation| separation.margin())
    }

    /// Whether this is softmax.
    pub fn is_softmax(self) -> bool {
        matches!(self.0, Separation::Softmax(_))
    }
}

/// The grammar of a separation without its β, if it ends with one.
fn open(grammar: &Grammar) -> Option<&'static str> {
    grammar.form.strip_suffix("[:BETA]").or_else(|| grammar.form.strip_suffix(":BETA"))
}

impl FromStr for Regularised {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let forms = || ALL.iter().filter_map(open);
        let of = |form: &&str| {
            form.split(':').next() == text.split(':').next()
                && form.matches(':').count() == text.matches(':').count()
        };
        if !forms().any(|form| of(&form)) {
            return Err(Error::unknown("separation", text, forms()));
        }
        format!("{text}:1").parse().map(Regularised)
    }
}

impl fmt::Display for Regularised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.rsplit_once(':').map_or(text.as_str(), |(open, _)| open))
    }
}
