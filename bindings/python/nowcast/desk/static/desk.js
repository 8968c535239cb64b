// The desk: what is shown, of when, and what its controls and keys do.

import { bytes, get, post } from "./api.js";
import { Drawing } from "./draw.js";
import { fillLists, fillLayers, fillScores, fillLegend, fillTicks, fillTimes, nameOf, stamp, unitsOf } from "./lists.js";
import { heights, lines, round } from "./charts.js";
import { Pane, together, unpack, valueAt } from "./map.js";
import { speak, text } from "./texts.js";
import { keys } from "./keys.js";

const $ = (id) => document.getElementById(id);
const panes = [new Pane($("map-first")), new Pane($("map-second"))];
const state = {
  language: localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"),
  view: "corrected", cycle: null, info: null, layer: null, index: 0, storms: null, winds: {}, edits: null, suggestions: [], scores: [],
  chart: null, playing: null, asked: 0,
};
const drawing = new Drawing(panes, () => {}, (ends) => showSection(ends));
together(...panes);

function say(words, wrong = false) {
  $("told").textContent = words;
  $("told").classList.toggle("wrong", wrong);
}

// Do something that may be refused; what is wrong is shown on the page.
async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    say(error instanceof TypeError ? text("gone") : error.message, true);
    return undefined;
  }
}

const layer = () => state.info.layers[state.layer];
const moment = () => layer().times[state.index];

// ---- what is shown ----

async function load(cycle = null) {
  const before = state.info && moment()?.time;
  const info = await get("cycle", { cycle });
  const first = state.info === null;
  Object.assign(state, { info, cycle: info.cycle });
  [state.storms, state.winds] = await Promise.all([
    get("storms", { cycle: info.cycle }), get("winds", { cycle: info.cycle })]);
  if (!Object.hasOwn(info.layers, state.layer ?? "")) state.layer = Object.keys(info.layers)[0];
  state.index = nearest(first ? info.time : before);
  for (const pane of panes) pane.ground(info);
  if (first) panes[0].fit(info.corners);
  await refresh();
}

// Edits, warnings and suggestions as they are now, and the fields with them.
async function refresh() {
  const cycle = state.cycle;
  [state.edits, state.storms] = await Promise.all([get("edits"), get("storms", { cycle })]);
  state.suggestions = (await attempt(() => get("suggestions")))?.edits ?? [];
  state.scores = (await attempt(() => get("scores", { cycle })))?.rows ?? [];
  words();
  await Promise.all([paint(), state.chart?.()]);
}

function words() {
  speak(state.language);
  const { info } = state;
  $("language").textContent = text("other_language");
  $("degraded").hidden = info.degraded.length === 0;
  $("degraded").textContent = text("degraded", info.degraded.join("; "));
  $("degraded").title = info.degraded.join("\n");
  $("cycle").replaceChildren(...info.cycles.map((name) => new Option(stamp(name), name, false, name === state.cycle)));
  $("winds").replaceChildren(...["none", ...Object.keys(state.winds)].map((name) =>
    new Option(text(name), name, false, name === ($("winds").value || "none"))));
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  }
  $("play").textContent = text(state.playing ? "pause" : "play");
  fillLayers(info.layers, state.layer, choose);
  fillLegend(layer());
  fillTicks(layer().times, state.index);
  fillTimes(layer().times, moment());
  fillLists(state, { accept, take, turn });
  fillScores(state.scores);
  drawing.speak();
  const active = new Set(state.edits.active);
  const standing = state.edits.entries.filter((entry) => entry.action === "add" && active.has(entry.id));
  panes.forEach((pane, k) => {
    pane.storms(state.storms, asked);
    pane.edits(standing.map((entry) => entry.edit));
    const kind = k === 0 && state.view !== "corrected" ? "raw" : "corrected";
    pane.element.nextElementSibling.textContent = text(kind);
    pane.element.setAttribute("aria-label", `${text("map")}, ${text(kind)}`);
  });
  overlays();
  clock();
}

function overlays() {
  for (const box of document.querySelectorAll("[data-over]")) {
    for (const pane of panes) pane.show(box.dataset.over, box.checked);
  }
  for (const pane of panes) pane.winds(state.winds[$("winds").value], $("signs").value);
}

