// Drawing areas, and the form that makes edits of them.

import { text } from "./texts.js";

const $ = (id) => document.getElementById(id);

// What each kind is told: name, value to begin with; whether it is wanted as a number.
const NUMBER = true;
const KINDS = {
  scale: [["by", "1.3", NUMBER]],
  raise: [["by", "5", NUMBER]],
  lower: [["by", "5", NUMBER]],
  set: [["to", "0", NUMBER]],
  move: [["east_km", "10", NUMBER], ["north_km", "0", NUMBER]],
  erase: [],
  motion: [["eastward", "10", NUMBER], ["northward", "0", NUMBER]],
  replace: [["source", "model"]],
  blend: [["source", "model"], ["weight", "0.5", NUMBER]],
  cell_draw: [["class", ""], ["eastward", "", NUMBER], ["northward", "", NUMBER]],
  cell_move: [["track", "", NUMBER], ["east_km", "5", NUMBER], ["north_km", "0", NUMBER]],
  cell_class: [["track", "", NUMBER], ["class", "supercell"]],
  cell_cancel: [["track", "", NUMBER]],
};
const WANTS_AREA = ["move", "erase", "motion", "cell_draw"];

export class Drawing {
  // shown() is called when the shape or the tool changes; section(ends) when a section is drawn.
  constructor(panes, shown, section) {
    Object.assign(this, { panes, shown, section, tool: null, kind: null, points: [], closed: false });
    for (const pane of panes) {
      pane.map.on("dblclick", () => this.tool && this.end());
    }
    for (const kind of Object.keys(KINDS)) $("kind").append(new Option(kind, kind));
    $("kind").addEventListener("change", () => this.fields());
    this.fields();
  }

  begin(tool) {
    this.points = [];
    this.closed = false;
    this.tool = this.kind = tool;
    this.redraw();
  }

  clear() {
    this.tool = this.kind = null;
    this.points = [];
    this.closed = false;
    this.redraw();
  }

  add({ lng, lat }) {
    const last = this.points[this.points.length - 1];
    if (last && Math.hypot(last[0] - lng, last[1] - lat) < 1e-7) return;
    this.points.push([Number(lng.toFixed(5)), Number(lat.toFixed(5))]);
    if (this.tool === "section" && this.points.length === 2) return this.end();
    this.redraw();
  }

  back() {
    this.points.pop();
    this.redraw();
  }

  end() {
    const least = { polygon: 3, line: 2, section: 2 }[this.tool];
    if (this.points.length < least) return;
    this.closed = this.tool === "polygon";
    const kind = this.tool;
    this.tool = null;
    this.redraw();
    if (kind === "section") this.section(this.points);
    this.fields();
  }

  redraw() {
    for (const pane of this.panes) {
      pane.work(this.points, this.closed, this.mark);
      pane.element.classList.toggle("drawing", this.tool !== null);
    }
    for (const button of document.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === this.tool));
    }
    const hint = this.tool ? `hint_${this.tool}` : this.area() ? "hint_ready" : "hint_none";
    $("hint").textContent = text(hint, this.points.length);
    this.shown();
  }

  // The shape as GeoJSON; null while there is none.
  area() {
    if (this.tool || this.points.length === 0) return null;
    if (this.kind === "polygon") return { type: "Polygon", coordinates: [[...this.points, this.points[0]]] };
    return this.kind === "line" ? { type: "LineString", coordinates: this.points } : null;
  }

  // The fields that the chosen kind wants; what was typed into those of the same name stays.
  fields() {
    const kind = $("kind").value, before = new Map();
    for (const input of $("values").querySelectorAll("input")) before.set(`${input.dataset.of} ${input.name}`, input.value);
    $("values").replaceChildren();
    const line = this.area()?.type === "LineString" ? [["width_km", "10", NUMBER]] : [];
    for (const [name, value] of [...KINDS[kind], ...line]) {
      const label = document.createElement("label"), words = document.createElement("span");
      const input = document.createElement("input");
      words.textContent = text(name);
      Object.assign(input, { name, id: `value-${name}`, value: before.get(`${kind} ${name}`) ?? value });
      input.dataset.of = kind;
      label.append(words, " ", input);
      $("values").append(label);
    }
  }

  speak() {
    for (const option of $("kind").options) {
      option.textContent = text(option.value === "motion" ? "motion_edit" : option.value);
    }
    this.fields();
    this.redraw();
  }

  // A cell was asked for: kinds about cells take its track.
  choose(track) {
    if (!$("kind").value.startsWith("cell_")) $("kind").value = "cell_cancel";
    this.fields();
    const input = $("value-track");
    if (input) input.value = String(track);
  }

  // The edit that the form tells, without author and id; throws an Error with what is missing.
  edit(layer, motionLayer) {
    const kind = $("kind").value, area = kind.startsWith("cell_") && kind !== "cell_draw" ? null : this.area();
    if (WANTS_AREA.includes(kind) && !area) throw new Error(text("wants_area"));
    const values = {};
    for (const input of $("values").querySelectorAll("input")) {
      const numeric = [...KINDS[kind], ["width_km", "", NUMBER]].find(([name]) => name === input.name)[2];
      if (input.value.trim() === "" && kind === "cell_draw") continue;
      values[input.name] = numeric ? number(input, input.name) : input.value.trim();
    }
    const half = $("half-life").value.trim();
    return {
      kind, area, values, reason: $("reason").value.trim(),
      layer: kind.startsWith("cell_") ? "cells" : kind === "motion" ? motionLayer : layer,
      valid: [$("from").value, $("until").value],
      feather_km: number($("feather"), "feather"),
      half_life_minutes: half === "" ? null : number($("half-life"), "half_life"),
    };
  }
}

function number(input, name) {
  const value = Number(input.value.trim().replace(",", "."));
  if (input.value.trim() === "" || !Number.isFinite(value)) {
    input.focus();
    throw new Error(text("wants_number", text(name)));
  }
  return value;
}
