//! What a Snakefile declared, from the other end's JSON to a [`Workflow`]. The other end is `python/declare.py`.

use serde_json::Value as Json;

use super::wire::decode;
use crate::rule::{
    Action, Checksum, Expected, FileList, FilePattern, FunctionId, Handler, Input, Item, Marks, Param, Rule,
    Shadow, ShellSettings, Workflow,
};
use crate::span::Span;
use crate::translate::Places;
use crate::value::Value;
use crate::work::checksum::Algorithm;

/// The workflow; `None` if the JSON is not of the agreed form.
pub(super) fn workflow(json: &Json, places: &Places) -> Option<Workflow> {
    let rules = json["rules"].as_array()?.iter().map(|json| rule(json, places)).collect::<Option<_>>()?;
    let rule_orders = json["rule_orders"].as_array()?.iter().map(strings).collect::<Option<_>>()?;
    let handlers = json["handlers"].as_array()?.iter().map(|word| {
        Some(match word.as_str()? {
            "onstart" => Handler::Start,
            "onsuccess" => Handler::Success,
            "onerror" => Handler::Error,
            _ => return None,
        })
    });
    let environment = json["environment"]
        .as_array()?
        .iter()
        .map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str().map(str::to_owned))));
    let setting = |index: usize| json["shell"][index].as_str().map(str::to_owned);
    Some(Workflow {
        rules,
        rule_orders,
        local_rules: strings(&json["local_rules"])?,
        wildcard_constraints: pairs(&json["constraints"])?,
        workdir: json["workdir"].as_str().map(str::to_owned),
        config: Some(decode(&json["config"])?),
        default_rule: json["default"].as_u64().map(|index| index as usize),
        handlers: handlers.collect::<Option<_>>()?,
        // The evaluator holds them and is asked to format.
        globals: Vec::new(),
        shell: ShellSettings { executable: setting(0), prefix: setting(1), suffix: setting(2) },
        resource_scopes: pairs(&json["resource_scopes"])?,
        envvars: strings(&json["envvars"])?,
        environment: environment.collect::<Option<_>>()?,
        source_folder: json["source_folder"].as_str().map(str::to_owned),
        listens: json["listens"].as_bool()?,
    })
}

/// How the mark that `multiext()` puts on a path begins; the extension follows.
const EXTENSION: &str = "extension ";

