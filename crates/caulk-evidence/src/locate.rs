//! Answers about the source from its syntax alone: nothing is typed, so that any tree will do.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use caulk_flow::Symbol;
use caulk_leaks::{ByteSpan, Location};
use caulk_syntax::{
    AssignOp, Body, Descend, ExprId, ExprKind, FuncDecl, LineIndex, Node, Span, SpecKind, Stmt,
    StmtKind, Tree,
};

use crate::source::{Source, Store, StoreKind};

/// Gives the bytes of a file.
type Read<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

/// The user's source, read on demand and kept.
pub struct SyntaxSource<'a> {
    read: Box<Read<'a>>,
    read_so_far: RefCell<HashMap<String, Option<Rc<Text>>>>,
}

struct Text {
    bytes: Vec<u8>,
    lines: LineIndex,
    functions: Vec<Function>,
}

struct Function {
    /// Receiver's type without star and type parameters, and the name.
    name: (Option<String>, String),
    span: Span,
    /// Names of parameters, results and receiver.
    parameters: BTreeSet<String>,
    body: Body,
}

impl<'a> SyntaxSource<'a> {
    /// `read` gives the bytes of a file relative to the module's root, or nothing where there is no
    /// such file.
    pub fn new(read: impl Fn(&str) -> Option<Vec<u8>> + 'a) -> SyntaxSource<'a> {
        SyntaxSource {
            read: Box::new(read),
            read_so_far: RefCell::default(),
        }
    }

    fn text(&self, file: &str) -> Option<Rc<Text>> {
        if let Some(known) = self.read_so_far.borrow().get(file) {
            return known.clone();
        }
        let text = (self.read)(file).map(|bytes| Rc::new(Text::new(bytes)));
        self.read_so_far
            .borrow_mut()
            .insert(file.to_owned(), text.clone());
        text
    }
}

impl Source for SyntaxSource<'_> {
    fn call(&self, file: &str, function: &str, line: u32, after_call: bool) -> Option<Location> {
        let text = self.text(file)?;
        let function = text.at_line(function, line)?;
        let calls = calls(&function.body, text.innermost(function, line));
        let span = if after_call {
            text.last_before(&calls, line)
        } else {
            text.spanning(&calls, line)
        };
        Some(text.location(file, span?))
    }

    fn go_statement(&self, file: &str, line: u32) -> Option<Location> {
        let text = self.text(file)?;
        let function = text
            .functions
            .iter()
            .find(|f| text.has_line(f.span, line))?;
        let mut found = None;
        each_statement(&function.body, |stmt| {
            if matches!(stmt.kind, StmtKind::Go(_)) && text.lines.line(stmt.span.start) == line {
                found.get_or_insert(stmt.span);
            }
        });
        Some(text.location(file, found?))
    }

    fn store(&self, file: &str, function: &str, line: u32) -> Option<Store> {
        let text = self.text(file)?;
        let function = text.at_line(function, line)?;
        text.stores(file, function)
            .into_iter()
            .find(|store| store.location.line <= line && line <= store.location.end_line)
    }

    fn stores_in(&self, file: &str, function: &str) -> Vec<Store> {
        let Some(text) = self.text(file) else {
            return Vec::new();
        };
        let Some(function) = text.named(function) else {
            return Vec::new();
        };
        text.stores(file, function)
    }

    fn line(&self, file: &str, line: u32) -> Option<Location> {
        let text = self.text(file)?;
        let span = text.lines.line_span(line)?;
        let content = span.of(&text.bytes);
        let indent = content
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        let trimmed = content.trim_ascii().len();
        let start = span.start.saturating_add(u32::try_from(indent).ok()?);
        let end = start.saturating_add(u32::try_from(trimmed).ok()?);
        Some(text.location(file, Span::new(start, end.max(start))))
    }
}

