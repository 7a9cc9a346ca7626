//! What tests and generators make to stand in for something else: mocks, stores in memory.

use caulk_program::{FuncId, Program, SourceFile, TypeId};
use caulk_syntax::ExprId;

use crate::body::Function;
use crate::module::Module;
use crate::sites::made_of::parts;

const WORDS: &[&str] = &["fake", "mock", "stub", "noop"];

/// Whether a function is declared where what stands in for something else is, or is a method of such a type: `mockClient`.
pub(crate) fn declares(module: &Module<'_>, id: FuncId) -> bool {
    let package = module.program.package(id.package);
    let file = module.program.file_of(id);
    let receiver = module
        .program
        .func(id)
        .and_then(|func| func.receiver.as_deref());
    let is_of_such = |name: &str| {
        let name = name.to_ascii_lowercase();
        WORDS.iter().any(|word| name.starts_with(word))
    };
    receiver.is_some_and(is_of_such)
        || file.is_none_or(|file| {
            file.is_generated()
                || is_named_so(file)
                || crate::in_test::is_of_tests(module, package, file)
        })
}

fn is_named_so(file: &SourceFile) -> bool {
    let path = file.path.to_string_lossy().to_ascii_lowercase();
    WORDS.iter().any(|word| path.contains(word))
}

/// Whether what a method is called on is made of something that stands in for another: it has that method itself, or is
/// called a mock.
pub(crate) fn is_behind(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let callee = function.callee(call);
    let (Some(receiver), Some(func)) = (callee.receiver(), callee.func()) else {
        return false;
    };
    let method = crate::types::simple_name(&func.name);
    parts(module, function, &[receiver])
        .into_iter()
        .any(|part| stands_in(module.program, function.info().type_of(part), method))
}

fn stands_in(program: &Program, ty: TypeId, method: &str) -> bool {
    program
        .file_declaring(ty)
        .is_some_and(|file| is_named_so(file) || file.is_test() && program.has_method(ty, method))
}
