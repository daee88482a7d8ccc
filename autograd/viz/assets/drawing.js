// The numbers of a drawing, written anew: into the lines of its boxes, and onto the plates of its edges.

const READABLE = 9; // pixels of type

function drawingOf(image) { // the drawing that is there as an image until a script runs
  return decodeURIComponent(image.getAttribute("src").split(",").slice(1).join(","));
}

// A button that fits the whole drawing into its frame, or gives it its full size again; there while not all is in sight.
class Fit {
  constructor(frame, changed = () => {}) {
    this.button = element("button", { type: "button", class: "fit", "aria-pressed": "false" });
    this.button.onclick = () => {
      this.button.ariaPressed = String(frame.classList.toggle("whole"));
      changed();
    };
    new ResizeObserver(() => {
      const all = frame.scrollWidth <= frame.clientWidth && frame.scrollHeight <= Math.min(frame.clientHeight, innerHeight);
      this.button.hidden = all && !frame.matches(".whole");
      changed();
    }).observe(frame);
  }
}

function write(group, role, x) { // a number, or "?" for null, into its line of a box
  const text = group.querySelector(role), key = text?.previousElementSibling;
  if (!text) return;
  text.classList.toggle("unknown", x === null);
  rewrite(text, x, () => {
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

function rewrite(text, x, room) { // where there is not enough room smaller, then with fewer digits; whether it changed
  const full = x === null ? "?" : shown(x);
  if ((text.dataset.full ?? text.textContent) === full) return false; // to measure means to lay out anew, which is slow
  Object.assign(text, { textContent: full }).dataset.full = full;
  text.style.fontSize = "";
  const most = Math.max(20, room()), needed = () => text.getComputedTextLength();
  const shrink = (least) => { // step by step, since letters have whole pixels
    let size = parseFloat(getComputedStyle(text).fontSize);
    while (needed() > most && size > least) text.style.fontSize = `${size = Math.max(least, size - 0.5)}px`;
  };
  shrink(READABLE);
  for (const digits of [5, 4, 3]) if (x !== null && needed() > most) text.textContent = shown(x, digits);
  shrink(1);
  return true;
}

function translateDrawing(svg, strings, language) { // the words in its boxes and on its bundles of edges
  const words = Object.keys(strings.en).filter((key) => key.startsWith("box_")), say = strings[language];
  for (const key of svg.querySelectorAll(".key")) {
    const word = words.find((word) => Object.values(strings).some((said) => said[word] === key.textContent));
    if (word) key.textContent = say[word];
  }
  for (const bundle of svg.querySelectorAll(".partial")) {
    const count = bundle.textContent.match(/^([\d,]+) \D+$/);
    if (count) bundle.textContent = fill(say.edges, { n: count[1] });
  }
}
