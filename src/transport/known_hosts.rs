//! Which host keys are to be believed: known_hosts files as sshd(8) defines them.
//!
//! In: the files' text, the name a host is recorded under, and the key that it shows. Out: a [`Verdict`], or the line
//! that cannot be understood. Pure but for [`read`] and [`append`]. Nothing here ever makes an unknown key known: a
//! line that names the host and does not parse is an error, because it might be the one that revokes the key.
#![expect(clippy::disallowed_methods, reason = "IO edge: reads known_hosts files, and adds a line when asked to")]

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::TransportError;

/// A known_hosts file that was read.
#[derive(Clone, Debug)]
pub(super) struct HostsFile {
    /// Where it lies, as messages name it.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file.
    pub(super) file: String,
    /// The line, from 1.
    pub(super) line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What known_hosts says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the host's.
    Known,
    /// Nothing is recorded for the host.
    Unknown,
    /// Nothing but that an authority vouches for it, by certificates that trueup does not ask for.
    Authority(Place),
    /// Other keys are recorded for the host, the first of them here.
    Changed(Place),
    /// It is marked as stolen.
    Revoked(Place),
}

/// The lines that speak of one host.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded {
    trusted: Vec<RecordedKey>,
    revoked: Vec<RecordedKey>,
    authorities: Vec<Place>,
}

#[derive(Clone, Debug)]
struct RecordedKey {
    key_type: String,
    blob: Vec<u8>,
    place: Place,
}

impl Recorded {
    /// The types of the recorded keys, in the files' order.
    pub(super) fn key_types(&self) -> impl Iterator<Item = &str> {
        self.trusted.iter().map(|key| key.key_type.as_str())
    }

    /// The types of the recorded keys in one text, each once, and where the first is recorded; none if none is.
    pub(super) fn types_and_first_place(&self) -> Option<(String, Place)> {
        let first = self.trusted.first()?;
        let mut types: Vec<&str> = Vec::new();
        for key_type in self.key_types() {
            if !types.contains(&key_type) {
                types.push(key_type);
            }
        }
        Some((types.join(", "), first.place.clone()))
    }

    /// What the lines say of the key that the host shows.
    pub(super) fn judge(&self, blob: &[u8]) -> Verdict {
        if let Some(key) = self.revoked.iter().find(|key| key.blob == blob) {
            return Verdict::Revoked(key.place.clone());
        }
        if self.trusted.iter().any(|key| key.blob == blob) {
            return Verdict::Known;
        }
        // As OpenSSH does it, a key of a type that is not recorded counts as changed too: else whoever is in between
        // need only offer another type to turn a loud warning into a question.
        match (self.trusted.first(), self.authorities.first()) {
            (Some(key), _) => Verdict::Changed(key.place.clone()),
            (None, Some(place)) => Verdict::Authority(place.clone()),
            (None, None) => Verdict::Unknown,
        }
    }
}

/// The name that a host is recorded under.
pub(super) fn recorded_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

/// `SHA256:…` of a public key, as OpenSSH prints it.
pub(super) fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

/// The type that a public key names itself.
pub(super) fn key_type(blob: &[u8]) -> Option<&str> {
    let length = usize::try_from(u32::from_be_bytes(*blob.first_chunk()?)).ok()?;
    std::str::from_utf8(blob.get(4..)?.get(..length)?).ok()
}

/// How long an RSA key is, in bits; none for other keys. The blob holds the type, the exponent and the modulus, each
/// behind its length.
pub(super) fn rsa_bits(blob: &[u8]) -> Option<u32> {
    fn string(blob: &[u8]) -> Option<(&[u8], &[u8])> {
        let length = usize::try_from(u32::from_be_bytes(*blob.first_chunk()?)).ok()?;
        blob.get(4..)?.split_at_checked(length)
    }
    let (key_type, rest) = string(blob)?;
    let (_exponent, rest) = string(rest)?;
    let (modulus, _) = string(rest)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let modulus = &modulus[zeros..];
    let unused = modulus.first()?.leading_zeros();
    (key_type == b"ssh-rsa").then_some(u32::try_from(modulus.len()).ok()? * 8 - unused)
}