fn rule(json: &Json, places: &Places) -> Option<Rule> {
    let options = &json["options"];
    let text = |word: &str| options[word]["text"].as_str().map(str::to_owned);
    let number = |word: &str, default: i64| match options.get(word) {
        Some(value) => param(value),
        None => Some(Param::Value(Value::Int(default))),
    };
    let resources = json["resources"]
        .as_array()?
        .iter()
        .map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), param(pair.get(1)?)?)));
    let unsupported = json["unsupported"].as_array()?.iter().map(|pair| {
        Some((pair.get(0)?.as_str()?.to_owned(), places.get(pair.get(1)?.as_u64()? as usize)?.span))
    });
    let benchmark = match options.get("benchmark") {
        Some(entry) => files(entry, places)?.0.files.pop(),
        None => None,
    };
    Some(Rule {
        name: json["name"].as_str()?.to_owned(),
        span: places.get(json["place"].as_u64()? as usize)?.span,
        docstring: json["docstring"].as_str().map(str::to_owned),
        is_checkpoint: json["checkpoint"].as_bool()?,
        input: items(&json["input"], places, input)?,
        output: items(&json["output"], places, |entry, places| Some(files(entry, places)?.0))?,
        log: items(&json["log"], places, |entry, places| Some(files(entry, places)?.0))?,
        benchmark,
        params: items(&json["params"], places, |entry, _| param(entry))?,
        threads: number("threads", 1)?,
        resources: resources.collect::<Option<_>>()?,
        priority: number("priority", 0)?,
        retries: options["retries"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        group: text("group"),
        message: text("message"),
        wildcard_constraints: pairs(&json["constraints"])?,
        run_size: json["run_size"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        is_cached: json["cached"].as_bool()?,
        hands_over: json["handover"].as_bool()?,
        shadow: text("shadow").and_then(|word| Shadow::named(&word)),
        derived_params: serde_json::from_value(json["derived_params"].clone()).ok()?,
        has_own_names: json["own_names"].as_bool()?,
        has_late_command: json["late_command"].as_bool()?,
        action: action(json, places)?,
        unsupported: unsupported.collect::<Option<_>>()?,
    })
}

fn action(json: &Json, places: &Places) -> Option<Action> {
    if let Some(place) = json["run"].as_u64() {
        let place = places.get(place as usize)?;
        return Some(Action::Run { code: place.code.clone(), span: place.span });
    }
    let options = &json["options"];
    for word in ["shell", "script", "notebook", "wrapper", "cwl", "template_engine"] {
        let Some(option) = options.get(word) else { continue };
        let text = option["text"].as_str()?.to_owned();
        let span = places.get(option["place"].as_u64()? as usize)?.argument(None, 0);
        return Some(match word {
            "shell" => Action::Shell { command: text, span },
            _ => {
                let folder = json["basedir"].as_str()?.into();
                Action::Script { directive: word.to_owned(), path: text, folder, span }
            }
        });
    }
    Some(Action::None)
}

fn items<T>(
    json: &Json,
    places: &Places,
    read: impl Fn(&Json, &Places) -> Option<T>,
) -> Option<Vec<Item<T>>> {
    let item = |entry: &Json| {
        let name = entry["name"].as_str().map(str::to_owned);
        Some(Item { name, value: read(entry, places)?, span: span(entry, places)? })
    };
    json.as_array()?.iter().map(item).collect()
}

fn span(entry: &Json, places: &Places) -> Option<Span> {
    let place = places.get(entry["place"].as_u64()? as usize)?;
    Some(place.argument(entry["name"].as_str(), entry["number"].as_u64()? as usize))
}

fn input(entry: &Json, places: &Places) -> Option<Input> {
    if let Some(function) = entry.get("function") {
        return Some(Input::Function(function_id(function)?));
    }
    if let Some(function) = entry.get("unpack") {
        return Some(Input::Unpack(function_id(function)?));
    }
    Some(Input::Files(files(entry, places)?.0))
}

fn function_id(json: &Json) -> Option<FunctionId> {
    Some(FunctionId(u32::try_from(json.as_u64()?).ok()?))
}

fn files(entry: &Json, places: &Places) -> Option<(FileList, Span)> {
    let span = span(entry, places)?;
    let file = |file: &Json| {
        let checksum = match file.get(3)?.as_array() {
            Some(pair) => Some(checksum(pair)?),
            None => None,
        };
        let mut marks = Marks { other: strings(file.get(2)?)?, checksum, ..Marks::default() };
        if let Some(place) = marks.other.iter().position(|mark| mark.starts_with(EXTENSION)) {
            marks.extension = Some(marks.other.remove(place)[EXTENSION.len()..].to_owned());
        }
        for mark in strings(file.get(1)?)? {
            match mark.as_str() {
                "temp" => marks.is_temp = true,
                "protected" => marks.is_protected = true,
                "directory" => marks.is_directory = true,
                "touch" => marks.is_touch = true,
                "ancient" => marks.is_ancient = true,
                "pipe" => marks.is_pipe = true,
                "service" => marks.is_service = true,
                "update" => marks.is_update = true,
                "before_update" => marks.is_before_update = true,
                "non_empty" => marks.is_non_empty = true,
                _ => return None,
            }
        }
        let producer = file.get(4)?.as_str().map(str::to_owned);
        Some(FilePattern { text: file.get(0)?.as_str()?.to_owned(), marks, span, producer })
    };
    let files = entry["files"].as_array()?.iter().map(file).collect::<Option<_>>()?;
    Some((FileList { files, is_list: entry["list"].as_bool()? }, span))
}

/// `["sha256", what it should be]`
fn checksum(pair: &[Json]) -> Option<Checksum> {
    let [algorithm, expected] = pair else { return None };
    let expected = match expected.as_str() {
        Some(text) => Expected::Text(text.to_owned()),
        None => Expected::Function(function_id(expected)?),
    };
    Some(Checksum { algorithm: Algorithm::named(algorithm.as_str()?)?, expected })
}

fn param(json: &Json) -> Option<Param> {
    match json.get("function") {
        Some(function) => Some(Param::Function(function_id(function)?)),
        None => Some(Param::Value(decode(&json["value"])?)),
    }
}

fn strings(json: &Json) -> Option<Vec<String>> {
    json.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn pairs(json: &Json) -> Option<Vec<(String, String)>> {
    let pair = |pair: &Json| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    json.as_array()?.iter().map(pair).collect()
}
