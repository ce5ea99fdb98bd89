//! Words: what a colleague would say about a conflict.
//!
//! In: an [`Explanation`]. Out: one sentence, or a short list where there is much to tell.

use std::fmt;

use segue_plugin::declare::Need;
use semver::Version;

use crate::id::PluginId;
use crate::resolve::explain::{Explanation, Fact, Misfit, RuledOut};

/// How many facts fit into a sentence; more become a list.
const SENTENCE_FACTS_MAX: usize = 4;

/// How many lines a list has; the rest is counted.
const LIST_FACTS_MAX: usize = 16;

/// How many versions, ids or members of a circle are named one by one.
const NAMES_MAX: usize = 6;

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdicts: Vec<_> = self.verdicts.iter().map(ToString::to_string).collect();
        let verdict = match verdicts.as_slice() {
            [] => "no choice of versions fits all of this".to_owned(),
            some => some.join("; "),
        };
        match self.facts.as_slice() {
            [] => formatter.write_str(&verdict),
            facts if facts.len() <= SENTENCE_FACTS_MAX => {
                write!(formatter, "{}: {verdict}", sentence(facts))
            }
            facts => write!(
                formatter,
                "no choice of versions fits all of this:{}\n{verdict}",
                list(facts)
            ),
        }
    }
}

/// Joins facts the way one tells them: what follows from a fact with 'and', a new start with ';'.
fn sentence(facts: &[Fact]) -> String {
    let mut text = String::new();
    let mut before: Option<&Fact> = None;
    for fact in facts {
        text += match (before, fact) {
            (None, _) => "",
            (_, Fact::Wished(_)) => "; ",
            (_, Fact::Needs { .. }) | (Some(Fact::RuledOut { .. }), _) => ", and ",
            (_, Fact::RuledOut { .. }) => ", but ",
        };
        text += &fact.to_string();
        before = Some(fact);
    }
    text
}

fn list(facts: &[Fact]) -> String {
    let lines = facts.iter().take(LIST_FACTS_MAX);
    let mut text: String = lines.map(|fact| format!("\n  {fact}")).collect();
    if facts.len() > LIST_FACTS_MAX {
        text += &format!("\n  and so on, {} lines more", facts.len() - LIST_FACTS_MAX);
    }
    text
}

impl fmt::Display for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wished(wish) => {
                write!(formatter, "{} uses {}", wish.by, wish.id)?;
                if let Some(component) = &wish.component {
                    write!(formatter, "/{component}")?;
                }
                match &wish.versions {
                    Some(versions) => write!(formatter, " {versions}"),
                    None => Ok(()),
                }
            }
            Self::Needs {
                id,
                versions,
                requirement,
            } => {
                let which = names(versions);
                let of = &requirement.id;
                let demand = &requirement.versions;
                match (requirement.need, versions.len()) {
                    (Need::Required, 1) => write!(formatter, "{id} {which} needs {of} {demand}"),
                    (Need::Required, _) => write!(formatter, "{id} {which} need {of} {demand}"),
                    (Need::Optional, 1) => {
                        write!(formatter, "{id} {which} gets along with {of} {demand} only")
                    }
                    (Need::Optional, _) => {
                        write!(formatter, "{id} {which} get along with {of} {demand} only")
                    }
                }
            }
            Self::RuledOut {
                id,
                versions,
                reason,
            } => write_ruled_out(formatter, id, &names(versions), reason),
        }
    }
}

fn write_ruled_out(
    formatter: &mut fmt::Formatter<'_>,
    id: &PluginId,
    versions: &str,
    reason: &RuledOut,
) -> fmt::Result {
    match reason {
        RuledOut::Require(allowed) => write!(
            formatter,
            "[plugins.require] allows only {id} {allowed}, which rules out {versions}"
        ),
        RuledOut::Running(major) => write!(
            formatter,
            "{id} runs in major version {major} and [plugins.require] names no other, \
             which rules out {versions}"
        ),
        RuledOut::Unusable(reason) => {
            write!(formatter, "{id} {versions} cannot be used: {reason}")
        }
    }
}

