//! Filters by the names of frames: `focus`, `ignore`, `hide`, `show`, `show_from`, `prune_from`
//! (`profile/filter.go` and `profile/prune.go` of the reference).

use caulk_profile::{Line, LocationIndex, Profile};

use super::warn_unless;
use crate::pattern::Pattern;

/// The filters, as far as they are set.
pub(super) struct FrameFilters {
    pub focus: Option<Pattern>,
    pub ignore: Option<Pattern>,
    pub hide: Option<Pattern>,
    pub show: Option<Pattern>,
    pub show_from: Option<Pattern>,
    pub prune_from: Option<Pattern>,
}

impl FrameFilters {
    pub fn is_any(&self) -> bool {
        self.filters_names() || self.show_from.is_some() || self.prune_from.is_some()
    }

    fn filters_names(&self) -> bool {
        let filters = [&self.focus, &self.ignore, &self.hide, &self.show];
        filters.iter().any(|filter| filter.is_some())
    }
}

/// What a pattern says of functions and mappings.
struct Matches {
    functions: Vec<bool>,
    mappings: Vec<bool>,
}

impl Matches {
    /// A function is matched by its name or file, a mapping by its file.
    fn new(profile: &Profile, pattern: &Pattern) -> Matches {
        let strings = profile.strings();
        let is_match = |id| pattern.is_match(strings.bytes(id));
        let functions = profile.functions().iter();
        let mappings = profile.mappings().iter();
        Matches {
            functions: functions
                .map(|function| is_match(function.name) || is_match(function.filename))
                .collect(),
            mappings: mappings.map(|mapping| is_match(mapping.file)).collect(),
        }
    }

    fn line(&self, line: &Line) -> bool {
        self.functions.get(line.function.index()) == Some(&true)
    }

    fn mapping(&self, profile: &Profile, location: LocationIndex) -> bool {
        let location = profile.locations().get(location.index());
        let mapping = location.and_then(|location| location.mapping);
        mapping.is_some_and(|mapping| self.mappings.get(mapping.index()) == Some(&true))
    }

    fn location(&self, profile: &Profile, location: LocationIndex) -> bool {
        let lines = profile.lines(location);
        lines.iter().any(|line| self.line(line)) || self.mapping(profile, location)
    }
}

/// What a location does to the samples that have it.
#[derive(Debug, Clone, Copy, Default)]
struct Role {
    /// Keeps them.
    is_focused: bool,
    /// Removes them.
    is_ignored: bool,
    /// Is left out of their stacks.
    is_hidden: bool,
    /// What called it is left out of their stacks.
    is_start: bool,
    /// What it called is left out of their stacks.
    is_end: bool,
}

/// What becomes of stacks.
pub(super) struct Stacks {
    /// By location.
    roles: Vec<Role>,
    filters_names: bool,
    has_hidden: bool,
    has_starts: bool,
    has_ends: bool,
}

impl Stacks {
    /// Takes lines out of the profile's locations as the filters ask, and decides what becomes of
    /// stacks.
    pub fn new(
        profile: &mut Profile,
        filters: &FrameFilters,
        warnings: &mut Vec<String>,
    ) -> Stacks {
        let mut stacks = Stacks {
            roles: vec![Role::default(); profile.locations().len()],
            filters_names: filters.filters_names(),
            has_hidden: false,
            has_starts: filters.show_from.is_some(),
            has_ends: filters.prune_from.is_some(),
        };
        stacks.filter_names(profile, filters, warnings);
        if let Some(show_from) = &filters.show_from {
            let has_match = stacks.find_starts(profile, show_from);
            warn_unless(has_match, "ShowFrom", warnings);
        }
        if let Some(prune_from) = &filters.prune_from {
            stacks.find_ends(profile, prune_from);
        }
        stacks
    }

