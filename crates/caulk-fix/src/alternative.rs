//! What a person could do instead of the edit that is made. It is told, never applied.

use caulk_leaks::{Finding, Heat};

/// Another way to end a finding, as a sentence without a full stop; none where the edit is the usual one.
pub fn alternative(finding: &Finding) -> Option<String> {
    let per_request = finding.rule == "unclosed-client" && finding.heat == Heat::Request;
    per_request.then(|| {
        let what = finding.resource.variable.as_deref().unwrap_or("the client");
        format!(
            "{what} is made anew for each request: made once, outside of the handler, it could be shared and would not have to be closed here"
        )
    })
}
