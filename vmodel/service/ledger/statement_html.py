"""Statement as one printable page: no scripts, no external resources, the chart drawn as SVG."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from html import escape

from vmodel.service.ledger.reservations import Balance
from vmodel.service.ledger.statements import Line, Statement

_WORDS = {
    "en": {
        "title": "Statement of credits",
        "account": "Account",
        "made": "Made on",
        "open": "This month is still open; entries may follow.",
        "closed": "This month is closed; nothing in it changes any more.",
        "before": "At the beginning",
        "after": "At the end",
        "available": "Available",
        "reserved": "Reserved",
        "consumed": "Consumed",
        "granted": "Granted",
        "lapsed": "Lapsed",
        "withdrawn": "Withdrawn",
        "charged": "Charged",
        "refunded": "Refunded",
        "chart": "Credits consumed by day (UTC)",
        "entries": "Entries",
        "no": "No.",
        "time": "Time (UTC)",
        "what": "What",
        "note": "Note",
        "empty": "Nothing happened in this month.",
        "grant": "credits granted",
        "quota": "free credits",
        "lapse": "free credits lapsed",
        "withdraw": "grant corrected",
        "reserve": "reserved",
        "charge": "picture",
        "commit": "job ended",
        "void": "reservation released",
        "expire": "reservation expired",
        "refund": "refund",
        "close": "month closed",
    },
    "zh": {
        "title": "点数对账单",
        "account": "账户",
        "made": "生成日期",
        "open": "本月尚未结账，仍可能有新条目。",
        "closed": "本月已结账，内容不再变动。",
        "before": "期初",
        "after": "期末",
        "available": "可用",
        "reserved": "预留",
        "consumed": "已消耗",
        "granted": "发放",
        "lapsed": "过期",
        "withdrawn": "更正扣回",
        "charged": "扣费",
        "refunded": "退还",
        "chart": "每日消耗点数（UTC）",
        "entries": "明细",
        "no": "序号",
        "time": "时间（UTC）",
        "what": "事项",
        "note": "备注",
        "empty": "本月没有任何条目。",
        "grant": "发放点数",
        "quota": "每月免费点数",
        "lapse": "免费点数过期",
        "withdraw": "发放更正",
        "reserve": "预留",
        "charge": "图片",
        "commit": "任务结束",
        "void": "预留释放",
        "expire": "预留过期",
        "refund": "退还",
        "close": "月结",
    },
}
LANGUAGES = tuple(_WORDS)
_STYLE = """
:root{color-scheme:light}
body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Noto Sans CJK SC",sans-serif;color:#1d1c1a;
background:#fff;max-width:60rem;margin:2rem auto;padding:0 1.25rem}
h1{font-size:1.6rem;font-weight:600;margin:0 0 .25rem}h2{font-size:1rem;font-weight:600;margin:2rem 0 .5rem}
.who{color:#5d5a55;margin:0 0 1rem;overflow-wrap:anywhere}.state{border-left:3px solid #8a6d3b;padding:.25rem .75rem}
.state.closed{border-color:#3f6b4f}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #e4e1dc;vertical-align:top}
th{font-weight:600;color:#5d5a55;white-space:nowrap}.n{text-align:right}.t{white-space:nowrap}.note{overflow-wrap:anywhere;padding-left:1rem}
.scroll{overflow-x:auto}svg{width:100%;height:auto}svg text{font-size:11px;fill:#5d5a55}
@media print{body{margin:0;max-width:none;font-size:11px}tr{break-inside:avoid}thead{display:table-header-group}
.scroll{overflow:visible}@page{size:A4;margin:15mm}}
"""
_CHART = (760, 180)
_LEFT, _BOTTOM, _TOP = 48, 24, 12


def as_html(statement: Statement, made_at: datetime, language: str = "en") -> str:
    """Format the statement as an HTML page to read, print or keep as PDF.

    Args:
        statement: see ``make_statement``.
        made_at: time shown on the page.
        language: of ``LANGUAGES``.
    """
    words = _WORDS[language]
    state = "closed" if statement.closed else "open"
    totals = "".join(_row([words[name], f"{units:,}"]) for name, units in statement.totals().items() if units)
    made = f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    who = f"{words['account']}: {escape(statement.name)} · {escape(statement.account_id)} · {words['made']} {made}"
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{words["title"]} {statement.period}</title><style>{_STYLE}</style></head><body>
<h1>{words["title"]} {statement.period}</h1>
<p class="who">{who}</p>
<p class="state {state}">{words[state]}</p>
<table><thead>{_row(["", words["available"], words["reserved"], words["consumed"]], "th")}</thead><tbody>
{_balance_row(words["before"], statement.opening)}{_balance_row(words["after"], statement.closing)}</tbody></table>
<h2>{words["chart"]}</h2>
{draw_chart(statement, words["chart"])}
{f"<table>{totals}</table>" if totals else ""}
<h2>{words["entries"]}</h2>
{_entries(statement, words)}
</body></html>
"""


def draw_chart(statement: Statement, title: str) -> str:
    """Draw an SVG with one bar per day of the month; its label repeats the figures as text for screen readers."""
    year, month = (int(part) for part in statement.period.split("-"))
    days = monthrange(year, month)[1]
    by_day = statement.consumed_by_day()
    units = [by_day.get(f"{statement.period}-{day:02d}", 0) for day in range(1, days + 1)]
    # An event that came late has a date of an earlier month; the chart shows it on the first day.
    units[0] += sum(there for day, there in by_day.items() if not day.startswith(statement.period))
    top = _round_up(max(1, *units))
    width, height = _CHART
    step = (width - _LEFT) / days
    floor, room = height - _BOTTOM, height - _BOTTOM - _TOP
    parts = []
    for share in (0, 0.5, 1):
        y = floor - room * share
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{width}" stroke="#e4e1dc"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * share:,g}</text>')
    for day, there in enumerate(units, start=1):
        x = _LEFT + step * (day - 1)
        if there > 0:
            tall = max(1.0, room * there / top)
            bar = f'<rect x="{x + step * 0.15:.1f}" y="{floor - tall:.1f}" width="{step * 0.7:.1f}" height="{tall:.1f}"'
            parts.append(f'{bar} fill="#3f6b4f"><title>{statement.period}-{day:02d}: {there:,}</title></rect>')
        if day == 1 or day % 5 == 0:
            parts.append(f'<text x="{x + step / 2:.1f}" y="{height - 8}" text-anchor="middle">{day}</text>')
    label = f"{title}: {', '.join(f'{day} {there}' for day, there in sorted(by_day.items())) or '0'}"
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def _round_up(units: int) -> int:
    step: int = 10 ** (len(str(units)) - 1)
    # The grid line at half height must be a whole number too.
    return next(times * step for times in (1, 2, 3, 4, 5, 6, 8, 10) if units <= times * step and times * step % 2 == 0)


def _entries(statement: Statement, words: dict[str, str]) -> str:
    if not statement.lines:
        return f"<p>{words['empty']}</p>"
    names = ("no", "time", "what", "available", "reserved", "consumed", "note")
    kinds = {"available": "n", "reserved": "n", "consumed": "n", "note": "note"}
    head = "".join(f'<th scope="col" class="{kinds.get(name, "")}">{words[name]}</th>' for name in names)
    rows = "\n".join(_entry(line, words) for line in statement.lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>'


def _entry(line: Line, words: dict[str, str]) -> str:
    moves = "".join(f'<td class="n">{_signed(units)}</td>' for units in (line.available, line.reserved, line.consumed))
    known = {"close", "quota", "lapse"}  # their key is the month, and the word for their kind says the rest
    about = "" if line.kind in known else " · ".join(part for part in (line.key, line.picture, line.note) if part)
    what, time = words[line.kind], line.at[:16].replace("T", " ")
    return (
        f'<tr><td>{line.number}</td><td class="t">{time}</td><td>{what}</td>{moves}'
        f'<td class="note">{escape(about)}</td></tr>'
    )


def _balance_row(name: str, there: Balance) -> str:
    return _row([name, *(f"{units:,}" for units in (there.available, there.reserved, there.consumed))])


def _row(cells: list[str], tag: str = "td") -> str:
    inside = "".join(f"<{tag}{_right(place > 0)}>{cell}</{tag}>" for place, cell in enumerate(cells))
    return f"<tr>{inside}</tr>"


def _right(yes: bool) -> str:
    return ' class="n"' if yes else ""


def _signed(units: int) -> str:
    return f"{units:+,}".replace("-", "−") if units else ""
