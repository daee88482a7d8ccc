// A film of training: one slider moves the mark on the curve, the answers in the plane, the histograms and the graph.

const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function marker(x, y, kind) { // each class has its own form, so that colour is never needed
  const common = { class: `point k${kind % 8}` };
  if (kind % 3 === 1) return shape("rect", { ...common, x: x - 1.3, y: y - 1.3, width: 2.6, height: 2.6 });
  if (kind % 3 === 2) return shape("polygon", { ...common, points: `${x},${y - 1.8} ${x + 1.7},${y + 1.4} ${x - 1.7},${y + 1.4}` });
  return shape("circle", { ...common, cx: x, cy: y, r: 1.5 });
}

function ends(...parts) { // of an axis
  return element("p", { class: "ends" }, ...parts.map((part) => element("span", {}, typeof part === "number" ? shown(part, 3) : part)));
}

// What the model answers on a plane of 100 by 100 units, and the samples on it.
class Plane {
  constructor(reel) {
    const grid = reel.frames.find((frame) => frame.grid.length).grid, [left, right, bottom, top] = reel.bounds;
    this.kinds = [...new Set(reel.points.map(([, , kind]) => kind))].sort((one, two) => one - two);
    this.legend = element("p", { class: "legend" });
    const wide = 100 / grid[0].length, tall = 100 / grid.length;
    this.svg = shape("svg", { viewBox: "0 0 100 100", class: "plane", role: "img" });
    this.cells = grid.flatMap((row, i) => row.map((_, j) =>
      shape("rect", { x: j * wide, y: i * tall, width: wide + 0.2, height: tall + 0.2 }))); // no seams, on paper either
    this.svg.append(...this.cells);
    for (const [x, y, kind] of reel.points) {
      this.svg.append(marker((x - left) / (right - left) * 100, (top - y) / (top - bottom) * 100, kind));
    }
    this.box = element("div", { class: "axes" }, ends(top, "x₂", bottom), this.svg, this.legend, ends(left, "x₁", right));
  }

  translate(say) {
    this.legend.replaceChildren(...this.kinds.map((kind) => {
      const sign = shape("svg", { viewBox: "0 0 5 5", class: "sign" });
      sign.append(marker(2.5, 2.5, kind));
      return element("span", {}, sign, say("class", { k: kind }));
    }));
  }

  show(grid) {
    grid.flat().forEach((answer, i) => {
      const kind = Math.floor(answer);
      this.cells[i].setAttribute("class", `k${kind % 8}`);
      this.cells[i].style.fill = `color-mix(in srgb, var(--k${kind % 8}) ${Math.round(8 + 60 * (answer - kind))}%, var(--paper))`;
    });
  }
}

// One layer's numbers, in bins that keep their place through the film.
class Histogram {
  constructor(layer) {
    this.layer = layer;
    const bins = layer.counts[0].length, zero = -layer.low / 2 / (layer.high / 2 - layer.low / 2);
    const drawn = shape("svg", { viewBox: "0 0 240 60", class: "histogram", role: "img", preserveAspectRatio: "none" });
    const axis = ends(layer.low, layer.high);
    this.count = element("span", { class: "count" });
    this.bars = Array.from({ length: bins }, (_, i) => shape("rect", { x: i * 240 / bins + 0.5, width: 240 / bins - 1 }));
    drawn.append(...this.bars);
    if (zero > 0 && zero < 1) {
      drawn.append(shape("line", { class: "zero", x1: zero * 240, x2: zero * 240, y1: 0, y2: 60 }));
      if (zero > 0.2 && zero < 0.8) axis.append(element("span", { class: "at", style: `left: ${zero * 100}%` }, "0"));
    }
    this.box = element("figure", {}, element("figcaption", {}, element("b", {}, layer.layer), this.count), drawn, axis);
  }

  show(frame, say) {
    const m = this.layer.lost[frame], n = m + this.layer.counts[frame].reduce((sum, count) => sum + count, 0);
    this.count.textContent = say(m ? "lost" : "numbers", { n, m });
    this.count.classList.toggle("problem", m > 0);
    this.layer.counts[frame].forEach((count, i) => {
      const height = 58 * Math.sqrt(count / (this.layer.most || 1)); // a root, so that single numbers stay visible
      this.bars[i].setAttribute("y", 60 - height);
      this.bars[i].setAttribute("height", height);
    });
  }
}

