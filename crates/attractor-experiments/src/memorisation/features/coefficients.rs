//! The coefficients of the Gaussian equivalent of random features.

/// How much of f(Wx_t/√d) is linear in data and noise, how much depends on the row, and how much is left (Bonnaire et al. 2025,
/// for data of unit variance). With independent standard normal u, v, w and c = e^(−t):
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// c a: what is linear in the data, a = E f'(cu + √Δ v).
    pub data: f64,
    /// b = E v f(cu + √Δ v): what is linear in the noise.
    pub noise: f64,
    /// v² = E f(cu + √Δ v) f(cu + √Δ w) − a²c²: what is fixed for a row and not linear. It is what lets a model tell rows apart.
    pub row: f64,
    /// s² = E f(u)² − a²c² − v² − b²: the rest.
    pub rest: f64,
}

impl Coefficients {
    /// The coefficients of an odd activation at a time of the process, by the trapezoidal rule, which is exact to rounding for
    /// smooth functions.
    pub fn of(activation: fn(f64) -> f64, time: f64) -> Self {
        /// Half the width of the range, in standard deviations, and nodes on each side.
        const RANGE: f64 = 9.0;
        const NODES: i32 = 180;
        let step = RANGE / f64::from(NODES);
        let nodes: Vec<(f64, f64)> = (-NODES..=NODES)
            .map(|k| f64::from(k) * step)
            .map(|x| (x, step * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()))
            .collect();
        let mean = |g: &dyn Fn(f64) -> f64| nodes.iter().map(|(x, weight)| weight * g(*x)).sum::<f64>();
        let (signal, noise) = ((-time).exp(), (-(-2.0 * time).exp_m1()).sqrt());
        // By Stein's lemma, E f'(z) = E z f(z).
        let slope = mean(&|z| z * activation(z));
        let data = slope * signal;
        let given = |u: f64| mean(&|v| activation(signal * u + noise * v));
        let row = mean(&|u| given(u).powi(2)) - data * data;
        let linear = slope * noise;
        let rest = mean(&|z| activation(z).powi(2)) - data * data - row - linear * linear;
        Coefficients { data, noise: linear, row, rest }
    }

    /// The coefficients of f = sin in closed form: a² = e^(−1), v² = e^(−1)(sinh c² − c²), s² = e^(−1)(sinh 1 − sinh c² − Δ).
    pub fn sine(time: f64) -> Self {
        let square = (-2.0 * time).exp();
        let (scale, delta) = ((-1.0_f64).exp(), -(-2.0 * time).exp_m1());
        Coefficients {
            data: (scale * square).sqrt(),
            noise: (scale * delta).sqrt(),
            row: scale * (square.sinh() - square),
            rest: scale * (1.0_f64.sinh() - square.sinh() - delta),
        }
    }
}
