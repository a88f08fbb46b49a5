from __future__ import annotations

from pathlib import Path

import pytest

from swelancer_plugin.datasets.errors import TaskFileError
from swelancer_plugin.datasets.native import load, load_repository
from swelancer_plugin.task import (
    App,
    Brief,
    Dependencies,
    IcAnswer,
    ManagerAnswer,
    Proposal,
    Repository,
    Task,
)

MANAGER = """
variant = "swe_manager"
title = "Totals differ by a cent"
price = 1000
repository = "../evenly"
tags = ["rounding", "ui"]
correct_proposal = 7
"""
IC = """
variant = "ic_swe"
title = "Totals differ by a cent"
price = "$1,000.50"
repository = "../evenly"
split = "diamond"
"""
APP = """
packages = ["git", "g++", "libc6"]
[app]
build = "node scripts/build.mjs"
serve = "node server/index.mjs"
port = 4180
ready = "/api/groups"
outputs = ["dist", "web/out/"]
build_seconds = 30
ready_seconds = 12.5
"""
REPOSITORY = 'name = "evenly"\nsource = "source"\nworkdir = "/app/evenly"\n'


def put(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the directory of a task `cents-1` whose task.toml is still to be written."""
    tasks = tmp_path / "tasks"
    put(tasks / "evenly" / "repository.toml", REPOSITORY)
    put(tasks / "evenly" / "source" / "app.js", "x")
    home = tasks / "cents-1"
    put(home / "issue.md", "# It's off\n\n- by a cent — always\n")
    return home


@pytest.fixture
def manager(home: Path) -> Path:
    for number in (10, 2, 7):
        put(home / "proposals" / f"{number}.md", f" Proposal {number}\n")
    return put(home / "task.toml", MANAGER)


@pytest.fixture
def ic(home: Path) -> Path:
    put(home.parent / "evenly" / "repository.toml", REPOSITORY + APP)
    put(home / "bug.patch", "bug")
    put(home / "gold.patch", "gold")
    put(home / "hidden_tests" / "unit" / "test_cents.py", "def test(): ...")
    return put(home / "task.toml", IC)


def reason(file: Path) -> str:
    with pytest.raises(TaskFileError) as caught:
        load(file)
    text = str(caught.value)
    assert text.startswith(str(file.parents[1]))
    assert len(text.splitlines()) == 1
    return text


def test_a_manager_task(manager: Path) -> None:
    root = manager.parents[1]
    assert load(manager) == Task(
        dataset="tasks",
        brief=Brief(
            "cents-1",
            "swe_manager",
            "Totals differ by a cent",
            "# It's off\n\n- by a cent — always\n",
            1000_00,
            "/app/evenly",
            (
                Proposal(2, " Proposal 2\n"),
                Proposal(7, " Proposal 7\n"),
                Proposal(10, " Proposal 10\n"),
            ),
        ),
        answer=ManagerAnswer(7),
        repository=Repository("evenly", "/app/evenly", root / "evenly" / "source"),
        tags=("rounding", "ui"),
    )


def test_an_ic_task(ic: Path) -> None:
    task = load(ic)
    assert task.price_cents == 1000_50
    assert task.split == "diamond"
    assert task.brief.proposals == ()
    assert task.answer == IcAnswer(
        (str(ic.parent / "hidden_tests"),), ic.parent / "bug.patch", ic.parent / "gold.patch", 600.0
    )
    assert task.repository == Repository(
        "evenly",
        "/app/evenly",
        ic.parents[1] / "evenly" / "source",
        packages=("git", "g++", "libc6"),
        app=App(
            serve="node server/index.mjs",
            port=4180,
            build="node scripts/build.mjs",
            ready="/api/groups",
            outputs=("dist", "web/out"),
            build_seconds=30.0,
            ready_seconds=12.5,
        ),
    )
    put(ic, IC + "test_seconds = 45\n")
    put(ic.parent / "rejected" / "half.patch", b"\xff no patch at all")
    answer = load(ic).answer
    assert isinstance(answer, IcAnswer)
    assert answer.test_seconds == 45.0


def test_an_ic_task_needs_an_app(ic: Path) -> None:
    put(ic.parents[1] / "evenly" / "repository.toml", REPOSITORY)
    wanted = "repository: an ic_swe task needs an [app] in ../evenly/repository.toml"
    assert wanted in reason(ic)


def test_the_defaults_of_an_app(ic: Path) -> None:
    put(ic.parents[1] / "evenly" / "repository.toml", f"{REPOSITORY}[app]\nserve='x'\nport=1024")
    repository = load(ic).repository
    assert repository.packages == ()
    assert repository.app == App(serve="x", port=1024)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("port", "prot", "unknown key `app.prot` (did you mean `port`?)"),
        ("port = 4180", "", "app.port: is missing"),
        ("4180", "80", "app.port: Input should be greater than or equal to 1024"),
        ("4180", "65536", "app.port: Input should be less than or equal to 65535"),
        ("4180", "true", "app.port: Input should be a valid integer"),
        ("4180", '"4180"', "app.port: Input should be a valid integer"),
        ('"node server/index.mjs"', '""', "app.serve: one line of text is wanted"),
        ('"/api/groups"', '"api"', "app.ready: 'api' is not a URL's path"),
        ('"/api/groups"', '"/a b"', "app.ready: '/a b' is not a URL's path"),
        ('"dist"', '"../dist"', "app.outputs: '../dist' is not a relative path"),
        ('"dist"', '"/dist"', "app.outputs: '/dist' is not a relative path"),
        ('"dist"', '"."', "app.outputs: '.' is not a relative path"),
        ('"dist"', '""', "app.outputs: '' is not a relative path"),
        ("= 30", "= 0", "app.build_seconds: Input should be greater than 0"),
        ("= 30", "= 1e9", "app.build_seconds: Input should be less than or equal to 7200"),
        ("= 12.5", "= nan", "app.ready_seconds: Input should be"),
        ("= 12.5", "= true", "app.ready_seconds: Input should be a valid number"),
        ('"git"', '"Git"', "packages: 'Git' is not the name of a Debian package"),
        ('"git"', '"git-"', "packages: 'git-' is not the name of a Debian package"),
        ('"git"', '"--purge"', "packages: '--purge' is not the name of a Debian package"),
        ('"git"', '"git; id"', "packages: 'git; id' is not the name of a Debian package"),
        ('"git"', "1", "packages: Input should be a valid string"),
        ("[app]", "app = 1", "app: Input should be"),
    ],
)
def test_bad_apps_and_packages(ic: Path, old: str, new: str, wanted: str) -> None:
    text = REPOSITORY + APP
    if new == "app = 1":
        text = text[: text.index(old)] + new
    put(ic.parents[1] / "evenly" / "repository.toml", text.replace(old, new, 1))
    assert wanted in reason(ic)


def test_a_relative_path(manager: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(manager.parent)
    task = load(Path("task.toml"))
    assert (task.dataset, task.id) == ("tasks", "cents-1")
    assert task.repository.source == manager.parents[1] / "evenly" / "source"


@pytest.mark.parametrize(
    ("price", "cents"), [("250", 250_00), ("12.5", 12_50), ('"$1,000"', 1000_00), ("1e3", 1000_00)]
)
def test_prices(manager: Path, price: str, cents: int) -> None:
    put(manager, MANAGER.replace("1000", price))
    assert load(manager).price_cents == cents


@pytest.mark.parametrize("price", ["true", "-1", "nan", "inf", "1e30", '"free"', "0.001", "[1]"])
def test_bad_prices(manager: Path, price: str) -> None:
    put(manager, MANAGER.replace("1000", price))
    assert f"{manager}: price: " in reason(manager)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("price =", "prise =", "unknown key `prise` (did you mean `price`?)"),
        ("price =", "zzz = 1\nprice =", "unknown key `zzz` (known: variant, title, price,"),
        ("price = 1000", "", "price: is missing"),
        ("price = 1000", "price = ", "is no TOML: Invalid value (at line 4"),
        ("price", "price = 1\nprice", "is no TOML: Cannot overwrite a value (at line 5"),
        ('"swe_manager"', '"manager"', "variant: Input should be 'ic_swe' or 'swe_manager'"),
        ('"Totals differ by a cent"', '""', "title: one line of text is wanted"),
        ('"Totals differ by a cent"', '"a\\nb"', "title: one line of text is wanted"),
        ('"Totals differ by a cent"', "7", "title: Input should be a valid string"),
        ('"../evenly"', '"../other"', "repository: there is no ../other/repository.toml"),
        ('"../evenly"', '"/evenly"', "repository: a path relative to the task"),
        ('"ui"', '"two words"', "tags: 'two words' is not a word"),
        ('["rounding", "ui"]', '"ui"', "tags: Input should be a valid list"),
        ("correct_proposal = 7", "correct_proposal = true", "correct_proposal: Input should be"),
        ("correct_proposal = 7", "correct_proposal = 3", "3 is none of the proposals [2, 7, 10]"),
        ("correct_proposal = 7", "", "correct_proposal: is missing"),
        ("correct_proposal", 'tests = "t"\ncorrect_proposal', "tests: is a key of ic_swe"),
        ("correct_proposal", "test_seconds = 1\ncorrect_proposal", "is a key of ic_swe"),
        ("correct_proposal", "split = 1\ncorrect_proposal", "split: Input should be"),
    ],
)
def test_bad_manager_files(manager: Path, old: str, new: str, wanted: str) -> None:
    put(manager, MANAGER.replace(old, new, 1))
    assert wanted in reason(manager)


def test_deep_toml(manager: Path) -> None:
    put(manager, "a = " + "[" * 100_000)
    assert f"{manager}: is no TOML" in reason(manager)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("correct_proposal = 1", "correct_proposal: is a key of swe_manager, this is ic_swe"),
        ('bug_patch = "none.patch"', "bug_patch: there is no file 'none.patch'"),
        ('gold_patch = "../cents-1/../evenly/repository.toml"', "gold_patch: "),
        ('tests = "/etc"', "tests: '/etc': a relative path is wanted"),
        ('tests = ".."', "leads out of"),
        ("test_seconds = 0", "test_seconds: Input should be greater than 0"),
        ('tests = "bug.patch"', "tests: there is no directory 'bug.patch'"),
    ],
)
def test_bad_ic_files(ic: Path, more: str, wanted: str) -> None:
    put(ic, IC + more)
    assert wanted in reason(ic)


def test_tests_without_a_file(ic: Path) -> None:
    (ic.parent / "hidden_tests" / "unit" / "test_cents.py").unlink()
    assert "holds no file" in reason(ic)


@pytest.mark.parametrize("name", ["issue.md", "bug.patch", "hidden_tests"])
def test_links_out_of_the_task(ic: Path, tmp_path: Path, name: str) -> None:
    path = ic.parent / name
    outside = tmp_path / "outside"
    if path.exists():
        path.rename(outside)
    else:
        put(outside, "secret")
    path.symlink_to(outside)
    assert "leads out of" in reason(ic)


@pytest.mark.parametrize("target", ["/etc/passwd", "test_cents.py", "..", "nowhere"])
def test_links_among_the_hidden_tests(ic: Path, target: str) -> None:
    link = ic.parent / "hidden_tests" / "unit" / "more"
    link.symlink_to(target)
    assert f"tests: {link} is a link" in reason(ic)


def test_links_inside_the_task_and_in_a_circle(ic: Path) -> None:
    issue = ic.parent / "issue.md"
    issue.rename(ic.parent / "text.md")
    issue.symlink_to("text.md")
    assert load(ic).brief.description.startswith("# It's off")
    issue.unlink()
    issue.symlink_to("issue.md")
    assert "issue.md" in reason(ic)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "issue.md: is empty"),
        (b" \n", "issue.md: is empty"),
        (b"a\nb\xff", "issue.md: is not UTF-8 (line 2)"),
        (b"a\0", "issue.md: holds a NUL byte"),
        (b"x" * (1024 * 1024 + 1), "issue.md: is larger than 1,048,576 bytes"),
        (None, "there is no file 'issue.md'"),
    ],
)
def test_bad_issues(manager: Path, data: bytes | None, wanted: str) -> None:
    issue = manager.parent / "issue.md"
    if data is None:
        issue.unlink()
    else:
        issue.write_bytes(data)
    assert wanted in reason(manager)


@pytest.mark.parametrize("name", ["01.md", "x.md", "1.txt", "-1.md", "9" * 12 + ".md", "٣.md"])
def test_odd_proposal_names(manager: Path, name: str) -> None:
    put(manager.parent / "proposals" / name, "text")
    assert "named by its id, such as 3.md" in reason(manager)


def test_number_of_proposals(manager: Path) -> None:
    folder = manager.parent / "proposals"
    put(folder / ".DS_Store", "hidden files are no proposals")
    assert len(load(manager).brief.proposals) == 3
    for number in (2, 10):
        (folder / f"{number}.md").unlink()
    assert "holds 1 proposals; 2 to 100 are wanted" in reason(manager)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert "there is no directory 'proposals'" in reason(manager)


def test_the_directory_is_the_id(manager: Path) -> None:
    renamed = manager.parent.rename(manager.parents[1] / "two words")
    assert "the directory's name: 'two words' is no id" in reason(renamed / "task.toml")


def test_the_bundled_tasks_load() -> None:
    files = sorted(Path(__file__).parents[2].glob("tasks/*/task.toml"))
    tasks = [load(file) for file in files]
    assert tasks
    assert [task.id for task in tasks] == [file.parent.name for file in files]


def test_no_task_file(home: Path) -> None:
    assert "task.toml: does not exist" in reason(home / "task.toml")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("workdir", "workdirs", "unknown key `workdirs` (did you mean `workdir`?)"),
        ('"/app/evenly"', '"app"', "workdir: 'app' is not an absolute path"),
        ('"/app/evenly"', '"/app/.."', "workdir: '/app/..' is not a directory below the root"),
        ('"evenly"', '"a/b"', "name: 'a/b' is no id"),
        ('"source"', '"none"', "source: there is no directory 'none'"),
        ('"source"', '".."', "leads out of"),
        ('"source"', '"/tmp"', "a relative path is wanted"),
        ('source = "source"', "", "source: is missing"),
    ],
)
def test_bad_repositories(manager: Path, old: str, new: str, wanted: str) -> None:
    file = manager.parents[1] / "evenly" / "repository.toml"
    put(file, REPOSITORY.replace(old, new, 1))
    assert wanted in reason(manager)
    with pytest.raises(TaskFileError):
        load_repository(file)


NPM = '\n[dependencies]\ninstall = "npm ci"\nlock = ["package.json", "sub/lock"]\n'


def test_dependencies(manager: Path) -> None:
    file = manager.parents[1] / "evenly" / "repository.toml"
    put(file.parent / "source" / "package.json", "{}")
    put(file.parent / "source" / "sub" / "lock", "")
    put(file, REPOSITORY + NPM)
    wanted = Dependencies("npm ci", ("package.json", "sub/lock"))
    assert load_repository(file).dependencies == wanted


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('"sub/lock"', '"gone"', "gone"),
        ('"sub/lock"', '"../../outside"', "is not a"),
        ('"sub/lock"', '"a b"', "is not a file's path of letters"),
        ('"sub/lock"', '"$(id)"', "is not a file's path of letters"),
        ('"package.json", "sub/lock"', "", "at least 1 item"),
        ('"npm ci"', '""', "one line of text is wanted"),
        ("install = ", "instal = ", "install"),
    ],
)
def test_bad_dependencies(manager: Path, old: str, new: str, wanted: str) -> None:
    file = manager.parents[1] / "evenly" / "repository.toml"
    put(file.parent / "source" / "package.json", "{}")
    put(file.parent / "source" / "sub" / "lock", "")
    put(file, REPOSITORY + NPM.replace(old, new))
    with pytest.raises(TaskFileError) as caught:
        load_repository(file)
    assert wanted in str(caught.value)


def test_a_user_and_what_comes_along_with_all_tests(home: Path) -> None:
    repository = home.parent / "evenly" / "repository.toml"
    put(repository, f'{REPOSITORY}testing = "testing"\n{APP}')
    put(repository.parent / "testing" / "conftest.py", "")
    put(home / "user_tool" / "steps.py", "")
    for name in ("bug.patch", "gold.patch", "hidden_tests/test_a.py"):
        put(home / name, "")
    task = load(put(home / "task.toml", IC))
    assert isinstance(task.answer, IcAnswer)
    testing = repository.parent / "testing"
    assert task.answer.tests == (str(testing), str(home / "hidden_tests"))
    assert task.answer.user_tool == (testing, home / "user_tool")
    assert task.brief.user_tool


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("user_tool/other.py", "there is no user_tool/steps.py"),
        ("../evenly/testing/link", "is a link"),
    ],
)
def test_what_is_wrong_with_a_users_script_is_said(home: Path, path: str, said: str) -> None:
    repository = home.parent / "evenly" / "repository.toml"
    put(repository, f'{REPOSITORY}testing = "testing"\n{APP}')
    put(repository.parent / "testing" / "conftest.py", "")
    for name in ("bug.patch", "gold.patch", "hidden_tests/test_a.py"):
        put(home / name, "")
    if path.endswith("link"):
        (home / path).symlink_to("/etc/passwd")
    else:
        put(home / path, "")
    with pytest.raises(TaskFileError, match=said):
        load(put(home / "task.toml", IC))
