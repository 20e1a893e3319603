//! Keys into TOML, comments and order kept.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike};

use super::{Edit, Unmerged, no_table};

pub(super) fn merge(present: &str, reference: &str, edits: &[Edit]) -> Result<String, Unmerged> {
    let unread = || Unmerged::Cannot("it cannot be read a second time".to_owned());
    let mut document: DocumentMut = present.parse().map_err(|_| unread())?;
    let source: DocumentMut = reference.parse().map_err(|_| unread())?;
    for edit in edits {
        let Some((last, above)) = edit.path.split_last() else { return Err(no_table(&edit.path)) };
        if edit.value.is_none() {
            let mut table: Option<&mut dyn TableLike> = Some(document.as_table_mut());
            for key in above {
                table = table.and_then(|table| table.get_mut(key)).and_then(Item::as_table_like_mut);
            }
            table.and_then(|table| table.remove(last));
            continue;
        }
        let mut wanted: Option<&dyn TableLike> = Some(source.as_table());
        for key in above {
            wanted = wanted.and_then(|table| table.get(key)).and_then(Item::as_table_like);
        }
        let wanted = wanted.and_then(|table| table.get(last)).ok_or_else(|| no_table(&edit.path))?;
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for key in above {
            if !table.contains_key(key) {
                let mut made = Table::new();
                made.set_implicit(true);
                table.insert(key, Item::Table(made));
            }
            table = table.get_mut(key).and_then(Item::as_table_like_mut).ok_or_else(|| no_table(&edit.path))?;
        }
        put(table, last, wanted);
    }
    Ok(document.to_string())
}

/// A value takes the place of one, with the comments that stand around it.
fn put(table: &mut dyn TableLike, key: &str, wanted: &Item) {
    match (table.get_mut(key), fresh(wanted)) {
        (Some(Item::Value(old)), Item::Value(mut new)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        (_, new) => drop(table.insert(key, new)),
    }
}

/// The same without what says where it stood in its own file.
fn fresh(item: &Item) -> Item {
    match item {
        Item::None => Item::None,
        Item::Value(value) => {
            let mut value = value.clone();
            value.decor_mut().clear();
            Item::Value(value)
        }
        Item::Table(table) => Item::Table(fresh_table(table)),
        Item::ArrayOfTables(tables) => {
            let mut fresh = ArrayOfTables::new();
            for table in tables {
                fresh.push(fresh_table(table));
            }
            Item::ArrayOfTables(fresh)
        }
    }
}

fn fresh_table(table: &Table) -> Table {
    let mut made = Table::new();
    made.set_implicit(table.is_implicit());
    made.set_dotted(table.is_dotted());
    for (key, item) in table {
        made.insert(key, fresh(item));
    }
    made
}
