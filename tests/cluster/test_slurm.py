"""Workflows on a real Slurm: both ways, and what goes wrong on the way."""

import os
import signal
import time
from pathlib import Path

import pytest
from conftest import Slurm, wait_until
from workflow import Workflow, many

#: Two pilots, one on each node.
PILOTS = ("-j", "4", "--slurm-mode", "pilots", "--slurm-pilot-cores", "2")
JOBS = ("-j", "10", "--slurm-mode", "jobs")


def all_once(workflow: Workflow, n_jobs: int) -> bool:
    """Tell whether every job ran once and every file is there."""
    names = {str(number) for number in range(n_jobs)}
    ran = workflow.ran()
    return set(ran) == names and set(ran.values()) == {1} and workflow.outputs() == names


@pytest.mark.parametrize("way", [PILOTS, JOBS], ids=["pilots", "jobs"])
def test_every_job_runs_once_and_little_is_asked(slurm: Slurm, tmp_path: Path, way: tuple[str, ...]) -> None:
    workflow = Workflow(tmp_path, slurm, many(8, 0.1))
    workflow.run(*way)
    assert all_once(workflow, 8)
    assert not list((tmp_path / ".tureen/cluster").iterdir()), "nothing is left behind"
    assert "Nothing to be done" in workflow.run(*way)


def test_arrays_hold_what_is_alike(slurm: Slurm, tmp_path: Path) -> None:
    workflow = Workflow(tmp_path, slurm, many(6, 0.1, "    resources: runtime=5, mem_mb=50\n"))
    said = workflow.run(*JOBS)
    assert "Submitted 6 jobs as array" in said
    assert all_once(workflow, 6)


def test_a_job_runs_as_it_would_here(slurm: Slurm, tmp_path: Path) -> None:
    """Blocks, scripts, shadows, groups, local rules, temporary files and logs."""
    (tmp_path / "twice.py").write_text(
        "with open(snakemake.input[0]) as source, open(snakemake.output[0], 'w') as out:\n"
        "    out.write(source.read() * snakemake.params.times)\n"
    )
    text = """
import os
WORD = "soup"
localrules: here

rule all:
    input: "twice.txt", "here.txt", "shadowed.txt", "piped.txt"

rule block:
    output: temp("word.txt")
    log: "block.log"
    group: "words"
    run:
        with open(output[0], "w") as out:
            print(WORD, os.environ.get("SLURM_JOB_ID") is not None, file=out)

rule script:
    input: "word.txt"
    output: "twice.txt"
    params: times=2
    group: "words"
    script: "twice.py"

rule here:
    output: "here.txt"
    shell: "echo ${{SLURM_JOB_ID:-here}} > {output}"

rule shadowed:
    output: "shadowed.txt"
    shadow: "minimal"
    shell: "touch aside; echo x > {output}"

rule pipe:
    output: pipe("p")
    group: "pipes"
    shell: "echo through > {output}"

rule end:
    input: "p"
    output: "piped.txt"
    group: "pipes"
    shell: "cat {input} > {output}"
"""
    workflow = Workflow(tmp_path, slurm, text)
    said = workflow.run(*JOBS)
    assert (tmp_path / "twice.txt").read_text() == "soup True\n" * 2
    assert (tmp_path / "here.txt").read_text() == "here\n"
    assert (tmp_path / "piped.txt").read_text() == "through\n"
    assert (tmp_path / "shadowed.txt").exists() and not (tmp_path / "aside").exists()
    assert not (tmp_path / "word.txt").exists() and (tmp_path / "block.log").exists()
    assert "Group job words" in said


def test_a_failure_is_told_with_its_words_and_logs(slurm: Slurm, tmp_path: Path) -> None:
    text = """
rule bad:
    output: "x"
    log: "bad.log"
    shell: "echo salt is missing >&2; echo in the log > {log}; exit 3"
"""
    workflow = Workflow(tmp_path, slurm, text)
    said = workflow.run(*JOBS, status=1)
    assert "ended with exit status 3" in said and "salt is missing" in said
    assert "bad.log" in said and ".log`" in said.split("bad.log", 1)[1], said
    assert not (tmp_path / "x").exists()


def test_more_time_with_each_attempt(slurm: Slurm, tmp_path: Path) -> None:
    """Resources may grow with the attempt, and a retry is a job of its own."""
    text = """
rule grows:
    output: "x"
    retries: 1
    resources: mem_mb=lambda wildcards, attempt: 100 * attempt
    shell: "echo {resources.mem_mb} >> mem; [ {resources.mem_mb} -ge 200 ] && touch {output}"
"""
    workflow = Workflow(tmp_path, slurm, text)
    workflow.run(*JOBS)
    assert (tmp_path / "mem").read_text().split() == ["100", "200"]