impl Text {
    fn new(bytes: Vec<u8>) -> Text {
        let file = caulk_syntax::outline(&bytes);
        let functions = file
            .funcs()
            .filter_map(|decl| {
                let body = caulk_syntax::body(&bytes, decl.body?);
                Some(Function {
                    name: (
                        receiver(&file.tree, decl),
                        file.tree.name(decl.name).to_owned(),
                    ),
                    span: decl.span,
                    parameters: parameters(&file.tree, decl),
                    body,
                })
            })
            .collect();
        Text {
            lines: LineIndex::new(&bytes),
            bytes,
            functions,
        }
    }

    fn has_line(&self, span: Span, line: u32) -> bool {
        self.lines.line(span.start) <= line && line <= self.lines.line(span.end)
    }

    /// The function that a runtime symbol names, if it spans the line; else the one that does (a
    /// profile of another build may be a few lines off, and two functions may share a name under
    /// different build tags).
    fn at_line(&self, symbol: &str, line: u32) -> Option<&Function> {
        let named = self
            .named(symbol)
            .filter(|function| self.has_line(function.span, line));
        named.or_else(|| self.functions.iter().find(|f| self.has_line(f.span, line)))
    }

    fn named(&self, symbol: &str) -> Option<&Function> {
        let Symbol { receiver, name, .. } = Symbol::parse(symbol)?;
        self.functions
            .iter()
            .find(|f| f.name.0 == receiver && f.name.1 == name)
    }

    /// The innermost function literal around a line, or else the whole body: what a frame executes
    /// stands there and not in a literal further in.
    fn innermost(&self, function: &Function, line: u32) -> Node {
        let mut best: (u32, Node) = (u32::MAX, Node::Stmt(function.body.block));
        let tree = &function.body.tree;
        tree.walk(function.body.block, |node| {
            if let Node::Expr(id) = node
                && let ExprKind::FuncLit { body, .. } = tree.expr(id).kind
            {
                let span = tree.stmt(body).span;
                if self.has_line(span, line) && span.len() < best.0 {
                    best = (span.len(), Node::Stmt(body));
                }
            }
            Descend::Into
        });
        best.1
    }

    fn last_before(&self, calls: &[Call], line: u32) -> Option<Span> {
        calls
            .iter()
            .filter(|call| self.lines.line(call.span.end) <= line)
            .max_by_key(|call| (call.span.end, std::cmp::Reverse(call.span.start)))
            .map(|call| call.span)
    }

    fn spanning(&self, calls: &[Call], line: u32) -> Option<Span> {
        calls
            .iter()
            .filter(|call| self.has_line(call.span, line))
            // The compiler gives a call the line of its opening parenthesis.
            .min_by_key(|call| (self.lines.line(call.lparen) != line, call.span.len()))
            .map(|call| call.span)
    }

    fn stores(&self, file: &str, function: &Function) -> Vec<Store> {
        let tree = &function.body.tree;
        let mut locals = function.parameters.clone();
        let mut stores = Vec::new();
        each_statement(&function.body, |stmt| match stmt.kind {
            StmtKind::Assign {
                lhs,
                op: AssignOp::Define,
                ..
            } => {
                locals.extend(
                    tree.exprs(lhs)
                        .iter()
                        .filter_map(|id| tree.ident(*id))
                        .map(str::to_owned),
                );
            }
            StmtKind::Decl(id) => {
                for spec in tree.specs(tree.gen_decl(id).specs) {
                    if let SpecKind::Value(value) = spec.kind {
                        locals.extend(
                            tree.names(value.names)
                                .iter()
                                .map(|n| tree.name(*n).to_owned()),
                        );
                    }
                }
            }
            StmtKind::Assign {
                lhs,
                op: AssignOp::Assign,
                rhs,
                ..
            } => {
                for (target, value) in tree.exprs(lhs).iter().zip(tree.exprs(rhs)) {
                    if let Some((holder, kind)) = self.kept(tree, *target, *value)
                        && outlives(tree, holder, &locals)
                    {
                        stores.push(Store {
                            location: self.location(file, stmt.span),
                            holder: self.source_text(tree.expr(holder).span),
                            kind,
                        });
                    }
                }
            }
            _ => {}
        });
        stores
    }

