//! Visible and hidden units that act on each other (Krotov & Hopfield 2021).
//!
//! The layers take turns: one relaxes towards its input while the other stays fixed. The relaxation is the exact
//! exponential, not an Euler step, so no step is too large. A half-step of the hidden layer never raises the energy.
//! A half-step of the visible layer does not either, if scores are linear or their pull is Σ c(ξ − g)
//! (`docs/papers/energies-of-universal-networks.md`).

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Zip};

use super::{Dynamics, Motion, Run, Start};
use crate::error::{Error, Result, check_rows, check_width};
use crate::options::find;
use crate::real::Real;
use crate::separations::Separator;
use crate::similarities::Keys;
use crate::threads;

/// The activity g of a visible unit, which is the derivative of its Lagrangian L_v.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visible {
    /// g = v, L_v = v²/2.
    #[default]
    Identity,
    /// g = tanh v, L_v = ln cosh v: bounded.
    Tanh,
}

impl std::str::FromStr for Visible {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("visible", Self::ALL, name)
    }
}

impl Visible {
    /// Both activities with their names.
    pub const ALL: &[(&'static str, Self)] = &[("identity", Self::Identity), ("tanh", Self::Tanh)];

    /// The activity g(v).
    pub fn activity(self, v: f64) -> f64 {
        match self {
            Visible::Identity => v,
            Visible::Tanh => v.tanh(),
        }
    }

    /// The potential v of an activity. No v reaches ±1, so these are replaced by ±(1 − 10⁻⁶).
    pub fn potential(self, g: f64) -> f64 {
        const MOST: f64 = 1.0 - 1e-6;
        match self {
            Visible::Identity => g,
            Visible::Tanh => g.clamp(-MOST, MOST).atanh(),
        }
    }

    /// The Lagrangian L_v(v).
    pub fn lagrangian(self, v: f64) -> f64 {
        match self {
            Visible::Identity => v * v / 2.0,
            Visible::Tanh => v.abs() + (-2.0 * v.abs()).exp().ln_1p() - std::f64::consts::LN_2,
        }
    }

    /// The cost of an activity, max_v vg − L_v(v). It is ∞ if there is no such activity.
    pub fn cost(self, g: f64) -> f64 {
        let part = |x: f64| if x > 0.0 { 0.5 * x * x.ln() } else { 0.0 };
        match self {
            Visible::Identity => g * g / 2.0,
            Visible::Tanh if g.abs() > 1.0 => f64::INFINITY,
            Visible::Tanh => part(1.0 + g) + part(1.0 - g),
        }
    }
}

/// τ_h ḣ_μ = S_μ(g) − h_μ, τ_v v̇_i = Σ_μ f_μ ∂S_μ/∂g_i − v_i, with g = ∇L_v(v) and f = ∇L_h(h).
///
/// Lowers E(v, h) = Σ v g − L_v + Σ h f − L_h − Σ f S(g). S are the [smooth scores](Keys::smooth_scores), and f the
/// [activities](Separator::activities). The state of the recall is g. v starts where g is the cue, and h starts at
/// S(g). Cost: 2·N·D operations for each row and step, or a few times that; N + D numbers for each row. (Krotov &
/// Hopfield 2021, Eqs. 1–2; Millidge et al. 2022.)
///
/// ```
/// use attractor::dynamics::{TwoLayer, Visible};
/// use attractor::{memories::Beta, separations::{Separation, Separator}, similarities::{Convention, Keys, Similarity}};
/// use ndarray::array;
/// let keys = Keys::new(Similarity::Dot, array![[1.0_f64, 1.0, 0.0], [0.0, 1.0, -1.0]], Convention::Corrected)?;
/// let separator = Separator::new(Separation::Softmax(Beta::Value(8.0)), &keys)?;
/// let dynamics = TwoLayer::new(&keys, separator, Visible::Identity, 0.1, 0.2)?;
/// let (mut v, mut h) = (array![[0.5, 1.0, 0.0]], array![[1.5, 1.0]]);
/// let before = dynamics.energy(v.view(), h.view())?[0];
/// dynamics.advance(&mut v, &mut h)?;
/// assert!(dynamics.energy(v.view(), h.view())?[0] < before);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TwoLayer<'a, F> {
    keys: &'a Keys<F>,
    separator: Separator,
    visible: Visible,
    lag: f64,
    step: f64,
}

impl<'a, F: Real> TwoLayer<'a, F> {
    /// The two layers of these keys. `lag` is τ_h/τ_v (0: hidden units follow at once). `step` is the time of a step
    /// in units of τ_v.
    ///
    /// # Errors
    /// Scores without a slope; a lag below 0, or a step that is not above 0.
    pub fn new(
        keys: &'a Keys<F>,
        separator: Separator,
        visible: Visible,
        lag: f64,
        step: f64,
    ) -> Result<Self> {
        if let Some(reason) = keys.flat() {
            let (model, reason) = (keys.similarity().name(), reason.to_owned());
            return Err(Error::Undefined { model, what: "two-layer dynamics", reason: reason.into() });
        }
        if !(0.0..=1e6).contains(&lag) {
            return Err(Error::parameter("lag", "a number from 0 to 1e6", lag));
        }
        if !(1e-6..=1e6).contains(&step) {
            return Err(Error::parameter("step", "a number from 1e-6 to 1e6", step));
        }
        Ok(TwoLayer { keys, separator, visible, lag, step })
    }

