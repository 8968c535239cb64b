// The lists of the page: layers, legend, times, warnings, suggestions, log.

import { known, text } from "./texts.js";
import { levelColour } from "./map.js";

const $ = (id) => document.getElementById(id);
const GROUPS = [["rain", "reflectivity"], ["probability", "quantile"], ["total", "total_probability", "total_quantile"],
  ["swath", "gust"], ["vil", "top", "lowest", "quality"]];
const SEVERAL = ["probability", "quantile", "total_probability", "total_quantile", "swath"];
const UNITS = { "mm h-1": "mm h⁻¹", "m s-1": "m s⁻¹", "kg m-2": "kg m⁻²", 1: "" };

// An element with its words as text, and others in it.
export function made(tag, kind, words, ...inside) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (words) element.textContent = words;
  element.append(...inside);
  return element;
}

// The name of a layer with its threshold, share or hazard.
export function nameOf(layer, name) {
  return text(layer.kind, layer.limit, Math.round(100 * layer.limit), hazardOf(name.replace(/^swath_/, "")));
}

// A hazard in words: "gale_8" is one of force 8.
function hazardOf(name) {
  const [, kind, number] = /^(.*?)(?:_(\d+))?$/.exec(name);
  return [known(`hazard_${kind}`) ? text(`hazard_${kind}`) : kind, number].filter(Boolean).join(" ");
}

// A time of day for a folder's name or a time of ISO 8601.
export function stamp(time) {
  const plain = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/.exec(time);
  return plain ? `${plain[1]}-${plain[2]}-${plain[3]} ${plain[4]}:${plain[5]}` : String(time).slice(0, 16).replace("T", " ");
}

// A row for each kind of layer; kinds with thresholds, shares or hazards have a choice of them beside it.
export function fillLayers(layers, chosen, choose) {
  const box = $("layers"), focused = box.contains(document.activeElement);
  const option = (name, layer, words) => {
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "layer", value: name, checked: name === chosen });
    input.setAttribute("aria-label", nameOf(layer, name));
    input.addEventListener("change", () => choose(name));
    if (focused && name === chosen) queueMicrotask(() => input.focus());
    return made("label", "", "", input, made("span", "", words));
  };
  box.replaceChildren();
  for (const kinds of GROUPS) {
    const group = made("div", "group");
    for (const kind of kinds) {
      const found = Object.entries(layers).filter(([, one]) => one.kind === kind);
      if (!SEVERAL.includes(kind)) group.append(...found.map(([name, one]) => option(name, one, nameOf(one, name))));
      else if (found.length) {
        group.append(made("div", "several", "", made("p", "", text(`several_${kind}`)),
          made("div", "chips", "", ...found.map(([name, one]) => option(name, one, shortOf(one, name))))));
      }
    }
    if (group.children.length) box.append(group);
  }
}

// What a layer has beside its kind: threshold, share or hazard.
function shortOf(layer, name) {
  if (layer.kind === "swath") return hazardOf(name.replace(/^swath_/, ""));
  return layer.kind.endsWith("quantile") ? `${Math.round(100 * layer.limit)}` : String(layer.limit);
}

export function unitsOf(layer) {
  return UNITS[layer.units] ?? layer.units;
}

export function fillLegend(layer) {
  const units = unitsOf(layer), list = made("ol");
  layer.steps.map((step, k) => [step, layer.colours[k]]).reverse().forEach(([step, colour]) => {
    const swatch = made("i");
    swatch.style.background = colour;
    list.append(made("li", "", "", swatch, made("span", "", layer.units === "1" ? `${Math.round(100 * step)} %` : String(Number(step.toPrecision(4))))));
  });
  list.append(made("li", "unknown", "", made("i"), made("span", "", text("not_known"))));
  $("legend").replaceChildren(made("h2", "", units || text("probability_title")), list);
  $("legend").setAttribute("aria-label", text("legend"));
}

