//! Cycles: stages that wait for each other, each knot told once with the way round.

use std::collections::HashMap;

use crate::config::check::clipped;
use crate::config::mistake::{Mistake, Mistakes};
use crate::config::shape::{Reference, StageNode};

/// The most stages of a cycle that a message lists; the underlined places show where it is.
const PATH_STAGES_MAX: usize = 12;

/// How far the search has come with a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SearchMark {
    New,
    /// On the way that is being followed.
    Open,
    Done,
}

/// A cycle: each stage with the reference by which it reads the next one.
type StageCycle<'s> = Vec<(usize, &'s Reference)>;

/// A search for cycles, without recursion: a thousand stages may stand in one line.
struct CycleSearch<'s> {
    stages: &'s [StageNode],
    by_id: HashMap<&'s str, usize>,
    marks: Vec<SearchMark>,
    /// Stages of cycles that were met. A knot is told once, or every way through it would be a
    /// mistake of its own.
    met: Vec<bool>,
}

/// Reports one cycle for each knot of stages.
pub(super) fn check(stages: &[StageNode], mistakes: &mut Mistakes) {
    let ids = stages.iter().enumerate();
    let mut search = CycleSearch {
        stages,
        by_id: ids
            .map(|(at, stage)| (stage.id.value.as_str(), at))
            .collect(),
        marks: vec![SearchMark::New; stages.len()],
        met: vec![false; stages.len()],
    };
    for start in 0..stages.len() {
        search.follow(start, mistakes);
    }
}

impl<'s> CycleSearch<'s> {
    /// Follows every way from a stage that was not met before.
    fn follow(&mut self, start: usize, mistakes: &mut Mistakes) {
        if self.marks[start] != SearchMark::New {
            return;
        }
        self.marks[start] = SearchMark::Open;
        // The way so far: a stage, and which of its references comes next.
        let mut way = vec![(start, 0)];
        while let Some((at, next)) = way.last_mut() {
            let Some(reference) = self.stages[*at].reads.get(*next) else {
                self.marks[*at] = SearchMark::Done;
                way.pop();
                continue;
            };
            *next += 1;
            let Some(&target) = self.by_id.get(reference.node.value.as_str()) else {
                continue;
            };
            match self.marks[target] {
                SearchMark::Done => {}
                SearchMark::New => {
                    self.marks[target] = SearchMark::Open;
                    way.push((target, 0));
                }
                SearchMark::Open => self.close(&way, target, mistakes),
            }
        }
    }

    /// Looks at a way that came back to one of its own stages.
    fn close(&mut self, way: &[(usize, usize)], target: usize, mistakes: &mut Mistakes) {
        let last = way.last().map_or(target, |(at, _)| *at);
        if self.met[last] && self.met[target] {
            return;
        }
        let from = way.iter().position(|(at, _)| *at == target).unwrap_or(0);
        let cycle: StageCycle<'_> = way[from..]
            .iter()
            .map(|(at, next)| (*at, &self.stages[*at].reads[next - 1]))
            .collect();
        if !cycle.iter().any(|(at, _)| self.met[*at]) {
            mistakes.push(mistake(&cycle, self.stages));
        }
        for (at, _) in cycle {
            self.met[at] = true;
        }
    }
}

fn mistake(cycle: &StageCycle<'_>, stages: &[StageNode]) -> Mistake {
    let name = |at: usize| clipped(&stages[at].id.value);
    let (last, closing) = cycle[cycle.len() - 1];
    let first = cycle[0].0;
    if cycle.len() == 1 {
        return Mistake::new(closing.node.span, format!("`{}` reads itself", name(first)))
            .help("a stage reads \"input\" or other stages");
    }
    let names: Vec<_> = cycle.iter().map(|(at, _)| name(*at)).collect();
    let path = path(&names);
    let message = format!("the stages wait for each other: {path}");
    let mut mistake = Mistake::new(closing.node.span, message)
        .label(words(&name(last), &name(first), closing))
        .help("take one of these out, so that audio can flow from the input to the output");
    for pair in cycle.windows(2).take(PATH_STAGES_MAX) {
        let (at, reference) = pair[0];
        let text = words(&name(at), &name(pair[1].0), reference);
        mistake = mistake.also(reference.node.span, text);
    }
    mistake
}

/// The way round, back to where it begins.
fn path(names: &[String]) -> String {
    let mut steps: Vec<_> = names
        .iter()
        .take(PATH_STAGES_MAX)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > PATH_STAGES_MAX {
        steps.push(format!("{} more", names.len() - PATH_STAGES_MAX));
    }
    steps.push(format!("`{}`", names[0]));
    steps.join(" reads ")
}

fn words(reader: &str, read: &str, reference: &Reference) -> String {
    match reference.key {
        Some(_) => format!("`{reader}` reads `{read}`"),
        None => format!("`{reader}` has no `after`, so it reads `{read}` above it"),
    }
}
