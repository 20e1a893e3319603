//! The SSH host key of a machine that is yet to be made: in the forms that OpenSSH reads. Pure; `key` keeps it in a file.
//!
//! The private form is that of OpenSSH's PROTOCOL.key, without a passphrase, as a server needs it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use sha2::Digest as _;

const TYPE: &str = "ssh-ed25519";
/// What encrypted keys are padded to; others are, too.
const BLOCK: usize = 8;
/// How much of the text stands on a line.
const WIDTH: usize = 70;

/// An ed25519 host key.
pub struct HostKey(SigningKey);

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostKey({})", self.public_line())
    }
}

impl HostKey {
    /// From 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// From PKCS#8 PEM. The error is the parser's words.
    pub(super) fn from_pem(pem: &str) -> Result<Self, String> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|error| error.to_string())
    }

    /// As PKCS#8 PEM; the text is wiped from memory when it is dropped.
    pub(super) fn to_pem(&self) -> impl std::ops::Deref<Target = String> + use<> {
        self.0.to_pkcs8_pem(LineEnding::LF).expect("32 bytes always have a PKCS#8 form")
    }

    /// The public key as SSH sends it.
    pub fn public(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        put(&mut blob, TYPE.as_bytes());
        put(&mut blob, self.0.verifying_key().as_bytes());
        blob
    }

    /// `ssh-ed25519 AAAA…`
    pub fn public_line(&self) -> String {
        format!("{TYPE} {}", STANDARD.encode(self.public()))
    }

    /// The file that a server reads. The same key gives the same text.
    pub fn private_text(&self) -> String {
        let public = self.0.verifying_key();
        let mut private = Vec::new();
        // Twice the same number tells a reader that it decrypted well; here it is taken of the key itself.
        let check = &sha2::Sha256::digest(public.as_bytes())[..4];
        private.extend_from_slice(check);
        private.extend_from_slice(check);
        put(&mut private, TYPE.as_bytes());
        put(&mut private, public.as_bytes());
        put(&mut private, &[self.0.to_bytes().as_slice(), public.as_bytes()].concat());
        put(&mut private, b"");
        private.extend((1..=u8::MAX).take((BLOCK - private.len() % BLOCK) % BLOCK));
        let mut whole = b"openssh-key-v1\0".to_vec();
        for part in [b"none".as_slice(), b"none", b""] {
            put(&mut whole, part);
        }
        whole.extend_from_slice(&1_u32.to_be_bytes());
        put(&mut whole, &self.public());
        put(&mut whole, &private);
        let encoded = STANDARD.encode(whole);
        let mut text = "-----BEGIN OPENSSH PRIVATE KEY-----\n".to_owned();
        for line in encoded.as_bytes().chunks(WIDTH) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text + "-----END OPENSSH PRIVATE KEY-----\n"
    }
}

/// A string behind its length.
fn put(blob: &mut Vec<u8>, string: &[u8]) {
    let length = u32::try_from(string.len()).expect("a key is short");
    blob.extend_from_slice(&length.to_be_bytes());
    blob.extend_from_slice(string);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_key_through_its_file() {
        let key = HostKey::from_seed(&[7; 32]);
        let again = HostKey::from_pem(&key.to_pem()).unwrap();
        assert_eq!(again.private_text(), key.private_text());
        assert!(key.public_line().starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"), "{key:?}");
        assert_eq!(format!("{key:?}"), format!("HostKey({})", key.public_line()));
    }
}
