// The template editor: boxes on the sheet are moved with mouse, finger or arrow keys. The fields hold what
// is true; htmx draws the sheet anew from them.

const STEP = 0.5; // mm
const NEAR = 1.2; // mm within which a box takes to a line
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let chosen = "";
let refocus = false;
let moving = null;
let words = null;
let changed = false;

const fieldOf = (place, name) => document.querySelector(`#editor [name="${place}-${name}"]`);
const boxOf = (place) => document.querySelector(`.sheet-box[data-place="${place}"]`);
const widthOf = (place) => fieldOf(place, "width") || fieldOf(place, "size");
const rounded = (value) => Math.round(value * 100) / 100;

function shape(box) {
  const area = box.querySelector(".sheet-area");
  return Object.fromEntries(["x", "y", "width", "height"].map((name) => [name, Number(area.getAttribute(name))]));
}

function draw(box, { x, y, width, height }) {
  const area = box.querySelector(".sheet-area");
  const handle = box.querySelector(".sheet-handle");
  for (const [name, value] of Object.entries({ x, y, width, height })) area.setAttribute(name, value);
  handle.setAttribute("cx", x + width);
  handle.setAttribute("cy", y + height / 2);
}

function write(place, values) {
  let last = null;
  for (const [field, value] of values) {
    if (!field) continue;
    field.value = rounded(value);
    last = field;
  }
  if (last) last.dispatchEvent(new Event("input", { bubbles: true }));
}

function choose(place, { open = true } = {}) {
  chosen = place;
  for (const box of document.querySelectorAll(".sheet-box")) {
    box.classList.toggle("is-chosen", box.dataset.place === place);
  }
  for (const part of document.querySelectorAll(".part")) {
    const here = part.dataset.part === place;
    part.classList.toggle("is-chosen", here);
    if (here && open) part.open = true;
  }
}

// Beside the sheet the part is brought into view; beneath it, on a phone, the sheet would go out of view.
function showPart(place) {
  const part = document.getElementById(`part-${place}`);
  if (part && matchMedia("(min-width: 60rem)").matches) part.scrollIntoView({ block: "nearest" });
}

// --- Lines that boxes take to -----------------------------------------------------------------

function linesFor(box) {
  const paper = box.ownerSVGElement.viewBox.baseVal;
  const lines = { x: [paper.width / 2], y: [] };
  for (const other of document.querySelectorAll(".sheet-box")) {
    if (other === box) continue;
    const { x, y, width, height } = shape(other);
    lines.x.push(x, x + width / 2, x + width);
    lines.y.push(y, y + height);
  }
  return lines;
}

function taken(start, parts, lines) {
  let best = { value: Math.round(start / STEP) * STEP, line: null, off: NEAR };
  for (const line of lines) {
    for (const part of parts) {
      const off = Math.abs(start + part - line);
      if (off < best.off) best = { value: line - part, line, off };
    }
  }
  return best;
}

function showGuides(svg, across, down) {
  const guides = svg.querySelector(".sheet-guides");
  const paper = svg.viewBox.baseVal;
  const ends = [];
  if (across !== null) ends.push([across, across, 0, paper.height]);
  if (down !== null) ends.push([0, paper.width, down, down]);
  guides.replaceChildren(...ends.map(([x1, x2, y1, y2]) => {
    const line = document.createElementNS(svg.namespaceURI, "line");
    for (const [name, value] of Object.entries({ x1, x2, y1, y2 })) line.setAttribute(name, value);
    return line;
  }));
}

// --- Dragging ---------------------------------------------------------------------------------

function pointIn(svg, event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
}

document.addEventListener("pointerdown", (event) => {
  const box = event.target.closest(".sheet-box");
  if (!box || event.button) return;
  event.preventDefault();
  const svg = box.ownerSVGElement;
  moving = {
    box, svg,
    sizing: event.target.matches(".sheet-handle"),
    from: pointIn(svg, event),
    first: shape(box),
    lines: linesFor(box),
  };
  box.setPointerCapture(event.pointerId);
  choose(box.dataset.place);
  box.focus({ preventScroll: true });
});

