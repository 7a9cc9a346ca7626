//! How the bodies of a module use fields: whether anything ever releases what they keep.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use caulk_program::{Builtin, Callee, FuncId, LocalId, Object, Program, TypeId, TypedBody};
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, StmtKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::body::Parents;
use crate::catalogue::{CallEffect, Catalogue};
use crate::channels::names::is_channel;
use crate::channels::places::Places;
use crate::contract::is_release_name;
use crate::inference::given::{self, Given};
use crate::inference::habit::Habits;

/// How the bodies of a module use fields. There are very many, each used in few ways: no map or set stands for one alone.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct FieldUses {
    /// By the full name of the type that has the field, and its own. Where the type is not known it is [`unknown_type`].
    by_field: BTreeMap<(SmolStr, SmolStr), Uses>,
    /// What literals give the fields of their types, by the full names of these.
    given: BTreeMap<SmolStr, Given>,
    /// Noted with them: what is done with the channels that more than one body can name.
    pub channels: Places,
    /// And what a package's functions release by habit.
    pub habits: Habits,
}

/// What stands for a method where a function that a field keeps is called.
const ITSELF: &str = "()";

/// What is done with one field.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uses {
    /// Methods that are called on it, in order; [`ITSELF`] where it is called.
    methods: Vec<SmolStr>,
    /// It is passed on, copied or returned: whoever gets it may release it.
    escapes: bool,
    /// Functions of the project that it is passed to, with the index of the argument, in order: what these do with it is theirs to say.
    passed: Box<[(FuncId, usize)]>,
    /// All that make a value of the type give it something that is not nil.
    always_given: bool,
}

impl FieldUses {
    /// Adds the uses in one body. Who receives from a channel in a test, or releases what a type holds that is not the tests' own,
    /// is not there where that is not tested.
    pub fn read(
        &mut self,
        program: &Program,
        catalogue: &Catalogue,
        body: &TypedBody,
        is_test: bool,
    ) {
        let roots = caulk_flow::roots(program, body);
        let reader = Reader {
            program,
            catalogue,
            body,
            roots,
            parents: OnceCell::new(),
            named: OnceCell::new(),
            empty: OnceCell::new(),
        };
        let tree = body.tree();
        let mut has_channel = false;
        for root in &reader.roots {
            tree.walk(*root, |node| {
                if !is_test {
                    self.add_given(&reader, node);
                }
                let Node::Expr(expr) = node else {
                    return Descend::Into;
                };
                has_channel = has_channel || is_channel(program, body.info.type_of(expr));
                if let ExprKind::Selector { x, sel } = tree.expr(expr).kind
                    && let Object::Field { .. } | Object::Unknown = body.info.object(expr)
                    && !(is_test && is_of_program(program, body.info.type_of(x)))
                {
                    self.add(&reader, expr, x, tree.name(sel));
                }
                Descend::Into
            });
        }
        has_channel |= body
            .info
            .locals()
            .any(|(_, local)| is_channel(program, local.ty));
        if has_channel && !is_test {
            self.channels.read(program, body, reader.parents());
        }
    }

    /// Adds those of another body.
    pub fn extend(&mut self, other: FieldUses) {
        for ((of, field), uses) in other.by_field {
            self.entry(of, field).add(uses);
        }
        for (of, given) in other.given {
            self.given.entry(of).or_default().add(given);
        }
        self.channels.extend(other.channels);
        self.habits.extend(other.habits);
    }

    /// The uses of one field. All fields of a type have its name in common.
    fn entry(&mut self, of: SmolStr, field: SmolStr) -> &mut Uses {
        let beside = self
            .by_field
            .range((of.clone(), SmolStr::default())..)
            .next();
        let of = match beside {
            Some(((known, _), _)) if *known == of => known.clone(),
            _ => of,
        };
        self.by_field.entry((of, field)).or_default()
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
        let mut found = Uses::default();
        reader.read(expr, None, &mut found);
        if found == Uses::default() {
            return;
        }
        let of = direct.then(|| program.named_name(holder)).flatten();
        let of = of.unwrap_or_else(|| {
            let package = program.package(caulk_flow::package_of(&reader.body.owner));
            unknown_type(package.path(), name)
        });
        self.entry(SmolStr::from(of), SmolStr::new(name)).add(found);
    }

