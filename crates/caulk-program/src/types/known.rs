//! Types as a catalogue writes them: Go's notation with full package paths.

use super::kind::{ChanDir, Signature, Type, TypeId};
use super::typer::Operand;
use super::universe;
use crate::package::PackageId;
use crate::program::Program;

/// Nesting beyond this is unknown.
const MAX_DEPTH: u32 = 20;

impl Program {
    /// The type that a text such as `*cloud.google.com/go/pubsub.Client`, `[]error` or `func()` names; packages are looked up as
    /// `from` would import them. Unknown where it is not a type.
    pub fn parse_type(&self, from: PackageId, text: &str) -> TypeId {
        let mut parser = Parser {
            program: self,
            from,
            rest: text,
        };
        let ty = parser.ty(0);
        if parser.rest.trim().is_empty() {
            ty
        } else {
            TypeId::UNKNOWN
        }
    }
}

struct Parser<'a> {
    program: &'a Program,
    from: PackageId,
    rest: &'a str,
}

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn ty(&mut self, depth: u32) -> TypeId {
        if depth > MAX_DEPTH {
            self.rest = "?";
            return TypeId::UNKNOWN;
        }
        let deeper = depth + 1;
        let ty = if self.eat("*") {
            Type::Pointer(self.ty(deeper))
        } else if self.eat("[]") {
            Type::Slice(self.ty(deeper))
        } else if self.eat("map[") {
            let key = self.ty(deeper);
            self.eat("]");
            Type::Map(key, self.ty(deeper))
        } else if self.eat("<-chan ") {
            Type::Chan(ChanDir::Receive, self.ty(deeper))
        } else if self.eat("chan<- ") {
            Type::Chan(ChanDir::Send, self.ty(deeper))
        } else if self.eat("chan ") {
            Type::Chan(ChanDir::Both, self.ty(deeper))
        } else if self.eat("func(") {
            let params = self.list(deeper);
            let results: Box<[TypeId]> = if self.eat("(") {
                self.list(deeper)
            } else if self.rest.trim_start().is_empty()
                || self.rest.trim_start().starts_with([',', ')', ']'])
            {
                Box::from([])
            } else {
                Box::from([self.ty(deeper)])
            };
            Type::Func(Signature {
                params,
                results,
                variadic: false,
                type_params: Box::new([]),
            })
        } else {
            return self.named(deeper);
        };
        self.program.types.intern(ty)
    }

    /// Types up to a closing parenthesis.
    fn list(&mut self, depth: u32) -> Box<[TypeId]> {
        let mut types = Vec::new();
        while !self.eat(")") {
            if self.rest.trim().is_empty() {
                self.rest = "?";
                break;
            }
            types.push(self.ty(depth));
            if !self.eat(",") && !self.rest.trim_start().starts_with(')') {
                self.rest = "?";
                break;
            }
        }
        types.into()
    }

    fn named(&mut self, depth: u32) -> TypeId {
        let text = self.rest.trim_start();
        let end = text
            .find([' ', ',', '(', ')', '[', ']', '*'])
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        self.rest = rest;
        if name.is_empty() {
            self.rest = "?";
            return TypeId::UNKNOWN;
        }
        let ty = match crate::program::split_last(name) {
            None => match universe::predeclared(self.program, name) {
                Some((Operand::Type(ty), _)) => ty,
                _ => TypeId::UNKNOWN,
            },
            Some(("unsafe", "Pointer")) => super::Basic::UnsafePointer.id(),
            Some((path, name)) => self.program.find_type(self.from, path, name),
        };
        if !self.eat("[") {
            return ty;
        }
        let mut args = vec![self.ty(depth)];
        while self.eat(",") {
            args.push(self.ty(depth));
        }
        self.eat("]");
        match self.program.ty(ty) {
            Type::Named { decl, .. } => self.program.types.intern(Type::Named {
                decl: *decl,
                args: args.into(),
            }),
            _ => ty,
        }
    }
}
