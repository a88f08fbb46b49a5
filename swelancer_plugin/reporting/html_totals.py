"""The block on top of pytest-html's page: the summary as small tables, for any browser."""

from __future__ import annotations

import html
from typing import Final

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting.records import plain
from swelancer_plugin.reporting.terminal import (
    COLUMNS,
    group_tables,
    headline,
    outcome_words,
    void_words,
)
from swelancer_plugin.results.gate import Verdict
from swelancer_plugin.results.summary import Summary

# pytest-html's page is white in every scheme, so the colours are fixed, and dark enough to read:
# its own grey on white is not.
STYLE: Final = """<style>
body{display:flex;flex-direction:column}
#environment-header,#environment{order:1;align-self:flex-start}
.swl{color:#1a1a1a;font-size:13px;min-width:520px}
.swl-earned{font-size:20px;font-weight:bold;margin:8px 0}
.swl table{margin:8px 0 12px}
.swl caption{text-align:left;font-weight:bold;padding:4px 0}
.swl th,.swl td{padding:3px 12px 3px 0;border-bottom:1px solid #ddd;text-align:right}
.swl th{font-weight:normal}
.swl th:first-child{text-align:left}
.swl thead th{color:#555}
.swl .swl-note{color:#7a4a00;background:#fff6dd;padding:4px 8px;margin:4px 0}
.swl .swl-holds{color:#0b5d1e;font-weight:bold}
.swl .swl-missed{color:#a40000;font-weight:bold}
#results-table{color:#333}
#results-table td.col-price,#results-table td.col-earned,#results-table td.col-time{
text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.swl-title,.swl-reason{color:#595959}
.logwrapper{overflow-y:auto}
.logwrapper .logexpander{margin-left:calc(100% - 105px)}
.logwrapper .log{margin-bottom:-50px}
.col-links__extra{color:#0550ae}
</style>"""


def totals_block(summary: Summary, verdict: Verdict | None) -> str:
    """Return the totals as HTML, all texts escaped."""
    parts = [f'<p class="swl-earned">{_text(headline(summary))}</p>']
    if verdict is not None:
        colour = "swl-holds" if verdict.holds else "swl-missed"
        parts.append(f'<p class="{colour}">{_text(verdict.sentence)}</p>')
    parts += [f'<p class="swl-note">{_text(note)}</p>' for note in summary.notes]
    last = "tasks" if summary.attempts == 1 else "attempts"
    parts += [_table(title, last, rows) for title, rows in group_tables(summary)]
    if summary.outcomes:
        parts.append(f"<p>outcomes: {_text(', '.join(outcome_words(summary)))}</p>")
    if summary.count(Outcome.VOID):
        parts.append(f'<p class="swl-note">{_text(void_words(summary))}</p>')
    return f'{STYLE}<section class="swl" aria-label="Payout">{"".join(parts)}</section>'


def _text(text: str) -> str:
    return html.escape(plain(text))


def _table(title: str, last: str, rows: list[tuple[str, ...]]) -> str:
    columns = "".join(f'<th scope="col">{_text(name)}</th>' for name in (title, *COLUMNS, last))
    body = "".join(
        f'<tr><th scope="row">{_text(row[0])}</th>'
        + "".join(f"<td>{_text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    caption = f"<caption>By {_text(title)}</caption>"
    return f"<table>{caption}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