    /// Adds what a literal gives the fields of its type, and what a statement takes from some.
    fn add_given(&mut self, reader: &Reader<'_>, node: Node) {
        let (program, body) = (reader.program, reader.body);
        match node {
            Node::Expr(expr) => {
                let begins_empty = |local| reader.begins_empty(local);
                if let Some((of, given)) = given::by_literal(program, body, expr, &begins_empty) {
                    self.given.entry(of.into()).or_default().add(given);
                }
            }
            Node::Stmt(stmt) => {
                for (of, given) in given::emptied(program, body, stmt) {
                    self.given.entry(of.into()).or_default().add(given);
                }
            }
        }
    }

    /// What is done with the field of a type, as far as it can be told from those of other types.
    pub fn of_field(&self, ty: &str, field: &str) -> Uses {
        let mut all = Uses::default();
        let package = ty.rsplit_once('.').map_or("", |(package, _)| package);
        for of in [ty, &unknown_type(package, field)] {
            let uses = self.by_field.get(&(SmolStr::new(of), SmolStr::new(field)));
            all.add(uses.cloned().unwrap_or_default());
        }
        let given = self.given.get(ty);
        all.always_given = given.is_some_and(|given| given.is_always(field));
        all
    }
}

/// Whether a type is declared outside of tests.
fn is_of_program(program: &Program, ty: TypeId) -> bool {
    let file = program.file_declaring(ty);
    file.is_some_and(|file| !file.is_test())
}

/// What stands for a type that is not known and has this field: one that is not exported is named in its own package alone.
fn unknown_type(package: &str, field: &str) -> String {
    match caulk_syntax::is_exported(field) {
        true => String::new(),
        false => format!("{package}."),
    }
}

impl Uses {
    /// These uses and some others.
    pub fn and(mut self, others: Uses) -> Uses {
        self.add(others);
        self
    }

    fn add(&mut self, others: Uses) {
        for method in others.methods {
            self.add_method(method);
        }
        self.escapes |= others.escapes;
        self.always_given |= others.always_given;
        for (func, index) in others.passed {
            self.add_passed(func, index);
        }
    }

    fn add_passed(&mut self, func: FuncId, index: usize) {
        if let Err(place) = self.passed.binary_search(&(func, index)) {
            let mut all = std::mem::take(&mut self.passed).into_vec();
            all.insert(place, (func, index));
            self.passed = all.into();
        }
    }

    fn add_method(&mut self, method: SmolStr) {
        if let Err(place) = self.methods.binary_search(&method) {
            self.methods.reserve_exact(1);
            self.methods.insert(place, method);
        }
    }

    /// Whether all that make a value of the type give the field something, and nothing takes it away.
    pub fn is_always_given(&self) -> bool {
        self.always_given
    }

    /// Whether something gets what it holds.
    pub fn escapes(&self) -> bool {
        self.escapes || !self.passed.is_empty()
    }

    /// These uses without those by functions that only use what they are passed, as `lends` says.
    pub fn without_lent(mut self, lends: &dyn Fn(FuncId, usize) -> bool) -> Uses {
        let mut passed = std::mem::take(&mut self.passed).into_vec();
        passed.retain(|(func, index)| !lends(*func, *index));
        self.passed = passed.into();
        self
    }

    /// Whether one of these methods is called on it.
    pub fn is_released(&self, releases: &dyn Fn(&str) -> bool) -> bool {
        self.methods.iter().any(|method| releases(method))
    }

    /// Whether it is a function that is called.
    pub fn is_called(&self) -> bool {
        self.has_method(ITSELF)
    }

    /// Whether a method of this name is called on it.
    pub fn has_method(&self, name: &str) -> bool {
        self.methods.iter().any(|method| method == name)
    }

    /// Whether something releases the field, or gets what it holds and may do so.
    pub fn may_release(&self, releases: &dyn Fn(&str) -> bool) -> bool {
        self.escapes()
            || self
                .methods
                .iter()
                .any(|method| method == ITSELF || is_release_name(method) || releases(method))
    }
}

/// A body whose uses of fields are read.
struct Reader<'a> {
    program: &'a Program,
    catalogue: &'a Catalogue,
    body: &'a TypedBody,
    roots: Vec<Node>,
    /// Found when they are first asked for: most bodies name no field that keeps anything.
    parents: OnceCell<Parents>,
    /// Where each variable of the body is named, found when it is first asked for.
    named: OnceCell<HashMap<LocalId, Vec<ExprId>>>,
    /// The variables that it declares without a value.
    empty: OnceCell<BTreeSet<LocalId>>,
}

