//! Whether the linter that a project runs wants the error of every release looked at or dropped by name.

/// Names of the configuration of golangci-lint, which runs errcheck unless it is told not to.
pub(crate) const NAMES: [&str; 2] = [".golangci.yml", ".golangci.yaml"];

/// Whether errcheck complains of `defer f.Close()` under a configuration. What is not understood is taken for a no.
pub(crate) fn wants_errors_dropped_by_name(config: &str) -> bool {
    let mut enabled = true;
    let mut by_default = false;
    let mut second_version = false;
    let mut list = "";
    for line in config.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if let Some(item) = line.strip_prefix("- ") {
            match (list, item.trim_matches(['"', '\''])) {
                ("enable", "errcheck") => enabled = true,
                ("disable", "errcheck") => return false,
                (_, "std-error-handling") => return false,
                _ => {}
            }
            continue;
        }
        match line
            .split_once(':')
            .map(|(key, value)| (key.trim(), value.trim()))
        {
            Some(("version", value)) => second_version = value.contains('2'),
            Some(("exclude-use-default", "false")) => by_default = true,
            // Only what is enabled by name runs; a list of names follows.
            Some(("disable-all", "true") | ("default", "none")) => {
                enabled = config
                    .lines()
                    .any(|line| line.trim().trim_start_matches("- ").trim() == "errcheck");
            }
            Some((key, "")) => list = key,
            _ => {}
        }
    }
    // An exclusion of its own is likely to be the very one.
    enabled && (second_version || by_default) && !config.contains("Close")
}

#[cfg(test)]
mod tests {
    use super::wants_errors_dropped_by_name;

    #[test]
    fn configurations_of_both_versions() {
        for (config, expected) in [
            ("", false),
            ("linters:\n  enable:\n    - errcheck\n", false),
            ("issues:\n  exclude-use-default: false\n", true),
            (
                "linters:\n  disable:\n    - errcheck\nissues:\n  exclude-use-default: false\n",
                false,
            ),
            (
                "linters:\n  disable-all: true\nissues:\n  exclude-use-default: false\n",
                false,
            ),
            ("version: \"2\"\n", true),
            (
                "version: \"2\"\nlinters:\n  default: none\n  enable:\n    - govet\n",
                false,
            ),
            (
                "version: \"2\"\nlinters:\n  default: none\n  enable:\n    - errcheck\n",
                true,
            ),
            (
                "version: \"2\"\nlinters:\n  exclusions:\n    presets:\n      - std-error-handling\n",
                false,
            ),
            (
                "version: \"2\"\nlinters:\n  settings:\n    errcheck:\n      exclude-functions:\n        - (*os.File).Close\n",
                false,
            ),
        ] {
            assert_eq!(wants_errors_dropped_by_name(config), expected, "{config}");
        }
    }
}
