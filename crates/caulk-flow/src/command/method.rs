//! Commands that are values with a method, which their library runs: the process ends with what that gives.

use caulk_program::{FuncId, Program, SourceFile, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind};

use crate::purpose::is_of_commands;

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
    let imports = |library: &str| package.imported_paths().any(|path| path == library);
    let has = |name: &str| package.methods_of(receiver).any(|other| other.name == name);
    let signature = || program.func_type(program.signature(id));
    let takes_words = || signature().is_some_and(|of| is_one(program, &of.params, "[]string"));
    let gives = |name: &str| signature().is_some_and(|of| is_one(program, &of.results, name));
    let is_named = || {
        let mut files = package.files().iter();
        files.any(|file| has_command(file, receiver))
    };
    match func.name.as_str() {
        "Run" => {
            // `func (c *AgentCommand) Run(args []string) int`
            takes_words() && gives("int") && has("Synopsis")
                || imports(KONG) && gives("error") && is_named()
        }
        // `func (c *boot) Execute(_ context.Context, f *flag.FlagSet, args ...any) subcommands.ExitStatus`
        "Execute" => {
            has("Synopsis") && has("SetFlags")
                || (imports(GO_FLAGS) || is_of_commands(package)) && takes_words() && gives("error")
        }
        _ => false,
    }
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
