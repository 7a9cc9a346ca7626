//! How a body names channels, and what it does with each: the variables and places that hold one channel are found together.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{
    BodyOwner, Builtin, Callee, FuncRef, LocalId, LocalKind, Object, Program, Type, TypeId,
    TypedBody,
};
use caulk_syntax::{Descend, ExprId, ExprKind, LitKind, Node, SpecKind, StmtId, StmtKind, UnaryOp};
use smol_str::SmolStr;

use crate::body::Parents;
use crate::channels::places::Place;
use crate::channels::uses::{ChannelUses, received};
use crate::contract::is_release_name;

/// The variables and places of a body that hold one channel, with what the body does with that.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub locals: BTreeSet<LocalId>,
    pub places: BTreeSet<Place>,
    pub uses: ChannelUses,
}

/// How a body names a channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Local(LocalId),
    Place(Place),
}

/// Whether a full name is one of an internal package, which no other module can use.
fn is_internal(name: &str) -> bool {
    ["/internal/", "/internal."]
        .iter()
        .any(|part| name.contains(part))
}

/// Whether a type is that of channels.
pub(crate) fn is_channel(program: &Program, ty: TypeId) -> bool {
    matches!(program.ty(ty), Type::Chan(..))
}

/// The channels that a body names.
pub(super) fn names(program: &Program, body: &TypedBody, parents: &Parents) -> Vec<Names> {
    let locals = body.info.locals();
    let locals = locals.filter(|(_, local)| is_channel(program, local.ty));
    let mut reader = Reader {
        program,
        body,
        parents,
        locals: locals.map(|(id, _)| id).collect(),
        uses: BTreeMap::new(),
        same: Vec::new(),
    };
    reader.read();
    reader.names()
}

