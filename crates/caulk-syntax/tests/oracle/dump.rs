//! The dump of a tree that `main.go` beside this file makes of go/parser's tree.

use caulk_syntax::{
    AssignOp, Body, BranchKind, ChanDir, Comment, Comments, Decl, DeclKeyword, ExprId, ExprKind,
    Field, FieldList, FuncDecl, GenDecl, List, LitKind, Literal, Name, Parsed, Pos, SignatureId,
    Span, SpecKind, StmtId, StmtKind, Tree,
};

/// Takes the nodes of a dump in order.
pub trait Sink {
    fn emit(&mut self, kind: &str, ints: &[i64], name: &str);
}

/// FNV-1a over the dump.
pub struct Hash(pub u64);

impl Default for Hash {
    fn default() -> Hash {
        Hash(14695981039346656037)
    }
}

impl Hash {
    fn mix(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(1099511628211);
    }
}

impl Sink for Hash {
    fn emit(&mut self, kind: &str, ints: &[i64], name: &str) {
        kind.bytes().for_each(|b| self.mix(u32::from(b)));
        ints.iter().for_each(|&n| self.mix(n as u32));
        name.bytes().for_each(|b| self.mix(u32::from(b)));
    }
}

/// The dump as lines.
#[derive(Default)]
pub struct Text(pub Vec<String>);

impl Sink for Text {
    fn emit(&mut self, kind: &str, ints: &[i64], name: &str) {
        let ints: Vec<String> = ints.iter().map(i64::to_string).collect();
        self.0.push(
            format!("{kind} {} {name}", ints.join(" "))
                .trim_end()
                .to_owned(),
        );
    }
}

pub fn dump(parsed: &Parsed, src: &[u8], sink: &mut impl Sink) {
    let file = &parsed.file;
    let mut dumper = Dumper {
        tree: &file.tree,
        comments: &file.comments,
        sink,
    };
    let package = file.package.unwrap();
    dumper
        .sink
        .emit("File", &[i64::from(package.package.offset())], "");
    dumper.name(package.name);
    for (decl, body) in parsed.decls() {
        dump_decl(parsed, decl, body, sink);
    }
    let mut comments: Vec<Comment> = file.comments.all().to_vec();
    comments.extend(parsed.bodies.iter().flat_map(|body| body.comments.all()));
    comments.sort_by_key(|comment| comment.span.start);
    let has_cr = src.contains(&b'\r');
    for comment in comments {
        let len = if has_cr { 0 } else { comment.span.len() };
        sink.emit(
            "Comment",
            &[i64::from(comment.span.start), i64::from(len)],
            "",
        );
    }
}

/// The dump of one declaration.
pub fn dump_decl(parsed: &Parsed, decl: &Decl, body: Option<&Body>, sink: &mut impl Sink) {
    let file = &parsed.file;
    let mut dumper = Dumper {
        tree: &file.tree,
        comments: &file.comments,
        sink,
    };
    match decl {
        Decl::Bad(span) => dumper.node("BadDecl", *span, &[]),
        Decl::Gen(decl) => dumper.gen_decl(decl, true),
        Decl::Func(func) => {
            dumper.func_decl(func);
            match body {
                None => dumper.none(),
                Some(body) => {
                    Dumper {
                        tree: &body.tree,
                        comments: &body.comments,
                        sink,
                    }
                    .stmt(body.block);
                }
            }
        }
    }
}

struct Dumper<'a, S> {
    tree: &'a Tree,
    comments: &'a Comments,
    sink: &'a mut S,
}

fn at(pos: Option<Pos>) -> i64 {
    pos.map_or(-1, |pos| i64::from(pos.offset()))
}

/// The closing bracket that a span ends with.
fn close(span: Span) -> Option<Pos> {
    Some(Pos::new(span.end - 1))
}

