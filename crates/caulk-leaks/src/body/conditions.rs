//! Conditions that a function asks more than once of the same variables: on one path the answer is the same each time, as long
//! as nothing assigns them between.

use std::fmt::Write;

use caulk_flow::End;
use caulk_program::{Builtin, Callee, LocalId, Object, Program, Type};
use caulk_syntax::{BinaryOp, ExprId, ExprKind, Span, UnaryOp};
use rustc_hash::FxHashMap;

use super::function::{Function, Root};

/// Conditions that are told apart in one walk; what more there are is not kept.
const MOST: usize = 6;

/// The conditions of a function, or of one of its literals, that are asked more than once.
#[derive(Default)]
pub(crate) struct Conditions {
    asked: FxHashMap<(ExprId, Option<ExprId>), Asked>,
    keys: Vec<Key>,
}

/// One place that asks.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub key: usize,
    /// What the key is where the condition is true.
    pub when_true: bool,
}

/// A condition by its text.
struct Key {
    about: Vec<LocalId>,
    /// Whether a call that is passed one of its variables can change the answer.
    deep: bool,
    /// What it compares with a constant, by its text: it is one of them at a time.
    compared: Option<String>,
    places: Vec<Span>,
}

/// The text of an operand, with what it is about.
#[derive(Default)]
struct Operand {
    text: String,
    about: Vec<LocalId>,
    deep: bool,
    compared: Option<String>,
}

impl Conditions {
    pub fn of(program: &Program, function: &Function, root: Root) -> Conditions {
        let mut conditions = Conditions::default();
        let Some(graph) = function.graph(root) else {
            return conditions;
        };
        let tree = function.tree();
        let mut by_text: FxHashMap<String, usize> = FxHashMap::default();
        for (_, block) in graph.blocks() {
            let found = match &block.end {
                End::Branch { cond, .. } => {
                    let mut cond = tree.unparen(*cond);
                    while let ExprKind::Unary {
                        op: UnaryOp::Not,
                        x,
                    } = tree.expr(cond).kind
                    {
                        cond = tree.unparen(x);
                    }
                    condition(program, function, cond).map(|found| (found, (cond, None)))
                }
                End::Compare { tag, value, .. } => compared(program, function, *tag, *value)
                    .map(|found| ((found, true), (*tag, Some(*value)))),
                _ => None,
            };
            let Some(((operand, when_true), place)) = found else {
                continue;
            };
            let keys = &mut conditions.keys;
            let key = *by_text.entry(operand.text).or_insert_with(|| {
                keys.push(Key {
                    about: operand.about,
                    deep: operand.deep,
                    compared: operand.compared,
                    places: Vec::new(),
                });
                keys.len() - 1
            });
            if let Some(key) = keys.get_mut(key) {
                key.places.push(tree.expr(place.1.unwrap_or(place.0)).span);
            }
            conditions.asked.insert(place, Asked { key, when_true });
        }
        conditions
    }

    /// Keys that are asked behind an acquisition, and once more, there or before it; or that another is which compares the same.
    pub fn around(&self, acquisition: Span) -> Vec<usize> {
        let is_before = |at: &Span| at.end <= acquisition.start;
        let is_behind = |at: &Span| acquisition.end <= at.start;
        let keys = self.keys.iter().enumerate().filter(|(at, key)| {
            let alike = |other: usize, known: &Key| {
                other == *at || key.compared.is_some() && known.compared == key.compared
            };
            let all = self.keys.iter().enumerate();
            let (before, behind) = all
                .filter(|(other, known)| alike(*other, known))
                .flat_map(|(_, known)| &known.places)
                .fold((0, 0), |(before, behind), at| {
                    (
                        before + usize::from(is_before(at)),
                        behind + usize::from(is_behind(at)),
                    )
                });
            behind > 1 || before > 0 && behind > 0
        });
        keys.map(|(key, _)| key).take(MOST).collect()
    }

    /// What a condition asks, or the equality of two expressions.
    pub fn asked(&self, place: (ExprId, Option<ExprId>)) -> Option<Asked> {
        self.asked.get(&place).copied()
    }

    /// The variables that a key is about.
    pub fn about(&self, key: usize) -> &[LocalId] {
        self.keys.get(key).map_or(&[], |key| &key.about)
    }

    /// Whether the answer to a key may be another once a variable is assigned, or passed to a call.
    pub fn hangs_on(&self, key: usize, local: LocalId, calls: bool) -> bool {
        let key = self.keys.get(key);
        key.is_some_and(|key| key.about.contains(&local) && (key.deep || !calls))
    }

    /// Keys that compare the same as another with other constants.
    pub fn others(&self, key: usize) -> impl Iterator<Item = usize> {
        let of = self.keys.get(key).and_then(|key| key.compared.as_ref());
        let all = self.keys.iter().enumerate();
        all.filter(move |(other, known)| {
            *other != key && of.is_some() && known.compared.as_ref() == of
        })
        .map(|(other, _)| other)
    }
}

