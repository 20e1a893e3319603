//! Apple's property lists, as XML and binary. Read through serde and not into the library's own tree, so that neither
//! depth nor shared parts get out of hand.

use std::io::Cursor;

use super::{Malformed, Value};

pub(super) fn parse(bytes: &[u8]) -> Result<Value, Malformed> {
    plist::from_reader(Cursor::new(bytes)).map_err(|error| Malformed { line: None, message: error.to_string() })
}
