//! What the fuzz targets of profiles share with the tests of `caulk-profile`: what must hold of any
//! bytes.

#[path = "../../crates/caulk-profile/tests/hostile/bodies.rs"]
pub mod bodies;
#[path = "../../crates/caulk-profile/tests/hostile/oracle.rs"]
pub mod oracle;

/// Reads the bytes after the beginning of each of some forms.
pub fn following(forms: &[&str], bytes: &[u8]) {
    for (form, beginning) in bodies::BEGINNINGS {
        if forms.contains(&form) {
            bodies::any(&[beginning, bytes].concat());
        }
    }
}
