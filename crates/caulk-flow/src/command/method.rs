//! Commands that are values with a method, which their library runs: the process ends with what that gives.

use caulk_program::{Func, FuncId, Package, Program, SourceFile, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind};

const KONG: &str = "github.com/alecthomas/kong";
const GO_FLAGS: &str = "github.com/jessevdk/go-flags";

/// Whether a function is the method by which a command runs: of `github.com/mitchellh/cli`, `github.com/google/subcommands`,
/// `github.com/jessevdk/go-flags` or `github.com/alecthomas/kong`.
pub(crate) fn is_method_of_command(program: &Program, id: FuncId) -> bool {
    let package = program.package(id.package);
    let Some(func) = package.func(id) else {
        return false;
    };
    let Some(receiver) = func.receiver.as_deref() else {
        return false;
    };
    let has = |name: &str| package.methods_of(receiver).any(|other| other.name == name);
    match func.name.as_str() {
        "Run" => {
            // `func (c *AgentCommand) Run(args []string) int`
            takes_words(program, func) && gives(program, func, "int") && has("Synopsis")
                || imports(package, KONG)
                    && gives(program, func, "error")
                    && package
                        .files()
                        .iter()
                        .any(|file| has_command(file, receiver))
        }
        // `func (c *boot) Execute(_ context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus`
        "Execute" => {
            has("Synopsis") && has("SetFlags")
                || imports(package, GO_FLAGS)
                    && takes_words(program, func)
                    && gives(program, func, "error")
        }
        _ => false,
    }
}

fn imports(package: &Package, library: &str) -> bool {
    package.imported_paths().any(|path| path == library)
}

fn takes_words(program: &Program, func: &Func) -> bool {
    let signature = func.reference.id.map(|id| program.signature(id));
    let signature = signature.and_then(|ty| program.func_type(ty));
    signature.is_some_and(|signature| is_one(program, &signature.params, "[]string"))
}

fn gives(program: &Program, func: &Func, name: &str) -> bool {
    let signature = func.reference.id.map(|id| program.signature(id));
    let signature = signature.and_then(|ty| program.func_type(ty));
    signature.is_some_and(|signature| is_one(program, &signature.results, name))
}

fn is_one(program: &Program, types: &[TypeId], name: &str) -> bool {
    matches!(types, [one] if program.type_string(*one) == name)
}

/// Whether a type or variable of a file has a command of this type: ``Serve serveCmd `cmd:""` ``.
fn has_command(file: &SourceFile, name: &str) -> bool {
    file.outline.specs().any(|(_, spec)| {
        let ty = match spec.kind {
            SpecKind::Type(spec) => Some(spec.ty),
            SpecKind::Value(spec) => spec.ty,
            SpecKind::Import(_) => None,
        };
        ty.is_some_and(|ty| is_command_within(file, ty, name))
    })
}

fn is_command_within(file: &SourceFile, ty: ExprId, name: &str) -> bool {
    let tree = &file.outline.tree;
    let mut found = false;
    tree.walk(ty, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::StructType(fields) = tree.expr(expr).kind
        {
            found |= tree.fields(fields).iter().any(|field| {
                let is_command = |tag| tree.literal(tag).contains("cmd:\"");
                let of = match tree.expr(tree.unparen(field.ty)).kind {
                    ExprKind::Star(x) => x,
                    _ => field.ty,
                };
                tree.ident(of) == Some(name) && field.tag.is_some_and(is_command)
            });
        }
        Descend::Into
    });
    found
}
