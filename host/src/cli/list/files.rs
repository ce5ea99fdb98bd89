//! Files: what is not ready, what stands behind another file, and which folders were searched.

use crate::cli::list::refused::{EVIDENCE_LINES_MAX, RefusedFiles};
use crate::cli::list::{ListedFiles, is_foreign};
use crate::cli::terminal::Look;
use crate::cli::text::{clean, clean_path, columns, count, entry};
use crate::discovery::{
    ContentMatch, Duplicate, Entry, FolderOrigin, FolderOutcome, Scan, Searched,
};

/// Files that are not ready, each with class and reason; and duplicates.
pub(super) fn text(scan: &Scan, files: ListedFiles, look: &Look) -> String {
    let entries = scan.entries.iter().filter(|entry| is_told(entry, files));
    let mut text: String = entries.map(|entry| file(entry, look)).collect();
    let duplicates = scan.duplicates.iter();
    let told =
        duplicates.filter(|one| files == ListedFiles::All || one.content != ContentMatch::Same);
    for duplicate in told {
        text.push_str(&passed_over(scan, duplicate, look));
    }
    let cut = scan.folders.iter().filter(|folder| is_cut(folder));
    for folder in cut.filter(|_| files == ListedFiles::Suspect) {
        let path = folder.place.path.display();
        text.push_str(&format!("{path}: {}\n", outcome(&folder.outcome)));
    }
    match text.is_empty() {
        true => text,
        false => format!("\n{text}"),
    }
}

/// Files that are plugins and are not opened, with what they wrote and when they are tried again.
pub(super) fn refused(scan: &Scan, refused: &RefusedFiles, look: &Look) -> String {
    let mut text = String::new();
    for entry in &scan.entries {
        let Some(objection) = refused.against(&entry.path) else {
            continue;
        };
        let path = clean_path(&entry.path);
        text.push_str(&format!("\n{:<12}  {path}\n", "refused"));
        text.push_str(&entry_below(&clean(&objection.reason), look));
        let lines = &objection.evidence;
        for line in &lines[lines.len().saturating_sub(EVIDENCE_LINES_MAX)..] {
            text.push_str(&entry_below(&format!("it wrote: {}", clean(line)), look));
        }
        text.push_str(&entry_below(&clean(&objection.again), look));
    }
    text
}

/// Files of the executable's and the system's folders that are no plugins surprise nobody.
fn is_told(entry: &Entry, files: ListedFiles) -> bool {
    let is_usual = matches!(
        entry.origin,
        Some(FolderOrigin::Executable | FolderOrigin::System | FolderOrigin::Local)
    );
    match (entry.class.reason(), files) {
        (None, _) => false,
        (Some(_), ListedFiles::All) => true,
        (Some(_), ListedFiles::Suspect) => !(is_usual && is_foreign(&entry.class)),
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
        ContentMatch::Same => "the same file",
        ContentMatch::Different => "another content",
        ContentMatch::Unknown => "it could not be compared",
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
        FolderOutcome::Cut { .. } | FolderOutcome::Unreadable(_) | FolderOutcome::LeftOut
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

fn outcome(outcome: &FolderOutcome) -> String {
    match outcome {
        FolderOutcome::Read { files: 0 } => "no libraries".to_owned(),
        FolderOutcome::Read { files: 1 } => "1 library".to_owned(),
        FolderOutcome::Read { files } => format!("{files} libraries"),
        FolderOutcome::Cut { files } => {
            format!("only the first {} were looked at", count(*files, "file"))
        }
        FolderOutcome::Missing => "not there".to_owned(),
        FolderOutcome::Again => "searched before".to_owned(),
        FolderOutcome::Unreadable(why) => clean(why),
        FolderOutcome::LeftOut => "left out: there are too many folders".to_owned(),
    }
}

/// Who named a folder.
pub(super) const fn origin(origin: FolderOrigin) -> &'static str {
    match origin {
        FolderOrigin::Argument => "--plugin-path",
        FolderOrigin::Environment => "SEGUE_PLUGIN_PATH",
        FolderOrigin::Configuration => "[plugins] paths",
        FolderOrigin::User => "the user's",
        FolderOrigin::Local => "this machine's",
        FolderOrigin::System => "the system's",
        FolderOrigin::Executable => "beside segue",
    }
}