/// What a condition asks, and whether its text is true where it is. Errors and what may be nil are followed as facts.
fn condition(program: &Program, function: &Function, cond: ExprId) -> Option<(Operand, bool)> {
    let tree = function.tree();
    if let ExprKind::Binary { x, op, y, .. } = tree.expr(cond).kind {
        let (x, y) = (tree.unparen(x), tree.unparen(y));
        let (op, when_true, swapped) = match op {
            BinaryOp::Eql => ("==", true, false),
            BinaryOp::Neq => ("==", false, false),
            BinaryOp::Lss => ("<", true, false),
            BinaryOp::Geq => ("<", false, false),
            BinaryOp::Gtr => ("<", true, true),
            BinaryOp::Leq => ("<", false, true),
            _ => return None,
        };
        // A length is more than nothing, or none.
        let is_zero = matches!(tree.expr(y).kind, ExprKind::BasicLit(literal)
            if tree.literal(literal) == "0");
        if swapped && is_zero && *function.callee(x) == Callee::Builtin(Builtin::Len) {
            return Some((compared(program, function, x, y)?, !when_true));
        }
        if op == "==" {
            return Some((compared(program, function, x, y)?, when_true));
        }
        let (x, y) = if swapped { (y, x) } else { (x, y) };
        return Some((joined(program, function, x, op, y)?, when_true));
    }
    let is_asked = matches!(
        tree.expr(cond).kind,
        ExprKind::Selector { .. } | ExprKind::Call { .. }
    );
    let is_flag = crate::types::is_bool(program, function.info().type_of(cond));
    let mut operand = Operand::default();
    let is_plain = is_asked && is_flag && add(program, function, cond, &mut operand);
    (is_plain && !operand.about.is_empty()).then_some((operand, true))
}

fn compared(program: &Program, function: &Function, x: ExprId, y: ExprId) -> Option<Operand> {
    let is_nil = |expr: ExprId| *function.info().object(expr) == Object::Nil;
    let is_call = |expr: ExprId| matches!(function.tree().expr(expr).kind, ExprKind::Call { .. });
    if is_nil(x) || is_nil(y) && !is_call(x) {
        return None;
    }
    joined(program, function, x, "==", y)
}

fn joined(
    program: &Program,
    function: &Function,
    x: ExprId,
    op: &str,
    y: ExprId,
) -> Option<Operand> {
    let mut operand = Operand::default();
    let is_plain = add(program, function, x, &mut operand) && {
        let (left, about) = (operand.text.clone(), operand.about.len());
        operand.text.push_str(op);
        let is_plain = add(program, function, y, &mut operand);
        let is_constant = about > 0 && operand.about.len() == about;
        operand.compared = (op == "==" && is_constant).then_some(left);
        is_plain
    };
    (is_plain && !operand.about.is_empty()).then_some(operand)
}

/// Adds an operand; false where it is more than variables, their fields, lengths and constants.
fn add(program: &Program, function: &Function, expr: ExprId, operand: &mut Operand) -> bool {
    let tree = function.tree();
    let info = function.info();
    let expr = tree.unparen(expr);
    match tree.expr(expr).kind {
        ExprKind::BasicLit(literal) => operand.text.push_str(tree.literal(literal)),
        ExprKind::Ident(name) => match info.object(expr) {
            Object::Local(local) if !function.is_captured(*local) => {
                // No name has a number in angle brackets.
                let _ = write!(operand.text, "<{local:?}>");
                operand.about.push(*local);
                let ty = info.type_of(expr);
                // Nothing changes what a context carries.
                operand.deep |= !program.is_basic(ty)
                    && !program.is_named(ty, "context.Context")
                    && !matches!(program.ty(program.underlying(ty)), Type::Slice(_));
            }
            Object::Const(_) | Object::Nil => operand.text.push_str(tree.name(name)),
            _ => return false,
        },
        ExprKind::Selector { x, sel } => match info.object(expr) {
            Object::Field { .. } => {
                if !add(program, function, x, operand) || operand.about.is_empty() {
                    return false;
                }
                operand.deep = true;
                let _ = write!(operand.text, ".{}", tree.name(sel));
            }
            Object::Const(_) => {
                let path = tree.selector_path(expr).unwrap_or_default();
                operand.text.push_str(&path.join("."));
            }
            _ => return false,
        },
        ExprKind::Call { args, .. } => {
            let callee = function.callee(expr);
            let name = match callee {
                Callee::Builtin(Builtin::Len) => "len",
                Callee::Static(func) if gives_the_same(&func.name) => &*func.name,
                Callee::Unknown { name, .. } if gives_the_same(name) => name.as_str(),
                _ => return false,
            };
            operand.text.push_str(name);
            let mut args = tree.exprs(args).iter();
            return args.all(|arg| {
                operand.text.push(' ');
                add(program, function, *arg, operand)
            });
        }
        _ => return false,
    }
    true
}

/// Whether a function gives the same each time that it is passed the same: what is asked of texts, and what a context carries.
fn gives_the_same(name: &str) -> bool {
    let (package, function) = name.rsplit_once('.').unwrap_or(("", name));
    matches!(package, "strings" | "unicode" | "math" | "path")
        || package == "path/filepath" && ["Base", "Dir", "Ext", "IsAbs"].contains(&function)
        || function.ends_with("FromContext")
}
