// The sheet of a Stepper: the drawing with its moving highlight, one step in words and numbers, all numbers, what if.

// Every number of the sheet, from the leaves up: the engine's forward pass, its local derivatives, its backward sums.
class Numbers {
  constructor(sheet) {
    this.sheet = sheet;
    this.restore();
  }

  restore() { // what the engine itself computed
    this.data = this.sheet.nodes.map((node) => Number(node.data));
    this.partials = this.sheet.nodes.map((node) => node.partials.map(Number));
    this.backpropagate();
  }

  operands(node) { // a node among the operands is written [its number], a constant as itself
    return node.args.map((arg) => Array.isArray(arg) ? this.data[arg[0]] : Number(arg));
  }

  change(leaf, value) {
    this.data[leaf] = value;
    for (const index of this.sheet.computed) {
      const node = this.sheet.nodes[index], operands = this.operands(node);
      this.data[index] = O[node.row](...operands);
      this.partials[index] = P[node.row](...operands, this.data[index]);
    }
    this.backpropagate();
  }

  backpropagate() {
    const gradients = this.sheet.nodes.map(() => 0), counts = this.sheet.nodes.map(() => 0);
    gradients[this.sheet.root] = 1;
    this.flows = this.sheet.flows.map(([node, edge]) => {
      const operand = this.sheet.nodes[node].args[edge][0], local = this.partials[node][edge];
      const upstream = gradients[node], contribution = upstream * local, before = gradients[operand];
      gradients[operand] = before + contribution;
      return { node, edge, operand, local, upstream, contribution, before, after: gradients[operand], count: ++counts[operand] };
    });
    this.gradients = gradients;
    this.expected = counts;
  }
}

