//! Files: what is not ready, what stands behind another file, and which folders were searched.

use crate::cli::list::{Files, is_foreign};
use crate::cli::terminal::Look;
use crate::cli::text::{clean, clean_path, columns, count, entry};
use crate::discovery::{Content, Duplicate, Entry, Origin, Outcome, Scan, Searched};

/// Files that are not ready, each with class and reason; and duplicates.
pub(super) fn text(scan: &Scan, files: Files, look: &Look) -> String {
    let entries = scan.entries.iter().filter(|entry| is_told(entry, files));
    let mut text: String = entries.map(|entry| file(entry, look)).collect();
    let duplicates = scan.duplicates.iter();
    let told = duplicates.filter(|one| files == Files::All || one.content != Content::Same);
    for duplicate in told {
        text.push_str(&passed_over(scan, duplicate, look));
    }
    let cut = scan.folders.iter().filter(|folder| is_cut(folder));
    for folder in cut.filter(|_| files == Files::Suspect) {
        let path = folder.place.path.display();
        text.push_str(&format!("{path}: {}\n", outcome(&folder.outcome)));
    }
    match text.is_empty() {
        true => text,
        false => format!("\n{text}"),
    }
}

/// Files of the executable's and the system's folders that are no plugins surprise nobody.
fn is_told(entry: &Entry, files: Files) -> bool {
    let is_usual = matches!(
        entry.origin,
        Some(Origin::Executable | Origin::System | Origin::Local)
    );
    match (entry.class.reason(), files) {
        (None, _) => false,
        (Some(_), Files::All) => true,
        (Some(_), Files::Suspect) => !(is_usual && is_foreign(&entry.class)),
    }
}

fn file(entry: &Entry, look: &Look) -> String {
    let class = entry.class.name();
    let path = clean_path(&entry.path);
    let reason = clean(&entry.class.reason().unwrap_or_default());
    let mut text = format!("{:<12}  {path}\n", class);
    text.push_str(&entry_below(&reason, look));
    text
}

fn entry_below(reason: &str, look: &Look) -> String {
    entry("", 14, reason, look.width)
}

fn passed_over(scan: &Scan, duplicate: &Duplicate, look: &Look) -> String {
    let (Some(first), Some(later)) = (
        scan.entries.get(duplicate.first),
        scan.entries.get(duplicate.later),
    ) else {
        return String::new();
    };
    let name = first.class.found().map_or_else(String::new, |found| {
        format!("{} {}", found.manifest.id, found.manifest.version)
    });
    let why = match duplicate.content {
        Content::Same => "the same file",
        Content::Different => "another content",
        Content::Unknown => "it could not be compared",
    };
    let path = clean_path(&later.path);
    let first = clean_path(&first.path);
    let mut text = format!("passed over   {path}\n");
    let reason = format!("{name} was found before, as {first} ({why})");
    text.push_str(&entry_below(&reason, look));
    text
}

fn is_cut(folder: &Searched) -> bool {
    matches!(
        folder.outcome,
        Outcome::Cut { .. } | Outcome::Unreadable(_) | Outcome::LeftOut
    )
}

/// Every folder that was searched, and what became of it.
pub(super) fn folders(scan: &Scan, look: &Look) -> String {
    let row = |folder: &Searched| {
        vec![
            format!("  {}", clean_path(&folder.place.path)),
            outcome(&folder.outcome),
            origin(folder.place.origin).to_owned(),
        ]
    };
    let rows: Vec<_> = scan.folders.iter().map(row).collect();
    let mut text = format!("\n{}\n", look.bold("searched"));
    for line in columns(&rows) {
        text.push_str(&format!("{line}\n"));
    }
    if scan.folders.is_empty() {
        text.push_str("  no folder: [plugins] discover is false\n");
    }
    text
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Read { files: 0 } => "no libraries".to_owned(),
        Outcome::Read { files: 1 } => "1 library".to_owned(),
        Outcome::Read { files } => format!("{files} libraries"),
        Outcome::Cut { files } => {
            format!("only the first {} were looked at", count(*files, "file"))
        }
        Outcome::Missing => "not there".to_owned(),
        Outcome::Again => "searched before".to_owned(),
        Outcome::Unreadable(why) => clean(why),
        Outcome::LeftOut => "left out: there are too many folders".to_owned(),
    }
}

/// Who named a folder.
pub(super) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Argument => "--plugin-path",
        Origin::Environment => "SEGUE_PLUGIN_PATH",
        Origin::Configuration => "[plugins] paths",
        Origin::User => "the user's",
        Origin::Local => "this machine's",
        Origin::System => "the system's",
        Origin::Executable => "beside segue",
    }
}
