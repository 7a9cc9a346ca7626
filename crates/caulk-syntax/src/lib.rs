//! Go text to tokens to a tree with byte spans and comments; never fails. Does not know packages.
//!
//! [`outline`] reads a file without the bodies of its functions, [`body`] reads one of them,
//! [`parse`] reads all. Whatever the text is, each returns a tree and a list of errors; an error is
//! confined to its declaration, since Go declarations start in the first column.

mod comments;
mod file;
mod lexer;
mod parser;
mod span;
mod token;
mod tree;
mod unquote;
mod walk;

pub use comments::{Comment, Comments};
pub use file::{Body, Decl, File, FuncDecl, Import, PackageClause, Parsed, SyntaxError};
pub use lexer::tokens;
pub use span::{LineColumn, LineIndex, Pos, Span};
pub use token::{AssignOp, BinaryOp, Token, TokenKind, UnaryOp, is_exported};
pub use tree::{
    Block, BranchKind, ChainLink, ChanDir, DeclKeyword, Expr, ExprId, ExprKind, Field, FieldList,
    GenDecl, GenDeclId, ImportSpec, List, LitKind, Literal, Name, NilTest, Signature, SignatureId,
    Spec, SpecKind, Stmt, StmtId, StmtKind, Tree, TypeSpec, ValueSpec,
};
pub use unquote::unquote;
pub use walk::{Descend, Node};

/// Files are read up to this size; what lies beyond is an error.
pub const MAX_FILE_BYTES: usize = 1 << 30;

/// Reads a file without the bodies of its functions.
pub fn outline(src: &[u8]) -> File {
    parser::parse_outline(src)
}

/// Reads the body of one function: `span` is [`FuncDecl::body`], `src` the file it comes from.
pub fn body(src: &[u8], span: Span) -> Body {
    parser::parse_body(src, span)
}

/// Reads a file and all bodies.
pub fn parse(src: &[u8]) -> Parsed {
    let file = outline(src);
    let bodies = file
        .funcs()
        .filter_map(|func| func.body)
        .map(|span| body(src, span))
        .collect();
    Parsed { file, bodies }
}
