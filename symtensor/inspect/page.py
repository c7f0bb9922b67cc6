"""``st.view``: what the compiler did, as one HTML page that needs nothing but itself.

All text that comes from the user (names, paths, lines of code) is escaped.
"""

from __future__ import annotations

import json
import linecache
import re
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symtensor.inspect.explain import library_lines, plan_lines
from symtensor.inspect.sizes import human
from symtensor.inspect.svg import EMPTY, HUES, STYLE, Picture, kernel_picture, picture
from symtensor.ir.export import attributes_text, types_text
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Site, Tensor
from symtensor.ir.text import Names, graph_text
from symtensor.ir.trace import Trace, expression_text

if TYPE_CHECKING:
    from symtensor.inspect.details import Details


def view(function: Any, path: str | Path | None = None) -> Path:
    """Write a page that shows everything the compiler did with a function, and open it.

    The page holds the graph before and after rewriting, every rewrite with its rule and the user's line, the kernels
    with their cost, the plan, the schedule, the memory plan, the generated source and the compile report.

    Args:
        function: made by ``st.compile``.
        path: where the page is written; without one it is a temporary file, and the browser is opened.

    Returns:
        The path of the page.

    Raises:
        TypeError: if ``function`` was not made by ``st.compile``.
    """
    details = getattr(function, "details", None)
    if details is None or not hasattr(details, "optimised"):
        raise TypeError(f"st.view takes a compiled function, not {function!r}\n  hint: st.view(st.compile(y, [x]))")
    text = page(details)
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
        return Path(path)
    import tempfile
    import webbrowser

    written = Path(tempfile.mkdtemp(prefix="symtensor-")) / "view.html"
    written.write_text(text, encoding="utf-8")
    webbrowser.open(written.as_uri())
    return written


def page(details: Details) -> str:
    """The whole page as text."""
    return _Page(details).text()


SHOWN_REWRITES = 1000  # a page of more is read by nobody and opens slowly; fn.explain() has them all
SHOWN_LINES = 5000
ALIKE = 24  # boxes from one line of a loop in Python: more of them point at nothing


