//! Whole files: the package clause and the declarations, and bodies by themselves.
//!
//! Go declarations start in the first column. So when a declaration is wrong, it is read again as
//! if the file ended before the next line that starts with the keyword of a declaration.

use std::sync::Arc;

use super::Parser;
use super::decls::decl_keyword;
use super::params::ParamKind;
use crate::comments::Comments;
use crate::file::{Body, Decl, File, FuncDecl, PackageClause};
use crate::lexer::{Lexer, check_encoding, push_text, skip_body};
use crate::span::Span;
use crate::token::TokenKind;

pub(crate) fn parse_outline(src: &[u8]) -> File {
    let whole = src;
    let src = whole.get(..crate::MAX_FILE_BYTES).unwrap_or(whole);
    let mut lexer = Lexer::new(src);
    lexer.skip_byte_order_mark();
    let mut outline = Outline {
        parser: Parser::new(lexer),
        src,
        decls: Vec::new(),
        bodies: Vec::new(),
        seen_other_than_import: false,
        is_last_line: false,
        patience: src.len().saturating_mul(4),
    };
    let package = outline.package_clause();
    outline.declarations();
    if src.len() < whole.len() {
        outline.parser.error(src.len() as u32, "file too large");
    }
    outline.finish(package)
}

pub(crate) fn parse_body(src: &[u8], span: Span) -> Body {
    let end = (span.end as usize).min(src.len());
    let mut lexer = Lexer::new(src.get(..end).unwrap_or_default());
    lexer.pos = (span.start as usize).min(end);
    lexer.text_shift = span.start;
    let mut parser = Parser::new(lexer);
    parser.reserve(end - parser.lexer.pos);
    let block = parser.block();
    let text: Arc<str> = match std::str::from_utf8(span.of(src)) {
        Ok(text) => text.into(),
        Err(_) => {
            let mut text = String::new();
            push_text(&mut text, span.of(src));
            text.into()
        }
    };
    let Parser {
        lexer, mut tree, ..
    } = parser;
    tree.text = text.clone();
    let mut errors = lexer.errors;
    errors.sort_by_key(|error| error.offset);
    Body {
        tree,
        block,
        comments: Comments {
            text,
            list: lexer.comments,
        },
        errors,
    }
}

struct Outline<'s> {
    parser: Parser<'s>,
    src: &'s [u8],
    decls: Vec<Decl>,
    /// What was skipped.
    bodies: Vec<Span>,
    seen_other_than_import: bool,
    /// Whether no further line starts with a declaration.
    is_last_line: bool,
    /// How many bytes may still be looked at twice in search of a closing brace.
    patience: usize,
}

impl<'s> Outline<'s> {
    fn package_clause(&mut self) -> Option<PackageClause> {
        let parser = &mut self.parser;
        if !parser.at(TokenKind::Package) {
            parser.expected("'package'");
            return None;
        }
        let package = parser.expect(TokenKind::Package);
        let name = parser.name();
        parser.expect_semicolon();
        Some(PackageClause { package, name })
    }

    fn declarations(&mut self) {
        while !self.parser.at(TokenKind::Eof) {
            let start = self.parser.span.start;
            let errors = self.parser.lexer.error_count;
            let snapshot = self.snapshot();
            self.declaration();
            if self.parser.lexer.error_count == errors {
                continue;
            }
            if self.is_last_line {
                continue;
            }
            match self.parser.lexer.next_column_one_decl(start as usize) {
                None => self.is_last_line = true,
                Some(next) => {
                    self.restore(snapshot);
                    self.declarations_before(next);
                }
            }
        }
    }

    /// Reads what stands before `limit` as if the file ended there.
    fn declarations_before(&mut self, limit: usize) {
        self.parser.lexer.src = self.src.get(..limit).unwrap_or(self.src);
        while !self.parser.at(TokenKind::Eof) {
            self.declaration();
        }
        self.parser.lexer.src = self.src;
        self.parser.lexer.pos = limit;
        self.parser.lexer.insert_semicolon = false;
        self.parser.advance();
    }

    fn declaration(&mut self) {
        self.parser.errors_before = self.parser.lexer.error_count;
        let start = self.parser.span.start;
        let decl = match self.parser.tok {
            TokenKind::Func => Decl::Func(self.func_decl()),
            kind if decl_keyword(kind).is_some() => {
                if kind == TokenKind::Import && self.seen_other_than_import {
                    self.parser
                        .error(start, "imports must appear before other declarations");
                }
                self.seen_other_than_import |= kind != TokenKind::Import;
                Decl::Gen(self.parser.gen_decl())
            }
            _ => self.no_decl(),
        };
        self.seen_other_than_import |= !matches!(decl, Decl::Gen(_));
        self.decls.push(decl);
    }

    /// Skips what is not a declaration, up to the next keyword of one that starts a statement.
    fn no_decl(&mut self) -> Decl {
        let parser = &mut self.parser;
        let start = parser.span.start;
        parser.expected("declaration");
        loop {
            let at_statement_end = parser.at(TokenKind::Semicolon);
            parser.advance();
            let is_decl = parser.at(TokenKind::Func) || decl_keyword(parser.tok).is_some();
            if parser.at(TokenKind::Eof) || at_statement_end && is_decl {
                return Decl::Bad(parser.span_from(start));
            }
        }
    }