@pytest.mark.parametrize("way", [PILOTS, JOBS], ids=["pilots", "jobs"])
def test_a_killed_run_is_gone_on_with(slurm: Slurm, tmp_path: Path, way: tuple[str, ...]) -> None:
    workflow = Workflow(tmp_path, slurm, many(8, 0.5))
    process = workflow.start(*way)
    wait_until(lambda: sum(workflow.ran().values()) >= 2, 60, "two jobs have begun")
    workflow.kill(process)
    workflow.run(*way)
    assert all_once(workflow, 8), workflow.ran()


def test_a_killed_run_whose_jobs_end_meanwhile(slurm: Slurm, tmp_path: Path) -> None:
    workflow = Workflow(tmp_path, slurm, many(3, 0.3))
    process = workflow.start(*JOBS)
    wait_until(lambda: bool(workflow.ran()), 60, "a job has begun")
    workflow.kill(process)
    wait_until(slurm.is_empty, 60, "the jobs have ended")
    said = workflow.run(*JOBS)
    assert "Nothing to be done" in said or "1 of 1 steps" in said, said
    assert all_once(workflow, 3)


@pytest.mark.parametrize("way", [PILOTS, JOBS], ids=["pilots", "jobs"])
def test_jobs_left_by_a_killed_run_are_ended_if_they_are_not_wanted(
    slurm: Slurm, tmp_path: Path, way: tuple[str, ...]
) -> None:
    """Two jobs never write one file at the same time, though the command was changed meanwhile."""
    workflow = Workflow(tmp_path, slurm, many(2, 300))
    process = workflow.start(*way)
    wait_until(lambda: len(workflow.ran()) == 2, 60, "both jobs have begun")
    workflow.kill(process)
    workflow.rewrite(many(2, 0.1))
    said = workflow.run(*way)
    assert "is ended first" in said and workflow.ran() == {"0": 2, "1": 2}, said
    assert workflow.outputs() == {"0", "1"}
    wait_until(slurm.is_empty, 30, "the old jobs have ended")


@pytest.mark.parametrize("way", [PILOTS, JOBS], ids=["pilots", "jobs"])
def test_a_run_here_does_not_make_what_jobs_of_a_killed_run_are_making(
    slurm: Slurm, tmp_path: Path, way: tuple[str, ...]
) -> None:
    workflow = Workflow(tmp_path, slurm, many(2, 300))
    process = workflow.start(*way)
    wait_until(lambda: len(workflow.ran()) == 2, 60, "both jobs have begun")
    workflow.kill(process)
    workflow.rewrite(many(2, 0))
    said = workflow.here("-c2", status=1)
    assert "`out/0`" in said and "--executor slurm" in said, said
    assert workflow.ran() == {"0": 1, "1": 1}
    assert "2 jobs" in workflow.here("--unlock")
    workflow.here("-c2")
    assert workflow.ran() == {"0": 2, "1": 2} and workflow.outputs() == {"0", "1"}
    wait_until(slurm.is_empty, 30, "the old jobs have ended")


def test_a_run_here_knows_that_jobs_of_a_killed_run_are_gone(slurm: Slurm, tmp_path: Path) -> None:
    workflow = Workflow(tmp_path, slurm, many(2, 300))
    process = workflow.start(*JOBS)
    wait_until(lambda: len(workflow.ran()) == 2, 60, "both jobs have begun")
    workflow.kill(process)
    slurm.clear()
    workflow.rewrite(many(2, 0))
    workflow.here("-c2")
    assert workflow.outputs() == {"0", "1"}


@pytest.mark.parametrize("way", [PILOTS, JOBS], ids=["pilots", "jobs"])
def test_what_only_a_node_knows_is_worked_out_there(
    slurm: Slurm, tmp_path: Path, way: tuple[str, ...]
) -> None:
    """Objects, what follows from files of the same group, and the folder for temporary files."""
    (tmp_path / "script.py").write_text(
        "with open(snakemake.output[0], 'w') as out:\n    print(snakemake.params.where.name, file=out)\n"
    )
    text = """
from pathlib import Path

class Recipe:
    def __init__(self, name):
        self.name = name

rule all:
    input: "object", "function", "script", "block", "folder"

rule object:
    output: "object"
    params: [Recipe("soup"), "!"]
    run:
        Path(output[0]).write_text(params[0][0].name + params[0][1])

rule function:
    output: "function"
    params: recipe=lambda wildcards: Recipe("broth")
    shell: "echo {params.recipe.name} > {output}"

rule script:
    output: "script"
    params: where=lambda wildcards: Path("a/b")
    script: "script.py"

rule number:
    output: "number"
    group: "together"
    shell: "echo 41 > {output}"

rule sum:
    input: "number"
    output: "sum"
    group: "together"
    params: n=lambda wildcards, input: int(Path(input[0]).read_text()) + 1
    shell: "echo {params.n} > {output}"

rule block:
    input: "sum"
    output: "block"
    group: "together"
    params: n=lambda wildcards, input: int(Path(input[0]).read_text()) + 1
    run:
        Path(output[0]).write_text(str(params.n))

rule folder:
    output: "folder"
    params: there=lambda wildcards, resources: f"{resources.tmpdir}/x"
    shell: "echo {resources.tmpdir} {params.there} $TMPDIR > {output}"
"""
    workflow = Workflow(tmp_path, slurm, text)
    # Jobs have another folder for temporary files than this process.
    workflow.environment = {**workflow.environment, "TMPDIR": str(tmp_path)}
    workflow.run(*way)

    def said(name: str) -> str:
        return (tmp_path / name).read_text().strip()

    assert said("object") == "soup!" and said("function") == "broth" and said("script") == "b"
    assert said("sum") == "42" and said("block") == "43"
    assert said("folder") == f"{tmp_path} {tmp_path}/x {tmp_path}"


