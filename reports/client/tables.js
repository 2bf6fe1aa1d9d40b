// @ts-check
/**
 * Runs in the page: a click on a column's heading sorts its table, cells without a value last; every
 * row with an id gets a link to it.
 */
(() => {
  for (const row of document.querySelectorAll("tr[id]")) {
    const head = row.querySelector("th");
    const link = document.createElement("a");
    link.className = "permalink";
    link.href = `#${encodeURIComponent(row.id)}`;
    link.textContent = "#";
    link.setAttribute("aria-label", `Link to ${head?.textContent}`);
    head?.append(link);
  }

  /** @param {Element} row @param {number} column */
  const keyOf = (row, column) => {
    const cell = /** @type {HTMLElement} */ (row.children[column]);
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return cell.classList.contains("none") ? undefined : cell.textContent ?? "";
  };

  /** @param {string | number | undefined} a @param {string | number | undefined} b */
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  };

  /** @param {HTMLTableElement} table @param {number} column @param {1 | -1} direction */
  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => ({ row, key: keyOf(row, column) }));
    keyed.sort((a, b) => {
      if (a.key === undefined || b.key === undefined) {
        return Number(a.key === undefined) - Number(b.key === undefined);
      }
      return direction * compare(a.key, b.key);
    });
    body.append(...keyed.map(({ row }) => row));
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.querySelectorAll("thead th")];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        sort(/** @type {HTMLTableElement} */ (table), column, up ? 1 : -1);
      });
    });
  }
})();
