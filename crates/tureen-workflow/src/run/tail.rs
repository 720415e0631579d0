//! The last lines a job printed, for the message if it fails.

/// Keeps the end of a stream of bytes.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
}

const MOST_BYTES: usize = 8 * 1024;
const MOST_LINES: usize = 20;

impl Tail {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(MOST_BYTES)..];
        self.bytes.extend_from_slice(bytes);
        // Trimmed rarely, so that each byte is moved at most once.
        if self.bytes.len() > 2 * MOST_BYTES {
            self.bytes.drain(..self.bytes.len() - MOST_BYTES);
        }
    }

    /// The last lines, as text.
    pub(crate) fn lines(&self) -> String {
        let end = &self.bytes[self.bytes.len().saturating_sub(MOST_BYTES)..];
        let text = String::from_utf8_lossy(end);
        let lines: Vec<&str> = text.trim_end().lines().collect();
        lines[lines.len().saturating_sub(MOST_LINES)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;

    #[test]
    fn only_the_last_lines_stay() {
        let mut tail = Tail::default();
        (0..100_000).for_each(|line| tail.add(format!("{line}\n").as_bytes()));
        let lines = tail.lines();
        assert!(lines.starts_with("99980\n") && lines.ends_with("\n99999"), "{lines}");
        assert!(tail.bytes.len() <= 3 * super::MOST_BYTES);
    }
}
