//! What is published of a goroutine that stays for ever.

use caulk_flow::symbol_of;
use caulk_syntax::Node;

use crate::body::{Function, Root};
use crate::finding::{
    Acquisition, Confidence, ContractSource, Finding, FixTemplate, Harm, Heat, Location, Outcome,
    Resource, Severity, Step,
};
use crate::module::Module;

/// What is said of the place where a goroutine is started that stays elsewhere.
pub(crate) const STARTED_HERE: &str = "started here";

/// A goroutine that stays for ever.
pub(crate) struct Stuck {
    pub rule: &'static str,
    pub location: Location,
    /// Whether what a reader looks for is where the path begins, and not where the goroutine is started.
    pub hangs_here: bool,
    /// The `go` statement, or the call that starts it.
    pub start: Node,
    /// What it is started in.
    pub root: Root,
    /// What it waits on, or runs.
    pub variable: String,
    /// What would end it.
    pub release: String,
    pub message: String,
    pub confidence: Confidence,
    pub path: Vec<Step>,
    pub fix: FixTemplate,
}

/// The goroutine as an acquisition that is owed, and the finding.
pub(crate) fn published(
    module: &Module<'_>,
    function: &Function,
    stuck: Stuck,
    heat: Heat,
) -> (Acquisition, Finding) {
    let harm = Harm {
        goroutines: true,
        memory: true,
        ..Harm::default()
    };
    let resource = Resource {
        type_name: "goroutine".to_owned(),
        acquired_by: "go".to_owned(),
        release: stuck.release,
        variable: Some(stuck.variable.clone()),
        contract_from: ContractSource::Source,
        harm,
        cost: "1 goroutine, its stack, and all that it can reach".to_owned(),
    };
    let in_loop = function.in_loop(stuck.start);
    let symbol = symbol_of(module.program, &function.typed, stuck.root);
    let acquisition = Acquisition {
        location: stuck.location.clone(),
        resource: resource.clone(),
        rule: stuck.rule,
        function: symbol.clone(),
        heat,
        in_loop,
        outcome: Outcome::Owed(stuck.path.clone()),
    };
    let (mut place, mut path, mut begun) = (stuck.location, stuck.path, None);
    if stuck.hangs_here
        && let Some(first) = path.first_mut()
    {
        std::mem::swap(&mut place, &mut first.location);
        first.note = STARTED_HERE.to_owned();
        begun = Some(first.location.clone());
    }
    // However many a loop leaves behind, a function that runs once leaves them once.
    let again = in_loop && heat != Heat::Once;
    let finding = Finding {
        rule: stuck.rule,
        severity: Severity::of(harm, heat, again),
        low_because: Severity::low_by(heat).map(str::to_owned),
        confidence: stuck.confidence,
        message: stuck.message,
        identity: crate::publish::fingerprint::identity(
            module,
            function,
            stuck.rule,
            "go",
            &stuck.variable,
        ),
        fingerprint: String::new(),
        location: place,
        begun,
        resource,
        path,
        function: symbol,
        heat,
        fix: stuck.fix,
    };
    (acquisition, finding)
}
