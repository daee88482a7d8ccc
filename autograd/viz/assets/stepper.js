// The sheet of a Stepper: the drawing with its moving highlight, one step in words and numbers, all numbers, what if.

function start(host, sheet, style) {
  const shadow = host.attachShadow({ mode: "open" }), numbers = new Numbers(sheet);
  let language = sheet.language, position = 0, ends = []; // the two boxes of the step on show
  const name = (index) => sheet.nodes[index].name;
  const say = (key, values = {}) => fill(sheet.strings[language][key], { root: name(sheet.root), ...values });

  const picture = element("div", { class: "drawing", tabindex: "-1" });
  picture.innerHTML = drawingOf(host.querySelector("img"));
  const svg = picture.querySelector("svg"), part = (id) => svg.querySelector(`#${id}`);
  picture.style.setProperty("--tall", `${svg.getAttribute("height")}px`);
  const panel = new Panel(sheet, numbers, say);
  const controls = new Controls(host, numbers.last, 1200, show), go = (step) => controls.go(step);
  const fit = new Fit(picture, follow);
  const title = element("h1"), keys = element("p", { class: "hint" }), table = element("table");
  const whatIf = element("p"), reset = element("button", { type: "button", class: "reset" });
  const answer = element("p", { role: "status" });
  let answering = () => ["", ""]; // what became of the latest what-if: a class and a sentence
  const languages = languageChoice(sheet.strings, language, (chosen) => {
    language = chosen;
    translate();
    go(position);
  });
  controls.slider.before(fit.button);
  shadow.append(
    element("style", {}, style),
    element("main", {},
      element("header", {}, title, languages),
      element("div", { class: "columns" },
        element("div", { class: "stage" }, element("div", { class: "frame" }, picture), controls.bar),
        element("div", { class: "step" }, panel.box, keys),
        element("section", { class: "sheet" }, element("div", { class: "what-if" }, whatIf, reset), answer, table))));

  // ------------------------------------------------------------------------------------------------- what is shown

  function show(place) {
    position = place;
    const step = numbers.step(position), known = numbers.knownAt(position);
    controls.counter.textContent = say("step", { i: position + 1, n: numbers.last + 1 });
    panel.show(step);
    fillTable(step, known);
    sheet.nodes.forEach((node, index) => relabel(index, known));
    mark(step, known);
  }

  function fillTable(step, { data, gradients }) {
    for (const row of table.querySelectorAll("tr[data-node]")) {
      const index = Number(row.dataset.node), field = row.querySelector("input");
      if (field) settle(field, data[index]);
      else row.querySelector(".data").replaceChildren(cell(data[index]));
      row.querySelector(".gradient").replaceChildren(cell(gradients[index]));
      row.classList.toggle("current", [step.node, step.operand].includes(index));
    }
  }

  function cell(x) {
    return x === null ? element("span", { class: "unknown" }, say("unknown")) : number(x, "value");
  }

  function relabel(index, { data, gradients }) { // the numbers in the drawing, and the tooltips, with all digits
    const node = sheet.nodes[index], group = part(node.id), op = node.row.split("/")[0];
    write(group, ".data", data[index]);
    write(group, ".grad", gradients[index]);
    retitle(group, [`${say(group.classList[1])} ${name(index)}${op && ` = ${op}`}`,
      `${say("box_data")} ${data[index] ?? "?"}`, `${say("box_grad")} ${gradients[index] ?? "?"}`]);
    node.edges.forEach((id, edge) => {
      const x = node.args[edge], slope = () => `${panel.slope(index, edge, x[0])} = ${numbers.partials[index][edge]}`;
      part(id).classList.toggle("dim", data[index] === null);
      writeOnPlate(part(id), numbers.partials[index][edge]);
      if (Array.isArray(x)) retitle(part(id), data[index] === null ? [] : [slope()]);
      else retitle(part(id), [say("constant_edge", { c: shown(Number(x)), k: edge + 1, z: name(index) })]);
    });
  }

  function retitle(group, lines) {
    group.querySelector("title").textContent = lines.join("\n");
  }

  function mark(step, { data, finished }) { // the classes that the drawing's own style knows are `dim` and `now`
    const to = step.phase === "forward" ? step.node : step.operand;
    sheet.nodes.forEach((node, index) => {
      const classes = part(node.id).classList;
      classes.toggle("dim", data[index] === null);
      classes.toggle("giving", step.phase === "backward" && step.node === index);
      classes.toggle("now", to === index);
      classes.toggle("finished", finished[index]);
    });
    for (const edge of svg.querySelectorAll(".edge.now")) edge.classList.remove("now");
    const edges = step.node === undefined ? [] : sheet.nodes[step.node].edges;
    for (const id of step.phase === "forward" ? edges : edges.slice(step.edge, step.edge + 1)) part(id).classList.add("now");
    ends = [to, step.node ?? to].map((index) => part(sheet.nodes[index].id));
    follow();
  }

  function follow() { // keep both ends of the edge in sight, or the receiver, without moving the page
    const [receiver, giver] = ends;
    const box = picture.getBoundingClientRect(), to = receiver.getBoundingClientRect(), from = giver.getBoundingClientRect();
    for (const [start, end, size, scroll] of [["left", "right", box.width, "scrollLeft"], ["top", "bottom", box.height, "scrollTop"]]) {
      let low = Math.min(to[start], from[start]), high = Math.max(to[end], from[end]);
      if (high - low > size - 20) [low, high] = [to[start], to[end]];
      if (low < box[start] + 10 || high > box[end] - 10) picture[scroll] += (low + high - box[start] - box[end]) / 2;
    }
  }

  // ------------------------------------------------------------------------------------------ the words around it

  function translate() {
    title.textContent = say("title");
    keys.textContent = say("keys");
    picture.ariaLabel = say("drawing");
    controls.translate(say);
    fit.button.textContent = say("fit");
    whatIf.textContent = sheet.unknown ? say("no_javascript", { op: sheet.unknown }) : say("what_if");
    reset.textContent = say("reset");
    reset.hidden = Boolean(sheet.unknown);
    translateDrawing(svg, sheet.strings, language);
    svg.querySelector("title").textContent = say("drawing");
    for (const one of svg.querySelectorAll(".node.constant")) retitle(one, [`${say("constant")} ${one.querySelector(".data").textContent}`]);
    tell();
    if (host.hasAttribute("data-page")) Object.assign(document, { title: say("title") }).documentElement.lang = language;
    table.tHead?.remove();
    const columns = ["name", "made", "data", "gradient"].map((key) => element("th", { scope: "col" }, say(key)));
    table.createTHead().append(element("tr", {}, ...columns));
  }

  function buildTable() {
    const body = table.createTBody();
    const leaves = sheet.nodes.map((node, index) => index).filter((index) => sheet.nodes[index].row === "");
    for (const index of [...leaves, ...sheet.computed]) {
      const node = sheet.nodes[index], data = element("td", { class: "data" });
      if (node.row === "" && !sheet.unknown) data.append(leafField(index));
      const made = node.row === "" ? node.scope.replaceAll("/", "/\u200b") : panel.worked(index, sheet.templates[node.template].result)[0];
      const jump = element("button", { type: "button" }, node.name);
      jump.onclick = () => go(numbers.finishedAt(index));
      body.append(element("tr", { "data-node": index }, element("th", { scope: "row" }, jump),
        element("td", { class: "made" }, made), data, element("td", { class: "gradient" })));
    }
  }

  // ------------------------------------------------------------------------------------------------------- what if

  function leafField(index) {
    const field = element("input", { type: "text", inputmode: "decimal", size: "9", spellcheck: "false", "aria-label": name(index) });
    field.onfocus = () => {
      if (field.ariaInvalid !== "true") field.value = field.title;
      field.select();
    };
    field.onblur = () => settle(field, numbers.data[index]);
    field.onkeydown = (event) => {
      if (event.key === "Escape") giveUp(field);
    };
    field.onchange = () => { // at Enter, and when the field is left
      const wrong = whatIsWrong(field.value), text = beginning(field.value.trim());
      field.ariaInvalid = String(wrong !== null);
      if (wrong === null) change(index, numberIn(field.value));
      else tell(() => ["problem", say(wrong, { x: name(index), text })]);
    };
    return field;
  }

  function giveUp(field) { // what was typed, for the value that still holds
    if (field.ariaInvalid === "true") tell(() => ["", ""]);
    field.ariaInvalid = "false";
    const { onchange } = field; // leaving the field would apply it
    Object.assign(field, { value: field.title, onchange: null }).blur();
    field.onchange = onchange;
  }

  function settle(field, x) { // as short as the numbers around it, unless it is being edited; all digits under the mouse
    field.title = String(x);
    if (field.ariaInvalid === "true" || field === shadow.activeElement || field.value === shown(x)) return;
    field.value = shown(x);
    narrow(field);
  }

  function narrow(field) { // a number cut at its exponent would be another number
    field.style.fontSize = "";
    let size = parseFloat(getComputedStyle(field).fontSize); // step by step, since letters have whole pixels
    while (field.scrollWidth > field.clientWidth && size > 6) field.style.fontSize = `${size -= 0.5}px`;
  }

  function change(leaf, value) {
    const before = Number(sheet.nodes[sheet.root].data);
    numbers.change(leaf, value);
    tell(() => ["outcome", say("outcome", { now: shown(numbers.data[sheet.root]), before: shown(before) })]);
    go(position);
  }

  function tell(what = answering) {
    answering = what;
    [answer.className, answer.textContent] = what();
  }

  reset.onclick = () => {
    numbers.restore();
    tell(() => ["", ""]);
    for (const field of table.querySelectorAll("input")) field.ariaInvalid = "false";
    go(position);
  };

  // ------------------------------------------------------------------------------------------------- what it hears

  sheet.nodes.forEach((node, index) => part(node.id).addEventListener("click", () => go(numbers.finishedAt(index))));
  numbers.flows.forEach(({ node, edge }, index) => {
    const drawn = part(sheet.nodes[node].edges[edge]), reach = drawn.querySelector(".line").cloneNode();
    reach.setAttribute("class", "reach"); // a wider line, unseen and below all others, that a finger can hit
    drawn.parentNode.prepend(reach);
    for (const one of [drawn, reach]) one.addEventListener("click", () => go(numbers.forward + 1 + index));
  });
  sheet.nodes.forEach((node, index) => node.args.forEach((arg, edge) => {
    if (!Array.isArray(arg)) for (const id of [node.edges[edge], node.tails[edge]]) part(id).addEventListener("click", () => {
      go(numbers.place.get(index));
      panel.remark(say("constant_flow", { c: shown(Number(arg)), k: edge + 1, z: name(index) }));
    });
  }));
  buildTable();
  translate();
  go(0);
  new ResizeObserver(() => table.querySelectorAll("input").forEach(narrow)).observe(table);
}
