use attractor_figures::{Axis, Figure, Look, Mark, Panel, Picture, Point, Series};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::*;
use crate::report::VERSION;

/// Text with characters that are special in one of the formats.
const ODD: &str = "a<b> & \"c\" | 'd', e";

fn report() -> Report {
    let columns = vec![
        Column::new("what <odd>", &["what"]),
        Column::new("ours", &["measured", "low", "high"]),
        Column::new("verdict", &["inside"]).derived(),
        Column::new("remark", &[]),
    ];
    let row = |what: &str, value: f64| {
        vec![
            Cell::plain(what),
            Cell::interval(value, value - 0.125, value + 0.125, 4),
            Cell::of("inside", [true.into()]),
            Cell::plain("only here"),
        ]
    };
    let mut results = Table::new("entries", columns);
    results.rows = vec![row(ODD, 0.7391), row("plain", -1.0625)];
    let mut numbers = Table::new("line", ["x", "y"].map(Column::plain).to_vec());
    numbers.rows = (1..=3).map(|i| [f64::from(i), 0.1 * f64::from(i)].map(Cell::number).to_vec()).collect();
    let points = (1..=3).map(|i| Point::new(f64::from(i), 0.1 * f64::from(i))).collect();
    let panel = Panel {
        title: ODD.into(),
        x: Axis::linear("x"),
        y: Axis::linear("y"),
        equal: false,
        marks: vec![Mark::Line(Series { name: ODD.into(), style: 0, look: Look::Marked, points })],
    };
    Report {
        experiment: "odd",
        title: format!("Title {ODD}"),
        introduction: format!("Intro {ODD} and `code {ODD}`."),
        command: "attractor reproduce odd --seed 7 --out DIR".into(),
        settings: json!({ "steps": 300, "name": ODD, "seed": 7 }),
        seed: 7,
        seconds: 1.25,
        results,
        more: Map::new(),
        blocks: vec![
            Block::Heading(format!("Heading {ODD}")),
            Block::Text(format!("Words {ODD}.")),
            Block::Results,
            Block::Figure(Box::new(Illustration {
                name: "line",
                alt: format!("Alt {ODD}"),
                caption: format!("Caption {ODD}"),
                figure: Figure { panels: vec![panel], ..Figure::new(1, 200.0) },
                numbers,
            })),
            Block::Images(Box::new(Images {
                name: "grid",
                alt: format!("Grid {ODD}"),
                caption: format!("Caption {ODD}"),
                picture: Picture::new(&["one"], &["row".to_owned()], attractor_data::Shape::grey(2, 2)),
            })),
        ],
    }
}

/// The page, parsed as XML. It must be well-formed.
fn parsed(html: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    roxmltree::Document::parse_with_options(html, options).expect("well-formed")
}

#[test]
fn every_word_and_number_is_on_the_page() {
    let report = report();
    let html = report.html().expect("a page");
    let page = parsed(&html);
    let root = page.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("lang")), ("html", Some("en")));
    let texts: Vec<&str> = page.descendants().filter_map(|n| n.text()).collect();
    let all = texts.concat();
    for wanted in ["Title ", "Heading ", "Words ", "Caption ", "Intro "] {
        assert!(all.contains(&format!("{wanted}{ODD}")), "{wanted}");
    }
    for row in report.results.rows.iter().flatten() {
        assert!(texts.contains(&row.shown.as_str()), "{}", row.shown);
    }
    for wanted in ["attractor reproduce odd --seed 7 --out DIR", "300", "1.2 s", VERSION] {
        assert!(texts.contains(&wanted), "{wanted}");
    }
    let drawing = page.descendants().find(|n| n.attribute("role") == Some("img")).expect("a figure");
    assert_eq!(drawing.attribute("aria-label"), Some(format!("Alt {ODD}").as_str()));
    assert!(drawing.children().any(|n| n.tag_name().name() == "svg"));
    let images = page.descendants().find(|n| n.tag_name().name() == "img").expect("images");
    assert_eq!(images.attribute("alt"), Some(format!("Grid {ODD}").as_str()));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let html = report().html().expect("a page");
    let page = parsed(&html);
    let loading = ["src", "href", "srcset", "data", "action", "poster"];
    for node in page.descendants() {
        assert!(!["script", "link", "iframe", "object", "embed"].contains(&node.tag_name().name()));
        for attribute in node.attributes().filter(|a| loading.contains(&a.name())) {
            let carried = attribute.value().starts_with("data:") || attribute.value().starts_with('#');
            assert!(carried, "{} loads {}", node.tag_name().name(), attribute.value());
        }
    }
    assert!(!html.contains("@import") && !html.contains("url(http"));
}

