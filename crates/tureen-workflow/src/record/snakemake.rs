//! What Snakemake remembers in a folder that it worked in first: one JSON file per output under
//! `.snakemake/metadata`, named by the output's path in URL-safe base64, in pieces if that is longer than a name may be.
//! Read once, when there is no record of our own; never written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::memory::{InputMemory, Origin, Remembered};

/// Where Snakemake keeps what it knows.
pub(super) const FOLDER: &str = ".snakemake";

/// Older records say less than they seem to: Snakemake 9.27 itself does not compare their inputs, or their params.
const INPUT_SINCE: u32 = 4;
const PARAMS_SINCE: u32 = 6;

/// One file, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    input: Option<Vec<String>>,
    #[serde(default)]
    log: Option<Vec<String>>,
    #[serde(default)]
    shellcmd: Option<String>,
    #[serde(default)]
    params: Option<Vec<serde_json::Value>>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    record_format_version: u32,
    #[serde(default)]
    starttime: Option<f64>,
    #[serde(default)]
    endtime: Option<f64>,
    #[serde(default)]
    input_checksums: Option<FxHashMap<String, Option<String>>>,
}

/// Everything Snakemake remembers, by output path. What can't be read is as good as not there.
pub(super) fn read(folder: &Path) -> FxHashMap<String, Remembered> {
    let mut remembered = FxHashMap::default();
    for (output, path) in named_files(&folder.join("metadata")) {
        let entry = fs::read(path).ok().and_then(|text| serde_json::from_slice::<Entry>(&text).ok());
        if let Some(entry) = entry.filter(|entry| entry.record_format_version >= INPUT_SINCE) {
            remembered.insert(output, entry.into_memory());
        }
    }
    for (output, _) in named_files(&folder.join("incomplete")) {
        remembered.entry(output).or_default().is_unfinished = true;
    }
    remembered
}

impl Entry {
    fn into_memory(self) -> Remembered {
        let checksums = self.input_checksums.unwrap_or_default();
        let mut paths = self.input.unwrap_or_default();
        paths.sort_unstable();
        paths.dedup();
        let inputs = paths.into_iter().map(|path| {
            let content = checksums.get(&path).cloned().flatten();
            // Before algorithms were named there was one.
            let content =
                content.map(|hash| if hash.contains(':') { hash } else { format!("sha256:{hash}") });
            Arc::new(InputMemory { path, content, ..InputMemory::default() })
        });
        let params = self.params.unwrap_or_default();
        let params =
            params.iter().map(|param| param.as_str().map_or_else(|| param.to_string(), str::to_owned));
        Remembered {
            started: self.starttime.unwrap_or(0.0),
            ended: self.endtime.unwrap_or(0.0),
            rule: self.rule.unwrap_or_default(),
            code: self.code.unwrap_or_default(),
            // No text at all is not compared (see `plan/taken_over`).
            params: if self.record_format_version >= PARAMS_SINCE {
                serde_json::to_string(&params.collect::<Vec<_>>()).expect("texts are always JSON")
            } else {
                String::new()
            },
            shell: self.shellcmd.unwrap_or_default(),
            inputs: inputs.collect(),
            log: self.log.unwrap_or_default(),
            origin: Origin::Snakemake,
            ..Remembered::default()
        }
    }
}

/// The files below a folder, with the path that their names spell.
fn named_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((folder, spelled)) = waiting.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            match name.strip_prefix('@') {
                Some(piece) => waiting.push((entry.path(), format!("{spelled}{piece}"))),
                None => {
                    found.extend(path_of(&format!("{spelled}{name}")).map(|output| (output, entry.path())))
                }
            }
        }
    }
    found
}

fn path_of(spelled: &str) -> Option<String> {
    String::from_utf8(URL_SAFE.decode(spelled).ok()?).ok()
}
