//! A Go file that is to be edited: its bytes, its lines, and its statements with what is around them.

use std::collections::BTreeSet;

use caulk_syntax::{
    Body, Descend, ExprId, ExprKind, List, Node, Parsed, SignatureId, Span, StmtId, StmtKind, Tree,
};

use crate::layout::Layout;

/// A file with its syntax tree.
pub(crate) struct Source {
    bytes: Vec<u8>,
    parsed: Parsed,
}

impl Source {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let parsed = caulk_syntax::parse(&bytes);
        Self { bytes, parsed }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn layout(&self) -> Layout<'_> {
        Layout::new(&self.bytes)
    }

    /// The whole text; empty where it is not UTF-8.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// The file without its bodies.
    pub(crate) fn file(&self) -> &caulk_syntax::File {
        &self.parsed.file
    }

    pub(crate) fn is_generated(&self) -> bool {
        self.parsed.file.is_generated()
    }

    /// How many syntax errors the file has.
    pub(crate) fn error_count(&self) -> usize {
        let in_bodies = self.parsed.bodies.iter().map(|body| body.errors.len());
        self.parsed.file.errors.len() + in_bodies.sum::<usize>()
    }

    /// The bodies of all declared functions.
    pub(crate) fn bodies(&self) -> &[Body] {
        &self.parsed.bodies
    }

    /// The comments that stand behind code on its line.
    pub(crate) fn trailing_comments(&self) -> impl Iterator<Item = Span> + '_ {
        let of_bodies = self.parsed.bodies.iter().map(|body| &body.comments);
        std::iter::once(&self.parsed.file.comments)
            .chain(of_bodies)
            .flat_map(|comments| comments.all())
            .filter(|comment| comment.trails_code)
            .map(|comment| comment.span)
    }

    /// The declared function, or the declaration of variables, that holds `span`.
    pub(crate) fn scope(&self, span: Span) -> Option<Scope<'_>> {
        let body = self
            .parsed
            .bodies
            .iter()
            .find(|body| body.tree.stmt(body.block).span.encloses(span));
        if let Some(body) = body {
            return Some(Scope::new(&body.tree, [Node::Stmt(body.block)]));
        }
        let file = &self.parsed.file;
        let decl = file.gen_decls().find(|decl| decl.span.encloses(span))?;
        let mut roots = Vec::new();
        file.tree.decl_children(decl, |node| roots.push(node));
        Some(Scope::new(&file.tree, roots))
    }

    /// The types of the results, as written, of the function with the body `body`: one for each result.
    pub(crate) fn result_types<'s>(&'s self, scope: &Scope<'s>, body: Span) -> Vec<String> {
        let Some((tree, signature)) = self.signature(scope, body) else {
            return Vec::new();
        };
        let results = tree.signature(signature).results;
        let fields = results
            .map(|results| tree.fields(results))
            .unwrap_or_default();
        let mut types = Vec::new();
        for field in fields {
            let text = self.layout().text(tree.expr(field.ty).span);
            let count = tree.names(field.names).len().max(1);
            types.extend(std::iter::repeat_n(text.to_owned(), count));
        }
        types
    }

    /// Whether the function with the body `body` has a parameter or a result of this name.
    pub(crate) fn has_parameter<'s>(&'s self, scope: &Scope<'s>, body: Span, name: &str) -> bool {
        self.signature(scope, body)
            .is_some_and(|(tree, signature)| {
                let signature = tree.signature(signature);
                let results = signature.results.map(|results| tree.fields(results));
                let fields = tree.fields(signature.params).iter();
                let mut names = fields
                    .chain(results.unwrap_or_default())
                    .flat_map(|field| tree.names(field.names));
                names.any(|parameter| tree.name(*parameter) == name)
            })
    }

    /// The type, as written, of a parameter of the function with the body `body`.
    pub(crate) fn parameter_type<'s>(
        &'s self,
        scope: &Scope<'s>,
        body: Span,
        name: &str,
    ) -> Option<&'s str> {
        let (tree, signature) = self.signature(scope, body)?;
        let fields = tree.fields(tree.signature(signature).params);
        let field = fields.iter().find(|field| {
            let mut names = tree.names(field.names).iter();
            names.any(|parameter| tree.name(*parameter) == name)
        })?;
        Some(self.layout().text(tree.expr(field.ty).span))
    }

    /// Whether the file declares a constant of this name outside of functions.
    pub(crate) fn declares_constant(&self, name: &str) -> bool {
        let tree = &self.file().tree;
        self.file()
            .gen_decls()
            .filter(|decl| decl.keyword == caulk_syntax::DeclKeyword::Const)
            .flat_map(|decl| tree.specs(decl.specs))
            .any(|spec| match spec.kind {
                caulk_syntax::SpecKind::Value(value) => {
                    let mut names = tree.names(value.names).iter();
                    names.any(|other| tree.name(*other) == name)
                }
                _ => false,
            })
    }

    /// The signature of the declared function or function literal with the body `body`.
    pub(crate) fn signature<'s>(
        &'s self,
        scope: &Scope<'s>,
        body: Span,
    ) -> Option<(&'s Tree, SignatureId)> {
        let declared = self
            .parsed
            .file
            .funcs()
            .find(|func| func.body == Some(body));
        match declared {
            Some(func) => Some((&self.parsed.file.tree, func.signature)),
            None => scope.literal(body).map(|signature| (scope.tree, signature)),
        }
    }

    /// Whether the declaration that holds `span` has the byte at `offset` too.
    pub(crate) fn same_declaration(&self, span: Span, offset: u32) -> bool {
        let mut decls = self.parsed.file.decls.iter().map(|decl| decl.span());
        decls.any(|decl| decl.encloses(span) && decl.contains(offset))
    }

    /// Every name in the declaration that holds `span`, parameters and fields included, and every import.
    pub(crate) fn names_around(&self, span: Span) -> BTreeSet<&str> {
        let decl = self
            .parsed
            .file
            .decls
            .iter()
            .find(|decl| decl.span().encloses(span));
        self.names_in(decl.map_or(span, |decl| decl.span()))
    }

    /// Every name in `span`, and every import.
    pub(crate) fn names_in(&self, span: Span) -> BTreeSet<&str> {
        let text = self.layout().text(span);
        let word = |character: char| character.is_alphanumeric() || character == '_';
        let mut names: BTreeSet<&str> = text
            .split(|character| !word(character))
            .filter(|name| !name.is_empty())
            .collect();
        for import in self.parsed.file.imports() {
            let literal = import
                .import
                .path
                .map(|path| self.parsed.file.tree.literal(path));
            let path = literal.unwrap_or_default().trim_matches(['"', '`']);
            names.extend(path.rsplit('/').next());
            names.extend(import.name());
        }
        names
    }
}

