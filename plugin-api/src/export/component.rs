//! Component: which of the four traits a type implements, found by the compiler.
//!
//! `Component<K>` is implemented once for each trait, with a marker `K` of its own. Where a type
//! implements one of them, `<Type as Component<_>>` has one answer and the author need not say.

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::RResult;

use crate::abi::object::{
    RawAnalyzerBox, RawDecision_TO, RawDecisionBox, RawObserver_TO, RawProcessor_TO,
    RawProcessorBox,
};
use crate::abi::setup::{RawRefusal, RawSetup};
use crate::abi::status::RawCode;
use crate::decision::DecisionEngine;
use crate::declare::{Better, Capabilities, ComponentDecl, Kind, ReadingDecl, Reference, Span};
use crate::export::decision::DecisionAdapter;
use crate::export::guard::{Guarded, catch_refusal};
use crate::export::observer::{Analyzing, Measuring, Observe, ObserverAdapter};
use crate::export::processor::ProcessorAdapter;
use crate::fault::Refusal;
use crate::observer::{AudioAnalyzer, QualityMetric};
use crate::params::Params;
use crate::processor::AudioProcessor;
use crate::services::Host;
use crate::setup::Setup;

/// Marks that a type is made a component by its `AudioProcessor`.
#[derive(Debug)]
pub struct OfProcessor;
/// Marks that a type is made a component by its `AudioAnalyzer`.
#[derive(Debug)]
pub struct OfAnalyzer;
/// Marks that a type is made a component by its `QualityMetric`.
#[derive(Debug)]
pub struct OfMetric;
/// Marks that a type is made a component by its `DecisionEngine`.
#[derive(Debug)]
pub struct OfDecision;

