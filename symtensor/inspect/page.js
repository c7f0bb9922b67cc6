"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const make = (tag, text = "", className = "") => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
};

// ---- tabs and panes
function showTab(number) {
  for (const e of all("nav button, section")) e.classList.toggle("on", e.dataset.tab === String(number));
  if (String(number) === "0") fitAll();
}
function showView(name) {
  for (const b of all(".toolbar button")) b.classList.toggle("on", b.dataset.view === name);
  for (const f of all("figure")) {
    const pane = f.dataset.pane;
    f.classList.toggle("on", pane === name || (name === "both" && pane !== "kernels"));
  }
  fitAll();
}

// ---- moving and zooming: the view box is the state
const whole = new Map(all("figure svg").map(svg => [svg, svg.getAttribute("viewBox").split(" ").map(Number)]));
const extent = new Map();  // size on the screen, when the view box was last set from it
const box = svg => svg.getAttribute("viewBox").split(" ").map(Number);
const setBox = (svg, b) => svg.setAttribute("viewBox", b.map(v => v.toFixed(2)).join(" "));
function fit(svg) {
  const [x, y, w, h] = whole.get(svg), r = svg.getBoundingClientRect();
  if (!r.width || !r.height) return;
  // Text stays readable: a large drawing is entered at its top instead of being shrunk to dust.
  const scale = Math.min(1.25, Math.max(0.72, Math.min(r.width / w, r.height / h)));
  extent.set(svg, [r.width, r.height]);
  const vw = r.width / scale, vh = r.height / scale;
  setBox(svg, [x + w / 2 - vw / 2, h < vh ? y + h / 2 - vh / 2 : y, vw, vh]);
}
function fitAll() { for (const f of all("figure.on")) fit(f.querySelector("svg")); }
function zoom(svg, factor, clientX, clientY) {
  const [x, y, w, h] = box(svg), r = svg.getBoundingClientRect();
  const px = (clientX - r.left) / r.width, py = (clientY - r.top) / r.height;
  const nw = Math.min(Math.max(w * factor, 60), 40000), nh = nw * h / w;
  setBox(svg, [x + (w - nw) * px, y + (h - nh) * py, nw, nh]);
}
for (const svg of whole.keys()) {
  svg.addEventListener("wheel", e => {
    e.preventDefault();
    zoom(svg, Math.exp(Math.sign(e.deltaY) * 0.15), e.clientX, e.clientY);
  }, {passive: false});
  svg.addEventListener("dblclick", () => fit(svg));
  let from = null, moved = false;
  svg.addEventListener("pointerdown", e => { from = [e.clientX, e.clientY, box(svg)]; moved = false; });
  svg.addEventListener("pointermove", e => {
    if (!from) return;
    const dx = e.clientX - from[0], dy = e.clientY - from[1];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) svg.setPointerCapture(e.pointerId);
    moved = true;
    svg.classList.add("dragging");
    const [x, y, w, h] = from[2], r = svg.getBoundingClientRect();
    setBox(svg, [x - dx * w / r.width, y - dy * h / r.height, w, h]);
  });
  const stop = e => {
    if (from && !moved && e.type === "pointerup") click(svg, e.target.closest(".v"));
    from = null;
    svg.classList.remove("dragging");
  };
  svg.addEventListener("pointerup", stop);
  svg.addEventListener("pointercancel", stop);
}
function reveal(svg, keys) {
  const boxes = keys.map(k => document.getElementById(k)).filter(Boolean).map(e => e.getBBox());
  if (!boxes.length) return;
  const [x, y, w, h] = box(svg);
  const left = Math.min(...boxes.map(b => b.x)), right = Math.max(...boxes.map(b => b.x + b.width));
  const top = Math.min(...boxes.map(b => b.y)), bottom = Math.max(...boxes.map(b => b.y + b.height));
  if (left >= x && right <= x + w && top >= y && bottom <= y + h) return;
  setBox(svg, [(left + right) / 2 - w / 2, (top + bottom) / 2 - h / 2, w, h]);
}