class _Page:
    """Collects the parts of one page."""

    def __init__(self, details: Details) -> None:
        self.details = details
        self.kernels = details.kernels
        self.hues = {row.name: HUES[k % len(HUES)] for k, row in enumerate(self.kernels)}
        self.owner = self._owners()
        colours = {node: self.hues[name] for node, name in self.owner.items()}
        self.before = picture(details.original, "b")
        self.after = picture(details.optimised, "n", colours)
        self.steps_shown = details.trace.steps[:SHOWN_REWRITES]
        made = details.generated
        self.steps = kernel_picture(made.program, self.hues) if made is not None else EMPTY
        self.sections = source_sections(details.source, [row.name for row in self.kernels])

    def text(self) -> str:
        d = self.details
        folder = files("symtensor.inspect")
        style = STYLE + folder.joinpath("page.css").read_text(encoding="utf-8")
        script = folder.joinpath("page.js").read_text(encoding="utf-8")
        tabs = {
            "Graph": self._graphs(),
            "Kernels": self._kernels(),
            "Source": self._source(),
            "Plan": self._plan(),
            "Memory": _pre(str(d.memory)) if d.generated else _note("Interpreted: NumPy allocates."),
            "Text": _card("Optimised graph", _pre(_cut(str(d.graph))))
            + _card("As written", _pre(_cut(graph_text(d.original)))),
            "Compile report": self._report(),
        }
        buttons = "".join(f'<button data-tab="{k}">{escape(t)}</button>' for k, t in enumerate(tabs))
        bodies = "".join(f'<section data-tab="{k}">{body}</section>' for k, body in enumerate(tabs.values()))
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(d.name)} · symtensor</title><style>{style}</style></head><body>"
            f"<header>{self._headline()}<nav>{buttons}</nav></header><main>{bodies}</main>"
            f'<script type="application/json" id="data">{_json(self._data())}</script><script>{script}</script>'
            "</body></html>\n"
        )

    # ------------------------------------------------------------------------------------------------------- parts
    def _headline(self) -> str:
        d = self.details
        inputs = ", ".join(f"<b>{escape(i.name or 'input')}</b>: {escape(types_text(i))}" for i in d.original.inputs)
        chips = [
            d.target,
            f"{_drawn(d.original)} → {_drawn(d.optimised)} nodes",
            _counted(len(d.trace), "rewrite"),
            _counted(len(self.kernels), "kernel"),
            f"{1e3 * d.compile_report.total:.0f} ms" + (", from the cache" if d.cache_hit else ""),
        ]
        marks = "".join(f"<span class=chip>{escape(c)}</span>" for c in chips)
        return f"<h1>{escape(d.name)}</h1><div class=signature>({inputs})</div><div class=chips>{marks}</div>"

    def _graphs(self) -> str:
        views = [("both", "Before and after"), ("before", "As written"), ("after", "After rewriting")]
        panes = [_pane("before", "As written", self.before), _pane("after", "After rewriting", self.after)]
        if self.details.generated is not None:
            views.append(("kernels", "Kernels"))
            panes.append(_pane("kernels", "Kernels and buffers", self.steps))
        buttons = "".join(f'<button data-view="{key}">{escape(title)}</button>' for key, title in views)
        return (
            f"<div class=stage><div class=toolbar>{buttons}<span class=hint>drag to move, wheel to zoom, click a box"
            f"</span></div><div class=panes>{''.join(panes)}</div></div>"
            f"<aside><div id=node hidden></div><h2>Rewrites</h2>{self._rewrites()}</aside>"
        )

    def _rewrites(self) -> str:
        items = []
        for number, step in enumerate(self.steps_shown):
            where, line = _line(step.sites)
            items.append(
                f'<li data-rewrite="{number}"><div class=rule><b>{escape(step.rule)}</b><i>{escape(step.stage)}</i>'
                f'<i class="{escape(step.accuracy)}">{escape(step.accuracy)}</i></div>'
                + (f"<p>{escape(' '.join(step.reason.split()))}</p>" if step.reason else "")
                + f"<code class=old>{escape(expression_text(step.before))}</code>"
                f"<code class=new>{escape(expression_text(step.after))}</code>"
                + (f"<div class=site>{escape(where)}<code>{escape(line)}</code></div>" if where else "")
                + "</li>"
            )
        if not items:
            return _note("No rule fired: the graph is compiled as written.")
        more = len(self.details.trace) - len(items)
        rest = _note(f"{more} more are told by fn.explain().") if more else ""
        return f"<ol class=rewrites>{''.join(items)}</ol>{rest}"

    def _kernels(self) -> str:
        if not self.kernels:
            return _note("No kernels: the function is interpreted.")
        titles = ("", "kernel", "computes", "loops", "bytes read", "bytes written", "flops")
        head = "".join(f"<th>{t}</th>" for t in titles)
        rows = []
        for row in self.kernels:
            swatch = f'<td><span class=swatch style="background:hsl({self.hues[row.name]} 60% 60%)"></span></td>'
            name = f'<td><a href="#src-{escape(row.name)}" data-source="{escape(row.name)}">{escape(row.name)}</a></td>'
            texts = [", ".join(row.computes), row.domain, *map(human, (row.read, row.written, row.flops))]
            rows.append(f"<tr>{swatch}{name}{''.join(f'<td>{escape(t)}</td>' for t in texts)}</tr>")
        return _card("Kernels in order of execution", f"<table><tr>{head}</tr>{''.join(rows)}</table>")

    def _source(self) -> str:
        if not self.details.source:
            return _note("No source: the function is interpreted.")
        parts = []
        for name, text in self.sections:
            title = name or "Types, helper functions and the math library"
            body = f"<pre class=c>{highlight(text)}</pre>"
            is_open = "" if name is None else " open"
            anchor = f' id="src-{escape(name)}"' if name else ""
            lines = text.count("\n") + 1
            head = f"<summary>{escape(title)}<i>{lines} lines</i></summary>"
            parts.append(f"<details{anchor}{is_open}>{head}{body}</details>")
        return "".join(parts)

    def _plan(self) -> str:
        made = self.details.generated
        if made is None:
            return _note("Interpreted: every op is one call of NumPy.")
        return (
            _card("What is computed together, and what it costs", _pre("\n".join(plan_lines(made.plan))))
            + _card("Schedule", _pre(str(self.details.schedule)))
            + _card(
                "Library and host",
                _pre("\n".join(library_lines(made.program.steps, made.source.host_steps, made.source.products))),
            )
        )

    def _report(self) -> str:
        report = self.details.compile_report
        longest = max(report.seconds.values(), default=0.0) or 1.0
        rows = [
            f"<tr><td>{escape(name)}</td><td>{1e3 * spent:.1f} ms</td>"
            f'<td class=bar><span style="width:{100 * spent / longest:.1f}%"></span></td></tr>'
            for name, spent in [*report.seconds.items(), ("total", report.total)]
        ]
        found = "Found in the cache." if report.cache_hit else "Compiled anew."
        facts = f"<p>{found} Source: <code>{escape(str(report.path))}</code></p>"
        return _card("Where the time went", f"<table class=report>{''.join(rows)}</table>{facts}")

    # -------------------------------------------------------------------------------------------------------- data
    def _owners(self) -> dict[Tensor, str]:
        """The kernel that computes each node: its own, or the first that it was inlined into."""
        owner: dict[Tensor, str] = {}
        for row in self.kernels:
            owner.update({n: row.name for n in row.nodes if n not in owner})
        for node in reversed(toposort(self.details.optimised.outputs)):
            if node in owner:
                for operand in node.inputs:
                    if operand.op.kind != "source":
                        owner.setdefault(operand, owner[node])
        return owner

    def _data(self) -> dict[str, Any]:
        """What the script needs: for each box its facts, for each rewrite the boxes that it touched."""
        nodes: dict[str, Any] = {}
        touched: dict[str, list[int]] = {}
        rewrites = []
        final = _Finder(self.details.optimised, self.after, self.details.trace)
        first = _Finder(self.details.original, self.before, self.details.trace)
        for number, step in enumerate(self.steps_shown):
            marks = {"before": first.origins(step.before), "after": final.results(step.after)}
            rewrites.append(marks)
            for key in [*marks["before"], *marks["after"]]:
                touched.setdefault(key, []).append(number)
        for graph, drawn in ((self.details.original, self.before), (self.details.optimised, self.after)):
            names = Names()
            for node in [*graph.inputs, *graph.nodes()]:
                names.of(node)
            for node, key in drawn.keys.items():
                nodes[key] = self._facts(node, names.of(node), touched.get(key, []))
        code = {name: text for name, text in self.sections if name}
        kernels = {key: self._kernel_facts(name) for key, name in self.steps.names.items() if name in self.hues}
        return {"nodes": nodes, "rewrites": rewrites, "code": code, "kernels": kernels}

    def _kernel_facts(self, name: str) -> dict[str, Any]:
        row = next(r for r in self.kernels if r.name == name)
        facts = [("computes", ", ".join(row.computes)), ("loops", row.domain), ("reads", f"{human(row.read)} bytes")]
        facts += [("writes", f"{human(row.written)} bytes"), ("flops", human(row.flops))]
        if name in self.details.schedule:
            facts.append(("schedule", ", ".join(map(repr, self.details.schedule[name]))))
        return {"name": name, "rows": facts, "kernel": name}

    def _facts(self, node: Tensor, name: str, rewrites: list[int]) -> dict[str, Any]:
        where, line = _line(node.sites)
        return {
            "name": name,
            "op": node.op.name,
            "kind": node.op.kind,
            "type": types_text(node),
            "attributes": attributes_text(node),
            "where": where,
            "line": line,
            "kernel": self.owner.get(node, ""),
            "rewrites": rewrites,
            "expression": expression_text(node, 3),
        }


