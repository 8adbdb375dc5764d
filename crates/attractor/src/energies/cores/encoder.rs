//! Linear encoders, which say what of an event is stored.

use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::Semantic;
use crate::energies::mixture::{Mixture, not_gaussian};
use crate::error::{Error, Result, check_width};
use crate::linear::{Axes, Eigen};
use crate::message::Message;
use crate::real::Real;

/// Rows are dependent if one axis of theirs is shorter than this share of the longest. Cores would then have to agree
/// to more digits than an `f32` has.
const DEPENDENT: f64 = 1e-6;

/// A linear encoder: the core of a state y is ξ = A y, with A of W × D.
///
/// The first of these are what cores usually hold. [`units`](Self::units) keeps some units, [`averages`](Self::averages)
/// the averages of groups of units such as blocks of an image, [`components`](Self::components) the first principal
/// components of a semantic memory, and [`matrix`](Self::matrix) takes any A.
///
/// ```
/// use attractor::energies::Encoder;
/// let encoder = Encoder::averages(4, &[vec![0, 1], vec![2, 3]])?;
/// assert_eq!(encoder.encode(&[1.0, 2.0, 5.0, 9.0])?, [1.5, 7.0]);
/// assert_eq!(encoder.rows(), ndarray::array![[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    dim: usize,
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// The rows of the identity with these indices.
    Units(Vec<usize>),
    Matrix(Matrix),
}

/// A = L Q, with orthonormal rows Q.
#[derive(Clone, Debug, PartialEq)]
struct Matrix {
    rows: Array2<f64>,
    /// Q, W × D.
    directions: Array2<f64>,
    /// L⁻¹, W × W.
    inverse: Array2<f64>,
}

impl Encoder {
    /// Keeps the units with these numbers, in this order: W of D, 0 ≤ W ≤ D. Without units nothing is kept.
    ///
    /// # Errors
    /// No units in a state; a number that is not below D, or given twice.
    pub fn units(dim: usize, units: Vec<usize>) -> Result<Self> {
        check_dim(dim)?;
        check_length(units.len(), dim)?;
        let mut seen = vec![false; dim];
        for &unit in &units {
            check_unit(unit, dim)?;
            if std::mem::replace(&mut seen[unit], true) {
                return Err(Error::parameter("units of a core", "every unit once", format!("{unit} twice")));
            }
        }
        Ok(Encoder { dim, form: Form::Units(units) })
    }

    /// Keeps the average of each of these groups of units. Groups must not overlap.
    ///
    /// # Errors
    /// No units in a state; a group without units; a number that is not below D, or in two groups.
    pub fn averages(dim: usize, groups: &[Vec<usize>]) -> Result<Self> {
        check_dim(dim)?;
        if groups.iter().any(Vec::is_empty) {
            let cure = "give every group a unit";
            return Err(Error::Empty { what: "units of a group".into(), cure: cure.into() });
        }
        // This refuses a unit that is in two groups.
        Encoder::units(dim, groups.concat())?;
        let mut rows = Array2::zeros((groups.len(), dim));
        for (mut row, group) in rows.outer_iter_mut().zip(groups) {
            group.iter().for_each(|&unit| row[unit] = 1.0 / group.len() as f64);
        }
        Encoder::matrix(rows)
    }

    /// Keeps the first `count` principal components of a semantic memory: A has the eigenvectors of its covariance of
    /// the largest eigenvalues. Cost: about 9 D³ operations.
    ///
    /// # Errors
    /// A memory that is not a mixture of Gaussians; more components than units.
    pub fn components<F: Real>(semantic: &Mixture<F>, count: usize) -> Result<Self> {
        let dim = semantic.mean().len();
        check_length(count, dim)?;
        let mut covariance = Array2::<f64>::zeros((dim, dim));
        let overall = ArrayView1::from(semantic.mean());
        for Semantic { weight, gaussian, .. } in semantic.semantic()? {
            let apart = &ArrayView1::from(gaussian.origin()) - &overall;
            let column = apart.view().insert_axis(Axis(1));
            let own = gaussian.covariance().ok_or_else(not_gaussian)?;
            covariance.scaled_add(weight, &(own + column.dot(&column.t())));
        }
        let vectors = Eigen::new(covariance.view())?.vectors;
        Encoder::matrix(vectors.slice_move(ndarray::s![..count, ..]))
    }

    /// Any W × D matrix A of independent rows, W ≤ D.
    ///
    /// # Errors
    /// No columns; more rows than columns; numbers that are not finite; rows that depend on each other.
    pub fn matrix(rows: Array2<f64>) -> Result<Self> {
        let (count, dim) = rows.dim();
        check_dim(dim)?;
        check_length(count, dim)?;
        if count == 0 {
            return Encoder::units(dim, Vec::new());
        }
        let axes = Axes::of(rows.view())?;
        let (most, least) = (axes.lengths[0], axes.lengths[count - 1]);
        // Rows of zeros have no axis at all.
        if least.is_nan() || least <= DEPENDENT * most {
            let expected = "rows of which none follows from the others";
            let found = format!("{count} rows with axes from {most:e} down to {least:e}");
            return Err(Error::parameter("encoder", expected, found));
        }
        // A = L Q with Q the axes, so L = A Qᵀ.
        let directions = axes.directions;
        let factor = rows.dot(&directions.t());
        let products = factor.t().dot(&factor);
        // LᵀL = diag(lengths²), so L⁻¹ = diag(lengths⁻²) Lᵀ.
        let mut inverse = factor.t().to_owned();
        for (mut row, square) in inverse.outer_iter_mut().zip(products.diag()) {
            row /= *square;
        }
        Ok(Encoder { dim, form: Form::Matrix(Matrix { rows, directions, inverse }) })
    }

