//! Bytes that came as hexadecimal digits, which every shell and every stream keeps as they are.

/// Bytes whose digits stand one pair behind the other.
pub(crate) fn from_digits(digits: &[u8]) -> Option<Vec<u8>> {
    digits.chunks(2).map(byte).collect()
}

/// Bytes as `od -tx1` prints them: pairs of digits with blanks between them.
pub(crate) fn from_od(printed: &[u8]) -> Option<Vec<u8>> {
    printed.split(u8::is_ascii_whitespace).filter(|pair| !pair.is_empty()).map(byte).collect()
}

fn byte(pair: &[u8]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match pair {
        [high, low] => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pairs_of_digits_are_bytes() {
        assert_eq!(from_digits(b"00fFa1"), Some(vec![0x00, 0xff, 0xa1]));
        assert_eq!(from_od(b" 00 ff\n a1\n"), Some(vec![0x00, 0xff, 0xa1]));
        assert_eq!((from_digits(b""), from_od(b"\n")), (Some(vec![]), Some(vec![])));
        for wrong in [b"0".as_slice(), b"0g", b"+f", b"00 ff"] {
            assert_eq!(from_digits(wrong), None, "{}", wrong.escape_ascii());
        }
        for wrong in [b"0".as_slice(), b"0g", b"00ff", b"00 f"] {
            assert_eq!(from_od(wrong), None, "{}", wrong.escape_ascii());
        }
    }
}
