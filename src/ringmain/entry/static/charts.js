// Charts in the colours of the page (tokens.css), drawn by ECharts from the JSON that stands beside each of them.
// Every chart has a table twin in the page: what is drawn here is decoration for a screen reader.

import * as echarts from "/static/vendor/echarts.js";

const drawn = new Map();
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

function theme() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    axisLine: { lineStyle: { color: token("line-strong") } },
    axisLabel: { color: token("ink-soft") },
    splitLine: { lineStyle: { color: token("line") } },
  };
  return {
    color: ["teal-drop", "brass-fill", "ink-soft", "teal", "brass", "quiet"].map(token),
    backgroundColor: "transparent",
    textStyle: { fontFamily: token("type"), color: token("ink") },
    categoryAxis: axis,
    valueAxis: axis,
    timeAxis: axis,
    legend: { textStyle: { color: token("ink") } },
    sankey: { label: { color: token("ink") }, lineStyle: { color: token("teal-drop"), opacity: 0.35 } },
    tooltip: { backgroundColor: token("sheet"), borderColor: token("line"), textStyle: { color: token("ink") } },
  };
}

/** Draws the chart of an element with `data-chart`; its options are the JSON of the script within its figure. */
export function draw(element) {
  drawn.get(element)?.dispose();
  const options = JSON.parse(element.parentElement.querySelector("script[type='application/json']").textContent);
  const chart = echarts.init(element, theme(), { renderer: "svg" });
  chart.setOption({ animation: !still.matches, aria: { enabled: false }, ...options });
  drawn.set(element, chart);
}

dark.addEventListener("change", () => { for (const element of drawn.keys()) draw(element); });
window.addEventListener("resize", () => { for (const chart of drawn.values()) chart.resize(); });
