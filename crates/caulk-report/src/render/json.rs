use serde::Serialize;

/// A value as indented JSON with a final newline.
///
/// # Errors
///
/// Where the value cannot be JSON, such as a map with keys that are not strings; none of the shapes in
/// [`crate::json`] is.
pub fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}
