"""The scripts of a page: drawing the charts, and marking tables that are wider than the screen."""

from __future__ import annotations

DRAW = """
(() => {
  const page = JSON.parse(document.getElementById("chart-data").textContent);
  for (const place of document.querySelectorAll("[data-chart]")) {
    vegaEmbed(place, page.specs[place.dataset.chart], {
      mode: "vega-lite", renderer: "svg", actions: false, config: page.config,
    }).catch((error) => { place.textContent = "This chart could not be drawn: " + error.message; });
  }
})();
"""
"""Every place gets its chart; one that cannot be drawn says so."""

MARK_WIDE = """
(() => {
  const mark = () => {
    for (const box of document.querySelectorAll(".scroll")) {
      box.classList.toggle("wide", box.scrollWidth > box.clientWidth + 8);
    }
  };
  addEventListener("load", mark);
  addEventListener("resize", mark);
  document.addEventListener("toggle", mark, true);
})();
"""
"""A table that scrolls sideways says so (``.scroll.wide``)."""