function start(host, reel, style) {
  const shadow = host.attachShadow({ mode: "open" }), [chartImage, graphImage] = host.querySelectorAll("img");
  let language = reel.language, frame = 0;
  const say = (key, values = {}) => fill(reel.strings[language][key], values);
  const word = (kind, given) => reel.strings[language][`${kind}_${given}`] ?? given;
  const controls = new Controls(host, reel.frames.length - 1, 250, show);
  const languages = languageChoice(reel.strings, language, (chosen) => {
    language = chosen;
    translate();
    controls.go(frame);
  });
  const title = element("h1"), numbers = element("p", { class: "numbers" }), headings = {};
  const graph = element("div", { class: "drawing" }), fit = new Fit(graph);

  const panel = (key, ...content) => {
    headings[key] = element("h2");
    return element("section", { class: `panel ${key}` }, headings[key], ...content);
  };
  const chart = element("div", { class: "chart" });
  chart.innerHTML = drawingOf(chartImage);
  const here = chart.querySelector(".here");
  const plane = reel.frames.some((one) => one.grid.length) ? new Plane(reel) : null;
  const gradients = reel.gradients.map((layer) => new Histogram(layer));
  const activations = reel.activations.map((layer) => new Histogram(layer));
  const panels = [panel("loss_curve", chart, numbers)], bars = element("p", { class: "hint" });
  if (plane) panels.push(panel("answers", plane.box));
  if (gradients.length) panels.push(panel("gradients", ...gradients.map((one) => one.box)));
  if (activations.length) panels.push(panel("activations", ...activations.map((one) => one.box)));
  if (graphImage) {
    graph.innerHTML = drawingOf(graphImage);
    for (const tip of graph.querySelectorAll("g > title")) tip.remove(); // it tells the last frame's numbers
    panels.push(panel("sample_graph", graph));
    const header = element("header");
    headings.sample_graph.replaceWith(header);
    header.append(headings.sample_graph, fit.button);
  }
  shadow.append(element("style", {}, style), element("main", {},
    element("header", {}, title, languages), controls.bar, element("div", { class: "panels" }, ...panels), bars));

  function relabel({ nodes, partials }) {
    nodes.forEach(([data, grad], i) => {
      const group = graph.querySelector(`#${reel.nodes[i]}`);
      if (data !== null) write(group, ".data", Number(data));
      write(group, ".grad", grad === null ? null : Number(grad));
    });
    partials.forEach((partial, i) => {
      if (partial !== null) writeOnPlate(graph.querySelector(`#${reel.edges[i]}`), Number(partial));
    });
  }

  function show(position) {
    frame = position;
    const now = reel.frames[frame], [x, y] = reel.marks[frame];
    controls.counter.textContent = `${word("unit", reel.unit)} ${now.iteration}`;
    here.setAttribute("cx", x);
    here.setAttribute("cy", y);
    numbers.replaceChildren(...Object.entries(now.curves).map(([name, value]) => element("span", {},
      `${word("curve", name)} `, element("data", { value: String(value), class: name }, shown(Number(value))))));
    plane?.show(now.grid);
    for (const histogram of [...gradients, ...activations]) histogram.show(frame, say);
    if (graphImage) relabel(now);
  }

  function translate() {
    title.textContent = say("film_title");
    for (const [key, heading] of Object.entries(headings)) heading.textContent = say(key);
    chart.querySelector(".unit").textContent = word("unit", reel.unit);
    chart.querySelectorAll(".curve_name").forEach((one, i) => {
      one.textContent = reel.strings[language][`curve_${reel.names[i]}`] ?? one.textContent; // clipped, if it is long
    });
    for (const [drawn, key] of [[chart, "loss_curve"], [graph, "sample_graph"]]) {
      drawn.firstChild?.setAttribute("aria-label", say(key));
      drawn.querySelector("title")?.remove();
    }
    translateDrawing(graph, reel.strings, language);
    fit.button.textContent = say("fit");
    plane?.translate(say);
    if (host.hasAttribute("data-page")) Object.assign(document, { title: say("film_title") }).documentElement.lang = language;
    controls.translate(say);
    bars.textContent = gradients.length + activations.length ? say("bars") : "";
  }

  translate();
  controls.go(reel.frames.length - 1);
}
