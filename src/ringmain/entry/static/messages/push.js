// "Tell me on this phone": asks the browser only after a tap, and hands its address for messages to the network.

const box = document.querySelector("[data-push]");
const able = box && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function tell(name) {
  for (const one of box.querySelectorAll("[data-push-say]")) one.hidden = one.dataset.pushSay !== name;
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return tell("denied");
  await navigator.serviceWorker.register("/sw.js");
  const worker = await navigator.serviceWorker.ready;
  const key = box.dataset.push;
  // One that was made with an older key of ours reaches nobody.
  const old = await worker.pushManager.getSubscription();
  if (old) await old.unsubscribe();
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = made.toJSON();
  const answer = await fetch("/me/messages/push", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth }),
  });
  if (!answer.ok) return tell("failed");
  location.assign((await answer.json()).go);
}

if (able) {
  box.hidden = false;
  const button = box.querySelector("button");
  if (Notification.permission === "denied") tell("denied");
  button.addEventListener("click", async () => {
    button.disabled = true;
    await subscribe().catch(() => tell("failed"));
    button.disabled = false;
  });
}
