//! Figures: lines with markers and uncertainty bands, in panels, as SVG and PNG from one description.
//!
//! Colours are those of Okabe and Ito (2008), which colour-blind people can tell apart; each series has
//! its own marker and line style too, so a figure can be read in grey. Sizes are those of a printed page:
//! a figure is 190 mm wide and its text 9 points or larger.
//!
//! ```
//! use attractor_experiments::figure::{Axis, Figure, Panel, Point, Series};
//! let line = Series { name: "a line".into(), style: 0, points: vec![Point::new(1.0, 2.0), Point::new(2.0, 4.0)] };
//! let panel = Panel {
//!     title: "one panel".into(),
//!     x: Axis::log("steps"),
//!     y: Axis::linear("time (s)"),
//!     series: vec![line],
//! };
//! let figure = Figure { panels: vec![panel], columns: 1, panel_height: 240.0 };
//! assert!(figure.svg()?.starts_with("<svg"));
//! # Ok::<(), attractor_experiments::Error>(())
//! ```

use std::path::Path;
use std::sync::Arc;

use attractor_data::write_atomically;
use kuva::backend::raster::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::band::BandPlot;
use kuva::plot::legend::{LegendEntry, LegendShape};
use kuva::plot::legend_plot::LegendPlot;
use kuva::plot::line::{LinePlot, LineStyle};
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::render::figure::Figure as Grid;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::Scene;

use crate::{Error, Result};

/// Colour, marker and dashes of each style. Yellow is left out: it is too pale for a line on white.
const STYLES: [(&str, MarkerShape, &[f64]); 7] = [
    ("#0072B2", MarkerShape::Circle, &[]),
    ("#D55E00", MarkerShape::Square, &[7.0, 4.0]),
    ("#009E73", MarkerShape::Triangle, &[2.0, 4.0]),
    ("#CC79A7", MarkerShape::Diamond, &[7.0, 4.0, 2.0, 4.0]),
    ("#E69F00", MarkerShape::TriangleDown, &[14.0, 4.0]),
    ("#56B4E9", MarkerShape::Cross, &[4.0, 3.0]),
    ("#000000", MarkerShape::Plus, &[7.0, 4.0, 2.0, 4.0, 2.0, 4.0]),
];

/// Width of a figure in CSS pixels of 1/96 inch: 190 mm.
const WIDTH: f64 = 720.0;
/// Height of text in CSS pixels: 9 and 10 points.
const TEXT: u32 = 12;
const TITLE: u32 = 13;
/// Room in the legend for a letter, and for a marker with its margins.
const LETTER: f64 = 7.5;
const SWATCH: f64 = 40.0;
/// Pixels of the PNG a CSS pixel: 288 dots an inch.
const SCALE: f32 = 3.0;

/// One measured value, and how uncertain it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Ends of its interval.
    pub band: Option<(f64, f64)>,
}

impl Point {
    /// A value without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Point { x, y, band: None }
    }
}

/// A line with markers, and a band where its points have intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Which of seven styles; the same number looks the same in all panels.
    pub style: usize,
    /// Its points, in the order in which they are joined. A point that its axes cannot show (not finite, not
    /// positive on a logarithmic axis) is left out, and the line has a gap there.
    pub points: Vec<Point>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, with the unit.
    pub title: String,
    /// Whether it is logarithmic.
    pub log: bool,
    /// Its ends; those of the data if none.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis as long as its data.
    pub fn linear(title: &str) -> Self {
        Axis { title: title.into(), log: false, range: None }
    }

    /// A logarithmic axis from decade to decade.
    pub fn log(title: &str) -> Self {
        Axis { title: title.into(), log: true, range: None }
    }

    /// The same axis with these ends.
    pub fn within(self, low: f64, high: f64) -> Self {
        Axis { range: Some((low, high)), ..self }
    }

    fn shows(&self, value: f64) -> bool {
        value.is_finite() && (value > 0.0 || !self.log)
    }

    /// Its ends over these values.
    fn ends(&self, values: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
        if let Some((low, high)) = self.range {
            return if self.shows(low) && high.is_finite() && low < high {
                Ok((low, high))
            } else {
                Err(Error::Setting {
                    name: "range of an axis",
                    expected: format!(
                        "low < high{}",
                        if self.log { ", both > 0 on a logarithmic axis" } else { "" }
                    ),
                    found: format!("{low} to {high}"),
                })
            };
        }
        let (low, high) = values
            .filter(|&v| self.shows(v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Err(Error::Setting {
                name: "figure",
                expected: "a panel with a value that its axes can show".into(),
                found: format!("none for “{}”", self.title),
            });
        }
        Ok(if self.log {
            let (low, high) = (low.log10().floor(), high.log10().ceil());
            (10f64.powf(low), 10f64.powf(high.max(low + 1.0)))
        } else if low < high {
            (low, high)
        } else {
            (low - 0.5, high + 0.5)
        })
    }
}