/// How to make an instance.
#[derive(Debug, Clone, Copy)]
pub enum Factory {
    /// Makes instances of a processor.
    Processor(fn(RawSetup<'_>) -> Result<RawProcessorBox, Refusal>),
    /// Makes instances of an analyzer.
    Analyzer(fn(RawSetup<'_>) -> Result<RawAnalyzerBox, Refusal>),
    /// Makes instances of a metric.
    Metric(fn(RawSetup<'_>) -> Result<RawAnalyzerBox, Refusal>),
    /// Makes instances of a decision engine.
    Decision(fn(RawSetup<'_>) -> Result<RawDecisionBox, Refusal>),
}

/// A type that implements one of the four traits; `K` says which.
pub trait Component<K>: Params {
    /// What it says about itself, without a name.
    const DECL: ComponentDecl;
    /// How to make an instance of it.
    const FACTORY: Factory;
}

/// The same declaration under its name.
#[must_use]
pub const fn named(decl: ComponentDecl, name: &'static str) -> ComponentDecl {
    ComponentDecl { name, ..decl }
}

/// What a component of that kind says where it says nothing else.
const fn blank(kind: Kind, doc: &'static str) -> ComponentDecl {
    ComponentDecl {
        kind,
        name: "",
        doc,
        params: &[],
        settings: &[],
        outputs: &[],
        events: &[],
        subscribes: &[],
        capabilities: Capabilities::DEFAULT,
        readings: &[],
        hop: Span::Varies,
        reference: Reference::Unused,
    }
}

/// Checks that features do not claim a better direction, which only metrics have.
const fn features(decls: &'static [ReadingDecl]) -> &'static [ReadingDecl] {
    let mut at = 0;
    while at < decls.len() {
        assert!(
            matches!(decls[at].better, Better::Neither),
            "a feature describes: its `better` is `Better::Neither`; only metrics judge"
        );
        at += 1;
    }
    decls
}

impl<T: AudioProcessor> Component<OfProcessor> for T {
    const DECL: ComponentDecl = ComponentDecl {
        params: T::PARAMS,
        settings: T::SETTINGS,
        outputs: T::OUTPUTS,
        events: T::EVENTS,
        capabilities: T::CAPABILITIES,
        ..blank(Kind::Processor, T::DOC)
    };
    const FACTORY: Factory = Factory::Processor(create_processor::<T>);
}

impl<T: AudioAnalyzer> Component<OfAnalyzer> for T {
    const DECL: ComponentDecl = ComponentDecl {
        params: T::PARAMS,
        settings: T::SETTINGS,
        subscribes: T::SUBSCRIBES,
        capabilities: Capabilities {
            layouts: T::LAYOUTS,
            ..Capabilities::DEFAULT
        },
        readings: features(T::FEATURES),
        hop: T::HOP,
        ..blank(Kind::Analyzer, T::DOC)
    };
    const FACTORY: Factory = Factory::Analyzer(create_analyzer::<T>);
}

impl<T: QualityMetric> Component<OfMetric> for T {
    const DECL: ComponentDecl = ComponentDecl {
        params: T::PARAMS,
        settings: T::SETTINGS,
        subscribes: T::SUBSCRIBES,
        capabilities: Capabilities {
            layouts: T::LAYOUTS,
            ..Capabilities::DEFAULT
        },
        readings: T::READINGS,
        hop: T::HOP,
        reference: T::REFERENCE,
        ..blank(Kind::Metric, T::DOC)
    };
    const FACTORY: Factory = Factory::Metric(create_metric::<T>);
}

impl<T: DecisionEngine> Component<OfDecision> for T {
    const DECL: ComponentDecl = ComponentDecl {
        params: T::PARAMS,
        settings: T::SETTINGS,
        subscribes: T::SUBSCRIBES,
        ..blank(Kind::Decision, T::DOC)
    };
    const FACTORY: Factory = Factory::Decision(create_decision::<T>);
}

pub(crate) fn create_processor<T: AudioProcessor>(
    raw: RawSetup<'_>,
) -> Result<RawProcessorBox, Refusal> {
    let adapter = ProcessorAdapter::new(create(raw, T::create)?);
    Ok(RawProcessor_TO::from_value(adapter, TD_Opaque))
}

pub(crate) fn create_analyzer<T: AudioAnalyzer>(
    raw: RawSetup<'_>,
) -> Result<RawAnalyzerBox, Refusal> {
    create_observer::<Analyzing<T>>(raw)
}

pub(crate) fn create_metric<T: QualityMetric>(
    raw: RawSetup<'_>,
) -> Result<RawAnalyzerBox, Refusal> {
    create_observer::<Measuring<T>>(raw)
}

fn create_observer<O: Observe>(raw: RawSetup<'_>) -> Result<RawAnalyzerBox, Refusal> {
    let adapter = ObserverAdapter::new(create(raw, O::create)?);
    Ok(RawObserver_TO::from_value(adapter, TD_Opaque))
}

pub(crate) fn create_decision<T: DecisionEngine>(
    raw: RawSetup<'_>,
) -> Result<RawDecisionBox, Refusal> {
    let adapter = DecisionAdapter::new(create(raw, T::create)?);
    Ok(RawDecision_TO::from_value(adapter, TD_Opaque))
}

/// Makes an instance and sets its initial parameters, both behind the guard: should a parameter
/// make it panic, its drop is guarded too.
fn create<T: Params>(
    raw: RawSetup<'_>,
    make: impl FnOnce(&Setup<'_>) -> Result<T, Refusal>,
) -> Result<Guarded<T>, Refusal> {
    let params = raw.params;
    let mut guarded = Guarded::new(catch_refusal(move || {
        make(&Setup {
            name: raw.name.as_str(),
            resource_dir: raw.resource_dir.as_str(),
            settings: raw.settings.as_slice(),
            host: Host::new(raw.host),
        })
    })?);
    guarded.act(|instance| {
        for param in params.as_slice() {
            if param.value.is_nan() {
                let index = param.index;
                return Err(Refusal::new(format!("parameter {index} was given NaN")));
            }
            instance.set_param(param.index, param.value);
        }
        Ok(())
    })?;
    Ok(guarded)
}

/// An answer as it crosses the boundary.
pub(super) fn answer<R>(result: Result<R, Refusal>) -> RResult<R, RawRefusal> {
    match result {
        Ok(value) => RResult::ROk(value),
        Err(refusal) => RResult::RErr(refusal.into()),
    }
}

/// The refusal for an index that is not in the manifest, or is of another kind.
pub(super) fn no_such(kind: Kind, index: u32) -> Refusal {
    let kind = kind.name();
    Refusal::with(
        RawCode::OUT_OF_BOUNDS,
        format!("component {index} is not a {kind}"),
    )
}
