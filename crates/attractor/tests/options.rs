//! Every option of every model is read, printed, checked and refused as it is declared.
#![allow(missing_docs)]

use attractor::memories::{Card, MODELS, Spec};
use attractor::options::{Fallback, Kind, Parameter};
use attractor::{Error, Extras, Patterns};
use ndarray::array;

/// Every model with each of its parameters.
fn parameters() -> impl Iterator<Item = (&'static Card, &'static Parameter)> {
    MODELS.iter().flat_map(|model| model.card.parameters.iter().map(|parameter| (model.card, parameter)))
}

/// Texts that a kind takes, one for each name it has.
fn taken(kind: &Kind) -> Vec<String> {
    match kind {
        Kind::Flag => vec![String::new()],
        Kind::Count(_) | Kind::Number(_) => {
            let texts = ["1", "0.5", "8"].into_iter().filter(|text| kind.parse("x", text).is_ok());
            texts.map(str::to_owned).collect()
        }
        Kind::AutoOr(other) => [vec!["auto".to_owned()], taken(other)].concat(),
        Kind::List(each) => vec![taken(each).join(",")],
        Kind::Text(_) => vec!["text".to_owned()],
        Kind::Switch | Kind::Choice(_) => kind.names().iter().map(|name| name.name.to_string()).collect(),
        // A form with its arguments, which stand in capitals, and without those that may be left out.
        Kind::Form(_) => {
            let forms = kind.names();
            let bare = forms.iter().map(|form| form.name.split('[').next().unwrap_or_default().to_owned());
            let full = forms.iter().map(|form| form.name.replace(['[', ']'], ""));
            let with = |form: &str, number: &str| {
                let mut parts = form.split(':');
                let name = parts.next().unwrap_or_default().to_owned();
                parts.fold(name, |text, part| text + ":" + if part == "COUNT" { "2" } else { number })
            };
            // Numbers above 1 where they may be.
            let written = |form: String| {
                let text = with(&form, "2");
                if kind.parse("x", &text).is_ok() { text } else { with(&form, "0.5") }
            };
            bare.chain(full).map(written).collect()
        }
    }
}

#[test]
fn what_is_read_prints_as_it_was_written() {
    for (card, parameter) in parameters() {
        let texts = taken(&parameter.kind);
        assert!(!texts.is_empty(), "{} {}", card.name, parameter.name);
        for text in texts {
            let value = parameter.parse(&text).unwrap_or_else(|error| panic!("{} {error}", card.name));
            assert_eq!(value.to_string(), text, "{} {}", card.name, parameter.name);
            assert_eq!(parameter.kind.read(parameter.name, &value).expect("a value"), value);
        }
    }
}

#[test]
fn defaults_are_values() {
    for (card, parameter) in parameters() {
        if let Fallback::Is(text) = parameter.default {
            let read = parameter.parse(text);
            assert!(read.is_ok(), "{} {}: {text}", card.name, parameter.name);
        }
        assert!(!parameter.default.to_string().is_empty() && !parameter.help.ends_with('.'));
    }
}

/// What an option needs beside it to be of use.
fn companions(name: &str, text: &str) -> &'static [(&'static str, &'static str)] {
    match (name, text) {
        ("update", "glauber") => &[("temperature", "1")],
        ("order", _) => &[("update", "asynchronous")],
        ("temperature", _) => &[("update", "glauber")],
        ("dynamics" | "visible" | "lag" | "step", _) if text != "single-shot" && text != "descent" => {
            &[("dynamics", "two-layer"), ("similarity", "dot"), ("separation", "softmax:1")]
        }
        ("gamma", _) => &[("process", "vp")],
        ("rate-min" | "rate-max", _) => &[("process", "sub-vp")],
        ("accuracy", _) => &[("sampler", "dormand-prince")],
        ("spacing", text) if text.starts_with("l") || text == "trailing" => &[("betas", "linear")],
        ("betas", _) => &[("steps", "1")],
        ("offset", _) => &[("betas", "linear"), ("spacing", "leading")],
        ("shift", _) => &[("spacing", "times")],
        ("eta", _) => &[("sampler", "ancestral")],
        ("s-churn", _) => &[("sampler", "heun")],
        ("s-tmin" | "s-tmax" | "s-noise", _) => &[("sampler", "ddim"), ("s-churn", "1")],
        ("dreams", _) => &[("rule", "dreaming")],
        ("epsilon", _) => &[("rule", "unlearning")],
        ("epochs" | "tau" | "learning-seed", _) => &[("rule", "daydreaming")],
        ("drive", _) => &[("dwell", "5")],
        ("snr", _) => &[("sampler", "predictor-corrector")],
        _ => &[],
    }
}

