//! A Rust file with comments, literals and test code told apart.

/// A file of Rust, or of a language with the same comments and braces (Solidity).
pub struct RustSource {
    /// The text as it stands.
    pub text: String,
    /// The text with comments and the contents of literals blanked; lines stay where they are.
    pub code: String,
    /// For each line: does it belong to test code?
    pub is_test: Vec<bool>,
}

impl RustSource {
    /// Reads `text` found at `path`; files of a `tests` module, folder or benchmark are test code throughout.
    pub fn parse(path: &str, text: String) -> Self {
        let code = blank(&text);
        let whole = path.split('/').any(|part| {
            matches!(part, "tests" | "test" | "benches" | "fuzz" | "tests.rs") || part.ends_with(".t.sol")
        });
        let is_test = if whole { vec![true; text.lines().count()] } else { test_lines(&code) };
        Self { text, code, is_test }
    }

    /// Numbered lines (from 1) of product code, comments and literals blanked.
    pub fn product_code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().filter(|(i, _)| !self.is_test[*i]).map(|(i, line)| (i + 1, line))
    }

    /// Lines as they stand, of test code or of product code.
    pub fn lines(&self, test: bool) -> impl Iterator<Item = &str> {
        self.text.lines().enumerate().filter(move |(i, _)| self.is_test[*i] == test).map(|(_, line)| line)
    }
}

/// Replaces every character of comments and literals by a space, line ends excepted.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Index after the comment or literal that starts at `at`; `at` itself when none does.
fn literal_or_comment_end(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let starts = |s: &str| s.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    if starts("//") {
        return at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
    }
    if starts("/*") {
        return block_comment_end(chars, at);
    }
    let after_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if !after_name && let Some(end) = raw_string_end(chars, at) {
        return end;
    }
    match rest[0] {
        '"' => quoted_end(chars, at, '"'),
        // A lifetime has no closing quote after one character.
        '\'' if rest.get(1) == Some(&'\\') => quoted_end(chars, at, '\''),
        '\'' if rest.get(2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0usize, at);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => {
                (depth, i) = (depth - 1, i + 2);
                if depth == 0 {
                    return i;
                }
            }
            _ => i += 1,
        }
    }
    i
}

fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let mut i = at + usize::from(matches!(chars[at], 'b' | 'c'));
    if chars.get(i) != Some(&'r') {
        return None;
    }
    i += 1;
    let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
    i += hashes;
    if chars.get(i) != Some(&'"') {
        return None;
    }
    i += 1;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return Some(i + 1 + hashes);
        }
        i += 1;
    }
    Some(i)
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            c if c == quote => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// Marks the items under `#[cfg(test)]` and `#[test]`, from the attribute to the closing brace or semicolon.
fn test_lines(code: &str) -> Vec<bool> {
    let mut marks = vec![false; code.lines().count()];
    let mut from = 0;
    while let Some(start) =
        ["#[cfg(test)]", "#[test]", "#[cfg(all(test"].iter().filter_map(|a| code[from..].find(a)).min()
    {
        let start = from + start;
        let end = item_end(code, start);
        let first = code[..start].matches('\n').count();
        let last = code[..end].matches('\n').count();
        marks[first..=last.min(code.lines().count() - 1)].fill(true);
        from = end;
    }
    marks
}

fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0usize;
    for (i, c) in code[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start + i + 1;
                }
            }
            ';' if depth == 0 => return start + i + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_code_stays() {
        let code = blank(
            "a // tokio\nb /* x /* y */ tokio */ c \"to\\\"kio\" 't' '\\'' <'a> r#\"\"tokio\"# br\"x\" d",
        );
        assert!(!code.contains("tokio"), "{code}");
        assert!(!code.contains("kio"), "{code}");
        for kept in ["a ", "\nb ", " c ", "<'a>", " d"] {
            assert!(code.contains(kept), "{kept:?} in {code:?}");
        }
    }

    #[test]
    fn an_identifier_that_ends_in_r_starts_no_raw_string() {
        assert_eq!(blank("for\"x\" y"), "for    y");
    }

    #[test]
    fn test_modules_are_marked_from_attribute_to_brace() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { \"}\" }\n}\nfn c() {}\n";
        let source = RustSource::parse("src/x.rs", text.into());
        assert_eq!(source.is_test, [false, true, true, true, true, false]);
        assert_eq!(source.product_code().map(|(n, _)| n).collect::<Vec<_>>(), [1, 6]);
        assert_eq!(RustSource::parse("x/tests/y.rs", text.into()).is_test, [true; 6]);
    }
}