// ---- marks
function clear() {
  for (const e of all(".mark, .near, .marked, .rewrites li.on")) e.classList.remove("mark", "near", "marked", "on");
}
function mark(pane, keys) {
  const svg = document.querySelector(`figure[data-pane="${pane}"] svg`);
  if (!svg || !keys.length) return;
  svg.classList.add("marked");
  for (const k of keys) document.getElementById(k)?.classList.add("mark");
  if (svg.closest("figure").classList.contains("on")) reveal(svg, keys);
}
function markNode(svg, key) {
  svg.classList.add("marked");
  document.getElementById(key).classList.add("mark");
  for (const e of all(`[data-from="${key}"], [data-to="${key}"]`, svg)) {
    e.classList.add("mark");
    const other = e.dataset.from === key ? e.dataset.to : e.dataset.from;
    document.getElementById(other)?.classList.add("near");
  }
}
function selectRewrite(number, scroll = false) {
  clear();
  const item = document.querySelector(`.rewrites li[data-rewrite="${number}"]`);
  item.classList.add("on");
  if (scroll) item.scrollIntoView({block: "nearest"});
  mark("before", data.rewrites[number].before);
  mark("after", data.rewrites[number].after);
}
function click(svg, element) {
  clear();
  const panel = document.getElementById("node");
  if (!element) { panel.hidden = true; return; }
  markNode(svg, element.id);
  const facts = data.nodes[element.id] || data.kernels[element.id];
  if (!facts) { panel.hidden = true; return; }
  panel.replaceChildren();
  const head = make("h3", facts.name), close = make("button", "×");
  close.onclick = () => { panel.hidden = true; clear(); };
  head.append(close);
  const list = make("dl");
  const row = (term, ...content) => {
    const dd = make("dd");
    dd.append(...content);
    list.append(make("dt", term), dd);
  };
  if (facts.op) row("op", facts.op + (facts.attributes ? ` (${facts.attributes})` : ""));
  if (facts.type) row("type", facts.type);
  if (facts.op && facts.kind !== "source") row("is", facts.expression);
  for (const [term, text] of facts.rows || []) row(term, text);
  if (facts.where) row("line", facts.where, make("div", facts.line));
  if (facts.rewrites?.length) {
    row("rewrites", ...facts.rewrites.slice(0, 20).map(n => {
      const link = make("a", ` ${n + 1}. ${document.querySelector(`li[data-rewrite="${n}"] b`).textContent} `);
      link.onclick = () => selectRewrite(n, true);
      return link;
    }));
  }
  panel.append(head, list);
  if (facts.kernel) {
    const link = make("a", facts.kernel);
    link.onclick = () => showSource(facts.kernel);
    row("kernel", link);
    if (data.code[facts.kernel]) panel.append(make("pre", data.code[facts.kernel]));
  }
  panel.hidden = false;
  panel.scrollIntoView({block: "nearest"});
}
function showSource(name) {
  const number = all("nav button").findIndex(b => b.textContent === "Source");
  showTab(number);
  const target = document.getElementById(`src-${name}`);
  if (target) { target.open = true; target.scrollIntoView({block: "start"}); }
}

for (const b of all("nav button")) b.onclick = () => showTab(b.dataset.tab);
for (const b of all(".toolbar button")) b.onclick = () => showView(b.dataset.view);
for (const li of all(".rewrites li")) li.onclick = () => selectRewrite(Number(li.dataset.rewrite));
for (const a of all("[data-source]")) a.onclick = e => { e.preventDefault(); showSource(a.dataset.source); };
addEventListener("keydown", e => { if (e.key === "Escape") { clear(); document.getElementById("node").hidden = true; } });
addEventListener("resize", () => {  // the same middle at the same scale
  for (const svg of all("figure.on svg")) {
    const [x, y, w, h] = box(svg), r = svg.getBoundingClientRect();
    if (!r.width || !r.height) continue;
    const [ow, oh] = extent.get(svg) || [r.width, r.height];
    const nw = w * r.width / ow, nh = h * r.height / oh;
    setBox(svg, [x + (w - nw) / 2, y + (h - nh) / 2, nw, nh]);
    extent.set(svg, [r.width, r.height]);
  }
});
showView(innerWidth > 1100 ? "both" : "after");
showTab(0);
