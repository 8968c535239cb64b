// Every action by a key; the list that the page shows is made of this table.

import { text } from "./texts.js";

const LIST = [
  [", .", "key_time"], ["Home End", "key_ends"], ["Space", "key_play"], ["[ ]", "key_layer"], ["V B", "key_view"],
  ["W Shift+W", "key_wind"], ["1 2 3 4", "key_over"], ["P L S", "key_draw"], ["X Backspace", "key_point"],
  ["Enter Esc", "key_finish"], ["← ↑ → ↓ + − 0", "key_move"], ["T", "key_series"], ["Ctrl+Enter", "key_apply"],
  ["U R", "key_undo"], ["A", "key_approve"], ["K", "key_suggest"], ["G", "key_language"], ["?", "key_help"],
];

export function keys(change) {
  const actions = {
    ",": () => change.step(-1), ".": () => change.step(1), Home: () => change.ends(false), End: () => change.ends(true),
    " ": change.play, "[": () => change.layer(-1), "]": () => change.layer(1), v: change.view, b: change.both,
    w: change.wind, W: change.signs, p: () => change.tool("polygon"), l: () => change.tool("line"), s: () => change.tool("section"),
    x: change.point, Backspace: change.back, Enter: change.finish, Escape: change.clear, t: change.series, u: () => change.turn("undo"),
    r: () => change.turn("redo"), a: change.approve, k: change.take, g: change.language, "?": change.help, 0: () => change.zoom(0),
    1: () => change.over(0), 2: () => change.over(1), 3: () => change.over(2), 4: () => change.over(3),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") {
      event.preventDefault();
      change.apply();
      return;
    }
    const at = event.target, typing = at.matches("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select");
    if (typing) {
      if (event.key === "Escape") at.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("keys").open) return;
    if ([" ", "Enter"].includes(event.key) && at.matches("button, input, summary")) return;
    if (["Home", "End"].includes(event.key) && at.matches("input[type=range]")) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
  const list = document.getElementById("key-list");
  const fill = () => list.replaceChildren(...LIST.flatMap(([name, told]) => {
    const key = document.createElement("dt"), words = document.createElement("dd");
    for (const one of name.split(" ")) {
      const cap = document.createElement("kbd");
      cap.textContent = one;
      key.append(cap, " ");
    }
    words.textContent = text(told);
    return [key, words];
  }));
  document.getElementById("keys").addEventListener("toggle", fill);
  new MutationObserver(fill).observe(document.documentElement, { attributeFilter: ["lang"] });
  fill();
}
