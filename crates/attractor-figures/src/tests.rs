use super::*;
use ndarray::Array2;

fn figure() -> Figure {
    let wave = |style: usize| Series {
        name: format!("series {style}"),
        style,
        look: Look::Marked,
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
        equal: false,
        marks: (0..7).map(|style| Mark::Line(wave(style))).collect(),
    };
    Figure { panels: ["one", "two", "three", "four"].map(panel).to_vec(), ..Figure::new(2, 260.0) }
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
    assert_eq!(frame.width, (width * SCALE).ceil() as u32);
    assert!(width <= WIDTH, "wider than a page: {width}");
}

#[test]
fn zero_has_no_place_on_a_logarithmic_axis() {
    let with = |change: &dyn Fn(usize, &mut Point)| {
        let mut figure = figure();
        figure.panels.truncate(1);
        figure.panels[0].marks.truncate(1);
        if let Mark::Line(series) = &mut figure.panels[0].marks[0] {
            series.points.iter_mut().enumerate().for_each(|(i, p)| change(i, p));
        }
        figure
    };
    let gap = with(&|i, p| p.y = if i == 4 { 0.0 } else { p.y }).svg().expect("a line with a gap");
    // One band on each side of the gap.
    assert_eq!(gap.matches("fill-opacity").count(), 2);
    let mut nothing = with(&|_, p| *p = Point::new(p.x, 0.0));
    nothing.panels[0].y.range = None;
    let error = nothing.svg().expect_err("nothing to show").to_string();
    assert!(error.contains("expected a panel with a value"), "{error}");
    nothing.panels[0].y.range = Some((0.0, 1.0));
    let error = nothing.svg().expect_err("no range").to_string();
    assert!(error.contains("both > 0"), "{error}");
}

/// A bowl around (1, 0), on the range from −2 to 2.
fn plane() -> Figure {
    let field = Field {
        x: (-2.0, 2.0),
        y: (-1.0, 1.0),
        values: Array2::from_shape_fn((21, 41), |(r, c)| {
            let (x, y) = (c as f64 / 10.0 - 2.0, r as f64 / 10.0 - 1.0);
            (x - 1.0).powi(2) + y * y
        }),
    };
    let panel = Panel {
        title: "bowl & <plate>".into(),
        x: Axis::linear("x"),
        y: Axis::linear("y"),
        equal: true,
        marks: vec![
            Mark::Field(field.clone()),
            Mark::Contours(Contours { field, levels: vec![0.25, 4.0], digits: Some(2) }),
            Mark::Arrows(Arrows { arrows: vec![((-1.0, 0.5), (0.4, 0.0)), ((1.0, 0.0), (0.0, 0.0))] }),
            Mark::Trace(Trace { name: "way".into(), style: 1, points: vec![(-1.5, 0.0), (1.0, 0.0)] }),
            Mark::Outline(Outline { name: "stored".into(), pieces: vec![vec![(-1.0, -0.5)]] }),
        ],
    };
    Figure { panels: vec![panel], colours: Axis::linear("energy"), ..Figure::new(1, 300.0) }
}

#[test]
fn a_unit_is_as_long_on_both_axes_and_all_marks_are_there() {
    let svg = plane().svg().expect("a figure");
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    let number = |node: roxmltree::Node, name: &str| -> f64 {
        node.attribute(name).expect("a side").parse().expect("a number")
    };
    let image = document.descendants().find(|n| n.tag_name().name() == "image").expect("a field");
    assert!((number(image, "width") - 2.0 * number(image, "height")).abs() < 0.02);
    assert!(image.attribute("href").is_some_and(|h| h.starts_with("data:image/png;base64,iVBOR")));
    let texts: Vec<&str> = document.descendants().filter_map(|n| n.text()).collect();
    for wanted in ["bowl & <plate>", "way", "stored", "energy", "0.25", "4.00"] {
        assert!(texts.contains(&wanted), "{wanted} is missing");
    }
}

#[test]
fn pixels_show_what_the_drawing_says() {
    let figure = plane();
    let svg = figure.svg().expect("a figure");
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    let image = document.descendants().find(|n| n.tag_name().name() == "image").expect("a field");
    let side = |name: &str| -> f64 { image.attribute(name).expect("a side").parse().expect("a number") };
    let png = figure.png().expect("a picture");
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut pixels).expect("whole picture data");
    let pixel = |x: f64, y: f64| -> [u8; 3] {
        let (x, y) =
            (side("x") + (x + 2.0) / 4.0 * side("width"), side("y") + (1.0 - y) / 2.0 * side("height"));
        let i = (y * SCALE) as usize * frame.width as usize + (x * SCALE) as usize;
        [0, 1, 2].map(|c| pixels[3 * i + c])
    };
    // A stored point, the end of the path, and the field, whose value there is 2.5 of 10.
    assert_eq!(pixel(-1.0, -0.5), colour::INK);
    assert_eq!(pixel(1.0, 0.0), colour::STYLES[1].0);
    let (found, wanted) = (pixel(-0.5, 0.5), colour::scale(0.25));
    let near = found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 2);
    assert!(near, "{found:?} for {wanted:?}");
}

