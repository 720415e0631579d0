//! `--report`: one page with the results that the workflow marks, or an archive with the page and the results.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use rustc_hash::FxHashSet;
use tureen_workflow::diagnostic::Diagnostic;
use tureen_workflow::evaluator::job::{JobView, RunEnd};
use tureen_workflow::params::complete_view;
use tureen_workflow::read::Reading;
use tureen_workflow::report::{Content, Marked, Report, RuleStory, SHOWN, Told, link, rule_stories, write};
use tureen_workflow::run::Python;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::load::{self, Planned, planned};
use super::python::with_python;
use super::{Ended, story};
use crate::settings::{ReportWish, Settings};
use crate::talk::Talk;
use crate::{exit_code, picture};

/// Larger results are not put into a page: browsers don't open what then comes of it.
const MOST_EMBEDDED: u64 = 64 << 20;

/// All that goes into a report, but for the results' content.
struct Gathered {
    told: Told,
    rules: Vec<RuleStory>,
    n_unknown: usize,
    picture: String,
}

pub(super) fn report(settings: &Settings, wish: &ReportWish) -> Result<u8, Ended> {
    let reading = load::workflow_for(settings, true)?;
    match with_python(&reading, |python| gather(settings, wish, &reading, python)) {
        Ok(gathered) => {
            finish(settings, wish, &gathered).map_err(|fault| Ended::from(*fault))?;
            Ok(exit_code::SUCCESS)
        }
        Err(faults) => Err(load::ended(faults, reading.sources)),
    }
}

fn gather(
    settings: &Settings,
    wish: &ReportWish,
    reading: &Reading,
    python: &Python<'_>,
) -> Result<Gathered, Vec<Diagnostic>> {
    let Planned { rules, graph, remembered, .. } = planned(settings, reading, python)?;
    let evaluator = reading.evaluator.as_ref().expect("the workflow was read with an evaluator");
    let broken =
        |broken: tureen_workflow::evaluator::Broken| vec![Diagnostic::from_text(&broken.to_string())];
    let marking: FxHashSet<String> = evaluator.report_rules().map_err(broken)?.into_iter().collect();
    let is_marking: Vec<bool> =
        rules.workflow.rules.iter().map(|rule| marking.contains(&rule.name)).collect();
    let mut views: Vec<JobView> = Vec::new();
    for &job in graph.order.iter().filter(|&&job| is_marking[graph.jobs.rule(job)]) {
        let mut ask = |calls: &[_]| (python.ask)(calls);
        let view = complete_view(&rules, &graph, job, 1, &settings.limits, &mut ask);
        views.push(view.map_err(|fault| vec![*fault])?);
    }
    let told = evaluator.report(&views, wish.metadata.as_deref()).map_err(broken)?;
    let told = told.map_err(|error| vec![story::about_block("the report", &RunEnd::Raised(error))])?;
    let (stories, n_unknown) = rule_stories(&rules, &graph, &remembered);
    let picture = tureen_draw::svg(&picture::of_rules(&rules, &graph));
    Ok(Gathered { told, rules: stories, n_unknown, picture })
}

