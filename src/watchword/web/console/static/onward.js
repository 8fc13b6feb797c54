// Sends on what an identity provider has posted; without script one clicks.
"use strict";
document.querySelector("form.onward[data-by-itself]")?.requestSubmit();
