//! The last touch on a rule's paths, as Snakemake gives it: no slash at the end; and what only Python can do with
//! them, the replacing of `<names>`, makes the file one for Python.

use super::NotStatic;
use crate::rule::{FilePattern, Input, Rule};

pub(super) fn finish(rule: &mut Rule) -> Result<(), NotStatic> {
    let inputs = rule.input.iter_mut().filter_map(|item| match &mut item.value {
        Input::Files(list) => Some(list),
        _ => None,
    });
    let lists = inputs.chain(rule.output.iter_mut().chain(&mut rule.log).map(|item| &mut item.value));
    let files = lists.flat_map(|list| &mut list.files).chain(&mut rule.benchmark);
    for file in files {
        finish_path(file)?;
    }
    Ok(())
}

fn finish_path(file: &mut FilePattern) -> Result<(), NotStatic> {
    if uses_pathvar(&file.text) {
        return Err(NotStatic::new(file.span, "a `<name>` in a path is replaced by Python"));
    }
    if file.text.len() > 1 {
        let length = file.text.trim_end_matches('/').len();
        file.text.truncate(length);
    }
    Ok(())
}

/// Whether a text holds a name in pointed brackets.
fn uses_pathvar(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        let Some((name, _)) = rest.split_once('>') else { return false };
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::uses_pathvar;

    #[test]
    fn only_names_in_brackets_are_pathvars() {
        assert!(uses_pathvar("<results>/a") && uses_pathvar("a<b/<x_1>"));
        assert!(!uses_pathvar("a<b") && !uses_pathvar("<A>") && !uses_pathvar("<1>") && !uses_pathvar("<>"));
    }
}
