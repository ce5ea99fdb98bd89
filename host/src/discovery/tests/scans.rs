//! Scans: whole folders, and every word about them.
//!
//! In: folders made for the test. Out: what a scan of them says, compared whole.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use segue_plugin::manifest::TARGET;
use tempfile::TempDir;

use crate::discovery::tests::specimen::{
    Elf, aborting_manifest, dll, dylib, elf, library, manifest, named, of_abi, windows_manifest,
};
use crate::discovery::{
    Class, ContentMatch, FILES_MAX, FolderOrigin, FolderOutcome, Incompatible, OwnFolders,
    PLACES_MAX, Registry, Scan, SearchPlan, scan,
};

/// A time at which everything that a test just wrote has settled.
pub(crate) fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(10)
}

pub(crate) fn scan_of(folders: &[&Path], registry: &mut Registry) -> Scan {
    let mut plan = SearchPlan::default();
    for folder in folders {
        plan.add(folder, FolderOrigin::Argument);
    }
    scan(&plan, registry, later())
}

pub(crate) fn folder_of(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// One line for each entry: its name, its class, and why.
fn told(scan: &Scan) -> String {
    let mut lines = String::new();
    for entry in &scan.entries {
        let name = entry.path.file_name().unwrap().to_str().unwrap();
        let class = entry.class.name();
        let reason = entry
            .class
            .reason()
            .map_or(String::new(), |reason| format!(": {reason}"));
        lines += &format!("{name}: {class}{reason}\n");
    }
    lines
}

fn check(files: &[(&str, Vec<u8>)], expected: &str) {
    let folder = folder_of(files);
    let scan = scan_of(&[folder.path()], &mut Registry::in_memory());
    assert_eq!(told(&scan), expected);
}

#[test]
fn a_good_plugin_is_ready_whatever_lies_beside_it() {
    let system = elf(&Elf::default());
    let cut = library(&manifest());
    check(
        &[
            ("good.so", library(&manifest())),
            ("GOOD.SO", library(&named("acme.p00001", "1.0.0"))),
            ("system.so", system),
            ("text.so", b"This is no library, it only says so.".to_vec()),
            ("empty.so", Vec::new()),
            ("short.so", b"x".to_vec()),
            ("truncated.so", cut[..cut.len() - 1].to_vec()),
            ("head.so", cut[..40].to_vec()),
            (
                "program.so",
                elf(&Elf {
                    kind: 2,
                    ..Elf::default()
                }),
            ),
            ("readme.txt", b"Nobody asked for this file.".to_vec()),
            ("libgood.so.1", library(&manifest())),
        ],
        "GOOD.SO: ready\n\
         empty.so: not a plugin: an empty file, expected a library\n\
         good.so: ready\n\
         head.so: unreadable: a library that is cut off or damaged: \
         Invalid ELF header size or alignment\n\
         program.so: not a plugin: no shared library: a program or an object file\n\
         short.so: not a plugin: no library: it is neither ELF, PE nor Mach-O\n\
         system.so: not a plugin: a library without a manifest: \
         it was not built with segue-plugin\n\
         text.so: not a plugin: no library: it is neither ELF, PE nor Mach-O\n\
         truncated.so: unreadable: a library that is cut off or damaged: \
         Invalid ELF section header offset/size/alignment\n",
    );
}

#[test]
fn what_is_no_file_is_named_and_not_opened() {
    let folder = folder_of(&[("good.so", library(&manifest()))]);
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("d.so")).unwrap();
    mknodat(CWD, path("fifo.so"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = UnixListener::bind(path("socket.so")).unwrap();
    symlink("/dev/zero", path("zero.so")).unwrap();
    symlink("nowhere", path("dangling.so")).unwrap();
    symlink("loop.so", path("loop.so")).unwrap();
    symlink("good.so", path("link.so")).unwrap();
    let mut registry = Registry::in_memory();
    let scan = scan_of(&[folder.path()], &mut registry);
    assert_eq!(
        told(&scan),
        "d.so: not a plugin: a folder, expected a library\n\
         dangling.so: unreadable: a link to something that is not there\n\
         fifo.so: not a plugin: a FIFO, expected a library\n\
         good.so: ready\n\
         link.so: ready\n\
         loop.so: unreadable: a link that leads in a circle\n\
         socket.so: not a plugin: a socket, expected a library\n\
         zero.so: not a plugin: a device, expected a library\n",
    );
    assert_eq!(scan.files_opened, 2);
    assert_eq!(scan.duplicates[0].content, ContentMatch::Same);
    let stamp = scan.entries[3].class.found().unwrap().stamp;
    assert_eq!(
        registry.hash(&path("good.so"), &stamp),
        None,
        "one file is the same as itself"
    );
}

#[test]
fn plugins_for_other_hosts_say_what_to_do() {
    let abi = segue_plugin::abi::ABI_VERSION;
    let beside = elf(&Elf {
        manifest: Some(&manifest()),
        run_path: Some("/opt/lib:$ORIGIN/../lib"),
        needed: &["libc.so.6", "libtube\x1b.so.2"],
        ..Elf::default()
    });
    check(
        &[
            ("abort.so", library(&aborting_manifest())),
            ("beside.so", beside),
            ("later.so", library(&of_abi((1, 9), (1, 9)))),
            ("new.so", library(&of_abi((9, 0), (9, 0)))),
            ("old.so", library(&of_abi((0, 3), (0, 3)))),
            ("windows.dll", dll(&windows_manifest())),
        ],
        &format!(
            "abort.so: incompatible: the plugin was built with panic = \"abort\", so a panic in \
             it would end the host: rebuild it with panic = \"unwind\", or wait for version 1.3, \
             which runs it in a worker\n\
             beside.so: incompatible: the plugin needs libtube\\x1b.so.2 from its own folder \
             ($ORIGIN), but a plugin is opened from the host's store: link that library \
             statically, or install it where the system finds it\n\
             later.so: incompatible: the plugin needs a host that speaks plugin ABI 1.9 or a \
             later 1.x, this one speaks {abi}: update Segue, or ask for a build of the plugin \
             for ABI {abi}\n\
             new.so: incompatible: the plugin was built for plugin ABI 9.0, this version speaks \
             {abi}: update Segue, or ask for a build of the plugin for ABI {abi}\n\
             old.so: incompatible: the plugin was built for plugin ABI 0.3, this version speaks \
             {abi}: rebuild the plugin with a segue-plugin of ABI {abi}\n\
             windows.dll: incompatible: the plugin was built for x86_64-pc-windows-msvc (PE, \
             x86_64, 64 bit), this host is {TARGET}: ask for a build for {TARGET}\n"
        ),
    );
}

#[test]
fn a_library_of_another_system_still_says_what_it_is() {
    let folder = folder_of(&[
        ("a.dll", dll(&windows_manifest())),
        ("b.dylib", dylib(&manifest(), 0x0100_000c)),
    ]);
    let scan = scan_of(&[folder.path()], &mut Registry::in_memory());
    for entry in &scan.entries {
        assert!(matches!(
            entry.class,
            Class::Incompatible(Incompatible::Target { .. }, _)
        ));
        assert_eq!(entry.class.found().unwrap().manifest.id, "acme.p00000");
    }
}

#[test]
fn a_run_path_that_nothing_is_needed_from_is_no_hindrance() {
    let beside = elf(&Elf {
        manifest: Some(&manifest()),
        run_path: Some("$ORIGIN"),
        ..Elf::default()
    });
    let elsewhere = elf(&Elf {
        manifest: Some(&named("acme.p00001", "1.0.0")),
        run_path: Some("/opt/tube/lib"),
        needed: &["libtube.so.2"],
        ..Elf::default()
    });
    check(
        &[("a.so", beside), ("b.so", elsewhere)],
        "a.so: ready\nb.so: ready\n",
    );
}

#[test]
fn files_of_holes_are_answered_at_once() {
    let folder = folder_of(&[]);
    let huge = fs::File::create(folder.path().join("huge.so")).unwrap();
    huge.set_len(5 << 30).unwrap();
    let mut lying = library(&manifest());
    lying[60..62].copy_from_slice(&0_u16.to_le_bytes()); // The first section says how many follow.
    let sections_at = u64::from_le_bytes(lying[40..48].try_into().unwrap()) as usize;
    lying[sections_at + 32..sections_at + 40].copy_from_slice(&0x0100_0000_u64.to_le_bytes());
    let path = folder.path().join("lying.so");
    fs::write(&path, lying).unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let scan = scan_of(&[folder.path()], &mut Registry::in_memory());
    assert_eq!(
        told(&scan),
        "huge.so: unreadable: 5368709120 bytes, expected at most 1073741824\n\
         lying.so: unreadable: a library that is cut off or damaged: \
         Invalid ELF section header offset/size/alignment\n",
    );
}

#[test]
fn a_manifest_beyond_its_bound_is_not_read() {
    let large = vec![0; 64 * 1024 + 1];
    check(
        &[("a.so", library(&large)), ("b.so", library(b"SEGUE"))],
        "a.so: unreadable: a library that is cut off or damaged: \
         its manifest's section has 65537 bytes, expected at most 65536\n\
         b.so: unreadable: the manifest is cut off: it has 5 bytes, expected 24\n",
    );
}

#[test]
fn a_folder_is_searched_once_however_it_is_named() {
    let folder = folder_of(&[("good.so", library(&manifest()))]);
    let other = folder_of(&[]);
    let link = other.path().join("link");
    symlink(folder.path(), &link).unwrap();
    let missing = other.path().join("missing");
    let file = folder.path().join("good.so");
    let folders = [folder.path(), &link, folder.path(), &missing, &file];
    let scan = scan_of(&folders, &mut Registry::in_memory());
    assert_eq!(scan.entries.len(), 1);
    let outcomes: Vec<_> = scan
        .folders
        .iter()
        .map(|folder| folder.outcome.clone())
        .collect();
    assert_eq!(
        outcomes[..4],
        [
            FolderOutcome::Read { files: 1 },
            FolderOutcome::Again,
            FolderOutcome::Again,
            FolderOutcome::Missing,
        ]
    );
    let not_a_folder = "Not a directory (os error 20)".to_owned();
    assert_eq!(outcomes[4], FolderOutcome::Unreadable(not_a_folder));
}

#[test]
fn a_file_named_by_itself_is_looked_at_whatever_it_is_called() {
    let folder = folder_of(&[("plugin", library(&manifest()))]);
    let plan = SearchPlan {
        files: vec![
            folder.path().join("plugin"),
            folder.path().join("missing.so"),
        ],
        ..SearchPlan::default()
    };
    let scan = scan(&plan, &mut Registry::in_memory(), later());
    assert_eq!(
        told(&scan),
        "plugin: ready\nmissing.so: unreadable: there is no such file\n"
    );
}

#[test]
fn a_plan_of_too_many_places_says_what_is_left_out() {
    let folder = folder_of(&[]);
    let mut plan = SearchPlan {
        files: vec![folder.path().join("a.so"); FILES_MAX + 3],
        ..SearchPlan::default()
    };
    for _ in 0..=PLACES_MAX {
        plan.add(folder.path(), FolderOrigin::Argument);
    }
    let scan = scan(&plan, &mut Registry::in_memory(), later());
    assert_eq!((scan.entries.len(), scan.files_left_out), (FILES_MAX, 3));
    assert_eq!(scan.folders[0].outcome, FolderOutcome::Read { files: 0 });
    assert_eq!(scan.folders[PLACES_MAX - 1].outcome, FolderOutcome::Again);
    assert_eq!(scan.folders[PLACES_MAX].outcome, FolderOutcome::LeftOut);
}

#[test]
fn of_two_files_of_one_plugin_the_first_wins() {
    let other_content = elf(&Elf {
        manifest: Some(&manifest()),
        needed: &["libgcc_s.so.1", "libm.so.6"],
        ..Elf::default()
    });
    let longer = elf(&Elf {
        manifest: Some(&manifest()),
        needed: &[],
        ..Elf::default()
    });
    let first = folder_of(&[("a.so", library(&manifest()))]);
    let second = folder_of(&[
        ("a.so", library(&manifest())),
        ("b.so", other_content),
        ("c.so", longer),
        ("d.so", library(&named("acme.p00000", "1.0.1"))),
    ]);
    let mut registry = Registry::in_memory();
    let scan = scan_of(&[first.path(), second.path()], &mut registry);
    let duplicates: Vec<_> = scan
        .duplicates
        .iter()
        .map(|one| (one.first, one.later, one.content))
        .collect();
    let (same, different) = (ContentMatch::Same, ContentMatch::Different);
    assert_eq!(
        duplicates,
        [(0, 1, same), (0, 2, different), (0, 3, different)]
    );
    let ready: Vec<_> = scan.ready().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(
        ready,
        [first.path().join("a.so"), second.path().join("d.so")]
    );
    let hashed = |at: usize| {
        let entry = &scan.entries[at];
        registry
            .hash(&entry.path, &entry.class.found().unwrap().stamp)
            .is_some()
    };
    assert!(
        hashed(0) && hashed(1) && hashed(2),
        "what was compared need not be hashed again"
    );
    assert!(
        !hashed(3) && !hashed(4),
        "what differs in size need not be hashed at all"
    );
}

#[test]
fn many_files_are_shared_by_threads_and_come_in_the_order_of_their_names() {
    let ids: Vec<_> = (0..700).map(|at| format!("acme.p{at:05}")).collect();
    let folder = folder_of(&[]);
    for id in ids.iter().rev() {
        let path = folder.path().join(format!("{id}.so"));
        fs::write(path, library(&named(id, "1.0.0"))).unwrap();
    }
    let mut registry = Registry::in_memory();
    let first = scan_of(&[folder.path()], &mut registry);
    assert!(first.ready().map(|(_, found)| &found.manifest.id).eq(&ids));
    assert_eq!(first.files_opened, 700);
    let second = scan_of(&[folder.path()], &mut registry);
    assert_eq!((second.entries, second.files_opened), (first.entries, 0));
}

#[test]
fn an_id_of_the_hosts_own_is_accepted_in_its_own_folders_only() {
    let plugin = library(&named("segue.gain1", "1.2.9"));
    let stranger = library(&named("segues.gain", "1.2.9"));
    let files = [("own.so", plugin), ("other.so", stranger)];
    let (here, there) = (folder_of(&files), folder_of(&files));
    let link = there.path().join("link");
    symlink(here.path(), &link).unwrap();
    let classes = |places: &[&Path], files: &[&Path]| {
        let mut plan = SearchPlan {
            files: files.iter().map(|path| path.join("own.so")).collect(),
            own: OwnFolders::In(vec![here.path().to_owned(), there.path().join("missing")]),
            ..SearchPlan::default()
        };
        for place in places {
            plan.add(place, FolderOrigin::Argument);
        }
        let mut registry = Registry::in_memory();
        let _ = scan(&plan, &mut registry, later());
        // What the registry knows of a file is no answer to where it lies.
        let scan = scan(&plan, &mut registry, later());
        let ready = scan.entries.iter();
        let ready = ready.map(|entry| matches!(entry.class, Class::Ready(_)));
        (ready.collect::<Vec<_>>(), told(&scan))
    };
    let refused = Incompatible::Reserved.to_string();
    assert_eq!(classes(&[here.path()], &[]).0, [true, true]);
    let (ready, text) = classes(&[there.path()], &[]);
    assert_eq!(ready, [true, false]);
    assert!(
        text.contains(&format!("own.so: incompatible: {refused}")),
        "{text}"
    );
    // Another way to the same folder, and files that are named one by one.
    assert_eq!(classes(&[&link], &[]).0, [true, true]);
    assert_eq!(
        classes(&[], &[here.path(), there.path(), &link]).0,
        [true, false, true]
    );
}
