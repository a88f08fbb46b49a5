"""Which tasks run: -k, paths, datasets, node ids that can be pasted back."""

from __future__ import annotations

import shlex

import pytest

from tests.acceptance.project import INI, Project

pytestmark = pytest.mark.slow

WORKERS = pytest.mark.parametrize("workers", [0, 2])
PRICES = {"cheap": 50, "middle": 500, "dear": 4000, "huge": 16000}


def names(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


@WORKERS
@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("price>1000", ["dear", "huge"]),
        ("price>=50 and variant==swe_manager and not hard", ["cheap"]),
        ('tag==ui and title~"issue mid"', ["middle"]),
        ("price > $1,000 and not huge", ["dear"]),
        ("cheap or id==huge", ["cheap", "huge"]),
    ],
)
def test_k_selects_by_money(
    project: Project, workers: int, expression: str, selected: list[str]
) -> None:
    project.tasks(PRICES)
    result = project.run("--model=nop", "--computer=local", "-n", workers, "-k", expression)
    assert sorted(record["task_id"] for record in project.records()) == sorted(selected)
    dollars = sum(PRICES[name] for name in selected)
    noun = "task" if len(selected) == 1 else "tasks"
    result.stdout.fnmatch_lines([f"*selected {len(selected)} {noun}, ${dollars:,}*"])


@WORKERS
@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("prize>250", "*at column 1: unknown task field 'prize'*price*"),
        ("cheap and (", "*Wrong expression passed to '-k': cheap and (*at column 12*"),
        ("price>1 andd cheap", "*price>1 andd cheap*column 9*"),
    ],
)
def test_a_broken_expression_is_one_usage_error_before_anything_starts(
    project: Project, workers: int, expression: str, message: str
) -> None:
    project.tasks(PRICES)
    result = project.run("--model=nop", "-n", workers, "-k", expression)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.errlines if line.startswith("ERROR")]
    assert len(errors) == 1
    result.stderr.fnmatch_lines([message])
    assert "worker" not in result.stdout.str()


def test_deselect_last_failed_and_stepwise_keep_their_meaning(project: Project) -> None:
    project.tasks(PRICES)
    base = ("--model=longest", "--computer=local")
    project.task("won", 10, correct=5)
    project.run(*base, "--deselect=tasks/dear/task.toml::dear")
    assert "dear" not in {record["task_id"] for record in project.records()}
    project.run(*base, "--lf", "-k", "price<1000")
    again = sorted(record["task_id"] for record in project.records())
    assert again == ["cheap", "middle"]
    project.run(*base, "--sw")
    assert len(project.records()) == 1


def test_collect_only_needs_no_model_and_leaves_nothing_behind(project: Project) -> None:
    project.tasks(PRICES)
    result = project.run("--collect-only", "-k", "price>1000")
    result.stdout.fnmatch_lines(["*selected 2 tasks, $20,000*"])
    assert result.ret == 0
    assert not (project.path / "reports").exists()


