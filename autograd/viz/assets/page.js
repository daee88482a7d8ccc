// What every page needs: numbers as readers see them, elements, the controls of a sequence.

function shown(x, digits = 6) { // as Python's `figure`: significant digits
  if (!Number.isFinite(x)) return x !== x ? "nan" : x > 0 ? "∞" : "−∞";
  const rounded = Number(x.toPrecision(digits)), size = Math.abs(rounded);
  const decimal = size === 0 || (size >= 1e-4 && size < 10 ** digits);
  return (decimal ? String(rounded) : rounded.toExponential()).replace("e+", "e").replace(/-/g, "−");
}

function rounded(x) { // the number that a reader reads
  return Number(x.toPrecision(6));
}

function relation(told, result) { // "≈" where what is told, of rounded numbers, is true only before rounding
  let read = result;
  try { read = told(); } catch { /* an operation that the browser does not know */ }
  const near = Math.abs(read - rounded(result)) <= 1e-9 * Math.abs(rounded(result));
  return near || Object.is(read, rounded(result)) ? "=" : "≈";
}

function inside(x) { // a negative number in a formula stands in parentheses
  const text = shown(x);
  return text[0] === "−" ? `(${text})` : text;
}

function numberIn(typed) { // what a reader types, or copies from the page: decimal, infinite or nan; null otherwise
  const text = typed.trim().replace(/−/g, "-").replace(/^([+-]?)(inf|infinity|∞)$/i, "$1Infinity");
  if (/^[+-]?nan$/i.test(text)) return NaN;
  return /^[+-]?(Infinity|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i.test(text) ? Number(text) : null;
}

function whatIsWrong(typed) { // the key of a sentence, or null where nothing is
  const x = numberIn(typed);
  if (x === null) return typed.trim() ? "not_a_number" : "empty";
  return Math.abs(x) === Infinity && /\d/.test(typed) ? "beyond" : null;
}

function beginning(text) { // of what may be very long
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
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
