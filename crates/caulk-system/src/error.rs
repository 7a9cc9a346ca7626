use std::io;

/// The message of an I/O error as a lower-case fragment without the trailing `(os error N)`.
///
/// `No such file or directory (os error 2)` becomes `no such file or directory`.
pub fn io_message(error: &io::Error) -> String {
    let text = error.to_string();
    let text = match text.rfind(" (os error ") {
        Some(at) => &text[..at],
        None => text.as_str(),
    };
    let mut rest = text.chars();
    match rest.next() {
        // An acronym ("EOF", "UTF-8") keeps its capitals.
        Some(first) if !rest.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(rest).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn messages_are_lower_case_fragments() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(io_message(&missing), "no such file or directory");
        assert_eq!(
            io_message(&io::Error::other("EOF in header")),
            "EOF in header"
        );
        assert_eq!(io_message(&io::Error::other("")), "");
    }
}
