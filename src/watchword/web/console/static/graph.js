// The graph of attack paths that can be moved.  The picture drawn by the server and the list of paths say the same without it.
"use strict";
(() => {
  const place = document.getElementById("graph");
  const data = document.getElementById("graph-data");
  const picture = document.getElementById("picture");
  const moved = document.getElementById("moving");
  if (!place || !data || typeof cytoscape !== "function") return;
  const shown = JSON.parse(data.textContent);
  if (!shown.elements?.nodes?.length) return;
  const styles = getComputedStyle(document.documentElement);
  // The canvas needs plain colours: the browser works light-dark() out on an element.
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name) => { probe.className = ""; probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const [ink, soft, panel, edge, gap, unknown, paper] = ["--ink", "--soft", "--sunk", "--edge", "--gap", "--unknown", "--panel"].map(colour);
  probe.remove();

  const choice = document.createElement("p");
  choice.className = "actions";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Show as a graph that can be moved";
  choice.append(button);
  picture.before(choice);
  let graph;
  button.addEventListener("click", () => {
    const moving = moved.hidden;
    moved.hidden = !moving;
    picture.hidden = moving;
    button.textContent = moving ? "Show the picture" : "Show as a graph that can be moved";
    if (moving && !graph) graph = draw();
  });

  function draw() {
    return cytoscape({
      container: place,
      elements: shown.elements,
      minZoom: 0.2,
      maxZoom: 3,
      layout: { name: "breadthfirst", directed: true, spacingFactor: 1, padding: 24, animate: false, transform: (_, at) => ({ x: at.y * 2.4, y: at.x * 0.95 }), roots: shown.elements.nodes.filter((one) => one.data.place === "start").map((one) => one.data.id) },
      style: [
        { selector: "node", style: { label: "data(label)", "font-size": 11, color: ink, "text-wrap": "wrap", "text-max-width": 110, "text-valign": "bottom", "text-margin-y": 4, "background-color": panel, "border-width": 1.5, "border-color": edge, width: 26, height: 26, "font-family": styles.getPropertyValue("--sans") || "sans-serif" } },
        { selector: 'node[place = "start"]', style: { shape: "ellipse", "border-color": ink, "border-width": 2.5 } },
        { selector: 'node[place = "crown"]', style: { shape: "diamond", "border-color": gap, "border-width": 3, width: 32, height: 32 } },
        { selector: 'node[place = "step"]', style: { shape: "round-rectangle" } },
        { selector: "edge", style: { label: "data(label)", "font-size": 9, "min-zoomed-font-size": 9, color: soft, "text-background-color": paper, "text-background-opacity": 0.9, "text-rotation": "autorotate", "curve-style": "bezier", width: 1.6, "line-color": edge, "target-arrow-color": edge, "target-arrow-shape": "triangle" } },
        { selector: 'edge[style = "conditional"]', style: { "line-style": "dashed", "line-color": unknown, "target-arrow-color": unknown } },
        { selector: 'edge[style = "unknown"]', style: { "line-style": "dotted" } },
        { selector: "edge[choke > 0]", style: { "line-color": gap, "target-arrow-color": gap, width: 2.6 } },
        { selector: ":selected", style: { "overlay-color": ink, "overlay-opacity": 0.12 } },
      ],
    });
  }
})();
