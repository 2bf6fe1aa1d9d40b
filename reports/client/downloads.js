// @ts-check
/** Runs in the page: makes the download links from the result that the page holds. */
(() => {
  const holder = document.getElementById("result");
  if (!holder) return;
  const text = holder.textContent ?? "";

  const quoted = (/** @type {unknown} */ field) => {
    const plain = String(field ?? "");
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };

  /** One line a number, in the units that the keys name. */
  const csv = () => {
    /** @type {{ rows: any[] }} */
    const { rows } = JSON.parse(text);
    const labels = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))];
    const head = ["table", "id", "kind", ...labels, "metric", "value", "lo", "hi", "n", "method"];
    const lines = rows.flatMap((row) =>
      Object.entries(row.metrics).map(([metric, e]) => [
        ...[row.table, row.id, row.kind],
        ...labels.map((label) => row.labels[label]),
        ...[metric, e.value, e.lo, e.hi, e.n, e.method],
      ])
    );
    return [head, ...lines].map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  };

  const makers = {
    json: () => `data:application/json;charset=utf-8,${encodeURIComponent(text)}`,
    csv: () => `data:text/csv;charset=utf-8,${encodeURIComponent(csv())}`,
  };
  for (const [name, make] of Object.entries(makers)) {
    const link = document.querySelector(`a[data-download=${name}]`);
    if (!(link instanceof HTMLAnchorElement)) continue;
    link.hidden = false;
    link.addEventListener("click", () => {
      link.href = make();
    });
  }
})();