#[test]
fn a_notebook_shows_pictures_that_are_in_the_text() {
    let report = report();
    let fragment = report.fragment().expect("a fragment");
    let page = parsed(&fragment);
    assert_eq!(page.root_element().tag_name().name(), "div");
    let pictures: Vec<_> = page.descendants().filter(|n| n.tag_name().name() == "img").collect();
    let data = |n: &roxmltree::Node, kind: &str| {
        let text = n.attribute("src").and_then(|s| s.strip_prefix(&format!("data:{kind};base64,")));
        BASE64_STANDARD.decode(text.expect("data")).expect("base64")
    };
    let figure = String::from_utf8(data(&pictures[0], "image/svg+xml")).expect("text");
    let drawn = roxmltree::Document::parse(&figure).expect("a drawing that stands alone");
    assert_eq!(drawn.root_element().tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
    assert!(data(&pictures[1], "image/png").starts_with(b"\x89PNG"));
    assert_eq!(pictures[0].attribute("alt"), Some(format!("Alt {ODD}").as_str()));
    // What a notebook that is not trusted takes out is not there.
    let names: Vec<_> = page.descendants().map(|n| n.tag_name().name()).collect();
    assert!(["svg", "style", "script", "a", "link"].iter().all(|name| !names.contains(name)));
    let texts: Vec<&str> = page.descendants().filter_map(|n| n.text()).collect();
    assert!(report.results.rows.iter().flatten().all(|row| texts.contains(&row.shown.as_str())));
    assert!(texts.contains(&report.command.as_str()));
}

#[test]
fn files_hold_the_same_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    report().write(folder.path()).expect("written");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    let json: Value = serde_json::from_str(&read("results.json")).expect("JSON");
    assert_eq!(json["settings"]["steps"], 300);
    let csv = read("results.csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().expect("keys"), vec!["what", "measured", "low", "high"]);
    let html = read("report.html");
    for (i, record) in reader.records().enumerate() {
        let record = record.expect("a row");
        let entry = &json["entries"][i];
        assert_eq!(entry["what"], record[0]);
        assert_eq!(entry["inside"], true);
        let numbers = ["measured", "low", "high"].map(|key| entry[key].as_f64().expect("a number"));
        let same: Vec<f64> = (1..4).map(|i| record[i].parse().expect("a number")).collect();
        assert_eq!(numbers.as_slice(), same);
        let shown = format!("{:.4} [{:.4}, {:.4}]", numbers[0], numbers[1], numbers[2]);
        assert!(html.contains(&shown) && read("report.md").contains(&shown), "{shown}");
    }
    assert_eq!(read("line.csv").lines().next(), Some("x,y"));
    assert!(read("line.svg").starts_with("<svg") && folder.path().join("line.png").exists());
    assert!(folder.path().join("grid.png").exists() && read("report.md").contains("](grid.png)"));
    assert!(read("report.md").contains("a\\<b> & \"c\" \\| 'd', e"), "a bar ends no cell");
}

#[test]
fn markdown_lines_are_short_and_code_is_whole() {
    let words = format!("{} `{}` end", "word ".repeat(20), "code ".repeat(20).trim());
    let text = markdown::wrapped(&words);
    assert!(text.contains(&format!("`{}`", "code ".repeat(20).trim())));
    assert!(text.lines().count() > 1);
}

/// A name of a file is no markup, whatever is in it, and neither is a command.
#[test]
fn names_from_elsewhere_are_no_markup() {
    let name = "p<script>alert(1)</script>|`y` *z* [a](b)\u{1b}]0;x";
    let mut report = report();
    report.title = name.into();
    report.introduction = format!("Of {}.", code(name));
    report.command = format!("attractor recommend --patterns '{name}'");
    let markdown = report.markdown();
    let mut lines = markdown.lines();
    let title = lines.next().expect("a title");
    assert_eq!(title, "# p\\<script\\>alert(1)\\</script\\>|\\`y\\` \\*z\\* \\[a\\](b)\u{fffd}\\]0;x");
    let text: String = lines.take(4).map(|line| line.to_owned() + " ").collect();
    assert!(
        text.contains("Of `p<script>alert(1)</script>|\u{2019}y\u{2019} *z* [a](b)\u{fffd}]0;x`."),
        "{text}"
    );
    // Outside of code there is no tag: a fence of two backticks holds what has one.
    assert!(text.contains("Again: `` attractor recommend --patterns 'p<script>"), "{text}");
    let html = report.html().expect("a page");
    assert!(!html.contains("<script>alert"), "{html}");
}

/// Names in cells are no formulas to a spreadsheet, no markup, and no signals to a terminal; numbers keep their sign.
#[test]
fn cells_from_elsewhere_do_nothing() {
    let mut table = Table::new("t", vec![Column::plain("name"), Column::plain("number")]);
    table.rows.push(vec![Cell::plain("=cmd|'<b>\u{1b}[31m\u{9b}1m\u{202e}"), Cell::plain(-1.5)]);
    assert_eq!(table.csv(), "name,number\n'=cmd|'<b>\u{fffd}[31m\u{fffd}1m\u{fffd},-1.5\n");
    let mut report = report();
    report.blocks = vec![Block::Table(table)];
    assert!(
        report.markdown().contains("| =cmd\\|'\\<b>\u{fffd}[31m\u{fffd}1m\u{fffd} | -1.5 |"),
        "{}",
        report.markdown()
    );
}
