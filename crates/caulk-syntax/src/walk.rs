//! Walking a tree.

use crate::tree::{
    ExprId, ExprKind, FieldList, GenDecl, SignatureId, Spec, SpecKind, StmtId, StmtKind, Tree,
};

/// A node of a [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// An expression or type.
    Expr(ExprId),
    /// A statement.
    Stmt(StmtId),
}

impl From<ExprId> for Node {
    fn from(id: ExprId) -> Node {
        Node::Expr(id)
    }
}

impl From<StmtId> for Node {
    fn from(id: StmtId) -> Node {
        Node::Stmt(id)
    }
}

/// Whether a walk goes on below a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Descend {
    /// Visit the children of the node.
    Into,
    /// Leave them out.
    Skip,
}

impl Tree {
    /// Calls `visit` on the direct children of a node, in source order. Fields and specs are looked
    /// through: their types and values are children of the node that holds them. Names are no
    /// nodes.
    pub fn children(&self, node: impl Into<Node>, mut visit: impl FnMut(Node)) {
        match node.into() {
            Node::Expr(id) => self.expr_children(id, &mut visit),
            Node::Stmt(id) => self.stmt_children(id, &mut visit),
        }
    }

    /// Calls `visit` on `root` and everything below it, each node before its children and siblings
    /// in source order. Needs no stack: safe on a tree of any depth.
    pub fn walk(&self, root: impl Into<Node>, mut visit: impl FnMut(Node) -> Descend) {
        // As much as most functions need at once.
        let mut todo = Vec::with_capacity(64);
        todo.push(root.into());
        while let Some(node) = todo.pop() {
            if visit(node) == Descend::Into && !self.is_leaf(node) {
                self.push_children(node, &mut todo);
            }
        }
    }

    /// Whether a node is a name or a literal: most are, and none of them has children.
    #[inline]
    fn is_leaf(&self, node: Node) -> bool {
        matches!(node, Node::Expr(id)
            if matches!(self.expr(id).kind, ExprKind::Ident(_) | ExprKind::BasicLit(_)))
    }

    /// Adds the children of a node, the first one last. Apart from the walks, each of which is compiled for what it visits with, so that
    /// all of them share one piece of code.
    fn push_children(&self, node: Node, todo: &mut Vec<Node>) {
        let first = todo.len();
        self.children(node, |child| todo.push(child));
        todo[first..].reverse();
    }

    /// Calls `visit` on all nodes of the tree in the order in which they were parsed, those too that nothing holds after an error. Where
    /// order means nothing this takes a part of the time of a walk.
    pub fn each_node(&self, mut visit: impl FnMut(Node)) {
        (0..self.stmts.len()).for_each(|index| visit(Node::Stmt(StmtId::from_index(index))));
        (0..self.exprs.len()).for_each(|index| visit(Node::Expr(ExprId::from_index(index))));
    }

    /// Calls `visit` on the types and values of the specs of a declaration, in source order.
    pub fn decl_children(&self, decl: &GenDecl, mut visit: impl FnMut(Node)) {
        for spec in self.specs(decl.specs) {
            self.spec_children(spec, &mut visit);
        }
    }

    /// Calls `visit` on the types of a signature: type parameters, parameters, results.
    pub fn signature_children(&self, id: SignatureId, mut visit: impl FnMut(Node)) {
        self.each_in_signature(id, &mut visit);
    }

    fn spec_children(&self, spec: &Spec, visit: &mut impl FnMut(Node)) {
        match spec.kind {
            SpecKind::Import(_) => {}
            SpecKind::Value(value) => {
                opt_expr(value.ty, visit);
                self.each_expr(self.exprs(value.values), visit);
            }
            SpecKind::Type(ty) => {
                self.each_optional_field(ty.type_params, visit);
                visit(Node::Expr(ty.ty));
            }
        }
    }

    fn each_in_signature(&self, id: SignatureId, visit: &mut impl FnMut(Node)) {
        let signature = self.signature(id);
        self.each_optional_field(signature.type_params, visit);
        self.each_field(signature.params, visit);
        self.each_optional_field(signature.results, visit);
    }

    fn each_field(&self, list: FieldList, visit: &mut impl FnMut(Node)) {
        self.fields(list)
            .iter()
            .for_each(|field| visit(Node::Expr(field.ty)));
    }

    fn each_optional_field(&self, list: Option<FieldList>, visit: &mut impl FnMut(Node)) {
        if let Some(list) = list {
            self.each_field(list, visit);
        }
    }

    fn each_expr(&self, list: &[ExprId], visit: &mut impl FnMut(Node)) {
        list.iter().for_each(|&id| visit(Node::Expr(id)));
    }

    fn each_stmt(&self, list: &[StmtId], visit: &mut impl FnMut(Node)) {
        list.iter().for_each(|&id| visit(Node::Stmt(id)));
    }

