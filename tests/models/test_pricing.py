from __future__ import annotations

import socket
from decimal import Decimal
from pathlib import Path

import pytest

from swelancer_plugin.models.endpoint import Endpoint, Provider
from swelancer_plugin.models.interface import Usage
from swelancer_plugin.models.pricing import MAX_FILE, PriceFileError, Prices

MILLION = Usage(1_000_000, 400_000, 1_000_000, 500_000)
TABLE = """
["gpt-4o"]
input = 1
cached_input = 0.1
output = 2.5
context_window = 9000
[local]
input = 0.3
output = 0.7
["openrouter/a/b"]
input = 5
output = 5
"""


def at(model: str, provider: Provider = "openai", name: str = "") -> Endpoint:
    return Endpoint(model, "https://host/v1", "key", provider, name)


def written(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("model", "provider", "dollars", "window"),
    [
        ("gpt-4o", "openai", "12.00", 128_000),
        ("gpt-4o-2024-08-06", "openai", "12.00", 128_000),
        ("openai/gpt-4o", "openrouter", "12.00", 128_000),
        ("no-such-model", "openai", None, None),
        ("whisper-1", "openai", None, None),
        ("meta-llama/llama-3.3-70b-instruct:free", "openrouter", None, None),
        ("gpt-4o", "custom", None, None),
    ],
)
def test_bundled_prices_without_a_network(
    model: str,
    provider: Provider,
    dollars: str | None,
    window: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "socket", None)
    prices = Prices.load(None)
    cost = prices.cost(at(model, provider), MILLION)
    assert cost == (None if dollars is None else Decimal(dollars))
    assert prices.window(at(model, provider)) == window


def test_the_user_s_prices_come_first(tmp_path: Path) -> None:
    prices = Prices.load(written(tmp_path, TABLE))
    assert prices.cost(at("gpt-4o"), MILLION) == Decimal("3.14")
    assert prices.cost(at("local", "custom"), MILLION) == Decimal("1.0")
    assert prices.cost(at("a/b", "openrouter", "openrouter/a/b"), MILLION) == Decimal(10)
    assert prices.cost(at("gpt-4o-mini"), MILLION) == Prices().cost(at("gpt-4o-mini"), MILLION)
    assert prices.window(at("gpt-4o", "custom")) == 9000
    assert prices.window(at("local", "custom")) is None


def test_no_usage_is_no_cost() -> None:
    assert Prices().cost(at("gpt-4o"), Usage()) is None


def test_a_price_of_nothing_is_a_price(tmp_path: Path) -> None:
    prices = Prices.load(written(tmp_path, "[llama]\ninput = 0\noutput = 0"))
    assert prices.cost(at("llama", "custom"), MILLION) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[m]\ninput = 1", "m: output: Field required"),
        ("[m]\ninput = -1\noutput = 1", "m: input: Input should be greater than or equal to 0"),
        ("[m]\ninput = nan\noutput = 1", "m: input: "),
        ("[m]\ninput = 1e999999\noutput = 1", "m: input: "),
        ("[m]\ninput = true\noutput = 1", "m: input: "),
        ('[m]\ninput = "1"\noutput = 1', "m: input: "),
        ("[m]\ninput = 1\noutput = 1\ncashed = 2", "m: cashed: Extra inputs"),
        ("[m]\ninput = 1\noutput = 1\ncontext_window = 0", "m: context_window: "),
        ("[gpt-4.1]\ninput = 1\noutput = 1", "a name with a dot or a slash wants quotes"),
        ("input = 1", "input: "),
        ("[m", "is no price file: "),
        ("a = " + "[" * 50_000, "is no price file: "),
        ("a = " + "9" * 9000, "is no price file: "),
        ("#" * (MAX_FILE + 1), f"is larger than {MAX_FILE} bytes"),
    ],
)
def test_a_wrong_file_says_where(text: str, reason: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PriceFileError) as caught:
        Prices.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match=r"none\.toml: No such file"):
        Prices.load(tmp_path / "none.toml")
    with pytest.raises(PriceFileError, match="Is a directory"):
        Prices.load(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PriceFileError, match="is no price file"):
        Prices.load(path)
