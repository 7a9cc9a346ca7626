//! Bodies of functions and values of package-level variables, as a whole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use caulk_syntax::{Descend, Node, Tree};
use rustc_hash::FxBuildHasher;

use super::kind::Type;
use super::typer::Typer;
use crate::body::{BodyInfo, BodyOwner, BodyText, LocalKind, TypedBody};
use crate::package::{FuncId, PackageId};
use crate::program::Program;

/// Bodies are kept up to so many bytes of source. With its meaning a body takes many times that.
const KEPT_BYTES: usize = 2 << 20;

/// Where so many bytes of source were offered, what can be kept is too small a part to be worth its room.
const MANY_BYTES: usize = 16 << 20;

/// Bodies that someone is done with, for who asks next.
#[derive(Default)]
pub(crate) struct KeptBodies(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    bodies: Bodies,
    bytes: usize,
    offered: usize,
}

type Bodies = HashMap<BodyOwner, Arc<TypedBody>, FxBuildHasher>;

impl Kept {
    /// Counts what could be kept, and gives up what is where that gets too much.
    fn offer(&mut self, bytes: usize) -> Bodies {
        self.offered += bytes;
        match self.offered > MANY_BYTES {
            true => std::mem::take(&mut self.bodies),
            false => Bodies::default(),
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        bytes > 0 && self.bytes + bytes <= KEPT_BYTES && self.offered <= MANY_BYTES
    }
}

impl KeptBodies {
    fn with<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, owner: BodyOwner) -> Option<Arc<TypedBody>> {
        self.with(|kept| {
            let body = kept.bodies.remove(&owner)?;
            kept.bytes = kept.bytes.saturating_sub(body.source_bytes());
            Some(body)
        })
    }
}

impl Program {
    /// Parses a body and finds out what it means; `None` where the owner has none.
    pub fn body(&self, owner: BodyOwner) -> Option<Arc<TypedBody>> {
        self.kept_bodies
            .take(owner)
            .or_else(|| type_body(self, owner).map(Arc::new))
    }

    /// Keeps a body of a function for whoever asks for it next, as far as memory allows.
    pub fn keep_body(&self, mut body: Arc<TypedBody>) {
        let bytes = body.source_bytes();
        let given_up = self.kept_bodies.with(|kept| kept.offer(bytes));
        drop(given_up);
        if !self.kept_bodies.with(|kept| kept.has_room(bytes)) {
            return;
        }
        if let Some(TypedBody {
            text: BodyText::Func(body),
            ..
        }) = Arc::get_mut(&mut body)
        {
            body.shrink();
        }
        self.kept_bodies.with(|kept| {
            if kept.has_room(bytes) {
                kept.bytes += bytes;
                kept.bodies.insert(body.owner, body);
            }
        });
    }
}

impl Program {
    /// Drops the bodies that are kept: nobody asks for them any more.
    pub fn forget_bodies(&self) {
        drop(self.kept_bodies.with(std::mem::take));
    }
}

fn type_body(program: &Program, owner: BodyOwner) -> Option<TypedBody> {
    match owner {
        BodyOwner::Func(id) => type_func(program, id),
        BodyOwner::Initializer(package, index) => type_initializer(program, package, index),
    }
}

fn type_func(program: &Program, id: FuncId) -> Option<TypedBody> {
    let package = program.package(id.package);
    let func = package.func(id)?;
    let file = package.file_of(func)?;
    let body = caulk_syntax::body(&file.bytes(), func.body_span()?);
    let outline = &file.outline.tree;

    let mut typer = Typer::new(program, package, func.file, &body.tree);
    typer.found = Some(BodyInfo::for_tree(&body.tree));
    typer.declare_type_params(program.func_params(package, func));
    let info = typer.scoped(|typer| {
        let receiver = program.receiver_type(package, func);
        let receiver = typer.declare_fields(outline, func.decl.recv, &[receiver], |_| {
            LocalKind::Receiver
        });
        let mut params = Vec::new();
        let mut results = Vec::new();
        if let Type::Func(types) = program.ty(program.signature(id)) {
            let signature = *outline.signature(func.decl.signature);
            params =
                typer.declare_fields(outline, Some(signature.params), &types.params, |index| {
                    LocalKind::Param { index }
                });
            results = typer.declare_fields(outline, signature.results, &types.results, |index| {
                LocalKind::Result { index }
            });
        }
        typer.stmts(body.statements());
        let mut info = typer.found.take().unwrap_or_default();
        info.receiver = receiver.first().copied();
        info.params = params;
        info.results = results;
        info
    });
    Some(TypedBody {
        owner: BodyOwner::Func(id),
        info,
        text: BodyText::Func(Box::new(body)),
    })
}

fn type_initializer(program: &Program, package: PackageId, index: u32) -> Option<TypedBody> {
    let owner = BodyOwner::Initializer(package, index);
    let package = program.package(package);
    let initializer = package.initializers().get(index as usize)?;
    let file = package.files().get(initializer.file as usize)?;
    let mut typer = program.typer(package, initializer.file)?;
    let spec = initializer.spec;
    let tree = &file.outline.tree;
    let roots = spec
        .ty
        .into_iter()
        .chain(tree.exprs(spec.values).iter().copied());
    let first = roots
        .map(|root| first_expr(tree, root.into()))
        .min()
        .unwrap_or(0);
    typer.found = Some(BodyInfo {
        first,
        ..BodyInfo::default()
    });
    typer.var_types(&spec, tree.names(spec.names).len());
    let info = typer.found.take().unwrap_or_default();
    Some(TypedBody {
        owner,
        info,
        text: BodyText::Initializer(file.clone()),
    })
}

/// Lowest index of an expression below `root`, itself included.
pub(super) fn first_expr(tree: &Tree, root: Node) -> usize {
    let mut first = usize::MAX;
    tree.walk(root, |node| {
        if let Node::Expr(expr) = node {
            first = first.min(expr.index());
        }
        Descend::Into
    });
    first
}
