//! Tokens of Go: kinds, operators and their precedence.

use crate::span::Span;

/// A token with its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes; empty for an automatic semicolon and at the end of the file.
    pub span: Span,
}

impl Token {
    /// Whether this is a semicolon that was put in at the end of a line or file.
    pub fn is_automatic_semicolon(self) -> bool {
        self.kind == TokenKind::Semicolon && self.span.is_empty()
    }
}

macro_rules! token_kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal,)*) => {
        /// The kind of a token.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum TokenKind { $($(#[$doc])* $name,)* }

        impl TokenKind {
            /// How the token is spelt; for classes of tokens, what they are called in messages.
            pub const fn text(self) -> &'static str {
                match self { $(TokenKind::$name => $text,)* }
            }
        }
    };
}

token_kinds! {
    /// End of the file, or of the part of it that is being read.
    Eof "EOF",
    /// A byte sequence that begins no token.
    Illegal "ILLEGAL",
    /// A comment of either form. Only [`tokens`](crate::tokens) yields it.
    Comment "comment",
    /// A name.
    Ident "name",
    /// `12`, `0x1f`, `1_000`
    Int "integer literal",
    /// `1.5`, `1e9`, `0x1p-2`
    Float "float literal",
    /// `2i`
    Imag "imaginary literal",
    /// `'a'`
    Char "rune literal",
    /// `"a"` or a raw string
    String "string literal",
    /// `+`
    Add "+",
    /// `-`
    Sub "-",
    /// `*`
    Mul "*",
    /// `/`
    Quo "/",
    /// `%`
    Rem "%",
    /// `&`
    And "&",
    /// `|`
    Or "|",
    /// `^`
    Xor "^",
    /// `<<`
    Shl "<<",
    /// `>>`
    Shr ">>",
    /// `&^`
    AndNot "&^",
    /// `+=`
    AddAssign "+=",
    /// `-=`
    SubAssign "-=",
    /// `*=`
    MulAssign "*=",
    /// `/=`
    QuoAssign "/=",
    /// `%=`
    RemAssign "%=",
    /// `&=`
    AndAssign "&=",
    /// `|=`
    OrAssign "|=",
    /// `^=`
    XorAssign "^=",
    /// `<<=`
    ShlAssign "<<=",
    /// `>>=`
    ShrAssign ">>=",
    /// `&^=`
    AndNotAssign "&^=",
    /// `&&`
    LogicalAnd "&&",
    /// `||`
    LogicalOr "||",
    /// `<-`
    Arrow "<-",
    /// `++`
    Inc "++",
    /// `--`
    Dec "--",
    /// `==`
    Eql "==",
    /// `<`
    Lss "<",
    /// `>`
    Gtr ">",
    /// `=`
    Assign "=",
    /// `!`
    Not "!",
    /// `~`
    Tilde "~",
    /// `!=`
    Neq "!=",
    /// `<=`
    Leq "<=",
    /// `>=`
    Geq ">=",
    /// `:=`
    Define ":=",
    /// `...`
    Ellipsis "...",
    /// `(`
    Lparen "(",
    /// `[`
    Lbrack "[",
    /// `{`
    Lbrace "{",
    /// `,`
    Comma ",",
    /// `.`
    Period ".",
    /// `)`
    Rparen ")",
    /// `]`
    Rbrack "]",
    /// `}`
    Rbrace "}",
    /// `;`, written or automatic
    Semicolon ";",
    /// `:`
    Colon ":",
    /// `break`
    Break "break",
    /// `case`
    Case "case",
    /// `chan`
    Chan "chan",
    /// `const`
    Const "const",
    /// `continue`
    Continue "continue",
    /// `default`
    Default "default",
    /// `defer`
    Defer "defer",
    /// `else`
    Else "else",
    /// `fallthrough`
    Fallthrough "fallthrough",
    /// `for`
    For "for",
    /// `func`
    Func "func",
    /// `go`
    Go "go",
    /// `goto`
    Goto "goto",
    /// `if`
    If "if",
    /// `import`
    Import "import",
    /// `interface`
    Interface "interface",
    /// `map`
    Map "map",
    /// `package`
    Package "package",
    /// `range`
    Range "range",
    /// `return`
    Return "return",
    /// `select`
    Select "select",
    /// `struct`
    Struct "struct",
    /// `switch`
    Switch "switch",
    /// `type`
    Type "type",
    /// `var`
    Var "var",
}

impl TokenKind {
    /// Whether the token is a name or a literal.
    pub fn is_literal(self) -> bool {
        (TokenKind::Ident..=TokenKind::String).contains(&self)
    }
}

/// An operator with one operand. `*x` is [`ExprKind::Star`](crate::ExprKind::Star).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `+x`
    Plus,
    /// `-x`
    Minus,
    /// `!x`
    Not,
    /// `^x`
    Complement,
    /// `&x`
    Address,
    /// `~T`, in constraints
    Tilde,
    /// `<-x`
    Receive,
}

impl UnaryOp {
    /// How the operator is spelt.
    pub const fn text(self) -> &'static str {
        match self {
            UnaryOp::Plus => "+",
            UnaryOp::Minus => "-",
            UnaryOp::Not => "!",
            UnaryOp::Complement => "^",
            UnaryOp::Address => "&",
            UnaryOp::Tilde => "~",
            UnaryOp::Receive => "<-",
        }
    }
}

/// An operator with two operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Quo,
    /// `%`
    Rem,
    /// `&`
    And,
    /// `|`, also between the terms of a constraint
    Or,
    /// `^`
    Xor,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&^`
    AndNot,
    /// `&&`
    LogicalAnd,
    /// `||`
    LogicalOr,
    /// `==`
    Eql,
    /// `!=`
    Neq,
    /// `<`
    Lss,
    /// `<=`
    Leq,
    /// `>`
    Gtr,
    /// `>=`
    Geq,
}

impl BinaryOp {
    /// How the operator is spelt.
    pub const fn text(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Quo => "/",
            BinaryOp::Rem => "%",
            BinaryOp::And => "&",
            BinaryOp::Or => "|",
            BinaryOp::Xor => "^",
            BinaryOp::Shl => "<<",
            BinaryOp::Shr => ">>",
            BinaryOp::AndNot => "&^",
            BinaryOp::LogicalAnd => "&&",
            BinaryOp::LogicalOr => "||",
            BinaryOp::Eql => "==",
            BinaryOp::Neq => "!=",
            BinaryOp::Lss => "<",
            BinaryOp::Leq => "<=",
            BinaryOp::Gtr => ">",
            BinaryOp::Geq => ">=",
        }
    }

    /// Binding strength, from 1 (`||`) to 5 (`*`), as the Go specification has it.
    pub const fn precedence(self) -> u8 {
        match self {
            BinaryOp::LogicalOr => 1,
            BinaryOp::LogicalAnd => 2,
            BinaryOp::Eql
            | BinaryOp::Neq
            | BinaryOp::Lss
            | BinaryOp::Leq
            | BinaryOp::Gtr
            | BinaryOp::Geq => 3,
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Or | BinaryOp::Xor => 4,
            BinaryOp::Mul
            | BinaryOp::Quo
            | BinaryOp::Rem
            | BinaryOp::Shl
            | BinaryOp::Shr
            | BinaryOp::And
            | BinaryOp::AndNot => 5,
        }
    }
}

/// What an assignment does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AssignOp {
    /// `=`
    Assign,
    /// `:=`
    Define,
    /// `+=` and its like
    Compound(BinaryOp),
}

/// Whether a name is visible outside its package: it starts with an upper-case letter.
pub fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
