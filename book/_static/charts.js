// Replace every static chart by a live one. Runs deferred, after vega-bundle.js; asks the network for nothing.
(() => {
  const OPTIONS = {
    mode: "vega-lite",
    renderer: "svg", // so that the page's style sheet can colour axes and text in both modes
    actions: false,
    tooltip: { theme: "custom" },
  };
  const CHARACTER = 7; // pixels that a character takes, rather more than less
  const box = (element) => element.getBoundingClientRect();

  // What a narrow box asks of a chart: columns of a legend, and how many characters a line may have (0: any number).
  const FREE = { columns: 4, title: 0, legend: 0, axis: 0 };

  const CHANNELS = ["color", "fill", "stroke", "shape", "size", "opacity", "strokeDash"]; // those that have a legend

  const lines = (text, most) => text.split(" ").reduce((done, word) => {
    const longer = done.length ? `${done.at(-1)} ${word}` : word;
    return longer.length <= most ? [...done.slice(0, -1), longer] : [...done, word];
  }, []);
  // the same as a Vega expression, for labels, which are made from the data
  const labels = (most) => `split(trim(replace(datum.label, regexp('(.{1,${most}})( +|$)', 'g'), '$1\\n')), '\\n')`;

  const adapted = (text, fit) => JSON.parse(text, (key, value) => {
    if (CHANNELS.includes(key) && value?.field && value.legend !== null) {
      const columns = Math.min(fit.columns, value.legend?.columns ?? FREE.columns);
      return { ...value, legend: { ...value.legend, columns, ...(fit.legend && { labelExpr: labels(fit.legend) }) } };
    }
    if (key === "x" && fit.title && typeof value?.title === "string") return { ...value, title: lines(value.title, fit.title) };
    if (key === "y" && fit.axis && value?.type === "nominal") return { ...value, axis: { ...value.axis, labelExpr: labels(fit.axis) } };
    return value;
  });

  // What has to give for this drawing to fit: null if it does, or has given all it can.
  const tighter = (svg, fit) => {
    const frame = box(svg);
    const plot = box(svg.querySelector(".role-frame .background"));
    const all = (query) => [...svg.querySelectorAll(query)];
    const sticksOut = (part) => box(part).width > 0 && (box(part).left < frame.left - 1 || box(part).right > frame.right + 1);
    const change = {};
    if (all(".role-legend").some(sticksOut)) {
      if (fit.columns > 1) change.columns = fit.columns - 1;
      else if (!fit.legend) change.legend = Math.floor((frame.right - plot.left - 30) / CHARACTER);
    }
    if (!fit.title && all(".role-axis-title").some(sticksOut)) change.title = Math.floor(plot.width / CHARACTER);
    if (!fit.axis) {
      const cut = all(".role-axis-label text").find((label) => label.textContent.endsWith("…"));
      if (cut) change.axis = cut.textContent.length - 2;
    }
    return Object.keys(change).length ? { ...fit, ...change } : null;
  };

  const draw = async (stage, text) => {
    const place = document.createElement("div");
    place.className = "cape-live cape-pending";
    stage.append(place);
    let result;
    for (let fit = FREE; fit; fit = tighter(place.querySelector("svg.marks"), fit)) {
      result?.finalize();
      result = await vegaEmbed(place, adapted(text, fit), OPTIONS);
    }
    return { place, result };
  };

  const save = (href, name) => Object.assign(document.createElement("a"), { href, download: name }).click();

  const enliven = (figure) => {
    const stage = figure.querySelector(".cape-stage");
    const text = figure.querySelector(".cape-spec").textContent;
    let live, drawn, queue = Promise.resolve();

    const redraw = async () => {
      if (stage.clientWidth === drawn || !stage.clientWidth) return;
      drawn = stage.clientWidth;
      const fresh = await draw(stage, text);
      live?.result.finalize();
      (live?.place ?? stage.querySelector(".cape-static")).remove();
      fresh.place.classList.remove("cape-pending");
      live = fresh;
      figure.dataset.live = "yes";
    };
    // one drawing at a time; on an error the drawing that is there stays
    const request = () => {
      queue = queue.then(redraw).catch((error) => {
        stage.querySelector(".cape-pending")?.remove();
        console.error(error);
      });
    };
    new ResizeObserver(request).observe(stage);
    request();

    const page = location.pathname.split("/").at(-1).replace(/\.html$/, "");
    for (const kind of ["svg", "png"]) {
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Save as ${kind.toUpperCase()}` });
      button.addEventListener("click", async () => live && save(await live.result.view.toImageURL(kind, 2), `${page}-${figure.id}.${kind}`));
      item.append(button);
      figure.querySelector(".cape-sources").append(item);
    }
  };

  document.querySelectorAll("figure.cape-chart").forEach(enliven);
})();