@pytest.mark.parametrize("way", [PILOTS, JOBS], ids=["pilots", "jobs"])
def test_ctrl_c_cancels(slurm: Slurm, tmp_path: Path, way: tuple[str, ...]) -> None:
    workflow = Workflow(tmp_path, slurm, many(2, 300))
    process = workflow.start(*way)
    wait_until(lambda: bool(workflow.ran()), 60, "a job has begun")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1 and "stopped" in said
    assert time.monotonic() - began < 10
    wait_until(slurm.is_empty, 30, "the jobs are cancelled")


def test_a_requeued_job_comes_again(slurm: Slurm, tmp_path: Path) -> None:
    """The same job of Slurm's may begin its work anew; another one may not."""
    text = many(1, 0).replace("sleep 0;", "[ -e again ] || sleep 300;")
    workflow = Workflow(tmp_path, slurm, text)
    process = workflow.start(*JOBS, "--slurm-requeue", "--slurm-init-seconds-before-status-checks", "1")
    wait_until(lambda: bool(workflow.ran()), 60, "the job has begun")
    (tmp_path / "again").touch()
    slurm.call("scontrol", "requeue", slurm.call("squeue", "--noheader", "--format=%i").strip())
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert workflow.ran() == {"0": 2} and workflow.outputs() == {"0"}


def test_names_tell_what_jobs_do(slurm: Slurm, tmp_path: Path) -> None:
    workflow = Workflow(tmp_path, slurm, many(1, 300))
    process = workflow.start(*JOBS, "--slurm-jobname-prefix", "mine")
    wait_until(lambda: bool(workflow.ran()), 60, "the job has begun")
    assert slurm.call("squeue", "--noheader", "--format=%j").startswith("mine_one-")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_a_controller_that_is_away_for_a_while(slurm: Slurm, tmp_path: Path) -> None:
    """Pilots work on, and nobody takes silence for an end."""
    workflow = Workflow(tmp_path, slurm, many(100, 0.5))
    process = workflow.start(*PILOTS, "--slurm-init-seconds-before-status-checks", "1")
    wait_until(lambda: len(workflow.ran()) >= 2, 60, "two jobs have begun")
    controller = slurm.pid("slurmctld")
    os.kill(controller, signal.SIGSTOP)
    try:
        wait_until(lambda: len(workflow.ran()) >= 70, 90, "jobs run all the same")
    finally:
        os.kill(controller, signal.SIGCONT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert all_once(workflow, 100)


def test_a_node_that_dies(slurm: Slurm, tmp_path: Path) -> None:
    """As by a power cut: what it was at is done again, and nothing else."""
    workflow = Workflow(tmp_path, slurm, many(50, 1))
    process = workflow.start(*PILOTS)
    wait_until(lambda: len(workflow.ran()) >= 4, 60, "some jobs have begun")
    slurm.node("kill", "n1")
    said, _ = process.communicate(timeout=150)
    slurm.up()
    assert process.returncode == 0, said
    assert "was lost" in said, said
    ran = workflow.ran()
    assert workflow.outputs() == {str(number) for number in range(50)}
    assert set(ran.values()) <= {1, 2} and list(ran.values()).count(2) <= 2, ran


def test_a_node_daemon_that_dies_while_its_jobs_run_on(slurm: Slurm, tmp_path: Path) -> None:
    workflow = Workflow(tmp_path, slurm, many(50, 1))
    process = workflow.start(*PILOTS)
    wait_until(lambda: len(workflow.ran()) >= 4, 60, "some jobs have begun")
    os.kill(slurm.pid("slurmd-n1"), signal.SIGKILL)
    said, _ = process.communicate(timeout=150)
    assert process.returncode == 0, said
    assert all_once(workflow, 50), workflow.ran()


def test_a_job_beyond_its_time(slurm: Slurm, tmp_path: Path) -> None:
    """Slurm's shortest limit is a minute, so it is told to end the job by hand."""
    workflow = Workflow(tmp_path, slurm, many(1, 300))
    process = workflow.start(*JOBS, "--slurm-init-seconds-before-status-checks", "1")
    wait_until(lambda: bool(workflow.ran()), 60, "the job has begun")
    slurm.call("scancel", "--user=root")
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 1 and "it was cancelled (Slurm: CANCELLED" in said, said
