//! A process that is waited for: that may take as long as it runs, and for ever where nobody reads what it prints, so that
//! it is killed first where the function gives up.

use super::{Proposal, on_error};
use crate::leaving::Leave;
use crate::release::Release;
use crate::site::{Site, span};

const KILL: &str = "Process.Kill()";

/// The proposal, with what a person should know of the wait.
pub(super) fn reviewed(site: &Site<'_>, proposal: Proposal) -> Proposal {
    let text = site.layout().text(site.body());
    if proposal.review.is_some() || text.contains(&format!(".{KILL}")) {
        return proposal;
    }
    let kills = proposal.edits.iter().any(|edit| edit.text.contains(KILL));
    let reason = match kills {
        true => "the process is killed where the function fails",
        false => "the function then waits until the process has ended",
    };
    Proposal::review(proposal.edits, reason)
}

/// The release before an exit that gives up on a process whose pipes the function reads or writes.
pub(super) fn killed_first(site: &Site<'_>, leave: Leave, release: &Release) -> Option<Release> {
    let text = site.layout().text(site.body());
    let piped = ["StdoutPipe()", "StderrPipe()", "StdinPipe()"];
    let is_it = site.finding.rule == "unwaited-process"
        && site.finding.resource.type_name == "os/exec.Cmd"
        && piped.iter().any(|pipe| text.contains(pipe))
        && !text.contains(KILL);
    let Leave::Return(id) = leave else {
        return None;
    };
    let place = site.scope.tree.stmt(id).span;
    let mut exits = site.template().losing_exits.iter();
    let fails = exits.any(|exit| span(exit.span) == place && on_error::fails(site, exit));
    (is_it && fails).then(|| release.clone().behind(KILL))
}
