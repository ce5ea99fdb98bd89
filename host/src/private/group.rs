//! Group: whether a group is one user's own.
//!
//! In: the number of a group, and the machine's table of groups. Out: whether nobody else is in it.
//!
//! Some systems give every user a group of the same number and make folders writable for it. It
//! lets nobody else in. For root there is no such exception.

use std::fs::File;
use std::io::Read;

/// The table of groups.
const GROUPS: &str = "/etc/group";

/// The most that is read of it, in bytes: ten thousand groups.
const GROUPS_BYTES_MAX: u64 = 1 << 20;

/// Whether this group is `user`'s own: it has the user's number, and the machine knows no other
/// member of it. What the machine does not know is nobody's own.
pub(super) fn is_own(group: u32, user: u32) -> bool {
    if user == 0 || group != user {
        return false;
    }
    let mut text = Vec::new();
    let read =
        File::open(GROUPS).and_then(|file| file.take(GROUPS_BYTES_MAX).read_to_end(&mut text));
    read.is_ok() && is_lone(&String::from_utf8_lossy(&text), group)
}

/// Whether a table has this group once, with no member but the user of its own name.
fn is_lone(groups: &str, group: u32) -> bool {
    let fields = groups
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let mut found =
        fields.filter(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(group));
    let (Some(only), None) = (found.next(), found.next()) else {
        return false;
    };
    let members = only.get(3).copied().unwrap_or_default().split(',');
    let others = members.filter(|member| !member.is_empty() && *member != only[0]);
    others.count() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(groups: &str, expected: bool) {
        assert_eq!(is_lone(groups, 1000), expected, "{groups:?}");
    }

    #[test]
    fn a_group_without_others_is_a_users_own() {
        check("root:x:0:\nada:x:1000:\n", true);
        check("ada:x:1000:ada\n", true);
        check("ada:x:1000:eve\n", false);
        check("ada:x:1000:ada,eve\n", false);
        check("ada:x:1000:\nstaff:x:1000:\n", false);
        check("root:x:0:\n", false);
        check("", false);
        check("ada:x:1000\n", true);
    }

    #[test]
    fn root_and_groups_of_other_numbers_have_none() {
        assert!(!is_own(0, 0));
        assert!(!is_own(100, 1000));
    }
}
