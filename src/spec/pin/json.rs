//! Reading JSON that knows its lines.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::Source;

/// The object that a JSON document is; the error is its parser's.
pub(super) fn object<'a>(source: &Source<'a>) -> Result<Object<'a>, String> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_extended_string_escapes: false,
        allow_non_finite_numbers: false,
    };
    let parsed = parse_to_ast(source.text, &CollectOptions::default(), &strict);
    match parsed.map(|parsed| parsed.value) {
        Ok(Some(Value::Object(object))) => Ok(object),
        Ok(_) => Err("it is not a JSON object".to_owned()),
        Err(error) => Err(format!("it is not JSON: {}", error.to_string().lines().next().unwrap_or(""))),
    }
}

/// The line of a property.
pub(super) fn line(source: &Source<'_>, property: &ObjectProp<'_>) -> usize {
    source.line_at(property.range().start)
}

/// A value as the file writes it.
pub(super) fn written<'a>(source: &Source<'a>, value: &Value<'_>) -> &'a str {
    let range = value.range();
    source.text.get(range.start..range.end).unwrap_or("")
}
