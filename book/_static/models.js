// The list of models: a field to search a table that is complete without this script.
(() => {
  const box = document.querySelector(".cape-models");
  if (!box) return;
  const rows = [...box.querySelector("table").tBodies[0].rows];
  const words = rows.map((row) => row.textContent.toLowerCase());

  const field = Object.assign(document.createElement("input"), { type: "search", autocomplete: "off", id: "models-search" });
  const label = Object.assign(document.createElement("label"), { textContent: "Search models, families, results, flags", htmlFor: field.id });
  const count = document.createElement("output");
  const control = Object.assign(document.createElement("div"), { className: "cape-control cape-search" });
  const bar = Object.assign(document.createElement("form"), { className: "cape-filter" });
  control.append(label, field);
  bar.setAttribute("role", "search");
  bar.setAttribute("aria-label", "Models");
  bar.append(control, count);
  bar.addEventListener("submit", (event) => event.preventDefault());
  box.before(bar);

  const show = () => {
    const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !asked.every((word) => words[i].includes(word));
      shown += !row.hidden;
    });
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  field.addEventListener("input", show);
  show();
})();
