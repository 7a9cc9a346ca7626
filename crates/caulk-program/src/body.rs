//! What a function body means: the type of every expression, what every name denotes, and whom every call calls.

use std::collections::HashMap;
use std::sync::Arc;

use caulk_syntax::{Comments, ExprId, Span, StmtId, Tree};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::package::{FuncId, PackageId, SourceFile};
use crate::types::TypeId;

/// What can have a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BodyOwner {
    /// A declared function or method.
    Func(FuncId),
    /// The values of a package-level `var` spec, by its index in [`crate::Package::initializers`].
    Initializer(PackageId, u32),
}

impl BodyOwner {
    /// The function whose body it is, if it is one's.
    pub fn func(self) -> Option<FuncId> {
        match self {
            BodyOwner::Func(id) => Some(id),
            BodyOwner::Initializer(..) => None,
        }
    }
}

/// A body with its meaning. Ids of expressions and statements are good in `tree` alone.
#[derive(Debug)]
pub struct TypedBody {
    /// Whose body it is.
    pub owner: BodyOwner,
    /// What it means.
    pub info: BodyInfo,
    pub(crate) text: BodyText,
}

/// A function's body has a tree of its own; an initializer is part of its file's.
#[derive(Debug)]
pub(crate) enum BodyText {
    Func(Box<caulk_syntax::Body>),
    Initializer(Arc<SourceFile>),
}

impl TypedBody {
    /// The tree that the ids in `info` are of.
    #[inline]
    pub fn tree(&self) -> &Tree {
        match &self.text {
            BodyText::Func(body) => &body.tree,
            BodyText::Initializer(file) => &file.outline.tree,
        }
    }

    /// Bytes of source that the tree stands for; 0 for an initializer, whose tree is its file's.
    pub fn source_bytes(&self) -> usize {
        self.block()
            .map_or(0, |block| self.tree().stmt(block).span.len() as usize)
    }

    /// The block of a function's body; `None` for an initializer.
    #[inline]
    pub fn block(&self) -> Option<StmtId> {
        match &self.text {
            BodyText::Func(body) => Some(body.block),
            BodyText::Initializer(_) => None,
        }
    }

    /// Comments within a function's body, or in the file of an initializer.
    pub fn comments(&self) -> &Comments {
        match &self.text {
            BodyText::Func(body) => &body.comments,
            BodyText::Initializer(file) => &file.outline.comments,
        }
    }
}

/// A variable of a function: dense numbers from 0 within one body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub u32);

/// How a variable came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocalKind {
    /// `var`, `:=`, `range`.
    Variable,
    /// The receiver of a method.
    Receiver,
    /// A parameter of the function or of a literal in it.
    Param {
        /// Its position among the parameters of its function.
        index: u32,
    },
    /// A result of the function or of a literal in it; also where it has no name.
    Result {
        /// Its position among the results of its function.
        index: u32,
    },
    /// The symbol of a type switch, one for each clause.
    TypeSwitch,
}

/// A variable of a function, parameters and results included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name; `_`, or empty for a parameter or result that has none.
    pub name: SmolStr,
    /// Where the name is declared; for the symbol of a type switch, its one declaration for all clauses.
    pub span: Span,
    /// Its type.
    pub ty: TypeId,
    /// How it came to be.
    pub kind: LocalKind,
    /// The function literal that declares it; `None` for the function itself.
    pub function: Option<ExprId>,
}

/// What a name or selector denotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A variable of this function.
    Local(LocalId),
    /// A variable of a package, by canonical name `pkg/path.Name`.
    PackageVar(Arc<str>),
    /// A constant, of a package (by canonical name) or of this function (by its bare name).
    Const(Arc<str>),
    /// A function.
    Func(FuncRef),
    /// A method: of a value (`x.Close` not called, a method value) or of a type (`T.Close`, a method expression).
    Method(FuncRef),
    /// A type.
    Type(TypeId),
    /// An imported package, by path.
    Package(Arc<str>),
    /// A field, with the embedded fields that were passed through on the way to it.
    Field {
        /// Its name.
        name: SmolStr,
        /// Names of the embedded fields in between, outermost first.
        through: Box<[SmolStr]>,
    },
    /// A predeclared function.
    Builtin(Builtin),
    /// `nil`.
    Nil,
    /// `_`.
    Blank,
    /// Not found.
    Unknown,
}

