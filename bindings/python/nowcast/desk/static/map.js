// One map: a field as a picture, and what is drawn over it. Texts go in as text, never as markup.

const MS_HALF = 2, MS_FULL = 4, MS_FLAG = 20;   // parts of a barb, as figures have them for China
const UNKNOWN = [196, 200, 205, 150];
const HAZARDS = ["#2b6cc4", "#d8a800", "#e0761a", "#c8102e"];   // by level: blue, yellow, orange, red

// A field as the server packs it: gzipped by HTTP, a heading, 16 bits for each pixel.
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const heading = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { ...heading, pixels: new Uint16Array(buffer, 4 + length) };
}

function rgba(colour) {
  const n = parseInt(colour.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255, 255];
}

// The value of a field at a place: NaN where it is not known, null off the grid.
export function valueAt(field, latlng) {
  const [[south, west], [north, east]] = field.corners;
  const northing = (lat) => Math.atanh(Math.sin(lat * Math.PI / 180));
  const lng = west + ((latlng.lng - west) % 360 + 360) % 360;
  const i = Math.floor((lng - west) / (east - west) * field.width);
  const j = Math.floor((northing(north) - northing(latlng.lat)) / (northing(north) - northing(south)) * field.height);
  if (i < 0 || j < 0 || i >= field.width || j >= field.height) return null;
  const code = field.pixels[j * field.width + i];
  return code === 65535 ? null : code === 0 ? NaN : field.low + (code - 1) * field.step;
}

// A canvas with the colours of a field: of a value the last step that it reaches.
function picture(field, legend) {
  const canvas = document.createElement("canvas");
  canvas.width = field.width;
  canvas.height = field.height;
  const colours = new Uint8ClampedArray(4 * 65536), listed = legend.colours.map(rgba);
  colours.set(UNKNOWN, 0);
  for (let code = 1, step = -1; code < 65535; code++) {
    const value = field.low + (code - 1) * field.step;
    while (step + 1 < legend.steps.length && value >= legend.steps[step + 1] - 1e-9 - 0.5 * field.step) step++;
    if (step >= 0) colours.set(listed[Math.min(step, listed.length - 1)], 4 * code);
  }
  const context = canvas.getContext("2d"), image = context.createImageData(field.width, field.height);
  const from = new Uint32Array(colours.buffer), to = new Uint32Array(image.data.buffer);
  for (let k = 0; k < to.length; k++) to[k] = from[field.pixels[k]];
  context.putImageData(image, 0, 0);
  return canvas;
}

const Picture = L.ImageOverlay.extend({
  _initImage() {
    const canvas = this._image = this._url;
    canvas.classList.add("leaflet-image-layer", "leaflet-zoom-animated");
    canvas.onselectstart = canvas.onmousemove = () => false;
  },
});

// Winds on a canvas of their own, which is drawn again wherever the map comes to rest.
const Winds = L.Layer.extend({
  initialize(rows, signs) { this.rows = rows; this.signs = signs; },
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "winds leaflet-zoom-hide", map.getPane("overlayPane"));
    map.on("moveend zoomend resize", this.draw, this);
    this.draw();
  },
  onRemove(map) {
    map.off("moveend zoomend resize", this.draw, this);
    this.canvas.remove();
  },
  draw() {
    const size = this._map.getSize(), sharp = window.devicePixelRatio || 1, canvas = this.canvas;
    L.DomUtil.setPosition(canvas, this._map.containerPointToLayerPoint([0, 0]));
    canvas.width = size.x * sharp;
    canvas.height = size.y * sharp;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    for (const [colour, width] of [["rgba(255,255,255,0.85)", 3.2], ["#13233a", 1.2]]) {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = width;
      for (const [lng, lat, east, north] of this.rows) {
        const at = this._map.latLngToContainerPoint([lat, lng]);
        if (at.x < -30 || at.y < -30 || at.x > size.x + 30 || at.y > size.y + 30) continue;
        const speed = Math.hypot(east, north);
        pen.save();
        pen.translate(at.x, at.y);
        pen.rotate(Math.atan2(-north, east));   // the pen's x now lies along the wind
        if (lat >= 0) pen.scale(1, -1);   // the parts of a barb stand towards lower pressure
        (this.signs === "barbs" ? barb : arrow)(pen, speed);
        pen.restore();
      }
    }
  },
});

