//! Services: components of required plugins, made for the instance that asks.
//!
//! In: the generations that a plugin requires, by id. Out: instances that the asking one owns.

use std::collections::BTreeMap;
use std::sync::Arc;

use segue_plugin::declare::Kind;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, Decision, Observer, Processor, Request, Services};
use segue_plugin::manifest::Component;

use crate::discovery::ContentHash;
use crate::loading::generation::Generation;

/// The generations that one plugin may ask for: those it requires, and nothing else.
///
/// A provider's own providers come with it.
#[derive(Debug, Default)]
pub struct Providers {
    plugins: BTreeMap<String, (Arc<Generation>, Arc<Providers>)>,
}

impl Providers {
    /// Nobody to ask.
    #[must_use]
    pub fn none() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Adds a required plugin with what it requires in turn.
    pub fn add(&mut self, generation: Arc<Generation>, providers: Arc<Self>) {
        let id = generation.manifest().id.clone();
        self.plugins.insert(id, (generation, providers));
    }

    /// The contents of all that may be asked, providers of providers too, in the order of ids.
    #[must_use]
    pub fn contents(&self) -> Vec<ContentHash> {
        let of = |(generation, providers): &(Arc<Generation>, Arc<Self>)| {
            let mut contents = vec![generation.hash()];
            contents.extend(providers.contents());
            contents
        };
        self.plugins.values().flat_map(of).collect()
    }

    /// Finds the component and lends what it takes to create it.
    fn create<R>(
        &self,
        request: &Request,
        kinds: &[Kind],
        make: impl FnOnce(&Generation, &str, &Creation<'_>, Arc<dyn Services>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let address = &request.address;
        let (id, name) = match address.split_once('/') {
            Some((id, name)) => (id, Some(name)),
            None => (address.as_str(), None),
        };
        let (generation, providers) = self.plugins.get(id).ok_or_else(|| {
            Refusal::new(format!(
                "{address} was asked for, but {id} is not among the plugins that this one \
                 requires or is not there"
            ))
        })?;
        let component = find(generation, name, kinds)
            .ok_or_else(|| Refusal::new(format!("{id} has no such component as {address}")))?;
        let params = params(component, request)?;
        let creation = Creation {
            name: address,
            params: &params,
            ..Creation::default()
        };
        make(
            generation,
            &component.name,
            &creation,
            Arc::clone(providers) as Arc<dyn Services>,
        )
    }
}

fn find<'a>(
    generation: &'a Generation,
    name: Option<&str>,
    kinds: &[Kind],
) -> Option<&'a Component> {
    let components = &generation.manifest().components;
    let found = match name {
        Some(name) => components.iter().find(|component| component.name == name),
        None if components.len() == 1 => components.first(),
        None => None,
    };
    found.filter(|component| kinds.contains(&component.kind))
}

/// Names become wire indexes; values are held to their ranges here, as in a file.
fn params(component: &Component, request: &Request) -> Result<Vec<(u32, f64)>, Refusal> {
    let index = |(id, value): &(String, f64)| {
        let address = &request.address;
        let found = component
            .param(id)
            .ok_or_else(|| Refusal::new(format!("{address} has no parameter {id}")))?;
        let (min, max) = (found.param.min, found.param.max);
        if !(min..=max).contains(value) {
            let text = format!("{id} of {address} is {value}, allowed are {min} to {max}");
            return Err(Refusal::new(text));
        }
        Ok((found.index, *value))
    };
    request.params.iter().map(index).collect()
}

impl Services for Providers {
    fn processor(&self, request: Request) -> Result<Processor, Refusal> {
        self.create(&request, &[Kind::Processor], Generation::processor)
    }

    fn analyzer(&self, request: Request) -> Result<Observer, Refusal> {
        self.create(&request, &[Kind::Analyzer], Generation::observer)
    }

    fn metric(&self, request: Request) -> Result<Observer, Refusal> {
        self.create(&request, &[Kind::Metric], Generation::observer)
    }

    fn decision(&self, request: Request) -> Result<Decision, Refusal> {
        self.create(&request, &[Kind::Decision], Generation::decision)
    }
}
