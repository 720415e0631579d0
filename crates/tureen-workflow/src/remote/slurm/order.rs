//! What a job asks of Slurm, as options of `sbatch`: Snakemake's names for it, as its slurm plugin takes them.
//! Sends nothing.

use crate::evaluator::job::JobView;
use crate::format::text;
use crate::params::whole_number;
use crate::value::Value;

/// Options for a job (or group) that goes by itself.
///
/// # Errors
/// A resource whose value makes no sense.
pub fn options(view: &JobView) -> Result<Vec<String>, String> {
    let mut options = Vec::new();
    let mut add = |name: &str, value: String| options.push(format!("--{name}={value}"));
    if let Some(account) = word(view, "slurm_account") {
        add("account", account);
    }
    if let Some(partition) = word(view, "slurm_partition") {
        add("partition", partition);
    }
    let clusters = ["cluster", "clusters", "slurm_cluster"].into_iter().find_map(|name| word(view, name));
    if let Some(clusters) = clusters {
        add("clusters", clusters);
    }
    if let Some(runtime) = number(view, "runtime")? {
        add("time", runtime.max(1).to_string());
    }
    for (resource, option) in
        [("constraint", "constraint"), ("qos", "qos"), ("reservation", "reservation"), ("gres", "gres")]
    {
        if let Some(value) = word(view, resource) {
            add(option, value);
        }
    }
    if let Some(mem) = number(view, "mem_mb_per_cpu")? {
        add("mem-per-cpu", format!("{mem}M"));
    } else if let Some(mem) = number(view, "mem_mb")?.filter(|&mem| mem > 0) {
        add("mem", format!("{mem}M"));
    }
    if let Some(nodes) = number(view, "nodes")? {
        if nodes < 1 {
            return Err(format!("its resource `nodes` is {nodes}, which is less than 1"));
        }
        add("nodes", nodes.to_string());
    }
    let model = word(view, "gpu_model");
    let gpus = number(view, "gpu")?.or(model.as_ref().map(|_| 1)).filter(|&gpus| gpus > 0);
    if let Some(gpus) = gpus {
        let model = model.map(|model| model + ":").unwrap_or_default();
        add("gpus", format!("{model}{gpus}"));
    }
    let has_gpus = gpus.is_some() || word(view, "gres").is_some_and(|gres| gres.contains("gpu"));
    let is_mpi = find(view, "mpi").is_some_and(|value| !matches!(value, Value::Bool(false) | Value::None));
    match (number(view, "tasks")?, number(view, "tasks_per_node")?) {
        (Some(_), Some(_)) if is_mpi => {
            return Err(
                "its resources name `tasks` and `tasks_per_node`; an MPI job takes one of them".to_owned()
            );
        }
        (None, None) if is_mpi => {
            return Err("it is an MPI job (`mpi`), which needs `tasks` or `tasks_per_node`".to_owned());
        }
        (_, Some(tasks)) => add("ntasks-per-node", tasks.max(1).to_string()),
        // Some clusters refuse a number of tasks beside one of GPUs, unless somebody asks for it.
        (tasks, None) if has_gpus && !is_mpi => {
            if let Some(tasks) = number(view, "tasks_per_gpu")?.or(tasks).filter(|&tasks| tasks >= 1) {
                add("ntasks-per-gpu", tasks.to_string());
            }
        }
        (tasks, None) => add("ntasks", tasks.unwrap_or(1).max(1).to_string()),
    }
    match (number(view, "cpus_per_task")?, number(view, "cpus_per_gpu")?.filter(|_| has_gpus)) {
        // Snakemake's way of saying that the partition allows no such setting.
        (Some(cpus), _) if cpus < 0 => {}
        (Some(cpus), _) => add("cpus-per-task", cpus.max(1).to_string()),
        (None, Some(cpus)) if cpus <= 0 => {}
        (None, Some(cpus)) => add("cpus-per-gpu", cpus.to_string()),
        (None, None) => add("cpus-per-task", view.threads.max(1).to_string()),
    }
    if let Some(extra) = word(view, "slurm_extra") {
        let words = split(&extra)?;
        check_extra(&words)?;
        options.extend(words);
    }
    Ok(options)
}

