// Charts of what is at a place and along a line, as SVG.

const NS = "http://www.w3.org/2000/svg";
const W = 640, LEFT = 46, RIGHT = 14, TOP = 8, BOTTOM = 22;

function draw(parent, name, attributes, words) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (words !== undefined) element.textContent = words;
  parent.append(element);
  return element;
}

// Four to eight round numbers between two values.
export function round(low, high) {
  const wide = Math.max(high - low, 1e-9), power = 10 ** Math.floor(Math.log10(wide / 4));
  const step = [1, 2, 5, 10].map((k) => k * power).find((one) => wide / one <= 6);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(10)));
}

// Lines over one axis: rows of {x, values: [raw, corrected]}.
export function lines(rows, units, label, marks) {
  const height = 168, x = rows.map((row) => row.x), values = rows.flatMap((row) => row.values).filter((v) => v !== null);
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", `0 0 ${W} ${height}`);
  svg.setAttribute("role", "img");
  const low = Math.min(0, ...values), high = Math.max(low + 1e-6, ...values) * 1.04 || 1;
  const x0 = Math.min(...x), x1 = Math.max(...x, x0 + 1e-6);
  const px = (v) => LEFT + (v - x0) / (x1 - x0) * (W - LEFT - RIGHT);
  const py = (v) => height - BOTTOM - (v - low) / (high - low) * (height - TOP - BOTTOM);
  for (const tick of round(low, high)) {
    draw(svg, "line", { x1: LEFT, x2: W - RIGHT, y1: py(tick), y2: py(tick), class: "grid" });
    draw(svg, "text", { x: LEFT - 5, y: py(tick) + 3.5, "text-anchor": "end" }, String(tick));
  }
  draw(svg, "text", { x: 4, y: 10, class: "units" }, units);
  for (const { x: at, words } of label(x0, x1)) {
    draw(svg, "line", { x1: px(at), x2: px(at), y1: height - BOTTOM, y2: height - BOTTOM + 3, class: "grid" });
    draw(svg, "text", { x: px(at), y: height - 7, "text-anchor": "middle" }, words);
  }
  for (const mark of marks) {
    if (mark.x >= x0 && mark.x <= x1) {
      draw(svg, "line", { x1: px(mark.x), x2: px(mark.x), y1: TOP, y2: height - BOTTOM, class: mark.kind });
    }
  }
  for (const [k, kind] of [[1, "corrected"], [0, "raw"]]) {
    let path = "";
    rows.forEach((row) => {
      const value = row.values[k];
      path += value === null ? " " : `${path === "" || path.endsWith(" ") ? "M" : "L"}${px(row.x).toFixed(1)},${py(value).toFixed(1)}`;
    });
    draw(svg, "path", { d: path.trim() || "M0,0", class: `curve ${kind}` });
  }
  return svg;
}

// A speed over height and along a line: rows from the lowest level up, one for each height.
export function heights(told, label) {
  const canvas = document.createElement("canvas"), n = told.km.length;
  canvas.width = n;
  canvas.height = told.heights.length;
  canvas.className = "aloft";
  const pen = canvas.getContext("2d");
  told.speed.forEach((row, k) => row.forEach((speed, i) => {
    if (speed === null) return;
    const share = Math.min(speed / 40, 1);
    pen.fillStyle = `hsl(${205 - 205 * share} ${45 + 35 * share}% ${86 - 42 * share}%)`;
    pen.fillRect(i, told.heights.length - 1 - k, 1, 1);
  }));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const box = document.createElement("figure"), words = document.createElement("figcaption");
  words.textContent = label;
  box.append(words, canvas);
  return box;
}
