//! `-proto`: the profile that the filters left, as gzipped `profile.proto`.

use caulk_profile::write;

use super::Subject;
use crate::error::ReportError;

/// Appends the profile to `out`, its values divided if the options ask for it.
pub(crate) fn proto(subject: &Subject, out: &mut Vec<u8>) -> Result<(), ReportError> {
    let measure = &subject.measure;
    let written = if measure.divides() {
        let mut divided = subject.profile.clone();
        divided.map_values(|value| measure.divided(value));
        write(&divided, out)
    } else {
        write(subject.profile, out)
    };
    written.map_err(|error| ReportError::Write(error.to_string()))
}
