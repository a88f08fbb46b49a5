"""The block on top of pytest-html's page: the summary as small tables, for any browser."""

from __future__ import annotations

from typing import Final

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting.records import escaped
from swelancer_plugin.reporting.terminal import (
    COLUMNS,
    group_tables,
    headline,
    outcome_words,
    spend_lines,
    void_words,
)
from swelancer_plugin.results.gate import Verdict
from swelancer_plugin.results.summary import Summary

# pytest-html's page is white in every scheme, so the colours are fixed, and dark enough to read:
# its own grey on white is not.
STYLE: Final = """<style>
body{display:flex;flex-direction:column;min-width:660px}
#environment-header,#environment{order:1;align-self:flex-start}
#environment{color:#595959}
p a{color:#0550ae}
.filters button,.collapse button{color:#595959}
.controls,.filters{flex-wrap:wrap;row-gap:4px}
.filters span{margin-right:6px;white-space:nowrap}
.filters input:disabled,.filters input:disabled+span{display:none}
.swl{color:#1a1a1a;font-size:13px;min-width:520px}
.swl-tables{display:flex;flex-wrap:wrap;align-items:flex-start;column-gap:48px}
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
#results-table td.col-price,#results-table td.col-earned,#results-table td.col-cost,
#results-table td.col-time{
text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
#results-table th{white-space:nowrap}
#results-table .col-result{width:72px}
#results-table .col-result:hover::after{content:" [-]"}
#results-table .col-result.collapsed:hover::after{content:" [+]"}
#results-table td.col-testId{min-width:180px}
#results-table td.col-outcome{min-width:100px}
#results-table td.col-testId,#results-table td.col-outcome{overflow-wrap:anywhere}
@media(max-width:900px){#results-table th,#results-table td{padding:3px}}
.swl-title,.swl-reason{color:#595959;font-size:11px}
.logwrapper{overflow-y:auto}
.logwrapper,.logwrapper .logexpander{background:#f4f4f4}
.logwrapper .logexpander{margin-left:calc(100% - 105px)}
.logwrapper .log{margin-bottom:-50px}
.logwrapper:has(.swl-short) .logexpander{display:none}
.logwrapper:has(.swl-short) .log{position:static;height:auto;min-height:0;margin:0}
.swl-media{display:flex;flex-wrap:wrap;gap:12px;margin:4px 0 8px}
.swl-media figure{margin:0;width:320px}
.swl-media video,.swl-media img{width:100%;border:1px solid #ddd;background:#fff;display:block}
.swl-media figcaption{font-size:11px;color:#595959;overflow-wrap:anywhere}
.swl-media a{color:#0550ae}
.col-links__extra{color:#0550ae;white-space:nowrap}
</style>"""


def totals_block(summary: Summary, verdict: Verdict | None) -> str:
    """Return the totals as HTML, all texts escaped."""
    parts = [f'<p class="swl-earned">{escaped(headline(summary))}</p>']
    parts += [f"<p>{escaped(line)}</p>" for line in spend_lines(summary)]
    if verdict is not None:
        colour = "swl-holds" if verdict.holds else "swl-missed"
        parts.append(f'<p class="{colour}">{escaped(verdict.sentence)}</p>')
    parts += [f'<p class="swl-note">{escaped(note)}</p>' for note in summary.notes]
    last = "tasks" if summary.attempts == 1 else "attempts"
    tables = "".join(_table(title, last, rows) for title, rows in group_tables(summary))
    parts.append(f'<div class="swl-tables">{tables}</div>')
    if summary.outcomes:
        parts.append(f"<p>outcomes: {escaped(', '.join(outcome_words(summary)))}</p>")
    if summary.count(Outcome.VOID):
        parts.append(f'<p class="swl-note">{escaped(void_words(summary))}</p>')
    return f'{STYLE}<section class="swl" aria-label="Payout">{"".join(parts)}</section>'


def _table(title: str, last: str, rows: list[tuple[str, ...]]) -> str:
    columns = "".join(f'<th scope="col">{escaped(name)}</th>' for name in (title, *COLUMNS, last))
    body = "".join(
        f'<tr><th scope="row">{escaped(row[0])}</th>'
        + "".join(f"<td>{escaped(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    caption = f"<caption>By {escaped(title)}</caption>"
    return f"<table>{caption}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
