//! Setup: what a component is created and activated with, away from the audio thread.

use std::path::Path;

use crate::abi::setup::{RawActivation, RawMode, RawSetting, RawSettingKind, RawSource};
use crate::declare::{Layout, Layouts};
use crate::fault::Refusal;
use crate::services::Host;

pub use crate::format::{Format, Mode, Timing, frames};

/// What a component is created with: settings, folder, host.
#[derive(Debug)]
pub struct Setup<'a> {
    pub(crate) name: &'a str,
    pub(crate) resource_dir: &'a str,
    pub(crate) settings: &'a [RawSetting<'a>],
    pub(crate) host: Host,
}

impl<'a> Setup<'a> {
    /// The id of the stage, tap or decision it is created for.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The folder the plugin was found in, where its other files lie.
    #[must_use]
    pub fn resource_dir(&self) -> &'a Path {
        Path::new(self.resource_dir)
    }

    /// What the host does for this instance.
    #[must_use]
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// A text setting, if it was given.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<&'a str> {
        self.find(id, RawSettingKind::TEXT)
            .map(|setting| setting.text.as_str())
    }

    /// A path setting, absolute, if it was given.
    #[must_use]
    pub fn path(&self, id: &str) -> Option<&'a Path> {
        self.find(id, RawSettingKind::PATH)
            .map(|setting| Path::new(setting.text.as_str()))
    }

    /// An integer setting, if it was given.
    #[must_use]
    pub fn integer(&self, id: &str) -> Option<i64> {
        self.find(id, RawSettingKind::INTEGER)
            .map(|setting| setting.integer)
    }

    /// A boolean setting, if it was given.
    #[must_use]
    pub fn boolean(&self, id: &str) -> Option<bool> {
        self.find(id, RawSettingKind::BOOLEAN)
            .map(|setting| setting.integer != 0)
    }

    /// A list setting; empty if it was not given.
    pub fn list(&self, id: &str) -> impl Iterator<Item = &'a str> {
        let setting = self.find(id, RawSettingKind::LIST);
        setting
            .map_or(&[][..], |setting| setting.list.as_slice())
            .iter()
            .map(|text| text.as_str())
    }

    fn find(&self, id: &str, kind: RawSettingKind) -> Option<&'a RawSetting<'a>> {
        let named = |setting: &&RawSetting<'_>| setting.id.as_str() == id && setting.kind == kind;
        self.settings.iter().find(named)
    }
}

/// What activation fixes until deactivation.
#[derive(Debug, Clone, Copy)]
pub struct Activation<'a> {
    raw: &'a RawActivation<'a>,
    format: Format,
}

impl<'a> Activation<'a> {
    pub(crate) fn read(raw: &'a RawActivation<'a>) -> Result<Self, Refusal> {
        let format = Format::read(raw.format)?;
        if raw.frames_max == 0 || format.sample_rate_hz == 0 {
            return Err(Refusal::invalid_input(
                "a sample rate and a block of 0 were asked for; both start at 1",
            ));
        }
        Ok(Self { raw, format })
    }

    /// Rate and channels of the main input.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The stream's sample rate in Hz, constant until deactivation.
    #[must_use]
    pub const fn sample_rate_hz(&self) -> u32 {
        self.format.sample_rate_hz
    }

    /// How many channels the main input has.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.format.layout.channels()
    }

    /// The longest block that will come.
    #[must_use]
    pub const fn frames_max(&self) -> usize {
        self.raw.frames_max as usize
    }

    /// At which pace blocks will come.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.raw.mode == RawMode::OFFLINE {
            Mode::Offline
        } else {
            Mode::RealTime
        }
    }

    /// How many channels each further input has.
    pub fn sidechains(&self) -> impl Iterator<Item = usize> + 'a {
        let layouts = self.raw.sidechains.as_slice();
        layouts.iter().map(|layout| layout.channels as usize)
    }

    /// What a decision engine reads, in the order of its configuration.
    pub fn sources(&self) -> impl Iterator<Item = Source<'a>> + 'a {
        self.raw.sources.as_slice().iter().map(|raw| Source { raw })
    }

    pub(crate) const fn raw(&self) -> &'a RawActivation<'a> {
        self.raw
    }
}

/// One tap that a decision engine reads.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    raw: &'a RawSource<'a>,
}

impl<'a> Source<'a> {
    /// The tap's id in the configuration.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.raw.id.as_str()
    }

    /// How many channels its signal has.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.raw.channels as usize
    }

    /// The ids of its readings, in the order of their indexes.
    pub fn readings(&self) -> impl Iterator<Item = &'a str> + 'a {
        self.raw.readings.as_slice().iter().map(|id| id.as_str())
    }
}

/// The layout that comes out of a processor with these layouts when `input` goes in.
///
/// # Errors
/// A sentence that names the layouts it takes.
pub fn output_layout(layouts: Layouts, input: Layout) -> Result<Layout, Refusal> {
    let refuse = |accepted: Vec<String>| {
        let accepted = accepted.join(", ");
        Refusal::invalid_input(format!("takes {accepted}, not {input}"))
    };
    match layouts {
        Layouts::Any => Ok(input),
        Layouts::Same(accepted) if accepted.contains(&input) => Ok(input),
        Layouts::Same(accepted) => Err(refuse(accepted.iter().map(Layout::to_string).collect())),
        Layouts::Pairs(pairs) => {
            let pair = pairs.iter().find(|(accepted, _)| *accepted == input);
            pair.map(|(_, output)| *output)
                .ok_or_else(|| refuse(pairs.iter().map(|(from, _)| from.to_string()).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_that_is_not_taken_is_named_beside_those_that_are() {
        let refusal = output_layout(
            Layouts::Same(&[Layout::MONO, Layout::STEREO]),
            Layout::discrete(3),
        );
        assert_eq!(
            refusal.unwrap_err().to_string(),
            "takes mono, stereo, not discrete(3)"
        );
        let pairs = Layouts::Pairs(&[(Layout::MONO, Layout::STEREO)]);
        assert_eq!(output_layout(pairs, Layout::MONO), Ok(Layout::STEREO));
    }
}