@WORKERS
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "ERROR: no model*gold, nop, first, longest, random*"),
        (["--model=gpt-4o"], "ERROR: model 'gpt-4o'*set OPENAI_API_KEY*"),
        (["--model=nop", "--agent=tools"], "ERROR: --agent: the baseline nop works by itself"),
    ],
)
def test_without_anybody_to_work_nothing_starts(
    project: Project, workers: int, arguments: list[str], said: str
) -> None:
    project.tasks(PRICES)
    result = project.run("-n", workers, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
    assert not (project.path / "reports").exists()


def test_hidden_tests_and_the_repository_are_never_collected(project: Project) -> None:
    folder = project.task("one", 100)
    for place in (folder / "hidden_tests", project.path / "tasks" / "app" / "source"):
        place.mkdir(exist_ok=True)
        (place / "test_secret.py").write_text("def test_it(): assert 0\n")
    (folder / "hidden_tests" / "conftest.py").write_text("raise RuntimeError('a task is data')\n")
    for argument in ("tasks", "tasks/one", "tasks/one/task.toml", "tasks/one/task.toml::one"):
        result = project.run("--collect-only", "-q", argument)
        assert names(result) == ["tasks/one/task.toml::one"]


def test_ordinary_tests_run_beside_tasks(project: Project) -> None:
    project.tasks(PRICES)
    project.pytester.makepyfile(test_plain="def test_plain(): pass")
    arguments = ("test_plain.py", "tasks", "--model=nop", "--computer=local")
    project.run(*arguments, "-k", "plain or price>4000").assert_outcomes(passed=1)
    assert [record["task_id"] for record in project.records()] == ["huge"]


def test_a_dataset_replaces_testpaths_and_adds_to_paths(project: Project) -> None:
    project.tasks({"native": 100})
    for name in ("a", "b"):
        project.official(f"{name}.csv", [{"question_id": f"{name}-7"}])
    result = project.run("--collect-only", "-q", "--dataset=a.csv")
    assert names(result) == ["a.csv::a-7"]
    result = project.run("--collect-only", "-q", "tasks", "--dataset=a.csv", "--dataset=b.csv")
    assert sorted(names(result)) == ["a.csv::a-7", "b.csv::b-7", "tasks/native/task.toml::native"]


@pytest.mark.parametrize("source", ["ini", ".env", "environment"])
def test_a_dataset_named_elsewhere_only_replaces_testpaths(
    project: Project, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.task("native", 100)
    project.official("a.csv", [{"question_id": "a-7"}])
    if source == "ini":
        (project.path / "pytest.ini").write_text(f"{INI}swelancer_dataset = a.csv\n")
    elif source == ".env":
        (project.path / ".env").write_text("SWELANCER_DATASET=a.csv\n")
    else:
        monkeypatch.setenv("SWELANCER_DATASET", "a.csv")
    assert names(project.run("--collect-only", "-q")) == ["a.csv::a-7"]
    result = project.run("--collect-only", "tasks")
    result.stdout.fnmatch_lines(["swelancer: all defaults", "*selected 1 task, $100*"])


@WORKERS
def test_an_inis_dataset_is_found_from_any_folder(
    project: Project, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.pytester.mkdir("lists")
    project.official("lists/a.csv", [{"question_id": "7"}])
    (project.path / "pytest.ini").write_text(f"{INI}swelancer_dataset = lists/a.csv\n")
    monkeypatch.chdir(project.pytester.mkdir("sub"))
    base = ("--model=gold", "--without-repository", "--computer=local")
    project.run(*base, "-n", workers).assert_outcomes()
    assert [record["nodeid"] for record in project.records()] == ["lists/a.csv::7"]


def test_a_walk_over_a_folder_collects_no_list(project: Project) -> None:
    project.task("native", 100)
    project.official("a.csv", [{"question_id": "a-7"}])
    native = "tasks/native/task.toml::native"
    assert names(project.run("--collect-only", "-q", ".")) == [native]
    for arguments in ((".", "a.csv"), (".", "--dataset=a.csv")):
        result = project.run("--collect-only", "-q", *arguments)
        assert sorted(names(result)) == ["a.csv::a-7", native]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"SWELANCER_MODEL=\xe9\n", "ERROR: can't read {}/.env: it is not UTF-8"),
        (b"SWELANCER_FOO=1\n", "ERROR: unknown variable SWELANCER_FOO (known: *"),
    ],
)
def test_with_tasks_an_unusable_dotenv_is_one_usage_error(
    project: Project, text: bytes, message: str
) -> None:
    project.task("native", 100)
    (project.path / ".env").write_bytes(text)
    result = project.run("--model=nop", "-n2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len([line for line in result.errlines if line]) == 1
    result.stderr.fnmatch_lines([message.format(project.path)])


def test_a_broken_task_file_is_one_collection_error(project: Project) -> None:
    folder = project.task("native", 100)
    (folder / "task.toml").write_text('title = "x\nvariant = "swe_manager"\n')
    result = project.run("--model=nop", "--computer=local")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*tasks/native/task.toml*is no TOML*line 1*"])


def test_ids_shared_by_two_lists_stay_apart_and_are_said(project: Project) -> None:
    for name in ("a", "b"):
        project.official(f"{name}.csv", [{"question_id": "7"}, {"question_id": name}])
    result = project.run("--model=gold", "--without-repository", "a.csv", "b.csv", "-n2")
    result.stdout.fnmatch_lines(
        ["*selected 4 tasks, $4,000*", "*a: 2 tasks, $2,000*", "*1 task id* in more than one*"]
    )
    assert len(project.records()) == 4


@pytest.mark.parametrize("spelling", ["--dataset={}", "--dataset {}", "{}"])
def test_a_list_outside_of_the_root_moves_neither_root_nor_ids(
    project: Project, spelling: str
) -> None:
    outside = project.path.parent / "elsewhere" / "list.csv"
    outside.parent.mkdir(exist_ok=True)
    project.official(str(outside), [{"question_id": "7"}, {"question_id": "8"}])
    arguments = shlex.split(spelling.format(shlex.quote(str(outside))))
    result = project.run("--collect-only", "-q", *arguments)
    assert names(result) == ["../elsewhere/list.csv::7", "../elsewhere/list.csv::8"]
    pasted = names(result)[1]
    for workers in (0, 2):
        result = project.run(
            "--model=gold", "--without-repository", "--computer=local", pasted, "-n", workers
        )
        result.stdout.fnmatch_lines([f"rootdir: {project.path}", "configfile: pytest.ini"])
        assert [record["nodeid"] for record in project.records()] == [pasted]


@WORKERS
def test_an_unreadable_row_stops_the_run_naming_its_place(project: Project, workers: int) -> None:
    project.official("list.csv", [{"question_id": "7"}, {"question_id": "8", "price": "much"}])
    base = ("--model=gold", "--without-repository", "--dataset=list.csv", "--computer=local")
    result = project.run(*base, "-n", workers)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*list.csv:*: task 8: column price: *much*"])
    assert not project.records()
    result = project.run(
        *base,
        "-n",
        workers,
        "--continue-on-collection-errors",
        "--min-payout=1",
        "--allow-untrusted-gate",
    )
    assert result.ret == 1
    assert [record["task_id"] for record in project.records()] == ["7"]
    result.stdout.fnmatch_lines(["*Earned $1,000*", "*Gate does not hold*collect*"])


def test_a_dataset_that_is_none_is_a_usage_error(project: Project) -> None:
    (project.path / "prices.csv").write_text("name,price\napple,1\n")
    for workers in (0, 2):
        result = project.run("--dataset=prices.csv", "--model=nop", "-n", workers)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: --dataset: *prices.csv is no SWE-Lancer list*"])


def test_a_task_file_without_its_variant_is_one_error(project: Project) -> None:
    folder = project.task("one", 100)
    text = (folder / "task.toml").read_text().replace("variant =", "varaint =")
    (folder / "task.toml").write_text(text)
    result = project.run("--model=nop", "--computer=local")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*task.toml: *varaint*did you mean `variant`*"])


def test_split_selects_by_column(project: Project) -> None:
    rows = [{"question_id": "7"}, {"question_id": "8", "set": "nondiamond"}]
    project.official("list.csv", rows)
    result = project.run("--collect-only", "-q", "--dataset=list.csv", "--split=diamond")
    assert names(result) == ["list.csv::7"]
    result = project.run("--collect-only", "-q", "--dataset=list.csv", "--split=gold")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*no task of split 'gold' (splits: diamond, nondiamond)*"])
