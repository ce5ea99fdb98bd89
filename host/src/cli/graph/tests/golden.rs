//! Golden: a pipeline with everything, drawn in every form.

use std::path::{Path, PathBuf};

use crate::cli::graph::{Picture, draw, languages, svg};
use crate::cli::tests::specimen::{check, found, look};
use crate::config::model::LeftOut;
use crate::config::parse;
use crate::resolve::Chosen;
use crate::session::Choice;

const TEXT: &str = r#"
[pipeline]
name = "studio-a"
[stream]
input = "-"
from = "limit"
[[stage]]
id = "eq"
component = "acme.eq/low"
[[stage]]
id = "tube"
component = "acme.warmth"
[[stage]]
id = "wet"
component = "acme.missing/reverb"
after = ["eq"]
[[stage]]
id = "limit"
component = "acme.warmth/tube"
after = ["tube", "wet"]
sidechain = { key = "eq" }
[[tap]]
id = "heat"
component = "acme.warmth"
from = "input"
[[tap]]
id = "loudness"
component = "acme.warmth"
reference = "input"
[[decide]]
id = "guard"
component = "acme.warmth"
reads = ["heat", "limit"]
may = ["alert", "stop"]
"#;

fn choices() -> Vec<Choice> {
    let choice = |id: &str, version: &str| Choice {
        chosen: Chosen {
            id: id.parse().unwrap(),
            version: version.parse().unwrap(),
            uses: Vec::new(),
        },
        path: PathBuf::new(),
        found: found(id, version),
    };
    vec![choice("acme.eq", "0.9.1"), choice("acme.warmth", "1.2.0")]
}

fn picture() -> Picture {
    let config = parse(TEXT, Path::new("f.toml"), &[]).unwrap();
    Picture::of(&config, &choices())
}

#[test]
fn only_what_is_missing_is_marked() {
    let text = [
        ("eq", "acme.eq/low", "false"),
        ("wet", "acme.missing", "false"),
        ("dry", "acme.missing", "true"),
        ("typo", "acme.warmth/tub", "false"),
        ("tube", "acme.warmth/tube", "true"),
    ]
    .map(|(id, component, optional)| {
        format!("[[stage]]\nid = \"{id}\"\ncomponent = \"{component}\"\noptional = {optional}\n")
    })
    .concat();
    let config = parse(&text, Path::new("f.toml"), &[]).unwrap();
    let mut picture = Picture::of(&config, &choices());
    picture.leave_out(&config, None);
    let about = |picture: &Picture| -> Vec<String> {
        let stages = picture.stages.iter();
        stages.map(|stage| stage.filling.about()).collect()
    };
    let mut expected = [
        "acme.eq/low 0.9.1",
        "acme.missing (not found)",
        "acme.missing (optional, left out)",
        "acme.warmth/tub (not found)",
        "acme.warmth/tube 1.2.0",
    ];
    assert_eq!(about(&picture), expected);
    // What is there can be left out all the same, where it does not go with the others.
    let mut without = config.clone();
    let tube = without.stages.pop().unwrap();
    without.left_out.push(LeftOut {
        id: tube.id.value,
        component: tube.part.component.value,
        inputs: tube.inputs,
        reason: String::new(),
    });
    picture.leave_out(&config, Some(&without));
    expected[4] = "acme.warmth/tube (optional, left out)";
    assert_eq!(about(&picture), expected);
}

#[test]
fn people_see_the_way_of_the_signal() {
    let text = draw::text(&picture(), &look(80));
    check("graph.txt", &text);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn others_draw_it_too() {
    check("graph.dot", &languages::dot(&picture()));
    check("graph.mmd", &languages::mermaid(&picture()));
    check("graph.json", &languages::json(&picture()));
}

#[test]
fn a_picture_has_every_box_and_arrow_and_nothing_unescaped() {
    let mut picture = picture();
    picture.name = "a <b> & \"c\"".to_owned();
    let drawn = svg::svg(&picture);
    check("graph.svg", &drawn);
    let boxes = 2 + picture.stages.len() + picture.taps.len() + picture.decides.len();
    assert_eq!(drawn.matches("<rect").count(), boxes);
    assert_eq!(
        drawn.matches("marker-end").count(),
        languages::edges(&picture).len()
    );
    assert!(
        drawn.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"),
        "{drawn}"
    );
}
