//! Plugin: the functions behind the header symbol of one library.

use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::std_types::{RResult, RSlice};

use crate::abi::host::RawHooksRef;
use crate::abi::object::{RawAnalyzerBox, RawDecisionBox, RawMetricBox, RawProcessorBox};
use crate::abi::root::{Root, RootRef};
use crate::abi::setup::{RawHeap, RawRefusal, RawSetup};
use crate::abi::status::{RawCode, RawStatus};
use crate::declare::{Heap, Kind, PluginDecl};
use crate::export::component::{Factory, answer, no_such};
use crate::export::guard::catch;
use crate::export::{heap, hooks};

/// One library; implemented by `export!`.
pub trait Plugin: 'static {
    /// What it says about itself.
    const DECL: PluginDecl;
    /// How to make its components, in the order of the manifest.
    const FACTORIES: &'static [Factory];
    /// The bytes of its manifest section.
    const MANIFEST: &'static [u8];
}

/// The table of a library's functions. Called once for each generation.
#[must_use]
pub extern "C" fn root<P: Plugin>() -> RootRef {
    Root {
        attach,
        manifest: manifest::<P>,
        heap: heap::<P>,
        processor: processor::<P>,
        analyzer: analyzer::<P>,
        metric: metric::<P>,
        decision: decision::<P>,
    }
    .leak_into_prefix()
}

extern "C" fn attach(functions: RawHooksRef, token: u64) -> RawStatus {
    catch(|| hooks::attach(functions, token)).unwrap_or_else(|_| RawStatus::err(RawCode::POISONED))
}

extern "C" fn manifest<P: Plugin>() -> RSlice<'static, u8> {
    P::MANIFEST.into()
}

extern "C" fn heap<P: Plugin>() -> RawHeap {
    match P::DECL.heap {
        Heap::Metered => heap::read(),
        Heap::Unmetered => RawHeap::default(),
    }
}

extern "C" fn processor<P: Plugin>(
    index: u32,
    setup: RawSetup<'_>,
) -> RResult<RawProcessorBox, RawRefusal> {
    answer(match P::FACTORIES.get(index as usize) {
        Some(Factory::Processor(make)) => make(setup),
        _ => Err(no_such(Kind::Processor, index)),
    })
}

extern "C" fn analyzer<P: Plugin>(
    index: u32,
    setup: RawSetup<'_>,
) -> RResult<RawAnalyzerBox, RawRefusal> {
    answer(match P::FACTORIES.get(index as usize) {
        Some(Factory::Analyzer(make)) => make(setup),
        _ => Err(no_such(Kind::Analyzer, index)),
    })
}

extern "C" fn metric<P: Plugin>(
    index: u32,
    setup: RawSetup<'_>,
) -> RResult<RawMetricBox, RawRefusal> {
    answer(match P::FACTORIES.get(index as usize) {
        Some(Factory::Metric(make)) => make(setup),
        _ => Err(no_such(Kind::Metric, index)),
    })
}

extern "C" fn decision<P: Plugin>(
    index: u32,
    setup: RawSetup<'_>,
) -> RResult<RawDecisionBox, RawRefusal> {
    answer(match P::FACTORIES.get(index as usize) {
        Some(Factory::Decision(make)) => make(setup),
        _ => Err(no_such(Kind::Decision, index)),
    })
}
