// Passkeys: the browser asks the authenticator; the server makes the question and judges the answer.

const able = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);
const error = document.querySelector("[data-passkey-error]");

function tell(text) {
  error.querySelector("span").textContent = text;
  error.hidden = false;
}

async function ask(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok && data.go) location.assign(data.go);
  if (!answer.ok) throw Object.assign(new Error(data.code), { said: data.why ? `${data.why} ${data.next_step}` : "" });
  return data;
}

async function signIn(button) {
  const { options, ticket } = await ask("/sign-in/passkey/question", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  return ask("/sign-in/passkey", { ticket, credential: credential.toJSON(), next: button.dataset.next });
}

async function add() {
  const { options, ticket } = await ask("/account/passkeys/question", {});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  const name = document.getElementById("passkey-name").value;
  return ask("/account/passkeys", { ticket, credential: credential.toJSON(), name });
}

async function press(button, work) {
  if (button.disabled) return;
  error.hidden = true;
  button.disabled = true;
  try {
    location.assign((await work(button)).go);
  } catch (failure) {
    // Who closes the browser's own window has changed their mind: that is no error.
    if (failure.name === "InvalidStateError") tell(error.dataset.known);
    else if (!["NotAllowedError", "AbortError"].includes(failure.name)) tell(failure.said || error.dataset.failed);
    button.disabled = false;
  }
}

if (able) {
  for (const one of document.querySelectorAll("[data-passkey-missing]")) one.hidden = true;
  for (const one of document.querySelectorAll("[data-passkey-form], [data-passkey]")) one.hidden = false;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.addEventListener("click", () => press(button, button.dataset.passkey === "add" ? add : signIn));
  }
}
