//! Recursive descent from tokens to a tree.
//!
//! It accepts what `go/parser` accepts, builds the tree that it builds, and reports an error where
//! it does; methods may have type parameters, as from Go 1.27 on. It has one token of lookahead.

mod decls;
mod exprs;
mod outline;
mod params;
mod simple;
mod stmts;
mod type_params;
mod types;

pub(crate) use outline::{parse_body, parse_outline};

use crate::lexer::Lexer;
use crate::span::{Pos, Span};
use crate::token::{Token, TokenKind};
use crate::tree::{
    ChainLink, ExprId, ExprKind, Field, List, LitKind, Literal, Name, SignatureId, Spec, StmtId,
    StmtKind, Tree,
};

/// How deep the parser may recurse. The deepest file of the Go distribution, which tests the
/// compiler's own bound, needs 257 levels, the deepest of its libraries under 110.
const MAX_DEPTH: u32 = 300;

/// How far a path through the tree may go down along left operands (`a.b().c()`, `a + b + c`), which
/// the parser builds without recursion.
const MAX_HEIGHT: u32 = 500;

struct Parser<'s> {
    lexer: Lexer<'s>,
    /// The token that is looked at.
    tok: TokenKind,
    span: Span,
    /// End of the last token before it, automatic semicolons left aside.
    prev_end: u32,
    tree: Tree,
    depth: u32,
    /// A bound on the left operands below each other in what was read last.
    height: u32,
    /// Negative in the header of a control statement, where `{` starts the block.
    expr_level: i32,
    /// Whether an `=` here can only be a mistaken `==`.
    in_rhs: bool,
    synced: Synced,
    /// Errors that there were before the declaration or body that is being read.
    errors_before: u32,
    pending: Pending,
}

/// Elements of lists that are not complete yet; each list is a stack of them.
#[derive(Default)]
struct Pending {
    exprs: Vec<ExprId>,
    stmts: Vec<StmtId>,
    links: Vec<ChainLink>,
    fields: Vec<Field>,
    specs: Vec<Spec>,
}

/// Where recovery from an error last stopped, and how often it stopped there.
#[derive(Default)]
struct Synced {
    at: u32,
    times: u32,
}

/// Recovery may stop at one token this often before it must move on: a bound on what would
/// otherwise be a loop between two callers that both find nothing to do.
const MAX_SYNCS: u32 = 10;

impl<'s> Parser<'s> {
    fn new(lexer: Lexer<'s>) -> Parser<'s> {
        let at = lexer.pos as u32;
        let mut parser = Parser {
            lexer,
            tok: TokenKind::Eof,
            span: Span::empty(at),
            prev_end: at,
            tree: Tree::default(),
            depth: 0,
            height: 0,
            expr_level: 0,
            in_rhs: false,
            synced: Synced::default(),
            errors_before: 0,
            pending: Pending::default(),
        };
        parser.advance();
        parser
    }

    /// Makes room for the tree of a body of `bytes`: somewhat more than bodies of the standard
    /// library need on average, an expression for 8 bytes and a statement for 31.
    fn reserve(&mut self, bytes: usize) {
        self.tree.exprs.reserve(bytes / 6);
        self.tree.expr_lists.reserve(bytes / 12);
        self.tree.stmts.reserve(bytes / 24);
        self.tree.stmt_lists.reserve(bytes / 32);
        self.pending.exprs.reserve(8);
        self.pending.stmts.reserve(16);
    }

    /// Moves to the next token.
    #[inline]
    fn advance(&mut self) {
        if !self.span.is_empty() {
            self.prev_end = self.span.end;
        }
        let Token { kind, span } = self.lexer.next();
        self.tok = kind;
        self.span = span;
    }

    fn pos(&self) -> Pos {
        Pos::new(self.span.start)
    }

    fn at(&self, kind: TokenKind) -> bool {
        self.tok == kind
    }

    /// Consumes the token if it is of this kind.
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.tok == kind;
        if found {
            self.advance();
        }
        found
    }

    /// From `start` to the end of the last token; [`Parser::nothing`] where no token was read.
    fn span_from(&self, start: u32) -> Span {
        Span::new(start.min(self.prev_end), self.prev_end)
    }

