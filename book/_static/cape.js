// What the theme's markup leaves to be mended once it is on the page.
addEventListener("DOMContentLoaded", () => {
  // names that differ from what the control shows, and a landmark for the block that holds the logo
  document.querySelectorAll("button.search-button-field").forEach((button) => button.removeAttribute("aria-label"));
  document.querySelectorAll(".sidebar-primary-item:has(> .navbar-brand)").forEach((block) => {
    block.setAttribute("role", "navigation");
    block.setAttribute("aria-label", "Home");
  });
  document.querySelectorAll(".bd-sidenav details > summary").forEach((summary) => {
    const entry = summary.closest("li").querySelector("a");
    summary.setAttribute("aria-label", `Pages under ${entry.textContent.trim()}`);
  });

  // a link to a folded box opens it
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const box = target?.matches("details") ? target : target?.nextElementSibling;
    if (box?.matches("details")) box.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  // paper is white, whatever the screen shows
  const paper = matchMedia("print");
  let screen;
  const dress = () => {
    const page = document.documentElement.dataset;
    if (paper.matches) [screen, page.theme] = [page.theme, "light"];
    else if (screen) page.theme = screen;
  };
  paper.addEventListener("change", dress);
  addEventListener("load", dress);

  // without a table of contents the scroll spy would take every link of the page for an entry of it
  if (!document.querySelector(".bd-toc-nav")) document.body.removeAttribute("data-bs-spy");

  // a box that scrolls sideways must be reachable by keyboard; one that does not must not stop the tab key
  const boxes = document.querySelectorAll(".bd-article :is(pre, .cell_output > .output, div.math, .pst-scrollable-table-container)");
  const stops = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));
  boxes.forEach((box) => stops.observe(box));
});
