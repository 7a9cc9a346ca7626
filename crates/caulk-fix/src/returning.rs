//! How the function of a site returns an error, so that an edit can return one more.

use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, Span, StmtKind, Tree};

use crate::refusal::Refusal;
use crate::site::Site;
use crate::source::lists;

impl Site<'_> {
    /// The types of the function's results, as written.
    pub(crate) fn result_types(&self) -> Vec<String> {
        self.source.result_types(&self.scope, self.body())
    }

    /// Whether the last result of the function is an error.
    pub(crate) fn returns_error(&self) -> bool {
        self.result_types()
            .last()
            .is_some_and(|last| last == "error")
    }

    /// The statement that returns the error `error`, with values beside it that the function returns with
    /// errors elsewhere, or that are zero; none where these are not plain, or no error is returned at all.
    pub(crate) fn error_return(&self, error: &str) -> Option<String> {
        let types = self.result_types();
        let (last, others) = types.split_last()?;
        if last != "error" {
            return None;
        }
        if others.is_empty() {
            return Some(format!("return {error}"));
        }
        let values = self
            .values_beside_error(types.len())
            .or_else(|| others.iter().map(|ty| zero(ty)).collect())?;
        Some(format!("return {}, {error}", values.join(", ")))
    }

    /// What another `return` of the function gives beside an error.
    fn values_beside_error(&self, count: usize) -> Option<Vec<String>> {
        let tree = self.scope.tree;
        let mut found = None;
        tree.walk(self.body_block()?, |node| match node {
            Node::Stmt(id) => {
                if found.is_none()
                    && let StmtKind::Return(results) = tree.stmt(id).kind
                    && let Some((last, others)) = tree.exprs(results).split_last()
                    && others.len() + 1 == count
                    && tree.ident(*last) != Some("nil")
                    && others.iter().all(|other| is_empty_value(tree, *other))
                {
                    let text = |id: &ExprId| self.layout().text(tree.expr(*id).span).to_owned();
                    found = Some(others.iter().map(text).collect());
                }
                caulk_syntax::Descend::Into
            }
            // A literal returns for itself.
            Node::Expr(_) => caulk_syntax::Descend::Skip,
        });
        found
    }

    /// The lines that make `call` beside `place` and return its error, or end the test or the program with it.
    pub(crate) fn checked_call(&self, call: &str, place: Span) -> Result<Vec<String>, Refusal> {
        let ending = match (self.error_return("err"), self.error_result(place)) {
            (Some(ending), _) => ending,
            (None, Some(error)) => {
                return Ok(vec![
                    format!("if {error} = {call}; {error} != nil {{"),
                    "\treturn".to_owned(),
                    "}".to_owned(),
                ]);
            }
            (None, None) => self.ending_call().ok_or_else(|| {
                Refusal::of(
                    "the error of … must be handled, and there is no way to return it",
                    call,
                )
            })?,
        };
        Ok(vec![
            format!("if err := {call}; err != nil {{"),
            format!("\t{ending}"),
            "}".to_owned(),
        ])
    }

    /// The name of the result that is an error, where it means that beside `place`.
    pub(crate) fn error_result(&self, place: Span) -> Option<&str> {
        let (types, signature) = self.source.signature(&self.scope, self.body())?;
        let results = types.signature(signature).results?;
        let last = types.fields(results).last()?;
        let name = types.name(*types.names(last.names).last()?);
        let block = self.body_block()?;
        let mut hidden = name == "_" || !self.returns_error();
        let tree = self.scope.tree;
        tree.walk(block, |node| match node {
            Node::Stmt(id) => {
                let declares = match tree.stmt(id).kind {
                    StmtKind::Assign {
                        lhs,
                        op: AssignOp::Define,
                        ..
                    } => lists(tree, lhs, name),
                    StmtKind::Decl(_) => self.layout().text(tree.stmt(id).span).contains(name),
                    _ => false,
                };
                // In the outermost block it is the result itself that is assigned.
                let around = self
                    .scope
                    .statement(tree.stmt(id).span)
                    .and_then(|at| self.scope.parent(at));
                hidden |= declares
                    && around.is_none_or(|around| {
                        let around = self.scope.span(around);
                        around != self.body() && around.encloses(place)
                    });
                Descend::Into
            }
            Node::Expr(_) => Descend::Skip,
        });
        (!hidden).then_some(name)
    }

    /// The call that ends a test, or `main`, with an error.
    fn ending_call(&self) -> Option<String> {
        if let Some(test) = self.test() {
            return Some(format!("{test}.Fatal(err)"));
        }
        let logs = self.is_main() && self.source.imports("log");
        logs.then(|| "log.Fatal(err)".to_owned())
    }
}

/// `nil`, a number, a string, `false`, `T{}`.
fn is_empty_value(tree: &Tree, id: ExprId) -> bool {
    match tree.expr(id).kind {
        ExprKind::Ident(name) => ["nil", "false"].contains(&tree.name(name)),
        ExprKind::BasicLit(_) => true,
        ExprKind::CompositeLit { elts, .. } => elts.is_empty(),
        _ => false,
    }
}

/// The zero value of a type, by its text.
fn zero(ty: &str) -> Option<String> {
    let nil = ["*", "[]", "map[", "chan ", "<-chan ", "func("];
    let text = match ty {
        "string" => "\"\"",
        "bool" => "false",
        "error" | "any" | "interface{}" => "nil",
        "int" | "int8" | "int16" | "int32" | "int64" | "uint" | "uint8" | "uint16" | "uint32"
        | "uint64" | "uintptr" | "byte" | "rune" | "float32" | "float64" => "0",
        _ if nil.iter().any(|start| ty.starts_with(start)) => "nil",
        _ => return None,
    };
    Some(text.to_owned())
}