impl fmt::Display for RuledOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Require(allowed) => write!(formatter, "[plugins.require] allows only {allowed}"),
            Self::Running(major) => write!(formatter, "major version {major} runs"),
            Self::Unusable(reason) => formatter.write_str(reason),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { id, near } => {
                write!(formatter, "{id} was not found")?;
                match near.as_slice() {
                    [] => Ok(()),
                    near => write!(formatter, " (did you mean {}?)", any_of(near)),
                }
            }
            Self::NoVersion {
                id,
                found,
                pre_release,
            } => {
                write!(formatter, "{id} was found only as {}", names(found))?;
                match pre_release {
                    None => Ok(()),
                    Some(version) => write!(
                        formatter,
                        "; the pre-release {version} is taken only where it is named, \
                         as in \"{id}\" = \"={version}\""
                    ),
                }
            }
            Self::NoComponent { id, has } if has.is_empty() => {
                write!(formatter, "{id} has no components")
            }
            Self::NoComponent { id, has } => {
                let paths: Vec<_> = has.iter().map(|name| format!("{id}/{name}")).collect();
                write!(formatter, "there is {}", names(&paths))
            }
            Self::NoneLeft { id, found } => write!(
                formatter,
                "that leaves no version of {id} (found: {})",
                names(found)
            ),
            Self::Circle(circle) => write_circle(formatter, circle),
        }
    }
}

fn write_circle(formatter: &mut fmt::Formatter<'_>, circle: &[(PluginId, Version)]) -> fmt::Result {
    let show = |(id, version): &(PluginId, Version)| format!("{id} {version}");
    match circle {
        [] => Ok(()),
        [one] => write!(formatter, "{} needs itself", show(one)),
        [first, rest @ ..] => {
            let mut steps: Vec<_> = rest.iter().take(NAMES_MAX).map(show).collect();
            if rest.len() > NAMES_MAX {
                steps.push(format!("{} more in a row", rest.len() - NAMES_MAX));
            }
            write!(
                formatter,
                "{first} needs {}, which needs {first} again: none of them can load first",
                steps.join(", which needs "),
                first = show(first),
            )
        }
    }
}

/// `a`, `a and b`, `a, b and c`; of a long list the ends.
fn names<T: ToString>(items: &[T]) -> String {
    if items.len() > NAMES_MAX {
        let (first, last) = (items[0].to_string(), items[items.len() - 1].to_string());
        return format!("{first} to {last} ({} of them)", items.len());
    }
    joined(items, "and")
}

fn any_of<T: ToString>(items: &[T]) -> String {
    joined(items, "or")
}

fn joined<T: ToString>(items: &[T], word: &str) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    match items.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {word} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::universe::Requirement;

    fn check(told: &dyn fmt::Display, expected: &str) {
        assert_eq!(told.to_string(), expected);
    }

    #[test]
    fn a_plugin_without_components_is_told_so() {
        let id: PluginId = "a.b".parse().unwrap();
        let has = Vec::new();
        check(&Misfit::NoComponent { id, has }, "a.b has no components");
    }

    #[test]
    fn what_an_optional_plugin_rules_out_is_told_of_one_version_and_of_several() {
        let told = |count: u64| {
            let versions = (1..=count).map(|major| Version::new(major, 0, 0));
            Fact::Needs {
                id: "a.b".parse().unwrap(),
                versions: versions.collect(),
                requirement: Requirement {
                    id: "c.d".parse().unwrap(),
                    versions: "2".parse().unwrap(),
                    need: Need::Optional,
                },
            }
        };
        check(&told(1), "a.b 1.0.0 gets along with c.d ^2 only");
        check(&told(2), "a.b 1.0.0 and 2.0.0 get along with c.d ^2 only");
    }

    #[test]
    fn of_a_long_list_the_ends_are_told() {
        let versions: Vec<_> = (1..=9).map(|major| Version::new(major, 0, 0)).collect();
        assert_eq!(names(&versions[..2]), "1.0.0 and 2.0.0");
        assert_eq!(names(&versions), "1.0.0 to 9.0.0 (9 of them)");
    }

    #[test]
    fn what_rules_versions_out_is_a_reason_of_its_own() {
        let allowed = "1".parse().unwrap();
        check(
            &RuledOut::Require(allowed),
            "[plugins.require] allows only ^1",
        );
        check(&RuledOut::Running(2), "major version 2 runs");
        check(&RuledOut::Unusable("it is old".into()), "it is old");
    }
}
