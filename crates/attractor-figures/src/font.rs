//! The font that comes with the program, so that pictures look the same on every machine.

use std::sync::LazyLock;

use fontdue::{Font, FontSettings};

/// DejaVu Sans.
pub(crate) static FONT: LazyLock<Font> = LazyLock::new(|| {
    let bytes: &[u8] = include_bytes!("../assets/DejaVuSans.ttf");
    Font::from_bytes(bytes, FontSettings::default()).expect("the font that ships with the program is whole")
});

/// The width of a line of text at this size, in the same unit.
pub(crate) fn width_of(text: &str, size: f64) -> f64 {
    /// Widths are measured at this size, so that rounding of single letters does not matter.
    const LARGE: f32 = 100.0;
    let width: f32 = text.chars().map(|c| FONT.metrics(c, LARGE).advance_width).sum();
    f64::from(width / LARGE) * size
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_font_has_what_figures_write() {
        for c in "azAZ09 θσγβ ±−×·… ⁻⁰¹²³⁴⁵⁶⁷⁸⁹ ₀₁₂ ≈≤≥√∇∞→ ½¾".chars()
        {
            assert_ne!(super::FONT.lookup_glyph_index(c), 0, "{c}");
        }
    }
}
