//! The colours of figures: a set that colour-blind people can tell apart, and a pale one-hue scale for
//! fields.

/// A colour as red, green and blue.
pub(super) type Colour = [u8; 3];

/// The colours of text and axes, of secondary lines, of grid lines, and of the background.
pub(super) const INK: Colour = [0x1b, 0x1b, 0x1b];
pub(super) const GREY: Colour = [0x80, 0x80, 0x80];
pub(super) const FAINT: Colour = [0xe0, 0xe0, 0xe0];
pub(super) const PAPER: Colour = [0xff; 3];

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle that points up.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle that points down.
    TriangleDown,
    /// Two diagonal strokes.
    Cross,
    /// An upright and a level stroke.
    Plus,
}

/// Colour, marker and dashes of each style. The colours are those of Okabe and Ito (2008) without yellow,
/// which is too pale for a line on white.
pub(super) const STYLES: [(Colour, Marker, &[f64]); 7] = [
    ([0x00, 0x72, 0xb2], Marker::Circle, &[]),
    ([0xd5, 0x5e, 0x00], Marker::Square, &[7.0, 4.0]),
    ([0x00, 0x9e, 0x73], Marker::Triangle, &[2.0, 4.0]),
    ([0xcc, 0x79, 0xa7], Marker::Diamond, &[7.0, 4.0, 2.0, 4.0]),
    ([0xe6, 0x9f, 0x00], Marker::TriangleDown, &[14.0, 4.0]),
    ([0x56, 0xb4, 0xe9], Marker::Cross, &[4.0, 3.0]),
    ([0x00, 0x00, 0x00], Marker::Plus, &[7.0, 4.0, 2.0, 4.0, 2.0, 4.0]),
];

/// The colour of a value between 0 (low, blue) and 1 (high, nearly white). Equal steps look equal because
/// they are equal steps in Oklab (Ottosson 2020).
pub(super) fn scale(share: f64) -> Colour {
    const LOW: [f64; 3] = [0.68, -0.050, -0.090];
    const HIGH: [f64; 3] = [0.985, -0.002, -0.006];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
    let [l, a, b] = [0, 1, 2].map(|i| LOW[i] + share * (HIGH[i] - LOW[i]));
    let cone = |p: f64, q: f64| (l + p * a + q * b).powi(3);
    let [l, m, s] = [
        cone(0.396_337_777_4, 0.215_803_757_3),
        cone(-0.105_561_345_8, -0.063_854_172_8),
        cone(-0.089_484_177_5, -1.291_485_548_0),
    ];
    let linear = [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ];
    linear.map(|v| {
        let v = v.clamp(0.0, 1.0);
        let curved = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        (curved * 255.0).round() as u8
    })
}