    fn filter_names(
        &mut self,
        profile: &mut Profile,
        filters: &FrameFilters,
        warnings: &mut Vec<String>,
    ) {
        let matches = |pattern: &Option<Pattern>| {
            let pattern = pattern.as_ref()?;
            Some(Matches::new(profile, pattern))
        };
        let (focus, ignore) = (matches(&filters.focus), matches(&filters.ignore));
        let (hide, show) = (matches(&filters.hide), matches(&filters.show));
        let (mut has_focus, mut has_ignore, mut has_hide, mut has_show) = Default::default();
        for (index, role) in self.roles.iter_mut().enumerate() {
            let location = LocationIndex(index as u32);
            let is_match = |matches: &Matches| matches.location(profile, location);
            if ignore.as_ref().is_some_and(is_match) {
                has_ignore = true;
                role.is_ignored = true;
            } else if focus.as_ref().is_none_or(is_match) {
                has_focus = true;
                role.is_focused = true;
            }
            if let Some(hide) = &hide
                && hide.location(profile, location)
            {
                has_hide = true;
                let is_all = hide.mapping(profile, location);
                let left = profile.retain_lines(location, |line| !is_all && !hide.line(line));
                role.is_hidden = left == 0;
            }
            if let Some(show) = &show {
                let is_all = show.mapping(profile, location);
                let left = profile.retain_lines(location, |line| is_all || show.line(line));
                role.is_hidden |= left == 0;
                has_show |= left > 0;
            }
            self.has_hidden |= role.is_hidden;
        }
        warn_unless(focus.is_none() || has_focus, "Focus", warnings);
        warn_unless(ignore.is_none() || has_ignore, "Ignore", warnings);
        warn_unless(hide.is_none() || has_hide, "Hide", warnings);
        warn_unless(show.is_none() || has_show, "Show", warnings);
    }

    fn find_starts(&mut self, profile: &mut Profile, show_from: &Pattern) -> bool {
        let matches = Matches::new(profile, show_from);
        let mut has_match = false;
        for (index, role) in self.roles.iter_mut().enumerate() {
            let location = LocationIndex(index as u32);
            role.is_start = matches.mapping(profile, location);
            if !role.is_start
                && let Some(outermost) =
                    (profile.lines(location).iter()).rposition(|line| matches.line(line))
            {
                profile.keep_lines(location, 0..outermost + 1);
                role.is_start = true;
            }
            has_match |= role.is_start;
        }
        has_match
    }

    fn find_ends(&mut self, profile: &mut Profile, prune_from: &Pattern) {
        let strings = profile.strings();
        let is_match: Vec<bool> = profile
            .functions()
            .iter()
            .map(|function| {
                let name = strings.bytes(function.name);
                !name.is_empty() && prune_from.is_match(without_arguments(name))
            })
            .collect();
        for (index, role) in self.roles.iter_mut().enumerate() {
            let location = LocationIndex(index as u32);
            let mut lines = profile.lines(location).iter();
            let innermost =
                lines.position(|line| is_match.get(line.function.index()) == Some(&true));
            if let Some(innermost) = innermost {
                profile.keep_lines(location, innermost..usize::MAX);
                role.is_end = true;
            }
        }
    }

    fn role(&self, location: LocationIndex) -> Role {
        self.roles
            .get(location.index())
            .copied()
            .unwrap_or_default()
    }

    /// Appends what is left of a stack. Returns whether its sample is kept.
    pub fn rewrite(&self, stack: &[LocationIndex], frames: &mut Vec<LocationIndex>) -> bool {
        let first = frames.len();
        if self.filters_names {
            let mut is_focused = false;
            for &location in stack {
                let role = self.role(location);
                if role.is_ignored {
                    return false;
                }
                is_focused |= role.is_focused;
                if !role.is_hidden {
                    frames.push(location);
                }
            }
            if !is_focused || self.has_hidden && frames.len() == first {
                return false;
            }
        } else {
            frames.extend_from_slice(stack);
        }
        if self.has_starts {
            let left = frames.get(first..).unwrap_or(&[]);
            match left
                .iter()
                .rposition(|&location| self.role(location).is_start)
            {
                Some(start) => frames.truncate(first + start + 1),
                None => return false,
            }
        }
        if self.has_ends {
            let left = frames.get(first..).unwrap_or(&[]);
            if let Some(end) = left.iter().position(|&location| self.role(location).is_end) {
                frames.drain(first..first + end);
            }
        }
        true
    }
}

/// A name up to its arguments; some C++ names have parentheses of their own.
pub(crate) fn without_arguments(name: &[u8]) -> &[u8] {
    const RESERVED: [&[u8]; 2] = [b"(anonymous namespace)", b"operator()"];
    let name = name.strip_prefix(b".").unwrap_or(name);
    let mut at = 0;
    while let Some(rest) = name.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(reserved) = RESERVED.iter().find(|reserved| rest.starts_with(reserved)) {
            at += reserved.len();
        } else if rest.starts_with(b"(") {
            return name.get(..at).unwrap_or(name);
        } else {
            at += 1;
        }
    }
    name
}
