//! Unpacks gzip files of one or more members, and of zeros behind them.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

/// The content of a gzip file (RFC 1952, section 2.2): its members one after the other. Zeros may stand behind the last, as
/// tapes and downloads in blocks leave them.
pub(super) struct Unpacked<R> {
    /// The member that is being read, or what lies between members.
    state: State<R>,
}

enum State<R> {
    Member(GzDecoder<R>),
    Between(R),
    /// Stands while the state changes, and at the end.
    End,
}

impl<R: BufRead> Unpacked<R> {
    pub(super) fn new(input: R) -> Self {
        Unpacked { state: State::Between(input) }
    }
}

/// Skips zeros. Returns whether something else follows.
fn follows(input: &mut impl BufRead) -> Result<bool> {
    loop {
        let bytes = input.fill_buf()?;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        match (bytes.len(), zeros) {
            (0, _) => return Ok(false),
            (length, zeros) if zeros < length => {
                input.consume(zeros);
                return Ok(true);
            }
            (_, zeros) => input.consume(zeros),
        }
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::End => return Ok(0),
                State::Between(mut input) => {
                    if !follows(&mut input)? {
                        return Ok(0);
                    }
                    if !input.fill_buf()?.starts_with(&[0x1f]) {
                        return Err(Error::new(ErrorKind::InvalidData, "what follows the gzip data is none"));
                    }
                    self.state = State::Member(GzDecoder::new(input));
                }
                State::Member(mut member) => {
                    let count = member.read(out)?;
                    if count > 0 || out.is_empty() {
                        self.state = State::Member(member);
                        return Ok(count);
                    }
                    self.state = State::Between(member.into_inner());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("packed");
        encoder.finish().expect("packed")
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        // A small buffer, so that members do not begin where a buffer does.
        Unpacked::new(std::io::BufReader::with_capacity(7, bytes)).read_to_end(&mut content)?;
        Ok(content)
    }

    #[test]
    fn members_are_joined_and_zeros_behind_them_are_left_out() {
        let content: Vec<u8> = (0..200).collect();
        let members: Vec<u8> = content.chunks(13).flat_map(packed).collect();
        for (padded, zeros) in [(packed(&content), 0), (members.clone(), 0), (members, 512)] {
            assert_eq!(unpacked(&[padded, vec![0; zeros]].concat()).expect("unpacked"), content);
        }
        assert_eq!(
            unpacked(&[packed(b""), packed(&content), packed(b"")].concat()).expect("unpacked"),
            content
        );
        assert!(unpacked(&[packed(&content), b"garbage".to_vec()].concat()).is_err());
        assert!(unpacked(&packed(&content)[..20]).is_err());
    }
}