impl Reader<'_> {
    fn parents(&self) -> &Parents {
        let find = || Parents::of(self.body.tree(), &self.roots);
        self.parents.get_or_init(find)
    }

    fn begins_empty(&self, local: LocalId) -> bool {
        let find = || given::empty_variables(self.body, &self.roots);
        self.empty.get_or_init(find).contains(&local)
    }

    /// Adds what is done with the field, or with one of the values that it keeps, where an expression names it, or the
    /// variable that it was copied to.
    fn read(&self, expr: ExprId, copy: Option<LocalId>, uses: &mut Uses) {
        let tree = self.body.tree();
        match self.parents().get(expr.into()) {
            Some(Node::Expr(parent)) => self.read_within(expr, parent, copy, uses),
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&expr) => {}
                StmtKind::Assign { lhs, rhs, .. } => {
                    let at = tree.exprs(rhs).iter().position(|value| *value == expr);
                    match at.and_then(|at| tree.exprs(lhs).get(at)) {
                        Some(target) => self.read_copy(*target, copy, uses),
                        None => uses.escapes = true,
                    }
                }
                StmtKind::Range { x, value, .. } => {
                    if let Some(value) = value.filter(|_| x == expr) {
                        self.read_copy(value, copy, uses);
                    }
                }
                _ => uses.escapes = true,
            },
            None => uses.escapes = true,
        }
    }

    /// The same, within another expression.
    fn read_within(&self, expr: ExprId, parent: ExprId, copy: Option<LocalId>, uses: &mut Uses) {
        let tree = self.body.tree();
        match tree.expr(parent).kind {
            ExprKind::Selector { sel, .. } => match self.parents().get(parent.into()) {
                Some(Node::Expr(call)) if self.is_called(call, parent) => {
                    // What shares it with another of its type leaves that to release it: `s.client.WithContext(ctx)`.
                    uses.escapes |= self.gives_alike(call, expr);
                    uses.add_method(SmolStr::new(tree.name(sel)));
                }
                _ if self.is_endless_channel(expr, tree.name(sel)) => {}
                _ if self.holds_nothing(parent) => {}
                _ if tree.name(sel) == "Body" => self.read_body(parent, uses),
                _ => uses.escapes = true,
            },
            ExprKind::Binary {
                op: BinaryOp::Eql | BinaryOp::Neq,
                ..
            } => {}
            ExprKind::Paren(_) => self.read(parent, copy, uses),
            // One of several that it keeps, or some of them.
            ExprKind::Index { x, .. } if x == expr => self.read(parent, copy, uses),
            ExprKind::Slice { x, .. } if x == expr => self.read(parent, copy, uses),
            ExprKind::Call { .. } if !self.is_called(parent, expr) => {
                let harmless = match self.body.info.callee(parent) {
                    Callee::Builtin(
                        Builtin::Len | Builtin::Cap | Builtin::Delete | Builtin::Clear,
                    ) => true,
                    // `s.all = append(s.all[:i], s.all[i+1:]...)`
                    Callee::Builtin(Builtin::Append) => self.goes_back(parent, expr),
                    callee => self.is_lent(callee),
                };
                match self.passed_to(parent, expr).filter(|_| !harmless) {
                    Some((func, index)) => uses.add_passed(func, index),
                    None => uses.escapes |= !harmless,
                }
            }
            ExprKind::Call { fun, .. } if fun == expr => {
                uses.add_method(SmolStr::new_static(ITSELF))
            }
            _ => uses.escapes = true,
        }
    }

    /// Adds what is done with the body of a response that a field keeps: it may be closed, and who reads from it, or parses it, does not.
    fn read_body(&self, body: ExprId, uses: &mut Uses) {
        let tree = self.body.tree();
        let Some(Node::Expr(parent)) = self.parents().get(body.into()) else {
            uses.escapes = true;
            return;
        };
        match tree.expr(parent).kind {
            ExprKind::Selector { sel, .. } if matches!(self.parents().get(parent.into()), Some(Node::Expr(call)) if self.is_called(call, parent)) =>
            {
                uses.add_method(SmolStr::new(tree.name(sel)));
            }
            ExprKind::Call { .. } if self.parses(self.body.info.callee(parent)) => {}
            _ => uses.escapes = true,
        }
    }

    /// Whether a call reads from a stream that it is passed, or makes what does, and has no way to close it.
    fn parses(&self, callee: &Callee) -> bool {
        let package = callee
            .func()
            .map(|func| crate::types::split_name(self.program, func).0);
        package.is_some_and(|package| {
            ["io", "io/ioutil", "bufio"].contains(&package) || package.starts_with("encoding/")
        })
    }

    /// Adds what is done with a variable that a field, or one of the values that it keeps, is copied to. What is copied on
    /// from there is not followed.
    fn read_copy(&self, target: ExprId, copy: Option<LocalId>, uses: &mut Uses) {
        if self.body.tree().is_blank(target) {
            return;
        }
        let local = self.local(target);
        match (copy, local) {
            (None, Some(local)) => {
                let named = self.named.get_or_init(|| self.all_named());
                for expr in named.get(&local).into_iter().flatten() {
                    self.read(*expr, Some(local), uses);
                }
            }
            (Some(_), Some(_)) if copy == local => {}
            _ => uses.escapes = true,
        }
    }

    fn local(&self, expr: ExprId) -> Option<LocalId> {
        let ExprKind::Ident(name) = self.body.tree().expr(expr).kind else {
            return None;
        };
        let info = &self.body.info;
        info.local(expr).or_else(|| info.defined_at(name.span))
    }

    fn all_named(&self) -> HashMap<LocalId, Vec<ExprId>> {
        let mut named: HashMap<LocalId, Vec<ExprId>> = HashMap::new();
        let tree = self.body.tree();
        for root in caulk_flow::roots(self.program, self.body) {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && let Some(local) = self.local(expr)
                {
                    named.entry(local).or_default().push(expr);
                }
                Descend::Into
            });
        }
        named
    }

    /// Whether a call gives first what is of the same type as a field.
    fn gives_alike(&self, call: ExprId, field: ExprId) -> bool {
        let given = crate::types::results(self.program, self.body.info.type_of(call));
        let name = self.program.named_name(self.body.info.type_of(field));
        name.is_some() && given.first().and_then(|ty| self.program.named_name(*ty)) == name
    }

    /// Whether what a call gives is assigned to the field, of the same name, that one of its arguments is, or is of.
    fn goes_back(&self, call: ExprId, argument: ExprId) -> bool {
        let tree = self.body.tree();
        let Some(Node::Stmt(stmt)) = self.parents().get(call.into()) else {
            return false;
        };
        let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
            return false;
        };
        let ([target], [_]) = (tree.exprs(lhs), tree.exprs(rhs)) else {
            return false;
        };
        self.name_of(*target).is_some() && self.name_of(*target) == self.name_of(argument)
    }

    /// The name of the field or the variable that an expression is, or is some of: `s.all[1:]`.
    fn name_of(&self, expr: ExprId) -> Option<&str> {
        let tree = self.body.tree();
        match tree.expr(expr).kind {
            ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => Some(tree.name(name)),
            ExprKind::Slice { x, .. } => self.name_of(x),
            _ => None,
        }
    }

    /// Whether a field is the channel of a ticker: who has that cannot stop it.
    fn is_endless_channel(&self, of: ExprId, field: &str) -> bool {
        let ty = self.body.info.type_of(of);
        self.catalogue.endless().any(|contract| {
            contract.endless_channel.as_deref() == Some(field)
                && self.program.is_named(ty, &contract.type_name)
        })
    }

    /// Whether an expression is data: a number or a text, or lists and maps of such.
    fn holds_nothing(&self, expr: ExprId) -> bool {
        let ty = self.body.info.type_of(expr);
        !ty.is_unknown() && !crate::types::may_hold(self.program, ty)
    }

    fn is_called(&self, call: ExprId, fun: ExprId) -> bool {
        let call = self.body.tree().expr(call).kind;
        matches!(call, ExprKind::Call { fun: called, .. } if called == fun)
    }

    /// The function of the project that a call passes an argument to by itself, and its index.
    fn passed_to(&self, call: ExprId, argument: ExprId) -> Option<(FuncId, usize)> {
        let (Callee::Static(func) | Callee::Method { func, .. }) = self.body.info.callee(call)
        else {
            return None;
        };
        let own = |id: &FuncId| caulk_flow::is_followed(self.program, id.package);
        let id = func.id.filter(own)?;
        let signature = self.program.func_type(self.program.signature(id))?;
        let mut arguments = self.body.tree().arguments(call).iter();
        let index = arguments.position(|other| *other == argument)?;
        (!signature.variadic && index < signature.params.len()).then_some((id, index))
    }

    /// Whether a call only uses its arguments, or gives a client over them that cannot release them: as the catalogue says, which says
    /// nothing of most of the standard library. What that makes over a stream may read it to its end.
    fn is_lent(&self, callee: &Callee) -> bool {
        let Callee::Static(func) = callee else {
            return false;
        };
        let (package, name) = crate::types::split_name(self.program, func);
        let is_std = crate::types::is_std_path(package);
        !self.catalogue.may_take(name)
            && match self.catalogue.effect(package, name) {
                Some(CallEffect::Borrow | CallEffect::Drain | CallEffect::Read) => true,
                Some(CallEffect::View) => !is_std,
                Some(_) => false,
                None => is_std,
            }
    }
}
