"""The options: one table, and the pure function that resolves them. Ground floor, no I/O.

Command line wins over environment, environment over ``.env``, ``.env`` over the ini file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from swelancer_plugin.money import dollars, parse_dollars

BASELINES: Final = ("gold", "nop", "first", "longest", "random")
PRIVILEGED: Final = "gold"
API_KEY: Final = "SWELANCER_API_KEY"
"""Variable with the key of a server that ``--base-url`` names; a secret, so no option."""
DEFAULT_AGENT: Final = "code_blocks"
RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SettingsError(ValueError):
    """A value that can't be used; the message names the value, its source and the mend."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a payout gate asks for: an amount of cents, or a share of what was available."""

    kind: Literal["cents", "percent"]
    value: float
    """Cents (whole) or percent, 0 to 100."""

    def __str__(self) -> str:
        return dollars(int(self.value)) if self.kind == "cents" else f"{self.value:g}%"


_SIZE_UNITS: Final = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SIZE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([KMGT])B?", re.IGNORECASE)


class Size(int):
    """A number of bytes, shown to people in the decimal units that engines count in."""

    def __str__(self) -> str:
        unit = next((unit for unit in "TGMK" if self >= _SIZE_UNITS[unit]), "")
        return f"{self / _SIZE_UNITS[unit]:.4g}{unit}" if unit else f"{int(self)} bytes"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run, resolved. One field per row of `OPTIONS`."""

    model: str | None = None
    agent: str | None = None
    base_url: str | None = None
    api: Literal["chat", "responses"] = "chat"
    temperature: float | None = None
    reasoning_effort: str | None = None
    price_file: str | None = None
    max_turns: int = 40
    task_timeout: float = 3 * 3600.0
    max_tokens: int | None = None
    test_runs: int = 1
    judge_browser: Literal["headless", "headed"] = "headless"
    computer: str = "docker"
    dataset: tuple[str, ...] = ()
    split: str | None = None
    attempts: int = 1
    seed: int | None = None
    repository: str | None = None
    without_repository: bool = False
    min_payout: Threshold | None = None
    max_infra_errors: int | None = None
    run_id: str | None = None
    keep_computers: bool = False
    disk_budget: Size | None = None
    allow_host_execution: bool = False
    allow_untrusted_gate: bool = False

    @property
    def gated(self) -> bool:
        """Whether a gate decides on the exit status."""
        return self.min_payout is not None or self.max_infra_errors is not None

    @property
    def baseline(self) -> bool:
        """Whether a rule works, and no model is asked."""
        return self.model in BASELINES

    @property
    def privileged(self) -> bool:
        """Whether the model sees the answers (`gold`)."""
        return self.model == PRIVILEGED


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("an empty value")
    return value.strip()


def _count(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 1000:
        raise ValueError("a number from 1 to 1000 is wanted")
    return number


def _whole(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("a number of 0 or more is wanted")
    return number


def _api(value: str) -> str:
    if value not in ("chat", "responses"):
        raise ValueError("chat or responses is wanted")
    return value


def _browser(value: str) -> str:
    if value not in ("headless", "headed"):
        raise ValueError("headless or headed is wanted")
    return value


def _test_runs(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 10:
        raise ValueError("a number from 1 to 10 is wanted")
    return number


def _temperature(value: str) -> float:
    number = float(value)
    if not 0 <= number <= 2:
        raise ValueError("a number from 0 to 2 is wanted")
    return number


_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smh]?)")


def _seconds(value: str) -> float:
    found = _SPAN.fullmatch(value.strip())
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= seconds <= 7 * 86400:
        raise ValueError("a time such as 90, 90s, 45m or 3h is wanted, a week at most")
    return seconds


def _size(value: str) -> Size:
    found = _SIZE.fullmatch(value.strip())
    if found is None or float(found[1]) == 0:
        raise ValueError("a size such as 20G or 500M is wanted")
    return Size(float(found[1]) * _SIZE_UNITS[found[2].upper()])


def _least_one(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError("a number of 1 or more is wanted")
    return number


def _threshold(value: str) -> Threshold:
    text = value.strip()
    if not text.endswith("%"):
        return Threshold("cents", parse_dollars(text))
    number = float(text[:-1])
    if not 0 <= number <= 100:
        raise ValueError("a percentage from 0% to 100% is wanted")
    return Threshold("percent", number)


def _run_id(value: str) -> str:
    if RUN_ID.fullmatch(value) is None or value == "latest":
        raise ValueError(f"a name of the form {RUN_ID.pattern} is wanted, other than 'latest'")
    return value


def _switch(value: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False, "": False}
    if value.strip().lower() not in words:
        raise ValueError("one of 1, 0, true, false, yes, no, on, off is wanted")
    return words[value.strip().lower()]


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table: a command-line option, an environment variable and an ini key."""

    name: str
    parse: Callable[[str], Any]
    help: str
    metavar: str = "NAME"
    kind: Literal["value", "list", "switch"] = "value"

    @property
    def flag(self) -> str:
        """The command-line spelling."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The name in the environment and in ``.env``."""
        return "SWELANCER_" + self.name.upper()

    @property
    def ini(self) -> str:
        """The key in pytest's ini file, and the option's dest."""
        return "swelancer_" + self.name


OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "model",
        _text,
        "who works: gpt-4o, openai/..., openrouter/..., any name with --base-url, or a baseline "
        f"({', '.join(BASELINES)})",
    ),
    Option(
        "agent",
        _text,
        "how the model works: code_blocks (the default), tools, or a name of your own",
    ),
    Option("base_url", _text, "an OpenAI-compatible server to ask", "URL"),
    Option("api", _api, "which of the server's APIs: chat (the default) or responses"),
    Option("temperature", _temperature, "the model's; the server's own default if not said", "N"),
    Option("reasoning_effort", _text, "of a reasoning model: low, medium, high...", "WORD"),
    Option("price_file", _text, "TOML with prices and context windows of models", "FILE"),
    Option("max_turns", _least_one, "calls of the model per task (40)", "N"),
    Option("task_timeout", _seconds, "time for the work on one task (3h)", "TIME"),
    Option("max_tokens", _least_one, "input and output tokens per task, all calls together", "N"),
    Option("test_runs", _test_runs, "runs of the hidden tests, each of which has to pass (1)", "N"),
    Option(
        "judge_browser",
        _browser,
        "how the judge's browser draws: headless (the default), or headed, on a screen of its own",
        "HOW",
    ),
    Option("computer", _text, "where the work is done: docker, local, or a name of your own"),
    Option(
        "dataset",
        _text,
        "an official SWE-Lancer CSV (repeatable); replaces testpaths, adds to paths on the line",
        "CSV",
        "list",
    ),
    Option("split", _text, "only tasks of this split (the CSV column `set`), such as diamond"),
    Option("attempts", _count, "attempts per task; payout is the mean over them", "N"),
    Option("seed", _whole, "seed of the `random` baseline, and of a model that takes one", "N"),
    Option("repository", _text, "checkout of the repository that the dataset is about", "PATH|URL"),
    Option(
        "without_repository",
        _switch,
        "run the manager tasks of a dataset over an empty working directory",
        kind="switch",
    ),
    Option(
        "min_payout",
        _threshold,
        "gate: exit 1 unless the mean payout is at least this many dollars or percent",
        "USD|PCT%",
    ),
    Option(
        "max_infra_errors",
        _whole,
        "gate: exit 10 if more tasks than this ended void (0 wherever a gate is set)",
        "N",
    ),
    Option("run_id", _run_id, "name of the run's directory in reports/"),
    Option(
        "keep_computers", _switch, "keep each container after its task, to look into", kind="switch"
    ),
    Option(
        "disk_budget",
        _size,
        "disk space for images: tasks that share one run in a row, and images that no task of the "
        "run needs any more are removed where it is exceeded",
        "SIZE",
    ),
    Option(
        "allow_host_execution",
        _switch,
        "let a model that is not a baseline run commands on this host (--computer local)",
        kind="switch",
    ),
    Option(
        "allow_untrusted_gate",
        _switch,
        "let a gate decide on a run that proves nothing (gold, unsealed)",
        kind="switch",
    ),
)

DEFAULTS: Final = Settings()
assert {option.name for option in OPTIONS} == {field.name for field in fields(Settings)}


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings, and for each value that was given where it came from."""

    settings: Settings
    sources: dict[str, str]


def resolve(
    command_line: Mapping[str, object],
    environment: Mapping[str, str],
    dotenv: Mapping[str, str],
    ini: Mapping[str, object],
    only: Collection[str] = (),
) -> Resolved:
    """Resolve all options, the first source that has a value winning.

    `command_line` is keyed by option name, the environments by variable, `ini` by ini key; a
    value is a string, a list of strings, True for a switch, or None where nothing was given.
    Raises SettingsError, naming value and source, for a value that can't be used. With `only`,
    whatever has nothing to do with the options of these names is passed over.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for option in (each for each in OPTIONS if not only or each.name in only):
        candidates = {
            "command line": command_line.get(option.name),
            f"environment {option.variable}": environment.get(option.variable),
            f".env {option.variable}": dotenv.get(option.variable),
            f"ini {option.ini}": ini.get(option.ini),
        }
        given = (source for source, raw in candidates.items() if _is_given(raw, source))
        if (source := next(given, None)) is not None:
            values[option.name] = _parse(option, candidates[source], source)
            sources[option.name] = source
    if not only:
        _refuse_unknown_variables(environment, dotenv)
    return Resolved(Settings(**values), sources)


def _is_given(raw: object, source: str) -> bool:
    return raw is not None and raw != [] and (raw != "" or source == "command line")


def _parse(option: Option, raw: object, source: str) -> object:
    try:
        if option.kind == "list":
            texts = raw if isinstance(raw, list) else str(raw).split("\n")
            return tuple(option.parse(str(text)) for text in texts if str(text).strip())
        if option.kind == "switch" and isinstance(raw, bool):
            return raw
        return option.parse(str(raw))
    except ValueError as error:
        raise SettingsError(f"{option.flag}: can't use {raw!r} (from {source}): {error}") from error


# Variables of the project's own scripts, and a secret, which are no options of a run.
_OTHER_VARIABLES = {
    *("SWELANCER_DATA_DIR", "SWELANCER_INSTALL_ENGINE", API_KEY),
    *("SWELANCER_CA_BUNDLE", "SWELANCER_IMAGE_POOL"),
}
_PREFIX = "SWELANCER_"


def _refuse_unknown_variables(*environments: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS} | _OTHER_VARIABLES
    for environment in environments:
        for name in environment:
            if name.startswith(_PREFIX) and name not in known:
                # without the prefix, which makes any two of these names alike
                rests = sorted(each.removeprefix(_PREFIX) for each in known)
                near = difflib.get_close_matches(name.removeprefix(_PREFIX), rests, 1)
                hint = f"did you mean {_PREFIX}{near[0]}?" if near else f"known: {_listed(known)}"
                raise SettingsError(f"unknown variable {name} ({hint})")


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
