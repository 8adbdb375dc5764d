//! Kosko's bidirectional associative memory.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Zip};

use super::hopfield::MOST_UNITS;
use super::{Abilities, Card, Family, Learned, Memory, MemoryModel, RecallPath, Request, check_signs};
use crate::dynamics::{Dynamics, Motion, Run, Start, TIE, Tie};
use crate::energies::Energy;
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::dots;
use crate::message;
use crate::message::Argument;
use crate::options::Options;
use crate::patterns::Patterns;
use crate::real::Real;

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "bidirectional",
    aliases: &["bam"],
    title: "Bidirectional associative memory",
    equation: "E(x, y) = -y'Wx, W = sum_n y_n x_n';  y <- sign(Wx), x <- sign(W'y);  E(x) = -sum_j |(Wx)_j|",
    parameters: &[TIE],
    cost: "2 D Dv multiply-adds an update and cue (Dv units a value); 2 D Dv numbers; storing N pairs N D Dv",
    source: "Kosko (1988)",
    spins: true,
    values: true,
    family: Family::Classical,
    ..Card::PLAIN
};

/// Bidirectional associative memory: pairs (x_n, y_n), recalled from either side (Kosko 1988).
///
/// W = Σ y_n x_nᵀ couples D units x with Dv units y. Units of the same side are not coupled:
///
/// ```text
/// y ← sign(Wx),  x ← sign(Wᵀy),  again until the pair settles        E(x, y) = −yᵀWx
/// ```
///
/// The pattern is x and the associated vector is y (±1): [`Recall::states`](super::Recall::states) holds x, [`Recall::values`](super::Recall::values) holds y. A
/// unit keeps its value if its field is 0. y starts at 0, which means "unknown". No update of a ±1 state raises E, so
/// every pair settles. The landscape over x alone takes the best y, E(x) = min_y E(x, y) = −Σ_j |(Wx)_j|; recall does
/// not raise it either. The first field uses the cue as given. To recall from y, swap the two sides:
/// [`reversed`](Self::reversed).
///
/// Cost: 2·D·Dv multiply-adds for each update and cue.
///
/// ```
/// use attractor::{Patterns, memories::{Bidirectional, Memory, Request}};
/// use ndarray::array;
/// let x = array![[1.0_f32, 1.0, 1.0, -1.0], [1.0, -1.0, 1.0, 1.0]];
/// let y = array![[1.0_f32, -1.0], [-1.0, 1.0]];
/// let memory = Bidirectional::new(Patterns::new(x.clone())?.with_associated(y.clone())?)?;
/// let recall = memory.recall(&Request::new(array![[0.0_f32, 1.0, 0.0, -1.0]].view()))?;
/// assert_eq!(recall.values.unwrap().row(0), y.row(0));
/// // Nothing tells units 0 and 2, in which the patterns agree: Wᵀy is 0 there.
/// assert_eq!(recall.states, array![[0.0, 1.0, 0.0, -1.0]]);
/// // Wx = (4, −4), so E = −8.
/// assert_eq!(recall.rows[0].energy, Some(-8.0));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bidirectional<F> {
    patterns: Patterns<F>,
    energy: BidirectionalEnergy,
    tie: Tie,
}

/// The landscape E(x) = −Σ_j |(Wx)_j| of a [`Bidirectional`] memory: −yᵀWx at the y that lowers it most.
#[derive(Clone, Debug)]
pub struct BidirectionalEnergy {
    /// W, Dv × D. It is f64, in which sums of ±1 are exact, so that ties are exact.
    forward: Array2<f64>,
    /// Wᵀ.
    backward: Array2<f64>,
}

impl BidirectionalEnergy {
    fn new<F: Real>(x: ArrayView2<F>, y: ArrayView2<F>) -> Self {
        let columns = |rows: ArrayView2<F>| rows.t().mapv(F::to_f64).as_standard_layout().into_owned();
        let forward = dots(columns(y).view(), columns(x).view());
        let backward = forward.t().as_standard_layout().into_owned();
        BidirectionalEnergy { forward, backward }
    }

    /// The couplings W, Dv × D.
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.forward.view()
    }

    /// Wx of each row of x, B × Dv.
    fn up<F: Real>(&self, x: ArrayView2<F>) -> Array2<f64> {
        dots(x.mapv(F::to_f64).view(), self.forward.view())
    }

    /// Wᵀy of each row of y, B × D.
    fn down<F: Real>(&self, y: ArrayView2<F>) -> Array2<f64> {
        dots(y.mapv(F::to_f64).view(), self.backward.view())
    }
}

impl<F: Real> Energy<F> for BidirectionalEnergy {
    fn dim(&self) -> usize {
        self.forward.ncols()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.forward.ncols())?;
        Ok(self.up(states).outer_iter().map(|h| 0.0 - h.iter().map(|h| h.abs()).sum::<f64>()).collect())
    }
}

