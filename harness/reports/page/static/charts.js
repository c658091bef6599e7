// Draw each element with `data-chart` from the numbers in the page. All of it is counted already: nothing here computes.
"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const COLOURS = ["var(--first)", "var(--second)", "var(--passed)", "var(--failed)", "var(--warning)", "var(--skipped)"];
  const faint = { stroke: "currentColor", strokeOpacity: 0.25 };
  const compact = d3.format("~s");
  const number = (value) => (Math.abs(value) >= 1e4 ? compact(value) : String(value));
  const shortened = (text) => (text.length > 16 ? `${text.slice(0, 15)}…` : text);

  // Rectangles of a histogram, the counts as shares of their own series where there are several.
  const bars = ({ edges, series, dates }) => series.flatMap(({ name, counts }) => {
    const whole = series.length > 1 ? d3.sum(counts) || 1 : 1;
    const at = dates ? (edge) => new Date(edge) : (edge) => edge;
    return counts.map((count, place) => ({ name, x1: at(edges[place]), x2: at(edges[place + 1]), y: count / whole, count }));
  });

  function histogram(spec, width, small, height = small ? 120 : 220) {
    const several = spec.series.length > 1;
    const drawn = bars(spec);
    const { edges } = spec;
    // Whole numbers with a bin each: the numbers themselves are told, not the edges between them.
    const whole = !spec.dates && edges.length <= 12 && edges.every((edge) => Math.abs(edge % 1) === 0.5);
    const inset = whole ? Math.max(0.5, width / edges.length / 8) : 0.5;
    return Plot.plot({
      width, height: several ? height + 60 : height,
      marginLeft: small ? 36 : 44, marginRight: several ? 8 : 12, marginTop: several ? 18 : 8, marginBottom: spec.x ? 36 : 24,
      x: { label: spec.x || null, labelAnchor: "center", labelArrow: "none", ticks: whole ? d3.pairs(edges, (low, high) => (low + high) / 2) : Math.max(2, Math.floor(width / 90)), ...(spec.dates ? { type: "utc" } : { tickFormat: number }) },
      y: { label: null, ticks: small ? 2 : 4, grid: true, tickFormat: several ? ".0%" : number },
      fy: { label: null, axis: null, padding: 0.22, domain: spec.series.map(({ name }) => name) },
      marks: [
        Plot.rectY(drawn, {
          x1: "x1", x2: "x2", y: "y", insetLeft: inset, insetRight: inset,
          ...(several ? { fy: "name" } : {}),
          fill: ({ name }) => COLOURS[Math.max(0, spec.series.findIndex((one) => one.name === name)) % COLOURS.length],
          title: ({ x1, x2, count }) => `${spec.dates ? x1.toISOString().slice(0, 10) : number(x1)} to ${spec.dates ? x2.toISOString().slice(0, 10) : number(x2)}: ${count.toLocaleString("en")} rows`,
        }),
        Plot.ruleY([0], { stroke: "currentColor" }),
        ...(several ? [Plot.text(spec.series, { fy: "name", text: "name", frameAnchor: "top-left", dy: -14, fontWeight: 600, fontSize: 12 })] : []),
      ],
      color: { type: "identity" },
    });
  }

  function categories({ bars: counted }, width) {
    if (!counted.length) return null;
    return Plot.plot({
      width, height: 18 * counted.length + 26, marginLeft: 110, marginRight: 36, marginTop: 4, marginBottom: 20,
      x: { label: null, ticks: 2, grid: true, tickFormat: number },
      y: { label: null, domain: d3.range(counted.length), tickFormat: (place) => shortened(counted[place][0]), tickSize: 0 },
      marks: [
        Plot.barX(counted, { x: (bar) => bar[1], y: (_, place) => place, fill: "var(--first)", insetTop: 1, insetBottom: 1, title: (bar) => `${bar[0]}: ${bar[1].toLocaleString("en")} rows` }),
        Plot.text(counted, { x: (bar) => bar[1], y: (_, place) => place, text: (bar) => number(bar[1]), textAnchor: "start", dx: 4 }),
      ],
    });
  }

  const axes = (spec) => ({
    x: { label: spec.x, labelAnchor: "center", labelArrow: "none", tickFormat: number, nice: true },
    y: { label: `↑ ${spec.y}`, labelArrow: "none", grid: true, tickFormat: number, nice: true },
  });
  const guides = (spec, low, high) => [
    ...(spec.diagonal ? [Plot.line([[low, low], [high, high]], { ...faint, strokeDasharray: "4 3" })] : []),
    ...(spec.level === undefined ? [] : [Plot.ruleY([spec.level], { ...faint, strokeDasharray: "4 3" })]),
  ];

  function lines(spec, width) {
    const { x, y } = axes(spec);
    const size = Math.min(width, 440);
    const points = spec.series.flatMap(({ name, points: found }) => found.map(([across, up]) => ({ name, across, up })));
    const colour = d3.scaleOrdinal(spec.series.map(({ name }) => name), COLOURS);
    const several = spec.series.length > 1;
    const plot = Plot.plot({
      width: size, height: Math.round(size * 0.72), marginLeft: 44, marginBottom: 38, marginTop: 24,
      x: { ...x, domain: [0, 1], ticks: 5 }, y: { ...y, domain: [0, 1], ticks: 5 },
      marks: [
        ...guides(spec, 0, 1),
        Plot.line(points, { x: "across", y: "up", z: "name", stroke: ({ name }) => colour(name), strokeWidth: 2 }),
        ...(spec.dots ? [Plot.dot(points, { x: "across", y: "up", fill: ({ name }) => colour(name), r: 4 })] : []),
        Plot.ruleY([0], { stroke: "currentColor" }),
      ],
      color: { type: "identity" },
    });
    if (!several) return plot;
    const legend = document.createElement("p");
    legend.className = "small";
    for (const { name } of spec.series) {
      const sign = document.createElement("span");
      sign.textContent = "━ ";
      sign.style.color = colour(name);
      legend.append(sign, `${name}   `);
    }
    const both = document.createElement("div");
    both.append(plot, legend);
    return both;
  }

  // A square around all points where the diagonal has a meaning.
  const span = (values) => [d3.min(values), d3.max(values)];

  function dots(spec, width) {
    const size = Math.min(width, 520);
    const [low, high] = span(spec.points.flatMap(([across, up]) => [across, up]));
    return Plot.plot({
      width: size, height: Math.round(size * 0.75), marginLeft: 52, marginBottom: 38, marginTop: 24, ...axes(spec),
      marks: [
        ...guides(spec, low, high),
        Plot.dot(spec.points, { x: "0", y: "1", r: 3, fill: "var(--first)", fillOpacity: 0.6, title: ([across, up, name]) => `${name ? `${name}: ` : ""}${across}, ${up}` }),
      ],
    });
  }

  function cells(spec, width) {
    const size = Math.min(width, 520);
    const { xEdges, yEdges } = spec;
    const most = d3.max(spec.cells, (cell) => cell[2]);
    const low = Math.max(xEdges[0], yEdges[0]);
    const high = Math.min(xEdges.at(-1), yEdges.at(-1));
    return Plot.plot({
      width: size, height: Math.round(size * 0.75), marginLeft: 52, marginBottom: 38, marginTop: 24, ...axes(spec),
      marks: [
        Plot.rect(spec.cells, {
          x1: (cell) => xEdges[cell[0]], x2: (cell) => xEdges[cell[0] + 1],
          y1: (cell) => yEdges[cell[1]], y2: (cell) => yEdges[cell[1] + 1],
          fill: "var(--first)", fillOpacity: (cell) => 0.12 + 0.88 * Math.sqrt(cell[2] / most),
          title: (cell) => `${cell[2].toLocaleString("en")} rows`,
        }),
        ...guides(spec, low, high),
      ],
      opacity: { type: "identity" },
    });
  }

  function pair({ sides }, width) {
    const both = document.createElement("div");
    for (const side of sides) {
      const drawn = side.kind === "bars" ? categories(side, width) : histogram(side, width, true, 96);
      if (!drawn) continue;
      const name = document.createElement("div");
      name.className = "side";
      name.textContent = side.name;
      both.append(name, drawn);
    }
    return both;
  }

  const DRAW = { histogram, bars: categories, lines, dots, cells, pair };

  function draw(element) {
    const spec = charts[element.id];
    const width = Math.floor(element.clientWidth);
    // A chart in a closed part of the page is drawn when that is opened.
    if (!spec || width === 0 || element.dataset.width === String(width)) return;
    element.dataset.width = String(width);
    const drawn = DRAW[spec.kind](spec, width, element.closest(".chart-small") !== null);
    element.replaceChildren(...(drawn ? [drawn] : []));
    // The element itself says what it shows; the library's names for its parts stand where none may.
    for (const part of element.querySelectorAll("g[aria-label]")) part.removeAttribute("aria-label");
  }

  const seen = new ResizeObserver((entries) => entries.forEach(({ target }) => draw(target)));
  for (const element of document.querySelectorAll("[data-chart]")) seen.observe(element);
})();
