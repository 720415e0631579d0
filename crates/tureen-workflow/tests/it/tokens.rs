//! Our tokens beside CPython's: the same words at the same places, on real and on nasty text.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use tureen_workflow::span::SourceId;
use tureen_workflow::token::{Kind, tokenize};

/// Prints CPython's tokens of each file named on stdin, f-strings as one token whatever the version.
const ORACLE: &str = r#"
import sys, tokenize, json
def tokens(text):
    out, depth, start = [], 0, None
    names = {"FSTRING_START": 1, "FSTRING_END": -1}
    lines = text.split("\n")
    import io
    for t in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[t.type]
        change = names.get(kind, 0)
        if change == 1 and depth == 0:
            start = t.start
        depth += change
        if change == -1 and depth == 0:
            (l0, c0), (l1, c1) = start, t.end
            s = lines[l0-1][c0:c1] if l0 == l1 else "\n".join([lines[l0-1][c0:], *lines[l0:l1-1], lines[l1-1][:c1]])
            out.append(["STRING", s]); continue
        if depth or change: continue
        if kind in ("NAME", "NUMBER", "STRING", "OP", "COMMENT"): out.append([kind, t.string])
        elif kind in ("NEWLINE", "INDENT", "DEDENT"): out.append([kind, ""])
    return out
for path in sys.stdin.read().splitlines():
    try:
        with open(path, encoding="utf-8") as f: text = f.read()
        print(json.dumps([path, tokens(text)]))
    except Exception: pass
"#;

fn ours(text: &str) -> Vec<(&'static str, String)> {
    let tokens = tokenize(text, SourceId(0));
    let named = tokens.tokens.iter().filter_map(|token| {
        let (name, text) = match token.kind {
            Kind::Name => ("NAME", token.text(text)),
            Kind::Number => ("NUMBER", token.text(text)),
            Kind::String => ("STRING", token.text(text)),
            Kind::Op => ("OP", token.text(text)),
            Kind::Comment => ("COMMENT", token.text(text)),
            Kind::Newline => ("NEWLINE", ""),
            Kind::Indent => ("INDENT", ""),
            Kind::Dedent => ("DEDENT", ""),
            _ => return None,
        };
        Some((name, text.to_owned()))
    });
    named.collect()
}

