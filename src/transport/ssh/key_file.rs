//! What a key file tells about itself before it is used: is it encrypted, and which public key belongs to it. Pure.
//!
//! libssh2 would ask on the terminal for a missing passphrase, or merely fail; and the public key tells whether the
//! agent holds the same key. OpenSSH's own format is described in its PROTOCOL.key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::transport::known_hosts::key_type;

/// What a key file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyFile {
    /// A private key that can be used as it is; its public half, if the format tells.
    Plain(Option<Vec<u8>>),
    /// One that needs a passphrase.
    Encrypted(Option<Vec<u8>>),
    /// Only a public key: it says which of the agent's to use.
    Public(Vec<u8>),
    /// Nothing that is known.
    Unknown,
}

/// Looks at a key file's text.
pub(super) fn inspect(text: &str) -> KeyFile {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----") {
        return openssh(rest).unwrap_or(KeyFile::Unknown);
    }
    if text.starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        let encrypted = text.starts_with("-----BEGIN ENCRYPTED ") || text.contains("Proc-Type: 4,ENCRYPTED");
        return if encrypted { KeyFile::Encrypted(None) } else { KeyFile::Plain(None) };
    }
    public_key(text).map_or(KeyFile::Unknown, KeyFile::Public)
}

/// The public key in the text of a `.pub` file.
pub(super) fn public_key(text: &str) -> Option<Vec<u8>> {
    let mut words = text.split_ascii_whitespace();
    let (written_type, written_key) = (words.next()?, words.next()?);
    STANDARD.decode(written_key).ok().filter(|blob| key_type(blob) == Some(written_type))
}

fn openssh(rest: &str) -> Option<KeyFile> {
    let body: String = rest.split("-----END").next()?.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(body).ok()?;
    let mut bytes = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let cipher = take(&mut bytes)?;
    let _key_derivation = (take(&mut bytes)?, take(&mut bytes)?);
    // How many keys follow: always one.
    bytes = bytes.strip_prefix(&1_u32.to_be_bytes())?;
    let public = Some(take(&mut bytes)?.to_vec());
    Some(if cipher == b"none" { KeyFile::Plain(public) } else { KeyFile::Encrypted(public) })
}

/// The next length-prefixed string.
fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).ok()?;
    let (string, rest) = bytes.get(4..)?.split_at_checked(length)?;
    *bytes = rest;
    Some(string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(cipher: &str) -> String {
        let string = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat();
        let public = string(b"ssh-ed25519");
        let body = [
            b"openssh-key-v1\0".to_vec(),
            string(cipher.as_bytes()),
            string(b"kdf"),
            string(b""),
            vec![0, 0, 0, 1],
            string(&public),
            string(b"private"),
        ]
        .concat();
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", STANDARD.encode(body))
    }

    #[test]
    fn key_files_tell_what_they_are() {
        let public = b"\0\0\0\x0bssh-ed25519".to_vec();
        assert_eq!(inspect(&key("none")), KeyFile::Plain(Some(public.clone())));
        assert_eq!(inspect(&key("aes256-ctr")), KeyFile::Encrypted(Some(public.clone())));
        assert_eq!(inspect("-----BEGIN RSA PRIVATE KEY-----\nMII\n"), KeyFile::Plain(None));
        assert_eq!(inspect("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n"), KeyFile::Encrypted(None));
        let legacy = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n";
        assert_eq!(inspect(legacy), KeyFile::Encrypted(None));
        let line = format!("ssh-ed25519 {} me@here\n", STANDARD.encode(&public));
        assert_eq!(inspect(&line), KeyFile::Public(public));
        assert_eq!(inspect("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense"), KeyFile::Unknown);
        assert_eq!(inspect(""), KeyFile::Unknown);
    }
}
