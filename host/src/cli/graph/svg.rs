//! Svg: a pipeline as a picture, from the input down to the output.
//!
//! Audio goes by solid arrows, sidechains by dashed ones; taps and decisions are round and read
//! along dotted ones. It is legible on light and dark pages alike.

use segue_plugin::declare::Span;

use crate::cli::graph::languages::{Edge, EdgeStyle, edges};
use crate::cli::graph::layers::{LayerPlaces, places};
use crate::cli::graph::{Picture, PlaceFilling};
use crate::cli::text::clean;

/// A character of the fonts named below takes about this share of its size.
const CHARACTER: f64 = 7.3;
/// Inside a box, left and right of its text.
const PADDING: f64 = 16.0;
const LINE_HEIGHT: f64 = 17.0;
/// Between two layers.
const STEP: f64 = 46.0;
const MARGIN: f64 = 24.0;
/// The most characters of one line in a box; the rest is cut.
const LINE_CHARACTERS_MAX: usize = 48;

const STYLE: &str = "\
  text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; text-anchor: middle; fill: #1f2430 }
  .id { font-weight: bold; font-size: 13px }
  .faint { fill: #5b6472 }
  rect { fill: #eef3fb; stroke: #3d6db5; stroke-width: 1.4 }
  .end rect { fill: none; stroke: none }
  .tap rect { fill: #edf7ee; stroke: #3f8a4c }
  .decide rect { fill: #fbf3e6; stroke: #b3772a }
  path { fill: none; stroke: #49546a; stroke-width: 1.4 }
  path.key { stroke: #8a4fb0; stroke-dasharray: 6 4 }
  path.listen { stroke: #3f8a4c; stroke-dasharray: 2 4 }
  .label { font-size: 11px; fill: #8a4fb0; text-anchor: start }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
  .label.listen { fill: #2f7a3d }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e8f0 } .faint { fill: #a9b3c4 } .label { fill: #cfa3ec }
    .label { stroke: #0d1117 } .label.listen { fill: #7fc58c }
    rect { fill: #1e2a3f } .tap rect { fill: #1c3122 } .decide rect { fill: #3a2d18 }
    path { stroke: #aeb9cc } path.key { stroke: #cfa3ec } path.listen { stroke: #7fc58c }
  }
";

/// A box with its text.
struct TextBox {
    id: String,
    class: &'static str,
    lines: Vec<String>,
}

impl TextBox {
    fn width(&self) -> f64 {
        let longest = self.lines.iter().map(|line| line.chars().count()).max();
        longest.unwrap_or(0) as f64 * CHARACTER + 2.0 * PADDING
    }

    fn height(&self) -> f64 {
        self.lines.len() as f64 * LINE_HEIGHT + 14.0
    }
}

/// The whole picture.
pub(super) fn svg(picture: &Picture) -> String {
    let nodes = nodes(picture);
    let edges = edges(picture);
    let find = |id: &str| nodes.iter().position(|node| node.id == id);
    let arrows: Vec<_> = edges
        .iter()
        .filter_map(|edge| Some((edge, find(&edge.from)?, find(&edge.to)?)))
        .collect();
    let widths: Vec<_> = nodes.iter().map(TextBox::width).collect();
    let pairs: Vec<_> = arrows.iter().map(|(_, from, to)| (*from, *to)).collect();
    let drawing = Drawing {
        places: places(&widths, &pairs),
        nodes,
        arrows,
    };
    drawing.draw(&picture.name)
}

struct Drawing<'a> {
    nodes: Vec<TextBox>,
    places: LayerPlaces,
    arrows: Vec<(&'a Edge, usize, usize)>,
}

impl Drawing<'_> {
    fn draw(&self, name: &str) -> String {
        let rows = self.rows();
        let width = self.places.width + 2.0 * MARGIN;
        let height = rows.last().map_or(0.0, |(top, height)| top + height) + MARGIN;
        let name = escaped(name);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n<title>{name}</title>\n\
             <style>\n{STYLE}</style>\n\
             <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
             markerHeight=\"7\" orient=\"auto\"><path d=\"M0.5 1 L7 4 L0.5 7\"/></marker></defs>\n"
        );
        for index in 0..self.arrows.len() {
            text.push_str(&self.arrow(index, &rows));
        }
        // After all arrows, so that none crosses a label.
        for index in 0..self.arrows.len() {
            text.push_str(&self.label(index, &rows));
        }
        for index in 0..self.nodes.len() {
            text.push_str(&self.node(index, &rows));
        }
        text.push_str("</svg>\n");
        text
    }

    /// The top and the height of each layer.
    fn rows(&self) -> Vec<(f64, f64)> {
        let mut heights = vec![0.0_f64; self.places.layers];
        for (node, (layer, _)) in self.nodes.iter().zip(&self.places.boxes) {
            heights[*layer] = heights[*layer].max(node.height());
        }
        let mut top = MARGIN;
        let mut next = |height| {
            let row = (top, height);
            top += height + STEP;
            row
        };
        heights.into_iter().map(&mut next).collect()
    }

    fn node(&self, index: usize, rows: &[(f64, f64)]) -> String {
        let node = &self.nodes[index];
        let (layer, x) = self.places.boxes[index];
        let (x, y) = (x + MARGIN, rows[layer].0);
        let (width, height) = (node.width(), node.height());
        let radius = if node.class == "stage" { 3.0 } else { 14.0 };
        let mut text = format!(
            "<g class=\"{}\"><rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\" rx=\"{radius}\"/>",
            node.class,
            x - width / 2.0
        );
        for (number, line) in node.lines.iter().enumerate() {
            let class = if number == 0 { "id" } else { "faint" };
            let y = y + 20.0 + number as f64 * LINE_HEIGHT;
            let line = escaped(line);
            text.push_str(&format!(
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{line}</text>"
            ));
        }
        text.push_str("</g>\n");
        text
    }

    /// A curve from the bottom of one box to the top of another, straight down past layers.
    fn arrow(&self, index: usize, rows: &[(f64, f64)]) -> String {
        let (edge, from, _) = self.arrows[index];
        let (layer, _) = self.places.boxes[from];
        let bottom = rows[layer].0 + self.nodes[from].height();
        let mut at = (self.port(index, ArrowEnd::Tail), bottom);
        let mut path = format!("M{:.1} {:.1}", at.0, at.1);
        for (passed, x) in self.places.passages[index].iter().enumerate() {
            let (top, height) = rows[layer + 1 + passed];
            path.push_str(&curve(at, (x + MARGIN, top)));
            at = (x + MARGIN, top + height);
            path.push_str(&format!(" V{:.1}", at.1));
        }
        let end = self.tip(index, rows);
        path.push_str(&curve(at, end));
        let class = class_of(edge);
        format!("<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#tip)\"/>\n")
    }

    /// What is said beside the tip of an arrow, in the colour of its line.
    fn label(&self, index: usize, rows: &[(f64, f64)]) -> String {
        let (edge, ..) = self.arrows[index];
        if edge.label.is_empty() {
            return String::new();
        }
        let (class, tip) = (class_of(edge), self.tip(index, rows));
        let (x, y) = (tip.0 + 7.0, tip.1 - 10.0);
        let label = escaped(&edge.label);
        format!("<text class=\"label {class}\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>\n")
    }

    /// Where an arrow ends.
    fn tip(&self, index: usize, rows: &[(f64, f64)]) -> (f64, f64) {
        let (_, _, to) = self.arrows[index];
        (
            self.port(index, ArrowEnd::Head),
            rows[self.places.boxes[to].0].0,
        )
    }

    /// Where an arrow meets its box: the arrows of one side share its width, in the order in which
    /// they come.
    fn port(&self, index: usize, end: ArrowEnd) -> f64 {
        let own = |(_, from, to): &(&Edge, usize, usize)| match end {
            ArrowEnd::Tail => *from,
            ArrowEnd::Head => *to,
        };
        let node = own(&self.arrows[index]);
        let towards = |other: usize| {
            let (_, from, to) = self.arrows[other];
            let passages = &self.places.passages[other];
            match end {
                ArrowEnd::Tail => passages.first().copied().unwrap_or(self.places.boxes[to].1),
                ArrowEnd::Head => passages
                    .last()
                    .copied()
                    .unwrap_or(self.places.boxes[from].1),
            }
        };
        let mut beside: Vec<usize> = (0..self.arrows.len())
            .filter(|other| own(&self.arrows[*other]) == node)
            .collect();
        beside.sort_by(|one, other| towards(*one).total_cmp(&towards(*other)));
        let place = beside.iter().position(|other| *other == index);
        let share = (place.unwrap_or(0) as f64 + 0.5) / beside.len().max(1) as f64 - 0.5;
        let width = (self.nodes[node].width() - 20.0).min(36.0 * beside.len() as f64);
        self.places.boxes[node].1 + MARGIN + share * width
    }
}

/// One end of an arrow.
#[derive(Clone, Copy)]
enum ArrowEnd {
    Tail,
    Head,
}

fn curve(from: (f64, f64), to: (f64, f64)) -> String {
    let bend = (to.1 - from.1) / 2.0;
    format!(
        " C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        from.0,
        from.1 + bend,
        to.0,
        to.1 - bend,
        to.0,
        to.1
    )
}

fn class_of(edge: &Edge) -> &'static str {
    match (edge.line, edge.label.is_empty()) {
        (EdgeStyle::Dotted, _) => "listen",
        (EdgeStyle::Solid, true) => "audio",
        (EdgeStyle::Solid, false) => "key",
    }
}

fn nodes(picture: &Picture) -> Vec<TextBox> {
    let end = |id: &str, port: Option<&String>| TextBox {
        id: id.to_owned(),
        class: "end",
        lines: std::iter::once(id)
            .chain(port.map(|port| if port == "-" { "a pipe" } else { port }))
            .map(line)
            .collect(),
    };
    let mut nodes = vec![end("input", picture.input.as_ref())];
    for stage in &picture.stages {
        let latency = stage.latency.and_then(latency);
        nodes.push(node(&stage.id, "stage", &stage.filling, latency));
    }
    for tap in &picture.taps {
        nodes.push(node(&tap.id, "tap", &tap.filling, None));
    }
    for decide in &picture.decides {
        let may = (!decide.may.is_empty()).then(|| format!("may {}", decide.may.join(", ")));
        nodes.push(node(&decide.id, "decide", &decide.filling, may));
    }
    nodes.push(end("output", picture.output.as_ref()));
    nodes
}

fn node(id: &str, class: &'static str, filling: &PlaceFilling, more: Option<String>) -> TextBox {
    TextBox {
        id: id.to_owned(),
        class,
        lines: [id.to_owned(), filling.about()]
            .into_iter()
            .chain(more)
            .map(|text| line(&text))
            .collect(),
    }
}

fn latency(span: Span) -> Option<String> {
    match span {
        Span::Frames(0) => None,
        Span::Frames(frames) => Some(format!("latency {frames} frames")),
        Span::Seconds(seconds) => Some(format!("latency {seconds} s")),
        Span::Varies => Some("latency known once it runs".to_owned()),
    }
}

/// A text as it fits a box.
fn line(text: &str) -> String {
    let text = clean(text);
    if text.chars().count() <= LINE_CHARACTERS_MAX {
        return text;
    }
    let kept: String = text.chars().take(LINE_CHARACTERS_MAX - 1).collect();
    format!("{kept}…")
}

fn escaped(text: &str) -> String {
    let text = clean(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
