// The ledger: filter, search and sort a table that is complete without this script. State lives in the address.
(() => {
  const table = document.querySelector("table.cape-ledger");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const values = (name) => [...new Set(rows.map((row) => row.dataset[name]))];
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const control = (text, element, className = "") => {
    const wrap = Object.assign(document.createElement("div"), { className: `cape-control ${className}` });
    element.id = `ledger-${text.toLowerCase().replace(" ", "-")}`;
    wrap.append(Object.assign(document.createElement("label"), { textContent: text, htmlFor: element.id }), element);
    return wrap;
  };
  const choice = (first, options) => {
    const select = document.createElement("select");
    select.add(new Option(first, ""));
    options.forEach(([text, value]) => select.add(new Option(text, value)));
    return select;
  };
  const pairs = (list) => list.map((value) => [value, value]);

  const search = Object.assign(document.createElement("input"), { type: "search", autocomplete: "off" });
  const section = choice("all", pairs(values("section").sort()));
  const verdict = choice("all", pairs(values("verdict").sort()));
  const sort = choice("as in the book", heads.flatMap((head, i) => [
    [`${head.textContent} ↑`, `${i}`], [`${head.textContent} ↓`, `-${i}`]]));
  const reset = Object.assign(document.createElement("button"), { type: "button", textContent: "Show all" });
  const count = document.createElement("output");

  const bar = document.createElement("form");
  bar.className = "cape-filter";
  bar.setAttribute("role", "search");
  bar.setAttribute("aria-label", "Claims");
  bar.append(control("Search", search, "cape-search"), control("Section", section), control("Verdict", verdict),
    control("Sort by", sort, "cape-sort"), reset, count);
  bar.addEventListener("submit", (event) => event.preventDefault());
  table.before(bar);

  const compare = (column, sign) => (a, b) => {
    const [x, y] = [a, b].map((row) => row.cells[column].dataset.sort);
    if (x === "" || y === "") return (x === "") - (y === ""); // what has no value comes last, either way
    return sign * (heads[column].dataset.type === "number" ? x - y : x.localeCompare(y, "en", { numeric: true }));
  };

  const show = () => {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row) => {
      row.hidden = !((!section.value || row.dataset.section === section.value) &&
        (!verdict.value || row.dataset.verdict === verdict.value) &&
        asked.every((word) => words.get(row).includes(word)));
      shown += !row.hidden;
    });
    const order = sort.value === "" ? null : { column: Math.abs(sort.value), sign: sort.value.startsWith("-") ? -1 : 1 };
    body.append(...(order ? [...rows].sort(compare(order.column, order.sign)) : rows));
    heads.forEach((head, i) => {
      if (order?.column === i) head.setAttribute("aria-sort", order.sign > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    count.textContent = `${shown} of ${rows.length} claims`;
  };

  const FIELDS = { section, verdict, q: search, sort };
  const save = () => {
    const state = new URLSearchParams(Object.entries(FIELDS).map(([name, field]) => [name, field.value]).filter(([, value]) => value));
    history.replaceState(null, "", state.size ? `#${state}` : location.pathname + location.search);
    show();
  };
  const restore = () => {
    // an address like #row-… is a plain link to a row: show everything
    const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    Object.entries(FIELDS).forEach(([name, field]) => {
      field.value = state.get(name) ?? "";
      if (field.selectedIndex === -1) field.value = ""; // an address may ask for what does not exist
    });
    show();
  };

  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => { sort.value = sort.value === `${i}` ? `-${i}` : `${i}`; save(); });
  });
  [search, section, verdict, sort].forEach((field) => field.addEventListener("input", save));
  reset.addEventListener("click", () => { Object.values(FIELDS).forEach((field) => { field.value = ""; }); save(); search.focus(); });
  addEventListener("hashchange", restore);
  restore();
})();
