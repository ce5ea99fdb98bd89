//! Services: what a host does for one instance, as a plain trait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::RResult;

use crate::abi::host::{RawHost, RawHost_TO, RawHostBox, RawRequest};
use crate::abi::object::{RawAnalyzerBox, RawDecisionBox, RawMetricBox, RawProcessorBox};
use crate::abi::setup::RawRefusal;
use crate::fault::Refusal;
use crate::link::{Decision, Observer, Processor};

/// The most initial values taken from one request; no component has as many parameters.
const PARAMS_MAX: usize = 4096;

/// A component of another plugin is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `plugin/component`, or `plugin` where it has only one.
    pub address: String,
    /// Initial values of parameters, by full id.
    pub params: Vec<(String, f64)>,
}

/// What a host does for one instance, away from the audio thread.
pub trait Services: Send + Sync + 'static {
    /// Creates a processor of a required plugin.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    fn processor(&self, request: Request) -> Result<Processor, Refusal>;
    /// Creates an analyzer of a required plugin.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    fn analyzer(&self, request: Request) -> Result<Observer, Refusal>;
    /// Creates a metric of a required plugin.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    fn metric(&self, request: Request) -> Result<Observer, Refusal>;
    /// Creates a decision engine of a required plugin.
    ///
    /// # Errors
    /// A sentence that names what is missing.
    fn decision(&self, request: Request) -> Result<Decision, Refusal>;
}

/// A host without other plugins.
#[derive(Debug, Clone, Copy)]
pub struct NoServices;

impl NoServices {
    fn refuse<R>(request: &Request) -> Result<R, Refusal> {
        let address = &request.address;
        Err(Refusal::new(format!(
            "{address} was asked for, but no other plugins are at hand"
        )))
    }
}

impl Services for NoServices {
    fn processor(&self, request: Request) -> Result<Processor, Refusal> {
        Self::refuse(&request)
    }
    fn analyzer(&self, request: Request) -> Result<Observer, Refusal> {
        Self::refuse(&request)
    }
    fn metric(&self, request: Request) -> Result<Observer, Refusal> {
        Self::refuse(&request)
    }
    fn decision(&self, request: Request) -> Result<Decision, Refusal> {
        Self::refuse(&request)
    }
}

/// The object that crosses the boundary.
struct Adapter(Arc<dyn Services>);

pub(super) fn object(services: Arc<dyn Services>) -> RawHostBox {
    RawHost_TO::from_value(Adapter(services), TD_Opaque)
}

fn answer<R, Raw>(
    request: RawRequest<'_>,
    unwrap: impl FnOnce(R) -> Raw,
    create: impl FnOnce(Request) -> Result<R, Refusal>,
) -> RResult<Raw, RawRefusal> {
    let created = catch_unwind(AssertUnwindSafe(|| {
        read(request).and_then(create).map(unwrap)
    }));
    match created {
        Ok(Ok(raw)) => RResult::ROk(raw),
        Ok(Err(refusal)) => RResult::RErr(refusal.into()),
        Err(payload) => {
            std::mem::forget(payload);
            RResult::RErr(Refusal::new("the host failed while it made the component").into())
        }
    }
}

fn read(request: RawRequest<'_>) -> Result<Request, Refusal> {
    if !request.settings.is_empty() {
        let text = "a component of another plugin cannot be given settings by this host";
        return Err(Refusal::new(text));
    }
    let params = request.params.as_slice().iter().take(PARAMS_MAX);
    Ok(Request {
        address: request.address.as_str().to_owned(),
        params: params
            .map(|param| (param.id.as_str().to_owned(), param.value))
            .collect(),
    })
}

impl RawHost for Adapter {
    fn processor(&self, request: RawRequest<'_>) -> RResult<RawProcessorBox, RawRefusal> {
        answer(request, Processor::into_raw, |request| {
            self.0.processor(request)
        })
    }
    fn analyzer(&self, request: RawRequest<'_>) -> RResult<RawAnalyzerBox, RawRefusal> {
        answer(request, Observer::into_raw, |request| {
            self.0.analyzer(request)
        })
    }
    fn metric(&self, request: RawRequest<'_>) -> RResult<RawMetricBox, RawRefusal> {
        answer(request, Observer::into_raw, |request| {
            self.0.metric(request)
        })
    }
    fn decision(&self, request: RawRequest<'_>) -> RResult<RawDecisionBox, RawRefusal> {
        answer(request, Decision::into_raw, |request| {
            self.0.decision(request)
        })
    }
}