/// The predeclared functions, `unsafe`'s among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as in Go")]
pub enum Builtin {
    Append,
    Cap,
    Clear,
    Close,
    Complex,
    Copy,
    Delete,
    Imag,
    Len,
    Make,
    Max,
    Min,
    New,
    Panic,
    Print,
    Println,
    Real,
    Recover,
    UnsafeAdd,
    UnsafeSize,
    UnsafeSlice,
    UnsafeSliceData,
    UnsafeString,
    UnsafeStringData,
}

/// A function or method by its canonical name, which is the same with and without its source:
/// `pkg/path.Func`, `pkg/path.Type.Method` (no star for pointer receivers, no type arguments).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FuncRef {
    /// Canonical name.
    pub name: Arc<str>,
    /// Its declaration, where its package is loaded.
    pub id: Option<FuncId>,
}

/// Whom a call calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function, or a method through its type (`T.Method(x)`: the receiver is the first argument).
    ///
    /// A conversion to a type of a missing package looks like a function without an id.
    Static(FuncRef),
    /// A method of a value whose type is known; a promoted one is named where it is declared.
    ///
    /// Where the type's package is missing there is no telling whether it is an interface, or whether what is called is a field: that is
    /// a method without an id.
    Method {
        /// The method.
        func: FuncRef,
        /// Type of the receiver expression.
        recv: TypeId,
        /// The expression before the dot.
        receiver: ExprId,
        /// Names of the embedded fields between the receiver and the method's owner, outermost first.
        through: Box<[SmolStr]>,
    },
    /// A method of an interface, so of a value whose type is not known here.
    Interface {
        /// The method as the interface declares it; `name` alone, without a path, where the interface has no name.
        func: FuncRef,
        /// Type of the receiver expression (an interface, a type parameter, or something that embeds one).
        iface: TypeId,
        /// The method's name.
        name: SmolStr,
        /// The expression before the dot.
        receiver: ExprId,
        /// Names of the embedded fields between the receiver and the interface, outermost first.
        through: Box<[SmolStr]>,
    },
    /// A field that holds a function.
    Field {
        /// The expression before the dot.
        receiver: ExprId,
        /// The field's name.
        name: SmolStr,
    },
    /// A variable of this function that holds a function.
    Local(LocalId),
    /// A function literal, called where it stands.
    Literal(ExprId),
    /// A package-level variable that holds a function.
    PackageVar {
        /// Its canonical name.
        name: Arc<str>,
        /// The function that it is declared with, where the same package calls it: `var open = os.Open`. Tests put others in
        /// its place.
        func: Option<FuncRef>,
    },
    /// Another expression that yields a function: `f()()`, `m[k]()`.
    Value,
    /// A predeclared function.
    Builtin(Builtin),
    /// Not a call but a conversion to this type.
    Conversion(TypeId),
    /// Not known.
    Unknown {
        /// Why, as a fragment for people.
        why: &'static str,
        /// The name that is called, where there is one.
        name: SmolStr,
        /// The expression before the dot, where there is one.
        receiver: Option<ExprId>,
    },
}

impl Callee {
    /// The function that is called, where it has a canonical name.
    #[inline]
    pub fn func(&self) -> Option<&FuncRef> {
        match self {
            Callee::Static(func) | Callee::Method { func, .. } | Callee::Interface { func, .. } => {
                Some(func)
            }
            Callee::PackageVar { func, .. } => func.as_ref(),
            _ => None,
        }
    }

    /// The expression before the dot of a method call.
    #[inline]
    pub fn receiver(&self) -> Option<ExprId> {
        match self {
            Callee::Method { receiver, .. }
            | Callee::Interface { receiver, .. }
            | Callee::Field { receiver, .. } => Some(*receiver),
            Callee::Unknown { receiver, .. } => *receiver,
            _ => None,
        }
    }
}

/// The meaning of one body. Everything is answered for any id: *unknown* where nothing was found.
#[derive(Debug, Default)]
pub struct BodyInfo {
    /// Index of the first expression in `types` and `objects`: an initializer is a small part of its file's tree.
    pub(crate) first: usize,
    pub(crate) types: Vec<TypeId>,
    pub(crate) objects: Vec<Object>,
    pub(crate) defined: HashMap<u32, LocalId, FxBuildHasher>,
    /// In order of the calls.
    pub(crate) callees: Vec<(ExprId, Callee)>,
    pub(crate) locals: Vec<Local>,
    pub(crate) receiver: Option<LocalId>,
    pub(crate) params: Vec<LocalId>,
    pub(crate) results: Vec<LocalId>,
    pub(crate) literals: Vec<Literal>,
}

