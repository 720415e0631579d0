//! `--report`: what is in the page and the archive, and what is refused.

use crate::folder::{Folder, texts};

const SNAKEFILE: &str = r#"
report: "about.rst"

rule all:
    input: "plot.a.svg", "table.csv", "pages"

rule plot:
    output:
        report(
            "plot.{name}.svg",
            caption="captions/plot.rst",
            category=lambda wildcards: "Step " + wildcards.name,
            subcategory="{name}",
            labels=lambda wildcards, params: {"kind": "<plot>", "size": params.size},
        )
    params: size=7
    shell: "echo '<svg><script>alert(1)</script></svg>' > {output}"

rule table:
    output: report("table.csv")
    shell: "printf 'x,y\n1,<b>\n' > {output}"

rule pages:
    output: report(directory("pages"), patterns=["{page}.html"])
    shell: "mkdir {output}; echo '<script>evil()</script>' > {output}/one.html; echo 2 > {output}/two.html"
"#;

fn made() -> Folder {
    let folder = Folder::with(SNAKEFILE);
    folder.write("about.rst", "About <this> workflow.\n");
    folder.write("captions/plot.rst", "A plot.\n");
    folder.succeed(&["-c1"]);
    folder
}

#[test]
fn a_page_has_the_results_with_what_their_marks_say() {
    let folder = made();
    let (out, error) = folder.succeed(&["--report"]);
    assert_eq!((out.as_str(), error.as_str()), ("", "Report created: report.html\n"));
    let page = folder.read("report.html");
    for part in [
        "About &lt;this&gt; workflow.",
        ">Step a</h2>",
        "<h3>a</h3>",
        "<th>kind</th><td>&lt;plot&gt;</td></tr><tr><th>size</th><td>7</td>",
        "A plot.",
        "src=\"data:image/svg+xml;base64,",
        ">Other</h2>",
        "<td>1</td><td>&lt;b&gt;</td>",
        "<h4>one.html</h4>",
        "pages/two.html, rule pages, page = two",
        "<iframe sandbox=\"allow-scripts\"",
        "<svg ",
        "<td>plot</td><td class=\"number\">1</td><td class=\"number\">",
        "mkdir {output}",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn an_archive_has_the_results_beside_the_page() {
    let folder = Folder::with(
        "rule a:\n    output: report(directory('site'), htmlindex='en/index.html')\n    shell: 'mkdir -p {output}/js {output}/en; echo page > {output}/en/index.html; echo x > {output}/js/a.js'\n",
    );
    folder.succeed(&["-c1"]);
    let (_, error) = texts(&folder.run(&["--report", "page.html"]));
    assert!(error.contains("`site` is a folder") && error.contains("report.zip"), "{error}");
    assert!(!folder.exists("page.html"));
    folder.succeed(&["--report", "my report.zip"]);
    let mut zip = zip::ZipArchive::new(std::fs::File::open(folder.path("my report.zip")).unwrap()).unwrap();
    let mut names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort_unstable();
    assert_eq!(names.len(), 3, "{names:?}");
    let of = |end: &str| names.iter().find(|name| name.ends_with(end)).unwrap().clone();
    let (index, script, page) = (of("/index.html"), of("/js/a.js"), of("my report/report.html"));
    assert_eq!(script, index.replace("en/index.html", "js/a.js"));
    let text = std::io::read_to_string(zip.by_name(&page).unwrap()).unwrap();
    let link = index.strip_prefix("my report/").unwrap();
    assert!(text.contains(&format!("src=\"{link}\"")), "{text}");
    assert_eq!(std::io::read_to_string(zip.by_name(&index).unwrap()).unwrap(), "page\n");
}

#[test]
fn a_result_that_is_not_there_is_an_error() {
    let folder = Folder::with("rule a:\n    output: report('a.txt')\n    shell: 'echo a > {output}'\n");
    let output = folder.run(&["--report"]);
    let (_, error) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("file a.txt is marked for the report but does not exist"), "{error}");
    assert!(!folder.exists("report.html") && !folder.exists("report.unfinished"));
}

#[test]
fn a_caption_that_is_not_there_is_an_error() {
    let folder = Folder::with(
        "rule a:\n    output: report('a.txt', caption='no.rst')\n    shell: 'echo a > {output}'\n",
    );
    folder.succeed(&["-c1"]);
    let output = folder.run(&["--report"]);
    let (_, error) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("there is no file") && error.contains("no.rst"), "{error}");
}

#[test]
fn labels_must_be_texts_or_numbers_and_a_report_a_page_or_an_archive() {
    let folder = Folder::with(
        "rule a:\n    output: report('a.txt', labels={'x': [1]})\n    shell: 'echo a > {output}'\n",
    );
    folder.succeed(&["-c1"]);
    let (_, error) = texts(&folder.run(&["--report"]));
    assert!(error.contains("the labels of report() are a dict of strings or numbers"), "{error}");
    let (_, error) = texts(&folder.run(&["--report", "report.pdf"]));
    assert!(error.contains("ends with `.html` or `.zip`"), "{error}");
}

#[test]
fn a_run_is_followed_by_its_report() {
    let folder = Folder::with("rule a:\n    output: report('a.txt')\n    shell: 'echo words > {output}'\n");
    folder.write("own.css", "body { color: red } </style><script>");
    folder.write("sub/keep", "");
    let words =
        ["-c1", "-d", "sub", "--report", "r.html", "--report-after-run", "--report-stylesheet", "../own.css"];
    folder.succeed(&words);
    let page = folder.read("sub/r.html");
    assert!(page.contains("<pre>words\n</pre>"), "{page}");
    assert!(page.contains("color: red") && page.matches("</style>").count() == 2, "{page}");
}