    fn func_decl(&mut self) -> FuncDecl {
        let parser = &mut self.parser;
        let start = parser.span.start;
        let func = parser.expect(TokenKind::Func);
        let recv = parser
            .at(TokenKind::Lparen)
            .then(|| parser.params(ParamKind::Params));
        // A receiver takes no `...`, but that is for the type checker to say.
        let name = parser.name();
        let type_params = match parser.tok {
            TokenKind::Lbrack => parser.type_params(),
            _ => None,
        };
        let signature = parser.signature(Some(func), start, type_params);
        let signature_end = parser.prev_end;
        if parser.at(TokenKind::Semicolon) {
            parser.advance();
            if parser.at(TokenKind::Lbrace) {
                parser.error(
                    parser.span.start,
                    "unexpected semicolon or newline before {",
                );
            }
        } else if !parser.at(TokenKind::Lbrace) {
            parser.expect_semicolon();
        }
        let body = self.parser.at(TokenKind::Lbrace).then(|| self.skip_body());
        let end = body.map_or(signature_end, |body| body.end).max(start);
        FuncDecl {
            span: Span::new(start, end),
            recv,
            name,
            signature,
            body,
        }
    }

    /// Skips the body whose `{` is looked at, with the semicolon after it.
    fn skip_body(&mut self) -> Span {
        let parser = &mut self.parser;
        let start = parser.span.start;
        let start_at = parser.span.end as usize;
        let skipped = skip_body(parser.lexer.src, start_at, &mut self.patience);
        let body = Span::new(start, skipped.end as u32);
        self.bodies.push(body);
        parser.span = body;
        parser.lexer.pos = skipped.end;
        parser.lexer.text_shift += body.len();
        parser.lexer.insert_semicolon = skipped.closed;
        parser.advance();
        if skipped.closed {
            parser.expect_semicolon();
        }
        body
    }

    fn finish(self, package: Option<PackageClause>) -> File {
        let mut text = String::with_capacity(
            self.src.len()
                - self
                    .bodies
                    .iter()
                    .map(|body| body.len() as usize)
                    .sum::<usize>(),
        );
        let mut kept = 0;
        for body in &self.bodies {
            push_text(&mut text, Span::new(kept, body.start).of(self.src));
            kept = body.end;
        }
        push_text(
            &mut text,
            Span::new(kept, self.src.len() as u32).of(self.src),
        );
        let text: Arc<str> = text.into();
        let Parser {
            mut lexer,
            mut tree,
            ..
        } = self.parser;
        let mut decls = self.decls;
        tree.text = text.clone();
        tree.shrink();
        decls.shrink_to_fit();
        lexer.comments.shrink_to_fit();
        let comments = Comments {
            text,
            list: lexer.comments,
        };
        let mut errors = lexer.errors;
        check_encoding(self.src, &mut errors);
        errors.sort_by_key(|error| error.offset);
        File {
            tree,
            package,
            decls,
            comments,
            errors,
        }
    }
}

/// How much there was before a declaration was read.
struct Snapshot {
    span: Span,
    tok: TokenKind,
    prev_end: u32,
    pos: usize,
    insert_semicolon: bool,
    text_shift: u32,
    comments: usize,
    errors: usize,
    decls: usize,
    bodies: usize,
    seen_other_than_import: bool,
}

impl Outline<'_> {
    fn snapshot(&self) -> Snapshot {
        let parser = &self.parser;
        let lexer = &parser.lexer;
        Snapshot {
            span: parser.span,
            tok: parser.tok,
            prev_end: parser.prev_end,
            pos: lexer.pos,
            insert_semicolon: lexer.insert_semicolon,
            text_shift: lexer.text_shift,
            comments: lexer.comments.len(),
            errors: lexer.errors.len(),
            decls: self.decls.len(),
            bodies: self.bodies.len(),
            seen_other_than_import: self.seen_other_than_import,
        }
    }

    /// Goes back to before a declaration. Its nodes stay in the tree, where nothing refers to them.
    fn restore(&mut self, snapshot: Snapshot) {
        let parser = &mut self.parser;
        let lexer = &mut parser.lexer;
        lexer.pos = snapshot.pos;
        lexer.insert_semicolon = snapshot.insert_semicolon;
        lexer.text_shift = snapshot.text_shift;
        lexer.comments.truncate(snapshot.comments);
        lexer.errors.truncate(snapshot.errors);
        lexer.error_line = 0..0;
        parser.span = snapshot.span;
        parser.tok = snapshot.tok;
        parser.prev_end = snapshot.prev_end;
        parser.synced = super::Synced::default();
        parser.height = 0;
        self.decls.truncate(snapshot.decls);
        self.bodies.truncate(snapshot.bodies);
        self.seen_other_than_import = snapshot.seen_other_than_import;
    }
}
