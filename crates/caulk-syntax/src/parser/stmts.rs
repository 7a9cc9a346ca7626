//! Statements.

use super::simple::{RangeClause, Simple, SimpleOrRange};
use super::{Parser, starts_statement};
use crate::span::Span;
use crate::token::{AssignOp, TokenKind};
use crate::tree::{Block, BranchKind, ExprId, ExprKind, GenDeclId, List, StmtId, StmtKind};

impl Parser<'_> {
    /// One statement with the semicolon after it.
    pub(super) fn stmt(&mut self) -> StmtId {
        let depth = self.depth;
        let start = self.span.start;
        let stmt = if self.deepen() {
            self.stmt_at_depth()
        } else {
            self.add_stmt(StmtKind::Bad, start)
        };
        self.depth = depth;
        stmt
    }

    fn stmt_at_depth(&mut self) -> StmtId {
        use TokenKind as T;
        let start = self.span.start;
        match self.tok {
            T::Ident
            | T::Int
            | T::Float
            | T::Imag
            | T::Char
            | T::String
            | T::Func
            | T::Lparen
            | T::Lbrack
            | T::Struct
            | T::Map
            | T::Chan
            | T::Interface
            | T::Add
            | T::Sub
            | T::Mul
            | T::And
            | T::Xor
            | T::Arrow
            | T::Not => {
                let simple = self.simple_or_labelled_stmt();
                // A labelled statement has its semicolon already.
                if !matches!(simple.kind, StmtKind::Labeled { .. }) {
                    self.expect_semicolon();
                }
                self.add_simple(simple)
            }
            T::Const | T::Type | T::Var => {
                let decl = self.gen_decl();
                let id = GenDeclId::from_index(self.tree.gen_decls.len());
                self.tree.gen_decls.push(decl);
                self.tree.add_stmt(StmtKind::Decl(id), decl.span)
            }
            T::Go | T::Defer => self.go_or_defer(),
            T::Return => {
                self.advance();
                let results = match self.tok {
                    T::Semicolon | T::Rbrace => List::EMPTY,
                    _ => self.expr_list(true),
                };
                self.finish_stmt(StmtKind::Return(results), start)
            }
            T::Break | T::Continue | T::Goto | T::Fallthrough => self.branch(),
            T::Lbrace => {
                let block = self.block();
                self.expect_semicolon();
                block
            }
            T::If => self.if_stmt(),
            T::Switch => self.switch_stmt(),
            T::Select => self.select_stmt(),
            T::For => self.for_stmt(),
            T::Semicolon => {
                // In good code no automatic semicolon stands alone.
                let span = if self.span.is_empty() {
                    self.nothing()
                } else {
                    self.span
                };
                self.advance();
                self.tree.add_stmt(StmtKind::Empty, span)
            }
            // The semicolon may be left out before a closing brace.
            T::Rbrace => self.tree.add_stmt(StmtKind::Empty, Span::empty(start)),
            _ => {
                self.expected("statement");
                self.skip_to(starts_statement);
                self.add_stmt(StmtKind::Bad, start)
            }
        }
    }

    /// The statement from `start` to here, whose semicolon follows.
    fn finish_stmt(&mut self, kind: StmtKind, start: u32) -> StmtId {
        let span = self.span_from(start);
        self.expect_semicolon();
        self.tree.add_stmt(kind, span)
    }

    /// `{ … }`
    pub(super) fn block(&mut self) -> StmtId {
        let start = self.open_block();
        let stmts = self.stmt_list();
        self.finish_block(start, stmts)
    }

    /// Consumes a `{` and returns where the block starts.
    fn open_block(&mut self) -> u32 {
        let found = self.at(TokenKind::Lbrace);
        let start = if found { self.span } else { self.nothing() }.start;
        self.expect(TokenKind::Lbrace);
        start
    }

    fn finish_block(&mut self, start: u32, stmts: List<StmtId>) -> StmtId {
        let end = self.prev_end;
        let rbrace = self.expect_present(TokenKind::Rbrace);
        let end = if rbrace.is_some() { self.prev_end } else { end };
        let block = Block { stmts, rbrace };
        self.tree
            .add_stmt(StmtKind::Block(block), Span::new(start, end.max(start)))
    }

    /// Statements up to what closes them.
    fn stmt_list(&mut self) -> List<StmtId> {
        use TokenKind as T;
        let first = self.pending.stmts.len();
        while !matches!(self.tok, T::Case | T::Default | T::Rbrace | T::Eof) {
            let stmt = self.stmt();
            self.pending.stmts.push(stmt);
        }
        self.finish_stmts(first)
    }

    fn go_or_defer(&mut self) -> StmtId {
        let start = self.span.start;
        let is_go = self.at(TokenKind::Go);
        self.advance();
        let name = if is_go { "go" } else { "defer" };
        let kind = match self.called(name) {
            Some(call) if is_go => StmtKind::Go(call),
            Some(call) => StmtKind::Defer(call),
            None => StmtKind::Bad,
        };
        self.finish_stmt(kind, start)
    }

    /// The call after `go` or `defer`.
    fn called(&mut self, statement: &str) -> Option<ExprId> {
        let whole = self.rhs();
        let x = self.tree.unparen(whole);
        if x != whole {
            let at = self.expr_span(whole).start;
            self.error(
                at,
                format!("expression in {statement} must not be parenthesized"),
            );
        }
        match self.tree.expr(x).kind {
            ExprKind::Call { .. } => return Some(x),
            ExprKind::Bad => {}
            _ => {
                let at = self.expr_span(x).end;
                self.error(
                    at,
                    format!("expression in {statement} must be function call"),
                );
            }
        }
        None
    }

    fn branch(&mut self) -> StmtId {
        let start = self.span.start;
        let kind = match self.tok {
            TokenKind::Break => BranchKind::Break,
            TokenKind::Continue => BranchKind::Continue,
            TokenKind::Goto => BranchKind::Goto,
            _ => BranchKind::Fallthrough,
        };
        self.advance();
        let has_label = match kind {
            BranchKind::Goto => true,
            BranchKind::Break | BranchKind::Continue => self.at(TokenKind::Ident),
            BranchKind::Fallthrough => false,
        };
        let label = has_label.then(|| self.name());
        self.finish_stmt(StmtKind::Branch { kind, label }, start)
    }

    /// What `parse` reads in the header of a control statement, where `{` starts its block.
    fn in_header<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.expr_level, -1);
        let parsed = parse(self);
        self.expr_level = outer;
        parsed
    }

    /// An `if` with all its `else if`s. Generated code has hundreds of them, so that they are read
    /// in a loop.
    fn if_stmt(&mut self) -> StmtId {
        let height = std::mem::take(&mut self.height);
        let mut branches = Vec::new();
        let mut els = None;
        loop {
            let start = self.span.start;
            self.advance();
            let (init, cond) = self.if_header();
            let then = self.block();
            branches.push(IfBranch {
                start,
                init,
                cond,
                then,
            });
            if !self.eat(TokenKind::Else) {
                self.expect_semicolon();
                break;
            }
            match self.tok {
                TokenKind::If => {
                    self.grow(1);
                    if self.at(TokenKind::If) {
                        continue;
                    }
                }
                TokenKind::Lbrace => {
                    els = Some(self.block());
                    self.expect_semicolon();
                }
                _ => {
                    self.expected("if statement or block");
                    let span = self.nothing();
                    els = Some(self.tree.add_stmt(StmtKind::Bad, span));
                }
            }
            break;
        }
        self.height = self.height.max(height);
        let outermost = branches.into_iter().rev().fold(els, |els, branch| {
            let IfBranch {
                start,
                init,
                cond,
                then,
            } = branch;
            let end = self.tree.stmt(els.unwrap_or(then)).span.end;
            let kind = StmtKind::If {
                init,
                cond,
                then,
                els,
            };
            Some(self.tree.add_stmt(kind, Span::new(start, end.max(start))))
        });
        outermost.unwrap_or_else(|| self.add_stmt(StmtKind::Bad, self.span.start))
    }

    /// `init; cond` before the block of an `if`.
    fn if_header(&mut self) -> (Option<StmtId>, ExprId) {
        if self.at(TokenKind::Lbrace) {
            let at = self.span.start;
            self.error(at, "missing condition in if statement");
            return (None, self.tree.add_expr(ExprKind::Bad, self.nothing()));
        }
        self.in_header(|p| {
            let first = (!p.at(TokenKind::Semicolon)).then(|| {
                if p.eat(TokenKind::Var) {
                    p.error(
                        p.span.start,
                        "var declaration not allowed in if initializer",
                    );
                }
                p.simple_stmt()
            });
            if p.at(TokenKind::Lbrace) {
                return (None, p.if_condition(first));
            }
            let semicolon = p.span;
            let is_semicolon = p.at(TokenKind::Semicolon);
            p.expect(TokenKind::Semicolon);
            let init = first.map(|first| p.add_simple(first));
            let second = (!p.at(TokenKind::Lbrace)).then(|| p.simple_stmt());
            if second.is_none() && is_semicolon {
                let message = if semicolon.is_empty() {
                    "unexpected newline, expecting { after if clause"
                } else {
                    "missing condition in if statement"
                };
                p.error(semicolon.start, message);
            }
            (init, p.if_condition(second))
        })
    }

    fn if_condition(&mut self, cond: Option<Simple>) -> ExprId {
        match cond {
            Some(cond) => self.header_expr(cond, "boolean expression"),
            None => self.tree.add_expr(ExprKind::Bad, self.nothing()),
        }
    }

    fn switch_stmt(&mut self) -> StmtId {
        let start = self.span.start;
        self.advance();
        let mut init = None;
        let mut tag = None;
        if !self.at(TokenKind::Lbrace) {
            self.in_header(|p| {
                if !p.at(TokenKind::Semicolon) {
                    tag = Some(p.simple_stmt());
                }
                if p.eat(TokenKind::Semicolon) {
                    init = tag.take().map(|init| p.add_simple(init));
                    if !p.at(TokenKind::Lbrace) {
                        tag = Some(p.simple_stmt());
                    }
                }
            });
        }
        let guard = tag.filter(|tag| self.is_type_switch_guard(tag));
        let body = self.clauses(Parser::case_clause);
        let kind = match (guard, tag) {
            (Some(guard), _) => StmtKind::TypeSwitch {
                init,
                assign: self.add_simple(guard),
                body,
            },
            (None, Some(tag)) => {
                let tag = self.header_expr(tag, "switch expression");
                StmtKind::Switch {
                    init,
                    tag: Some(tag),
                    body,
                }
            }
            (None, None) => StmtKind::Switch {
                init,
                tag: None,
                body,
            },
        };
        self.finish_stmt(kind, start)
    }

    /// Whether the statement is `x.(type)` or `v := x.(type)`.
    fn is_type_switch_guard(&mut self, simple: &Simple) -> bool {
        match simple.kind {
            StmtKind::Expr(x) => self.asserts_any_type(x),
            StmtKind::Assign {
                lhs,
                op,
                op_pos,
                rhs,
            } => {
                let &[x] = self.tree.exprs(rhs) else {
                    return false;
                };
                if lhs.len() != 1 || !self.asserts_any_type(x) {
                    return false;
                }
                if op == AssignOp::Assign {
                    self.error(op_pos.offset(), "expected ':=', found '='");
                }
                matches!(op, AssignOp::Assign | AssignOp::Define)
            }
            _ => false,
        }
    }

    fn asserts_any_type(&self, x: ExprId) -> bool {
        matches!(
            self.tree.expr(x).kind,
            ExprKind::TypeAssert { ty: None, .. }
        )
    }

    /// The braces of a `switch` or `select` with its clauses.
    fn clauses(&mut self, clause: fn(&mut Self) -> StmtId) -> StmtId {
        let start = self.open_block();
        let first = self.pending.stmts.len();
        while matches!(self.tok, TokenKind::Case | TokenKind::Default) {
            let clause = clause(self);
            self.pending.stmts.push(clause);
        }
        let clauses = self.finish_stmts(first);
        self.finish_block(start, clauses)
    }

    fn case_clause(&mut self) -> StmtId {
        let start = self.span.start;
        let list = if self.eat(TokenKind::Case) {
            self.expr_list(true)
        } else {
            self.expect(TokenKind::Default);
            List::EMPTY
        };
        let colon = self.expect(TokenKind::Colon);
        let end = self.prev_end;
        let body = self.stmt_list();
        let span = self.clause_span(start, end, body);
        self.tree
            .add_stmt(StmtKind::Case { list, colon, body }, span)
    }

    fn clause_span(&self, start: u32, end: u32, body: List<StmtId>) -> Span {
        let last = self.tree.stmts(body).last();
        let end = last.map_or(end, |&last| self.tree.stmt(last).span.end);
        Span::new(start, end.max(start))
    }

    fn select_stmt(&mut self) -> StmtId {
        let start = self.span.start;
        self.advance();
        let body = self.clauses(Parser::comm_clause);
        self.finish_stmt(StmtKind::Select(body), start)
    }

    fn comm_clause(&mut self) -> StmtId {
        let start = self.span.start;
        let comm = if self.eat(TokenKind::Case) {
            Some(self.communication())
        } else {
            self.expect(TokenKind::Default);
            None
        };
        let colon = self.expect(TokenKind::Colon);
        let end = self.prev_end;
        let body = self.stmt_list();
        let span = self.clause_span(start, end, body);
        self.tree
            .add_stmt(StmtKind::Comm { comm, colon, body }, span)
    }

    /// `ch <- v`, `v, ok := <-ch`, `<-ch`
    fn communication(&mut self) -> StmtId {
        let start = self.span.start;
        let mut lhs = self.expr_list(false);
        let op_pos = self.pos();
        let op = match self.tok {
            TokenKind::Arrow => {
                let chan = self.only_expr(start, lhs, "1 expression");
                self.advance();
                let kind = StmtKind::Send {
                    chan,
                    arrow: op_pos,
                    value: self.rhs(),
                };
                return self.add_stmt(kind, start);
            }
            TokenKind::Assign => AssignOp::Assign,
            TokenKind::Define => AssignOp::Define,
            _ => {
                let x = self.only_expr(start, lhs, "1 expression");
                return self.add_stmt(StmtKind::Expr(x), start);
            }
        };
        if lhs.len() > 2 {
            self.error(start, "expected 1 or 2 expressions");
            lhs.len = 2;
        }
        self.advance();
        let value = self.rhs();
        let rhs = self.list_of_one(value);
        self.add_stmt(
            StmtKind::Assign {
                lhs,
                op,
                op_pos,
                rhs,
            },
            start,
        )
    }

    fn for_stmt(&mut self) -> StmtId {
        let start = self.span.start;
        self.advance();
        let header = self.for_header();
        let body = self.block();
        let span = self.span_from(start);
        self.expect_semicolon();
        let kind = match header {
            ForHeader::Range(clause) => self.range_stmt(clause, body),
            ForHeader::Clauses { init, cond, post } => {
                let cond = cond.map(|cond| self.header_expr(cond, "boolean or range expression"));
                StmtKind::For {
                    init,
                    cond,
                    post,
                    body,
                }
            }
        };
        self.tree.add_stmt(kind, span)
    }

    fn for_header(&mut self) -> ForHeader {
        let mut init = None;
        let mut cond = None;
        let mut post = None;
        if self.at(TokenKind::Lbrace) {
            return ForHeader::Clauses { init, cond, post };
        }
        self.in_header(|p| {
            if !p.at(TokenKind::Semicolon) {
                match p.simple_or_range() {
                    SimpleOrRange::Range(clause) => return ForHeader::Range(clause),
                    SimpleOrRange::Simple(simple) => cond = Some(simple),
                }
            }
            if p.eat(TokenKind::Semicolon) {
                init = cond.take().map(|init| p.add_simple(init));
                if !p.at(TokenKind::Semicolon) {
                    if p.at(TokenKind::Lbrace) {
                        p.expected("for loop condition");
                        return ForHeader::Clauses { init, cond, post };
                    }
                    cond = Some(p.simple_stmt());
                }
                p.expect_semicolon();
                if !p.at(TokenKind::Lbrace) {
                    let simple = p.simple_stmt();
                    post = Some(p.add_simple(simple));
                }
            }
            ForHeader::Clauses { init, cond, post }
        })
    }

    fn range_stmt(&mut self, clause: RangeClause, body: StmtId) -> StmtKind {
        let RangeClause {
            lhs,
            op,
            op_pos,
            range,
            x,
        } = clause;
        let (key, value) = match *self.tree.exprs(lhs) {
            [] => (None, None),
            [key] => (Some(key), None),
            [key, value] => (Some(key), Some(value)),
            [.., last] => {
                self.error(self.expr_span(last).start, "expected at most 2 expressions");
                return StmtKind::Bad;
            }
        };
        StmtKind::Range {
            key,
            value,
            op,
            op_pos,
            range,
            x,
            body,
        }
    }
}

enum ForHeader {
    Range(RangeClause),
    Clauses {
        init: Option<StmtId>,
        cond: Option<Simple>,
        post: Option<StmtId>,
    },
}

/// `if init; cond { … }` before its `else`.
struct IfBranch {
    start: u32,
    init: Option<StmtId>,
    cond: ExprId,
    then: StmtId,
}
