//! File systems in memory, such as `embed.FS`, behind an interface: a file of theirs holds no descriptor.

use caulk_program::{Program, TypeId};
use caulk_syntax::ExprId;

use crate::body::Function;
use crate::module::Module;
use crate::sites::behind::{Behind, Question};

/// Whether a call opens a file of a file system in memory. What is told a name alone, such as `os.Open(s.path)`, has none, whatever
/// else is in what keeps the name.
pub(crate) fn opens(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let arguments = function.tree().arguments(call).iter();
    let is_plain =
        |arg: &ExprId| crate::types::is_plain(module.program, function.info().type_of(*arg));
    let is_told_names =
        function.callee(call).receiver().is_none() && arguments.clone().all(is_plain);
    !is_told_names && crate::sites::behind::is_harmless(module, function, call, &WhichFiles)
}

struct WhichFiles;

impl Question for WhichFiles {
    fn concerns(&self, program: &Program, ty: TypeId) -> bool {
        ["Open", "OpenFile", "Create"]
            .iter()
            .any(|method| program.has_method(ty, method))
    }

    /// The catalogue says that opening a file of the type owes nothing, or that what makes the value does not.
    fn judge(
        &self,
        module: &Module<'_>,
        function: &Function,
        part: ExprId,
        _depth: u8,
        behind: &mut Behind,
    ) -> bool {
        let catalogue = module.catalogue;
        let named = module.program.named_of(function.info().type_of(part));
        let by_type = named.is_some_and(|named| {
            let open = format!("{}.Open", named.name);
            catalogue.free_entry(&named.package, &open).is_some()
        });
        let by_call = function.callee(part).func().is_some_and(|func| {
            let (package, name) = crate::types::split_name(module.program, func);
            catalogue.free_entry(package, name).is_some()
        });
        behind.harmless |= by_type || by_call;
        by_type || by_call
    }
}