document.addEventListener("pointermove", (event) => {
  if (!moving) return;
  const { box, svg, first, from, lines } = moving;
  const to = pointIn(svg, event);
  const paper = svg.viewBox.baseVal;
  const now = { ...first };
  if (moving.sizing) {
    const edge = taken(first.x + first.width + to.x - from.x, [0], lines.x);
    now.width = Math.min(Math.max(edge.value - first.x, 5), paper.width - first.x);
    if (!fieldOf(box.dataset.place, "width")) now.height = now.width;
    if (fieldOf(box.dataset.place, "height")) now.height = (first.height * now.width) / first.width;
    showGuides(svg, edge.line, null);
  } else {
    const across = taken(first.x + to.x - from.x, [0, first.width / 2, first.width], lines.x);
    const down = taken(first.y + to.y - from.y, [0, first.height], lines.y);
    now.x = Math.min(Math.max(across.value, 0), Math.max(paper.width - first.width, 0));
    now.y = Math.min(Math.max(down.value, 0), Math.max(paper.height - first.height, 0));
    showGuides(svg, across.line, down.line);
  }
  moving.now = now;
  draw(box, now);
});

function drop() {
  if (!moving) return;
  const { box, svg, first, now, sizing } = moving;
  moving = null;
  showGuides(svg, null, null);
  const place = box.dataset.place;
  showPart(place);
  if (!now) return;
  if (sizing) {
    write(place, [[fieldOf(place, "height"), now.height], [widthOf(place), now.width]]);
  } else {
    moveBy(place, now.x - first.x, now.y - first.y);
  }
}

function moveBy(place, across, down) {
  const [x, y] = [fieldOf(place, "x"), fieldOf(place, "y")];
  write(place, [[x, Math.max(Number(x.value) + across, 0)], [y, Math.max(Number(y.value) + down, 0)]]);
}

document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);

// --- Keys, words, leaving ---------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const box = event.target.closest(".sheet-box");
  if (box && ARROWS[event.key]) {
    event.preventDefault();
    const step = event.shiftKey ? 10 * STEP : STEP;
    const [across, down] = ARROWS[event.key].map((one) => one * step);
    const now = shape(box);
    draw(box, { ...now, x: now.x + across, y: now.y + down });
    moveBy(box.dataset.place, across, down);
  } else if (box && event.key === "Enter") {
    choose(box.dataset.place);
    const part = document.getElementById(`part-${box.dataset.place}`);
    part.querySelector("textarea, input:not([type=hidden])").focus();
  } else if (event.key === "Enter" && event.target.matches("#editor input")) {
    event.preventDefault(); // it would send the whole form
  }
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea[data-words]")) words = event.target;
  const place = event.target.closest(".sheet-box, .part");
  const name = place && (place.dataset.place || place.dataset.part);
  // A summary opens its part by itself when it is clicked.
  if (name && name !== chosen) choose(name, { open: !event.target.matches("summary") });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const part = document.getElementById(`part-${chosen}`);
  const target = (words && words.isConnected && words) || (part && part.querySelector("textarea"));
  if (!target) return;
  target.setRangeText(button.dataset.insert, target.selectionStart, target.selectionEnd, "end");
  target.focus();
  target.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("input", (event) => {
  if (event.target.closest("#editor .editor-parts")) changed = true;
});
document.addEventListener("submit", () => {
  changed = false;
});
window.addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});

// --- The sheet drawn anew ---------------------------------------------------------------------

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "sheet") return;
  if (moving) event.detail.shouldSwap = false;
  refocus = Boolean(document.activeElement && document.activeElement.closest(".sheet-box"));
});

function prepare() {
  for (const box of document.querySelectorAll(".sheet-box")) {
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    box.classList.toggle("is-chosen", box.dataset.place === chosen);
  }
  const box = refocus && boxOf(chosen);
  if (box) box.focus({ preventScroll: true });
  refocus = false;
}

document.addEventListener("htmx:afterSwap", prepare);
prepare();
