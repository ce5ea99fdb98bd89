//! Root: the one symbol of a library, and the way from it to everything else.
//!
//! In: the address of the symbol `segue_plugin` in an open library.
//! Out: the table of its functions, after its layout was checked, or one sentence.

use std::fmt;

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::{
    CheckingGlobals, check_layout_compatibility_with_globals,
};
use abi_stable::library::AbiHeader;
use abi_stable::std_types::{RResult, RSlice};
use abi_stable::type_layout::TypeLayout;

use crate::abi::host::RawHooksRef;
use crate::abi::object::{RawAnalyzerBox, RawDecisionBox, RawMetricBox, RawProcessorBox};
use crate::abi::setup::{RawHeap, RawRefusal, RawSetup};
use crate::abi::status::RawStatus;
use crate::abi::version::{ABI_VERSION, AbiVersion};

/// The name of the symbol, with the zero that ends it.
pub const HEADER_SYMBOL: &[u8] = b"segue_plugin\0";

/// What the header starts with, in every version.
pub const HEADER_MAGIC: [u8; 8] = *b"SegueABI";

/// The functions of a library. Thread: any but audio, for all of them.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = RootRef)))]
#[sabi(missing_field(option))]
pub struct Root {
    /// Called once, before everything else: gives the library the host's functions.
    pub attach: extern "C" fn(hooks: RawHooksRef, token: u64) -> RawStatus,
    /// The manifest, as in its section.
    pub manifest: extern "C" fn() -> RSlice<'static, u8>,
    /// What the counting allocator saw; zeros where there is none.
    pub heap: extern "C" fn() -> RawHeap,
    /// Creates the component of that index in the manifest.
    pub processor:
        extern "C" fn(index: u32, setup: RawSetup<'_>) -> RResult<RawProcessorBox, RawRefusal>,
    /// Creates the component of that index in the manifest.
    pub analyzer:
        extern "C" fn(index: u32, setup: RawSetup<'_>) -> RResult<RawAnalyzerBox, RawRefusal>,
    /// Creates the component of that index in the manifest.
    pub metric: extern "C" fn(index: u32, setup: RawSetup<'_>) -> RResult<RawMetricBox, RawRefusal>,
    /// Creates the component of that index in the manifest.
    #[sabi(last_prefix_field)]
    pub decision:
        extern "C" fn(index: u32, setup: RawSetup<'_>) -> RResult<RawDecisionBox, RawRefusal>,
}

/// What the symbol is: frozen for all time, so that every host can say why it will not go on.
#[repr(C)]
pub struct Header {
    magic: [u8; 8],
    major: u16,
    minor: u16,
    min_host_major: u16,
    min_host_minor: u16,
    /// The version of the crate that describes layouts; another one describes them otherwise.
    layouts: AbiHeader,
    layout: extern "C" fn() -> &'static TypeLayout,
    root: extern "C" fn() -> RootRef,
}

/// Why a library's header does not lead on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// The symbol is something else.
    Magic,
    /// Another major, or a newer minor than this host speaks.
    Version {
        /// What the library was built with.
        built: AbiVersion,
        /// The oldest host ABI it accepts.
        min_host: AbiVersion,
    },
    /// Its layouts are described by another version of `abi_stable`.
    Describer,
    /// Its types differ from the host's; the text is a dump for the debug log.
    Layout(String),
}

impl fmt::Display for HeaderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => formatter.write_str("the symbol segue_plugin is not a plugin's header"),
            Self::Version { built, min_host } => write!(
                formatter,
                "built with plugin ABI {built}, needs a host of ABI {min_host} or a later \
                 {}.x, this host speaks {ABI_VERSION}",
                min_host.major
            ),
            Self::Describer => formatter.write_str(
                "its types are described by another abi_stable than the host's; \
                 build it with the segue-plugin release that the host names",
            ),
            Self::Layout(_) => formatter.write_str(
                "its types differ from the host's; build it with an unchanged segue-plugin",
            ),
        }
    }
}

impl std::error::Error for HeaderError {}

impl Header {
    /// The header of a library with these functions.
    #[must_use]
    pub const fn new(min_host: AbiVersion, root: extern "C" fn() -> RootRef) -> Self {
        Self {
            magic: HEADER_MAGIC,
            major: ABI_VERSION.major,
            minor: ABI_VERSION.minor,
            min_host_major: min_host.major,
            min_host_minor: min_host.minor,
            layouts: AbiHeader::VALUE,
            layout: root_layout,
            root,
        }
    }

    /// The functions of the library, once its layout was found to agree with this side's.
    ///
    /// The older side is the interface: it knows fewer methods, and what it does not know takes
    /// defaults.
    ///
    /// # Errors
    /// One sentence about what does not fit; the dump of a mismatch is in `Layout`.
    pub fn check(&self) -> Result<RootRef, HeaderError> {
        if self.magic != HEADER_MAGIC {
            return Err(HeaderError::Magic);
        }
        let version = |major, minor| AbiVersion { major, minor };
        let built = version(self.major, self.minor);
        let min_host = version(self.min_host_major, self.min_host_minor);
        if built.major != ABI_VERSION.major || !ABI_VERSION.can_host(min_host) {
            return Err(HeaderError::Version { built, min_host });
        }
        if !self.layouts.is_valid() {
            return Err(HeaderError::Describer);
        }
        let (ours, theirs) = (root_layout(), (self.layout)());
        let (older, newer) = if built <= ABI_VERSION {
            (theirs, ours)
        } else {
            (ours, theirs)
        };
        check_layout_compatibility_with_globals(older, newer, &CheckingGlobals::new())
            .map_err(|errors| HeaderError::Layout(errors.to_string()))?;
        Ok((self.root)())
    }
}

/// The layout of `Root`, and through it of every wire type.
pub extern "C" fn root_layout() -> &'static TypeLayout {
    <RootRef as StableAbi>::LAYOUT
}