/// Two axes and what is drawn between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its heading.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is drawn, the last on top.
    pub series: Vec<Series>,
}

/// Panels in rows of `columns`, with one legend below.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Panels a row; at least 1.
    pub columns: usize,
    /// Height of a panel in CSS pixels (1/96 inch).
    pub panel_height: f64,
}

impl Figure {
    /// The figure as an SVG document. Its text is text, in whatever sans-serif font the reader has.
    ///
    /// # Errors
    /// No panels, a panel with nothing to show, a range that is none.
    pub fn svg(&self) -> Result<String> {
        Ok(SvgBackend::new().render_scene(&self.scene(1.0)?))
    }

    /// The figure as a PNG file of 288 dots an inch. Its font comes with the program.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg).
    pub fn png(&self) -> Result<Vec<u8>> {
        // The rasteriser enlarges everything but dashes.
        let scene = self.scene(f64::from(SCALE))?;
        RasterBackend::new().with_scale(SCALE).render_scene(&scene).map_err(|found| Error::Setting {
            name: "figure",
            expected: "one that can be drawn as PNG".into(),
            found,
        })
    }

    /// Writes `name.svg` and `name.png` into a folder.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg), and whatever the system says.
    pub fn write(&self, folder: &Path, name: &str) -> Result<()> {
        let (svg, png) = (self.svg()?, self.png()?);
        write_atomically(&folder.join(format!("{name}.svg")), |file| file.write_all(svg.as_bytes()))?;
        write_atomically(&folder.join(format!("{name}.png")), |file| file.write_all(&png))?;
        Ok(())
    }

    fn scene(&self, dash: f64) -> Result<Scene> {
        if self.panels.is_empty() || self.columns == 0 {
            return Err(Error::Setting {
                name: "figure",
                expected: "at least one panel and one column".into(),
                found: format!("{} panels, {} columns", self.panels.len(), self.columns),
            });
        }
        let (mut plots, mut layouts) = (Vec::new(), Vec::new());
        for panel in &self.panels {
            let (drawn, layout) = panel.draw(dash)?;
            plots.push(drawn);
            layouts.push(layout);
        }
        // The legend is one more row, as wide as the figure.
        let rows = self.panels.len().div_ceil(self.columns);
        let mut structure: Vec<Vec<usize>> = (0..self.panels.len()).map(|i| vec![i]).collect();
        structure.push((rows * self.columns..(rows + 1) * self.columns).collect());
        let entries = self.legend();
        let longest = entries.iter().map(|e| e.label.chars().count()).max().unwrap_or(1).max(1);
        let fit = (WIDTH / (longest as f64 * LETTER + SWATCH)) as usize;
        let lines = entries.len().div_ceil(fit.max(1)).max(1);
        let fit = entries.len().div_ceil(lines);
        let legend =
            LegendPlot::from_entries(entries).with_cols(fit.max(1)).with_max_cols(fit.max(1)).without_box();
        let legend = vec![Plot::LegendPlot(legend)];
        layouts.push(plain(Layout::auto_from_plots(&legend)));
        plots.push(legend);
        Ok(Grid::new(rows + 1, self.columns)
            .with_structure(structure)
            .with_plots(plots)
            .with_layouts(layouts)
            .with_spacing(4.0)
            .with_padding(4.0)
            .with_cell_size((WIDTH - 8.0) / self.columns as f64 - 4.0, self.panel_height)
            .with_row_height(rows, 20.0 + 22.0 * lines as f64)
            .render())
    }

