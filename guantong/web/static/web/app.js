// What HTML and CSS cannot do alone; every page works without it. HTMX is configured by the meta tag of document.html.
"use strict";

const messages = () => document.getElementById("messages");

function say(text) {
  const line = document.createElement("p");
  line.className = "alert error";
  line.textContent = text;
  messages()?.replaceChildren(line);
  return line;
}

// Menus: one open at a time; Escape or a click elsewhere closes it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Forms: <form data-guard> warns before typed text is lost; <form data-confirm="…"> asks first; nothing is sent twice.
let unsaved = null;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) unsaved = form;
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (form.dataset.sent || (question && !window.confirm(question))) {
    event.preventDefault();
    return;
  }
  if (form.hasAttribute("hx-get") || form.hasAttribute("hx-post")) return;
  if (unsaved === form) unsaved = null;
  if (form.method === "post") form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Drafts: <form data-keep="user:org"> is kept on the server while one types, and in the browser while the server cannot
// be reached. Signed out, or under another account, nothing of it stays in the browser.
const KEPT = "guantong-draft:";
const keptHere = () => Object.keys(localStorage).filter((key) => key.startsWith(KEPT));
const asTyped = (form) => {
  const typed = new FormData(form);
  for (const name of ["csrfmiddlewaretoken", "form", "photos"]) typed.delete(name);
  return new URLSearchParams(typed);
};
let waiting = 0;
let told = null; // the line that says the server cannot be reached
async function send(form, typed) {
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const body = new URLSearchParams(typed);
  body.append("keep", "quiet");
  const keepalive = typed.length < 60000; // outlives the page; browsers take 64 KiB
  const answer = await fetch(form.action, { method: "POST", headers, body, keepalive });
  return answer.ok && !answer.redirected;
}
async function keep(form) {
  clearTimeout(waiting);
  waiting = 0;
  const key = KEPT + form.dataset.keep;
  const typed = asTyped(form).toString();
  try {
    localStorage.setItem(key, typed);
    if (!(await send(form, typed))) return;
    if (localStorage.getItem(key) === typed) localStorage.removeItem(key);
    if (told) { // whoever pressed 保存 meanwhile must not take silence for success
      told.className = "alert";
      told.textContent = "又连上了，填写的内容已存为草稿，还没有保存：请再点一次保存。";
      told = null;
    }
  } catch {
    told = say("连接不上服务器，填写的内容已存在这台设备上，连上后在这里可以接着填。");
  }
}
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-keep]");
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(keep, 2000, form);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && waiting) keep(document.querySelector("form[data-keep]")); // a phone gives no other sign
});
window.addEventListener("online", () => {
  if (told?.isConnected) keep(document.querySelector("form[data-keep]"));
});
document.addEventListener("submit", (event) => {
  clearTimeout(waiting);
  waiting = 0;
  const form = event.target;
  if (!form.dataset.keep || navigator.onLine) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  keep(form);
}, true);
async function offerKept() {
  const form = document.querySelector("form[data-keep]");
  const user = document.body.dataset.user;
  if (user === undefined) return; // an error page knows nobody
  for (const key of keptHere()) if (!user || !key.startsWith(`${KEPT}${user}:`)) localStorage.removeItem(key);
  const key = form && KEPT + form.dataset.keep;
  const typed = key && localStorage.getItem(key);
  if (!typed || document.getElementById("unsaved") || !(await send(form, typed).catch(() => false))) return;
  if (localStorage.getItem(key) === typed) localStorage.removeItem(key);
  document.getElementById("kept")?.remove(); // what the server had before
  const line = document.createElement("p");
  line.className = "alert";
  line.id = "kept-here";
  line.textContent = "上次没能送到服务器的内容，已从这台设备存为草稿。";
  const link = document.createElement("a");
  Object.assign(link, { href: form.dataset.resume, className: "btn small primary", textContent: "接着填" });
  line.append(link);
  form.before(line);
}

