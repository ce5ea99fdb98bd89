//! Specimen: random pipelines, each written in many ways that mean the same.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::*;

/// A chain of stages, as far as these tests vary it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct Pipeline {
    /// In the order of the chain.
    pub(in crate::config) stages: Vec<Stage>,
    /// Which version of which plugin is required.
    pub(in crate::config) require: BTreeMap<String, String>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct Stage {
    /// Its id.
    pub(in crate::config) id: String,
    /// What fills it.
    pub(in crate::config) component: String,
    /// Single parameters.
    pub(in crate::config) params: BTreeMap<String, f64>,
    /// The rows of its group `band`.
    pub(in crate::config) bands: Vec<BTreeMap<String, f64>>,
    /// `on_error`.
    pub(in crate::config) on_error: &'static str,
    /// The fade, in ms.
    pub(in crate::config) fade_ms: u32,
}

/// Numbers that look random and are the same for the same seed: SplitMix64.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    /// The numbers of a seed.
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, less than `count`; 0 where that is 0.
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from((mixed ^ (mixed >> 31)) % most).unwrap_or(0)
    }
}

fn values() -> impl Strategy<Value = BTreeMap<String, f64>> {
    let name = prop::sample::select(vec!["gain_db", "q", "mix", "drive_db"]);
    let value = (-40..40_i32).prop_map(|halves| f64::from(halves) / 2.0);
    prop::collection::btree_map(name.prop_map(str::to_owned), value, 0..3)
}

fn stage() -> impl Strategy<Value = Stage> {
    let component = prop::sample::select(vec!["acme.a/x", "acme.a/y", "acme.b"]);
    let on_error = prop::sample::select(vec!["bypass", "mute"]);
    let bands = prop::collection::vec(values(), 0..3);
    let fade_ms = prop::sample::select(vec![20, 500, 2_000]);
    (component, values(), bands, on_error, fade_ms).prop_map(
        |(component, params, bands, on_error, fade_ms)| Stage {
            id: String::new(),
            component: component.to_owned(),
            params,
            bands,
            on_error,
            fade_ms,
        },
    )
}

/// Any of them, of up to four stages.
pub(in crate::config) fn pipeline() -> impl Strategy<Value = Pipeline> {
    let ids = prop::sample::subsequence(vec!["a", "b", "c", "d"], 1..=4).prop_shuffle();
    let plugin = prop::sample::select(vec!["acme.a", "acme.b"]).prop_map(str::to_owned);
    let version = prop::sample::select(vec!["1", "=1.2.0"]).prop_map(str::to_owned);
    let require = prop::collection::btree_map(plugin, version, 0..2);
    let stages = prop::collection::vec(stage(), 4);
    (ids, stages, require).prop_map(|(ids, stages, require)| Pipeline {
        stages: ids
            .into_iter()
            .zip(stages)
            .map(|(id, stage)| Stage {
                id: id.to_owned(),
                ..stage
            })
            .collect(),
        require,
    })
}

impl Pipeline {
    /// The pipeline as a file, in one of many styles.
    pub(in crate::config) fn written(&self, style: u64) -> String {
        let mut dice = Dice::new(style);
        let mut text = String::new();
        if dice.below(2) == 0 {
            text.push_str("# a chain\n\n");
        }
        let first = dice.below(2);
        if first == 0 {
            text.push_str(&self.require(&mut dice));
        }
        let mut above = "input";
        for stage in &self.stages {
            text.push_str(&stage.written(above, &mut dice));
            above = &stage.id;
        }
        if first == 1 {
            text.push_str(&self.require(&mut dice));
        }
        match dice.below(4) {
            0 => text.replace('\n', "\r\n"),
            1 => text.trim_end().to_owned(),
            _ => text,
        }
    }