/// Whether a job asks for nothing that a pilot of the usual kind lacks; `most_minutes` is how long it may take.
pub fn is_plain(view: &JobView, most_minutes: i64, is_unsaid_short: bool) -> bool {
    const SPECIAL: [&str; 18] = [
        "cluster",
        "clusters",
        "slurm_cluster",
        "constraint",
        "qos",
        "reservation",
        "gres",
        "gpu",
        "gpu_model",
        "tasks_per_gpu",
        "cpus_per_gpu",
        "mem_mb_per_cpu",
        "nodes",
        "mpi",
        "tasks",
        "tasks_per_node",
        "cpus_per_task",
        "slurm_extra",
    ];
    let is_special = SPECIAL.iter().any(|name| match (*name, find(view, name)) {
        (_, None | Some(Value::None)) => false,
        ("nodes" | "tasks" | "tasks_per_node", Some(Value::Int(1))) => false,
        ("gpu", Some(Value::Int(0))) => false,
        (_, Some(Value::Str(text))) => !text.is_empty(),
        _ => true,
    });
    let runtime = find(view, "runtime").and_then(whole_number);
    !is_special && runtime.map_or(is_unsaid_short, |minutes| minutes <= most_minutes)
}

/// What a pilot of the usual kind has to have in common with a job.
pub fn place(view: &JobView) -> (Option<String>, Option<String>) {
    (word(view, "slurm_account"), word(view, "slurm_partition"))
}

/// The memory that a job asks for, in MB.
pub fn memory(view: &JobView) -> u64 {
    find(view, "mem_mb").and_then(whole_number).and_then(|mb| u64::try_from(mb).ok()).unwrap_or(0)
}

fn find<'v>(view: &'v JobView, name: &str) -> Option<&'v Value> {
    view.resources.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn word(view: &JobView, name: &str) -> Option<String> {
    let value = find(view, name).filter(|value| **value != Value::None)?;
    // As it was meant for a shell: quotes round it are not part of it.
    let text = text(value);
    let bare = text.trim().trim_matches(['"', '\'']).to_owned();
    (!bare.is_empty() || name == "constraint").then_some(if name == "slurm_extra" { text } else { bare })
}

fn number(view: &JobView, name: &str) -> Result<Option<i64>, String> {
    match find(view, name) {
        None | Some(Value::None) => Ok(None),
        Some(value) => match whole_number(value) {
            Some(number) => Ok(Some(number)),
            None if *value == Value::Str(crate::params::NOT_YET.to_owned()) => Ok(None),
            None => text(value).trim().parse().map(Some).map_err(|_| {
                format!("its resource `{name}` is {}, which is no whole number", crate::format::repr(value))
            }),
        },
    }
}

/// Options that are set here, with the resource to use instead; the others would have jobs lost from sight.
const OURS: [(&str, &str, &str); 27] = [
    ("job-name", "J", ""),
    ("output", "o", ""),
    ("array", "a", ""),
    ("chdir", "D", ""),
    ("parsable", "", ""),
    ("test-only", "", ""),
    ("wait", "W", ""),
    ("wrap", "", ""),
    ("export", "", ""),
    ("comment", "", ""),
    ("quiet", "Q", ""),
    ("account", "A", "slurm_account"),
    ("partition", "p", "slurm_partition"),
    ("clusters", "M", "clusters"),
    ("mem", "", "mem_mb"),
    ("mem-per-cpu", "", "mem_mb_per_cpu"),
    ("ntasks", "n", "tasks"),
    ("ntasks-per-gpu", "", "tasks_per_gpu"),
    ("cpus-per-task", "c", "cpus_per_task"),
    ("cpus-per-gpu", "", "cpus_per_gpu"),
    ("time", "t", "runtime"),
    ("constraint", "C", "constraint"),
    ("qos", "q", "qos"),
    ("nodes", "N", "nodes"),
    ("gres", "", "gres"),
    ("gpus", "G", "gpu"),
    ("reservation", "", "reservation"),
];

/// Refuses what would undo what is set here, and what `sbatch` would take for the script.
fn check_extra(words: &[String]) -> Result<(), String> {
    let mut may_be_value = false;
    for word in words {
        if !word.starts_with('-') || word == "-" || word == "--" {
            if !may_be_value || word.starts_with('-') {
                return Err(format!("its resource `slurm_extra` has `{word}` where an option should be"));
            }
            may_be_value = false;
            continue;
        }
        may_be_value = !word.contains('=');
        let name = word.trim_start_matches('-').split('=').next().unwrap_or("");
        let is_it = |(long, short, _): &&(&str, &str, &str)| match word.strip_prefix("--") {
            // `sbatch` takes beginnings of names, too.
            Some(_) => name == *long || (name.len() > 3 && long.starts_with(name)),
            None => !short.is_empty() && name.starts_with(short),
        };
        if let Some((long, _, resource)) = OURS.iter().find(is_it) {
            let instead = match *resource {
                "" => "tureen sets it itself".to_owned(),
                resource => format!("use the resource `{resource}`"),
            };
            return Err(format!("its resource `slurm_extra` has `--{long}`: {instead}"));
        }
    }
    Ok(())
}