impl<S: Sink> Dumper<'_, S> {
    fn node(&mut self, kind: &str, span: Span, extra: &[Option<Pos>]) {
        let mut ints = [0; 5];
        ints[0] = i64::from(span.start);
        ints[1] = i64::from(span.end);
        for (slot, pos) in ints[2..].iter_mut().zip(extra) {
            *slot = at(*pos);
        }
        self.sink.emit(kind, &ints[..2 + extra.len()], "");
    }

    fn word(&mut self, word: &str) {
        self.sink.emit(word, &[], "");
    }

    fn none(&mut self) {
        self.word("none");
    }

    fn list(&mut self, len: usize) {
        self.sink.emit("list", &[len as i64], "");
    }

    fn name(&mut self, name: Name) {
        let ints = [i64::from(name.span.start), i64::from(name.span.end)];
        self.sink.emit("Ident", &ints, self.tree.name(name));
    }

    fn opt_name(&mut self, name: Option<Name>) {
        match name {
            Some(name) => self.name(name),
            None => self.none(),
        }
    }

    fn names(&mut self, list: List<Name>) {
        self.list(list.len());
        let tree = self.tree;
        tree.names(list).iter().for_each(|&name| self.name(name));
    }

    fn literal(&mut self, literal: Option<Literal>) {
        let Some(literal) = literal else {
            return self.none();
        };
        let kind = match literal.kind {
            LitKind::Int => "INT",
            LitKind::Float => "FLOAT",
            LitKind::Imag => "IMAG",
            LitKind::Char => "CHAR",
            LitKind::String => "STRING",
        };
        let ints = [i64::from(literal.span.start), i64::from(literal.span.end)];
        self.sink.emit("BasicLit", &ints, kind);
    }

    fn doc(&mut self, offset: u32) {
        let comments = self.comments;
        match comments.doc(offset) {
            [] => self.none(),
            [only] => self.doc_span(only, only),
            [first, .., last] => self.doc_span(first, last),
        }
    }

    fn doc_span(&mut self, first: &Comment, last: &Comment) {
        let ints = [i64::from(first.span.start), i64::from(last.span.start)];
        self.sink.emit("doc", &ints, "");
    }

    fn func_decl(&mut self, func: &FuncDecl) {
        self.node("FuncDecl", func.span, &[]);
        self.doc(func.span.start);
        self.opt_fields(func.recv);
        self.name(func.name);
        self.signature(func.signature);
    }

    fn gen_decl(&mut self, decl: &GenDecl, top: bool) {
        self.node("GenDecl", decl.span, &[decl.lparen, decl.rparen]);
        if top {
            self.doc(decl.span.start);
        }
        self.word(match decl.keyword {
            DeclKeyword::Import => "import",
            DeclKeyword::Const => "const",
            DeclKeyword::Type => "type",
            DeclKeyword::Var => "var",
        });
        self.list(decl.specs.len());
        let tree = self.tree;
        for spec in tree.specs(decl.specs) {
            let documented = top && decl.lparen.is_some();
            match spec.kind {
                SpecKind::Import(import) => {
                    self.node("ImportSpec", spec.span, &[]);
                    self.opt_name(import.name);
                    self.literal(import.path);
                }
                SpecKind::Value(value) => {
                    self.node("ValueSpec", spec.span, &[]);
                    if documented {
                        self.doc(spec.span.start);
                    }
                    self.names(value.names);
                    self.opt_expr(value.ty);
                    self.exprs(value.values);
                }
                SpecKind::Type(ty) => {
                    self.node("TypeSpec", spec.span, &[ty.assign]);
                    if documented {
                        self.doc(spec.span.start);
                    }
                    self.name(ty.name);
                    self.opt_fields(ty.type_params);
                    self.expr(ty.ty);
                }
            }
        }
    }

    fn opt_fields(&mut self, list: Option<FieldList>) {
        match list {
            Some(list) => self.fields(list, false),
            None => self.none(),
        }
    }

    fn fields(&mut self, list: FieldList, docs: bool) {
        let ints = [at(list.open), at(list.close), list.fields.len() as i64];
        self.sink.emit("FieldList", &ints, "");
        let tree = self.tree;
        for &Field {
            span,
            names,
            ty,
            tag,
        } in tree.fields(list)
        {
            self.node("Field", span, &[]);
            if docs {
                self.doc(span.start);
            }
            self.names(names);
            self.expr(ty);
            self.literal(tag);
        }
    }

    fn signature(&mut self, id: SignatureId) {
        let signature = *self.tree.signature(id);
        self.node("FuncType", signature.span, &[signature.func]);
        self.opt_fields(signature.type_params);
        self.fields(signature.params, false);
        self.opt_fields(signature.results);
    }

    fn opt_expr(&mut self, id: Option<ExprId>) {
        match id {
            Some(id) => self.expr(id),
            None => self.none(),
        }
    }

    fn exprs(&mut self, list: List<ExprId>) {
        self.list(list.len());
        let tree = self.tree;
        tree.exprs(list).iter().for_each(|&id| self.expr(id));
    }

    fn expr(&mut self, id: ExprId) {
        let tree = self.tree;
        let expr = tree.expr(id);
        let span = expr.span;
        match expr.kind {
            ExprKind::Bad => self.node("BadExpr", span, &[]),
            ExprKind::Ident(name) => self.name(name),
            ExprKind::BasicLit(literal) => self.literal(Some(literal)),
            ExprKind::Ellipsis(elt) => {
                self.node("Ellipsis", span, &[]);
                self.opt_expr(elt);
            }
            ExprKind::FuncLit { signature, body } => {
                self.node("FuncLit", span, &[]);
                self.signature(signature);
                self.stmt(body);
            }
            ExprKind::CompositeLit { ty, lbrace, elts } => {
                self.node("CompositeLit", span, &[Some(lbrace), close(span)]);
                self.opt_expr(ty);
                self.exprs(elts);
            }
            ExprKind::Paren(x) => {
                self.node(
                    "ParenExpr",
                    span,
                    &[Some(Pos::new(span.start)), close(span)],
                );
                self.expr(x);
            }
            ExprKind::Selector { x, sel } => {
                self.node("SelectorExpr", span, &[]);
                self.expr(x);
                self.name(sel);
            }
            ExprKind::Index { x, lbrack, indices } => {
                self.node("IndexExpr", span, &[Some(lbrack), close(span)]);
                self.expr(x);
                self.exprs(indices);
            }
            ExprKind::Slice {
                x,
                lbrack,
                low,
                high,
                max,
            } => {
                self.node("SliceExpr", span, &[Some(lbrack), close(span)]);
                self.expr(x);
                self.opt_expr(low);
                self.opt_expr(high);
                self.opt_expr(max);
            }
            ExprKind::TypeAssert { x, lparen, ty } => {
                self.node("TypeAssertExpr", span, &[Some(lparen), close(span)]);
                self.expr(x);
                self.opt_expr(ty);
            }
            ExprKind::Call {
                fun,
                lparen,
                args,
                ellipsis,
            } => {
                self.node("CallExpr", span, &[Some(lparen), ellipsis, close(span)]);
                self.expr(fun);
                self.exprs(args);
            }
            ExprKind::Star(x) => {
                self.node("StarExpr", span, &[]);
                self.expr(x);
            }
            ExprKind::Unary { op, x } => {
                self.node("UnaryExpr", span, &[]);
                self.word(op.text());
                self.expr(x);
            }
            ExprKind::Binary { x, op, op_pos, y } => {
                self.node("BinaryExpr", span, &[Some(op_pos)]);
                self.word(op.text());
                self.expr(x);
                self.expr(y);
            }
            ExprKind::Chain { first, rest } => {
                // Nested to the left: the outermost operation, which is the last, comes first.
                let links = tree.chain_links(rest);
                for link in links.iter().rev() {
                    let span = Span::new(span.start, tree.expr(link.y).span.end);
                    self.node("BinaryExpr", span, &[Some(link.op_pos)]);
                    self.word(link.op.text());
                }
                self.expr(first);
                links.iter().for_each(|link| self.expr(link.y));
            }
            ExprKind::KeyValue { key, colon, value } => {
                self.node("KeyValueExpr", span, &[Some(colon)]);
                self.expr(key);
                self.expr(value);
            }
            ExprKind::ArrayType { len, elt } => {
                self.node("ArrayType", span, &[]);
                self.opt_expr(len);
                self.expr(elt);
            }
            ExprKind::StructType(fields) => {
                self.node("StructType", span, &[]);
                self.fields(fields, true);
            }
            ExprKind::FuncType(signature) => self.signature(signature),
            ExprKind::InterfaceType(methods) => {
                self.node("InterfaceType", span, &[]);
                self.fields(methods, false);
            }
            ExprKind::MapType { key, value } => {
                self.node("MapType", span, &[]);
                self.expr(key);
                self.expr(value);
            }
            ExprKind::ChanType { dir, arrow, value } => {
                self.node("ChanType", span, &[arrow]);
                self.word(match dir {
                    ChanDir::Both => "both",
                    ChanDir::Send => "send",
                    ChanDir::Recv => "recv",
                });
                self.expr(value);
            }
        }
    }

    fn opt_stmt(&mut self, id: Option<StmtId>) {
        match id {
            Some(id) => self.stmt(id),
            None => self.none(),
        }
    }

    fn stmts(&mut self, list: List<StmtId>) {
        self.list(list.len());
        let tree = self.tree;
        tree.stmts(list).iter().for_each(|&id| self.stmt(id));
    }

    fn assign_op(&mut self, op: AssignOp) {
        match op {
            AssignOp::Assign => self.word("="),
            AssignOp::Define => self.word(":="),
            AssignOp::Compound(op) => self.word(&format!("{}=", op.text())),
        }
    }

    fn stmt(&mut self, id: StmtId) {
        let tree = self.tree;
        let stmt = tree.stmt(id);
        let span = stmt.span;
        match stmt.kind {
            StmtKind::Bad => self.node("BadStmt", span, &[]),
            StmtKind::Decl(decl) => self.gen_decl(tree.gen_decl(decl), false),
            StmtKind::Empty => self.node("EmptyStmt", span, &[]),
            StmtKind::Labeled { label, colon, stmt } => {
                self.node("LabeledStmt", span, &[Some(colon)]);
                self.name(label);
                self.stmt(stmt);
            }
            StmtKind::Expr(x) => {
                self.node("ExprStmt", span, &[]);
                self.expr(x);
            }
            StmtKind::Send { chan, arrow, value } => {
                self.node("SendStmt", span, &[Some(arrow)]);
                self.expr(chan);
                self.expr(value);
            }
            StmtKind::IncDec {
                x,
                increment,
                op_pos,
            } => {
                self.node("IncDecStmt", span, &[Some(op_pos)]);
                self.word(if increment { "++" } else { "--" });
                self.expr(x);
            }
            StmtKind::Assign {
                lhs,
                op,
                op_pos,
                rhs,
            } => {
                self.node("AssignStmt", span, &[Some(op_pos)]);
                self.assign_op(op);
                self.exprs(lhs);
                self.exprs(rhs);
            }
            StmtKind::Go(call) => {
                self.node("GoStmt", span, &[]);
                self.expr(call);
            }
            StmtKind::Defer(call) => {
                self.node("DeferStmt", span, &[]);
                self.expr(call);
            }
            StmtKind::Return(results) => {
                self.node("ReturnStmt", span, &[]);
                self.exprs(results);
            }
            StmtKind::Branch { kind, label } => {
                self.node("BranchStmt", span, &[]);
                self.word(match kind {
                    BranchKind::Break => "break",
                    BranchKind::Continue => "continue",
                    BranchKind::Goto => "goto",
                    BranchKind::Fallthrough => "fallthrough",
                });
                self.opt_name(label);
            }
            StmtKind::Block(block) => {
                self.node("BlockStmt", span, &[block.rbrace]);
                self.stmts(block.stmts);
            }
            StmtKind::If {
                init,
                cond,
                then,
                els,
            } => {
                self.node("IfStmt", span, &[]);
                self.opt_stmt(init);
                self.expr(cond);
                self.stmt(then);
                self.opt_stmt(els);
            }
            StmtKind::Switch { init, tag, body } => {
                self.node("SwitchStmt", span, &[]);
                self.opt_stmt(init);
                self.opt_expr(tag);
                self.stmt(body);
            }
            StmtKind::TypeSwitch { init, assign, body } => {
                self.node("TypeSwitchStmt", span, &[]);
                self.opt_stmt(init);
                self.stmt(assign);
                self.stmt(body);
            }
            StmtKind::Case { list, colon, body } => {
                self.node("CaseClause", span, &[Some(colon)]);
                self.exprs(list);
                self.stmts(body);
            }
            StmtKind::Select(body) => {
                self.node("SelectStmt", span, &[]);
                self.stmt(body);
            }
            StmtKind::Comm { comm, colon, body } => {
                self.node("CommClause", span, &[Some(colon)]);
                self.opt_stmt(comm);
                self.stmts(body);
            }
            StmtKind::For {
                init,
                cond,
                post,
                body,
            } => {
                self.node("ForStmt", span, &[]);
                self.opt_stmt(init);
                self.opt_expr(cond);
                self.opt_stmt(post);
                self.stmt(body);
            }
            StmtKind::Range {
                key,
                value,
                op,
                op_pos,
                range,
                x,
                body,
            } => {
                self.node("RangeStmt", span, &[op_pos, Some(range)]);
                if let Some(op) = op {
                    self.assign_op(op);
                }
                self.opt_expr(key);
                self.opt_expr(value);
                self.expr(x);
                self.stmt(body);
            }
        }
    }
}
