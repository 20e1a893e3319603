//! Keys as values: a verifier's ed25519 key, public keys, and the set of public keys that is trusted. Pure: PEM text in
//! and out; `key` does the files.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// `SHA256:` and the unpadded base64 of the sha256 of the raw 32 bytes: the form in which SSH shows keys. Computed from
/// a key that was checked it names that key; read from an envelope it is a hint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// A key id as text has it: a hint, until it is compared with the id of a key at hand.
    pub fn claimed(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole, with its prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The half of a key that anyone may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From SPKI PEM. The error is the parser's words.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let key = VerifyingKey::from_public_key_pem(pem).map_err(|error| error.to_string())?;
        // A key of small order accepts signatures that nobody made.
        if key.is_weak() { Err("the key is weak".to_owned()) } else { Ok(Self(key)) }
    }

    /// As SPKI PEM.
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("32 bytes always have an SPKI form")
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        let digest = sha2::Sha256::digest(self.0.as_bytes());
        KeyId(format!("SHA256:{}", STANDARD_NO_PAD.encode(digest)))
    }

    /// Whether this key made the signature over the message. Strict: no second encoding of a signature passes.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

/// A verifier's own key. It never leaves this type but as the PEM that goes into its file.
pub struct VerifierKey(SigningKey);

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({})", self.public().id())
    }
}

impl VerifierKey {
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

    /// The half that others may have.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs the bytes as they are; `dsse` says which bytes.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// The public keys whose signatures count. Empty, it trusts nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    keys: Vec<PublicKey>,
}

impl Roots {
    /// These keys, each counted once.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        let mut roots = Self::default();
        for key in keys {
            if !roots.keys.contains(&key) {
                roots.keys.push(key);
            }
        }
        roots
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_from_pem_and_debug_tells_no_secret() {
        let key = VerifierKey::from_seed(&[7; 32]);
        assert_eq!(VerifierKey::from_pem(&key.to_pem()).unwrap().public(), key.public());
        assert_eq!(PublicKey::from_pem(&key.public().to_pem()).unwrap(), key.public());
        assert_eq!(format!("{key:?}"), format!("VerifierKey({})", key.public().id()));
    }

    /// The public key of RFC 8032, section 7.1, test 1; the id computed with `sha256sum` and `base64`.
    #[test]
    fn a_key_id_is_the_unpadded_base64_of_the_sha256_of_the_raw_key() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
            0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let id = VerifierKey::from_seed(&seed).public().id();
        assert_eq!(id.as_str(), "SHA256:If4x36FUomFia/hUBG/SJxt77UtqvkWqWId+9H+XIbk");
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        // The neutral element, y = 1: every message verifies under it with some fixed signature.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let pem = VerifyingKey::from_bytes(&neutral).unwrap().to_public_key_pem(LineEnding::LF).unwrap();
        assert_eq!(PublicKey::from_pem(&pem), Err("the key is weak".to_owned()));
    }

    #[test]
    fn a_trusted_key_counts_once() {
        let key = VerifierKey::from_seed(&[7; 32]).public();
        assert_eq!(Roots::new([key.clone(), key]).keys().len(), 1);
    }
}
