//! Channels that more than one body can name: where each is kept, what all those bodies do with it, and which of the places
//! hold the same channel. A channel is known by its places, whatever it is called in between: `s.jobs`, the parameter that
//! this is passed for, the variable that holds it for a while, the result that gives it.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{LocalId, Object, Program, TypedBody};
use caulk_syntax::{ExprId, ExprKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::body::{Function, Parents};
use crate::channels::names::{Names, names};
use crate::channels::uses::ChannelUses;
use crate::module::Module;

/// Where a channel is kept that others than one body can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Place {
    /// A field, by the full name of its type and its name; the one is empty where it is not known, the other for what a
    /// composite literal gives without a name.
    Field(String, SmolStr),
    /// A parameter of a function, by the function's canonical name and its position.
    Param(SmolStr, u32),
    /// A result.
    Result(SmolStr, u32),
    /// A variable of a package, by its canonical name.
    Var(SmolStr),
}

/// What some bodies do with the channels of places, and which of these they give to each other.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Places(BTreeMap<Place, Known>);

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Known {
    uses: ChannelUses,
    same: BTreeSet<Place>,
}

impl Places {
    /// Adds what one body does.
    pub fn read(&mut self, program: &Program, body: &TypedBody, parents: &Parents) {
        for Names {
            mut places, uses, ..
        } in names(program, body, parents)
        {
            let Some(first) = places.pop_first() else {
                continue;
            };
            for other in &places {
                self.known(other).same.insert(first.clone());
            }
            let known = self.known(&first);
            known.uses = known.uses.and(uses);
            known.same.extend(places);
        }
    }

    /// Adds those of other bodies.
    pub fn extend(&mut self, other: Places) {
        for (place, more) in other.0 {
            let known = self.0.entry(place).or_default();
            known.uses = known.uses.and(more.uses);
            known.same.extend(more.same);
        }
    }

    fn known(&mut self, place: &Place) -> &mut Known {
        self.0.entry(place.clone()).or_default()
    }

    /// What is done with a channel that may be kept in one of these places.
    pub fn uses_of(&self, places: &BTreeSet<Place>) -> ChannelUses {
        let mut all = ChannelUses::NONE;
        let mut seen = places.clone();
        let mut todo: Vec<Place> = places.iter().cloned().collect();
        while let Some(place) = todo.pop() {
            let known = self.0.get(&place);
            all = all.and(match (&place, known) {
                (_, Some(known)) => known.uses,
                // What it does is not followed.
                (Place::Param(..) | Place::Result(..), None) => ChannelUses::OTHER,
                _ => ChannelUses::NONE,
            });
            if let Place::Field(ty, name) = &place {
                let others = [
                    Place::Field(String::new(), name.clone()),
                    Place::Field(ty.clone(), SmolStr::default()),
                ];
                let others = others.iter().filter_map(|other| self.0.get(other));
                all = others.fold(all, |all, other| all.and(other.uses));
            }
            for next in known.iter().flat_map(|known| &known.same) {
                if seen.insert(next.clone()) {
                    todo.push(next.clone());
                }
            }
        }
        all
    }
}

/// A channel that more than one body can name, as one of them names it.
pub(crate) struct KeptChannel {
    /// The variable that it is, or in whose fields it is kept.
    pub of: LocalId,
    pub name: String,
    /// What all of them do with it.
    pub uses: ChannelUses,
}

/// The channel that an expression of a body is, where others can name it too; none in a test, of which is not known what
/// others do.
pub(crate) fn kept_channel(
    module: &Module<'_>,
    function: &Function,
    channel: ExprId,
) -> Option<KeptChannel> {
    let tree = function.tree();
    let channel = tree.unparen(channel);
    let path = path(function, channel)?;
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    if file.is_test() {
        return None;
    }
    let all = function
        .channels
        .get_or_init(|| names(module.program, &function.typed, function.parents()));
    let is_it = |names: &&Names| match tree.expr(channel).kind {
        ExprKind::Ident(_) => names.locals.contains(&path.of),
        _ => field(module.program, function, channel)
            .is_some_and(|place| names.places.contains(&place)),
    };
    let names = all.iter().find(is_it)?;
    if names.places.is_empty() {
        return None;
    }
    let others = module.uses_of_channel(function.package, names.places.clone())?;
    Some(KeptChannel {
        of: path.of,
        name: path.name,
        uses: names.uses.and(others),
    })
}

/// The field that an expression names.
fn field(program: &Program, function: &Function, expr: ExprId) -> Option<Place> {
    let ExprKind::Selector { x, .. } = function.tree().expr(expr).kind else {
        return None;
    };
    match function.info().object(expr) {
        Object::Field { name, through } if through.is_empty() => {
            let of = program.named_name(function.info().type_of(x))?;
            Some(Place::Field(of, name.clone()))
        }
        _ => None,
    }
}

/// A variable, or a field of one: `s.jobs`.
struct Path {
    of: LocalId,
    name: String,
}

fn path(function: &Function, expr: ExprId) -> Option<Path> {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    match tree.expr(expr).kind {
        ExprKind::Ident(name) => Some(Path {
            of: function.local(expr)?,
            name: tree.name(name).to_owned(),
        }),
        ExprKind::Selector { x, sel } => {
            let Path { of, name } = path(function, x)?;
            Some(Path {
                of,
                name: format!("{name}.{}", tree.name(sel)),
            })
        }
        _ => None,
    }
}
