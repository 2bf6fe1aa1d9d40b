// @ts-check
/**
 * Runs in the page: replaces each static drawing by a canvas with tooltips, drawn from the plots
 * that the page holds as JSON. It computes nothing: numbers in tooltips are read from the tables,
 * colours from the style sheet.
 */
(() => {
  /** @type {any} */
  const Chart = /** @type {any} */ (globalThis).Chart;
  const holder = document.getElementById("plots");
  if (!Chart || !holder) return;
  /** @type {any[]} */
  const plots = JSON.parse(holder.textContent ?? "[]");

  const font = getComputedStyle(document.body).fontFamily;
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  /**
   * The colour of a token as the page shows it now, light or dark.
   * @param {string} token
   */
  const colour = (token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };

  /** The table row that holds a point's numbers. @param {any} item */
  const rowOf = (item) => document.getElementById(item.dataset.intervals[item.dataIndex].row);
  const nameOf = (/** @type {HTMLElement | null} */ row) =>
    row?.querySelector("th")?.firstChild?.textContent ?? "";

  /** Lines of a tooltip: the cells of a point's row, under their headings. */
  const linesOf = (/** @type {HTMLElement | null} */ row) => {
    const table = row?.closest("table");
    if (!row || !table) return [];
    const heads = [...table.querySelectorAll("thead th")].map((th) =>
      (th.querySelector("button") ?? th).firstChild?.textContent ?? ""
    );
    const unit = (/** @type {number} */ i) =>
      table.querySelectorAll("thead th")[i].querySelector(".unit")?.textContent ?? "";
    return [...row.children].slice(1).map((cell, i) => {
      const parts = [...cell.childNodes].map((n) => n.textContent?.trim());
      return `${heads[i + 1]}: ${parts.join("  ")} ${unit(i + 1)}`.trim();
    });
  };

  /** Draws the interval of each point, both ways, under the points. */
  const intervals = {
    id: "intervals",
    beforeDatasetsDraw(/** @type {any} */ chart) {
      const { ctx, chartArea: area, scales: { x, y } } = chart;
      const at = (/** @type {any} */ scale, /** @type {number} */ v) =>
        scale.getPixelForValue(Math.max(v, scale.min));
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      ctx.lineWidth = 1;
      for (const dataset of chart.data.datasets) {
        if (!dataset.intervals) continue;
        ctx.strokeStyle = dataset.borderColor;
        ctx.globalAlpha = 0.55;
        ctx.beginPath();
        for (const p of dataset.intervals) {
          ctx.moveTo(at(x, p.x[0]), at(y, p.y[1]));
          ctx.lineTo(at(x, p.x[2]), at(y, p.y[1]));
          ctx.moveTo(at(x, p.x[1]), at(y, p.y[0]));
          ctx.lineTo(at(x, p.x[1]), at(y, p.y[2]));
        }
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  /** Draws the labelled vertical line of a plot that has one. */
  const marker = {
    id: "marker",
    beforeDatasetsDraw(/** @type {any} */ chart) {
      const { ctx, chartArea: { top, bottom }, scales: { x }, options } = chart;
      if (!options.marker) return;
      const at = x.getPixelForValue(options.marker.x);
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("rule");
      ctx.font = `12px ${font}`;
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, bottom);
      ctx.stroke();
      ctx.fillText(options.marker.text, at + 7, bottom - 10);
      ctx.restore();
    },
  };

  const xy = (/** @type {[number, number][]} */ points) => points.map(([x, y]) => ({ x, y }));
  const edge = { showLine: true, pointRadius: 0, pointHitRadius: 0, borderWidth: 0 };

  /** Datasets of a plot: points on top, then lines, then bands. */
  const datasetsOf = (/** @type {any} */ plot) => [
    ...plot.series.map((/** @type {any} */ s) => ({
      label: s.name,
      data: s.points.map((/** @type {any} */ p) => ({ x: p.x[1], y: p.y[1] })),
      intervals: s.points,
      token: `tone-${s.tone}`,
      pointStyle: s.shape,
      pointRadius: 4.5,
      pointHoverRadius: 7,
      pointBorderWidth: 1.5,
    })),
    ...plot.lines.map((/** @type {any} */ l) => ({
      ...edge,
      label: l.name,
      data: xy(l.points),
      token: "rule",
      borderWidth: 1.5,
      borderDash: l.dash ? [5, 4] : [],
    })),
    ...plot.bands.flatMap((/** @type {any} */ b, /** @type {number} */ i) => [
      { ...edge, label: b.name, data: xy(b.upper), fill: "-1", band: `band-${i}` },
      { ...edge, label: b.name, data: xy(b.lower) },
    ]).reverse(),
  ];

  const scaleOf = (/** @type {any} */ axis) => ({
    type: "logarithmic",
    min: axis.min,
    max: axis.max,
    title: { display: true, text: axis.title },
    ticks: {
      autoSkip: false,
      maxRotation: 0,
      callback: (/** @type {number} */ value) =>
        axis.ticks.find((/** @type {any} */ t) => t.value === value)?.label,
    },
    border: { display: false },
    afterBuildTicks(/** @type {any} */ scale) {
      scale.ticks = axis.ticks.map((/** @type {any} */ t) => ({ value: t.value }));
    },
  });

  /** Sets every colour of a chart from the style sheet. */
  const paint = (/** @type {any} */ chart) => {
    for (const d of chart.data.datasets) {
      if (d.token) {
        d.borderColor = colour(d.token);
        d.backgroundColor = colour(d.token === "rule" ? "rule" : `${d.token}-fill`);
      }
      if (d.band) d.backgroundColor = colour(d.band);
    }
    for (const scale of Object.values(chart.options.scales)) {
      scale.grid.color = colour("line");
      scale.ticks.color = colour("muted");
      scale.title.color = colour("ink");
    }
    const tooltip = chart.options.plugins.tooltip;
    tooltip.backgroundColor = colour("ink");
    tooltip.titleColor = tooltip.bodyColor = colour("surface");
    chart.update("none");
  };

  const draw = (/** @type {any} */ plot) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById(plot.id));
    canvas.hidden = false;
    canvas.parentElement?.querySelector("svg")?.setAttribute("hidden", "");
    const chart = new Chart(canvas, {
      type: "scatter",
      data: { datasets: datasetsOf(plot) },
      plugins: [intervals, marker],
      options: {
        animation: false,
        maintainAspectRatio: false,
        font: { family: font, size: 12 },
        marker: plot.marker,
        scales: { x: scaleOf(plot.x), y: scaleOf(plot.y) },
        plugins: {
          legend: { display: false },
          filler: { drawTime: "beforeDraw" },
          tooltip: {
            displayColors: false,
            padding: 10,
            filter: (/** @type {any} */ item) => Boolean(item.dataset.intervals),
            callbacks: {
              title: (/** @type {any} */ items) => items.map(rowOf).map(nameOf),
              label: (/** @type {any} */ item) => linesOf(rowOf(item)),
            },
          },
        },
      },
    });
    paint(chart);
    canvas.dataset.drawn = String(chart.data.datasets.length);
    return { chart, plot };
  };

  const drawn = plots.map(draw);
  const repaint = () => drawn.forEach(({ chart }) => paint(chart));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  const root = document.documentElement;
  addEventListener("beforeprint", () => {
    root.style.colorScheme = "light";
    for (const { chart, plot } of drawn) {
      const width = plot.aspect > 1.5 ? 660 : 440;
      chart.options.devicePixelRatio = 3;
      chart.resize(width, Math.round(width / plot.aspect));
    }
    repaint();
  });
  addEventListener("afterprint", () => {
    root.style.colorScheme = "";
    for (const { chart } of drawn) {
      chart.options.devicePixelRatio = undefined;
      chart.resize();
    }
    repaint();
  });
})();
