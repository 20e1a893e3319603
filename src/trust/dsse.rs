//! DSSE v1 envelopes: who signed which bytes. Pure.
//!
//! The format is <https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md>: a signature covers the payload's
//! type and its bytes in an unambiguous form ([`pae`]), not the JSON around them. [`open`] hands out the very bytes
//! that were signed, so that nobody decodes them a second time and reads something else.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde::{Deserialize, Serialize};

use super::identity::{PublicKey, Roots, VerifierKey};

/// No attestation comes near this; what is larger is not read.
const LARGEST_ENVELOPE: usize = 4 << 20;
/// Every signature is tried with every trusted key, so their number has a limit.
const MOST_SIGNATURES: usize = 32;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ANY_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const ANY_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The envelope as JSON. Fields that DSSE does not know are passed over, as it demands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EnvelopeSignature {
    /// A hint which key to try first; since it is not signed, it is written for people and never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// What a trusted key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The media type that the signature covers too.
    pub payload_type: String,
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// The trusted keys that signed it, each once; at least one.
    pub signers: Vec<PublicKey>,
}

/// Why an envelope gives no payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DsseError {
    /// Not an envelope at all.
    #[error("it is not a DSSE envelope: {0}")]
    NotAnEnvelope(String),
    /// An envelope, and nobody whom we trust has signed it.
    #[error("none of its {signatures} signatures is from a trusted key over this content")]
    NotTrusted {
        /// How many signatures it carries.
        signatures: usize,
    },
}

/// The bytes that are signed: the pre-authentication encoding of DSSE v1.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// An envelope around the payload, signed with the key, as JSON.
pub fn seal(payload_type: &str, payload: &[u8], key: &VerifierKey) -> Vec<u8> {
    let signature = key.sign(&pae(payload_type, payload));
    let envelope = Envelope {
        payload_type: payload_type.to_owned(),
        payload: STANDARD.encode(payload),
        signatures: vec![EnvelopeSignature {
            keyid: Some(key.public().id().as_str().to_owned()),
            sig: STANDARD.encode(signature),
        }],
    };
    serde_json::to_vec(&envelope).expect("strings always have a JSON form")
}

/// The payload, if at least one trusted key signed it. Signatures that are of other keys or not signatures at all do
/// not spoil the others.
pub fn open(envelope: &[u8], roots: &Roots) -> Result<Opened, DsseError> {
    let not_an_envelope = |message: &str| DsseError::NotAnEnvelope(message.to_owned());
    if envelope.len() > LARGEST_ENVELOPE {
        return Err(not_an_envelope("it is larger than 4 MiB"));
    }
    let Envelope { payload_type, payload, signatures } =
        serde_json::from_slice(envelope).map_err(|error| DsseError::NotAnEnvelope(error.to_string()))?;
    if signatures.is_empty() {
        return Err(not_an_envelope("it carries no signature"));
    }
    if signatures.len() > MOST_SIGNATURES {
        return Err(not_an_envelope("it carries more than 32 signatures"));
    }
    let payload = decode(&payload).map_err(|error| not_an_envelope(&format!("its payload is not base64: {error}")))?;
    let message = pae(&payload_type, &payload);
    let mut signers: Vec<PublicKey> = Vec::new();
    for signature in &signatures {
        let Ok(bytes) = decode(&signature.sig) else { continue };
        let signer = roots.keys().iter().find(|key| key.signed(&message, &bytes));
        signers.extend(signer.filter(|key| !signers.contains(key)).cloned());
    }
    if signers.is_empty() {
        return Err(DsseError::NotTrusted { signatures: signatures.len() });
    }
    Ok(Opened { payload_type, payload, signers })
}

