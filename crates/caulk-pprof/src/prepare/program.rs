//! The program that a profile is of: its first mapping.

use caulk_profile::{Mapping, Profile};

use crate::url::Url;

/// Gives a profile of one source the name and build id of its program, where they are said
/// (`locateBinaries` of the reference): the name always, the build id where it has none. A profile
/// without mappings gets one, for all of its addresses.
pub fn name_program(profile: &mut Profile, program: &str, build_id: &str) {
    profile.add_mapping_if_none();
    let Some(&main) = profile.mappings().first() else {
        return;
    };
    let mut named = main;
    if !program.is_empty() {
        named.file = profile.add_string(program.as_bytes());
    }
    if !build_id.is_empty() && profile.string(main.build_id).is_empty() {
        named.build_id = profile.add_string(build_id.as_bytes());
    }
    if let Some(main) = profile.mappings_mut().first_mut() {
        *main = named;
    }
}

/// The files that the reference would read names from: those of mappings without names, or with `force`
/// all that have locations.
pub fn files_with_names(profile: &Profile, force: bool) -> Vec<String> {
    let mut is_used = vec![false; profile.mappings().len()];
    for mapping in profile.locations().iter().filter_map(|l| l.mapping) {
        if let Some(is_used) = is_used.get_mut(mapping.index()) {
            *is_used = true;
        }
    }
    let mappings = profile.mappings().iter().zip(is_used);
    mappings
        .filter(|(mapping, is_used)| {
            let has_names =
                mapping.has_functions || mapping.has_filenames || mapping.has_line_numbers;
            *is_used && (force || !has_names)
        })
        .map(|(mapping, _)| profile.string(mapping.file).to_owned())
        .filter(|file| !file.is_empty())
        .collect()
}

/// A URL stands for a program only until names are asked for there (`unsourceMappings`).
pub(super) fn forget_sources(profile: &mut Profile) {
    let is_source = |mapping: &Mapping| {
        profile.string(mapping.build_id).is_empty()
            && Url::parse(profile.string(mapping.file)).is_some_and(|url| !url.scheme.is_empty())
    };
    let is_source: Vec<bool> = profile.mappings().iter().map(is_source).collect();
    for (mapping, is_source) in profile.mappings_mut().iter_mut().zip(is_source) {
        if is_source {
            mapping.file = caulk_profile::StringId(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caulk_profile::ProfileBuilder;

    #[test]
    fn a_profile_without_mappings_gets_one() {
        let mut builder = ProfileBuilder::new();
        builder.location(None, 7, &[]);
        let mut profile = builder.finish();
        name_program(&mut profile, "/bin/server", "");
        let main = profile.mappings()[0];
        assert_eq!((main.id, profile.string(main.file)), (1, "/bin/server"));
        assert_eq!(profile.locations()[0].mapping.map(|m| m.index()), Some(0));
    }

    #[test]
    fn a_build_id_stays_and_a_name_does_not() {
        let mut builder = ProfileBuilder::new();
        for (file, id) in [
            ("/bin/old", "ab12"),
            ("http://h/debug/pprof/heap", ""),
            ("[vdso]", ""),
        ] {
            let mapping = Mapping {
                file: builder.string(file),
                build_id: builder.string(id),
                ..Mapping::default()
            };
            builder.mapping(mapping);
        }
        let mut profile = builder.finish();
        name_program(&mut profile, "new", "cd34");
        forget_sources(&mut profile);
        let mappings = profile.mappings().iter();
        let named: Vec<(&str, &str)> = mappings
            .map(|m| (profile.string(m.file), profile.string(m.build_id)))
            .collect();
        assert_eq!(named, [("new", "ab12"), ("", ""), ("[vdso]", "")]);
    }
}