    /// Each name once, in order of style.
    fn legend(&self) -> Vec<LegendEntry> {
        let mut named: Vec<&Series> = Vec::new();
        for series in self.panels.iter().flat_map(|p| &p.series) {
            if named.iter().all(|other| other.name != series.name) {
                named.push(series);
            }
        }
        named.sort_by_key(|s| s.style);
        let entry = |series: &&Series| {
            let (colour, marker, _) = STYLES[series.style % STYLES.len()];
            LegendEntry {
                label: series.name.clone(),
                color: colour.into(),
                shape: LegendShape::Marker(marker),
                dasharray: None,
            }
        };
        named.iter().map(entry).collect()
    }
}

impl Panel {
    fn draw(&self, dash: f64) -> Result<(Vec<Plot>, Layout)> {
        let points = || self.series.iter().flat_map(|s| &s.points);
        let x_ends = self.x.ends(points().map(|p| p.x))?;
        let y_ends = self.y.ends(points().flat_map(|p| [Some(p.y), p.band.map(|b| b.1)]).flatten())?;
        let mut plots = Vec::new();
        for series in &self.series {
            let (colour, marker, dashes) = STYLES[series.style % STYLES.len()];
            let dashes: Vec<String> = dashes.iter().map(|length| (length * dash).to_string()).collect();
            let shown = |p: &Point| self.x.shows(p.x) && self.y.shows(p.y);
            // Runs of points that can be shown: a line does not bridge what is missing.
            for run in series.points.split(|p| !shown(p)).filter(|run| !run.is_empty()) {
                let data = || run.iter().map(|p| (p.x, p.y));
                if run.iter().any(|p| p.band.is_some()) {
                    let end = |p: &Point, high: bool| {
                        let (a, b) = p.band.unwrap_or((p.y, p.y));
                        (if high { b } else { a }).clamp(y_ends.0, y_ends.1)
                    };
                    let band = BandPlot::new(
                        run.iter().map(|p| p.x),
                        run.iter().map(|p| end(p, false)),
                        run.iter().map(|p| end(p, true)),
                    );
                    plots.push(Plot::Band(band.with_color(colour).with_opacity(0.18)));
                }
                let style = match dashes.is_empty() {
                    true => LineStyle::Solid,
                    false => LineStyle::Custom(dashes.join(" ")),
                };
                let line = LinePlot::new().with_data(data()).with_color(colour).with_stroke_width(1.5);
                plots.push(Plot::Line(line.with_line_style(style)));
                let dots = ScatterPlot::new().with_data(data()).with_color(colour).with_marker(marker);
                plots.push(Plot::Scatter(dots.with_size(3.5)));
            }
        }
        let mut layout = plain(Layout::auto_from_plots(&plots))
            .with_title(self.title.as_str())
            .with_x_label(self.x.title.as_str())
            .with_y_label(self.y.title.as_str())
            .with_x_axis_min(x_ends.0)
            .with_x_axis_max(x_ends.1)
            .with_y_axis_min(y_ends.0)
            .with_y_axis_max(y_ends.1);
        if self.x.log {
            layout = layout.with_log_x().with_x_tick_format(power_ticks(x_ends));
        }
        if self.y.log {
            layout = layout.with_log_y().with_y_tick_format(power_ticks(y_ends));
        }
        Ok((plots, layout))
    }
}

/// The fonts and lines of every part.
fn plain(layout: Layout) -> Layout {
    layout
        .with_font_family("DejaVu Sans, Helvetica, Arial, sans-serif")
        .with_title_size(TITLE)
        .with_label_size(TEXT)
        .with_tick_size(TEXT)
        .with_body_size(TEXT)
        .with_grid_line_width(0.5)
        .with_axis_line_width(1.0)
        .with_tick_width(1.0)
}

