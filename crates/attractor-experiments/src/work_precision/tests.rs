use super::*;

fn small() -> Config {
    let settings = vec![
        Setting { dim: 16, patterns: 10, signal: 0.68 },
        Setting { dim: 16, patterns: 9, signal: 0.5 },
        Setting { dim: 16, patterns: 29, signal: 0.5 },
    ];
    Config {
        settings,
        sets: 3,
        path_sets: 3,
        cues: 16,
        path_evaluations: vec![128, 512],
        end_evaluations: vec![4, 16, 64],
        grid_evaluations: vec![8],
        spacings: vec![Spacing::Time],
        reference_steps: 256,
        ..Config::default()
    }
}

/// The noise at which ±1 symbols carry half a bit: σ = 0.979, the limit of codes of rate ½ in Richardson and
/// Urbanke (2001), IEEE Transactions on Information Theory 47, 599.
#[test]
fn capacity_is_that_of_the_literature() {
    let signal = |sigma: f64| 1.0 / (1.0 + sigma * sigma).sqrt();
    let half_a_bit = std::f64::consts::LN_2 / 2.0;
    // σ is given to three digits; dC/dσ is about −0.43 nats there.
    assert!((capacity(signal(0.979)) - half_a_bit).abs() < 5e-4, "{}", capacity(signal(0.979)) / half_a_bit);
    // For weak signals the capacity is half of the signal-to-noise ratio, for strong ones ln 2.
    assert!((capacity(signal(30.0)) * 2.0 * 900.0 - 1.0).abs() < 1.0 / 900.0);
    assert!((capacity(signal(0.1)) - std::f64::consts::LN_2).abs() < 1e-12);
}

fn path(measured: &Measured, sampler: &'static str, evaluations: usize) -> f64 {
    let found = measured
        .sums
        .iter()
        .find(|(k, _)| k.place == Place::Path && k.sampler == sampler && k.evaluations == evaluations);
    let (_, parts) = found.expect("a run");
    Sum::of_parts(parts.iter().map(|(_, part)| part)).median()
}

#[test]
fn a_seed_gives_one_report_in_which_errors_fall_at_the_known_order() {
    /// Small enough to tell the orders ½, 1 and 2 apart.
    const SLOPE: f64 = 0.25;
    let measured = measure(small(), &mut |_, _| Ok(())).expect("numbers");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let again = pool.install(|| measure(small(), &mut |_, _| Ok(()))).expect("numbers");
    assert_eq!(measured.results(), again.results());
    let other = measure(Config { seed: 1, ..small() }, &mut |_, _| Ok(())).expect("numbers");
    assert_ne!(measured.results(), other.results());

    // Down to any level > 0, Euler in time and DDIM are of first order, the others of second.
    for (sampler, order) in [("euler", 1.0), ("ddim", 1.0), ("heun", 2.0), ("dpmpp-2m", 2.0)] {
        let slope = (path(&measured, sampler, 128) / path(&measured, sampler, 512)).log2() / 2.0;
        assert!((slope - order).abs() < SLOPE, "{sampler}: slope {slope} for {order}");
    }
    // The error of the references must be smaller than that of what is measured with them.
    let least = path(&measured, "dpmpp-2m", 512).min(path(&measured, "heun", 512));
    assert!(!measured.check.path.distances.is_empty() && measured.check.path.median() < least / 10.0);
    assert_eq!(measured.check.end.changed, 0.0);
}

#[test]
fn all_files_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { path_evaluations: vec![4, 8], reference_steps: 64, ..small() };
    config.run(&mut |_, _| Ok(())).expect("a report").write(folder.path()).expect("written");
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect(name);
    let text = |name: &str| String::from_utf8(read(name)).expect("text");
    let json: serde_json::Value = serde_json::from_str(&text("results.json")).expect("JSON");
    assert_eq!(json["settings"]["seed"], 0);
    assert!(text("report.md").contains("## Grids"));
    let header = text("results.csv").lines().next().expect("a header").to_owned();
    assert!(header.starts_with("load,dim,patterns,signal,place,sampler,grid,evaluations,cues,rms"));
    let svg = text("work-precision.svg");
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    assert_eq!(document.root_element().tag_name().name(), "svg");
    assert!(document.descendants().any(|n| n.text() == Some("dpmpp-2m")));
    let png = read("work-precision.png");
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut pixels).expect("whole picture data");
    assert!(pixels.iter().any(|&p| p != pixels[0]), "an empty picture");
}

#[test]
fn settings_that_give_no_figure_are_refused() {
    for (config, word) in [
        (Config { sets: 1, ..small() }, "sets: expected at least 2"),
        (Config { cues: 0, ..small() }, "cues: expected at least 1"),
        (Config { settings: vec![Setting { dim: 4, patterns: 4, signal: 1.0 }], ..small() }, "signal: "),
    ] {
        let error = config.check().expect_err("refused").to_string();
        assert!(error.contains(word), "{error}");
    }
}
