//! Draft: steps over values that have no place yet.
//!
//! A value is written once; `places` then decides where it lies.

use crate::pipeline::schedule::{Place, Step};

/// One step over values.
#[derive(Debug, Clone)]
pub(in crate::pipeline) enum Draft {
    /// Terms, and their sum.
    Mix(Vec<usize>, usize),
    /// A signal, the line, and what comes out.
    Delay(usize, usize, usize),
    /// A stage, its input, its sidechains, its output.
    Run(usize, usize, Vec<usize>, usize),
    /// A tap, its signal, its reference.
    Feed(usize, usize, Option<usize>),
    /// Old, new, and what is heard.
    Blend(usize, usize, usize),
}

impl Draft {
    /// The values that it reads.
    pub(super) fn reads(&self) -> Vec<usize> {
        match self {
            Self::Mix(terms, _) => terms.clone(),
            Self::Delay(from, _, _) => vec![*from],
            Self::Run(_, input, sidechains, _) => {
                let mut reads = sidechains.clone();
                reads.push(*input);
                reads
            }
            Self::Feed(_, signal, reference) => {
                let mut reads = vec![*signal];
                reads.extend(reference);
                reads
            }
            Self::Blend(old, new, _) => vec![*old, *new],
        }
    }

    /// The value that it writes.
    pub(super) const fn writes(&self) -> Option<usize> {
        match self {
            Self::Mix(_, into)
            | Self::Delay(_, _, into)
            | Self::Run(_, _, _, into)
            | Self::Blend(_, _, into) => Some(*into),
            Self::Feed(..) => None,
        }
    }

    /// The step, once every value has a place.
    pub(super) fn placed(&self, at: impl Fn(usize) -> Place) -> Step {
        let all = |values: &[usize]| values.iter().map(|value| at(*value)).collect();
        match self {
            Self::Mix(terms, into) => Step::Mix {
                terms: all(terms),
                into: at(*into),
            },
            Self::Delay(from, line, into) => Step::Delay {
                from: at(*from),
                line: *line,
                into: at(*into),
            },
            Self::Run(stage, input, sidechains, output) => Step::Run {
                stage: *stage,
                input: at(*input),
                sidechains: all(sidechains),
                output: at(*output),
            },
            Self::Feed(tap, signal, reference) => Step::Feed {
                tap: *tap,
                signal: at(*signal),
                reference: reference.map(&at),
            },
            Self::Blend(old, new, into) => Step::Blend {
                old: at(*old),
                new: at(*new),
                into: at(*into),
            },
        }
    }
}
