// One step in words and numbers: how a node is computed, or what flows along one edge and why it is so much.

const MOST_NOTED = 6; // local derivatives that a forward step writes out

class Panel {
  constructor(sheet, numbers, say) {
    Object.assign(this, { sheet, numbers, say });
    this.box = element("section", { class: "panel", "aria-live": "polite" });
  }

  show(step) {
    const [sentence, rows] = step.phase === "forward" ? this.computing(step) : step.node === undefined ? this.starting() : this.flowing(step);
    const heading = element("h2", { class: step.phase }, this.say(step.phase));
    this.box.replaceChildren(element("header", {}, heading, element("p", {}, sentence)), element("dl", {}, ...rows.flat()));
  }

  remark(sentence) { // besides, until the next step
    this.box.querySelector("header p").append(` ${sentence}`);
  }

  name(index) {
    return this.sheet.nodes[index].name;
  }

  taken(node, operand) { // how many times
    return this.sheet.nodes[node].args.filter((arg) => Array.isArray(arg) && arg[0] === operand).length;
  }

  slope(node, edge, operand) { // of an operand taken twice there are two
    return `∂${this.name(node)}/∂${this.name(operand)}${this.taken(node, operand) > 1 ? `#${edge + 1}` : ""}`;
  }

  line(role, formula, note = "") { // the word for it, the formula and its number, what it means
    const label = element("dt", { class: role }, this.say(role, { root: this.name(this.sheet.root) }));
    return [label, element("dd", { class: role }, element("span", {}, ...formula), ...note ? [element("small", {}, note)] : [])];
  }

  computing({ node }) {
    const operands = this.sheet.nodes[node].args.flatMap((arg, edge) => Array.isArray(arg) ? [[edge, arg[0]]] : []);
    const noted = operands.slice(0, MOST_NOTED).map(([edge, x]) => element("span", {}, ...this.derivative(node, edge, x)));
    const more = operands.length > MOST_NOTED ? ["…"] : [], z = this.name(node);
    return [this.say("compute", { z }), [
      this.operation(node),
      this.line("noted", [...noted, ...more], this.say("noted_note")),
    ]];
  }

  starting() {
    const root = this.name(this.sheet.root);
    return [this.say(this.sheet.flows.length ? "start" : "unused"),
      [this.line("gradient", [`∂${root}/∂${root} = `, number(1, "value")], this.say("start_note"))]];
  }

  flowing({ node, edge, operand, local, upstream, contribution, before, after, count }) {
    const z = this.name(node), x = this.name(operand), root = this.name(this.sheet.root), n = this.numbers.expected[operand];
    const twins = this.taken(node, operand) > 1;
    const truth = this.sheet.templates[this.sheet.nodes[node].template].partials[edge].includes("[") ? `; ${this.say("truth")}` : "";
    const tally = this.say("sum_note", { x, k: count, n }), verdict = this.say(count === n ? "finished" : "waiting", { x, m: n - count });
    return [this.say(twins ? "edge_of" : "edge", { z, x, k: edge + 1 }), [
      this.operation(node),
      this.line("local", this.derivative(node, edge, operand), this.say(twins ? "local_note_of" : "local_note", { z, x }) + truth),
      this.line("upstream", [`∂${root}/∂${z} = `, number(upstream, "value")], this.say("upstream_note", { z, root })),
      this.line("contribution", equation([`∂${root}/∂${z} · ${this.slope(node, edge, operand)}`, `${inside(upstream)} · ${inside(local)}`],
        () => rounded(upstream) * rounded(local), contribution), this.say("contribution_note")),
      this.line("sum", equation([`∂${root}/∂${x}`, `${shown(before)} + ${inside(contribution)}`],
        () => rounded(before) + rounded(contribution), after), `${tally} ${verdict}`),
    ]];
  }

  operation(node) {
    const { row, template } = this.sheet.nodes[node], told = () => O[row](...this.read(node));
    const parts = [this.name(node), ...this.worked(node, this.sheet.templates[template].result)];
    return this.line("operation", equation(parts, told, this.numbers.data[node]));
  }

  derivative(node, edge, operand) {
    const { row, template } = this.sheet.nodes[node], told = () => P[row](...this.read(node), rounded(this.numbers.data[node]))[edge];
    const parts = [this.slope(node, edge, operand), ...this.worked(node, this.sheet.templates[template].partials[edge])];
    return equation(parts, told, this.numbers.partials[node][edge]);
  }

  read(node) { // the operands as a reader reads them
    return this.numbers.operands(this.sheet.nodes[node]).map(rounded);
  }

  worked(node, template) { // a formula in names and in numbers
    const names = { z: this.name(node) }, values = { z: inside(this.numbers.data[node]) };
    this.numbers.operands(this.sheet.nodes[node]).forEach((value, i) => {
      const arg = this.sheet.nodes[node].args[i];
      names[i] = Array.isArray(arg) ? this.name(arg[0]) : inside(value);
      values[i] = inside(value);
    });
    return [names, values].map((texts) => `(${fill(minus(template), texts)})`
      .replace(/(?<=[(\[,])( ?)\((−[^()]*)\)(?=[),]| [<>=≤≥])/g, "$1$2").slice(1, -1)); // cos((−2))
  }
}

function equation([name, formula, worked = formula], told, result) { // name = formula = in numbers = number; what is equal once
  const parts = [name, ...new Set([formula, worked])].filter((part) => part && part !== shown(result));
  return [`${parts.join(" = ")} ${parts.includes(worked) ? relation(told, result) : "="} `, number(result, "value")];
}
