//! Layouts: whether a component accepts the channels that it would read.
//!
//! In: what its manifest says, and a layout. Out: nothing, or a sentence that names the key that
//! changes the layout. Pure.

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::manifest::model::Layouts;

/// Holds a layout to what a component takes.
pub(in crate::session) fn accepts(layouts: &Layouts, found: Layout) -> Result<(), Refusal> {
    let taken: Vec<_> = match layouts {
        Layouts::Any => return Ok(()),
        Layouts::Same(all) => all.clone(),
        Layouts::Pairs(pairs) => pairs.iter().map(|(input, _)| *input).collect(),
    };
    if taken.contains(&found) {
        return Ok(());
    }
    let names: Vec<_> = taken.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    Err(Refusal::new(format!(
        "takes {names}, and what it reads is {found}; `layout` in [stream] converts the input"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layouts: &Layouts, expected: Option<&str>) {
        let found = accepts(layouts, Layout::STEREO).err();
        assert_eq!(
            found.map(|refusal| refusal.to_string()).as_deref(),
            expected
        );
    }

    #[test]
    fn what_is_not_taken_is_told_with_the_key_that_changes_it() {
        check(&Layouts::Any, None);
        check(&Layouts::Same(vec![Layout::MONO, Layout::STEREO]), None);
        check(&Layouts::Pairs(vec![(Layout::STEREO, Layout::MONO)]), None);
        check(
            &Layouts::Pairs(vec![(Layout::MONO, Layout::STEREO)]),
            Some(
                "takes mono, and what it reads is stereo; `layout` in [stream] converts the input",
            ),
        );
        check(
            &Layouts::Same(vec![Layout::MONO, Layout::SURROUND_5_1]),
            Some(
                "takes mono, 5.1, and what it reads is stereo; `layout` in [stream] converts the \
                 input",
            ),
        );
    }
}