function arrow(pen, speed) {
  const length = Math.min(4 + 1.4 * speed, 34);
  pen.beginPath();
  pen.moveTo(-length / 2, 0);
  pen.lineTo(length / 2, 0);
  pen.lineTo(length / 2 - 5, -3);
  pen.moveTo(length / 2, 0);
  pen.lineTo(length / 2 - 5, 3);
  pen.stroke();
}

function barb(pen, speed) {
  let left = Math.round(speed / MS_HALF) * MS_HALF, x = -24;
  pen.beginPath();
  if (left === 0) {
    pen.arc(0, 0, 3, 0, 2 * Math.PI);
    pen.stroke();
    return;
  }
  pen.moveTo(0, 0);
  pen.lineTo(x, 0);
  for (; left >= MS_FLAG; left -= MS_FLAG, x += 7) {
    pen.moveTo(x, 0);
    pen.lineTo(x + 3, 9);
    pen.lineTo(x + 6, 0);
  }
  for (; left >= MS_FULL; left -= MS_FULL, x += 4) {
    pen.moveTo(x, 0);
    pen.lineTo(x - 3, 9);
  }
  if (left >= MS_HALF) {
    x += x === -24 ? 4 : 0;
    pen.moveTo(x, 0);
    pen.lineTo(x - 1.5, 4.5);
  }
  pen.stroke();
}

