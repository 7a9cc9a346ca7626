//! What must hold of the reports of any profile, for the tests here and for the fuzz target.

use std::path::PathBuf;
use std::sync::Arc;

use caulk_pprof::{
    BaseOptions, Command, Config, Granularity, Request, Sort, SourceFiles, Surroundings, Symbolize,
    combine, generate, prepare, subtract,
};
use caulk_profile::{Limits, Profile, read_as_pprof};
use caulk_system::MemoryFiles;

const LIMITS: Limits = Limits {
    inflated_bytes: 1 << 24,
};

const COMMANDS: [Command; 12] = [
    Command::Top,
    Command::TopProto,
    Command::Tree,
    Command::Peek,
    Command::List,
    Command::Callgrind,
    Command::Dot,
    Command::Traces,
    Command::Tags,
    Command::Raw,
    Command::Comments,
    Command::Proto,
];

/// Options that a number chooses.
fn config(mut choice: u64) -> Config {
    let mut one_of = |count: u64| {
        let chosen = choice % count;
        choice /= count;
        chosen
    };
    let text = |chosen: u64, texts: &[&str]| {
        let chosen = usize::try_from(chosen).unwrap_or(0);
        texts.get(chosen).copied().unwrap_or("").to_owned()
    };
    Config {
        granularity: match one_of(6) {
            0 => None,
            1 => Some(Granularity::Functions),
            2 => Some(Granularity::FileFunctions),
            3 => Some(Granularity::Files),
            4 => Some(Granularity::Lines),
            _ => Some(Granularity::Addresses),
        },
        sort: if one_of(2) == 0 {
            Sort::Flat
        } else {
            Sort::Cum
        },
        call_tree: one_of(2) == 0,
        mean: one_of(2) == 0,
        drop_negative: one_of(2) == 0,
        noinlines: one_of(2) == 0,
        trim: one_of(2) == 0,
        relative_percentages: one_of(2) == 0,
        showcolumns: one_of(2) == 0,
        nodecount: [-1, 0, 1, 3, i64::MAX, i64::MIN][one_of(6) as usize],
        nodefraction: [0.005, 0.0, 1e300, f64::NAN, -1.0][one_of(5) as usize],
        edgefraction: [0.001, 0.0, f64::INFINITY, -1e300][one_of(4) as usize],
        divide_by: [1.0, 1e-300, 1e300, -2.0, f64::NAN][one_of(5) as usize],
        unit: text(one_of(5), &["minimum", "auto", "kB", "hrs", "ö"]),
        sample_index: text(one_of(3), &["", "0", "1"]),
        focus: text(one_of(4), &["", "a", ".", "^$"]),
        hide: text(one_of(4), &["", "b", "", "."]),
        tagfocus: text(
            one_of(6),
            &["", ":5kb", "a=1:", "99999999999999999999", "-5ms:5", "b"],
        ),
        tagroot: text(one_of(3), &["", "a", ",a,,b"]),
        tagleaf: text(one_of(3), &["", "b", "a,"]),
        ..Config::default()
    }
}

/// Every report of the profile that the bytes are, with the options that a number chooses, ends, with
/// a report or an error of one line.
pub fn reports(bytes: &[u8], choice: u64) {
    let Ok(mut profile) = read_as_pprof(bytes, LIMITS) else {
        return;
    };
    if choice % 3 == 1 {
        let Ok(sum) = combine(vec![profile.clone(), profile]) else {
            return;
        };
        profile = sum;
    } else if choice % 3 == 2 {
        let options = BaseOptions {
            is_diff: choice.is_multiple_of(2),
            normalize: choice.is_multiple_of(5),
        };
        let Ok(difference) = subtract(profile.clone(), profile, options) else {
            return;
        };
        profile = difference;
    }
    prepare(&mut profile, Symbolize::default(), "a remark");
    all(&profile, &config(choice / 3));
}

fn all(profile: &Profile, config: &Config) {
    let surroundings = Surroundings {
        time_zone: jiff::tz::TimeZone::UTC,
        sources: SourceFiles::new(Arc::new(MemoryFiles::new()), PathBuf::from("/")),
    };
    for command in COMMANDS {
        let request = Request {
            argument: Some(".".to_owned()),
            ..Request::new(command)
        };
        if let Err(error) = generate(profile, &request, config, &surroundings) {
            let error = error.to_string();
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