export function fillTicks(times, index) {
  const hour = (time) => new Date(1000 * time).toISOString().slice(11, 16);
  const every = Math.ceil(times.length / 16);
  $("slider").style.setProperty("--n", times.length);
  $("ticks").replaceChildren(...times.map((one, k) => {
    const tick = made("span", one.ahead ? "ahead" : "observed", k % every === 0 ? hour(one.time) : "");
    if (k === index) tick.classList.add("chosen");
    return tick;
  }));
}

// The times that an edit may be valid from and until.
export function fillTimes(times, chosen) {
  const name = (time) => `${new Date(1000 * time).toISOString().slice(0, 19)}Z`;
  const options = () => times.map((one) => new Option(stamp(name(one.time)).slice(5), name(one.time)));
  for (const [id, time] of [["from", chosen.time], ["until", times.at(-1).time]]) {
    $(id).replaceChildren(...options());
    $(id).value = name(time);
  }
}

function button(words, work) {
  const element = made("button", "", words);
  element.type = "button";
  element.addEventListener("click", work);
  return element;
}

function fill(id, rows) {
  $(id).replaceChildren(...(rows.length ? rows : [made("li", "empty", text("nothing"))]));
}

export function fillLists(state, work) {
  const warnings = state.storms.warnings.map((one) => one.properties);
  $("warning-count").textContent = String(warnings.length);
  fill("warnings", warnings.map((one) => warningRow(one, work.accept)));
  $("suggestion-count").textContent = String(state.suggestions.length);
  fill("suggestions", state.suggestions.map((edit) => made("li", "", "",
    made("b", "", brief(edit)), made("p", "", edit.reason), button(text("take"), () => work.take(edit)))));
  const active = new Set(state.edits.active);
  const added = state.edits.entries.filter((entry) => entry.action === "add").reverse();
  fill("log", added.map((entry) => logRow(entry, active.has(entry.id), work.turn)));
}

function warningRow(one, accept) {
  const dot = made("i", "dot");
  dot.style.background = levelColour(one.level);
  const row = made("li", one.approved_by ? "done" : "", "", made("div", "line", "", dot,
    made("b", "", `${one.warning} ${hazardOf(one.hazard)}`), made("span", "", text("level", one.level)), made("span", "", one.name ?? one.place ?? "")),
  made("p", "", `${stamp(one.onset).slice(11)}–${stamp(one.end).slice(11)} UTC · ${Math.round(100 * one.probability)} % · ${
    one.area_km2 ? `${Math.round(one.area_km2)} km² · ` : ""}${one.approved_by ? text("approved_by", one.approved_by) : text("automatic")}`));
  row.dataset.warning = String(Number(one.warning));
  row.tabIndex = -1;
  if (!one.approved_by) row.append(button(text("approve"), () => accept(one)));
  return row;
}

// An edit in a line: what, by how much, of what.
function brief(edit) {
  const values = Object.entries(edit.values).map(([name, value]) =>
    `${name === "by" || name === "to" || name === "warning" ? "" : `${text(name)} `}${value}`);
  return [text(edit.kind === "motion" ? "motion_edit" : edit.kind), ...values].join(" ");
}

function logRow({ id, edit }, active, turn) {
  const words = [edit.author, stamp(edit.time).slice(11), known(edit.layer) ? text(edit.layer) : edit.layer];
  const row = made("li", active ? "" : "undone", "", made("div", "line", "", made("b", "", brief(edit))),
    made("p", "", [...words, active ? "" : text("undone")].filter(Boolean).join(" · ")), made("p", "why", edit.reason));
  row.append(button(text(active ? "undo" : "redo"), () => turn(active ? "undo" : "redo", id)));
  return row;
}

// How forecasts did: a row for each lead, raw before corrected.
export function fillScores(rows) {
  $("scores-section").hidden = rows.length === 0;
  if (rows.length === 0) return;
  const cells = (tag, ...words) => made("tr", "", "", ...words.map((one) => made(tag, "", one)));
  const pair = (row, name) => [row.raw, row.corrected].map((one) => one?.[name]?.toFixed(2) ?? "–").join("  →  ");
  $("scores").replaceChildren(cells("th", text("lead_minutes"), text("mae"), text("csi", rows[0].threshold)),
    ...rows.map((row) => cells("td", String(row.lead), pair(row, "mae"), pair(row, "csi"))));
}