    /// The empty span of something that is missing: just after the last token, so that it lies
    /// within whatever it is missing from.
    fn nothing(&self) -> Span {
        Span::empty(self.prev_end)
    }

    #[cold]
    fn error(&mut self, offset: u32, message: impl Into<String>) {
        self.lexer.error(offset as usize, message);
    }

    /// Reports that something else was expected here than the token that is there.
    #[cold]
    fn expected(&mut self, what: &str) {
        // After another error, what is missing at the end is missing because of that.
        if self.tok == TokenKind::Eof && self.lexer.error_count > self.errors_before {
            return;
        }
        let found = match self.tok {
            TokenKind::Semicolon if self.span.is_empty() => "newline".to_owned(),
            TokenKind::Eof => "end of text".to_owned(),
            kind if kind.is_literal() || kind == TokenKind::Illegal => {
                let text = self
                    .lexer
                    .src
                    .get(self.span.start as usize..self.span.end as usize);
                let text = String::from_utf8_lossy(text.unwrap_or_default());
                text.chars().take(40).collect()
            }
            kind => format!("'{}'", kind.text()),
        };
        self.error(self.span.start, format!("expected {what}, found {found}"));
    }

    /// Consumes the token, which should be of this kind, and returns where it stands.
    fn expect(&mut self, kind: TokenKind) -> Pos {
        let pos = self.pos();
        if self.tok != kind {
            self.expected(&format!("'{}'", kind.text()));
        }
        self.advance();
        pos
    }

    /// As [`Parser::expect`], but returns nothing if the token is missing.
    fn expect_present(&mut self, kind: TokenKind) -> Option<Pos> {
        let found = self.tok == kind;
        let pos = self.expect(kind);
        found.then_some(pos)
    }

    /// As [`Parser::expect`] for a closing bracket, for a list whose last line lacks its comma.
    fn expect_closing(&mut self, kind: TokenKind, list: &str) -> Pos {
        if self.tok != kind && self.tok == TokenKind::Semicolon && self.span.is_empty() {
            self.error(
                self.span.start,
                format!("missing ',' before newline in {list}"),
            );
            self.advance();
        }
        self.expect(kind)
    }

    /// Consumes the end of a statement or spec.
    fn expect_semicolon(&mut self) {
        match self.tok {
            TokenKind::Semicolon => self.advance(),
            TokenKind::Rparen | TokenKind::Rbrace => {}
            TokenKind::Comma => {
                self.expected("';'");
                self.advance();
            }
            _ => {
                self.expected("';'");
                self.skip_to(starts_statement);
            }
        }
    }

    /// Whether the list goes on; a missing comma is reported and taken as there.
    fn at_comma(&mut self, list: &str, closing: TokenKind) -> bool {
        if self.tok == TokenKind::Comma {
            return true;
        }
        if self.tok == closing {
            return false;
        }
        let newline = self.tok == TokenKind::Semicolon && self.span.is_empty();
        let place = if newline { " before newline" } else { "" };
        self.error(self.span.start, format!("missing ','{place} in {list}"));
        true
    }

    /// Skips to a token with which parsing can go on.
    #[cold]
    fn skip_to(&mut self, stop: fn(TokenKind) -> bool) {
        while self.tok != TokenKind::Eof {
            if stop(self.tok) {
                if self.span.start > self.synced.at {
                    self.synced = Synced {
                        at: self.span.start,
                        times: 0,
                    };
                    return;
                }
                if self.span.start == self.synced.at && self.synced.times < MAX_SYNCS {
                    self.synced.times += 1;
                    return;
                }
            }
            self.advance();
        }
    }

    /// Goes one level deeper; `false`, with everything up to the end skipped, where that is too
    /// deep. The caller restores `depth`.
    fn deepen(&mut self) -> bool {
        self.depth += 1;
        let shallow = self.depth <= MAX_DEPTH;
        if !shallow {
            self.give_up();
        }
        shallow
    }

    /// Notes that an expression has become the left operand of `levels` others.
    fn grow(&mut self, levels: u32) {
        self.height += levels;
        if self.height > MAX_HEIGHT {
            self.give_up();
        }
    }