/// Asks CPython about files; gives the number of files compared.
fn compare(paths: &str) -> usize {
    let mut child = Command::new("python3")
        .args(["-I", "-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for this test");
    let mut stdin = child.stdin.take().unwrap();
    let paths = paths.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(paths.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let mut n_files = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (path, theirs): (String, Vec<(String, String)>) = serde_json::from_str(line).unwrap();
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let text = text.replace('\r', "\n");
        let ours = ours(&text);
        let first = ours.iter().zip(&theirs).position(|(a, b)| a.0 != b.0 || a.1 != b.1);
        if let Some(index) = first {
            panic!("{path}: token {index}: {:?}, but CPython has {:?}", ours[index], theirs[index]);
        }
        assert_eq!(ours.len(), theirs.len(), "{path}");
        n_files += 1;
    }
    n_files
}

#[test]
fn same_as_cpython_on_the_standard_library() {
    let list = "import os, sysconfig, glob; d = sysconfig.get_path('stdlib'); \
        print(*sorted(glob.glob(d + '/*.py') + glob.glob(d + '/asyncio/*.py') + \
        glob.glob(d + '/test/test_[fgpst]*.py'))[:200], sep='\\n')";
    let output = Command::new("python3").args(["-I", "-c", list]).output().unwrap();
    let n_files = compare(&String::from_utf8(output.stdout).unwrap());
    assert!(n_files > 100, "only {n_files} files were compared");
}

#[test]
fn same_as_cpython_on_corners() {
    let corners = [
        "x = 1\\\n  + 2\n",
        "if x:\n\ty\n\n\n# c\nz\n",
        "if x:\n    y\n    # c\n  # d\n\nz",
        "a = '''x\ny''' \"b\" rb'\\'' Rb\"\"\"\"x\"\"\"\n",
        "f'{a!r:>{w}}' f\"{b['x']}\" F'''{\nc}''' rf'\\{x}' f'{{}}' f'\\N{DASH}{y}'\n",
        "0xFF_a 0b1_0 1_000.5e-3j .5 5. 1e5 1E+5 0o17 1if 2else 3\n",
        "a<=b>>=c**=d//e!=f->g:=h...i@j\n",
        "(\n  # c\n  1,\n\n 2)\n",
        "def f():\n    if x:\n        pass\n    return [\n1]\nf()",
        "\x0cx = 1\n  \x0cy = 2\n",
        "é = 'ü'; 变量 = 1\n",
        "if 1:\n    x\\\n\n    y\n",
        "class A:\n  def b(self): pass\n\n  c = lambda x, *y, **z: (x,)\n",
        "match x:\n  case [1, *_] if y: pass\n",
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut paths = String::new();
    for (index, text) in corners.iter().enumerate() {
        let path = folder.path().join(format!("{index}.py"));
        std::fs::write(&path, text).unwrap();
        paths += &format!("{}\n", path.display());
    }
    assert_eq!(compare(&paths), corners.len());
}

/// Nested f-strings with the same quotes are legal since 3.12: no oracle needed to know where they end.
#[test]
fn nested_quotes() {
    for text in [
        r#"f"{x["a"]}""#,
        r#"f"{f"{f"{1}"}"}""#,
        r#"f'{x:{'>'}{10}}'"#,
        "f'{\n  x # '}\n}'",
        r#"f"{a['b'] + "c"!r:>{w}} {{}} {lambda_}""#,
        r#"f"\N{LATIN SMALL LETTER A}{x}""#,
        r#"f"{x != y}""#,
    ] {
        let tokens = tokenize(text, SourceId(0));
        assert!(tokens.errors.is_empty(), "{text}: {:?}", tokens.errors);
        assert_eq!(tokens.tokens[0].end as usize, text.len(), "{text}");
    }
}

/// Every byte is in one token, or is white space, a continuation or the byte order mark.
fn check_cover(text: &str) {
    let tokens = tokenize(text, SourceId(0));
    let mut end = 0;
    for token in &tokens.tokens {
        let (start, token_end) = (token.start as usize, token.end as usize);
        assert!(end <= start && start <= token_end && token_end <= text.len(), "{text:?}");
        let gap = &text[end..start];
        assert!(gap.chars().all(|c| " \t\x0c\\\r\n\u{feff}".contains(c)), "{text:?}: nothing covers {gap:?}");
        end = token_end;
    }
    assert_eq!(tokens.tokens.last().map(|token| token.kind), Some(Kind::End));
    let file = tureen_workflow::parse::parse(text, SourceId(0));
    for label in file.errors.iter().flat_map(|error| &error.labels) {
        assert!(label.span.start <= label.span.end && label.span.end as usize <= text.len(), "{text:?}");
        assert!(
            text.is_char_boundary(label.span.start as usize)
                && text.is_char_boundary(label.span.end as usize)
        );
    }
}

proptest! {
    #[test]
    fn tokens_cover_any_text(text in "\\PC*") {
        check_cover(&text);
    }

    #[test]
    fn tokens_cover_snakefile_like_text(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)
    ) {
        check_cover(&pieces.concat());
    }
}

const PIECES: &[&str] = &[
    "rule a:",
    "rule",
    " b",
    ":",
    "\n",
    "\n    ",
    "\n\t",
    "\n        ",
    "input:",
    "output: ",
    "\"x\"",
    "'y",
    "\"\"\"",
    "f\"{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "*",
    "**",
    "lambda w",
    "#c",
    "\\",
    "\r\n",
    "shell:",
    "run:",
    "use rule ",
    "as ",
    "from ",
    "with:",
    "module m:",
    "ruleorder:",
    ">",
    "onstart:",
    "é",
    "\u{feff}",
    "\x0c",
    "1.5e",
    "0x",
    "$",
    "if x:",
    "else:",
    " ",
    "exclude",
    "\0",
    "checkpoint",
    "storage",
    "'''",
    "!r",
    "{{",
    "\\N{",
];