struct Reader<'a> {
    program: &'a Program,
    body: &'a TypedBody,
    parents: &'a Parents,
    /// The variables that hold channels.
    locals: BTreeSet<LocalId>,
    uses: BTreeMap<Name, ChannelUses>,
    same: Vec<(Name, Name)>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let tree = self.body.tree();
        self.read_signature();
        for root in caulk_flow::roots(self.program, self.body) {
            tree.walk(root, |node| {
                match node {
                    Node::Expr(expr) => {
                        if let Some(name) = self.name(expr) {
                            let uses = self.meaning(&name, expr);
                            self.add(name, uses);
                        }
                        if let ExprKind::CompositeLit { .. } = tree.expr(expr).kind {
                            self.read_literal(expr);
                        }
                    }
                    Node::Stmt(stmt) => self.read_declaration(stmt),
                }
                Descend::Into
            });
        }
    }

    /// The parameters and the results of the function are places of it.
    fn read_signature(&mut self) {
        let BodyOwner::Func(id) = self.body.owner else {
            return;
        };
        let Some(func) = self.program.func(id) else {
            return;
        };
        for local in self.locals.clone() {
            let Some(info) = self.body.info.local_info(local) else {
                continue;
            };
            let name = SmolStr::new(&func.canonical);
            let place = match info.kind {
                _ if info.function.is_some() => continue,
                LocalKind::Param { index } => Place::Param(name, index),
                LocalKind::Result { index } => Place::Result(name, index),
                _ => continue,
            };
            let place = self.at(place);
            self.add(Name::Local(local), ChannelUses::NONE);
            self.same.push((Name::Local(local), place));
        }
    }

    /// The name of a place, with who can use that.
    fn at(&mut self, place: Place) -> Name {
        let is_closed = |of: &str| is_internal(of) || self.is_of_program(of);
        let public = match &place {
            Place::Field(of, name) => caulk_syntax::is_exported(name) && !is_closed(of),
            Place::Param(name, _) | Place::Result(name, _) | Place::Var(name) => {
                caulk_syntax::is_exported(crate::types::simple_name(name)) && !is_closed(name)
            }
        };
        let name = Name::Place(place);
        self.add(
            name.clone(),
            match public {
                true => ChannelUses::PUBLIC,
                false => ChannelUses::NONE,
            },
        );
        name
    }

    /// Whether something is declared by the package of the body, and that is a program's, which no other imports.
    fn is_of_program(&self, name: &str) -> bool {
        let package = self
            .program
            .package(caulk_flow::package_of(&self.body.owner));
        let within = name.strip_prefix(package.path());
        package.name() == "main" && within.is_some_and(|within| within.starts_with('.'))
    }

    fn add(&mut self, name: Name, uses: ChannelUses) {
        let known = self.uses.entry(name).or_default();
        *known = known.and(uses);
    }

    /// How an expression that is a channel is named; none where it is none, or where nothing can be told of it.
    fn name(&mut self, expr: ExprId) -> Option<Name> {
        let (tree, info) = (self.body.tree(), &self.body.info);
        match tree.expr(expr).kind {
            ExprKind::Ident(_) => match info.object(expr) {
                Object::Local(local) => self.locals.contains(local).then_some(Name::Local(*local)),
                Object::PackageVar(name) if self.is_channel(expr) => {
                    Some(self.at(Place::Var(SmolStr::new(name))))
                }
                _ => None,
            },
            ExprKind::Selector { x, sel } => match info.object(expr) {
                Object::Field { through, .. } => {
                    let of = through.is_empty().then(|| info.type_of(x));
                    let of = of.and_then(|of| self.program.named_name(of));
                    let name = SmolStr::new(tree.name(sel));
                    self.may_be_channel(expr)
                        .then(|| self.at(Place::Field(of.unwrap_or_default(), name)))
                }
                Object::Unknown => {
                    let name = SmolStr::new(tree.name(sel));
                    self.may_be_channel(expr)
                        .then(|| self.at(Place::Field(String::new(), name)))
                }
                Object::PackageVar(name) if self.is_channel(expr) => {
                    Some(self.at(Place::Var(SmolStr::new(name))))
                }
                _ => None,
            },
            ExprKind::Call { .. } if self.is_channel(expr) => {
                let func = self.followed(info.callee(expr))?;
                Some(self.at(Place::Result(SmolStr::new(&func.name), 0)))
            }
            _ => None,
        }
    }

    fn is_channel(&self, expr: ExprId) -> bool {
        is_channel(self.program, self.body.info.type_of(expr))
    }

    fn may_be_channel(&self, expr: ExprId) -> bool {
        let is_used_otherwise = || match self.parents.get(expr.into()) {
            Some(Node::Expr(parent)) => match self.body.tree().expr(parent).kind {
                ExprKind::Call { fun, .. } => fun == expr,
                ExprKind::Selector { .. } | ExprKind::Index { .. } => true,
                _ => false,
            },
            _ => false,
        };
        match self.body.info.type_of(expr).is_unknown() {
            true => !is_used_otherwise(),
            false => self.is_channel(expr),
        }
    }

    /// A function that is called, whose source may be looked at.
    fn followed<'c>(&self, callee: &'c Callee) -> Option<&'c FuncRef> {
        match callee {
            Callee::Static(func) | Callee::Method { func, .. } => {
                let id = func.id?;
                (!self.program.package(id.package).is_std()).then_some(func)
            }
            _ => None,
        }
    }

    /// What is done with a channel where an expression names it.
    fn meaning(&mut self, name: &Name, expr: ExprId) -> ChannelUses {
        let tree = self.body.tree();
        match self.parents.get(expr.into()) {
            Some(Node::Expr(parent)) => match tree.expr(parent).kind {
                ExprKind::Paren(_) => self.meaning(name, parent),
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    ..
                } => match received(self.program, self.body, self.parents, parent) {
                    ChannelUses::RECEIVED if self.is_called_by_others(parent) => {
                        ChannelUses::CALLED
                    }
                    uses => uses,
                },
                ExprKind::Call { fun, args, .. } if fun != expr => {
                    let index = tree.exprs(args).iter().position(|arg| *arg == expr);
                    self.passed(name, parent, index)
                }
                ExprKind::Binary { .. } => ChannelUses::NONE,
                // The literal is read where it stands.
                ExprKind::KeyValue { value, .. } if value == expr => ChannelUses::NONE,
                _ => ChannelUses::OTHER,
            },
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Send { chan, .. } if chan == expr => ChannelUses::SENT,
                StmtKind::Range { x, .. } if x == expr => ChannelUses::RECEIVED,
                StmtKind::Assign { lhs, rhs, .. } => {
                    let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                    self.assigned(name, expr, lhs, rhs)
                }
                StmtKind::Return(values) => {
                    let index = tree.exprs(values).iter().position(|value| *value == expr);
                    self.returned(name, stmt, index)
                }
                StmtKind::Decl(_) => ChannelUses::NONE,
                // A call whose result nobody takes.
                StmtKind::Expr(_) | StmtKind::Go(_) | StmtKind::Defer(_) => ChannelUses::NONE,
                _ => ChannelUses::OTHER,
            },
            None => ChannelUses::OTHER,
        }
    }

    /// Whether a place stands in a method that others call as often as they like, not to release its value.
    fn is_called_by_others(&self, at: ExprId) -> bool {
        let BodyOwner::Func(id) = self.body.owner else {
            return false;
        };
        let func = self.program.func(id);
        func.is_some_and(|func| {
            func.receiver.is_some()
                && caulk_syntax::is_exported(&func.name)
                && !is_release_name(&func.name)
        }) && self.literal_around(at.into()).is_none()
    }

    fn passed(&mut self, name: &Name, call: ExprId, index: Option<usize>) -> ChannelUses {
        let info = &self.body.info;
        let callee = info.callee(call);
        match callee {
            Callee::Builtin(Builtin::Close) if self.is_ranged_over_beside(name, call) => {
                return ChannelUses::CLOSED_BEHIND;
            }
            Callee::Builtin(Builtin::Close) => return ChannelUses::CLOSED,
            Callee::Builtin(Builtin::Len | Builtin::Cap) => return ChannelUses::NONE,
            Callee::Conversion(_) => return self.meaning(name, call),
            _ if self.is_written_out(call) => return ChannelUses::NONE,
            _ => {}
        }
        let param = match (callee, index) {
            (Callee::Literal(literal), Some(index)) => {
                let literal = info.literal(*literal);
                let param = literal.and_then(|literal| literal.params.get(index));
                param.map(|param| Name::Local(*param))
            }
            (callee, Some(index)) => self.followed(callee).and_then(|func| {
                let index = u32::try_from(index).ok()?;
                Some(Name::Place(Place::Param(SmolStr::new(&func.name), index)))
            }),
            _ => None,
        };
        self.same_as(name, param)
    }

    /// Whether a call only writes its arguments into a text: `log.Printf("%v", c)`.
    fn is_written_out(&self, call: ExprId) -> bool {
        let tree = self.body.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        tree.exprs(args).iter().any(|argument| {
            matches!(tree.expr(*argument).kind, ExprKind::BasicLit(literal)
                if literal.kind == LitKind::String && tree.literal(literal).contains('%'))
        })
    }

    fn assigned(
        &mut self,
        name: &Name,
        expr: ExprId,
        lhs: &[ExprId],
        rhs: &[ExprId],
    ) -> ChannelUses {
        if let Some(index) = lhs.iter().position(|target| *target == expr) {
            return match rhs {
                [call] if lhs.len() > 1 => self.given_among(name, *call, index),
                _ => match rhs.get(index) {
                    Some(value) => self.given(name, *value),
                    None => ChannelUses::OTHER,
                },
            };
        }
        let target = rhs.iter().position(|value| *value == expr);
        let target = target.and_then(|index| lhs.get(index).copied());
        match target {
            Some(target) if matches!(self.body.info.object(target), Object::Blank) => {
                ChannelUses::NONE
            }
            Some(target) if self.name(target).is_some() => ChannelUses::NONE,
            _ => ChannelUses::OTHER,
        }
    }

    /// What is known of a channel by the value that it is given.
    fn given(&mut self, name: &Name, value: ExprId) -> ChannelUses {
        let tree = self.body.tree();
        let value = tree.unparen(value);
        let ExprKind::Call { args, .. } = tree.expr(value).kind else {
            if matches!(self.body.info.object(value), Object::Nil) {
                return ChannelUses::NONE;
            }
            let value = self.name(value);
            return self.same_as(name, value);
        };
        match (self.body.info.callee(value), tree.exprs(args)) {
            (Callee::Builtin(Builtin::Make), [_, size, ..]) => {
                let written = match tree.expr(*size).kind {
                    ExprKind::BasicLit(literal) if literal.kind == LitKind::Int => {
                        tree.literal(literal).parse::<u32>().ok()
                    }
                    _ => None,
                };
                ChannelUses::MADE.and(match written {
                    Some(0) => ChannelUses::NONE,
                    Some(1..=4) => ChannelUses::FEW,
                    _ => ChannelUses::ROOM,
                })
            }
            (Callee::Builtin(Builtin::Make), _) => ChannelUses::MADE,
            (Callee::Conversion(_), [value]) => self.given(name, *value),
            _ => {
                let value = self.name(value);
                self.same_as(name, value)
            }
        }
    }

    /// The same of one of several that a call gives.
    fn given_among(&mut self, name: &Name, call: ExprId, index: usize) -> ChannelUses {
        let call = self.body.tree().unparen(call);
        let func = self.followed(self.body.info.callee(call));
        let result = func.zip(u32::try_from(index).ok());
        let place = result.map(|(func, index)| Place::Result(SmolStr::new(&func.name), index));
        self.same_as(name, place.map(Name::Place))
    }

    /// That two names are of one channel; where the other is not known, others have it.
    fn same_as(&mut self, name: &Name, other: Option<Name>) -> ChannelUses {
        let Some(other) = other else {
            return ChannelUses::OTHER;
        };
        self.same.push((name.clone(), other));
        ChannelUses::NONE
    }

    fn returned(&mut self, name: &Name, at: StmtId, index: Option<usize>) -> ChannelUses {
        let BodyOwner::Func(id) = self.body.owner else {
            return ChannelUses::OTHER;
        };
        let func = self.program.func(id).filter(|_| !self.is_in_literal(at));
        let result = func.zip(index.and_then(|index| u32::try_from(index).ok()));
        let place = result.map(|(func, index)| {
            let name = SmolStr::new(&func.canonical);
            Name::Place(Place::Result(name, index))
        });
        self.same_as(name, place)
    }

    fn is_in_literal(&self, stmt: StmtId) -> bool {
        self.literal_around(stmt.into()).is_some()
    }

    /// The innermost literal that a node stands in.
    fn literal_around(&self, node: Node) -> Option<ExprId> {
        let around = std::iter::successors(self.parents.get(node), |at| self.parents.get(*at));
        let mut literals = around.filter_map(|at| match at {
            Node::Expr(expr) => Some(expr),
            Node::Stmt(_) => None,
        });
        literals.find(|expr| matches!(self.body.tree().expr(*expr).kind, ExprKind::FuncLit { .. }))
    }

    /// Whether the function or literal that a node stands in ranges over a channel that a variable of it names.
    fn is_ranged_over_beside(&self, name: &Name, at: ExprId) -> bool {
        let Name::Local(local) = name else {
            return false;
        };
        let tree = self.body.tree();
        let around = self.literal_around(at.into());
        let mut ranged = false;
        for root in caulk_flow::roots(self.program, self.body) {
            tree.walk(root, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Range { x, .. } = tree.stmt(stmt).kind
                    && *self.body.info.object(x) == Object::Local(*local)
                {
                    ranged |= self.literal_around(node) == around;
                }
                Descend::Into
            });
        }
        ranged
    }

    /// What the elements of a composite literal give to fields.
    fn read_literal(&mut self, literal: ExprId) {
        let (tree, info) = (self.body.tree(), &self.body.info);
        let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind else {
            return;
        };
        for element in tree.exprs(elts) {
            let (field, value) = match tree.expr(*element).kind {
                ExprKind::KeyValue { key, value, .. } => match tree.expr(key).kind {
                    ExprKind::Ident(name) => (SmolStr::new(tree.name(name)), value),
                    _ => (SmolStr::default(), value),
                },
                _ => (SmolStr::default(), *element),
            };
            if !self.may_be_channel(value) {
                continue;
            }
            let of = self.program.named_name(info.type_of(literal));
            let is_known = of.is_some() && !field.is_empty();
            let field = self.at(Place::Field(of.unwrap_or_default(), field));
            let uses = match is_known {
                true => self.given(&field, value),
                false => ChannelUses::OTHER,
            };
            self.add(field, uses);
            if !is_known && let Some(name) = self.name(value) {
                self.add(name, ChannelUses::OTHER);
            }
        }
    }

    /// What a declaration gives to variables: `var done = make(chan bool)`.
    fn read_declaration(&mut self, stmt: StmtId) {
        let tree = self.body.tree();
        let StmtKind::Decl(decl) = tree.stmt(stmt).kind else {
            return;
        };
        for spec in tree.specs(tree.gen_decl(decl).specs) {
            let SpecKind::Value(spec) = spec.kind else {
                continue;
            };
            let values = tree.exprs(spec.values);
            for (index, declared) in tree.names(spec.names).iter().enumerate() {
                let local = self.body.info.defined_at(declared.span);
                let Some(local) = local.filter(|local| self.locals.contains(local)) else {
                    continue;
                };
                let name = Name::Local(local);
                let uses = match (values, values.get(index)) {
                    ([], _) => ChannelUses::NONE,
                    ([call], _) if index > 0 || tree.names(spec.names).len() > 1 => {
                        self.given_among(&name, *call, index)
                    }
                    (_, Some(value)) => self.given(&name, *value),
                    _ => ChannelUses::OTHER,
                };
                self.add(name, uses);
            }
        }
    }

    /// The names, those of one channel together.
    fn names(mut self) -> Vec<Names> {
        let mut same: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for (one, other) in std::mem::take(&mut self.same) {
            same.entry(one.clone()).or_default().insert(other.clone());
            same.entry(other).or_default().insert(one);
        }
        let mut found = Vec::new();
        let mut seen: BTreeSet<Name> = BTreeSet::new();
        for start in self.uses.keys() {
            let mut todo = vec![start.clone()];
            let mut names = Names::default();
            while let Some(name) = todo.pop() {
                if !seen.insert(name.clone()) {
                    continue;
                }
                names.uses = names
                    .uses
                    .and(self.uses.get(&name).copied().unwrap_or_default());
                todo.extend(same.get(&name).into_iter().flatten().cloned());
                match name {
                    Name::Local(local) => names.locals.insert(local),
                    Name::Place(place) => names.places.insert(place),
                };
            }
            if !names.places.is_empty() || !names.locals.is_empty() {
                found.push(names);
            }
        }
        found
    }
}
