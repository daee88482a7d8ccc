// What every page needs: numbers as readers see them, elements, the controls of a sequence.

function shown(x, digits = 6) { // as Python's `figure`: significant digits
  if (!Number.isFinite(x)) return x !== x ? "nan" : x > 0 ? "∞" : "−∞";
  const rounded = Number(x.toPrecision(digits)), size = Math.abs(rounded);
  const decimal = size === 0 || (size >= 1e-4 && size < 10 ** digits);
  return (decimal ? String(rounded) : rounded.toExponential()).replace("e+", "e").replace(/-/g, "−");
}

const short = shown;

function inside(x) { // a negative number in a formula stands in parentheses
  const text = shown(x);
  return text[0] === "−" ? `(${text})` : text;
}

function numberIn(typed) { // what a reader types, or copies from the page: decimal, infinite or nan; null otherwise
  const text = typed.trim().replace(/−/g, "-").replace(/^([+-]?)(inf|infinity|∞)$/i, "$1Infinity");
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?(Infinity|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i.test(text) ? Number(text) : null;
}

function minus(text) {
  return text.replace(/-/g, "−");
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole);
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function number(x, role) { // short for the reader, complete in `value` and in the tooltip
  return element("data", { value: String(x), title: String(x), class: role }, shown(x));
}

const KEYS = { ArrowRight: "next", ArrowLeft: "previous", Home: "first", End: "last", " ": "play" };

// First, previous, play, next, last, a slider, and the keys for them, over positions 0 to `last`; `show(position)` draws.
class Controls {
  constructor(host, last, pause, show) {
    Object.assign(this, { host, last, pause, show, position: 0, timer: null, buttons: {} });
    this.slider = element("input", { type: "range", min: 0, max: last, value: 0 });
    this.counter = element("span", { class: "counter" });
    for (const [action, glyph] of [["first", "«"], ["previous", "‹"], ["play", "▶"], ["next", "›"], ["last", "»"]]) {
      this.buttons[action] = element("button", { type: "button", class: action }, glyph);
      this.buttons[action].onclick = () => action === "last" ? this.go(last) : this[action]();
    }
    this.slider.oninput = () => this.go(Number(this.slider.value));
    host.dataset.lmSuppressShortcuts = "true"; // JupyterLab's keys would move on to the next cell
    (host.hasAttribute("data-page") ? document : host).addEventListener("keydown", (event) => this.hear(event));
    this.bar = element("nav", {}, ...Object.values(this.buttons), this.slider, this.counter);
  }

  go(position) {
    this.position = Math.min(this.last, Math.max(0, position));
    this.slider.value = this.position;
    this.show(this.position);
  }

  first() { this.go(0); }
  previous() { this.go(this.position - 1); }
  next() { this.go(this.position + 1); }

  play(on = this.timer === null) {
    clearInterval(this.timer);
    this.timer = on ? setInterval(() => this.position < this.last ? this.next() : this.play(false), this.pause) : null;
    if (on && this.position === this.last) this.first();
    this.translate(this.say);
  }

  hear(event) {
    const target = event.composedPath()[0], action = KEYS[event.key];
    const own = target.matches?.("input[type=text], select") || (event.key === " " && target.matches?.("button, summary"));
    if (!action || own || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.buttons[action].onclick();
  }

  translate(say) {
    this.say = say;
    this.slider.ariaLabel = say("slider");
    for (const [action, button] of Object.entries(this.buttons)) button.title = button.ariaLabel = say(action);
    this.buttons.play.textContent = this.timer === null ? "▶" : "❚❚";
    this.buttons.play.title = this.buttons.play.ariaLabel = say(this.timer === null ? "play" : "pause");
  }
}

function languageChoice(strings, chosen, change) { // a select with every language of the table
  const choice = element("select", { class: "language", "aria-label": "language / 语言" });
  for (const [code, said] of Object.entries(strings)) choice.append(element("option", { value: code }, said.language));
  choice.value = chosen;
  choice.onchange = () => change(choice.value);
  return choice;
}

function drawingOf(image) { // the drawing that is there as an image until a script runs
  return decodeURIComponent(image.getAttribute("src").split(",").slice(1).join(","));
}

function write(group, role, x) { // a number, or "?" for null, into its line of a box
  const text = group.querySelector(role), key = text?.previousElementSibling;
  if (text) rewrite(text, x, () => {
    if (!key.matches(".key")) return group.querySelector(".shape").getBBox().width - 8;
    const { x: left, width } = key.getBBox();
    return Number(text.getAttribute("x")) - left - width - 4;
  });
}

function writeOnPlate(edge, x) { // the number on an edge, its plate as wide as it needs
  const text = edge.querySelector(".partial"), plate = edge.querySelector(".plate");
  if (!text || !rewrite(text, x, () => edge.querySelector(".line").getBBox().width - 12)) return;
  const wide = text.getComputedTextLength() + 6, box = plate.getBBox();
  plate.setAttribute("x", box.x + (box.width - wide) / 2);
  plate.setAttribute("width", wide);
}

function rewrite(text, x, room) { // with fewer digits, and at last smaller, where there is not enough room; whether it changed
  const full = x === null ? "?" : short(x);
  if ((text.dataset.full ?? text.textContent) === full) return false; // to measure means to lay out anew, which is slow
  Object.assign(text, { textContent: full }).dataset.full = full;
  text.style.fontSize = "";
  const most = Math.max(20, room());
  for (const digits of [5, 4, 3]) if (x !== null && text.getComputedTextLength() > most) text.textContent = short(x, digits);
  const needed = text.getComputedTextLength();
  if (needed > most) text.style.fontSize = `${parseFloat(getComputedStyle(text).fontSize) * most / needed}px`;
  return true;
}
