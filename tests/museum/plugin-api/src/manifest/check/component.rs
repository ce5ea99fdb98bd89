//! Component: the rules of one component.
//!
//! In: a `ComponentDecl` in a constant. Out: nothing, or a compile error that names what is wrong.

use crate::declare::{ComponentDecl, GroupDecl, ParamDecl, ParamItem, param_count};
use crate::layout::Layouts;
use crate::manifest::check::names::Names;
use crate::manifest::check::{rule, text};
use crate::manifest::limits::{
    CHOICES_MAX, EVENTS_MAX, LAYOUTS_MAX, OUTPUTS_MAX, PARAMS_MAX, READINGS_MAX, SETTINGS_MAX,
};
use crate::manifest::rules;
use crate::manifest::syntax::Syntax;

pub(super) const fn component(decl: &ComponentDecl) {
    text("a component's name", decl.name, Syntax::ComponentName);
    text("a component's documentation", decl.doc, Syntax::Prose);
    params_and_settings(decl);
    outputs(decl);
    events(decl);
    readings(decl);
    capabilities(decl);
    let belongs = rules::Belongs {
        kind: decl.kind,
        outputs: decl.outputs.len(),
        readings: decl.readings.len(),
        subscribes: decl.subscribes.len(),
        sidechains: decl.capabilities.sidechains,
        reference: decl.reference,
    };
    rule("component", decl.name, rules::kind(&belongs));
    rule(
        "the hop of component",
        decl.name,
        rules::hop(decl.kind, decl.hop),
    );
}

/// Parameters, groups and settings share one row of names: on a command line nothing else tells
/// them apart.
const fn params_and_settings(decl: &ComponentDecl) {
    // Before the names, which would otherwise overflow with a less helpful sentence.
    rule("component", decl.name, rules::params(decl.params.len()));
    let mut names = Names::<{ PARAMS_MAX + SETTINGS_MAX }>::new("parameter or setting");
    let mut at = 0;
    while at < decl.params.len() {
        match &decl.params[at] {
            ParamItem::One(decl) => {
                names.add(decl.id);
                param(decl);
            }
            ParamItem::Group(decl) => {
                names.add(decl.id);
                group(decl);
            }
        }
        at += 1;
    }
    rule(
        "component",
        decl.name,
        rules::params(param_count(decl.params) as usize),
    );
    rule(
        "component",
        decl.name,
        at_most(decl.settings.len(), SETTINGS_MAX),
    );
    at = 0;
    while at < decl.settings.len() {
        let setting = &decl.settings[at];
        names.add(setting.id);
        text("a setting's id", setting.id, Syntax::ParamId);
        text("a setting's documentation", setting.doc, Syntax::Prose);
        rule("setting", setting.id, rules::setting(setting.value));
        at += 1;
    }
}

const fn param(decl: &ParamDecl) {
    text("a parameter's id", decl.id, Syntax::ParamId);
    text("a parameter's documentation", decl.doc, Syntax::Prose);
    text("a parameter's unit", decl.unit, Syntax::Unit);
    let range = [decl.min, decl.max, decl.default];
    rule(
        "parameter",
        decl.id,
        rules::range_of_param(range, decl.choices.len()),
    );
    rule(
        "parameter",
        decl.id,
        rules::smoothing(decl.smooth_ms, decl.choices.len()),
    );
    if decl.choices.is_empty() {
        return;
    }
    let mut names = Names::<CHOICES_MAX>::new("choice");
    let mut at = 0;
    while at < decl.choices.len() {
        text(
            "the label of a choice",
            decl.choices[at],
            Syntax::ChoiceLabel,
        );
        names.add(decl.choices[at]);
        at += 1;
    }
}

const fn group(decl: &GroupDecl) {
    text("a group's id", decl.id, Syntax::ParamId);
    text("a group's documentation", decl.doc, Syntax::Prose);
    rule(
        "group",
        decl.id,
        rules::group(decl.count, decl.members.len()),
    );
    let mut names = Names::<PARAMS_MAX>::new("parameter of a group");
    let mut at = 0;
    while at < decl.members.len() {
        match &decl.members[at] {
            ParamItem::One(member) => {
                names.add(member.id);
                param(member);
            }
            ParamItem::Group(_) => rule("group", decl.id, Some("groups do not nest")),
        }
        at += 1;
    }
}

const fn outputs(decl: &ComponentDecl) {
    let mut names = Names::<OUTPUTS_MAX>::new("output");
    let mut at = 0;
    while at < decl.outputs.len() {
        let output = &decl.outputs[at];
        text("an output's id", output.id, Syntax::ParamId);
        text("an output's documentation", output.doc, Syntax::Prose);
        text("an output's unit", output.unit, Syntax::Unit);
        rule(
            "output",
            output.id,
            rules::range_of_reading(output.min, output.max),
        );
        names.add(output.id);
        at += 1;
    }
}

const fn events(decl: &ComponentDecl) {
    let mut names = Names::<EVENTS_MAX>::new("event");
    let mut at = 0;
    while at < decl.events.len() {
        let event = &decl.events[at];
        text("an event's id", event.id, Syntax::EventId);
        text("an event's documentation", event.doc, Syntax::Prose);
        text("an event's unit", event.unit, Syntax::Unit);
        names.add(event.id);
        at += 1;
    }
    let mut heard = Names::<EVENTS_MAX>::new("subscription");
    at = 0;
    while at < decl.subscribes.len() {
        text("a subscription", decl.subscribes[at], Syntax::EventAddress);
        heard.add(decl.subscribes[at]);
        at += 1;
    }
}

const fn readings(decl: &ComponentDecl) {
    let mut names = Names::<READINGS_MAX>::new("reading");
    let mut at = 0;
    while at < decl.readings.len() {
        let reading = &decl.readings[at];
        text("a reading's id", reading.id, Syntax::ParamId);
        text("a reading's documentation", reading.doc, Syntax::Prose);
        text("a reading's unit", reading.unit, Syntax::Unit);
        rule(
            "reading",
            reading.id,
            rules::range_of_reading(reading.min, reading.max),
        );
        names.add(reading.id);
        at += 1;
    }
}

const fn capabilities(decl: &ComponentDecl) {
    rule(
        "the latency of component",
        decl.name,
        rules::span(decl.capabilities.latency),
    );
    rule(
        "the tail of component",
        decl.name,
        rules::span(decl.capabilities.tail),
    );
    let layouts = match decl.capabilities.layouts {
        Layouts::Any => return,
        Layouts::Same(layouts) => layouts.len(),
        Layouts::Pairs(pairs) => pairs.len(),
    };
    let none = "it takes no layout: list one, or say `Layouts::Any`";
    rule(
        "component",
        decl.name,
        if layouts == 0 { Some(none) } else { None },
    );
    rule("component", decl.name, at_most(layouts, LAYOUTS_MAX));
}

const fn at_most(count: usize, max: usize) -> Option<&'static str> {
    if count > max {
        return Some("it has more than 64 settings or layouts");
    }
    None
}
