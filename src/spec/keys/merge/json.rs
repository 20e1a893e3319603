//! Keys into JSON, with comments or without: by its concrete syntax tree, which keeps every space.

use jsonc_parser::ast;
use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::{CollectOptions, parse_to_ast};

use super::super::json::{Dialect, options};
use super::{Edit, Unmerged, no_table};

pub(super) fn merge(present: &str, reference: &str, edits: &[Edit], dialect: Dialect) -> Result<String, Unmerged> {
    let unread = |_| Unmerged::Cannot("it cannot be read a second time".to_owned());
    let root = CstRootNode::parse(present, &options(dialect)).map_err(unread)?;
    let source = parse_to_ast(reference, &CollectOptions::default(), &options(dialect)).map_err(unread)?;
    let top = root.object_value_or_create().ok_or_else(|| no_table(&[]))?;
    for edit in edits {
        let Some((last, above)) = edit.path.split_last() else { return Err(no_table(&edit.path)) };
        match &edit.value {
            None => {
                let Some(table) = above.iter().try_fold(top.clone(), |table, key| of(&table, key)?.object_value())
                else {
                    continue;
                };
                while let Some(property) = of(&table, last) {
                    property.remove();
                }
            }
            Some(_) => {
                let value = source.value.as_ref().and_then(|whole| found(whole, &edit.path));
                let value = value.ok_or_else(|| no_table(&edit.path))?;
                let mut table = top.clone();
                for key in above {
                    table = match of(&table, key) {
                        Some(property) => property.object_value().ok_or_else(|| no_table(&edit.path))?,
                        None => {
                            let made = table.append(key, CstInputValue::Object(Vec::new()));
                            made.object_value().ok_or_else(|| no_table(&edit.path))?
                        }
                    };
                }
                match of(&table, last) {
                    Some(property) => property.set_value(value),
                    None => drop(table.append(last, value)),
                }
            }
        }
    }
    Ok(root.to_string())
}

/// The property that counts: of those that have the same name, the last.
fn of(table: &CstObject, name: &str) -> Option<CstObjectProp> {
    table.properties().into_iter().rfind(|one| one.decoded_name().as_deref() == Some(name))
}

/// What the reference has at a place, its keys in their order.
fn found(whole: &ast::Value<'_>, path: &[String]) -> Option<CstInputValue> {
    let end = path.iter().try_fold(whole, |value, key| match value {
        ast::Value::Object(object) => {
            object.properties.iter().rfind(|one| one.name.as_str() == key).map(|one| &one.value)
        }
        _ => None,
    });
    end.map(input)
}

fn input(value: &ast::Value<'_>) -> CstInputValue {
    match value {
        ast::Value::StringLit(text) => CstInputValue::String(text.value.to_string()),
        ast::Value::NumberLit(number) => CstInputValue::Number(number.value.to_owned()),
        ast::Value::BooleanLit(value) => CstInputValue::Bool(value.value),
        ast::Value::NullKeyword(_) => CstInputValue::Null,
        ast::Value::Array(array) => CstInputValue::Array(array.elements.iter().map(input).collect()),
        ast::Value::Object(object) => CstInputValue::Object(
            object.properties.iter().map(|one| (one.name.as_str().to_owned(), input(&one.value))).collect(),
        ),
    }
}
