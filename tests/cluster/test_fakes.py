"""What a real cluster can't be made to do: fakes of Slurm's commands, first on the PATH."""

import os
from pathlib import Path

import pytest
from workflow import Workflow, many

#: Submits by running the script at once. `BUSY` is how many calls it refuses first; with `LOSE` it
#: makes the output and leaves no reply, with `STATE` alone the job comes to nothing.
SBATCH = """#!/bin/sh
n=$(cat "$FAKE/n" 2>/dev/null || echo 0); echo $((n + 1)) > "$FAKE/n"
if [ "$n" -lt "${BUSY:-0}" ]; then
    echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
    exit 1
fi
for word; do script=$word; done
echo $((n + 100))
if [ -n "$LOSE" ]; then mkdir -p out; echo 0 > out/0; exit 0; fi
if [ -n "$STATE" ]; then echo 0 >> ran; exit 0; fi
sh "$script" >/dev/null 2>&1 </dev/null
"""

#: Knows of no job, or says that all have the state `$STATE`.
SQUEUE = """#!/bin/sh
echo "$*" >> "$FAKE/queue"
case "$*" in *%F*) exit 0;; esac
if [ -n "$STATE" ]; then for n in 100 101 102 103; do echo "$n|$STATE"; done; fi
"""


def fake(folder: Path, text: str, **variables: str) -> Workflow:
    """Give a workflow that finds the fakes."""
    programs = folder / "programs"
    programs.mkdir()
    scripts = {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": "#!/bin/sh\n", "sacct": "#!/bin/sh\nexit 1\n"}
    for name, script in scripts.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    workflow = Workflow(folder, None, text)
    workflow.environment.update(variables, FAKE=str(programs))
    workflow.environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return workflow


def test_a_busy_controller_is_asked_again_and_never_submits_twice(tmp_path: Path) -> None:
    workflow = fake(tmp_path, many(1, 0), BUSY="1")
    said = workflow.run("-j", "1")
    assert "does not answer" in said and "answers again" in said
    assert workflow.ran() == {"0": 1}
    assert "--format=%F" in (tmp_path / "programs/queue").read_text(), (
        "the queue was asked before the second try"
    )


def test_a_lost_reply_is_made_up_for_by_the_files(tmp_path: Path) -> None:
    workflow = fake(tmp_path, many(1, 0), LOSE="1", STATE="COMPLETED")
    workflow.run("-j", "1", "--slurm-init-seconds-before-status-checks", "1")
    assert workflow.outputs() == {"0"}


def test_what_slurm_says_of_a_job_without_answer_is_told(tmp_path: Path) -> None:
    for state, words in {"OUT_OF_MEMORY": "used more memory", "TIMEOUT": "took longer"}.items():
        folder = tmp_path / state
        folder.mkdir()
        workflow = fake(folder, many(1, 0), STATE=state)
        said = workflow.run("-j", "1", "--slurm-init-seconds-before-status-checks", "1", status=1)
        assert words in said and state in said, said


@pytest.mark.parametrize("state", ["DEADLINE", "FAILED", "CANCELLED"])
def test_ends_that_are_the_jobs_own_fail_it(tmp_path: Path, state: str) -> None:
    text = many(1, 0, "    retries: 1\n")
    workflow = fake(tmp_path, text, STATE=state)
    said = workflow.run("-j", "1", "--slurm-init-seconds-before-status-checks", "1", status=1)
    assert f"(Slurm: {state}" in said, said
    # Nobody wants what was cancelled; all else may go better the second time.
    assert workflow.ran() == {"0": 1 if state == "CANCELLED" else 2}


def test_jobs_of_another_cluster_are_asked_for_there(tmp_path: Path) -> None:
    workflow = fake(tmp_path, many(1, 0, "    resources: clusters='east'\n"), LOSE="1", STATE="COMPLETED")
    programs = tmp_path / "programs"
    sbatch = (programs / "sbatch").read_text().replace("echo $((n + 100))", 'echo "$((n + 100));east"')
    (programs / "sbatch").write_text(sbatch)
    workflow.run("-j", "1", "--slurm-init-seconds-before-status-checks", "1")
    assert workflow.outputs() == {"0"}
    assert "--clusters=east" in (programs / "queue").read_text()


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL"])
def test_a_job_that_a_machine_has_lost_is_sent_again_a_few_times(tmp_path: Path, state: str) -> None:
    workflow = fake(tmp_path, many(1, 0), STATE=state)
    said = workflow.run("-j", "1", "--slurm-init-seconds-before-status-checks", "1", status=1)
    assert said.count("is sent again") == 3 and workflow.ran() == {"0": 4}, said


def test_generic_without_status_says_what_that_means(tmp_path: Path) -> None:
    workflow = Workflow(tmp_path, None, many(1, 0))
    submit = ["--cluster-generic-submit-cmd", "sh"]
    said = workflow.run("--executor", "cluster-generic", *submit, "-j", "1")
    assert "waited for until you press Ctrl-C" in said and workflow.outputs() == {"0"}


def test_outputs_may_come_late(tmp_path: Path) -> None:
    """Whoever makes them may be somebody else: they are waited for, 5 s unless something else is said."""
    text = """
rule one:
    output: "out/0"
    shell: "setsid sh -c 'sleep 2; echo 0 > {output}' > /dev/null 2>&1 & sleep 1"
"""
    workflow = fake(tmp_path, text)
    workflow.run("-j", "1")
    assert workflow.outputs() == {"0"}


def test_generic_commands(tmp_path: Path) -> None:
    """Submit, status and cancel commands, with the placeholders of Snakemake's plugin."""
    text = many(3, 0, "    resources: mem_mb=7\n") + "\nlocalrules: all\n"
    workflow = Workflow(tmp_path, None, text)
    (tmp_path / "submit").write_text(
        '#!/bin/sh\necho "$1 $2" >> submitted\nsh "$3" >/dev/null 2>&1 &\necho $!\n'
    )
    (tmp_path / "status").write_text("#!/bin/sh\n[ -d /proc/$1 ] && echo running || echo success\n")
    for name in ("submit", "status"):
        (tmp_path / name).chmod(0o755)
    workflow.run(
        "--executor",
        "cluster-generic",
        "--cluster-generic-submit-cmd",
        "./submit {rule} {resources.mem_mb}",
        "--cluster-generic-status-cmd",
        "./status",
        "--seconds-between-status-checks",
        "0.2",
        "-j",
        "2",
    )
    assert (tmp_path / "submitted").read_text().splitlines() == ["one 7"] * 3
    assert set(workflow.ran().values()) == {1} and len(workflow.outputs()) == 3
