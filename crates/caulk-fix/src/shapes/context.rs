//! A context of its own for what only the end of its context gives up.

use caulk_syntax::ExprKind;

use crate::bound;
use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// Cancels the context of the acquiring call when the function returns; none where it has no such context.
pub(super) fn cancelled(site: &Site<'_>) -> Result<Option<Vec<Edit>>, Refusal> {
    let Some(argument) = site.template().release.context.map(span) else {
        return Ok(None);
    };
    let layout = site.layout();
    let tree = site.scope.tree;
    let text = layout.text(argument);
    let statement = site.scope.span(site.acquiring);
    let stands_alone = site.scope.siblings(site.acquiring).is_some();
    if !stands_alone || !layout.opens_line(statement.start) || text.contains('\n') {
        return Ok(None);
    }
    let is_name = site
        .scope
        .expression(argument)
        .is_some_and(|id| matches!(tree.expr(id).kind, ExprKind::Ident(_)));
    let mut edits = Vec::new();
    let name = if is_name {
        if !site.is_context(text) {
            return Ok(None);
        }
        bound::refuse_if_used_later(site, text)?;
        text.to_owned()
    } else {
        let name = site.fresh("ctx");
        edits.push(Edit::replace(argument, name.clone()));
        name
    };
    let cancel = site.fresh("cancel");
    let lines = [
        format!("{name}, {cancel} := context.WithCancel({text})"),
        format!("defer {cancel}()"),
    ];
    edits.push(
        layout
            .insert_above(statement.start, &lines)
            .ok_or_else(Refusal::crowded)?,
    );
    edits.extend(site.source.import("context")?);
    Ok(Some(edits))
}

impl Site<'_> {
    /// Whether a variable can be assigned any context: a parameter of that type, or a local variable by a
    /// common name.
    fn is_context(&self, name: &str) -> bool {
        let body = self.body();
        match self.source.parameter_type(&self.scope, body, name) {
            Some(ty) => ty == "context.Context",
            None => name == "ctx" || name.ends_with("Ctx"),
        }
    }
}
