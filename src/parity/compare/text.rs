//! Single values held against a policy: settings, facts about the system, variables.

use crate::spec::variable::EMPTY;
use crate::spec::{Digest, Fact, Policy, TextFact, Version};

/// In which way a value is not within the policy.
pub(super) fn difference(policy: &Policy, want: Option<&Fact>, got: &TextFact) -> Option<String> {
    let spec_says = |bound: &dyn std::fmt::Display| format!("it is {}, the spec says {bound}", got.value);
    let unlike_the_reference = |want: &Fact| {
        let want = want.shown();
        // Of what is compared by its digest, the digests say nothing to a person.
        if Digest::parse(&want).is_some() && Digest::parse(&got.value).is_some() {
            return (want != got.value).then(|| "its value differs".to_owned());
        }
        (want != got.value).then(|| format!("it is {}, the reference has {want}", got.value))
    };
    match (policy, want) {
        (Policy::Literal(value), _) => (*value != got.value).then(|| spec_says(value)),
        // What is no amount is within no bound.
        (Policy::Threshold(bound), _) => (bound.holds(&got.value) != Some(true)).then(|| spec_says(bound)),
        (Policy::Range(range), _) => {
            let within = Version::parse(&got.value).is_some_and(|version| range.contains(&version));
            (!within).then(|| spec_says(range))
        }
        // A variable that is set to nothing gives nobody what one with a value gives.
        (Policy::Present, Some(want)) if got.value == EMPTY => unlike_the_reference(want),
        (Policy::Present, Some(_)) => None,
        (Policy::Exact, Some(want)) => unlike_the_reference(want),
        (Policy::Major, Some(want)) => coarse(want, got, "major", Version::same_major),
        (Policy::Minor, Some(want)) => coarse(want, got, "minor", Version::same_minor),
        (Policy::Exact | Policy::Present | Policy::Major | Policy::Minor, None) => {
            Some("the lock does not say what it should be".to_owned())
        }
    }
}

fn coarse(want: &Fact, got: &TextFact, name: &str, same: fn(&Version, &Version) -> bool) -> Option<String> {
    let want = want.shown();
    let same = match (Version::parse(&want), Version::parse(&got.value)) {
        (Some(want), Some(got)) => same(&want, &got),
        _ => want == got.value,
    };
    (!same).then(|| format!("it is {}, the reference has {want}; the same {name} version is asked", got.value))
}
