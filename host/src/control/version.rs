//! Version: which component, in which versions, as people write it: `acme.warmth/tube@1.1.0`.
//!
//! Pure.

use semver::{Version, VersionReq};

use crate::id::{ComponentAddress, IdError};

/// The longest text of a requirement, in bytes. The longest sensible one is a fifth of it.
const REQUIREMENT_BYTES_MAX: usize = 256;

/// Why a text names no component or no versions.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// It is longer than any requirement.
    #[error("the version has {found_bytes} bytes, expected at most {REQUIREMENT_BYTES_MAX}")]
    TooLong {
        /// Its length.
        found_bytes: usize,
    },
    /// It is neither a version nor a requirement.
    #[error(
        "`{}` is no version: {source}; expected a version or a requirement, as in `1.1.0`, `1.1` or \
         `>=1, <3`",
        found.escape_debug()
    )]
    NoVersion {
        /// The text.
        found: String,
        /// Why not.
        source: semver::Error,
    },
    /// The component has no such address.
    #[error(transparent)]
    Address(#[from] IdError),
}

/// What a text asks of a version: a whole version means just that one, anything else is a
/// requirement as Cargo writes them.
///
/// # Errors
/// Why it asks nothing.
pub fn requirement(text: &str) -> Result<VersionReq, VersionError> {
    if text.len() > REQUIREMENT_BYTES_MAX {
        let found_bytes = text.len();
        return Err(VersionError::TooLong { found_bytes });
    }
    let text = text.trim();
    let exact = Version::parse(text).map(|version| format!("={version}"));
    let wanted = exact.as_deref().unwrap_or(text);
    VersionReq::parse(wanted).map_err(|source| VersionError::NoVersion {
        found: text.to_owned(),
        source,
    })
}

/// A component, where one is named, and its versions, where some are.
type Named = (Option<ComponentAddress>, Option<VersionReq>);

/// A component and its versions, `COMPONENT[@VERSION]`; `@VERSION` alone keeps the component.
///
/// # Errors
/// Why it names none.
pub fn component(text: &str) -> Result<Named, VersionError> {
    let (address, version) = match text.split_once('@') {
        Some((address, version)) => (address, Some(requirement(version)?)),
        None => (text, None),
    };
    if address.is_empty() && version.is_some() {
        return Ok((None, version));
    }
    Ok((Some(address.parse()?), version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, matching: &[&str], others: &[&str]) {
        let wanted = requirement(text).unwrap();
        for (versions, expected) in [(matching, true), (others, false)] {
            for version in versions {
                let version = Version::parse(version).unwrap();
                assert_eq!(wanted.matches(&version), expected, "{text} {version}");
            }
        }
    }

    #[test]
    fn a_whole_version_means_that_one_and_no_other() {
        check("1.1.0", &["1.1.0"], &["1.1.1", "1.2.0", "2.0.0"]);
        check(
            "1.1.0-beta.1",
            &["1.1.0-beta.1"],
            &["1.1.0", "1.1.0-beta.2"],
        );
    }

    #[test]
    fn anything_else_is_a_requirement_as_cargo_has_them() {
        check("1.1", &["1.1.0", "1.9.0"], &["1.0.9", "2.0.0"]);
        check("^1.1.0", &["1.1.1"], &["2.0.0"]);
        check(">=1, <3", &["2.5.0"], &["3.0.0"]);
        check("*", &["7.0.0"], &[]);
    }

    #[test]
    fn what_is_no_version_is_explained() {
        assert_eq!(
            requirement("latest").unwrap_err().to_string(),
            "`latest` is no version: unexpected character 'l' while parsing major version number; \
             expected a version or a requirement, as in `1.1.0`, `1.1` or `>=1, <3`"
        );
        assert!(
            requirement(&"1".repeat(300))
                .unwrap_err()
                .to_string()
                .contains("300 bytes")
        );
        assert!(requirement("").is_err());
    }

    #[test]
    fn a_component_may_name_its_versions_or_only_them() {
        let address = |text: &str| Some(text.parse::<ComponentAddress>().unwrap());
        assert_eq!(component("acme.a/b").unwrap(), (address("acme.a/b"), None));
        let exact = Some(VersionReq::parse("=1.1.0").unwrap());
        assert_eq!(
            component("acme.a@1.1.0").unwrap(),
            (address("acme.a"), exact.clone())
        );
        assert_eq!(component("@1.1.0").unwrap(), (None, exact));
        for wrong in ["", "tube", "acme.a@", "acme.a/B", "@"] {
            assert!(component(wrong).is_err(), "{wrong}");
        }
    }
}