/// Two by two pixels in a panel without axes: squares of one colour, and nothing else drawn or written.
#[test]
fn a_picture_is_drawn_pixel_by_pixel_without_axes() {
    let values = ndarray::array![[0.0, 2.0], [1.0, 4.0]];
    let image = Image { x: (0.0, 2.0), y: (0.0, 2.0), values, range: (0.0, 2.0) };
    let panel = Panel {
        title: String::new(),
        x: Axis::linear("").bare(),
        y: Axis::linear("").bare(),
        equal: true,
        marks: vec![Mark::Image(image)],
    };
    let figure = Figure { panels: vec![panel], ..Figure::new(1, 300.0) };
    let svg = figure.svg().expect("a figure");
    assert!(!svg.contains("<text") && !svg.contains("stroke="), "{svg}");
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    let image = document.descendants().find(|n| n.tag_name().name() == "image").expect("an image");
    let side = |name: &str| -> f64 { image.attribute(name).expect("a side").parse().expect("a number") };
    let png = figure.png().expect("a picture");
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut pixels).expect("whole picture data");
    // A file without colours may have one channel.
    let channels = frame.buffer_size() / (frame.width * frame.height) as usize;
    let pixel = |across: f64, down: f64| {
        let (x, y) = (side("x") + across * side("width"), side("y") + down * side("height"));
        pixels[channels * ((y * SCALE) as usize * frame.width as usize + (x * SCALE) as usize)]
    };
    // Black, white, half of the range, and a value above the range.
    for (across, down, expected) in [(0.05, 0.05, 0), (0.9, 0.1, 255), (0.45, 0.55, 128), (0.9, 0.9, 255)] {
        assert_eq!(pixel(across, down), expected, "{across} {down}");
    }
}

/// The texts of a figure that are written level: left end, right end, base line.
fn level_texts(svg: &str) -> Vec<(f64, f64, f64, String)> {
    let document = roxmltree::Document::parse(svg).expect("well-formed XML");
    let texts = document
        .descendants()
        .filter(|n| n.tag_name().name() == "text" && n.attribute("transform").is_none());
    let text = |node: roxmltree::Node| {
        let number = |name: &str| node.attribute(name).and_then(|v| v.parse::<f64>().ok()).expect("a number");
        let words = node.text().unwrap_or_default().to_owned();
        let (x, wide) = (number("x"), crate::font::width_of(&words, number("font-size")));
        let left = match node.attribute("text-anchor") {
            Some("middle") => x - wide / 2.0,
            Some("end") => x - wide,
            _ => x,
        };
        (left, left + wide, number("y"), words)
    };
    texts.map(text).collect()
}

/// Panels with shared axes whose numbers stand at the ends of the axes, as landscapes have them.
#[test]
fn numbers_at_axes_neither_overlap_nor_leave_the_figure() {
    for (low, high) in [(-1.5, 1.5), (-0.004, 0.004), (-20_000.0, 20_000.0)] {
        let values = Array2::from_shape_fn((2, 2), |(r, c)| (r + c) as f64);
        let field = Field { x: (low, high), y: (low, high), values };
        let panel = || Panel {
            title: String::new(),
            x: Axis::linear("unit 0").within(low, high),
            y: Axis::linear("unit 1").within(low, high),
            equal: true,
            marks: vec![Mark::Field(field.clone())],
        };
        let figure = Figure {
            panels: vec![panel(), panel(), panel(), panel()],
            shared: true,
            ..Figure::new(2, 240.0)
        };
        let texts = level_texts(&figure.svg().expect("a figure"));
        assert!(texts.len() > 12, "{texts:?}");
        for (n, (left, right, base, words)) in texts.iter().enumerate() {
            assert!(*left >= 0.0 && *right <= WIDTH, "{words} from {left} to {right}");
            for (other_left, other_right, other_base, other) in &texts[n + 1..] {
                let apart = right <= other_left || other_right <= left || (base - other_base).abs() >= TEXT;
                assert!(apart, "{words} and {other}");
            }
        }
    }
}

#[test]
fn names_of_places_do_not_cover_each_other() {
    let at = |x: f64, y: f64, name: &str| ((x, y), name.to_owned());
    // Two places that are the same to the eye, one far from both, and one beyond the panel.
    let names = vec![
        at(0.5, 0.5, "a long name"),
        at(0.5001, 0.5, "another"),
        at(0.2, 0.2, "far"),
        at(3.0, 0.5, "out"),
    ];
    let panel = Panel {
        title: String::new(),
        x: Axis::linear("x").within(0.0, 1.0),
        y: Axis::linear("y").within(0.0, 1.0),
        equal: true,
        marks: vec![Mark::Names(Names { names })],
    };
    let figure = Figure { panels: vec![panel], ..Figure::new(1, 240.0) };
    let texts = level_texts(&figure.svg().expect("a figure"));
    let has = |name: &str| texts.iter().any(|text| text.3 == name);
    assert!(has("a long name") && has("far") && !has("out"), "{texts:?}");
}