function start(host, sheet, style) {
  const shadow = host.attachShadow({ mode: "open" });
  const numbers = new Numbers(sheet), forward = sheet.computed.length, last = forward + sheet.flows.length;
  let language = sheet.language, position = 0;
  const say = (key, values = {}) => fill(sheet.strings[language][key], { root: name(sheet.root), ...values });
  const name = (index) => sheet.nodes[index].name;

  const drawing = element("div", { class: "drawing", tabindex: "-1" });
  drawing.innerHTML = drawingOf(host.querySelector("img"));
  const svg = drawing.querySelector("svg");
  const part = (id) => svg.querySelector(`#${id}`);
  const panel = element("section", { class: "panel", "aria-live": "polite" });
  const controls = new Controls(host, last, 1200, show), go = (step) => controls.go(step);
  const fit = element("button", { type: "button", class: "fit", "aria-pressed": "false" });
  const title = element("h1"), keys = element("p", { class: "hint" }), table = element("table"), whatIf = element("p");
  const reset = element("button", { type: "button", class: "reset" }), problem = element("p", { class: "problem", role: "alert" });
  const languages = languageChoice(sheet.strings, language, (chosen) => {
    language = chosen;
    translate();
    go(position);
  });
  controls.bar.append(fit);
  shadow.append(
    element("style", {}, style),
    element("main", {},
      element("header", {}, title, languages),
      drawing,
      controls.bar,
      element("div", { class: "columns" },
        element("div", {}, panel, keys),
        element("section", { class: "sheet" }, element("div", { class: "what-if" }, whatIf, reset), problem, table))));

  // ------------------------------------------------------------------------------------------------ where we are

  const at = () => position < forward ? { phase: "forward", node: sheet.computed[position] }
    : position === forward ? { phase: "backward", operand: sheet.root }
    : { phase: "backward", ...numbers.flows[position - forward - 1] };

  function finishedAt(node) { // the step that completes the gradient of a node
    const flow = numbers.flows.findLastIndex((one) => one.operand === node);
    return forward + 1 + flow; // -1, the root: the start
  }

  function reached() { // how many contributions each node has, and their sum
    const counts = sheet.nodes.map(() => 0), sums = sheet.nodes.map(() => 0);
    if (position >= forward) counts[sheet.root] = sums[sheet.root] = 1;
    for (const flow of numbers.flows.slice(0, Math.max(0, position - forward))) {
      counts[flow.operand] = flow.count;
      sums[flow.operand] = flow.after;
    }
    return { counts, sums };
  }

  // ------------------------------------------------------------------------------------------------- what is shown

  function line(label, role, ...content) {
    return [element("dt", { class: role }, label), element("dd", { class: role }, ...content)];
  }

  function joined(parts, between) { // equal neighbours once: 3 = 3 says nothing
    return parts.filter((text, i) => text !== parts[i - 1]).join(between);
  }

  function worked(node, template) { // a formula in names and in numbers
    const names = {}, values = { z: inside(numbers.data[node]) };
    numbers.operands(sheet.nodes[node]).forEach((value, i) => {
      const arg = sheet.nodes[node].args[i];
      names[i] = Array.isArray(arg) ? name(arg[0]) : inside(value);
      values[i] = inside(value);
    });
    names.z = name(node);
    const spelled = minus(template);
    return [fill(spelled, names), fill(spelled, values)].map((text) =>
      `(${text})`.replace(/(?<=[(\[,])( ?)\((−[^()]*)\)(?=[),]| [<>=≤≥])/g, "$1$2").slice(1, -1)); // cos((−2))
  }

  function operation(node) {
    const [formula, figures] = worked(node, sheet.templates[sheet.nodes[node].template].result);
    return line(say("operation", { z: name(node) }), "result",
      `${name(node)} = ${formula} = ${figures} = `, number(numbers.data[node], "value"));
  }

  function explainForward({ node }) {
    panel.append(element("p", {}, say("compute", { z: name(node) })), element("dl", {}, ...operation(node)));
  }

  function explainEdge({ node, edge, operand, local, upstream, contribution, before, after, count }) {
    const z = name(node), x = name(operand), root = name(sheet.root), n = numbers.expected[operand];
    const twins = sheet.nodes[node].args.filter((arg) => Array.isArray(arg) && arg[0] === operand).length;
    const { partials } = sheet.templates[sheet.nodes[node].template];
    const told = joined(worked(node, partials[edge]).filter((text) => text && text !== shown(local)), " = ");
    const truth = told.includes("[") ? [element("small", {}, say("truth"))] : [];
    panel.append(
      element("p", {}, say(twins > 1 ? "edge_of" : "edge", { z, x, k: edge + 1 })),
      element("dl", {},
        ...operation(node),
        ...line(say("local", { z, x }), "local", `∂${z}/∂${x} = ${told}${told && " = "}`, number(local, "value"), ...truth),
        ...line(say("upstream", { z, x }), "upstream", `∂${root}/∂${z} = `, number(upstream, "value")),
        ...line(say("contribution", { z, x }), "contribution",
          `∂${root}/∂${z} · ∂${z}/∂${x} = ${inside(upstream)} · ${inside(local)} = `, number(contribution, "value")),
        ...line(say("sum", { x, k: count, n }), "sum", `∂${root}/∂${x} = ${shown(before)} + ${inside(contribution)} = `, number(after, "value"))),
      element("p", { class: "verdict" }, say(count === n ? "finished" : "waiting", { x, m: n - count })));
  }

  function explainStart() {
    const root = name(sheet.root);
    panel.append(element("p", {}, say(sheet.flows.length ? "start" : "unused")), element("dl", {},
      ...line(`∂${root}/∂${root}`, "sum", `∂${root}/∂${root} = `, number(1, "value"))));
  }

  function mark(step, counts) { // the classes that the drawing's own style knows are `dim` and `now`
    const computed = new Set(sheet.computed.slice(0, position + 1));
    const to = step.phase === "forward" ? step.node : step.operand;
    sheet.nodes.forEach((node, index) => {
      const classes = part(node.id).classList;
      classes.toggle("dim", node.row !== "" && !computed.has(index));
      classes.toggle("giving", step.phase === "backward" && step.node === index);
      classes.toggle("now", to === index);
      classes.toggle("finished", counts[index] > 0 && counts[index] === Math.max(1, numbers.expected[index]));
    });
    for (const edge of svg.querySelectorAll(".edge.now")) edge.classList.remove("now");
    const edges = step.node === undefined ? [] : sheet.nodes[step.node].edges;
    for (const id of step.phase === "forward" ? edges : edges.slice(step.edge, step.edge + 1)) part(id).classList.add("now");
    follow([to, step.node ?? to].map((index) => part(sheet.nodes[index].id)));
  }

  function follow([receiver, giver]) { // keep both ends of the edge in sight, or the receiver, without moving the page
    const box = drawing.getBoundingClientRect(), to = receiver.getBoundingClientRect(), from = giver.getBoundingClientRect();
    for (const [start, end, size, scroll] of [["left", "right", box.width, "scrollLeft"], ["top", "bottom", box.height, "scrollTop"]]) {
      let low = Math.min(to[start], from[start]), high = Math.max(to[end], from[end]);
      if (high - low > size - 20) [low, high] = [to[start], to[end]];
      if (low < box[start] + 10 || high > box[end] - 10) drawing[scroll] += (low + high - box[start] - box[end]) / 2;
    }
  }

  function fillTable(counts, sums) {
    for (const row of table.querySelectorAll("tr[data-node]")) {
      const index = Number(row.dataset.node), [data, gradient] = [".data", ".gradient"].map((cell) => row.querySelector(cell));
      if (!data.firstElementChild?.matches("input")) data.replaceChildren(number(numbers.data[index], "value"));
      gradient.replaceChildren(counts[index] ? number(sums[index], "value") : element("span", { class: "unknown" }, say("unknown")));
      row.classList.toggle("current", [at().node, at().operand].includes(index));
      relabel(index, counts[index] ? sums[index] : null);
    }
  }

  function relabel(index, gradient) { // the numbers in the drawing
    const node = sheet.nodes[index], group = part(node.id);
    write(group, ".data", numbers.data[index]);
    write(group, ".grad", gradient);
    group.querySelector(".grad").classList.toggle("unknown", gradient === null);
    retitle(group, [group.querySelector("title").textContent.split("\n")[0], `data ${numbers.data[index]}`, `grad ${gradient ?? "?"}`]);
    node.edges.forEach((id, edge) => {
      const arg = node.args[edge], x = Array.isArray(arg) ? name(arg[0]) : arg, local = numbers.partials[index][edge];
      writeOnPlate(part(id), local);
      retitle(part(id), [`∂${name(index)}/∂${x} = ${local}`]);
    });
  }

  function retitle(group, lines) { // the tooltip, with all digits
    group.querySelector("title").textContent = lines.join("\n");
  }

  function show(place) {
    position = place;
    const step = at(), { counts, sums } = reached();
    controls.counter.textContent = say("step", { i: position + 1, n: last + 1 });
    panel.replaceChildren(element("h2", { class: step.phase }, say(step.phase)));
    if (step.phase === "forward") explainForward(step);
    else if (step.node === undefined) explainStart();
    else explainEdge(step);
    fillTable(counts, sums);
    mark(step, counts);
  }

  // ------------------------------------------------------------------------------------------ the words around it

  function translate() {
    title.textContent = say("title");
    keys.textContent = say("keys");
    drawing.ariaLabel = say("drawing");
    controls.translate(say);
    fit.textContent = say("fit");
    whatIf.textContent = sheet.unknown ? say("no_javascript", { op: sheet.unknown }) : say("what_if");
    reset.textContent = say("reset");
    reset.hidden = Boolean(sheet.unknown);
    if (host.hasAttribute("data-page")) document.documentElement.lang = language;
    table.tHead?.remove();
    table.createTHead().append(element("tr", {}, ...["name", "made", "data", "gradient"].map((key) => element("th", { scope: "col" }, say(key)))));
  }

  function buildTable() {
    const body = table.createTBody();
    const leaves = sheet.nodes.map((node, index) => index).filter((index) => sheet.nodes[index].row === "");
    for (const index of [...leaves, ...sheet.computed]) {
      const node = sheet.nodes[index], data = element("td", { class: "data" });
      if (node.row === "" && !sheet.unknown) data.append(leafField(index));
      const made = node.row === "" ? node.scope : worked(index, sheet.templates[node.template].result)[0];
      const row = element("tr", { "data-node": index }, element("th", { scope: "row" }, node.name),
        element("td", { class: "made" }, made), data, element("td", { class: "gradient" }));
      row.querySelector("th").addEventListener("click", () => go(finishedAt(index)));
      body.append(row);
    }
  }

  function leafField(index) {
    const field = element("input", { type: "text", inputmode: "decimal", size: "9", spellcheck: "false", "aria-label": name(index), value: String(numbers.data[index]) });
    field.addEventListener("input", () => {
      const value = numberIn(field.value), fine = value !== null;
      field.classList.toggle("wrong", !fine);
      problem.textContent = fine ? "" : field.value.trim() ? say("not_a_number", { text: field.value }) : say("empty", { x: name(index) });
      if (fine) {
        numbers.change(index, value);
        go(position);
      }
    });
    return field;
  }

  // ------------------------------------------------------------------------------------------------- what it hears

  fit.onclick = () => {
    fit.ariaPressed = String(drawing.classList.toggle("fit"));
    go(position);
  };
  reset.onclick = () => {
    numbers.restore();
    problem.textContent = "";
    for (const field of table.querySelectorAll("input")) {
      field.value = String(numbers.data[Number(field.closest("tr").dataset.node)]);
      field.classList.remove("wrong");
    }
    go(position);
  };
  sheet.nodes.forEach((node, index) => part(node.id).addEventListener("click", () => go(finishedAt(index))));
  numbers.flows.forEach(({ node, edge }, index) => part(sheet.nodes[node].edges[edge]).addEventListener("click", () => go(forward + 1 + index)));
  buildTable();
  translate();
  go(0);
}