function clock() {
  const { time, ahead } = moment(), minutes = Math.round((time - state.info.time) / 60);
  for (const pane of panes) pane.cones(state.storms, minutes);
  $("valid").textContent = `${new Date(1000 * time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  $("lead").textContent = ahead ? text("ahead", minutes) : text("observed");
  $("lead").className = ahead ? "ahead" : "observed";
  $("time").max = String(layer().times.length - 1);
  $("time").value = String(state.index);
  $("time").setAttribute("aria-valuetext", `${$("valid").textContent}, ${$("lead").textContent}`);
}

async function paint() {
  const asked = ++state.asked, { time } = moment();
  const shown = state.view === "both" ? ["raw", "corrected"] : [state.view];
  const fields = await Promise.all(shown.map(async (which) =>
    unpack(await bytes("field", { cycle: state.cycle, layer: state.layer, time, which }))));
  if (asked !== state.asked) return;   // another was wanted meanwhile
  fields.forEach((field, k) => panes[k].field(field, layer()));
  document.body.dataset.painted = `${state.layer} ${time} ${shown} ${state.edits.active.length}`;
}

function nearest(time) {
  const distance = layer().times.map((one) => Math.abs(one.time - time));
  return distance.indexOf(Math.min(...distance));
}

function choose(name) {
  const { time } = moment();
  state.layer = name;
  state.index = nearest(time);
  words();
  return attempt(() => Promise.all([paint(), state.chart?.()]));
}

function step(to) {
  state.index = Math.max(0, Math.min(layer().times.length - 1, to));
  fillTicks(layer().times, state.index);
  fillTimes(layer().times, moment());
  clock();
  return attempt(() => Promise.all([paint(), state.chart?.()]));
}

function view(name) {
  const split = name === "both", were = state.view === "both", at = panes[0].map.getZoom();
  state.view = name;
  $("map-second").parentElement.hidden = !split;
  for (const pane of panes) pane.map.invalidateSize({ animate: false });
  if (split !== were) panes[0].map.setZoom(at + (split ? -0.5 : 0.5), { animate: false });
  if (split) panes[1].map.setView(panes[0].map.getCenter(), panes[0].map.getZoom(), { animate: false });
  words();
  return attempt(paint);
}

function play() {
  clearInterval(state.playing);
  state.playing = state.playing ? null
    : setInterval(() => step(state.index + 1 < layer().times.length ? state.index + 1 : 0), 500);
  $("play").textContent = text(state.playing ? "pause" : "play");
}

function zoom(by) {
  if (by === 0) panes[0].fit(state.info.corners);
  else panes[0].map.setZoom(panes[0].map.getZoom() + by);
}

// ---- at a place ----

function asked(what, feature, event) {
  if (drawing.tool) return;
  L.DomEvent.stopPropagation(event);
  if (what === "cell") {
    drawing.choose(feature.properties.track);
    const { peak, area_smooth: area } = feature.properties;
    say([text("cell", feature.properties.track), peak && `${Number(peak).toFixed(1)}`, area && `${(area / 1e6).toFixed(0)} km²`]
      .filter(Boolean).join(" · "));
  } else {
    document.querySelector(`[data-warning="${Number(feature.properties.warning)}"] button, [data-warning="${
      Number(feature.properties.warning)}"]`)?.focus();
  }
}

function showChart(title, ...parts) {
  $("chart").hidden = false;
  $("chart-title").textContent = title;
  $("chart-body").replaceChildren(...parts);
}

function hourLabels(low, high) {
  const steps = [300, 600, 900, 1800, 3600, 7200, 21600], step = steps.find((one) => (high - low) / one <= 8) ?? 86400;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step)
    .map((x) => ({ x, words: new Date(1000 * x).toISOString().slice(11, 16) }));
}

function showSeries({ lng, lat }) {
  drawing.mark = [lng, lat];
  drawing.redraw();
  state.chart = async () => {
    const told = await get("point", { cycle: state.cycle, layer: state.layer, lon: lng, lat });
    const rows = told.rows.map(([x, raw, corrected]) => ({ x, values: [raw, corrected] }));
    const place = `${Math.abs(lat).toFixed(3)}°${lat < 0 ? "S" : "N"} ${Math.abs(lng).toFixed(3)}°${lng < 0 ? "W" : "E"}`;
    const marks = [{ x: moment().time, kind: "now" }, { x: state.info.time, kind: "analysis" }];
    showChart(text("series_title", nameOf(layer(), state.layer), place), lines(rows, unitsOf(layer()), hourLabels, marks));
  };
  return attempt(state.chart);
}

function showSection([[lon1, lat1], [lon2, lat2]]) {
  state.chart = async () => {
    const query = { cycle: state.cycle, layer: state.layer, time: moment().time, lon1, lat1, lon2, lat2 };
    const told = await get("section", query);
    const rows = told.km.map((x, k) => ({ x, values: [told.raw[k], told.corrected[k]] }));
    const label = (low, high) => round(low, high).map((x) => ({ x, words: `${x} km` }));
    const parts = [lines(rows, unitsOf(layer()), label, [])];
    if (told.heights) parts.unshift(heights(told, text("aloft", (told.heights.at(-1) / 1000).toFixed(0))));
    showChart(text("section_title", nameOf(layer(), state.layer)), ...parts);
  };
  return attempt(state.chart);
}

function closeChart() {
  $("chart").hidden = true;
  state.chart = drawing.mark = null;
  if (drawing.kind === "section") drawing.clear();
  else drawing.redraw();
}

// ---- edits ----

function author() {
  const name = $("author").value.trim();
  if (name === "") {
    $("author").focus();
    throw new Error(text("wants_author"));
  }
  return name;
}

async function append(edit, told) {
  await post("edits", edit);
  await refresh();
  say(text("applied", told));
}

