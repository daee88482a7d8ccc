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

// What the model answers on a plane of 100 by 100 units, and the samples on it.
class Plane {
  constructor(reel) {
    const grid = reel.frames.find((frame) => frame.grid.length).grid, [left, right, bottom, top] = reel.bounds;
    const wide = 100 / grid[0].length, tall = 100 / grid.length;
    this.svg = shape("svg", { viewBox: "0 0 100 100", class: "plane", role: "img" });
    this.cells = grid.flatMap((row, i) => row.map((_, j) =>
      shape("rect", { x: j * wide, y: i * tall, width: wide, height: tall, "shape-rendering": "crispEdges" })));
    this.svg.append(...this.cells);
    for (const [x, y, kind] of reel.points) {
      this.svg.append(marker((x - left) / (right - left) * 100, (top - y) / (top - bottom) * 100, kind));
    }
  }

  show(grid) {
    grid.flat().forEach((answer, i) => {
      const kind = Math.floor(answer);
      this.cells[i].setAttribute("class", `k${kind % 8}`);
      this.cells[i].style.opacity = 0.08 + 0.6 * (answer - kind);
    });
  }
}

// One layer's numbers, in bins that keep their place through the film.
class Histogram {
  constructor(layer) {
    this.layer = layer;
    const bins = layer.counts[0].length, zero = (0 - layer.low) / (layer.high - layer.low) * 240;
    const drawn = shape("svg", { viewBox: "0 0 240 60", class: "histogram", role: "img", preserveAspectRatio: "none" });
    if (zero >= 0 && zero <= 240) drawn.append(shape("line", { class: "zero", x1: zero, x2: zero, y1: 0, y2: 60 }));
    this.bars = Array.from({ length: bins }, (_, i) => shape("rect", { x: i * 240 / bins + 0.5, width: 240 / bins - 1 }));
    drawn.append(...this.bars);
    const ends = element("p", { class: "ends" }, element("span", {}, shown4(layer.low)), element("span", {}, shown4(layer.high)));
    this.box = element("figure", {}, element("figcaption", {}, layer.layer), drawn, ends);
  }

  show(frame) {
    this.layer.counts[frame].forEach((count, i) => {
      const height = 58 * Math.sqrt(count / (this.layer.most || 1)); // a root, so that single numbers stay visible
      this.bars[i].setAttribute("y", 60 - height);
      this.bars[i].setAttribute("height", height);
    });
  }
}

function shown4(x) {
  return shown(x, 3);
}

function start(host, reel, style) {
  const shadow = host.attachShadow({ mode: "open" }), [chartImage, graphImage] = host.querySelectorAll("img");
  let language = reel.language, frame = 0;
  const say = (key, values = {}) => fill(reel.strings[language][key], values);
  const unit = () => reel.strings[language][`unit_${reel.unit}`] ?? reel.unit;
  const controls = new Controls(host, reel.frames.length - 1, 250, show);
  const languages = languageChoice(reel.strings, language, (chosen) => {
    language = chosen;
    translate();
    controls.go(frame);
  });
  const title = element("h1"), numbers = element("p", { class: "numbers" }), headings = {};

  const panel = (key, ...content) => {
    headings[key] = element("h2");
    return element("section", { class: `panel ${key}` }, headings[key], ...content);
  };
  const chart = element("div", { class: "chart" }), graph = element("div", { class: "drawing" });
  chart.innerHTML = drawingOf(chartImage);
  const here = chart.querySelector(".here");
  const plane = reel.frames.some((one) => one.grid.length) ? new Plane(reel) : null;
  const gradients = reel.gradients.map((layer) => new Histogram(layer));
  const activations = reel.activations.map((layer) => new Histogram(layer));
  const panels = [panel("loss_curve", chart, numbers)], bars = element("p", { class: "hint" });
  if (plane) panels.push(panel("answers", plane.svg));
  if (gradients.length) panels.push(panel("gradients", ...gradients.map((one) => one.box)));
  if (activations.length) panels.push(panel("activations", ...activations.map((one) => one.box)));
  if (graphImage) {
    graph.innerHTML = drawingOf(graphImage);
    panels.push(panel("sample_graph", graph));
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
    controls.counter.textContent = `${unit()} ${now.iteration}`;
    here.setAttribute("cx", x);
    here.setAttribute("cy", y);
    numbers.replaceChildren(...Object.entries(now.curves).flatMap(([name, value]) =>
      [`${name} `, element("data", { value: String(value), class: name }, shown(Number(value))), "  "]));
    plane?.show(now.grid);
    for (const histogram of [...gradients, ...activations]) histogram.show(frame);
    if (graphImage) relabel(now);
  }

  function translate() {
    title.textContent = say("film_title");
    for (const [key, heading] of Object.entries(headings)) heading.textContent = say(key);
    if (host.hasAttribute("data-page")) document.documentElement.lang = language;
    controls.translate(say);
    bars.textContent = gradients.length + activations.length ? say("bars") : "";
  }

  translate();
  controls.go(reel.frames.length - 1);
  graph.scrollTop = (graph.scrollHeight - graph.clientHeight) / 2;
}