/// DSSE allows both alphabets, and leaves padding to the writer.
fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    if text.contains(['-', '_']) { ANY_URL_SAFE.decode(text) } else { ANY_STANDARD.decode(text) }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn key(seed: u8) -> VerifierKey {
        VerifierKey::from_seed(&[seed; 32])
    }

    fn roots(seeds: &[u8]) -> Roots {
        Roots::new(seeds.iter().map(|seed| key(*seed).public()))
    }

    /// An envelope whose base64 holds `+` and `/`, or `-` and `_`.
    fn sealed() -> Value {
        serde_json::from_slice(&seal("text/plain", &[0xfb, 0xff, 0xfe, 0x3e], &key(1))).unwrap()
    }

    fn open_value(envelope: &Value, roots: &Roots) -> Result<Opened, DsseError> {
        open(envelope.to_string().as_bytes(), roots)
    }

    #[test]
    fn the_published_vector_holds() {
        let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), expected);
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
        assert_eq!(pae("é", b"x"), "DSSEv1 2 é 1 x".as_bytes(), "lengths count bytes, not characters");
    }

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        let payload = [0xfb, 0xff, 0xfe, 0x3e];
        let signature = key(1).sign(&pae("text/plain", &payload));
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let mut envelope = sealed();
            envelope["payload"] = json!(engine.encode(payload));
            envelope["signatures"][0]["sig"] = json!(engine.encode(signature));
            assert_eq!(open_value(&envelope, &roots(&[1])).unwrap().payload, payload, "{envelope}");
        }
    }

    #[test]
    fn an_edited_payload_or_type_is_not_trusted() {
        let mut envelope = sealed();
        envelope["payload"] = json!(STANDARD.encode("something else"));
        assert_eq!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotTrusted { signatures: 1 }));
        let mut envelope = sealed();
        envelope["payloadType"] = json!("text/html");
        assert_eq!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotTrusted { signatures: 1 }));
    }

    #[test]
    fn stripped_signatures_and_foreign_keys_are_not_trusted() {
        let mut envelope = sealed();
        assert_eq!(open_value(&envelope, &roots(&[2])), Err(DsseError::NotTrusted { signatures: 1 }));
        assert_eq!(open_value(&envelope, &Roots::default()), Err(DsseError::NotTrusted { signatures: 1 }));
        envelope["signatures"] = json!([]);
        assert!(matches!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotAnEnvelope(_))));
        envelope.as_object_mut().unwrap().remove("signatures");
        assert!(matches!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotAnEnvelope(_))));
    }

    #[test]
    fn a_key_id_that_lies_changes_nothing() {
        // A stranger's signature under the name of a trusted key.
        let forged = seal("text/plain", b"x", &key(2));
        let mut forged: Value = serde_json::from_slice(&forged).unwrap();
        forged["signatures"][0]["keyid"] = json!(key(1).public().id().as_str());
        assert_eq!(open_value(&forged, &roots(&[1])), Err(DsseError::NotTrusted { signatures: 1 }));
        // A trusted signature under a stranger's name, and under none.
        let mut envelope = sealed();
        envelope["signatures"][0]["keyid"] = json!(key(2).public().id().as_str());
        assert_eq!(open_value(&envelope, &roots(&[1, 2])).unwrap().signers, [key(1).public()]);
        envelope["signatures"][0].as_object_mut().unwrap().remove("keyid");
        assert_eq!(open_value(&envelope, &roots(&[1])).unwrap().signers, [key(1).public()]);
    }

    #[test]
    fn one_signer_counts_once_and_a_broken_signature_spoils_nothing() {
        let mut envelope = sealed();
        let own = envelope["signatures"][0].clone();
        envelope["signatures"] = json!([{"sig": "!"}, {"sig": ""}, own, own]);
        assert_eq!(open_value(&envelope, &roots(&[1, 2])).unwrap().signers, [key(1).public()]);
    }

    #[test]
    fn unknown_fields_are_passed_over_and_doubled_ones_refused() {
        let mut envelope = sealed();
        envelope["later"] = json!({"a": 1});
        envelope["signatures"][0]["cert"] = json!("x");
        assert!(open_value(&envelope, &roots(&[1])).is_ok());
        let doubled = sealed().to_string().replacen('{', "{\"payload\":\"eA==\",", 1);
        assert!(matches!(open(doubled.as_bytes(), &roots(&[1])), Err(DsseError::NotAnEnvelope(_))));
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let mut envelope = sealed();
        envelope["padding"] = json!(" ".repeat(LARGEST_ENVELOPE));
        assert!(matches!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotAnEnvelope(_))));
        let mut envelope = sealed();
        let own = envelope["signatures"][0].clone();
        envelope["signatures"] = json!(vec![own; MOST_SIGNATURES + 1]);
        assert!(matches!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotAnEnvelope(_))));
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_as_it_was(kind in ".{0,40}", payload in prop::collection::vec(any::<u8>(), 0..400)) {
            let opened = open(&seal(&kind, &payload, &key(1)), &roots(&[2, 1])).unwrap();
            prop_assert_eq!(opened, Opened { payload_type: kind, payload, signers: vec![key(1).public()] });
        }

        #[test]
        fn no_other_payload_passes_under_a_signature(payload: Vec<u8>, other: Vec<u8>) {
            prop_assume!(payload != other);
            let mut envelope: Value = serde_json::from_slice(&seal("t", &payload, &key(1))).unwrap();
            envelope["payload"] = json!(STANDARD.encode(other));
            prop_assert_eq!(open_value(&envelope, &roots(&[1])), Err(DsseError::NotTrusted { signatures: 1 }));
        }
    }
}
