//! Golden: a pipeline with everything, drawn in every form.

use std::path::{Path, PathBuf};

use crate::cli::graph::{Picture, draw, languages, svg};
use crate::cli::specimen::{check, found, look};
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

fn picture() -> Picture {
    let choice = |id: &str, version: &str| Choice {
        chosen: Chosen {
            id: id.parse().unwrap(),
            version: version.parse().unwrap(),
            uses: Vec::new(),
        },
        path: PathBuf::new(),
        found: found(id, version),
    };
    let config = parse(TEXT, Path::new("f.toml"), &[]).unwrap();
    let choices = [choice("acme.eq", "0.9.1"), choice("acme.warmth", "1.2.0")];
    Picture::of(&config, &choices)
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
