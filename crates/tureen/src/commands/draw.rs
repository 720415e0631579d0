//! `--dag` and `--rulegraph`: a picture on standard output.

use tureen_draw::Picture;
use tureen_workflow::diagnostic::Diagnostic;

use super::Ended;
use super::load::{self, Planned, planned};
use super::python::with_python;
use crate::settings::{Format, Settings};
use crate::talk::data;
use crate::{exit_code, mermaid_js, picture};

pub(super) fn jobs(settings: &Settings, format: Format) -> Result<u8, Ended> {
    if format == Format::MermaidJs {
        return write(settings, |planned| mermaid_js::of_jobs(&planned.rules, &planned.graph, &planned.plan));
    }
    draw(settings, format, |planned| picture::of_jobs(&planned.rules, &planned.graph, &planned.plan))
}

pub(super) fn rules(settings: &Settings, format: Format) -> Result<u8, Ended> {
    if format == Format::MermaidJs {
        return write(settings, |planned| mermaid_js::of_rules(&planned.rules, &planned.graph));
    }
    draw(settings, format, |planned| picture::of_rules(&planned.rules, &planned.graph))
}

/// `--filegraph`: rules with their files, as DOT.
pub(super) fn files(settings: &Settings) -> Result<u8, Ended> {
    write(settings, |planned| picture::of_files(&planned.rules, &planned.graph))
}

/// `--d3dag`: the jobs as JSON.
pub(super) fn d3(settings: &Settings) -> Result<u8, Ended> {
    write(settings, |planned| picture::d3(&planned.rules, &planned.graph, &planned.plan))
}

fn write(settings: &Settings, text: impl Fn(&Planned<'_>) -> String) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let made =
        with_python(&reading, |python| planned(settings, &reading, python).map(|planned| text(&planned)));
    match made {
        Ok(text) => data(format!("{text}\n").as_bytes())?,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    }
    Ok(exit_code::SUCCESS)
}

fn draw(settings: &Settings, format: Format, picture: impl Fn(&Planned<'_>) -> Picture) -> Result<u8, Ended> {
    let reading = load::workflow(settings)?;
    let made =
        with_python(&reading, |python| planned(settings, &reading, python).map(|planned| picture(&planned)));
    let picture = match made {
        Ok(picture) => picture,
        Err(faults) => return Err(load::ended(faults, reading.sources)),
    };
    let bytes = match format {
        Format::Dot => tureen_draw::dot(&picture).into_bytes(),
        Format::Svg => tureen_draw::svg(&picture).into_bytes(),
        Format::Mermaid | Format::MermaidJs => tureen_draw::mermaid(&picture).into_bytes(),
        Format::Png => tureen_draw::png(&picture, 2.0).map_err(|error| {
            Diagnostic::new(format!("the picture can't be made: {error}")).hint("`--dag svg` has no limits")
        })?,
    };
    data(&bytes)?;
    Ok(exit_code::SUCCESS)
}