/// Splits options as a shell would, as far as quotes go.
fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut is_word, mut quote) = (Vec::new(), String::new(), false, None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), letter) => word.push(letter),
            (None, '\'' | '"') => (quote, is_word) = (Some(letter), true),
            (None, letter) if letter.is_whitespace() => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            (None, letter) => {
                word.push(letter);
                is_word = true;
            }
        }
    }
    if quote.is_some() {
        return Err(format!("a quote is not closed in its resource `slurm_extra`: {text}"));
    }
    if is_word {
        words.push(word);
    }
    // The whole may have been quoted once more, as command lines want it.
    if let [only] = words.as_slice()
        && only.contains(char::is_whitespace)
        && only.trim_start().starts_with('-')
    {
        return split(&only.clone());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(resources: &[(&str, Value)]) -> JobView {
        let resources = resources.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        JobView { threads: 2, resources, ..JobView::default() }
    }

    fn check(resources: &[(&str, Value)], expected: &str) {
        let options = options(&view(resources)).unwrap_or_else(|why| vec![why]);
        assert_eq!(options.join(" "), expected);
    }

    #[test]
    fn snakemakes_names_become_options() {
        let text = |text: &str| Value::Str(text.to_owned());
        check(&[], "--ntasks=1 --cpus-per-task=2");
        check(
            &[
                ("slurm_account", text("lab")),
                ("slurm_partition", text("main")),
                ("runtime", Value::Int(90)),
                ("mem_mb", Value::Int(4000)),
            ],
            "--account=lab --partition=main --time=90 --mem=4000M --ntasks=1 --cpus-per-task=2",
        );
        check(
            &[
                ("mem_mb_per_cpu", Value::Int(500)),
                ("mem_mb", Value::Int(4000)),
                ("cpus_per_task", Value::Int(4)),
                ("tasks", Value::Int(3)),
                ("nodes", Value::Int(2)),
                ("constraint", text("haswell")),
                ("clusters", text("east")),
                ("gres", text("gpu:1")),
            ],
            "--clusters=east --constraint=haswell --gres=gpu:1 --mem-per-cpu=500M --nodes=2 --ntasks-per-gpu=3 --cpus-per-task=4",
        );
        check(&[("cpus_per_task", Value::Int(-1))], "--ntasks=1");
        check(
            &[("slurm_extra", text("'--mail-type=END --wckey=\"a b\" -x n1'"))],
            "--ntasks=1 --cpus-per-task=2 --mail-type=END --wckey=a b -x n1",
        );
        check(&[("nodes", Value::Int(0))], "its resource `nodes` is 0, which is less than 1");
        check(&[("tasks", text("many"))], "its resource `tasks` is 'many', which is no whole number");
        check(
            &[("gpu_model", text("a100")), ("tasks_per_gpu", Value::Int(2)), ("cpus_per_gpu", Value::Int(8))],
            "--gpus=a100:1 --ntasks-per-gpu=2 --cpus-per-gpu=8",
        );
        check(&[("gres", text("gpu:2"))], "--gres=gpu:2 --cpus-per-task=2");
        for (extra, why) in [
            ("--job-name=mine", "its resource `slurm_extra` has `--job-name`: tureen sets it itself"),
            ("-t 5", "its resource `slurm_extra` has `--time`: use the resource `runtime`"),
            (
                "--partit=x",
                "its resource `slurm_extra` has `--partition`: use the resource `slurm_partition`",
            ),
            ("evil.sh", "its resource `slurm_extra` has `evil.sh` where an option should be"),
            ("--nice=1 evil.sh", "its resource `slurm_extra` has `evil.sh` where an option should be"),
        ] {
            check(&[("slurm_extra", text(extra))], why);
        }
        check(
            &[("slurm_extra", text("--x='"))],
            "a quote is not closed in its resource `slurm_extra`: --x='",
        );
    }

    #[test]
    fn pilots_take_what_asks_for_nothing_special() {
        let is = |resources: &[(&str, Value)]| is_plain(&view(resources), 10, true);
        assert!(is(&[]) && is(&[("runtime", Value::Int(10))]) && is(&[("tasks", Value::Int(1))]));
        assert!(!is(&[("runtime", Value::Int(11))]) && !is(&[("gres", Value::Str("gpu:1".to_owned()))]));
        assert!(!is_plain(&view(&[]), 10, false));
    }
}
