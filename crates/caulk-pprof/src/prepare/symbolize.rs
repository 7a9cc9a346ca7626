//! Where names come from (`-symbolize`).

use super::Names;

/// What `-symbolize` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbolize {
    /// Names may be read from the program's file.
    pub local: bool,
    /// Names may be asked of the service that the profile is from.
    pub remote: bool,
    /// Also where there are names already.
    pub force: bool,
    /// How names are shown.
    pub names: Names,
}

impl Default for Symbolize {
    fn default() -> Self {
        Symbolize {
            local: true,
            remote: true,
            force: false,
            names: Names::Short,
        }
    }
}

impl Symbolize {
    /// Reads the words of `-symbolize`, with colons between. What is not known is told and
    /// ignored.
    pub fn new(words: &str, warnings: &mut Vec<String>) -> Symbolize {
        let mut symbolize = Symbolize::default();
        for word in words.to_lowercase().split(':') {
            match word {
                "" | "default" | "demangle=default" => {}
                "none" | "no" => {
                    return Symbolize {
                        local: false,
                        remote: false,
                        force: false,
                        names: Names::AsTheyAre,
                    };
                }
                "local" | "fastlocal" => (symbolize.local, symbolize.remote) = (true, false),
                "remote" => (symbolize.local, symbolize.remote) = (false, true),
                "force" => symbolize.force = true,
                _ => {
                    symbolize.names = match word.strip_prefix("demangle=").unwrap_or(word) {
                        "full" => Names::Full,
                        "templates" => Names::WithTemplates,
                        "none" => Names::AsTheyAre,
                        _ => {
                            warnings.push(format!(
                                "ignoring unrecognized symbolization option: {words}"
                            ));
                            warnings.push(
                                "expecting -symbolize=[local|fastlocal|remote|none][:force]\
                                 [:demangle=[none|full|templates|default]"
                                    .to_owned(),
                            );
                            continue;
                        }
                    };
                    symbolize.force = true;
                }
            }
        }
        symbolize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_reference() {
        let mut warnings = Vec::new();
        let mut read = |words: &str| Symbolize::new(words, &mut warnings);
        assert_eq!(read(""), Symbolize::default());
        assert_eq!(read("none").names, Names::AsTheyAre);
        assert_eq!(
            read("Local:force:demangle=full"),
            Symbolize {
                local: true,
                remote: false,
                force: true,
                names: Names::Full,
            }
        );
        assert!(!read("remote").local);
        assert_eq!(read("templates").names, Names::WithTemplates);
        assert_eq!(read("what"), Symbolize::default());
        assert_eq!(warnings.len(), 2);
    }
}