    /// The number of units of a state, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of numbers in a core, W.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Units(units) => units.len(),
            Form::Matrix(matrix) => matrix.rows.nrows(),
        }
    }

    /// Whether cores are empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the units that are kept, if it keeps units.
    pub fn kept_units(&self) -> Option<&[usize]> {
        match &self.form {
            Form::Units(units) => Some(units),
            Form::Matrix(_) => None,
        }
    }

    /// A, W × D.
    pub fn rows(&self) -> Array2<f64> {
        match &self.form {
            Form::Units(units) => {
                Array2::from_shape_fn((units.len(), self.dim), |(i, j)| f64::from(u8::from(units[i] == j)))
            }
            Form::Matrix(matrix) => matrix.rows.clone(),
        }
    }

    /// The core ξ = A y of a state.
    ///
    /// # Errors
    /// A state of another width.
    pub fn encode(&self, y: &[f64]) -> Result<Vec<f64>> {
        check_width("event", y.len(), self.dim)?;
        Ok(match &self.form {
            Form::Units(units) => units.iter().map(|&unit| y[unit]).collect(),
            Form::Matrix(matrix) => matrix.rows.dot(&ArrayView1::from(y)).to_vec(),
        })
    }

    /// The encoder of stretched states S y: A S⁻¹, or the same units.
    pub(super) fn stretch(&self, factors: &[f64]) -> Result<Self> {
        match &self.form {
            // Units are stretched in the core as well: see `stretch_core`.
            Form::Units(_) => Ok(self.clone()),
            Form::Matrix(matrix) => Encoder::matrix(&matrix.rows / &ArrayView1::from(factors)),
        }
    }

    /// The core of stretched states that this core becomes.
    pub(super) fn stretch_core(&self, core: &[f64], factors: &[f64]) -> Vec<f64> {
        match &self.form {
            Form::Units(units) => core.iter().zip(units).map(|(x, &unit)| x * factors[unit]).collect(),
            Form::Matrix(_) => core.to_vec(),
        }
    }

    /// The coordinates Q y of a state along the directions that cores hold.
    pub(super) fn coordinates(&self, y: ArrayView1<f64>) -> Array1<f64> {
        match &self.form {
            Form::Units(units) => units.iter().map(|&unit| y[unit]).collect(),
            Form::Matrix(matrix) => matrix.directions.dot(&y),
        }
    }

    /// The coordinates Q y of all states with this core: L⁻¹ξ.
    pub(super) fn of_core(&self, core: &[f64]) -> Array1<f64> {
        match &self.form {
            Form::Units(_) => core.iter().copied().collect(),
            Form::Matrix(matrix) => matrix.inverse.dot(&ArrayView1::from(core)),
        }
    }

    /// Q of several rows: B × D to B × W.
    pub(super) fn coordinates_of_rows(&self, rows: &Array2<f64>) -> Array2<f64> {
        match &self.form {
            Form::Units(units) => rows.select(Axis(1), units),
            Form::Matrix(matrix) => rows.dot(&matrix.directions.t()),
        }
    }

    /// y += Qᵀu
    pub(super) fn place(&self, along: ArrayView1<f64>, y: &mut Array1<f64>) {
        match &self.form {
            Form::Units(units) => units.iter().zip(along).for_each(|(&unit, u)| y[unit] += u),
            Form::Matrix(matrix) => {
                for (&u, direction) in along.iter().zip(matrix.directions.outer_iter()) {
                    y.scaled_add(u, &direction);
                }
            }
        }
    }

    /// Takes the directions of the cores out of a state: y −= QᵀQ y.
    pub(super) fn remove(&self, y: &mut Array1<f64>) {
        match &self.form {
            Form::Units(units) => units.iter().for_each(|&unit| y[unit] = 0.0),
            Form::Matrix(_) => {
                let along = -self.coordinates(y.view());
                self.place(along.view(), y);
            }
        }
    }
}

fn check_dim(dim: usize) -> Result<()> {
    match dim {
        0 => Err(Error::Empty { what: "units of a state".into(), cure: "give the units of a state".into() }),
        _ => Ok(()),
    }
}

fn check_length(length: usize, dim: usize) -> Result<()> {
    if length <= dim {
        return Ok(());
    }
    let cure: Message = "store fewer numbers of an event".into();
    Err(Error::shape("core", format!("at most {dim} numbers, as a state has"), format!("{length}"), cure))
}

fn check_unit(unit: usize, dim: usize) -> Result<()> {
    if unit < dim {
        return Ok(());
    }
    Err(Error::parameter("units of a core", format!("numbers from 0 to {}", dim - 1), unit))
}
