//! An error that is never looked at, though the value that came with it is used right behind: a check that returns it.

use caulk_syntax::StmtKind;

use crate::edit::Edit;
use crate::layout::under;
use crate::site::Site;

/// What a person should know of the check.
pub(super) const REVIEW: &str = "the error was never checked; the fix returns it";

/// The check below the acquisition; none where the function cannot return the error, or does not use the value at once.
pub(super) fn check(site: &Site<'_>) -> Option<Edit> {
    let error = site.template().error_variable.as_deref()?;
    let value = site.value_name()?;
    let (siblings, index) = site.scope.siblings(site.acquiring)?;
    let mut later = siblings.iter().skip(index + 1);
    let user = later.find(|id| {
        let uses = |name| !site.scope.uses(**id, name).is_empty();
        uses(value) || uses(error)
    })?;
    // Where it is looked at, what follows goes on without a value, or with another.
    let looks = matches!(site.scope.tree.stmt(*user).kind,
        StmtKind::If { cond, .. } if site.asks_for_error(cond));
    if looks || site.scope.uses(*user, value).is_empty() {
        return None;
    }
    let lines = under(&format!("{error} != nil"), vec![site.error_return(error)?]);
    let place = site.scope.span(site.acquiring);
    site.layout().insert_below(place, &lines)
}
