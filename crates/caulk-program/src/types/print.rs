//! Types in Go's notation, with full package paths.

use std::fmt::Write;

use super::kind::{ChanDir, Interface, Signature, Term, Type, TypeId};
use crate::program::Program;

/// Types nest no deeper in code that people write; what lies below is `…`.
const MAX_DEPTH: u32 = 50;

pub(crate) fn type_string(program: &Program, ty: TypeId) -> String {
    let mut printer = Printer {
        program,
        out: String::new(),
    };
    printer.ty(ty, 0);
    printer.out
}

struct Printer<'p> {
    program: &'p Program,
    out: String,
}

impl Printer<'_> {
    fn ty(&mut self, id: TypeId, depth: u32) {
        if depth > MAX_DEPTH {
            self.out.push('…');
            return;
        }
        let deeper = depth + 1;
        match self.program.ty(id) {
            Type::Unknown => self.out.push_str("unknown"),
            Type::Basic(basic) => self.out.push_str(basic.name()),
            Type::Named { decl, args } => {
                if let Some(decl) = self.program.named(*decl) {
                    if !decl.package.is_empty() {
                        self.out.push_str(&decl.package);
                        self.out.push('.');
                    }
                    self.out.push_str(&decl.name);
                }
                if !args.is_empty() {
                    self.out.push('[');
                    self.list(args, deeper, ",");
                    self.out.push(']');
                }
            }
            Type::Pointer(to) => self.prefixed("*", *to, deeper),
            Type::Slice(element) => self.prefixed("[]", *element, deeper),
            Type::Array(element, len) => {
                let _ = match len {
                    Some(len) => write!(self.out, "[{len}]"),
                    None => write!(self.out, "[_]"),
                };
                self.ty(*element, deeper);
            }
            Type::Map(key, value) => {
                self.prefixed("map[", *key, deeper);
                self.prefixed("]", *value, deeper);
            }
            Type::Chan(dir, element) => {
                let prefix = match dir {
                    ChanDir::Both => "chan ",
                    ChanDir::Send => "chan<- ",
                    ChanDir::Receive => "<-chan ",
                };
                let ambiguous = *dir != ChanDir::Receive
                    && matches!(self.program.ty(*element), Type::Chan(ChanDir::Receive, _));
                self.out.push_str(prefix);
                if ambiguous {
                    self.prefixed("(", *element, deeper);
                    self.out.push(')');
                } else {
                    self.ty(*element, deeper);
                }
            }
            Type::Func(signature) => {
                self.out.push_str("func");
                self.signature(signature, deeper);
            }
            Type::Struct(fields) => {
                self.out.push_str("struct{");
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str("; ");
                    }
                    if !field.embedded {
                        self.out.push_str(&field.name);
                        self.out.push(' ');
                    }
                    self.ty(field.ty, deeper);
                }
                self.out.push('}');
            }
            Type::Interface(interface) => self.interface(interface, deeper),
            Type::Tuple(types) => {
                self.out.push('(');
                self.list(types, deeper, ", ");
                self.out.push(')');
            }
            Type::TypeParam(id) => {
                let name = self
                    .program
                    .type_param(*id)
                    .map_or("unknown", |param| &param.name);
                self.out.push_str(name);
            }
        }
    }

    fn prefixed(&mut self, prefix: &str, ty: TypeId, depth: u32) {
        self.out.push_str(prefix);
        self.ty(ty, depth);
    }

    fn list(&mut self, types: &[TypeId], depth: u32, separator: &str) {
        for (i, ty) in types.iter().enumerate() {
            if i > 0 {
                self.out.push_str(separator);
            }
            self.ty(*ty, depth);
        }
    }

    fn signature(&mut self, signature: &Signature, depth: u32) {
        self.out.push('(');
        match signature.params.split_last() {
            Some((last, before)) if signature.variadic => {
                self.list(before, depth, ", ");
                if !before.is_empty() {
                    self.out.push_str(", ");
                }
                match self.program.ty(*last) {
                    Type::Slice(element) => self.prefixed("...", *element, depth),
                    _ => self.prefixed("...", *last, depth),
                }
            }
            _ => self.list(&signature.params, depth, ", "),
        }
        self.out.push(')');
        match &*signature.results {
            [] => {}
            [one] => self.prefixed(" ", *one, depth),
            several => {
                self.out.push_str(" (");
                self.list(several, depth, ", ");
                self.out.push(')');
            }
        }
    }

    fn interface(&mut self, interface: &Interface, depth: u32) {
        if interface.methods.is_empty() && interface.embedded.is_empty() {
            self.out.push_str("any");
            return;
        }
        self.out.push_str("interface{");
        let mut first = true;
        for (name, signature) in &interface.methods {
            if !std::mem::take(&mut first) {
                self.out.push_str("; ");
            }
            self.out.push_str(name);
            if let Type::Func(signature) = self.program.ty(*signature) {
                self.signature(signature, depth);
            }
        }
        for union in &interface.embedded {
            if !std::mem::take(&mut first) {
                self.out.push_str("; ");
            }
            for (i, Term { tilde, ty }) in union.iter().enumerate() {
                if i > 0 {
                    self.out.push_str(" | ");
                }
                if *tilde {
                    self.out.push('~');
                }
                self.ty(*ty, depth);
            }
        }
        self.out.push('}');
    }
}