class _Finder:
    """Finds the boxes of a drawing that stand for a node of the trace, which may be of neither graph.

    A node between two rewrites is followed to what it became, or to what it came from; failing that, the boxes that
    were written on the same line stand for it, those of the same op if there are any.
    """

    def __init__(self, graph: Graph, drawn: Picture, trace: Trace) -> None:
        self.drawn = drawn
        self.forward = {step.before: step.after for step in trace.steps}
        self.backward = {step.after: step.before for step in reversed(trace.steps)}
        self.by_site: dict[Site, list[Tensor]] = {}
        for node in drawn.keys:
            for site in node.sites[:1]:
                self.by_site.setdefault(site, []).append(node)

    def results(self, node: Tensor) -> list[str]:
        """Boxes of what a node became."""
        return self._boxes(node, self.forward)

    def origins(self, node: Tensor) -> list[str]:
        """Boxes of what a node came from."""
        return self._boxes(node, self.backward)

    def _boxes(self, node: Tensor, follow: Mapping[Tensor, Tensor]) -> list[str]:
        seen = {node}
        at = node
        while at not in self.drawn.keys and at in follow and follow[at] not in seen:
            at = follow[at]
            seen.add(at)
        if at in self.drawn.keys:
            return [self.drawn.keys[at]]
        written = [n for site in node.sites[:1] for n in self.by_site.get(site, []) if n.op.kind != "source"]
        same = [n for n in written if n.op is node.op]
        found = same or written
        return [self.drawn.keys[n] for n in found] if len(found) <= ALIKE else []


