//! Keys into a property list as XML, in the order and the shape in which Apple's own tools write one.

use std::io::Cursor;

use plist::{Dictionary, Value};

use super::{Edit, Unmerged, no_table};

pub(super) const BLANK: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
    <plist version=\"1.0\">\n<dict/>\n</plist>\n";

pub(super) fn merge(present: &[u8], reference: &[u8], edits: &[Edit]) -> Result<Vec<u8>, Unmerged> {
    if present.starts_with(b"bplist") {
        return Err(Unmerged::Cannot(
            "it is a binary property list there, which is only read: set its keys with `defaults write`, or make it XML with \
             `plutil -convert xml1`"
                .to_owned(),
        ));
    }
    if present.windows(4).any(|four| four == b"<!--") {
        return Err(Unmerged::Cannot("its comments would be lost; set its keys by hand".to_owned()));
    }
    let unread = |_| Unmerged::Cannot("it cannot be read a second time".to_owned());
    let mut whole = Value::from_reader(Cursor::new(present)).map_err(unread)?;
    let source = Value::from_reader(Cursor::new(reference)).map_err(unread)?;
    for edit in edits {
        let Some((last, above)) = edit.path.split_last() else { return Err(no_table(&edit.path)) };
        let mut table = whole.as_dictionary_mut().ok_or_else(|| no_table(&edit.path))?;
        if edit.value.is_none() {
            let inner = above.iter().try_fold(table, |table, key| table.get_mut(key)?.as_dictionary_mut());
            inner.and_then(|table| table.remove(last));
            continue;
        }
        let wanted = edit.path.iter().try_fold(&source, |value, key| value.as_dictionary()?.get(key));
        let wanted = wanted.ok_or_else(|| no_table(&edit.path))?;
        for key in above {
            if !table.contains_key(key) {
                table.insert(key.clone(), Value::Dictionary(Dictionary::new()));
            }
            table = table.get_mut(key).and_then(Value::as_dictionary_mut).ok_or_else(|| no_table(&edit.path))?;
        }
        table.insert(last.clone(), wanted.clone());
    }
    let mut merged = Vec::new();
    whole.to_writer_xml(&mut merged).map_err(|error| Unmerged::Cannot(format!("it cannot be written: {error}")))?;
    if present.ends_with(b"\n") && !merged.ends_with(b"\n") {
        merged.push(b'\n');
    }
    Ok(merged)
}
