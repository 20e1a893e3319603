//! The one place where values are quoted for a shell.

/// `value` as one word of POSIX sh, whatever it holds. NUL cannot be part of an argument and is dropped.
pub fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '%' | '+' | ',');
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\0', "").replace('\'', r"'\''"))
}

/// Several values as words of one command line.
pub fn words<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// `value` as one word for the shell that sshd hands a command line to, which is whatever the user chose: fish knows
/// escapes inside single quotes, csh looks there for `!`. Only what all of them take literally stays quoted; the rest
/// stands behind a backslash of its own. There is no way to write a newline for all, so `value` must have none.
pub fn any_shell_word(value: &str) -> String {
    let mut word = String::with_capacity(value.len() + 16);
    word.push('\'');
    for c in value.chars() {
        match c {
            '\'' | '\\' | '!' => word.extend(['\'', '\\', c, '\'']),
            '\0' => {}
            other => word.push(other),
        }
    }
    word.push('\'');
    word
}

/// A path of the spec as a program on the machine names it once it is in the home: below the home where it is relative
/// or begins with `~/`, and never like an option. Not quoted yet.
pub fn place(path: &str) -> String {
    let path = path.strip_prefix("~/").unwrap_or(path);
    if path.starts_with('/') { path.to_owned() } else { format!("./{path}") }
}

/// A path as a word that is found from any folder: behind the home unless it is absolute.
pub fn from_home(path: &str) -> String {
    if path.starts_with('/') { word(path) } else { format!("\"$HOME\"/{}", word(path)) }
}

/// `printf` with its arguments, so that it prints exactly these bytes. Text stays readable; anything else becomes
/// octal escapes, which every sh's own printf knows.
pub fn printf_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')) {
        return format!("printf '%s' {}", word(text));
    }
    let mut format = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        match byte {
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str(r"\\"),
            b'\'' => format.push_str(r"'\''"),
            b' '..=b'~' | b'\n' | b'\t' => format.push(char::from(*byte)),
            other => write!(format, "\\{other:03o}").expect("writing to a string cannot fail"),
        }
    }
    // A format that begins with a dash would be taken for an option.
    format!("printf -- '{format}'")
}
