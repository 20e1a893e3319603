//! YAML of one document. Aliases are followed within limits, so that a small file cannot become a large value.

use std::collections::BTreeMap;

use super::value::{DEEPEST, MOST};
use super::{Malformed, Value};

pub(super) fn parse(text: &str) -> Result<Value, Malformed> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_nodes: MOST,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST,
            max_replay_stack_depth: DEEPEST,
        },
        // The text of a file goes into no message.
        with_snippet: false,
    };
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Value::Table(BTreeMap::new()));
    }
    let value = serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
        let line = error.location().and_then(|place| usize::try_from(place.line()).ok());
        Malformed { line, message: error.without_snippet().to_string() }
    })?;
    Ok(if value == Value::Null { Value::Table(BTreeMap::new()) } else { value })
}
