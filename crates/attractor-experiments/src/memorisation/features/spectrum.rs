//! The spectrum of U where d, p and n are large.

use num_complex::Complex64;

use super::Coefficients;

/// The limit of the spectrum of U for d, p, n → ∞ at fixed ψ_p = p/d and ψ_n = n/d (Gaussian equivalent, data of covariance I).
///
/// Given W, the features of rows are like Gaussian rows of covariance C = c²a² S + v² I with S = WWᵀ/d, beside what is the same for
/// all rows, R = b² S + s² I. So U is R plus a sample covariance of C, and its resolvent is that of R + C/(1 + δ) with
///
/// > δ(z) = (1/n) tr C (R + C/(1 + δ) − z)⁻¹.
///
/// All of this is a function of S, whose spectrum is that of Marchenko and Pastur. One complex equation is left. The paper has the same
/// spectrum as three equations, by replicas.
#[derive(Clone, Copy, Debug)]
pub struct Spectrum {
    coefficients: Coefficients,
    psi_p: f64,
    psi_n: f64,
}

/// What the equation gives at one z.
#[derive(Clone, Copy, Debug)]
pub struct Resolved {
    /// q = (1/p) tr (U − z)⁻¹.
    pub trace: Complex64,
    /// r = (1/p) tr S (U − z)⁻¹.
    pub data: Complex64,
    /// δ.
    delta: Complex64,
}

impl Spectrum {
    /// The spectrum for these coefficients and ratios.
    pub fn new(coefficients: Coefficients, psi_p: f64, psi_n: f64) -> Self {
        Spectrum { coefficients, psi_p, psi_n }
    }

    /// The Stieltjes transform (1/p) tr (S − z)⁻¹ of S = WWᵀ/d: the root of ψ_p z m² + (z + ψ_p − 1) m + 1 = 0 whose imaginary
    /// part has the sign of that of z.
    fn marchenko_pastur(&self, z: Complex64) -> Complex64 {
        let (a, b) = (z * self.psi_p, z + self.psi_p - 1.0);
        let root = (b * b - a * 4.0).sqrt();
        let [one, other] = [(-b + root) / (a * 2.0), (-b - root) / (a * 2.0)];
        let fits = |m: Complex64| m.im * z.im.signum();
        if fits(one) >= fits(other) { one } else { other }
    }

    /// What δ makes of itself, with the traces that follow from it.
    fn step(&self, z: Complex64, delta: Complex64) -> Resolved {
        let Coefficients { data, noise, row, rest } = self.coefficients;
        let shrunk = Complex64::from(1.0) / (delta + 1.0);
        let all = -z + rest + shrunk * row;
        let along = shrunk * (data * data) + noise * noise;
        let trace = self.marchenko_pastur(-all / along) / along;
        let data_trace = (-all * trace + 1.0) / along;
        let delta = (trace * row + data_trace * (data * data)) * (self.psi_p / self.psi_n);
        Resolved { trace, data: data_trace, delta }
    }

    /// Solves the equation at λ + iε. It follows the solution down from a large imaginary part, where iteration converges, by Newton's
    /// method.
    pub fn at(&self, value: f64, height: f64) -> Resolved {
        const FROM: f64 = 30.0;
        const SHRINK: f64 = 0.8;
        let scale = FROM * (1.0 + value.abs());
        let mut up = scale;
        let mut delta = Complex64::from(0.0);
        for _ in 0..60 {
            delta = self.step(Complex64::new(value, up), delta).delta;
        }
        while up > height {
            up = (up * SHRINK).max(height);
            delta = self.newton(Complex64::new(value, up), delta);
        }
        self.step(Complex64::new(value, height), delta)
    }

