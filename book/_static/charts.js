// Replace every static chart by a live one. Runs deferred, after vega-bundle.js; asks the network for nothing.
(() => {
  const OPTIONS = {
    mode: "vega-lite",
    renderer: "svg", // so that the page's style sheet can colour axes and text in both modes
    actions: { export: true, source: false, compiled: false, editor: false },
    tooltip: { theme: "custom" },
  };
  const MAX_COLUMNS = 4;

  // Does anything that belongs to the chart stick out of its drawing?
  const sticksOut = (box) => {
    const svg = box.querySelector("svg.marks");
    if (!svg) return false;
    const { left, right } = svg.getBoundingClientRect();
    return svg.getBoundingClientRect().width > box.clientWidth + 1 ||
      [...svg.querySelectorAll(".role-legend, .role-title, .role-axis")].some((part) => {
        const at = part.getBoundingClientRect();
        return at.width > 0 && (at.left < left - 1 || at.right > right + 1);
      });
  };

  const draw = async (stage, spec) => {
    const box = document.createElement("div");
    box.className = "cape-live cape-pending";
    stage.append(box);
    let result;
    // the legend takes as many columns as fit
    for (let columns = spec.config?.legend?.columns ?? MAX_COLUMNS; columns > 0; columns -= 1) {
      result?.finalize();
      const config = { ...spec.config, legend: { ...spec.config?.legend, columns } };
      result = await vegaEmbed(box, { ...spec, config }, OPTIONS);
      if (!sticksOut(box)) break;
    }
    box.querySelector("summary")?.setAttribute("aria-label", "Save this chart");
    return { box, result };
  };

  const enliven = async (figure) => {
    const stage = figure.querySelector(".cape-stage");
    const spec = JSON.parse(figure.querySelector(".cape-spec").textContent);
    let live, drawn, queue = Promise.resolve();
    const redraw = async () => {
      if (stage.clientWidth === drawn || !stage.clientWidth) return;
      drawn = stage.clientWidth;
      const fresh = await draw(stage, spec);
      live?.result.finalize();
      (live?.box ?? stage.querySelector(".cape-static")).remove();
      fresh.box.classList.remove("cape-pending");
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
  };

  document.querySelectorAll("figure.cape-chart").forEach(enliven);
})();
