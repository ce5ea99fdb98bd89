//! Files of different folders do not need each other in a circle.
//!
//! What a circle is and which folder a file is at home in stands in `segue_tests::structure`: a file
//! needs the files that define what it names; a module file that only passes names on is in no
//! circle with those that define them.

use std::collections::BTreeSet;

use segue_tests::build::root;
use segue_tests::structure::circles;

/// Files that are in such a circle still. None is added here; one that has left its circle goes.
const STILL: &[&str] = &[];

#[test]
fn no_files_of_different_folders_are_in_a_circle() {
    let circles = circles(root());
    let across = circles.iter().filter(|circle| circle.folders.len() > 1);
    let found: BTreeSet<_> = across.flat_map(|circle| &circle.files).collect();
    let found: BTreeSet<_> = found.into_iter().map(String::as_str).collect();
    let still: BTreeSet<_> = STILL.iter().copied().collect();
    let new: Vec<_> = found.difference(&still).collect();
    assert!(
        new.is_empty(),
        "in a circle through several folders: {new:#?}"
    );
    let left: Vec<_> = still.difference(&found).collect();
    assert!(
        left.is_empty(),
        "in no circle any more, to be taken off the list: {left:#?}"
    );
}
