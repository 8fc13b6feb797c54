// Passkeys: options come in a JSON island, the answer goes back as a field of a plain form.
// JSON forms of options and answers: https://www.w3.org/TR/webauthn-3/ §5.1 (parse…FromJSON, toJSON).
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const listed = (several) => several?.map((one) => ({ ...one, id: bytes(one.id) }));

  function parsed(kind, options) {
    const known = window.PublicKeyCredential;
    if (kind === "create" && known.parseCreationOptionsFromJSON) return known.parseCreationOptionsFromJSON(options);
    if (kind === "get" && known.parseRequestOptionsFromJSON) return known.parseRequestOptionsFromJSON(options);
    const made = { ...options, challenge: bytes(options.challenge) };
    if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
    if (options.allowCredentials) made.allowCredentials = listed(options.allowCredentials);
    if (options.excludeCredentials) made.excludeCredentials = listed(options.excludeCredentials);
    return made;
  }

  function told(credential) {
    if (credential.toJSON) return credential.toJSON();
    const { response } = credential;
    const answer = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      answer.attestationObject = text(response.attestationObject);
      answer.transports = response.getTransports?.() ?? [];
    } else {
      answer.authenticatorData = text(response.authenticatorData);
      answer.signature = text(response.signature);
      if (response.userHandle) answer.userHandle = text(response.userHandle);
    }
    return {
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: answer,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  }

  const words = {
    NotAllowedError: "It was cancelled, or took too long. Try again.",
    InvalidStateError: "This device is registered already.",
    SecurityError: "The address of this page does not fit the passkey.",
    NotSupportedError: "This device cannot make the kind of passkey that is asked for.",
  };

  let listening;
  function prepare(form) {
    const button = form.querySelector("button[type=submit]");
    const fault = form.querySelector("[data-fault]");
    if (!window.PublicKeyCredential || !navigator.credentials) {
      form.querySelector("[data-missing]").hidden = false;
      return;
    }
    button.hidden = false;
    const options = JSON.parse(form.querySelector("script.options").textContent);
    const kind = form.dataset.ceremony;

    async function run(more) {
      const publicKey = parsed(kind, options.publicKey ?? options);
      const credential = await navigator.credentials[kind]({ publicKey, ...more });
      form.elements.credential.value = JSON.stringify(told(credential));
      form.submit();
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      fault.hidden = true;
      button.disabled = true;
      listening?.abort();
      try {
        await run({});
      } catch (error) {
        fault.textContent = words[error.name] ?? `The browser refused (${error.name}).`;
        fault.hidden = false;
      } finally {
        button.disabled = false;
      }
    });

    if (form.hasAttribute("data-conditional") && kind === "get") {
      window.PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => {
        if (!can) return;
        listening = new AbortController();
        run({ mediation: "conditional", signal: listening.signal }).catch(() => {});
      });
    }
  }

  for (const form of document.querySelectorAll("form.passkey")) prepare(form);
})();
