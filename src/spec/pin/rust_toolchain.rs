//! `rust-toolchain` and `rust-toolchain.toml`: the channel that rustup takes. Components, targets and profile are no
//! versions. Format: <https://rust-lang.github.io/rustup/overrides.html>.

use toml_edit::Item;

use super::line::bare;
use super::toml::{document, line, text};
use super::{Pin, Source, Wants};

pub(super) fn parse(source: &Source<'_>) -> Result<Vec<Pin>, String> {
    let words: Vec<(usize, &str)> =
        source.lines().map(|(number, line)| (number, bare(line))).filter(|(_, line)| !line.is_empty()).collect();
    // The older form is the channel alone, and only in the file without an ending.
    if let (false, [(number, word)]) = (source.file.ends_with(".toml"), words.as_slice())
        && !word.contains(['=', '['])
    {
        return Ok(vec![source.pin("rust", Wants::word("rust", word), word, *number)]);
    }
    let document = document(source)?;
    let Some((key, toolchain)) = document.get_key_value("toolchain") else {
        return Err("it has no `toolchain`".to_owned());
    };
    let toolchain = toolchain.as_table_like().ok_or_else(|| "its `toolchain` is not a table".to_owned())?;
    for (name, item) in toolchain.iter() {
        let number = toolchain.get_key_value(name).map_or(1, |(key, item)| line(source, key, item));
        let written = item.as_value().and_then(text);
        match (name, written) {
            ("channel", Some(channel)) => {
                return Ok(vec![source.pin("rust", Wants::word("rust", channel.trim()), channel.trim(), number)]);
            }
            ("path", Some(path)) => {
                let wants = Wants::word("rust", "path:");
                return Ok(vec![source.pin("rust", wants, &format!("path:{path}"), number)]);
            }
            ("channel" | "path", None) => return Err(format!("its `{name}` is not a text")),
            _ => {}
        }
    }
    let number = line(source, key, &Item::None);
    Ok(vec![source.pin("rust", Wants::NotUnderstood("names no channel".to_owned()), "", number)])
}
