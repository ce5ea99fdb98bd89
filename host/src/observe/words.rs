//! Words: how an enum gets one spelling for each of its cases, the same in receipts, status, events,
//! reports and on the control socket.
//!
//! In: cases with their spellings. Out: an enum with `ALL`, `as_str`, `Display` and `Serialize`; one
//! that is read back from other processes has `Deserialize` too.
//!
//! A word that is read back and that this version does not know is `Other`, since both sides of a
//! socket can grow. `Other` is not in `ALL`: nobody says it.

/// Defines an enum of words. One after `said` only leaves the process; one after `exact` is read back
/// and has no further words; one after `read` is read back and may gain words.
macro_rules! words {
    (said $($rest:tt)*) => {
        $crate::observe::words::words!(enum [] $($rest)*);
    };
    (exact $(#[doc = $about:literal])* $name:ident $cases:tt) => {
        $crate::observe::words::words!(enum [] $(#[doc = $about])* $name $cases);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = String::deserialize(from)?;
                let known = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                known.ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    serde::de::Error::custom(format!("`{word}`, expected one of {words:?}"))
                })
            }
        }
    };
    (read $(#[doc = $about:literal])* $name:ident $cases:tt) => {
        $crate::observe::words::words!(
            enum [
                /// A word of a later version.
                Other = "other",
            ] $(#[doc = $about])* $name $cases
        );

        impl Default for $name {
            /// A word that is not known.
            fn default() -> Self {
                Self::Other
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = String::deserialize(from)?;
                let known = Self::ALL.iter().copied().find(|known| known.as_str() == word);
                Ok(known.unwrap_or_default())
            }
        }
    };
    (enum [$($(#[$later:meta])* $other:ident = $other_spelling:literal,)?]
        $(#[doc = $about:literal])* $name:ident {
        $($(#[doc = $meaning:literal])* $case:ident = $spelling:literal,)*
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $meaning])* $case,)*
            $($(#[$later])* $other,)?
        }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$case,)*];

            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$case => $spelling,)*
                    $(Self::$other => $other_spelling,)?
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        #[cfg(test)]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::observe::words::schema(
                    concat!($($about,)*),
                    &[$(($spelling, concat!($($meaning,)*)),)*],
                )
            }
        }
    };
}

pub(in crate::observe) use words;

/// The schema of an enum: its words, each with what it means.
#[cfg(test)]
pub(in crate::observe) fn schema(about: &str, words: &[(&str, &str)]) -> schemars::Schema {
    let words = words.iter();
    let words = words.map(
        |(word, meaning)| schemars::json_schema!({ "const": word, "description": meaning.trim() }),
    );
    schemars::json_schema!({
        "description": about.trim(),
        "type": "string",
        "oneOf": words.collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::observe::{ChangeAction, ChangeState, FailureKind};

    /// Whether the words of an enum are all different, and none is that of a later version.
    fn are_apart(words: &[&str]) -> bool {
        let apart: BTreeSet<_> = words.iter().collect();
        apart.len() == words.len() && !words.contains(&"other") && !words.contains(&"")
    }

    #[test]
    fn no_two_cases_have_one_spelling() {
        let words = |all: &[ChangeState]| all.iter().map(|one| one.as_str()).collect::<Vec<_>>();
        assert!(are_apart(&words(ChangeState::ALL)));
        let kinds: Vec<_> = FailureKind::ALL.iter().map(|one| one.as_str()).collect();
        assert!(are_apart(&kinds));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for action in ChangeAction::ALL {
            let written = serde_json::to_string(action).unwrap();
            assert_eq!(written, format!("\"{action}\""));
            assert_eq!(
                serde_json::from_str::<ChangeAction>(&written).unwrap(),
                *action
            );
        }
    }

    #[test]
    fn a_word_of_a_later_version_is_another_one() {
        let later: ChangeAction = serde_json::from_str("\"transmogrify\"").unwrap();
        assert_eq!(later, ChangeAction::Other);
        assert!(serde_json::from_str::<ChangeAction>("7").is_err());
    }
}
