//! From what was allocated to the map or slice that holds it.

use std::collections::BTreeMap;

use crate::account::{Account, Key, Reason, key as key_of};
use crate::anchor::{Anchor, AnchorKind, Anchors};
use crate::source::Store;

/// Memory that a map or a slice holds is lost where it is put in, not where it was made: what was
/// allocated on the way to a store becomes part of the store.
pub(crate) fn merge_into_holders(accounts: &mut BTreeMap<Key, Account>, anchors: &Anchors<'_>) {
    let plain: Vec<Key> = accounts
        .iter()
        .filter(|(_, account)| {
            account.weight.goroutines <= 0.0
                && matches!(
                    account.anchor.as_ref().map(|a| &a.kind),
                    Some(AnchorKind::Expression)
                )
        })
        .map(|(key, _)| key.clone())
        .collect();
    for key in plain {
        let Some(chain) = accounts.get(&key).map(|account| account.chain.clone()) else {
            continue;
        };
        let Some(holder) =
            seen_holder(accounts, &chain).or_else(|| written_holder(&chain, anchors))
        else {
            continue;
        };
        let Some(account) = accounts.remove(&key) else {
            continue;
        };
        let target = accounts.entry(key_of(&holder)).or_default();
        for function in &account.chain {
            if !target.chain.contains(function) {
                target.chain.push(function.clone());
            }
        }
        target.absorb(account);
        target.name(holder, Reason::OnStack);
    }
}

/// A store that was seen to grow and shares one of the user's functions with the chain; of several
/// the heaviest.
fn seen_holder(accounts: &BTreeMap<Key, Account>, chain: &[(String, String)]) -> Option<Anchor> {
    accounts
        .values()
        .filter(|account| {
            account
                .chain
                .iter()
                .any(|function| chain.contains(function))
        })
        .filter_map(|account| {
            let anchor = account.anchor.as_ref()?;
            matches!(anchor.kind, AnchorKind::Store(_)).then_some((account.weight.bytes, anchor))
        })
        .max_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then_with(|| b.1.location.cmp(&a.1.location))
        })
        .map(|(_, anchor)| anchor.clone())
}

/// A store that the functions of the chain are written to make, deepest first. A map grows in
/// steps, so within a short run the insert itself may not show.
fn written_holder(chain: &[(String, String)], anchors: &Anchors<'_>) -> Option<Anchor> {
    chain.iter().find_map(|(file, function)| {
        let store: Store = anchors
            .source
            .stores_in(file, function)
            .into_iter()
            .next()?;
        Some(Anchor {
            location: store.location.clone(),
            function: function.clone(),
            kind: AnchorKind::Store(store),
        })
    })
}