/// The line that would make a key known.
pub(super) fn line(name: &str, key_type: &str, blob: &[u8]) -> String {
    format!("{name} {key_type} {}", STANDARD.encode(blob))
}

/// Everything that the files say of a host. `name` is [`recorded_name`]'s.
pub(super) fn lookup(files: &[HostsFile], name: &str) -> Result<Recorded, TransportError> {
    let mut recorded = Recorded::default();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            let place = || Place { file: file.path.clone(), line: index + 1 };
            let misread = |message: String| TransportError::Config { place: place().to_string(), message };
            match read_line(line, name).map_err(misread)? {
                None => {}
                Some((Marker::None, key_type, blob)) => {
                    recorded.trusted.push(RecordedKey { key_type, blob, place: place() });
                }
                Some((Marker::Revoked, key_type, blob)) => {
                    recorded.revoked.push(RecordedKey { key_type, blob, place: place() });
                }
                Some((Marker::Authority, ..)) => recorded.authorities.push(place()),
            }
        }
    }
    Ok(recorded)
}

enum Marker {
    None,
    Revoked,
    Authority,
}

/// The key on a line that speaks of `name`; none if it speaks of others, or is no entry at all.
fn read_line(line: &str, name: &str) -> Result<Option<(Marker, String, Vec<u8>)>, String> {
    let mut words = line.split_ascii_whitespace();
    let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { return Ok(None) };
    let (marker, hosts) = match first.strip_prefix('@') {
        None => (Marker::None, Some(first)),
        Some("revoked") => (Marker::Revoked, words.next()),
        Some("cert-authority") => (Marker::Authority, words.next()),
        Some(other) => return Err(format!("the marker @{other} is not known")),
    };
    let Some(hosts) = hosts else { return Err("the host is missing".to_owned()) };
    if !names(hosts, name)? {
        return Ok(None);
    }
    let (Some(written_type), Some(written_key)) = (words.next(), words.next()) else {
        return Err("the key is missing".to_owned());
    };
    let blob = STANDARD.decode(written_key).map_err(|_| "the key is not base64".to_owned())?;
    if key_type(&blob) != Some(written_type) {
        return Err(format!("the key is not of the type {written_type} that the line names"));
    }
    Ok(Some((marker, written_type.to_owned(), blob)))
}

/// Whether a line's host field speaks of `name`.
fn names(field: &str, name: &str) -> Result<bool, String> {
    if let Some(hashed) = field.strip_prefix('|') {
        return hash_names(hashed, name);
    }
    let mut named = false;
    for pattern in field.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if pattern_matches(pattern, name) => return Ok(false),
            Some(_) => {}
            None => named |= pattern_matches(pattern, name),
        }
    }
    Ok(named)
}

/// `1|salt|hash`, where hash is the HMAC-SHA1 of the name under the salt.
fn hash_names(field: &str, name: &str) -> Result<bool, String> {
    let mut parts = field.split('|');
    let (Some("1"), Some(salt), Some(hash), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("the hashed host is not of the form |1|salt|hash".to_owned());
    };
    let decode = |part: &str| STANDARD.decode(part).map_err(|_| "the hashed host is not base64".to_owned());
    let mut mac = Hmac::<Sha1>::new_from_slice(&decode(salt)?).expect("HMAC takes keys of any length");
    mac.update(name.as_bytes());
    Ok(mac.verify_slice(&decode(hash)?).is_ok())
}