    fn kept(&self, tree: &Tree, target: ExprId, value: ExprId) -> Option<(ExprId, StoreKind)> {
        let target = tree.unparen(target);
        if let ExprKind::Index { x, .. } = tree.expr(target).kind {
            return Some((x, StoreKind::Insert));
        }
        let ExprKind::Call { fun, args, .. } = tree.expr(tree.unparen(value)).kind else {
            return None;
        };
        let first = *tree.exprs(args).first()?;
        let same =
            self.source_text(tree.expr(first).span) == self.source_text(tree.expr(target).span);
        (tree.ident(fun) == Some("append") && same).then_some((target, StoreKind::Append))
    }

    fn source_text(&self, span: Span) -> String {
        String::from_utf8_lossy(span.of(&self.bytes)).into_owned()
    }

    fn location(&self, file: &str, span: Span) -> Location {
        let start = self.lines.line_column(span.start);
        let end = self.lines.line_column(span.end);
        Location {
            file: file.to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            span: ByteSpan {
                start: span.start,
                end: span.end,
            },
        }
    }
}

/// Whether what is stored in `holder` outlives the call: it is a field of something, or a variable
/// that the function does not declare.
fn outlives(tree: &Tree, holder: ExprId, locals: &BTreeSet<String>) -> bool {
    let mut id = tree.unparen(holder);
    let mut is_field = false;
    loop {
        id = match tree.expr(id).kind {
            ExprKind::Selector { x, .. } => {
                is_field = true;
                tree.unparen(x)
            }
            ExprKind::Index { x, .. } => tree.unparen(x),
            ExprKind::Star(x) => tree.unparen(x),
            ExprKind::Ident(name) => return is_field || !locals.contains(tree.name(name)),
            _ => return is_field,
        }
    }
}

struct Call {
    span: Span,
    lparen: u32,
}

/// Functions of the language that are compiled to no call that could be on a stack.
const BUILTINS: [&str; 16] = [
    "append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max",
    "min", "new", "print", "println", "real",
];

/// The calls below a node, those in function literals further in left out.
fn calls(body: &Body, root: Node) -> Vec<Call> {
    let tree = &body.tree;
    let mut calls = Vec::new();
    tree.walk(root, |node| {
        let Node::Expr(id) = node else {
            return Descend::Into;
        };
        match tree.expr(id).kind {
            ExprKind::FuncLit { .. } => return Descend::Skip,
            ExprKind::Call { fun, lparen, .. }
                if !tree.ident(fun).is_some_and(|name| BUILTINS.contains(&name)) =>
            {
                calls.push(Call {
                    span: tree.expr(id).span,
                    lparen: lparen.offset(),
                });
            }
            _ => {}
        }
        Descend::Into
    });
    calls
}

fn each_statement(body: &Body, mut visit: impl FnMut(&Stmt)) {
    body.tree.walk(body.block, |node| {
        if let Node::Stmt(id) = node {
            visit(body.tree.stmt(id));
        }
        Descend::Into
    });
}

fn receiver(tree: &Tree, decl: &FuncDecl) -> Option<String> {
    let field = *tree.fields(decl.recv?).first()?;
    let mut id = tree.unparen(field.ty);
    loop {
        id = match tree.expr(id).kind {
            ExprKind::Star(x) => tree.unparen(x),
            ExprKind::Index { x, .. } => tree.unparen(x),
            ExprKind::Ident(name) => return Some(tree.name(name).to_owned()),
            _ => return None,
        }
    }
}

fn parameters(tree: &Tree, decl: &FuncDecl) -> BTreeSet<String> {
    let signature = tree.signature(decl.signature);
    [decl.recv, Some(signature.params), signature.results]
        .into_iter()
        .flatten()
        .flat_map(|list| tree.fields(list))
        .flat_map(|field| tree.names(field.names))
        .map(|name| tree.name(*name).to_owned())
        .collect()
}