/// The nodes of one declaration, each with its parent.
pub(crate) struct Scope<'a> {
    pub(crate) tree: &'a Tree,
    nodes: Vec<(Node, Option<usize>)>,
}

/// A node's place in its [`Scope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(usize);

impl<'a> Scope<'a> {
    fn new(tree: &'a Tree, roots: impl IntoIterator<Item = Node>) -> Self {
        let mut nodes: Vec<(Node, Option<usize>)> =
            roots.into_iter().map(|node| (node, None)).collect();
        let mut at = 0;
        while let Some(&(node, _)) = nodes.get(at) {
            tree.children(node, |child| nodes.push((child, Some(at))));
            at += 1;
        }
        Self { tree, nodes }
    }

    /// The statement with exactly this span; the innermost where several share it.
    pub(crate) fn statement(&self, span: Span) -> Option<At> {
        let is_it = |(node, _): &(Node, _)| match node {
            Node::Stmt(id) => self.tree.stmt(*id).span == span,
            Node::Expr(_) => false,
        };
        self.nodes.iter().rposition(is_it).map(At)
    }

    /// The expression with exactly this span; the innermost where several share it.
    pub(crate) fn expression(&self, span: Span) -> Option<ExprId> {
        match self.node(self.expression_at(span)?)? {
            Node::Expr(id) => Some(id),
            Node::Stmt(_) => None,
        }
    }

    /// The place of that expression.
    pub(crate) fn expression_at(&self, span: Span) -> Option<At> {
        let is_it = |(node, _): &(Node, _)| match node {
            Node::Expr(id) => self.tree.expr(*id).span == span,
            Node::Stmt(_) => false,
        };
        self.nodes.iter().rposition(is_it).map(At)
    }

    /// The innermost statement that holds `span`.
    pub(crate) fn statement_around(&self, span: Span) -> Option<At> {
        let holds = |(node, _): &(Node, _)| match node {
            Node::Stmt(id) => self.tree.stmt(*id).span.encloses(span),
            Node::Expr(_) => false,
        };
        self.nodes.iter().rposition(holds).map(At)
    }