/// Whether `pattern`, with `*` and `?` in it, is the whole of `text`. ssh_config's patterns are the same. Letters count
/// alike in both cases, as host names do.
pub(super) fn pattern_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to resume when what follows the last star does not fit: the star takes one byte more. Earlier stars need
    // no second try, so the time is bounded by the product of the lengths.
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after_star, taken)) = retry else { return false };
                retry = Some((after_star, taken + 1));
                (p, t) = (after_star, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Reads the files that are there. One that is there and cannot be read is an error: it might revoke a key.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<HostsFile>, TransportError> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let shown = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => files.push(HostsFile { path: shown, text: String::from_utf8_lossy(&bytes).into_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(TransportError::Config { place: shown, message: error.to_string() }),
        }
    }
    Ok(files)
}

/// Adds a line to a known_hosts file, which is made, with its folder, for this user only if it is missing.
pub(super) fn append(path: &Path, line: &str) -> Result<(), TransportError> {
    let add = || {
        if let Some(folder) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let ends_open = match std::fs::read(path) {
            Ok(bytes) => bytes.last().is_some_and(|byte| *byte != b'\n'),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        // One write, so that two of these at the same time cannot mix their lines.
        file.write_all(format!("{}{line}\n", if ends_open { "\n" } else { "" }).as_bytes())
    };
    add().map_err(|error| TransportError::Config {
        place: path.display().to_string(),
        message: format!("cannot add the host key: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key is its type and whatever follows; these rules look no further.
    fn blob(key_type: &str, rest: &str) -> Vec<u8> {
        let mut blob = u32::try_from(key_type.len()).unwrap().to_be_bytes().to_vec();
        blob.extend_from_slice(key_type.as_bytes());
        blob.extend_from_slice(rest.as_bytes());
        blob
    }

    fn ed25519(rest: &str) -> (Vec<u8>, String) {
        let blob = blob("ssh-ed25519", rest);
        let words = format!("ssh-ed25519 {}", STANDARD.encode(&blob));
        (blob, words)
    }

    fn judge(text: &str, name: &str, blob: &[u8]) -> Verdict {
        let files = [HostsFile { path: "kh".to_owned(), text: text.to_owned() }];
        lookup(&files, name).unwrap().judge(blob)
    }

    fn at(line: usize) -> Place {
        Place { file: "kh".to_owned(), line }
    }

    #[test]
    fn a_host_is_found_by_name_port_pattern_and_list() {
        let (key, words) = ed25519("a");
        for (hosts, name, verdict) in [
            ("vm", "vm", Verdict::Known),
            ("VM", "vm", Verdict::Known),
            ("vm", "vm2", Verdict::Unknown),
            ("vm,10.0.0.1", "10.0.0.1", Verdict::Known),
            ("vm", "[vm]:2222", Verdict::Unknown),
            ("[vm]:2222", "[vm]:2222", Verdict::Known),
            ("[vm]:2222", "vm", Verdict::Unknown),
            ("*.example.com", "a.example.com", Verdict::Known),
            ("v?", "vm", Verdict::Known),
            ("v?", "vms", Verdict::Unknown),
            ("*.example.com,!a.example.com", "a.example.com", Verdict::Unknown),
            ("!a.example.com,*.example.com", "b.example.com", Verdict::Known),
            ("!other", "vm", Verdict::Unknown),
        ] {
            let text = format!("# comment\n\n{hosts} {words} a comment\n");
            assert_eq!(judge(&text, name, &key), verdict, "{hosts} for {name}");
        }
    }

    #[test]
    fn one_of_several_keys_suffices_and_none_of_them_is_a_change() {
        let (first, first_words) = ed25519("a");
        let (second, second_words) = ed25519("b");
        let text = format!("other {first_words}\nvm {first_words}\nvm {second_words}\n");
        assert_eq!(judge(&text, "vm", &first), Verdict::Known);
        assert_eq!(judge(&text, "vm", &second), Verdict::Known);
        assert_eq!(judge(&text, "vm", &ed25519("c").0), Verdict::Changed(at(2)));
        assert_eq!(judge(&text, "vm", &blob("ssh-rsa", "a")), Verdict::Changed(at(2)));
    }

    #[test]
    fn revoked_wins_over_known() {
        let (key, words) = ed25519("a");
        let text = format!("vm {words}\n@revoked * {words}\n");
        assert_eq!(judge(&text, "vm", &key), Verdict::Revoked(at(2)));
        assert_eq!(judge(&format!("@revoked other {words}\n"), "vm", &key), Verdict::Unknown);
    }

    #[test]
    fn an_authority_vouches_for_no_plain_key() {
        let (key, words) = ed25519("a");
        let authority = format!("@cert-authority * {words}\n");
        assert_eq!(judge(&authority, "vm", &key), Verdict::Authority(at(1)));
        assert_eq!(judge(&format!("{authority}vm {words}\n"), "vm", &key), Verdict::Known);
        assert_eq!(judge(&format!("@cert-authority other {words}\n"), "vm", &key), Verdict::Unknown);
    }

    #[test]
    fn a_hashed_name_is_found() {
        // From `ssh-keygen -H` over a line for `[vm.example.com]:2222`.
        let hosts = "|1|wDFpe3b8DmUD6UUx9YZsi5adyQ4=|LESgF7/zRAXkranLnCjS0CIIDYE=";
        let (key, words) = ed25519("a");
        let text = format!("{hosts} {words}\n");
        assert_eq!(judge(&text, "[vm.example.com]:2222", &key), Verdict::Known);
        assert_eq!(judge(&text, "vm.example.com", &key), Verdict::Unknown);
    }

    #[test]
    fn a_line_that_names_the_host_and_is_broken_is_an_error_with_its_place() {
        let (_, words) = ed25519("a");
        for (text, message) in [
            ("vm\n".to_owned(), "kh:1: the key is missing"),
            ("vm ssh-ed25519 ***\n".to_owned(), "kh:1: the key is not base64"),
            (format!("vm {}\n", words.replace("ssh-ed25519", "ssh-rsa")), "kh:1: the key is not of the type ssh-rsa"),
            (format!("@trusted vm {words}\n"), "kh:1: the marker @trusted is not known"),
            ("@revoked\n".to_owned(), "kh:1: the host is missing"),
            (format!("|2|a|b {words}\n"), "kh:1: the hashed host is not of the form"),
        ] {
            let files = [HostsFile { path: "kh".to_owned(), text }];
            let error = lookup(&files, "vm").unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
        assert_eq!(judge("other nonsense\n", "vm", b""), Verdict::Unknown);
    }

    #[test]
    fn stars_match_as_whole_patterns() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyycd", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false),
            ("", "a", false),
        ] {
            assert_eq!(pattern_matches(pattern, text), matches, "{pattern} for {text}");
        }
    }

    #[test]
    fn an_rsa_key_tells_how_long_it_is() {
        let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
        let key = |modulus: &[u8]| [string(b"ssh-rsa"), string(&[1, 0, 1]), string(modulus)].concat();
        assert_eq!(rsa_bits(&key(&[&[0][..], &[0xff; 256]].concat())), Some(2048));
        assert_eq!(rsa_bits(&key(&[0x01, 0xff])), Some(9));
        assert_eq!(rsa_bits(&ed25519("a").0), None);
    }

    #[test]
    fn only_another_port_than_22_is_part_of_the_name() {
        assert_eq!(recorded_name("VM.example.com", 22), "vm.example.com");
        assert_eq!(recorded_name("::1", 2222), "[::1]:2222");
    }

    #[test]
    fn an_added_line_stands_on_its_own() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".ssh/known_hosts");
        append(&path, "a ssh-ed25519 AAAA").unwrap();
        append(&path, "b ssh-ed25519 AAAA").unwrap();
        let mode = |path: &Path| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        std::fs::write(&path, "open end").unwrap();
        append(&path, "c ssh-ed25519 AAAA").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "open end\nc ssh-ed25519 AAAA\n");
    }
}
