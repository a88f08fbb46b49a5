from __future__ import annotations

import pytest

from swelancer_plugin.settings import OPTIONS, Settings, SettingsError, Size, Threshold, resolve


def test_nothing_given_is_the_defaults() -> None:
    resolved = resolve({}, {}, {}, {})
    assert resolved.settings == Settings()
    assert resolved.sources == {}


SOURCES = [
    ({"model": "a"}, {}, {}, {}),
    ({}, {"SWELANCER_MODEL": "b"}, {}, {}),
    ({}, {}, {"SWELANCER_MODEL": "c"}, {}),
    ({}, {}, {}, {"swelancer_model": "d"}),
]


@pytest.mark.parametrize("first", range(4))
def test_an_earlier_source_wins(first: int) -> None:
    merged = [
        {key: value for source in SOURCES[first:] for key, value in source[place].items()}
        for place in range(4)
    ]
    resolved = resolve(*merged)
    assert resolved.settings.model == "abcd"[first]
    expected = ["command line", "environment", ".env", "ini"][first]
    assert resolved.sources["model"].startswith(expected)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("min_payout", "5000", Threshold("cents", 5000_00)),
        ("min_payout", "$5,000.50", Threshold("cents", 5000_50)),
        ("min_payout", "47.5%", Threshold("percent", 47.5)),
        ("attempts", "3", 3),
        ("max_infra_errors", "0", 0),
        ("without_repository", "yes", True),
        ("without_repository", "0", False),
        ("dataset", "a.csv\nb.csv", ("a.csv", "b.csv")),
    ],
)
def test_values_are_parsed(name: str, raw: str, value: object) -> None:
    environment = {f"SWELANCER_{name.upper()}": raw}
    assert getattr(resolve({}, environment, {}, {}).settings, name) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("min_payout", "lots"),
        ("min_payout", "101%"),
        ("min_payout", "nan%"),
        ("min_payout", "-5"),
        ("attempts", "0"),
        ("attempts", "two"),
        ("max_infra_errors", "-1"),
        ("run_id", "../up"),
        ("run_id", "latest"),
        ("without_repository", "perhaps"),
        ("model", "  "),
    ],
)
def test_an_unusable_value_names_itself_its_option_and_its_source(name: str, raw: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({}, {f"SWELANCER_{name.upper()}": raw}, {}, {})
    assert "--" + name.replace("_", "-") in str(caught.value)
    assert repr(raw) in str(caught.value)
    assert f"environment SWELANCER_{name.upper()}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SWELANCER_MODLE", "SWELANCER_MODEL"),
        ("SWELANCER_DATASETS", "SWELANCER_DATASET"),
        ("SWELANCER_MIN_PAYOUTS", "SWELANCER_MIN_PAYOUT"),
        ("SWELANCER_DATADIR", "SWELANCER_DATA_DIR"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known(name: str, near: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({}, {}, {name: "x"}, {})
    assert str(caught.value) == f"unknown variable {name} (did you mean {near}?)"


@pytest.mark.parametrize("name", ["SWELANCER_FOO", "SWELANCER_", "SWELANCER_ANSWER"])
def test_an_unknown_variable_like_none_is_refused_with_all_known(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({}, {name: "x"}, {}, {})
    known = str(caught.value).removeprefix(f"unknown variable {name} (known: ").removesuffix(")")
    assert known.split(", ") == sorted(known.split(", "))
    assert {option.variable for option in OPTIONS} < set(known.split(", "))


def test_a_single_option_is_resolved_whatever_is_wrong_with_others() -> None:
    environment = {"SWELANCER_DATASET": "a.csv", "SWELANCER_ATTEMPTS": "many", "SWELANCER_X": ""}
    resolved = resolve({"model": "gold"}, environment, {}, {}, ["dataset"])
    assert resolved.settings == Settings(dataset=("a.csv",))
    assert list(resolved.sources) == ["dataset"]


def test_the_help_says_that_a_repository_may_be_a_url() -> None:
    assert {option.name: option.metavar for option in OPTIONS}["repository"] == "PATH|URL"


def test_names_follow_from_the_table() -> None:
    option = next(option for option in OPTIONS if option.name == "min_payout")
    names = (option.flag, option.variable, option.ini)
    assert names == ("--min-payout", "SWELANCER_MIN_PAYOUT", "swelancer_min_payout")


@pytest.mark.parametrize(
    ("text", "size"), [("20G", 20e9), ("1.5t", 1.5e12), ("500MB", 5e8), (" 3k", 3000)]
)
def test_sizes(text: str, size: float) -> None:
    found = resolve({"disk_budget": text}, {}, {}, {}).settings.disk_budget
    assert found == int(size)


@pytest.mark.parametrize("text", ["20", "0G", "-1G", "G", "many", "1e3G"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(SettingsError, match="a size such as 20G or 500M is wanted"):
        resolve({"disk_budget": text}, {}, {}, {})


def test_sizes_are_shown_as_they_are_written() -> None:
    shown = [str(Size(number)) for number in (20_000_000_000, 1_340_000, 999, 73_805_410)]
    assert shown == ["20G", "1.34M", "999 bytes", "73.81M"]