    #[cold]
    fn give_up(&mut self) {
        self.error(self.span.start, "nesting too deep");
        self.lexer.pos = self.lexer.src.len();
        self.lexer.insert_semicolon = false;
        self.advance();
    }

    fn add(&mut self, kind: ExprKind, start: u32) -> ExprId {
        let span = self.span_from(start);
        self.tree.add_expr(kind, span)
    }

    fn add_stmt(&mut self, kind: StmtKind, start: u32) -> StmtId {
        let span = self.span_from(start);
        self.tree.add_stmt(kind, span)
    }

    /// An expression for something that is none, from `start` to the token that is looked at.
    fn bad_expr(&mut self, start: u32) -> ExprId {
        self.add(ExprKind::Bad, start)
    }

    fn expr_span(&self, id: ExprId) -> Span {
        self.tree.expr(id).span
    }

    /// The text offset, in the tree's own text, of what starts at `start`.
    fn text(&self, start: u32) -> u32 {
        start.wrapping_sub(self.lexer.text_shift)
    }

    /// A name; an empty one, with an error, where there is none.
    fn name(&mut self) -> Name {
        let is_name = self.at(TokenKind::Ident);
        let span = if is_name { self.span } else { self.nothing() };
        self.expect(TokenKind::Ident);
        Name {
            text: self.text(span.start),
            span,
        }
    }

    /// The name as an expression.
    fn add_name(&mut self, name: Name) -> ExprId {
        self.tree.add_expr(ExprKind::Ident(name), name.span)
    }

    /// The literal that is looked at.
    fn literal(&mut self, kind: LitKind) -> Literal {
        let literal = Literal {
            text: self.text(self.span.start),
            kind,
            span: self.span,
        };
        self.advance();
        literal
    }

    /// The string literal that is looked at, if one is.
    fn string_literal(&mut self) -> Option<Literal> {
        self.at(TokenKind::String)
            .then(|| self.literal(LitKind::String))
    }

    /// The pending expressions from `first` on, as a list.
    fn finish_exprs(&mut self, first: usize) -> List<ExprId> {
        finish(&mut self.pending.exprs, &mut self.tree.expr_lists, first)
    }

    /// The pending statements from `first` on, as a list.
    fn finish_stmts(&mut self, first: usize) -> List<StmtId> {
        finish(&mut self.pending.stmts, &mut self.tree.stmt_lists, first)
    }

    /// The pending fields from `first` on, as a list.
    fn finish_fields(&mut self, first: usize) -> List<Field> {
        finish(&mut self.pending.fields, &mut self.tree.fields, first)
    }

    /// A list of one expression.
    fn list_of_one(&mut self, id: ExprId) -> List<ExprId> {
        let start = self.tree.expr_lists.len();
        self.tree.expr_lists.push(id);
        List::new(start, 1)
    }

    /// `a, b, c`
    fn name_list(&mut self) -> List<Name> {
        let start = self.tree.names.len();
        loop {
            let name = self.name();
            self.tree.names.push(name);
            if !self.eat(TokenKind::Comma) {
                return List::new(start, self.tree.names.len() - start);
            }
        }
    }

    fn add_signature(&mut self, signature: crate::tree::Signature) -> SignatureId {
        let id = SignatureId::from_index(self.tree.signatures.len());
        self.tree.signatures.push(signature);
        id
    }
}

fn finish<T: Copy>(pending: &mut Vec<T>, all: &mut Vec<T>, first: usize) -> List<T> {
    let start = all.len();
    all.extend_from_slice(pending.get(first..).unwrap_or_default());
    pending.truncate(first);
    List::new(start, all.len() - start)
}

/// Whether a keyword that only a statement starts with.
fn starts_statement(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Break
            | T::Const
            | T::Continue
            | T::Defer
            | T::Fallthrough
            | T::For
            | T::Go
            | T::Goto
            | T::If
            | T::Return
            | T::Select
            | T::Switch
            | T::Type
            | T::Var
    )
}

/// Whether a token that can only stand after an expression.
fn ends_expression(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Comma | T::Colon | T::Semicolon | T::Rparen | T::Rbrack | T::Rbrace
    )
}
