/// What is asked of the Go runtime of a program that is hunted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profiling {
    /// One heap sample for about so many bytes allocated; 1 is every allocation.
    pub mem_profile_rate: u64,
    /// How many ancestors of a goroutine its dump names.
    pub ancestors: u32,
}

impl Default for Profiling {
    /// 4096 bytes, at which stacks are near exact at no measurable cost; ten ancestors, which suffice for gRPC's
    /// deepest.
    fn default() -> Self {
        Self {
            mem_profile_rate: 4096,
            ancestors: 10,
        }
    }
}

impl Profiling {
    /// The value of `GODEBUG`: the user's own settings (given, else inherited), then ours in place of any of the same
    /// name. What `go.mod` and `//go:debug` set is in the binary and is overridden setting by setting only.
    pub(super) fn godebug(&self, env: &[(String, String)]) -> String {
        let given = env
            .iter()
            .rev()
            .find(|(name, _)| name == "GODEBUG")
            .map(|(_, value)| value.clone());
        let user = given
            .or_else(|| std::env::var("GODEBUG").ok())
            .unwrap_or_default();
        self.merged(&user)
    }

    fn merged(&self, user: &str) -> String {
        let ours = [
            ("tracebackancestors", u64::from(self.ancestors)),
            ("memprofilerate", self.mem_profile_rate),
        ];
        let is_ours = |setting: &str| {
            let name = setting.split('=').next().unwrap_or_default().trim();
            ours.iter().any(|(our, _)| *our == name)
        };
        user.split(',')
            .filter(|setting| !setting.trim().is_empty() && !is_ours(setting))
            .map(str::to_owned)
            .chain(ours.iter().map(|(name, value)| format!("{name}={value}")))
            .collect::<Vec<_>>()
            .join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_s_other_settings_stay() {
        let profiling = Profiling::default();
        let ours = "tracebackancestors=10,memprofilerate=4096";
        assert_eq!(profiling.merged(""), ours);
        assert_eq!(
            profiling.merged("http2debug=1,memprofilerate=1,asynctimerchan=1"),
            format!("http2debug=1,asynctimerchan=1,{ours}")
        );
        let env = [
            ("GODEBUG".to_owned(), "a=1".to_owned()),
            ("GODEBUG".to_owned(), "b=2".to_owned()),
        ];
        assert_eq!(profiling.godebug(&env), format!("b=2,{ours}"));
    }
}
