// Small comforts. Pages read and work without this file.
"use strict";

// Copying: the buttons are there only where they can do something.
function offerCopying(within) {
  if (!navigator.clipboard) return;
  for (const button of within.querySelectorAll("button[data-copy]")) button.hidden = false;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  const said = button.querySelector(".sr");
  const before = said?.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    if (said) said.textContent = "Copied";
  } catch {
    if (said) said.textContent = "Copying was refused";
  }
  if (said) setTimeout(() => { said.textContent = before; }, 2000);
});

// Menus close by Escape, and when something else is clicked.
const MENUS = "details.account[open], details.drawer[open]";
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(MENUS)) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(MENUS)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The address of a filtered list is short: what is not chosen is left out, with or without htmx.
document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("form.filters")) return;
  const unused = [...event.target.elements].filter((field) => field.name && !field.value && !field.disabled);
  for (const field of unused) field.disabled = true;
  setTimeout(() => { for (const field of unused) field.disabled = false; });
});
document.addEventListener("htmx:config:request", (event) => {
  const body = event.detail?.ctx?.request?.body;
  if (!event.target.matches?.("form.filters") || typeof body?.entries !== "function") return;
  for (const [name, value] of [...body.entries()]) if (value === "") body.delete(name);
});

document.addEventListener("htmx:after:swap", () => offerCopying(document));
offerCopying(document);
