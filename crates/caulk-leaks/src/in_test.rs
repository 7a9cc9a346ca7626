//! What is there for tests alone: their files, and what helps them from a file with another name.

use caulk_program::{FuncId, Package, Program, SourceFile, TypeId};

use crate::body::Function;
use crate::module::Module;

/// Whether a body is there for tests alone.
pub(crate) fn is_in_test(module: &Module<'_>, function: &Function) -> bool {
    *function.in_test.get_or_init(|| {
        let package = module.program.package(function.package);
        let id = function.typed.owner.func();
        id.is_some_and(|id| takes_test(module.program, id))
            || caulk_flow::file_of(module.program, function.typed.owner)
                .is_some_and(|file| is_of_tests(module, package, file))
    })
}

/// Whether a body stands in a file of tests: what helps them from elsewhere is as good as a program's.
pub(crate) fn is_in_file_of_tests(module: &Module<'_>, function: &Function) -> bool {
    caulk_flow::file_of(module.program, function.typed.owner).is_some_and(SourceFile::is_test)
}

/// Whether a file is there for tests alone: it is named so, stands in a folder for them, or imports what only tests do.
pub(crate) fn is_of_tests(module: &Module<'_>, package: &Package, file: &SourceFile) -> bool {
    file.is_test() || module.helps_tests(file, || tells(module, package, file))
}

fn tells(module: &Module<'_>, package: &Package, file: &SourceFile) -> bool {
    if caulk_flow::is_named_for_tests(package, file)
        || caulk_flow::is_for_tests_of_its_folder(package)
    {
        return true;
    }
    let mut imports = package.imported_by(file);
    imports.any(|path| module.catalogue.is_for_tests(path))
        || package.imported_by(file).any(|path| path == "testing")
            && mostly_takes_tests(module.program, package, file)
}

/// Whether most functions of a file take a test: what else a file offers may import `testing` for one of them.
fn mostly_takes_tests(program: &Program, package: &Package, file: &SourceFile) -> bool {
    let of_file = |func: &&caulk_program::Func| {
        let declaring = package.files().get(func.file as usize);
        func.receiver.is_none() && declaring.is_some_and(|declaring| declaring.path == file.path)
    };
    let (mut taking, mut others) = (0, 0);
    for func in package.funcs().iter().filter(of_file) {
        match takes_test(program, package.id_of(func)) {
            true => taking += 1,
            false => others += 1,
        }
    }
    taking > 0 && taking >= others
}

/// Whether a function takes what stands for a test: `t testing.TB`.
fn takes_test(program: &Program, id: FuncId) -> bool {
    let is_test = |ty: &TypeId| {
        let named = program.named_name(program.deref(*ty));
        named.is_some_and(|name| caulk_flow::is_of_test(&name))
    };
    let signature = program.func_type(program.signature(id));
    signature.is_some_and(|signature| signature.params.iter().any(is_test))
}
