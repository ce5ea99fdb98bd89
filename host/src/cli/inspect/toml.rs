//! Toml: a table for a configuration, with every parameter at its default.
//!
//! In: components. Out: text that can be pasted as it is; what it means stands in comments.

use segue_plugin::declare::{Kind, Need, Reference, SettingKind};
use segue_plugin::manifest::model::{Param, ParamEntry, Setting};
use segue_plugin::manifest::{Component, Manifest};

use crate::cli::inspect::names;
use crate::cli::text::first_sentence;
use crate::text::wrapped;

/// One table per component.
pub(super) fn text(manifest: &Manifest, components: &[&Component], width: usize) -> String {
    let tables = components
        .iter()
        .map(|component| table(manifest, component, width));
    tables.collect::<Vec<_>>().join("\n")
}

fn table(manifest: &Manifest, component: &Component, width: usize) -> String {
    let mut out = TomlWriter {
        text: String::new(),
        width,
    };
    let address = format!("{}/{}", manifest.id, component.name);
    let about = format!(
        "{address} {}: {}",
        manifest.version,
        first_sentence(&component.doc)
    );
    out.comment(&about);
    let table = names::table(component.kind);
    out.line(&format!("[[{table}]]"));
    out.line(&format!("id = \"{}\"", component.name));
    out.line(&format!("component = \"{address}\""));
    out.wiring(component);
    out.params(table, component);
    out.settings(table, component);
    out.text
}

struct TomlWriter {
    text: String,
    width: usize,
}

impl TomlWriter {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self, text: &str) {
        for line in wrapped(text, self.width - 2) {
            self.line(&format!("# {line}"));
        }
    }

    /// What a table of this kind needs beside its component.
    fn wiring(&mut self, component: &Component) {
        match component.kind {
            Kind::Processor => {}
            Kind::Analyzer | Kind::Metric => {
                if component.reference == Reference::Required {
                    self.line("reference = \"input\"");
                }
            }
            Kind::Decision => {
                self.comment("The taps and stages that it reads, by their ids.");
                self.line("reads = [\"loudness\"]");
                self.line("may = [\"alert\"]");
            }
        }
    }

    fn params(&mut self, table: &str, component: &Component) {
        if component.entries.is_empty() {
            return;
        }
        self.line(&format!("\n[{table}.params]"));
        // A table cannot go on after a table inside it, so rows come last.
        for entry in &component.entries {
            if let ParamEntry::One(param) = entry {
                self.param(param);
            }
        }
        for entry in &component.entries {
            if let ParamEntry::Group(group) = entry {
                self.text.push('\n');
                let count = format!("Up to {} of these tables. {}", group.count, group.doc);
                self.comment(&count);
                self.line(&format!("[[{table}.params.{}]]", group.id));
                group.members.iter().for_each(|member| self.param(member));
            }
        }
    }

    fn param(&mut self, param: &Param) {
        let doc = format!(
            "{} ({})",
            param.doc.trim_end_matches('.'),
            names::range(param)
        );
        self.comment(&doc);
        let default = match param.label(param.default) {
            Some(label) => format!("\"{label}\""),
            None => format!("{:?}", param.default),
        };
        self.line(&format!("{} = {default}", param.id));
    }

    fn settings(&mut self, table: &str, component: &Component) {
        if component.settings.is_empty() {
            return;
        }
        self.line(&format!("\n[{table}.settings]"));
        for setting in &component.settings {
            let doc = setting.doc.trim_end_matches('.');
            self.comment(&format!("{doc} ({})", names::setting(setting.value)));
            let sign = match setting.need {
                Need::Required => "",
                Need::Optional => "# ",
            };
            self.line(&format!("{sign}{} = {}", setting.id, example(setting)));
        }
    }
}

/// A value of the right type: settings have no default.
fn example(setting: &Setting) -> String {
    match setting.value {
        SettingKind::Text { .. } | SettingKind::Path => "\"\"".to_owned(),
        SettingKind::Integer { min, max } => between(min, max).to_string(),
        SettingKind::Boolean => "false".to_owned(),
        SettingKind::List { .. } => "[]".to_owned(),
    }
}

/// A whole number well inside its bounds, with one digit that counts: 0 where both signs are
/// allowed, else the geometric mean, whose ratio to both ends is the same.
fn between(min: i64, max: i64) -> i64 {
    let middle = match (min, max) {
        (..0, 1..) => 0,
        (_, ..=0) => round_mean(max.saturating_neg(), min.saturating_neg()).saturating_neg(),
        _ => round_mean(min, max),
    };
    middle.clamp(min, max)
}

/// The geometric mean of two numbers that are not negative, rounded to its first digit.
fn round_mean(min: i64, max: i64) -> i64 {
    let mean = (min.max(1) as f64 * max.max(1) as f64).sqrt();
    let digit = 10_f64.powf(mean.log10().floor());
    ((mean / digit).round() * digit) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_proposal_is_no_end_of_a_wide_range() {
        assert_eq!(between(1, 10_000), 100);
        assert_eq!(between(1, 64), 8);
        assert_eq!(between(0, 100), 10);
        assert_eq!(between(-1, 9), 0);
        assert_eq!(between(-10_000, -1), -100);
        assert_eq!(between(7, 7), 7);
    }

    proptest! {
        #[test]
        fn a_proposal_is_within_its_bounds(one: i64, other: i64) {
            let (min, max) = (one.min(other), one.max(other));
            prop_assert!((min..=max).contains(&between(min, max)));
        }
    }
}