const apply = () => attempt(async () => {
  const edit = { author: author(), ...drawing.edit(layer().edit, "motion") };
  if (edit.kind.startsWith("cell_")) edit.valid[0] = stampOf(state.info.time);   // cells are those of the cycle
  await append(edit, text(edit.kind === "motion" ? "motion_edit" : edit.kind));
  drawing.clear();
});

const accept = ({ warning, expires }) => attempt(() => append({
  author: author(), kind: "warning_accept", layer: "warnings", reason: $("reason").value.trim(),
  valid: [stampOf(state.info.time), expires ?? stampOf(state.info.time + 3600)], values: { warning },
}, text("warning_accept")));

// A suggestion keeps its id, so that it is not suggested again.
const take = ({ time, suggested, ...edit }) => attempt(() => append({ ...edit, author: author() }, text(edit.kind)));

const turn = (action, id = null) => attempt(async () => {
  await post(action, { ...(id && { id }), author: author(), reason: "" });
  await refresh();
  say(text(`did_${action}`));
});

const stampOf = (time) => `${new Date(1000 * time).toISOString().slice(0, 19)}Z`;

// ---- controls ----

function listen() {
  $("author").value = localStorage.getItem("author") ?? "";
  $("author").addEventListener("change", () => localStorage.setItem("author", $("author").value));
  $("language").addEventListener("click", () => change.language());
  $("help").addEventListener("click", () => $("keys").showModal());
  $("cycle").addEventListener("change", () => attempt(() => load($("cycle").value)));
  $("time").addEventListener("input", () => step(Number($("time").value)));
  $("play").addEventListener("click", play);
  $("edit").addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  $("undo").addEventListener("click", () => turn("undo"));
  $("redo").addEventListener("click", () => turn("redo"));
  $("clear").addEventListener("click", () => drawing.clear());
  $("chart-close").addEventListener("click", closeChart);
  for (const box of document.querySelectorAll("[data-over], #winds, #signs")) box.addEventListener("change", overlays);
  for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => view(button.dataset.view));
  for (const button of document.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => drawing.begin(button.dataset.tool));
  }
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  }
  for (const pane of panes) {
    pane.map.on("click", ({ latlng }) => (drawing.tool ? drawing.add(latlng) : showSeries(latlng)));
    pane.map.on("mousemove", (event) => readOut(pane, event.latlng));
    pane.map.on("mouseout", () => { $("value").textContent = ""; });
  }
}

function readOut(pane, latlng) {
  const value = pane.data && valueAt(pane.data, latlng);
  const place = `${latlng.lat.toFixed(3)}, ${latlng.lng.toFixed(3)}`;
  $("value").textContent = value === null || value === undefined ? place
    : `${place}   ${Number.isNaN(value) ? text("not_known") : `${Number(value.toPrecision(3))} ${unitsOf(layer())}`}`;
}

// What keys do; the list of them is in keys.js.
const change = {
  step: (by) => step(state.index + by),
  ends: (last) => step(last ? layer().times.length - 1 : 0),
  play,
  layer: (by) => {
    const names = Object.keys(state.info.layers);
    return choose(names[(names.indexOf(state.layer) + by + names.length) % names.length]);
  },
  view: () => view(state.view === "raw" ? "corrected" : "raw"),
  both: () => view(state.view === "both" ? "corrected" : "both"),
  wind: () => { $("winds").selectedIndex = ($("winds").selectedIndex + 1) % $("winds").options.length; overlays(); },
  signs: () => { $("signs").selectedIndex = 1 - $("signs").selectedIndex; overlays(); },
  over: (k) => { const box = document.querySelectorAll("[data-over]")[k]; box.checked = !box.checked; overlays(); },
  tool: (name) => drawing.begin(name),
  point: () => drawing.tool && drawing.add(panes[0].map.getCenter()),
  back: () => drawing.tool && drawing.back(),
  finish: () => drawing.tool && drawing.end(),
  clear: () => ($("chart").hidden || drawing.tool ? drawing.clear() : closeChart()),
  series: () => showSeries(panes[0].map.getCenter()),
  zoom,
  apply,
  turn: (action) => turn(action),
  approve: () => {
    const open = state.storms.warnings.find((one) => !one.properties.approved_by);
    return open && accept(open.properties);
  },
  take: () => state.suggestions.length && take(state.suggestions[0]),
  language: () => {
    state.language = state.language === "zh" ? "en" : "zh";
    localStorage.setItem("language", state.language);
    words();
    return attempt(() => state.chart?.());
  },
  help: () => $("keys").showModal(),
};

async function watch() {
  const newest = (await get("cycles")).cycles[0];
  if (newest && newest !== state.info.cycles[0] && state.cycle === state.info.cycles[0] && !drawing.tool) {
    await load();
    say(text("new_cycle", stamp(newest)));
  }
}

speak(state.language);
listen();
keys(change);
attempt(() => load());
setInterval(() => state.info && watch().catch(() => {}), 20000);
