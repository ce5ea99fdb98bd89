//! Golden: a pipeline with everything, drawn in every form.

use std::path::{Path, PathBuf};

use crate::cli::graph::{Picture, draw, languages};
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