    /// The signature of the function literal with the body `body`.
    fn literal(&self, body: Span) -> Option<SignatureId> {
        self.nodes.iter().find_map(|(node, _)| match node {
            Node::Expr(id) => match self.tree.expr(*id).kind {
                ExprKind::FuncLit {
                    signature,
                    body: block,
                } => (self.tree.stmt(block).span == body).then_some(signature),
                _ => None,
            },
            Node::Stmt(_) => None,
        })
    }

    /// The block that opens with the brace at `offset`.
    pub(crate) fn block_from(&self, offset: u32) -> Option<At> {
        let is_it = |(node, _): &(Node, _)| match node {
            Node::Stmt(id) => {
                let stmt = self.tree.stmt(*id);
                matches!(stmt.kind, StmtKind::Block(_)) && stmt.span.start == offset
            }
            Node::Expr(_) => false,
        };
        self.nodes.iter().rposition(is_it).map(At)
    }

    pub(crate) fn node(&self, at: At) -> Option<Node> {
        self.nodes.get(at.0).map(|(node, _)| *node)
    }

    pub(crate) fn kind(&self, at: At) -> Option<StmtKind> {
        match self.node(at)? {
            Node::Stmt(id) => Some(self.tree.stmt(id).kind),
            Node::Expr(_) => None,
        }
    }

    /// The kind of a statement where there is one.
    pub(crate) fn kind_of(&self, at: Option<At>) -> Option<StmtKind> {
        at.and_then(|at| self.kind(at))
    }

    pub(crate) fn stmt_id(&self, at: At) -> Option<StmtId> {
        match self.node(at)? {
            Node::Stmt(id) => Some(id),
            Node::Expr(_) => None,
        }
    }

    pub(crate) fn span(&self, at: At) -> Span {
        match self.node(at) {
            Some(Node::Stmt(id)) => self.tree.stmt(id).span,
            Some(Node::Expr(id)) => self.tree.expr(id).span,
            None => Span::default(),
        }
    }

    pub(crate) fn parent(&self, at: At) -> Option<At> {
        self.nodes.get(at.0).and_then(|(_, parent)| *parent).map(At)
    }

    /// The node and everything around it, from the inside out.
    pub(crate) fn outwards(&self, at: At) -> impl Iterator<Item = At> + '_ {
        std::iter::successors(Some(at), |at| self.parent(*at))
    }

    /// The statements of the block, case or select clause that lists `at`, and which of them it is.
    pub(crate) fn siblings(&self, at: At) -> Option<(&'a [StmtId], usize)> {
        let Some(Node::Stmt(id)) = self.node(at) else {
            return None;
        };
        // A clause stands among clauses, not among statements.
        if matches!(
            self.kind(at)?,
            StmtKind::Case { .. } | StmtKind::Comm { .. }
        ) {
            return None;
        }
        let list = match self.kind(self.parent(at)?)? {
            StmtKind::Block(block) => block.stmts,
            StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => body,
            _ => return None,
        };
        let list = self.tree.stmts(list);
        let index = list.iter().position(|sibling| *sibling == id)?;
        Some((list, index))
    }

    /// Whether a statement of a block, at any depth, assigns to a variable of this name or declares one so.
    pub(crate) fn assigns(&self, block: StmtId, name: &str) -> bool {
        let tree = self.tree;
        let mut found = false;
        tree.walk(block, |node| {
            if let Node::Stmt(id) = node
                && let StmtKind::Assign { lhs, .. } = tree.stmt(id).kind
            {
                found |= lists(tree, lhs, name);
            }
            Descend::Into
        });
        found
    }

    /// The places at which the name `name` stands below `root`, as a variable could: not after a dot, and
    /// not as the key of a composite literal's field where that could be told.
    pub(crate) fn uses(&self, root: impl Into<Node>, name: &str) -> Vec<Span> {
        let mut found = Vec::new();
        self.tree.walk(root, |node| {
            if let Node::Expr(id) = node
                && self.tree.ident(id) == Some(name)
            {
                found.push(self.tree.expr(id).span);
            }
            Descend::Into
        });
        found
    }

    /// The call of an expression that is one, and its arguments.
    pub(crate) fn call(&self, id: ExprId) -> Option<(ExprId, &'a [ExprId])> {
        match self.tree.expr(self.tree.unparen(id)).kind {
            ExprKind::Call { fun, args, .. } => Some((fun, self.tree.exprs(args))),
            _ => None,
        }
    }
}

/// Whether a variable of this name is in a list of expressions.
pub(crate) fn lists(tree: &Tree, exprs: List<ExprId>, name: &str) -> bool {
    let mut all = tree.exprs(exprs).iter();
    all.any(|expr| tree.ident(*expr) == Some(name))
}