/// A function literal of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The literal's expression.
    pub expr: ExprId,
    /// The literal that encloses it; `None` where that is the function itself.
    pub parent: Option<ExprId>,
    /// Its parameters.
    pub params: Vec<LocalId>,
    /// Its results, named or not.
    pub results: Vec<LocalId>,
    /// Variables of enclosing functions that it or a literal in it uses, in order of their numbers.
    pub captures: Vec<LocalId>,
}

static UNKNOWN_OBJECT: Object = Object::Unknown;
static UNKNOWN_CALLEE: Callee = Callee::Unknown {
    why: "not a call",
    name: SmolStr::new_static(""),
    receiver: None,
};

impl BodyInfo {
    /// With room for all that is to be found of the expressions of a tree.
    pub(crate) fn for_tree(tree: &Tree) -> BodyInfo {
        BodyInfo {
            types: Vec::with_capacity(tree.expr_count()),
            objects: Vec::with_capacity(tree.expr_count()),
            ..BodyInfo::default()
        }
    }

    /// Type of an expression. Calls with several results are tuples, those without any [`TypeId::VOID`]; a type
    /// expression has the type that it names; `v, ok` forms have the type of `v`.
    #[inline]
    pub fn type_of(&self, expr: ExprId) -> TypeId {
        let types = expr
            .index()
            .checked_sub(self.first)
            .and_then(|i| self.types.get(i));
        types.copied().unwrap_or(TypeId::UNKNOWN)
    }

    /// What a name, or a selector as a whole, denotes.
    #[inline]
    pub fn object(&self, expr: ExprId) -> &Object {
        let objects = expr
            .index()
            .checked_sub(self.first)
            .and_then(|i| self.objects.get(i));
        objects.unwrap_or(&UNKNOWN_OBJECT)
    }

    /// The variable that a name or parenthesised name denotes.
    #[inline]
    pub fn local(&self, expr: ExprId) -> Option<LocalId> {
        match self.object(expr) {
            Object::Local(local) => Some(*local),
            _ => None,
        }
    }

    /// The variable that is declared by a name at this place (a parameter, a `var`, a new name left of `:=`).
    ///
    /// A name left of `:=` that is assigned and not declared is in [`BodyInfo::object`] alone.
    #[inline]
    pub fn defined_at(&self, name: Span) -> Option<LocalId> {
        self.defined.get(&name.start).copied()
    }

    /// Whom a call expression calls.
    #[inline]
    pub fn callee(&self, call: ExprId) -> &Callee {
        let found = self.callees.binary_search_by_key(&call, |(id, _)| *id);
        let callee = found.ok().and_then(|at| self.callees.get(at));
        callee.map_or(&UNKNOWN_CALLEE, |(_, callee)| callee)
    }

    /// Notes whom a call calls. Most calls are noted behind those in their arguments, and so in order.
    pub(crate) fn record_callee(&mut self, call: ExprId, callee: Callee) {
        match self.callees.last() {
            Some((last, _)) if *last >= call => {
                match self.callees.binary_search_by_key(&call, |(id, _)| *id) {
                    Ok(at) => self.callees[at].1 = callee,
                    Err(at) => self.callees.insert(at, (call, callee)),
                }
            }
            _ => self.callees.push((call, callee)),
        }
    }

    /// All call expressions with their callees, in order of their ids.
    pub fn calls(&self) -> Vec<(ExprId, &Callee)> {
        let calls = self.callees.iter();
        calls.map(|(id, callee)| (*id, callee)).collect()
    }

    /// A variable of this body.
    #[inline]
    pub fn local_info(&self, id: LocalId) -> Option<&Local> {
        self.locals.get(id.0 as usize)
    }

    /// All variables, in order of their numbers.
    pub fn locals(&self) -> impl Iterator<Item = (LocalId, &Local)> {
        self.locals
            .iter()
            .enumerate()
            .map(|(i, local)| (LocalId(i as u32), local))
    }

    /// The receiver of a method.
    pub fn receiver(&self) -> Option<LocalId> {
        self.receiver
    }

    /// Parameters of the function, named or not, in order.
    pub fn params(&self) -> &[LocalId] {
        &self.params
    }

    /// Results of the function, named or not, in order.
    pub fn results(&self) -> &[LocalId] {
        &self.results
    }

    /// The function literals, outer before inner, in source order.
    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// One function literal.
    pub fn literal(&self, expr: ExprId) -> Option<&Literal> {
        self.literals.iter().find(|literal| literal.expr == expr)
    }
}