    /// Newton's method from a neighbouring solution. Where it leaves the half-plane in which δ lies, plain iteration, which does not.
    fn newton(&self, z: Complex64, start: Complex64) -> Complex64 {
        const STEPS: usize = 30;
        const SMALL: f64 = 1e-13;
        let mut delta = start;
        for _ in 0..STEPS {
            let gap = self.step(z, delta).delta - delta;
            if gap.norm() <= SMALL * (1.0 + delta.norm()) {
                return delta;
            }
            let nudge = 1e-7 * (1.0 + delta.norm());
            let moved = delta + nudge;
            let slope = (self.step(z, moved).delta - moved - gap) / nudge;
            delta -= gap / slope;
            if !(delta.im > 0.0 && delta.norm().is_finite()) {
                return self.iterated(z, start);
            }
        }
        delta
    }

    fn iterated(&self, z: Complex64, start: Complex64) -> Complex64 {
        const STEPS: usize = 20_000;
        const SMALL: f64 = 1e-12;
        let mut delta = start;
        for _ in 0..STEPS {
            let next = (delta + self.step(z, delta).delta) * 0.5;
            if (next - delta).norm() <= SMALL * (1.0 + delta.norm()) {
                return next;
            }
            delta = next;
        }
        delta
    }

    /// The density of eigenvalues.
    pub fn density(&self, value: f64) -> f64 {
        let height = 1e-7 * value.abs().max(1e-3);
        self.at(value, height).trace.im.max(0.0) / std::f64::consts::PI
    }

    /// The share of eigenvalues that are s² (0 if ψ_p ≤ ψ_n + 1): directions in which neither the rows nor the noise move features.
    pub fn atom(&self) -> f64 {
        (1.0 - (1.0 + self.psi_n) / self.psi_p).max(0.0)
    }

    /// Eigenvalues that lie evenly spaced on a logarithmic scale, each with the share of eigenvalues up to it.
    pub fn shares(&self, count: usize) -> Vec<(f64, f64)> {
        /// Steps between two of them: the density has edges at which it grows like a root.
        const FINE: usize = 16;
        let rest = self.coefficients.rest;
        let low = 0.2 * rest;
        let high = 1.5 * self.generalising()[2];
        let at = |k: usize| low * (high / low).powf(k as f64 / (count * FINE) as f64);
        let (mut share, mut all) = (0.0, Vec::with_capacity(count));
        for k in 0..count * FINE {
            let (from, to) = (at(k), at(k + 1));
            let middle = (from * to).sqrt();
            share += self.density(middle) * (to - from);
            if from < rest && to >= rest {
                share += self.atom();
            }
            if (k + 1) % FINE == 0 {
                all.push((to, share));
            }
        }
        all
    }

    /// The bulk ρ₁, which grows with the rows, for large ψ_p and ψ_n: its lower edge, mean and upper edge,
    /// s² + v²(1 ± √(ψ_p/ψ_n))² and s² + v²ψ_p/ψ_n. (Its mean is that of its n largest eigenvalues.)
    pub fn memorising(&self) -> [f64; 3] {
        let ratio = self.psi_p / self.psi_n;
        let Coefficients { row, rest, .. } = self.coefficients;
        [
            rest + row * (1.0 - ratio.sqrt()).powi(2),
            rest + row * ratio.max(1.0),
            rest + row * (1.0 + ratio.sqrt()).powi(2),
        ]
    }

    /// The bulk ρ₂, which is that of the population: s² + v² + (c²a² + b²)(√ψ_p ± 1)², and its mean with ψ_p.
    pub fn generalising(&self) -> [f64; 3] {
        let Coefficients { data, noise, row, rest } = self.coefficients;
        let (all, along) = (rest + row, data * data + noise * noise);
        let root = self.psi_p.sqrt();
        [all + along * (root - 1.0).powi(2), all + along * self.psi_p, all + along * (root + 1.0).powi(2)]
    }

    /// The times of the theory at which the two bulks are learned, ψ_p/(2Δλ) at their means: τ_gen and τ_mem.
    pub fn times(&self, delta: f64) -> [f64; 2] {
        [self.generalising()[1], self.memorising()[1]].map(|value| self.psi_p / (2.0 * delta * value))
    }
}