fn finish(settings: &Settings, wish: &ReportWish, gathered: &Gathered) -> Result<(), Box<Diagnostic>> {
    let talk = Talk { quiet: settings.quiet, to_stdout: false, print_commands: false };
    let say = |text: &str| {
        if !settings.quiet.all {
            let _ = talk.say(text);
        }
    };
    if gathered.n_unknown > 0 {
        say(&format!("{} jobs are not on record: the report has no times of them.", gathered.n_unknown));
    }
    let failed = |path: &Path, error: io::Error| {
        Box::new(Diagnostic::new(format!("the report `{}` can't be written: {error}", path.display())))
    };
    let stylesheet = match &wish.stylesheet {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            Diagnostic::new(format!("the style sheet `{}` can't be read: {error}", path.display()))
        })?),
        None => None,
    };
    let folder = std::env::current_dir().unwrap_or_default();
    let folder = folder.file_name().map_or("workflow".into(), |name| name.to_string_lossy());
    let made = format!("made {} by tureen {}", now(), env!("CARGO_PKG_VERSION"));
    let report = Report {
        title: &format!("Report: {folder}"),
        made: &made,
        told: &gathered.told,
        picture: without_prolog(&gathered.picture),
        rules: &gathered.rules,
        stylesheet: stylesheet.as_deref(),
    };
    let path = &wish.path;
    let is_archive = path.extension().is_some_and(|end| end == "zip");
    if !is_archive && let Some(marked) = gathered.told.results.iter().find(|marked| marked.is_folder) {
        let message = format!("`{}` is a folder, which a single page can't hold", marked.output);
        return Err(Box::new(Diagnostic::new(message).hint("make an archive: `--report report.zip`")));
    }
    // Beside its place first: a report that fails leaves the old one alone.
    let unfinished = path.with_extension("unfinished");
    let written = File::create(&unfinished).and_then(|file| {
        let mut out = io::BufWriter::new(file);
        if is_archive { archive(out, &report, path) } else { page(&mut out, &report, &say) }?;
        std::fs::rename(&unfinished, path)
    });
    if let Err(error) = written {
        let _ = std::fs::remove_file(&unfinished);
        return Err(failed(path, error));
    }
    say(&format!("Report created: {}", path.display()));
    Ok(())
}

/// A page with all in it.
fn page(out: &mut io::BufWriter<File>, report: &Report<'_>, say: &dyn Fn(&str)) -> io::Result<()> {
    write(out, report, &date, &mut |marked| {
        let size = std::fs::metadata(&marked.path).map_err(|error| about(&marked.path, &error))?.len();
        if size > MOST_EMBEDDED {
            let megabytes = size >> 20;
            say(&format!(
                "`{}` ({megabytes} MiB) is too large for a page; `--report report.zip` holds it.",
                marked.path
            ));
            return Ok(Content::Left(format!("not in this page, since it has {megabytes} MiB")));
        }
        std::fs::read(&marked.path).map(Content::Embedded).map_err(|error| about(&marked.path, &error))
    })?;
    out.flush()
}

/// An archive of one folder: the page, and the results in `data`.
fn archive(out: io::BufWriter<File>, report: &Report<'_>, path: &Path) -> io::Result<()> {
    let stem = path.file_stem().map_or("report".into(), |stem| stem.to_string_lossy());
    let mut zip = ZipWriter::new(out);
    let options = SimpleFileOptions::default().large_file(true);
    for marked in &report.told.results {
        let at = format!("{stem}/{}", place(marked));
        let beside = marked.beside.iter().map(|(from, to)| (from, format!("{stem}/data/{}/{to}", marked.id)));
        for (from, to) in std::iter::once((&marked.path, at)).chain(beside) {
            zip.start_file(to, options)?;
            File::open(from)
                .and_then(|mut file| io::copy(&mut file, &mut zip))
                .map_err(|error| about(from, &error))?;
        }
    }
    zip.start_file(format!("{stem}/report.html"), options)?;
    write(&mut zip, report, &date, &mut |marked| {
        let mut start = Vec::new();
        File::open(&marked.path)
            .and_then(|file| file.take(SHOWN).read_to_end(&mut start))
            .map_err(|error| about(&marked.path, &error))?;
        Ok(Content::Beside(link(&place(marked)), start))
    })?;
    zip.finish()?.flush()
}

/// Where a result is in an archive, seen from the page.
fn place(marked: &Marked) -> String {
    format!("data/{}/{}", marked.id, marked.filename)
}

fn about(path: &str, error: &io::Error) -> io::Error {
    io::Error::other(format!("`{path}`: {error}"))
}

/// An SVG as a part of a page.
fn without_prolog(svg: &str) -> &str {
    svg.find("<svg").map_or(svg, |start| &svg[start..])
}

fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    date(since.map_or(0.0, |since| since.as_secs_f64()))
}

/// A moment in this machine's time zone.
fn date(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a report shows whole seconds")]
    let timestamp = jiff::Timestamp::from_second(seconds as i64);
    timestamp.map_or("-".to_owned(), |timestamp| {
        timestamp.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    })
}