    fn expr_children(&self, id: ExprId, visit: &mut impl FnMut(Node)) {
        match self.expr(id).kind {
            ExprKind::Bad | ExprKind::Ident(_) | ExprKind::BasicLit(_) => {}
            ExprKind::CompositeLit { ty, elts, .. } => {
                opt_expr(ty, visit);
                self.each_expr(self.exprs(elts), visit);
            }
            ExprKind::FuncLit { signature, body } => {
                self.each_in_signature(signature, visit);
                visit(Node::Stmt(body));
            }
            ExprKind::Paren(x) | ExprKind::Star(x) | ExprKind::Unary { x, .. } => {
                visit(Node::Expr(x));
            }
            ExprKind::Selector { x, .. } => visit(Node::Expr(x)),
            ExprKind::Index { x, indices, .. } => {
                visit(Node::Expr(x));
                self.each_expr(self.exprs(indices), visit);
            }
            ExprKind::Slice {
                x, low, high, max, ..
            } => {
                visit(Node::Expr(x));
                [low, high, max]
                    .into_iter()
                    .flatten()
                    .for_each(|id| visit(Node::Expr(id)));
            }
            ExprKind::TypeAssert { x, ty, .. } => {
                visit(Node::Expr(x));
                opt_expr(ty, visit);
            }
            ExprKind::Call { fun, args, .. } => {
                visit(Node::Expr(fun));
                self.each_expr(self.exprs(args), visit);
            }
            ExprKind::Binary { x, y, .. } => {
                visit(Node::Expr(x));
                visit(Node::Expr(y));
            }
            ExprKind::Chain { first, rest } => {
                visit(Node::Expr(first));
                self.chain_links(rest)
                    .iter()
                    .for_each(|link| visit(Node::Expr(link.y)));
            }
            ExprKind::KeyValue { key, value, .. } | ExprKind::MapType { key, value } => {
                visit(Node::Expr(key));
                visit(Node::Expr(value));
            }
            ExprKind::ArrayType { len, elt } => {
                opt_expr(len, visit);
                visit(Node::Expr(elt));
            }
            ExprKind::StructType(fields) | ExprKind::InterfaceType(fields) => {
                self.each_field(fields, visit);
            }
            ExprKind::FuncType(signature) => self.each_in_signature(signature, visit),
            ExprKind::ChanType { value, .. } => visit(Node::Expr(value)),
            ExprKind::Ellipsis(elt) => {
                opt_expr(elt, visit);
            }
        }
    }

    fn stmt_children(&self, id: StmtId, visit: &mut impl FnMut(Node)) {
        match self.stmt(id).kind {
            StmtKind::Bad | StmtKind::Empty | StmtKind::Branch { .. } => {}
            StmtKind::Decl(decl) => self
                .specs(self.gen_decl(decl).specs)
                .iter()
                .for_each(|spec| self.spec_children(spec, visit)),
            StmtKind::Labeled { stmt, .. } => visit(Node::Stmt(stmt)),
            StmtKind::Expr(x)
            | StmtKind::Go(x)
            | StmtKind::Defer(x)
            | StmtKind::IncDec { x, .. } => {
                visit(Node::Expr(x));
            }
            StmtKind::Send { chan, value, .. } => {
                visit(Node::Expr(chan));
                visit(Node::Expr(value));
            }
            StmtKind::Assign { lhs, rhs, .. } => {
                self.each_expr(self.exprs(lhs), visit);
                self.each_expr(self.exprs(rhs), visit);
            }
            StmtKind::Return(results) => self.each_expr(self.exprs(results), visit),
            StmtKind::Block(block) => self.each_stmt(self.stmts(block.stmts), visit),
            StmtKind::If {
                init,
                cond,
                then,
                els,
            } => {
                opt_stmt(init, visit);
                visit(Node::Expr(cond));
                visit(Node::Stmt(then));
                opt_stmt(els, visit);
            }
            StmtKind::Switch { init, tag, body } => {
                opt_stmt(init, visit);
                opt_expr(tag, visit);
                visit(Node::Stmt(body));
            }
            StmtKind::TypeSwitch { init, assign, body } => {
                opt_stmt(init, visit);
                visit(Node::Stmt(assign));
                visit(Node::Stmt(body));
            }
            StmtKind::Case { list, body, .. } => {
                self.each_expr(self.exprs(list), visit);
                self.each_stmt(self.stmts(body), visit);
            }
            StmtKind::Select(body) => visit(Node::Stmt(body)),
            StmtKind::Comm { comm, body, .. } => {
                opt_stmt(comm, visit);
                self.each_stmt(self.stmts(body), visit);
            }
            StmtKind::For {
                init,
                cond,
                post,
                body,
            } => {
                opt_stmt(init, visit);
                opt_expr(cond, visit);
                opt_stmt(post, visit);
                visit(Node::Stmt(body));
            }
            StmtKind::Range {
                key,
                value,
                x,
                body,
                ..
            } => {
                [key, value]
                    .into_iter()
                    .flatten()
                    .for_each(|id| visit(Node::Expr(id)));
                visit(Node::Expr(x));
                visit(Node::Stmt(body));
            }
        }
    }
}

fn opt_expr(id: Option<ExprId>, visit: &mut impl FnMut(Node)) {
    if let Some(id) = id {
        visit(Node::Expr(id));
    }
}

fn opt_stmt(id: Option<StmtId>, visit: &mut impl FnMut(Node)) {
    if let Some(id) = id {
        visit(Node::Stmt(id));
    }
}
