"""The HTML page: self-contained, escaped, and pointing from rewrites to boxes that exist."""

from __future__ import annotations

import html.parser
import json
import pathlib
import re

import pytest

import symtensor as st
from symtensor.inspect.page import highlight, page, source_sections


@pytest.fixture(scope="module")
def fn() -> st.Function:
    samples = st.matrix("samples")
    y = st.log(1 + st.exp(samples)).sum(axis=1)
    return st.compile([y, st.grad(y.sum(), samples)], [samples], name="likelihood")


def data_of(text: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL).group(1))


class Checker(html.parser.HTMLParser):
    """Fails on elements that are closed out of order; collects ids and what refers to the outside."""

    VOID = ("meta", "br", "path", "rect")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [v for k, v in attrs if k == "id" and v]
        self.outside += [f"{k}={v}" for k, v in attrs if k in ("src", "href") and not (v or "").startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert not checker.open
    return checker


def test_the_page_is_whole_and_alone(fn: st.Function, tmp_path: pathlib.Path) -> None:
    path = st.view(fn, path=tmp_path / "view.html")
    text = path.read_text(encoding="utf-8")
    checker = checked(text)
    assert not checker.outside
    assert len(checker.ids) == len(set(checker.ids))
    assert not re.search(r"url\(|@import|https?://", text.split("<main>")[0])
    for part in (
        "samples",
        "log_of_one_plus",
        "softplus",
        "Adding 1 first",
        "k1_",
        "arena",
        "Compile report",
        "test_page.py",
    ):
        assert part in text, part


def test_marks_of_rewrites_are_boxes_of_the_page(fn: st.Function) -> None:
    text = page(fn.details)
    data, ids = data_of(text), set(checked(text).ids)
    assert len(data["rewrites"]) == len(fn.explain().rewrites) > 0
    for marks in data["rewrites"]:
        assert {*marks["before"], *marks["after"]} <= ids
        assert marks["after"], "each rewrite is seen in the optimised graph"
    assert set(data["nodes"]) | set(data["kernels"]) <= ids
    softplus = next(n for n in data["nodes"].values() if n["op"] == "softplus")
    assert softplus["rewrites"]
    assert softplus["kernel"] in data["code"]
    assert "st.log(1 + st.exp(samples))" in softplus["line"]


def test_names_are_untrusted() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'&"
    x = st.vector(evil)
    for target in ("c", "numpy"):
        text = page(st.compile(st.exp(x) + 1, [x], name=evil, target=target).details)
        assert "<script>alert" not in text
        assert "<img" not in text
        checked(text)
        assert evil in json.dumps(data_of(text), ensure_ascii=False).replace('\\"', '"')


def test_a_path_keeps_the_browser_closed(
    fn: st.Function, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    st.view(fn, tmp_path / "a.html")
    assert not opened
    written = st.view(fn)
    assert opened == [written.as_uri()]


def test_a_large_graph_gives_a_page_that_opens() -> None:
    x = y = st.vector("x")
    for _ in range(1500):
        y = st.log(1 + st.exp(y))
    text = page(st.compile(y, [x], target="numpy").details)
    assert len(text) < 5e6
    assert "more are told by fn.explain()" in text
    assert "more nodes are not drawn" in text


def test_only_compiled_functions_are_viewed() -> None:
    with pytest.raises(TypeError, match=r"st\.view takes a compiled function"):
        st.view(st.vector("x"))


@pytest.mark.parametrize("name", ["probe_06_embedding", "probe_09_recurrent", "probe_11_factorize", "probe_12_nonzero"])
def test_pages_of_probes(name: str) -> None:
    from tests.probes import load

    outputs, inputs = load(name).build()
    text = page(st.compile(outputs, inputs).details)
    checked(text)
    data = data_of(text)
    assert all(marks["before"] or marks["after"] for marks in data["rewrites"])


def test_source_is_cut_at_its_kernels() -> None:
    source = (
        "int helper;\n/* k1_add\n * x */\nstatic int k1_add;\n/* note */\nint y;\n/* f: 1 kernels, 1 outputs */\nint e;"
    )
    sections = source_sections(source, ["k1_add"])
    assert sections == [
        ("k1_add", "/* k1_add\n * x */\nstatic int k1_add;\n/* note */\nint y;"),
        ("entry", "/* f: 1 kernels, 1 outputs */\nint e;"),
        (None, "int helper;"),
    ]


def test_highlighted_source_says_the_same() -> None:
    source = '/* <a> & "b" */\nfor (int64_t i = 0; i < 8; ++i) x[i] = 1.5e-3f; // <end>\n#define A 1\n'
    marked = highlight(source)
    assert html.unescape(re.sub(r"</?span[^>]*>", "", marked)) == source
    assert "<span class=comment>/* &lt;a&gt;" in marked
    assert "<span class=type>int64_t</span>" in marked
    assert "<span class=number>1.5e</span>" in marked or "<span class=number>1.5e-3f</span>" in marked
