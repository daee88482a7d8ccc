// Every number of the sheet, from the leaves up: the engine's forward pass, its local derivatives, its backward sums.

class Numbers {
  constructor(sheet) {
    this.sheet = sheet;
    this.forward = sheet.computed.length; // steps 0 to forward - 1; then the start of the backward pass, and its edges
    this.last = this.forward + sheet.flows.length;
    this.place = new Map(sheet.computed.map((node, step) => [node, step]));
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
    this.expected = counts;
  }

  // ------------------------------------------------------------------------------------------------- step by step

  step(position) { // a forward step has no operand, the start of the backward pass no node
    if (position < this.forward) return { phase: "forward", node: this.sheet.computed[position] };
    if (position === this.forward) return { phase: "backward", operand: this.sheet.root };
    return { phase: "backward", ...this.flows[position - this.forward - 1] };
  }

  finishedAt(node) { // the step that completes the gradient of a node
    return this.forward + 1 + this.flows.findLastIndex((flow) => flow.operand === node); // -1, the root: the start
  }

  knownAt(position) { // what a reader has been shown: each node's number, and its gradient so far with its contributions
    const data = this.data.map((x, node) => (this.place.get(node) ?? 0) <= position ? x : null);
    const gradients = data.map(() => null), counts = data.map(() => 0);
    if (position >= this.forward) gradients[this.sheet.root] = counts[this.sheet.root] = 1;
    for (const flow of this.flows.slice(0, Math.max(0, position - this.forward))) {
      gradients[flow.operand] = flow.after;
      counts[flow.operand] = flow.count;
    }
    const finished = counts.map((count, node) => count > 0 && count === Math.max(1, this.expected[node]));
    return { data, gradients, finished };
  }
}
