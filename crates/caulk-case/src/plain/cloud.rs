//! What the Cloud Profiler API answers to a listing: JSON with the profiles in it, each with its
//! deployment and the instance it is of.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use caulk_profile::{Limits, StackTable};
use jiff::Timestamp;
use serde::Deserialize;

use crate::series::NotUsed;

use super::file::{Identified, PlainFile};
use super::profiled::{of_profile, unread};

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Listing { profiles: Vec<Listed> },
    Profiles(Vec<Listed>),
    One(Box<Listed>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    profile_bytes: String,
    #[serde(default)]
    start_time: Option<Timestamp>,
    #[serde(default)]
    deployment: Deployment,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Deployment {
    target: String,
    labels: BTreeMap<String, String>,
}

/// The snapshots in a listing. Those of other kinds (CPU, contention over some seconds) are left out,
/// unless there is nothing else.
pub fn read(path: &Path, bytes: &[u8], limits: Limits, stacks: &mut StackTable) -> Identified {
    let answer: Answer = serde_json::from_slice(bytes).map_err(|_| NotUsed::NoProfile)?;
    let listed = match answer {
        Answer::Listing { profiles } | Answer::Profiles(profiles) => profiles,
        Answer::One(one) => vec![*one],
    };
    let mut read = Vec::new();
    let mut not_used = NotUsed::NoProfile;
    for profile in listed {
        match one(path, &profile, limits, stacks) {
            Ok(file) => read.push(file),
            Err(why) => not_used = why,
        }
    }
    if read.is_empty() {
        return Err(not_used);
    }
    Ok(read)
}

fn one(
    path: &Path,
    listed: &Listed,
    limits: Limits,
    stacks: &mut StackTable,
) -> Result<PlainFile, NotUsed> {
    let decoded = STANDARD
        .decode(&listed.profile_bytes)
        .or_else(|_| URL_SAFE.decode(&listed.profile_bytes))
        .map_err(|error| NotUsed::Unreadable(format!("decode a profile: {error}")))?;
    let profile = caulk_profile::read(&decoded, limits).map_err(unread)?;
    let mut file = of_profile(path, &profile, stacks)?;
    // All lie in one file: its numbers say nothing of them.
    file.numbers.clear();
    if file.time_nanos.is_none() {
        let nanos = listed.start_time.map(|time| time.as_nanosecond());
        file.time_nanos = nanos.and_then(|nanos| i64::try_from(nanos).ok());
    }
    let label = |labels: &BTreeMap<String, String>, key: &str| labels.get(key).cloned();
    let words = [
        Some(listed.deployment.target.clone()),
        label(&listed.deployment.labels, "version"),
        label(&listed.labels, "instance"),
    ];
    let words: Vec<String> = words
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    file.origin = words.join(" ");
    Ok(file)
}