impl<F: Real> Bidirectional<F> {
    /// Stores patterns with their associated vectors.
    ///
    /// # Errors
    /// Patterns without associated vectors; vectors that are not ±1.
    pub fn new(patterns: Patterns<F>) -> Result<Self> {
        let Some(values) = patterns.associated() else {
            let cure = message!["give one associated vector for each pattern (", Argument::Values, ")"];
            return Err(Error::Empty { what: "associated values of bidirectional".to_owned(), cure });
        };
        check_signs("values", values)?;
        let pairs = patterns.dim().saturating_mul(values.ncols());
        if pairs > MOST_UNITS * MOST_UNITS {
            return Err(Error::shape(
                "patterns",
                format!("at most {MOST_UNITS}² couplings between units of patterns and of values"),
                format!("{} × {}, which take {:.0} GB", patterns.dim(), values.ncols(), 16e-9 * pairs as f64),
                message!["use smaller images (", Argument::Resize, ") or another model"],
            ));
        }
        let energy = BidirectionalEnergy::new(patterns.values(), values);
        Ok(Bidirectional { patterns, energy, tie: Tie::default() })
    }

    /// Sets what a unit becomes whose field is 0.
    pub fn with_tie(self, tie: Tie) -> Self {
        Bidirectional { tie, ..self }
    }

    /// The memory with the two sides swapped: y becomes the pattern and x its associated vector. Labels stay.
    ///
    /// # Errors
    /// Patterns that are not ±1 (prepare them: see [`Patterns::prepared`]).
    pub fn reversed(&self) -> Result<Self> {
        check_signs("patterns", self.patterns.values())?;
        let values = self.patterns.associated().expect("pairs have both sides").to_owned();
        let mut extras = self.patterns.extras();
        extras.associated = Some(self.patterns.values().to_owned());
        Ok(Self::new(Patterns::new(values)?.with(extras)?)?.with_tie(self.tie))
    }

    /// The landscape, which holds W.
    pub fn energy(&self) -> &BidirectionalEnergy {
        &self.energy
    }

    /// The energies E(x, y) = −yᵀWx of (prepared) pairs, one for each row.
    ///
    /// # Errors
    /// States or values of the wrong width, or different numbers of rows.
    pub fn pair_energies(&self, states: ArrayView2<F>, values: ArrayView2<F>) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_width("values", values.ncols(), self.energy.forward.nrows())?;
        check_rows("values", values.nrows(), states.nrows())?;
        let fields = self.energy.up(states);
        let pairs = fields.outer_iter().zip(values.outer_iter());
        Ok(pairs.map(|(h, y)| 0.0 - h.iter().zip(y).map(|(h, y)| h * y.to_f64()).sum::<f64>()).collect())
    }

    /// The update rule as a dynamics over pairs: rows of D units x and Dv units y.
    pub fn dynamics(&self) -> BidirectionalUpdate<'_> {
        BidirectionalUpdate { energy: &self.energy, tie: self.tie }
    }
}

/// y ← sign(Wx), then x ← sign(Wᵀy), over rows (x, y) of D + Dv units; a field of 0 keeps the unit, or makes it what its [`Tie`] says (Kosko 1988).
#[derive(Clone, Copy, Debug)]
pub struct BidirectionalUpdate<'a> {
    /// The couplings.
    pub energy: &'a BidirectionalEnergy,
    /// What a unit becomes whose field is 0.
    pub tie: Tie,
}

impl<F: Real> Dynamics<F> for BidirectionalUpdate<'_> {
    fn dim(&self) -> usize {
        self.energy.forward.ncols() + self.energy.forward.nrows()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(*self))
    }
}

impl<F: Real> Run<F> for BidirectionalUpdate<'_> {
    fn step(
        &mut self,
        _rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let (mut x, mut y) = states.view_mut().split_at(Axis(1), self.energy.forward.ncols());
        let fields = self.energy.up(x.view());
        Zip::from(&mut y).and(&fields).for_each(|y, &h| *y = self.tie.sign(h, *y));
        let fields = self.energy.down(y.view());
        Zip::from(&mut x).and(&fields).for_each(|x, &h| *x = self.tie.sign(h, *x));
        Ok(())
    }
}

impl<F: Real> MemoryModel<F> for Bidirectional<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities { landscape: Ok(&self.energy), spins: true, ..Abilities::of_patterns(&self.patterns) }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::to_rest(Box::new(self.dynamics()), 0.0, None))
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    Ok(Box::new(Bidirectional::new(patterns)?.with_tie(options.named(TIE.name)?.unwrap_or_default())))
}
