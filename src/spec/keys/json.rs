//! JSON, and JSON with comments and trailing commas.

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Malformed, Value};

/// How much more than JSON is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Strict,
    WithComments,
}

pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Value, Malformed> {
    let tolerant = dialect == Dialect::WithComments;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options(dialect)).map_err(|error| {
        let hint = match dialect {
            Dialect::Strict if parse(text, Dialect::WithComments).is_ok() => {
                "; write format = \"jsonc\" if that is meant"
            }
            _ => "",
        };
        Malformed::at(error.line_display(), format!("{}{hint}", error.kind()))
    })?;
    match parsed.value {
        Some(value) => Ok(value_of(&value)),
        None if tolerant => Ok(Value::Table(std::collections::BTreeMap::new())),
        None => Err(Malformed::at(1, "it is empty")),
    }
}

/// How the parser is to read a dialect.
pub(super) fn options(dialect: Dialect) -> ParseOptions {
    let tolerant = dialect == Dialect::WithComments;
    ParseOptions {
        allow_comments: tolerant,
        allow_loose_object_property_names: false,
        allow_trailing_commas: tolerant,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn value_of(node: &ast::Value<'_>) -> Value {
    match node {
        ast::Value::StringLit(text) => Value::Text(text.value.to_string()),
        ast::Value::NumberLit(number) => Value::number(number.value),
        ast::Value::BooleanLit(value) => Value::Bool(value.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => Value::List(array.elements.iter().map(value_of).collect()),
        // Of a key that stands twice every known reader takes the last.
        ast::Value::Object(object) => Value::Table(
            object.properties.iter().map(|one| (one.name.as_str().to_owned(), value_of(&one.value))).collect(),
        ),
    }
}