/// Labels of a logarithmic axis: on one of more than 1½ decades only powers of ten have room for one.
fn power_ticks((low, high): (f64, f64)) -> TickFormat {
    let wide = (high / low).log10() > 1.5;
    TickFormat::Custom(Arc::new(move |value| {
        let exponent = value.log10();
        if wide && (exponent - exponent.round()).abs() > 1e-6 { String::new() } else { power_of_ten(value) }
    }))
}

/// 0.01 to 1000 as they are, other powers of ten as 10ⁿ.
fn power_of_ten(value: f64) -> String {
    let exponent = value.log10();
    if (0.00999..=1000.1).contains(&value) || (exponent - exponent.round()).abs() > 1e-6 {
        return format!("{value}");
    }
    let digits = (exponent.round() as i32).to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32('⁰' as u32 + c.to_digit(10).unwrap_or(0)).unwrap_or('⁰'),
    });
    format!("10{}", raised.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> Figure {
        let wave = |style: usize| Series {
            name: format!("series {style}"),
            style,
            points: (1..=9)
                .map(|i| {
                    let (x, y) = (f64::from(1 << i), 10f64.powf(-(i as f64) / 2.0) * (1.0 + style as f64));
                    Point { x, y, band: Some((y / 1.5, y * 1.5)) }
                })
                .collect(),
        };
        let panel = |title: &str| Panel {
            title: title.into(),
            x: Axis::log("steps"),
            y: Axis::log("distance per unit (spreads)").within(1e-5, 10.0),
            series: (0..7).map(wave).collect(),
        };
        Figure {
            panels: ["one", "two", "three", "four"].map(panel).to_vec(),
            columns: 2,
            panel_height: 260.0,
        }
    }

    #[test]
    fn both_files_are_written_and_are_what_they_say() {
        let folder = tempfile::tempdir().expect("a folder");
        figure().write(folder.path(), "figure").expect("a figure");
        let svg = std::fs::read_to_string(folder.path().join("figure.svg")).expect("SVG");
        let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
        let text: Vec<&str> = document.descendants().filter_map(|n| n.text()).map(str::trim).collect();
        for wanted in ["one", "four", "steps", "distance per unit (spreads)", "series 6"] {
            assert!(text.contains(&wanted), "{wanted} is missing");
        }
        let file = std::fs::File::open(folder.path().join("figure.png")).expect("PNG");
        let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().expect("a header");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut pixels).expect("whole picture data");
        let width: f64 = root.attribute("width").expect("a width").parse().expect("a number");
        assert_eq!(frame.width, (width * f64::from(SCALE)).ceil() as u32);
        assert!(width <= WIDTH, "wider than a page: {width}");
    }

    #[test]
    fn zero_has_no_place_on_a_logarithmic_axis() {
        let mut figure = figure();
        figure.panels[0].series[0].points[4].y = 0.0;
        figure.svg().expect("a line with a gap");
        figure.panels.truncate(1);
        figure.panels[0].y.range = None;
        figure.panels[0].series.truncate(1);
        figure.panels[0].series[0].points.iter_mut().for_each(|p| *p = Point::new(p.x, 0.0));
        let error = figure.svg().expect_err("nothing to show").to_string();
        assert!(error.contains("expected a panel with a value"), "{error}");
        figure.panels[0].y.range = Some((0.0, 1.0));
        let error = figure.svg().expect_err("no range").to_string();
        assert!(error.contains("both > 0"), "{error}");
    }

    #[test]
    fn ticks_are_written_as_powers() {
        let written = [1e-12, 1e-3, 0.01, 1.0, 20.0, 1000.0, 1e4].map(power_of_ten);
        assert_eq!(written, ["10⁻¹²", "10⁻³", "0.01", "1", "20", "1000", "10⁴"]);
    }
}
