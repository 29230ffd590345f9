// A quiet map of the ring: no tiles and nobody else's server, only where the shops are to each other.

import { LngLatBounds, Map, Marker, setWorkerUrl } from "/static/vendor/maplibre/maplibre-gl.mjs";

const RING = { type: "FeatureCollection", features: [] };

export async function draw(element, points, place, style) {
  setWorkerUrl?.("/static/vendor/maplibre/maplibre-gl-worker.mjs");
  await load(style);
  const colours = getComputedStyle(document.documentElement);
  const bounds = new LngLatBounds();
  for (const one of points) bounds.extend(one.at);
  if (place) bounds.extend(place);
  RING.features = points.length > 1 ? [ring(points.map((one) => one.at))] : [];
  const map = new Map({
    container: element,
    attributionControl: false,
    bounds,
    fitBoundsOptions: { padding: { top: 48, bottom: 48, left: 80, right: 80 }, maxZoom: 16 },
    style: {
      version: 8,
      sources: { ring: { type: "geojson", data: RING } },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": colours.getPropertyValue("--teal-wash").trim() } },
        { id: "pipe", type: "line", source: "ring", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colours.getPropertyValue("--teal-drop").trim(), "line-width": 3, "line-opacity": 0.35 } },
      ],
    },
  });
  for (const one of points) {
    const mark = document.createElement("div");
    mark.className = "map-mark";
    mark.textContent = one.name;
    if (one.worth.length) {
      const worth = document.createElement("b");
      worth.textContent = one.worth[0];
      mark.append(worth);
    }
    new Marker({ element: mark }).setLngLat(one.at).addTo(map);
  }
  if (place) {
    const me = document.createElement("div");
    me.className = "map-me";
    new Marker({ element: me }).setLngLat(place).addTo(map);
  }
}

// The shops as one ring: in the order in which they lie around their middle.
function ring(places) {
  const middle = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
  const around = [...places].sort((one, other) => angle(one, middle) - angle(other, middle));
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: [...around, around[0]] } };
}

function angle([longitude, latitude], middle) {
  return Math.atan2(latitude - middle[1], longitude - middle[0]);
}

function load(style) {
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: style });
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}
