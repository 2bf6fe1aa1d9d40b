// @ts-check
/**
 * Runs in the audited copy of a report, before everything else: collects errors and refused
 * requests, and once the page is drawn audits it in light and in dark. What it finds is written
 * into the page, where a dump of the document holds it.
 */
(() => {
  /** @type {string[]} */
  const problems = [];
  addEventListener("error", (e) => problems.push(`error: ${e.message}`));
  addEventListener("unhandledrejection", (e) => problems.push(`rejection: ${e.reason}`));
  document.addEventListener("securitypolicyviolation", (e) => {
    problems.push(`policy: ${e.violatedDirective} refused ${e.blockedURI}`);
  });
  const log = console.error;
  console.error = (...args) => {
    problems.push(`console: ${args.join(" ")}`);
    log(...args);
  };

  const write = (/** @type {string} */ id, /** @type {unknown} */ value) => {
    const pre = document.createElement("pre");
    pre.id = id;
    pre.textContent = JSON.stringify(value);
    document.body.append(pre);
  };

  /** Pixels of each canvas that have the colour of the first series' points. */
  const points = () => {
    const series = document.querySelector(".legend .tone-0");
    const [r, g, b] = getComputedStyle(/** @type {Element} */ (series)).stroke.match(/\d+/g) ?? [];
    return Object.fromEntries([...document.querySelectorAll("canvas")].map((canvas) => {
      const { width, height } = canvas;
      const data = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i] === Number(r) && data[i + 1] === Number(g) && data[i + 2] === Number(b)) {
          count++;
        }
      }
      return [canvas.id, count];
    }));
  };

  const sorted = () => {
    const table = document.getElementById("parity-data");
    const button = table?.querySelectorAll("thead button")[3];
    if (!(button instanceof HTMLElement)) return [];
    button.click();
    return [...document.querySelectorAll("#parity-data tbody tr")].map((row) =>
      Number(/** @type {HTMLElement} */ (row.children[3]).dataset.v)
    );
  };

  const downloads = () =>
    [...document.querySelectorAll("a[data-download]")].map((link) => {
      link.addEventListener("click", (e) => e.preventDefault());
      const anchor = /** @type {HTMLAnchorElement} */ (link);
      anchor.click();
      return decodeURIComponent(anchor.href.slice(0, 400));
    });

  addEventListener("load", async () => {
    /** @type {any} */
    const axe = /** @type {any} */ (globalThis).axe;
    for (const details of document.querySelectorAll("details")) details.open = true;
    /** @type {Record<string, unknown>} */
    const found = {};
    for (const scheme of ["light", "dark"]) {
      document.documentElement.style.colorScheme = scheme;
      const { violations, passes } = await axe.run(document, { resultTypes: ["violations"] });
      found[scheme] = {
        passes: passes.length,
        violations: violations.map((/** @type {any} */ v) => ({
          id: v.id,
          help: v.help,
          nodes: v.nodes.slice(0, 5).map((/** @type {any} */ n) => n.html.slice(0, 200)),
        })),
      };
    }
    document.documentElement.style.colorScheme = "";
    const facts = { points: points(), sorted: sorted(), downloads: downloads() };
    write("axe-result", found);
    write("page-facts", facts);
    write("page-errors", problems);
  });
})();