// <output data-count="absent"> shows how many boxes of that name are ticked in its form; data-of="24" shows the rest instead.
function count(form) {
  for (const output of form.querySelectorAll("output[data-count]")) {
    const ticked = form.querySelectorAll(`[name="${output.dataset.count}"]:checked`).length;
    output.value = output.dataset.of ? output.dataset.of - ticked : ticked;
  }
}
document.addEventListener("change", (event) => {
  if (event.target.form) count(event.target.form);
});

// Dragging: a row [data-drag] with a checkbox, dropped on [data-drop="key"], is sent as if ticked and the key chosen as `to`.
document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("[data-drag]");
  if (!row) return;
  const box = row.querySelector("input");
  if (!box.checked) for (const other of box.form.querySelectorAll("[name=person]")) other.checked = other === box;
  count(box.form);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("application/x-guantong-form", box.form.id);
});
const overPlace = (event) =>
  event.dataTransfer.types.includes("application/x-guantong-form") && event.target.closest("[data-drop]");
for (const name of ["dragover", "dragleave", "drop"])
  document.addEventListener(name, (event) => {
    const place = overPlace(event);
    if (!place) return;
    event.preventDefault();
    place.classList.toggle("over", name === "dragover");
    if (name !== "drop") return;
    const form = document.getElementById(event.dataTransfer.getData("application/x-guantong-form"));
    form.elements.to.value = place.dataset.drop;
    if (form.elements.to.value) form.requestSubmit(form.querySelector("button"));
  });

// Charts: <div data-chart="id"> draws the ECharts option held by json_script "id"; a point with a url opens it.
const palette = ["#33597f", "#4f9a6e", "#d3a23c", "#d0604f", "#a68cc4", "#8a9199"];
function draw(place) {
  const option = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const style = getComputedStyle(place);
  if (echarts.getInstanceByDom(place)) echarts.dispose(place);
  else new ResizeObserver(() => { // on paper what is drawn is scaled as it is
    if (!matchMedia("print").matches) echarts.getInstanceByDom(place)?.resize();
  }).observe(place);
  const chart = echarts.init(place, null, { locale: "ZH" });
  chart.setOption({
    color: palette,
    textStyle: { fontFamily: style.fontFamily, color: style.color },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    ...option,
    tooltip: { ...option.tooltip, renderMode: "richText", confine: true },
  });
  chart.on("click", (point) => {
    if (point.data?.url) location.assign(point.data.url);
  });
}

// Zoom of a drawn tree: <div data-zoom="id"> holds buttons, their value the factor, 0 the beginning, "print" the printer.
// On the chart itself + - 0 and the arrows do the same.
const STEP = 60;
const KEYS = { "+": 1.25, "=": 1.25, "-": 0.8, "0": 0 };
const ARROWS = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
const drawn = (id) => document.querySelector(`[data-chart="${id}"]`);
function act(place, action) {
  echarts.getInstanceByDom(place)?.dispatchAction({ seriesIndex: 0, ...action });
}
function zoom(place, factor) {
  const middle = { originX: place.clientWidth / 2, originY: place.clientHeight / 2 };
  if (factor) act(place, { type: "treeRoam", zoom: factor, ...middle });
  else draw(place);
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom] button");
  if (!button) return;
  if (button.value === "print") window.print();
  else zoom(drawn(button.parentElement.dataset.zoom), Number(button.value));
});
document.addEventListener("keydown", (event) => {
  const place = event.target;
  if (!place.dataset?.chart || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in KEYS) zoom(place, KEYS[event.key]);
  else if (event.key in ARROWS) {
    const [dx, dy] = ARROWS[event.key];
    act(place, { type: "treeRoam", dx, dy });
  } else return;
  event.preventDefault();
});

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-chart]").forEach(draw);
  document.querySelectorAll("form").forEach(count);
  offerKept();
});

// A request of HTMX that failed says so; its own swap is left out (see responseHandling).
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  say({
    404: "没有找到要显示的内容，可能已被撤回或不在您的范围内。",
    503: "有人正在保存大量内容，没有轮到；内容还在本页，请过几秒再试。",
  }[status] ?? "操作没有成功，请重试；如仍出现，请告诉系统管理员。");
});
document.addEventListener("htmx:sendError", () => say("连接不上服务器，内容还在本页，请检查网络后重试。"));
