//! Golden: made-up plugins as `inspect` shows them, whole.

use std::path::{Path, PathBuf};

use segue_plugin::declare::Kind;

use crate::cli::inspect::{choose, json, part, plugin, toml};
use crate::cli::tests::specimen::{check, component, found, look};
use crate::config::parse;
use crate::discovery::{Class, Entry, Incompatible, Scan};

fn entry(version: &str) -> Entry {
    Entry {
        path: PathBuf::from("/p/libwarmth.so"),
        origin: None,
        class: Class::Ready(Box::new(found("acme.warmth", version))),
    }
}

#[test]
fn everything_is_readable_at_80_columns() {
    let (entry, found) = (entry("1.2.0"), found("acme.warmth", "1.2.0"));
    let mut text = plugin::text(&entry, &found, &look(80));
    text.push_str(&part::text(
        &found.manifest,
        &found.manifest.components[0],
        &look(80),
    ));
    let metric = component("heat", Kind::Metric);
    text.push_str(&part::text(&found.manifest, &metric, &look(80)));
    check("inspect.txt", &text);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn programs_read_a_schema_version_and_everything() {
    let (entry, found) = (entry("1.2.0"), found("acme.warmth", "1.2.0"));
    let components: Vec<_> = found.manifest.components.iter().collect();
    check("inspect.json", &json::text(&entry, &found, &components));
}

#[test]
fn what_is_pasted_is_a_configuration() {
    let manifest = found("acme.warmth", "1.2.0").manifest;
    let kinds = [
        component("tube", Kind::Processor),
        component("heat", Kind::Metric),
        component("fan", Kind::Decision),
    ];
    let text = toml::text(&manifest, &kinds.iter().collect::<Vec<_>>(), 80);
    check("inspect.toml", &text);
    let text = text.replace("[\"loudness\"]", "[\"heat\"]");
    let config = parse(&text, Path::new("f.toml"), &[]).unwrap();
    let params = config.stages[0].part.params.flat();
    let ids: Vec<_> = params.iter().map(|param| param.id.as_str()).collect();
    assert_eq!(
        ids,
        ["drive_db", "type", "band.1.type", "band.1.frequency_hz"]
    );
}

#[test]
fn the_highest_version_that_is_ready_is_shown() {
    let mut newest = entry("3.0.0");
    newest.class = Class::Incompatible(
        Incompatible::Abort,
        Some(Box::new(found("acme.warmth", "3.0.0"))),
    );
    let scan = Scan {
        entries: vec![entry("1.2.0"), entry("2.0.0"), newest],
        ..Scan::default()
    };
    let chosen = choose(&scan, &"acme.warmth".parse().unwrap()).unwrap();
    let version = &chosen.class.found().unwrap().manifest.version;
    assert_eq!(version.to_string(), "2.0.0");
    assert!(choose(&scan, &"acme.warmht".parse().unwrap()).is_err());
}