# --------------------------------------------------------------------------------------------------------- small parts
def source_sections(source: str, kernels: Iterable[str]) -> list[tuple[str | None, str]]:
    """The source cut at the comments that open kernels and entry: (kernel or ``"entry"``, text); helpers come last.

    Args:
        source: the generated source.
        kernels: names of the kernels.
    """
    names = set(kernels)
    starts: list[tuple[int, str | None]] = [(0, None)]
    for match in re.finditer(r"^/\* (.*)$", source, re.MULTILINE):
        first = match.group(1).split(":")[0].split()[0] if match.group(1).split() else ""
        if first in names:
            starts.append((match.start(), first))
        elif re.search(r"\d+ kernels, \d+ outputs", match.group(1)):
            starts.append((match.start(), "entry"))
    ends = [start for start, _ in starts[1:]] + [len(source)]
    parts = [(name, source[start:end].strip("\n")) for (start, name), end in zip(starts, ends)]
    return [p for p in parts if p[0]] + [p for p in parts if not p[0] and p[1]]


_TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<directive>^\#[^\n]*)"
    r"|(?P<word>\b(?:static|inline|const|restrict|typedef|struct|return|if|else|for|while|do|void|__kernel|__global__|__shared__"
    r"|kernel|global|local|__attribute__)\b)"
    r"|(?P<type>\b(?:double|float|int|char|bool|u?int\d+_t|st_[a-z]\d+x\d+|st_ctx)\b)|(?P<number>\b\d[\w.+]*)",
    re.DOTALL | re.MULTILINE,
)


def highlight(source: str) -> str:
    """C source as HTML with comments, keywords, types and numbers marked."""
    parts, at = [], 0
    for match in _TOKEN.finditer(source):
        parts.append(escape(source[at : match.start()]))
        parts.append(f"<span class={match.lastgroup}>{escape(match.group())}</span>")
        at = match.end()
    return "".join([*parts, escape(source[at:])])


def _pane(key: str, title: str, drawn: Picture) -> str:
    hidden = f"<em>{drawn.hidden} more nodes are not drawn</em>" if drawn.hidden else ""
    return f'<figure data-pane="{key}"><figcaption>{escape(title)}{hidden}</figcaption>{drawn.element()}</figure>'


def _card(title: str, body: str) -> str:
    return f"<div class=card><h2>{escape(title)}</h2>{body}</div>"


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _cut(text: str) -> str:
    """Text without the lines beyond the limit."""
    lines = text.splitlines()
    more = len(lines) - SHOWN_LINES
    return text if more <= 0 else "\n".join([*lines[:SHOWN_LINES], f"... and {more} more lines"])


def _note(text: str) -> str:
    return f"<p class=note>{escape(text)}</p>"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _drawn(graph: Graph) -> int:
    return len(graph.nodes())


def _line(sites: tuple[Site, ...]) -> tuple[str, str]:
    """The user's line as ``file:line``, and its text."""
    for file, line in sites:
        return f"{file}:{line}", linecache.getline(file, line).strip()
    return "", ""


def _json(value: Any) -> str:
    """JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
