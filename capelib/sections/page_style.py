"""Look of a re-run's page: one template, one style sheet for light and dark, and the script that wakes its charts."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$css</style>
</head>
<body>
<header><p>$title</p>$head</header>
<main>$body</main>
<footer><p>Made by capelib $version from the executable edition of <cite>Lying Is Just a Phase</cite> (Amin, 2026).
Numbers and verdicts are those of this run, with the parameters above.</p></footer>
$scripts
</body>
</html>
"""

CSS = """
:root { color-scheme: light dark; --ink: #1f2328; --muted: #59636e; --line: #d1d9e0; --wash: #f6f8fa; --mark: #1b62c4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --muted: #9da7b3; --line: #3d444d; --wash: #161b22; --mark: #7fb2f5; }
  body { background: #0d1117; }
}
body { max-width: 50rem; margin: 0 auto; padding: 1rem; color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; }
a { color: var(--mark); }
header, footer { border: solid var(--line); border-width: 0 0 1px; margin-bottom: 1rem; font-size: 0.9rem; }
footer { border-width: 1px 0 0; margin-top: 2rem; color: var(--muted); }
header p { font-weight: 600; overflow-wrap: anywhere; }
pre, .output, .math, main table, math[display="block"] { overflow-x: auto; max-width: 100%; }
math[display="block"] { overflow-y: hidden; }
pre { padding: 0.6rem 0.8rem; background: var(--wash); border: 1px solid var(--line); border-radius: 4px;
  font-size: 0.85rem; }
pre.stderr { border-left: 4px solid #d55e00; }
code { font-size: 0.9em; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
main table { display: block; border: 0; container-type: inline-size; }
caption { text-align: left; color: var(--muted); }
caption > span { display: inline-block; position: sticky; left: 0; max-width: 100cqi; }
td p, th p { margin: 0; }
th, td { padding: 0.2rem 0.6rem; border: solid var(--line); border-width: 0 0 1px; text-align: left;
  vertical-align: top; }
.number { text-align: right; white-space: nowrap; }
.given th, .given td { font-weight: 600; color: var(--mark); }
summary { cursor: pointer; color: var(--muted); font-size: 0.85rem; }
.cell { margin: 1rem 0; }
figure.chart { margin: 1rem 0; }
.cape-models { max-height: 28rem; overflow: auto; border: 1px solid var(--rule, currentcolor); }
@media print { .cape-models { max-height: none; overflow: visible; } }
figure.chart svg { max-width: 100%; height: auto; }
figure.chart .vega-embed { display: block; width: 100%; }
figcaption { color: var(--muted); font-size: 0.85rem; }
aside, .admonition, .cape-quote, .cape-verdict { margin: 1rem 0; padding: 0.6rem 1rem; border: 1px solid var(--line);
  border-left: 4px solid var(--mark); border-radius: 4px; background: var(--wash); }
p.admonition-title, .cape-quote-head, .cape-badge { font-weight: 600; }
.cape-verdict dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.5rem 1rem; }
.cape-verdict dd { margin: 0; }
.cape-verdict small { display: block; color: var(--muted); }
"""

ENLIVEN = """
addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure.chart").forEach(async (figure) => {
  const text = figure.querySelector("script").textContent;
  // legends with no more columns than fit, and in the last resort with shorter labels
  const adapted = (most) => JSON.parse(text, (key, value) => key === "legend" && value && typeof value === "object"
    ? { ...value, columns: Math.min(most, value.columns ?? most), ...(most === 1 && { labelLimit: 150 }) } : value);
  const fits = (svg) => [...svg.querySelectorAll(".role-legend")].every((legend) =>
    legend.getBoundingClientRect().right <= svg.getBoundingClientRect().right + 1);
  const stage = figure.querySelector(".stage"), still = stage.firstElementChild, live = document.createElement("div");
  const actions = { export: true, source: false, compiled: false, editor: false };
  stage.append(live);
  try {
    for (let columns = 4, drawn; columns && !(drawn && fits(live.querySelector("svg.marks"))); columns -= 1) {
      drawn?.finalize();
      drawn = await vegaEmbed(live, adapted(columns), { mode: "vega-lite", renderer: "svg", actions });
    }
    still.remove();
  } catch (error) {  // the still drawing remains
    live.remove();
    console.error(error);
  }
}));
"""
