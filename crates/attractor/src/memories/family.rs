//! Families of models, by which lists of them are grouped.

/// A family of models: what their states and their landscapes have in common.
///
/// ```
/// use attractor::memories::{Family, MODELS};
/// let dense = MODELS.iter().find(|model| model.card.name == "dense").expect("a model");
/// assert_eq!(dense.card.family, Family::Dense);
/// assert_eq!(Family::Dense.name(), "dense");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Spins with couplings of pairs of units, or with counters.
    Classical,
    /// Spins with energies of any degree.
    Dense,
    /// Numbers, in one landscape.
    Modern,
    /// Similarity, separation and projection.
    SingleShot,
    /// States that lead from pattern to pattern, in order.
    Sequences,
    /// Numbers, with a landscape for each noise level.
    Diffusion,
}

impl Family {
    /// Every family, in the order of lists.
    pub const ALL: &[Self] =
        &[Self::Classical, Self::Dense, Self::Modern, Self::SingleShot, Self::Sequences, Self::Diffusion];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classical => "classical",
            Self::Dense => "dense",
            Self::Modern => "modern",
            Self::SingleShot => "single-shot",
            Self::Sequences => "sequences",
            Self::Diffusion => "diffusion",
        }
    }

    /// What its models have in common, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Classical => "states of ±1; what pairs of units, or counters, have learned",
            Self::Dense => "states of ±1; energies of overlaps, of any degree",
            Self::Modern => "states of any numbers; one energy landscape",
            Self::SingleShot => "similarity, separation and projection, in one update",
            Self::Sequences => "one pattern brings the next to mind",
            Self::Diffusion => "states of any numbers; one landscape for each noise level",
        }
    }
}
