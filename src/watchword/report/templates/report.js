(() => {
  "use strict";
  const filters = document.querySelector(".filters");
  if (!filters) return;
  filters.hidden = false;
  const [text, verdict, severity, pillar] = ["f-text", "f-verdict", "f-severity", "f-pillar"].map((id) => document.getElementById(id));
  const count = document.getElementById("f-count");
  const controls = [...document.querySelectorAll("details.control")];
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const control of controls) {
      const data = control.dataset;
      const fits = (!verdict.value || data.verdict === verdict.value) && (!severity.value || data.severity === severity.value) &&
        (!pillar.value || data.pillar === pillar.value) && words.every((word) => control.textContent.toLowerCase().includes(word));
      control.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = `${shown} of ${controls.length} controls`;
  };
  for (const field of [text, verdict, severity, pillar]) field.addEventListener("input", apply);
  const open = () => {
    let target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    while (target) { if (target.tagName === "DETAILS") { target.open = true; target.hidden = false; } target = target.parentElement; }
  };
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => document.querySelectorAll("details.control").forEach((one) => { one.open = true; }));
  open();
  apply();
})();
