//! Embed: a program that drives a session from a loop of its own.
//!
//! In: a desk with plugins, and tables of stages. Out: both ends of sessions on it, which read their
//! file again, or another one, where that is asked.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use segue::admission::{Admission, AdmissionFolders, Helper};
use segue::config::model::Config;
use segue::config::{Color, parse};
use segue::discovery::{FolderOrigin, SearchPlan};
use segue::media::audio::{Format, Layout, SampleFormat};
use segue::observe::{EventSink, NoSink};
use segue::session::{AudioEnd, Embedding, Opening, Plugins, Reread, begin, open};
use segue::swap::ask::ControlEnd;

use crate::build::executable;
use crate::desk::Desk;
use crate::script::SAMPLE_RATE_HZ;

/// What the file of a configuration is called.
const NAME: &str = "plugins.toml";

/// The plugins of a configuration, open in this process.
#[derive(Debug)]
pub struct Embedder {
    config: Arc<Config>,
    plugins: Arc<Plugins>,
    reread: Rereader,
}

/// Reads files for `reload` and `edit`.
struct Rereader(Reread);

impl fmt::Debug for Rereader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rereader")
    }
}

impl Embedder {
    /// Opens what these tables name, from the folder `plugins` of a desk.
    #[must_use]
    #[track_caller]
    pub fn open(desk: &Desk, tables: &str) -> Self {
        let config = parse(tables, Path::new(NAME), &[]);
        let config =
            config.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(Color::Plain, 80)));
        let events: Arc<dyn EventSink> = Arc::new(NoSink);
        let places = AdmissionFolders {
            store: desk.path("cache").join("store"),
            cache: desk.path("cache"),
            state: desk.path("state"),
        };
        let helper = Helper {
            program: executable().to_owned(),
            arguments: vec![segue::admission::HELPER.into()],
        };
        let mut search = SearchPlan::default();
        search.add(&desk.path("plugins"), FolderOrigin::Argument);
        let reread = reread(desk, &search);
        let plugins = open(Opening {
            config: &config,
            search,
            cache: None,
            admission: Admission::new(places, Some(helper), Arc::clone(&events)),
            events,
        });
        Self {
            config: Arc::new(config),
            plugins: Arc::new(plugins.expect("the plugins are there")),
            reread,
        }
    }

    /// Begins a session over so many channels.
    #[must_use]
    #[track_caller]
    pub fn begin(&self, layout: Layout) -> (AudioEnd, ControlEnd) {
        let format = Format::new(SAMPLE_RATE_HZ, layout, SampleFormat::F32);
        let begun = begin(Embedding {
            config: Arc::clone(&self.config),
            plugins: Arc::clone(&self.plugins),
            format: format.expect("there are such streams"),
            reread: Some(Arc::clone(&self.reread.0)),
            events: Arc::new(NoSink),
        });
        begun.expect("the session begins")
    }
}

/// `plugins.toml` of the desk again, or another file in its place.
fn reread(desk: &Desk, search: &SearchPlan) -> Rereader {
    let (own, search) = (desk.path(NAME), search.clone());
    Rereader(Arc::new(move |other, _| {
        let text = fs::read_to_string(other.unwrap_or(&own)).unwrap_or_default();
        let config = parse(&text, Path::new(NAME), &[])?;
        Ok((config, search.clone()))
    }))
}
