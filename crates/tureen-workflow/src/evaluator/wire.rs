//! Frames on the socket, and values as tagged JSON. The other end is `python/wire.py`.

use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::{Value as Json, json};

use super::job::{Entry, JobView};
use crate::value::Value;

/// Sends one message; file descriptors travel with its length.
pub(super) fn send(stream: &UnixStream, message: &Json, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let data = serde_json::to_vec(message).expect("JSON values always serialise");
    let length = u32::try_from(data.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a message of more than 4 GiB"))?
        .to_le_bytes();
    if fds.is_empty() {
        (&mut &*stream).write_all(&length)?;
    } else {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(fds));
        let sent = sendmsg(stream, &[io::IoSlice::new(&length)], &mut control, SendFlags::NOSIGNAL)?;
        (&mut &*stream).write_all(&length[sent..])?;
    }
    (&mut &*stream).write_all(&data)
}

/// Receives one message.
pub(super) fn receive(stream: &UnixStream) -> io::Result<Json> {
    let mut length = [0u8; 4];
    (&mut &*stream).read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    let mut data = Vec::new();
    // Grown as it arrives: a garbled length must not reserve four gigabytes.
    (&mut &*stream).take(length as u64).read_to_end(&mut data)?;
    if data.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&data)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

/// A value as tagged JSON.
pub(super) fn encode(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!({ "f": crate::literal::number::float_repr(*value) }),
        Value::Str(text) => json!(text),
        Value::List(items) => Json::Array(items.iter().map(encode).collect()),
        Value::Tuple(items) => json!({ "t": items.iter().map(encode).collect::<Vec<_>>() }),
        Value::Dict(items) => {
            let pairs = items.iter().map(|(key, value)| json!([encode(key), encode(value)]));
            json!({ "d": pairs.collect::<Vec<_>>() })
        }
        Value::Opaque { text, repr, held } => json!({ "o": [text, repr, held] }),
    }
}

/// A value from tagged JSON; `None` if it has no such form.
pub(super) fn decode(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Int(number.as_i64()?),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(decode).collect::<Option<_>>()?),
        Json::Object(object) => {
            let (tag, content) = object.iter().next()?;
            match tag.as_str() {
                "f" => Value::Float(match content.as_str()? {
                    "nan" => f64::NAN,
                    "inf" => f64::INFINITY,
                    "-inf" => f64::NEG_INFINITY,
                    text => text.parse().ok()?,
                }),
                "t" => Value::Tuple(content.as_array()?.iter().map(decode).collect::<Option<_>>()?),
                "d" => {
                    let pair = |pair: &Json| Some((decode(pair.get(0)?)?, decode(pair.get(1)?)?));
                    Value::Dict(content.as_array()?.iter().map(pair).collect::<Option<_>>()?)
                }
                "o" => Value::Opaque {
                    text: content.get(0)?.as_str()?.to_owned(),
                    repr: content.get(1)?.as_str()?.to_owned(),
                    held: content.get(2)?.as_u64().and_then(|number| u32::try_from(number).ok()),
                },
                _ => return None,
            }
        }
    })
}

/// A job as the other end takes it.
pub(crate) fn job(job: &JobView) -> Json {
    let entries = |entries: &[Entry]| {
        entries.iter().map(|entry| json!([entry.name, encode(&entry.value)])).collect::<Vec<_>>()
    };
    let resources: Vec<Json> =
        job.resources.iter().map(|(name, value)| json!([name, encode(value)])).collect();
    json!({
        "rule": job.rule,
        "wildcards": job.wildcards,
        "input": entries(&job.input),
        "output": entries(&job.output),
        "log": entries(&job.log),
        "params": entries(&job.params),
        "threads": job.threads,
        "resources": resources,
        "attempt": job.attempt,
        "jobid": job.jobid,
        "folder": job.folder,
        "bench_iteration": job.bench_iteration,
    })
}

/// A job from what [`job`] made of it; `None` if it has another form.
pub(crate) fn job_from(json: &Json) -> Option<JobView> {
    let entries = |word: &str| {
        let entry = |entry: &Json| {
            let name = entry.get(0)?.as_str().map(str::to_owned);
            Some(Entry { name, value: decode(entry.get(1)?)? })
        };
        json[word].as_array()?.iter().map(entry).collect::<Option<Vec<_>>>()
    };
    let wildcard = |pair: &Json| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    let resource = |pair: &Json| Some((pair.get(0)?.as_str()?.to_owned(), decode(pair.get(1)?)?));
    Some(JobView {
        rule: json["rule"].as_str()?.to_owned(),
        wildcards: json["wildcards"].as_array()?.iter().map(wildcard).collect::<Option<_>>()?,
        input: entries("input")?,
        output: entries("output")?,
        log: entries("log")?,
        params: entries("params")?,
        threads: json["threads"].as_i64()?,
        resources: json["resources"].as_array()?.iter().map(resource).collect::<Option<_>>()?,
        attempt: json["attempt"].as_i64()?,
        jobid: json["jobid"].as_i64()?,
        folder: json["folder"].as_str().map(str::to_owned),
        bench_iteration: json["bench_iteration"].as_i64(),
    })
}
