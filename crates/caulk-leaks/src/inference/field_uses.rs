//! How the bodies of a module use fields: whether anything ever releases what they keep.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{Callee, Object, Program, TypedBody};
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, StmtKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::catalogue::{CallEffect, Catalogue};
use crate::contract::is_release_name;
use crate::engine::Parents;
use crate::inference::field_channels::{ChannelUses, use_of};
use crate::inference::habit::Habits;

/// How the bodies of a module use fields, by the field's name and the full name of the type that has it; the name
/// of the type is empty where it is not known.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct FieldUses {
    by_field: BTreeMap<SmolStr, BTreeMap<String, Uses>>,
    /// Noted with them: what a package's functions release by habit.
    pub habits: Habits,
}

/// What is done with one field.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uses {
    /// Methods that are called on it.
    methods: BTreeSet<SmolStr>,
    /// It is called, passed on, copied or returned: whoever gets it may release it.
    escapes: bool,
    /// What is done with it where it is a channel.
    pub channel: ChannelUses,
}

impl FieldUses {
    /// Adds the uses in one body.
    pub fn read(&mut self, program: &Program, catalogue: &Catalogue, body: &TypedBody) {
        let roots = caulk_flow::roots(program, body);
        let reader = Reader {
            program,
            catalogue,
            body,
            parents: Parents::of(body.tree(), &roots),
        };
        let tree = body.tree();
        for root in roots {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && let ExprKind::Selector { x, sel } = tree.expr(expr).kind
                    && let Object::Field { .. } | Object::Unknown = body.info.object(expr)
                {
                    self.add(&reader, expr, x, tree.name(sel));
                }
                if let Node::Expr(expr) = node {
                    self.add_given(program, body, expr);
                }
                Descend::Into
            });
        }
    }

    /// Adds those of another body.
    pub fn extend(&mut self, other: FieldUses) {
        for (field, types) in other.by_field {
            let known = self.by_field.entry(field).or_default();
            for (name, uses) in types {
                let known = known.entry(name).or_default();
                known.methods.extend(uses.methods);
                known.escapes |= uses.escapes;
                known.channel.add(uses.channel);
            }
        }
        self.habits.extend(other.habits);
    }

    fn add(&mut self, reader: &Reader<'_>, expr: ExprId, x: ExprId, name: &str) {
        let (program, info) = (reader.program, &reader.body.info);
        let direct = matches!(
            info.object(expr),
            Object::Field { through, .. } if through.is_empty()
        );
        let holder = info.type_of(x);
        // Nothing is kept in a number or a text.
        if direct && program.is_basic(info.type_of(expr)) && program.named_of(holder).is_some() {
            return;
        }
        let kind = reader.use_of(expr);
        let channel = use_of(program, reader.body, &reader.parents, expr);
        if kind == Use::Harmless && channel.is_none() {
            return;
        }
        let of = direct
            .then(|| program.named_name(holder))
            .flatten()
            .unwrap_or_default();
        let types = self.by_field.entry(SmolStr::new(name)).or_default();
        let uses = types.entry(of).or_default();
        match kind {
            Use::Method(method) => {
                uses.methods.insert(method);
            }
            Use::Harmless => {}
            Use::Escapes => uses.escapes = true,
        }
        uses.channel.add(channel);
    }

    /// Adds what the field of a type is given where that is a channel.
    pub(super) fn add_channel(&mut self, field: SmolStr, of: String, channel: ChannelUses) {
        let types = self.by_field.entry(field).or_default();
        types.entry(of).or_default().channel.add(channel);
    }

    /// What is done with the field of a type, as far as it can be told from those of other types.
    pub fn of_field(&self, ty: &str, field: &str) -> Uses {
        let mut all = Uses::default();
        if let Some(types) = self.by_field.get(field) {
            for uses in [ty, ""].iter().filter_map(|name| types.get(*name)) {
                all.methods.extend(uses.methods.iter().cloned());
                all.escapes |= uses.escapes;
                all.channel.add(uses.channel);
            }
        }
        // Elements of a literal that name no field.
        if let Some(uses) = self.by_field.get("").and_then(|types| types.get(ty)) {
            all.channel.add(uses.channel);
        }
        all
    }
}

impl Uses {
    /// These uses and some others.
    pub fn and(mut self, others: Uses) -> Uses {
        self.methods.extend(others.methods);
        self.escapes |= others.escapes;
        self.channel.add(others.channel);
        self
    }

    /// Whether a method of this name is called on it.
    pub fn has_method(&self, name: &str) -> bool {
        self.methods.contains(name)
    }

    /// Whether something releases the field, or gets what it holds and may do so.
    pub fn may_release(&self, releases: &dyn Fn(&str) -> bool) -> bool {
        self.escapes
            || self
                .methods
                .iter()
                .any(|method| is_release_name(method) || releases(method))
    }
}

/// What is done with a field where it is named.
#[derive(PartialEq, Eq)]
enum Use {
    /// It is assigned, compared with nil, or lent to the standard library.
    Harmless,
    /// A method is called on it.
    Method(SmolStr),
    /// Anything else.
    Escapes,
}

/// A body whose uses of fields are read.
struct Reader<'a> {
    program: &'a Program,
    catalogue: &'a Catalogue,
    body: &'a TypedBody,
    parents: Parents,
}

impl Reader<'_> {
    fn use_of(&self, expr: ExprId) -> Use {
        let tree = self.body.tree();
        match self.parents.get(expr.into()) {
            Some(Node::Expr(parent)) => match tree.expr(parent).kind {
                ExprKind::Selector { sel, .. } => match self.parents.get(parent.into()) {
                    Some(Node::Expr(call)) if self.is_called(call, parent) => {
                        Use::Method(SmolStr::new(tree.name(sel)))
                    }
                    _ if self.is_endless_channel(expr, tree.name(sel)) => Use::Harmless,
                    _ => Use::Escapes,
                },
                ExprKind::Binary {
                    op: BinaryOp::Eql | BinaryOp::Neq,
                    ..
                } => Use::Harmless,
                ExprKind::Call { .. } if !self.is_called(parent, expr) => {
                    if self.is_lent(self.body.info.callee(parent)) {
                        Use::Harmless
                    } else {
                        Use::Escapes
                    }
                }
                _ => Use::Escapes,
            },
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&expr) => Use::Harmless,
                _ => Use::Escapes,
            },
            None => Use::Escapes,
        }
    }

    /// Whether a field is the channel of a ticker: who has that cannot stop it.
    fn is_endless_channel(&self, of: ExprId, field: &str) -> bool {
        let ty = self.program.named_name(self.body.info.type_of(of));
        self.catalogue.endless().any(|contract| {
            contract.endless_channel.as_deref() == Some(field)
                && ty.as_ref() == Some(&contract.type_name)
        })
    }

    fn is_called(&self, call: ExprId, fun: ExprId) -> bool {
        let call = self.body.tree().expr(call).kind;
        matches!(call, ExprKind::Call { fun: called, .. } if called == fun)
    }

    /// Whether a call of the standard library only uses its arguments.
    fn is_lent(&self, callee: &Callee) -> bool {
        let Callee::Static(func) = callee else {
            return false;
        };
        let (package, name) = crate::types::split_name(self.program, func);
        crate::types::is_std_path(package)
            && matches!(
                self.catalogue.effect(package, name),
                None | Some(CallEffect::Borrow | CallEffect::Drain)
            )
    }
}