export class Pane {
  constructor(element) {
    this.element = element;
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, doubleClickZoom: false, zoomSnap: 0.25, zoomDelta: 0.5,
      wheelPxPerZoomLevel: 120, fadeAnimation: false, maxZoom: 15, minZoom: 2, keyboardPanDelta: 60,
    });
    for (const [name, z] of [["field", 250], ["ground", 350], ["areas", 420], ["work", 640]]) {
      this.map.createPane(name).style.zIndex = z;
    }
    this.groups = {};
    for (const name of ["ground", "cells", "cones", "warnings", "edits", "work"]) this.groups[name] = L.layerGroup();
    for (const group of Object.values(this.groups)) group.addTo(this.map);
  }

  fit(corners) {
    this.map.invalidateSize();
    this.map.fitBounds(corners, { animate: false, padding: [8, 8] });
  }

  ground(info) {
    const plain = { pane: "ground", interactive: false };
    this.groups.ground.clearLayers();
    for (const [name, style] of [["coasts", { color: "#3c4a57", weight: 1.2 }], ["borders", { color: "#8b95a0", weight: 1 }]]) {
      this.groups.ground.addLayer(L.polyline(info.lines[name], { ...plain, ...style, smoothFactor: 0.5 }));
    }
    this.groups.ground.addLayer(L.polyline(info.edge, { ...plain, color: "#6b7a89", weight: 1, dashArray: "2 4" }));
  }

  field(field, legend) {
    this.shown?.remove();
    this.data = field;
    this.shown = new Picture(picture(field, legend), field.corners, { pane: "field" }).addTo(this.map);
  }

  winds(rows, signs) {
    this.blowing?.remove();
    this.blowing = rows ? new Winds(rows, signs).addTo(this.map) : null;
  }

  show(name, on) {
    if (on) this.groups[name].addTo(this.map);
    else this.groups[name].remove();
  }

  // Where cells go: their ways, faint ellipses of all leads, and those of a lead in minutes that is shown.
  cones(told, minutes) {
    const group = this.groups.cones, leads = [...new Set(told.ahead.map((one) => one.properties.lead))];
    const near = minutes > 0 ? leads.sort((a, b) => Math.abs(a - minutes) - Math.abs(b - minutes))[0] : null;
    const ways = new Map();
    group.clearLayers();
    for (const feature of told.ahead) {
      const { track, lead, latitude, longitude } = feature.properties, on = lead === near;
      ways.set(track, [...(ways.get(track) ?? []), [latitude, longitude]]);
      group.addLayer(L.geoJSON(feature, { pane: "areas", interactive: false,
        style: { color: "#6a3fa0", weight: on ? 1.6 : 1, opacity: on ? 0.9 : 0.22, fill: on, fillOpacity: 0.07 } }));
    }
    for (const way of ways.values()) {
      group.addLayer(L.polyline(way, { pane: "areas", color: "#6a3fa0", weight: 1.6, dashArray: "4 3", interactive: false }));
    }
  }

  // Cells with their tracks, and warnings; ask(what, feature) is called at a click.
  storms(told, ask) {
    const { cells, warnings } = this.groups;
    for (const group of [cells, warnings]) group.clearLayers();
    for (const way of Object.values(told.ways)) {
      const line = way.map(([lng, lat]) => [lat, lng]);
      cells.addLayer(L.polyline(line, { pane: "areas", color: "#13233a", weight: 2, interactive: false }));
    }
    for (const feature of told.cells) this.cell(feature, ask);
    for (const feature of told.warnings) this.warning(feature, ask);
  }

  cell(feature, ask) {
    const { longitude, latitude, track } = feature.properties;
    const outline = L.geoJSON(feature, { pane: "areas", style: { color: "#13233a", weight: 1.4, fill: true, fillOpacity: 0 },
      pointToLayer: (_, at) => L.circleMarker(at, { pane: "areas", radius: 4 }) });
    outline.on("click", (event) => ask("cell", feature, event));
    this.groups.cells.addLayer(outline);
    if (longitude === null || latitude === null) return;
    const dot = L.circleMarker([latitude, longitude], { pane: "areas", radius: 3.5, color: "#fff", weight: 1.2,
      fillColor: "#13233a", fillOpacity: 1 });
    const name = document.createElement("span");
    name.textContent = [track, feature.properties.class].filter((part) => part !== null && part !== undefined).join(" ");
    dot.bindTooltip(name, { permanent: true, direction: "right", className: "name", offset: [4, 0] });
    dot.on("click", (event) => ask("cell", feature, event));
    this.groups.cells.addLayer(dot);
  }

  warning(feature, ask) {
    const colour = levelColour(feature.properties.level), approved = Boolean(feature.properties.approved_by);
    const area = L.geoJSON(feature, { pane: "areas",
      style: { color: colour, weight: approved ? 3 : 2, dashArray: approved ? null : "7 4", fillColor: colour, fillOpacity: 0.07 },
      pointToLayer: (_, at) => L.circleMarker(at, { pane: "areas", radius: 7, color: colour }) });
    area.on("click", (event) => ask("warning", feature, event));
    this.groups.warnings.addLayer(area);
  }

  // Areas of the edits that act.
  edits(list) {
    this.groups.edits.clearLayers();
    for (const edit of list) {
      if (edit.area) {
        this.groups.edits.addLayer(L.geoJSON(edit.area, { pane: "areas", interactive: false,
          style: { color: "#0a7d6b", weight: 2, dashArray: "1 4", fill: edit.area.type !== "LineString", fillOpacity: 0.04 } }));
      }
    }
  }

  // The shape that is being drawn, of [lng, lat].
  work(points, closed, mark) {
    const group = this.groups.work, style = { pane: "work", color: "#d11d6f", weight: 2, interactive: false };
    group.clearLayers();
    const places = points.map(([lng, lat]) => [lat, lng]);
    if (places.length > 1) {
      group.addLayer(closed ? L.polygon(places, { ...style, fillOpacity: 0.08 }) : L.polyline(places, style));
    }
    for (const place of places) {
      group.addLayer(L.circleMarker(place, { ...style, radius: 3.5, fillColor: "#fff", fillOpacity: 1 }));
    }
    if (mark) group.addLayer(L.circleMarker([mark[1], mark[0]], { ...style, color: "#0b5fa5", radius: 6, fillOpacity: 0.2 }));
  }
}

export function levelColour(level) {
  return HAZARDS[Math.min(Math.max((Number(level) || 1) - 1, 0), 3)];
}

// What one map shows, the other does too.
export function together(first, second) {
  let busy = false;
  for (const [from, to] of [[first, second], [second, first]]) {
    from.map.on("move zoom", () => {
      if (busy || !from.map._loaded || !to.map._loaded || to.element.clientWidth === 0) return;
      busy = true;
      to.map.setView(from.map.getCenter(), from.map.getZoom(), { animate: false });
      busy = false;
    });
  }
}
