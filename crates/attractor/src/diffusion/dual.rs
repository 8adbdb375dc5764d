//! Dual numbers: a value with its derivative. A process defines its curves, and their rates follow.

use std::ops::{Add, Div, Mul, Sub};

/// A value and its derivative with respect to time (forward-mode differentiation).
///
/// ```
/// use attractor::diffusion::Dual;
/// let t = Dual::variable(3.0);
/// let y = t * t; // y = t², ẏ = 2t
/// assert_eq!((y.value, y.rate), (9.0, 6.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    /// The value.
    pub value: f64,
    /// Its derivative.
    pub rate: f64,
}

impl Dual {
    /// The time variable itself.
    pub fn variable(value: f64) -> Self {
        Dual { value, rate: 1.0 }
    }

    /// A constant.
    pub fn constant(value: f64) -> Self {
        Dual { value, rate: 0.0 }
    }

    /// e^self.
    pub fn exp(self) -> Self {
        let value = self.value.exp();
        Dual { value, rate: self.rate * value }
    }

    /// e^self − 1, exact near 0.
    pub fn exp_m1(self) -> Self {
        Dual { value: self.value.exp_m1(), rate: self.rate * self.value.exp() }
    }

    /// √self. Its rate at 0 is infinite.
    pub fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        Dual { value, rate: self.rate / (2.0 * value) }
    }
}

impl Add for Dual {
    type Output = Dual;
    fn add(self, other: Dual) -> Dual {
        Dual { value: self.value + other.value, rate: self.rate + other.rate }
    }
}

impl Sub for Dual {
    type Output = Dual;
    fn sub(self, other: Dual) -> Dual {
        Dual { value: self.value - other.value, rate: self.rate - other.rate }
    }
}

impl Mul for Dual {
    type Output = Dual;
    fn mul(self, other: Dual) -> Dual {
        Dual { value: self.value * other.value, rate: self.rate * other.value + self.value * other.rate }
    }
}

impl Div for Dual {
    type Output = Dual;
    fn div(self, other: Dual) -> Dual {
        let value = self.value / other.value;
        Dual { value, rate: (self.rate - value * other.rate) / other.value }
    }
}
