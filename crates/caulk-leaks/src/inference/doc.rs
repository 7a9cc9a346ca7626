//! What the documentation of a function says its caller has to release: “the caller must call Close”.

use std::sync::Arc;

use caulk_program::{FuncId, Program, TypeId};

use crate::contract::{Contract, ErrorAt, Origin, Release};
use crate::finding::Confidence;
use crate::module::Module;

/// Methods that release, with the words that say so.
const RELEASES: &[(&str, &[&str])] = &[
    ("Close", &["close", "closed", "closing"]),
    ("Stop", &["stop", "stopped", "stopping"]),
    ("Shutdown", &["shut", "shutdown"]),
    ("Release", &["release", "released", "releasing"]),
    ("Cancel", &["cancel", "cancelled", "canceled"]),
    ("Disconnect", &["disconnect", "disconnected"]),
    ("Destroy", &["destroy", "destroyed"]),
    ("Free", &["free", "freed"]),
];

/// Words of a duty.
const DUTIES: &[&str] = &[
    "must",
    "should",
    "needs",
    "need",
    "have to",
    "has to",
    "responsib",
    "make sure",
    "be sure",
    "ensure",
    "remember",
    "required to",
];

/// Words that take a duty away, or make it one of a few.
const DENIALS: &[&str] = &[
    " not ",
    "n't ",
    "no need",
    "never",
    "unless",
    "optional",
    "without ",
    "automatically",
    "only if",
    "only when",
    " if ",
    "on error",
    "passed in",
    "passed to",
];

/// Who has the duty, or of what.
const ABOUT: &[&str] = &[
    "caller",
    "returned",
    "return value",
    "result",
    "when done",
    "when finished",
    "after use",
    "last use",
    "no longer",
    "after using",
    "user",
    "you ",
    "call close",
    "call stop",
    "call release",
];

/// The contract that the documentation of a function states: of the first result whose type has the
/// method that is named.
pub(crate) fn contract(module: &Module<'_>, id: FuncId) -> Option<Contract> {
    let program = module.program;
    let func = program.func(id)?;
    let file = program.file_of(id)?;
    let text = file.outline.comments.doc_text(func.decl.span.start);
    if !may_oblige(&text) {
        return None;
    }
    let signature = program.func_type(program.signature(id))?;
    let results = signature.results.to_vec();
    let params = parameter_names(module, id);
    sentences(&text).find_map(|sentence| {
        let method = duty(&sentence, &params)?;
        let result = results
            .iter()
            .position(|ty| program.has_method(*ty, method) && !does_nothing(module, *ty, method))?;
        let error = results
            .last()
            .is_some_and(|last| crate::types::is_error(program, *last));
        let origin = Origin::Documentation {
            sentence: Arc::from(sentence.as_str()),
            at: Arc::new(crate::inference::owned::declared_at(module, id)?),
        };
        // A writer over one that is passed in frees nothing.
        let writes = |ty: &TypeId| program.has_method(*ty, "Write");
        let over_another = signature
            .params
            .iter()
            .any(|ty| writes(ty) && !crate::types::has_release(program, *ty));
        Some(Contract {
            results: vec![result],
            finishes: over_another && results.get(result).is_some_and(writes),
            error: if error { ErrorAt::Last } else { ErrorAt::Never },
            ..Contract::of(
                release(program, *results.get(result)?, method),
                Confidence::Likely,
                origin,
            )
        })
    })
}

/// The method that is named, and others of the type that end what it is.
fn release(program: &Program, ty: TypeId, method: &str) -> Release {
    let others = ["Commit", "Abort", "Rollback", "Cancel"];
    let others = others
        .into_iter()
        .filter(|name| program.has_method(ty, name));
    Release::any_of(std::iter::once(method).chain(others.filter(|name| *name != method)))
}

fn parameter_names(module: &Module<'_>, id: FuncId) -> Vec<String> {
    let params =
        crate::inference::directive::parameters(module.program, id).map(|(_, params)| params);
    params
        .unwrap_or_default()
        .into_iter()
        .map(|name| name.to_lowercase())
        .filter(|name| name.len() > 1)
        .collect()
}

/// Sentences of a comment, on one line each.
fn sentences(text: &str) -> impl Iterator<Item = String> {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    joined
        .split_inclusive(". ")
        .map(|sentence| sentence.trim().trim_end_matches('.').to_owned())
        .filter(|sentence| !sentence.is_empty())
        .collect::<Vec<_>>()
        .into_iter()
}

/// Whether a text has the words of a duty and of a release, in whatever sentence: few have, and all are asked for.
fn may_oblige(text: &str) -> bool {
    let text = text.to_lowercase().replace('\n', " ");
    let mut releases = RELEASES.iter().filter_map(|(_, forms)| forms.first());
    // The first form is the beginning of the others, but for a last letter.
    releases.any(|form| text.contains(form.strip_suffix('e').unwrap_or(form)))
        && DUTIES.iter().any(|word| text.contains(word))
}

/// The method that a sentence obliges the caller to call.
fn duty(sentence: &str, params: &[String]) -> Option<&'static str> {
    let padded = format!(" {} ", sentence.to_lowercase());
    let has = |words: &[&str]| words.iter().any(|word| padded.contains(word));
    let words: Vec<&str> = padded
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let speaks_of_argument = params.iter().any(|param| words.contains(&param.as_str()));
    if !has(DUTIES) || has(DENIALS) || !has(ABOUT) || speaks_of_argument {
        return None;
    }
    RELEASES
        .iter()
        .find(|(_, forms)| forms.iter().any(|form| words.contains(form)))
        .map(|(method, _)| *method)
}

/// Whether a method of a type is there for an interface alone: it calls nothing and closes no channel.
pub(crate) fn does_nothing(module: &Module<'_>, ty: TypeId, method: &str) -> bool {
    let program = module.program;
    let Some(id) = program
        .method(ty, method)
        .filter(|method| !method.of_interface)
        .and_then(|method| method.func.id)
    else {
        return false;
    };
    let Some(function) = module.function(caulk_program::BodyOwner::Func(id)) else {
        return false;
    };
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let mut acts = false;
    function.tree().walk(graph.body, |node| {
        use caulk_syntax::{Descend, ExprKind, Node, StmtKind};
        acts |= match node {
            Node::Expr(expr) => matches!(function.tree().expr(expr).kind, ExprKind::Call { .. }),
            Node::Stmt(stmt) => matches!(
                function.tree().stmt(stmt).kind,
                StmtKind::Send { .. } | StmtKind::Go(_)
            ),
        };
        Descend::Into
    });
    !acts
}

#[cfg(test)]
mod tests {
    use super::duty;

    #[test]
    fn a_sentence_obliges_where_it_names_a_duty_a_release_and_the_caller() {
        let says = |sentence: &str| duty(sentence, &["conn".to_owned()]);
        for sentence in [
            "The caller must call Close when done",
            "It is the caller's responsibility to close the returned reader",
            "The returned client should be closed after use",
            "Callers need to close it",
            "You must call Close to free its memory",
        ] {
            assert_eq!(says(sentence), Some("Close"), "{sentence}");
        }
        assert_eq!(says("Be sure to call Stop when done"), Some("Stop"));
        for sentence in [
            "The caller must not close the returned body",
            "The returned reader need not be closed",
            "The caller should close it only if it was opened by Dial",
            "The caller must close conn after use",
            "Open must be called before Close",
            "Close closes the file",
        ] {
            assert_eq!(says(sentence), None, "{sentence}");
        }
    }
}