    /// The time of a step in units of τ_v.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// E(v, h) of each row of visible (B × D) and hidden (B × N) units.
    ///
    /// # Errors
    /// Shapes that do not agree; activities for which the similarity is not defined.
    pub fn energy(&self, v: ArrayView2<f64>, h: ArrayView2<f64>) -> Result<Vec<f64>> {
        self.check(v, h)?;
        let scores = self.keys.smooth_scores(self.activity(v).view())?;
        let f = self.hidden(h);
        let dot =
            |a: ArrayView1<f64>, b: ArrayView1<f64>| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let row = |row: usize| {
            let visible: f64 =
                v.row(row).iter().map(|&v| v * self.visible.activity(v) - self.visible.lagrangian(v)).sum();
            let hidden = dot(h.row(row), f.row(row)) - self.separator.lagrangian(&h.row(row).to_vec());
            visible + hidden - dot(f.row(row), scores.row(row))
        };
        Ok((0..v.nrows()).map(row).collect())
    }

    /// The velocities τ_v v̇ and τ_h ḣ.
    ///
    /// # Errors
    /// Those of [`energy`](Self::energy).
    pub fn velocity(&self, v: ArrayView2<f64>, h: ArrayView2<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
        self.check(v, h)?;
        let g = self.activity(v);
        let scores = self.keys.smooth_scores(g.view())?;
        Ok((self.keys.slope(g.view(), self.hidden(h).view())?.pull - v, scores - h))
    }

    /// Makes one step of both layers in place: hidden units first, then visible ones.
    ///
    /// # Errors
    /// Those of [`energy`](Self::energy).
    pub fn advance(&self, v: &mut Array2<f64>, h: &mut Array2<f64>) -> Result<()> {
        self.check(v.view(), h.view())?;
        self.advance_at(self.activity(v.view()).view(), v, h)
    }

    /// A step from activities g. For held units these are not the activities of v.
    fn advance_at(&self, g: ArrayView2<F>, v: &mut Array2<f64>, h: &mut Array2<f64>) -> Result<()> {
        let scores = self.keys.smooth_scores(g)?;
        if self.lag == 0.0 {
            h.assign(&scores);
        } else {
            let share = -(-self.step / self.lag).exp_m1();
            Zip::from(&mut *h).and(&scores).for_each(|h, s| *h += share * (s - *h));
        }
        let slope = self.keys.slope(g, self.hidden(h.view()).view())?;
        Zip::from(v).and(&slope.pull).and(&slope.stiffness).for_each(|v, pull, stiffness| {
            let rate = 1.0 + stiffness;
            *v -= (pull - *v) * (-self.step * rate).exp_m1() / rate;
        });
        Ok(())
    }

    fn activity(&self, v: ArrayView2<f64>) -> Array2<F> {
        v.mapv(|v| F::from_f64(self.visible.activity(v)))
    }

    fn hidden(&self, h: ArrayView2<f64>) -> Array2<f64> {
        let rows = threads::map(h.nrows(), 20.0 * h.len() as f64, |row| {
            let mut row = h.row(row).to_vec();
            self.separator.activities(&mut row);
            row
        });
        let mut f = Array2::zeros(h.dim());
        f.outer_iter_mut().zip(rows).for_each(|(mut to, from)| to.assign(&Array1::from(from)));
        f
    }

    fn check(&self, v: ArrayView2<f64>, h: ArrayView2<f64>) -> Result<()> {
        check_width("visible units", v.ncols(), self.keys.values().ncols())?;
        check_rows("hidden units", h.ncols(), self.keys.values().nrows())?;
        check_rows("rows of hidden units", h.nrows(), v.nrows())
    }
}

impl<F: Real> Dynamics<F> for TwoLayer<'_, F> {
    fn dim(&self) -> usize {
        self.keys.values().ncols()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let v = start.states.mapv(|g| self.visible.potential(g.to_f64()));
        let mut g = self.activity(v.view());
        let held = start.held.map(|held| held.to_owned());
        hold(&mut g, start.states, held.as_ref());
        let h = self.keys.smooth_scores(g.view())?;
        Ok(Box::new(Layers { dynamics: *self, v, h, held }))
    }
}

/// Sets held units to their given values.
fn hold<F: Real>(g: &mut Array2<F>, given: ArrayView2<F>, held: Option<&Array2<bool>>) {
    if let Some(held) = held {
        Zip::from(g).and(given).and(held).for_each(|g, &given, &held| *g = if held { given } else { *g });
    }
}

struct Layers<'a, F> {
    dynamics: TwoLayer<'a, F>,
    v: Array2<f64>,
    h: Array2<f64>,
    held: Option<Array2<bool>>,
}

impl<F: Real> Run<F> for Layers<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let (mut v, mut h) = (self.v.select(Axis(0), rows), self.h.select(Axis(0), rows));
        let held = self.held.as_ref().map(|held| held.select(Axis(0), rows));
        let mut g = self.dynamics.activity(v.view());
        hold(&mut g, states.view(), held.as_ref());
        self.dynamics.advance_at(g.view(), &mut v, &mut h)?;
        let mut next = self.dynamics.activity(v.view());
        hold(&mut next, states.view(), held.as_ref());
        states.assign(&next);
        for (k, &row) in rows.iter().enumerate() {
            self.v.row_mut(row).assign(&v.row(k));
            self.h.row_mut(row).assign(&h.row(k));
        }
        Ok(())
    }
}
