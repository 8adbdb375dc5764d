//! A cue as the output of a noisy channel.

use puruspe::erfc;

/// A memoryless channel with equally likely inputs ±1: its capacity and its dispersion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Capacity C in bits per use: the mean of the information density.
    pub capacity: f64,
    /// Dispersion V in bits squared: the variance of the information density.
    pub dispersion: f64,
}

impl Channel {
    /// The channel from ±1 to θy + √(1 − θ²)ε. Its information density is 1 − log₂(1 + exp(−2(m + √m ε)))
    /// with m = θ²/(1 − θ²). The means over ε are computed by Simpson's rule.
    pub fn gaussian(signal: f64) -> Self {
        /// The normal density is below 10⁻³¹ beyond this point.
        const END: f64 = 12.0;
        const PIECES: usize = 4800;
        let m = signal * signal / (1.0 - signal * signal);
        let step = 2.0 * END / PIECES as f64;
        let (mut mean, mut square) = (0.0, 0.0);
        for i in 0..=PIECES {
            let noise = -END + i as f64 * step;
            let weight = match i {
                0 | PIECES => 1.0,
                i if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let density =
                weight * step / 3.0 * (-0.5 * noise * noise).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let exponent = -2.0 * (m + m.sqrt() * noise);
            // ln(1 + eˣ) without overflow.
            let soft = exponent.max(0.0) + (-exponent.abs()).exp().ln_1p();
            let information = 1.0 - soft / std::f64::consts::LN_2;
            mean += density * information;
            square += density * information * information;
        }
        Channel { capacity: mean, dispersion: square - mean * mean }
    }

    /// Each input is lost with probability p: C = 1 − p, V = p(1 − p).
    pub fn erasures(p: f64) -> Self {
        Channel { capacity: 1.0 - p, dispersion: p * (1.0 - p) }
    }

    /// Each input is flipped with probability p: C = 1 − h(p), V = p(1 − p) log₂²((1 − p)/p).
    pub fn flips(p: f64) -> Self {
        Channel { capacity: 1.0 - entropy(p), dispersion: p * (1.0 - p) * ((1.0 - p) / p).log2().powi(2) }
    }
}

/// The entropy of a bit that is 1 with probability p, in bits.
pub fn entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    part(p) + part(1.0 - p)
}

/// P(ε > x) of a standard normal variable.
pub fn normal_tail(x: f64) -> f64 {
    0.5 * erfc(x / std::f64::consts::SQRT_2)
}