#[test]
fn models_take_every_value_that_they_declare() {
    let patterns = array![[1.0_f64, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]];
    let patterns = Patterns::new(patterns).expect("patterns");
    let extras =
        Extras { associated: Some(array![[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]), ..Extras::default() };
    let pairs = patterns.clone().with(extras).expect("pairs");
    for (card, parameter) in parameters().filter(|(card, _)| card.name != "network") {
        let patterns = if card.name == "bidirectional" { &pairs } else { &patterns };
        for text in taken(&parameter.kind) {
            let mut spec = Spec::new(card.name);
            for (name, value) in companions(parameter.name, &text) {
                if card.parameter(name).is_some() {
                    spec.set(name, *value);
                }
            }
            spec.set(parameter.name, text.as_str());
            match spec.build(patterns.clone()).map(|_| ()) {
                Ok(()) => {}
                // Pairs that make no sense, and patterns that are not what a similarity compares.
                Err(Error::Undefined { .. } | Error::Shape { .. }) if card.name == "universal" => {}
                Err(error) if card.name == "universal" && !error.to_string().starts_with("unknown") => {}
                // They go with arrays, which are no text here.
                Err(error) if ["couplings", "addresses"].contains(&parameter.name) => {
                    assert!(error.to_string().contains("stored patterns"))
                }
                Err(error) if text == "given" => assert!(error.to_string().contains("give them")),
                // It goes with a potential, which is no text here.
                Err(Error::Undefined { model: "the process potential", .. }) => {}
                // More than these patterns have units.
                Err(error) if parameter.name == "radius" => {
                    assert!(error.to_string().contains("from 1 to 4"))
                }
                // More than these patterns are.
                Err(error) if parameter.name == "starts" => {
                    assert!(error.to_string().contains("from 1 to 2"))
                }
                // Forms of other images than these patterns are.
                Err(error) if parameter.name == "image" => {
                    assert!(error.to_string().contains("a form of 4 numbers"))
                }
                Err(error) => panic!("{} --{} {text}: {error}", card.name, parameter.name),
            }
        }
    }
}

#[test]
fn what_is_out_of_range_is_refused_with_the_range() {
    for (card, parameter) in parameters() {
        let range = match parameter.kind {
            Kind::AutoOr(kind @ (Kind::Count(_) | Kind::Number(_))) => *kind,
            kind @ (Kind::Count(_) | Kind::Number(_)) => kind,
            _ => continue,
        };
        for text in ["-1", "-1e-3", "1e300000", "nan", "many"] {
            let error = parameter.parse(text).expect_err("out of range").to_string();
            let sentence = format!("{}: expected {}, found {text}", parameter.name, parameter.kind);
            assert_eq!(error, sentence, "{}", card.name);
            assert!(error.contains(&range.to_string()));
        }
    }
}

#[test]
fn options_of_other_models_are_refused_with_their_models() {
    let patterns = Patterns::new(array![[1.0_f64, -1.0]]).expect("patterns");
    let error =
        Spec::new("modern").with("sampler", "heun").build(patterns).map(|_| ()).expect_err("not its own");
    let text = error.to_string();
    assert!(
        text.contains("'sampler (of diffusion, local, mixture, network)'") && text.contains("beta"),
        "{text}"
    );
}

/// An option that changes nothing beside the others is refused, with what it needs.
#[test]
fn options_without_effect_are_refused() {
    let patterns = array![[1.0_f64, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0]];
    let patterns = Patterns::new(patterns).expect("patterns");
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case; 14] = [
        ("hopfield", &[("order", "fixed")], "asynchronous or glauber"),
        ("hopfield", &[("temperature", "2")], "glauber"),
        ("hopfield", &[("update", "asynchronous"), ("temperature", "2")], "glauber"),
        ("diffusion", &[("sampler", "one-step"), ("steps", "7")], "makes steps"),
        ("diffusion", &[("sampler", "euler"), ("rho", "7")], "the spacing times"),
        ("diffusion", &[("accuracy", "0.1")], "dormand-prince"),
        ("diffusion", &[("process", "edm"), ("gamma", "1")], "vp"),
        ("diffusion", &[("spacing", "trailing")], "betas"),
        ("diffusion", &[("spacing", "karras"), ("shift", "3")], "the spacing karras"),
        ("diffusion", &[("sampler", "unipc"), ("eta", "0.5")], "ancestral"),
        ("diffusion", &[("sampler", "ddim"), ("s-noise", "2")], "s-churn"),
        ("dense", &[("order", "fixed"), ("update", "synchronous")], "asynchronous or glauber"),
        ("universal", &[("lag", "0.5")], "two-layer"),
        ("sparse-distributed", &[("radius", "2"), ("activation", "0.1")], "radius"),
    ];
    for (model, options, word) in cases {
        let mut spec = Spec::new(model);
        options.iter().for_each(|(name, value)| spec.set(name, *value));
        let error = spec.build(patterns.clone()).err().unwrap_or_else(|| panic!("{options:?}")).to_string();
        assert!(error.contains(word), "{options:?}: {error}");
    }
    let classical = Spec::new("hopfield").build(patterns.clone()).expect("a memory");
    let error = classical.energies(patterns.values(), Some(&[0.3, 0.3])).expect_err("no levels").to_string();
    assert!(error.contains("one landscape"), "{error}");
}