    fn require(&self, dice: &mut Dice) -> String {
        let mut text = String::new();
        let pairs = self.require.iter();
        let pairs: Vec<_> = pairs
            .map(|(id, version)| format!("\"{id}\" = \"{version}\""))
            .collect();
        match dice.below(3) {
            0 if pairs.is_empty() => {}
            0 => write!(
                text,
                "[plugins.require] # versions\n{}\n\n",
                pairs.join("\n")
            )
            .unwrap(),
            1 => {
                text.push_str("[plugins]\ndiscover = true\n");
                for pair in pairs {
                    writeln!(text, "require.{pair}").unwrap();
                }
            }
            _ => writeln!(text, "[plugins]\nrequire = {{ {} }}", pairs.join(", ")).unwrap(),
        }
        text
    }
}

impl Stage {
    /// Every parameter by its whole id.
    pub(in crate::config) fn flat(&self) -> BTreeMap<String, f64> {
        let rows = self.bands.iter().enumerate().flat_map(|(at, row)| {
            let member =
                move |(name, value): (&String, &f64)| (format!("band.{}.{name}", at + 1), *value);
            row.iter().map(member)
        });
        self.params.clone().into_iter().chain(rows).collect()
    }

    fn written(&self, above: &str, dice: &mut Dice) -> String {
        let mut lines = vec![
            format!("id = \"{}\"", self.id),
            format!("component = '{}' # what fills it", self.component),
        ];
        if dice.below(2) == 0 {
            lines.push(format!("after = [ \"{above}\" ]"));
        }
        if self.on_error != "bypass" || dice.below(2) == 0 {
            lines.push(format!("on_error = \"{}\"", self.on_error));
        }
        lines.push(match dice.below(2) {
            0 => format!("swap.fade = \"{}ms\"", self.fade_ms),
            _ => format!("swap = {{ fade = \"{}s\" }}", f64::from(self.fade_ms) / 1e3),
        });
        let mut below = String::new();
        self.params(dice, &mut lines, &mut below);
        let at = dice.below(lines.len());
        lines.rotate_left(at);
        format!("[[stage]] # one\n{}\n{below}\n", lines.join("\n"))
    }

    /// The parameters: as lines of the stage, or as tables below it.
    fn params(&self, dice: &mut Dice, lines: &mut Vec<String>, below: &mut String) {
        let number = |value: f64, dice: &mut Dice| match value.fract() == 0.0 && dice.below(2) == 0
        {
            true => format!("{value}"),
            false => format!("{value:?}"),
        };
        let pairs = |values: &BTreeMap<String, f64>, dice: &mut Dice| -> Vec<String> {
            let pair =
                |(name, value): (&String, &f64)| format!("{name} = {}", number(*value, dice));
            values.iter().map(pair).collect()
        };
        let mut one = pairs(&self.params, dice);
        let rows: Vec<_> = self.bands.iter().map(|row| pairs(row, dice)).collect();
        let inline = rows.iter().map(|row| format!("{{ {} }}", row.join(", ")));
        let band = match dice.below(3) {
            _ if rows.is_empty() => None,
            0 => Some(format!(
                "band = [{}]",
                inline.collect::<Vec<_>>().join(", ")
            )),
            1 => Some(format!(
                "band = [\n  {}, # last\n]",
                inline.collect::<Vec<_>>().join(",\n  ")
            )),
            _ => Some(format!(
                "band = [\n  {} # last\n]",
                inline.collect::<Vec<_>>().join(",\n  ")
            )),
        };
        match dice.below(4) {
            0 => {
                one.extend(band);
                if !one.is_empty() || dice.below(2) == 0 {
                    lines.push(format!("params = {{ {} }} # all", one.join(", ")));
                }
            }
            1 => {
                one.extend(band);
                lines.extend(one.iter().map(|pair| format!("params.{pair} # one")));
            }
            2 => {
                one.extend(band);
                write!(below, "[stage.params] # all\n{}\n", one.join("\n")).unwrap();
            }
            _ => {
                if !one.is_empty() {
                    write!(below, "  [stage.params]\n  {}\n", one.join("\n  ")).unwrap();
                }
                for row in rows {
                    write!(below, "  [[stage.params.band]] # row\n{}\n", row.join("\n")).unwrap();
                }
            }
        }
    }
}
