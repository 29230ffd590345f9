// Codes before the camera, read by zxing on this device; no picture leaves it. Loaded ahead, started by a tap only.

const PAUSE = 90;
const READ = { formats: ["QRCode", "Code128", "EAN13"], tryHarder: false, maxNumberOfSymbols: 1 };
let loading;

export const possible = () => Boolean(navigator.mediaDevices?.getUserMedia);

export function load() {
  loading ??= import("/static/vendor/zxing/reader/index.js").then(async (zxing) => {
    await zxing.prepareZXingModule({ overrides: { locateFile: (name) => `/static/vendor/zxing/${name}` }, fireImmediately: true });
    return zxing;
  });
  return loading;
}

export async function readCode(dialog, view, said, texts) {
  said.textContent = texts.reading;
  dialog.showModal();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    const zxing = await load();
    view.srcObject = stream;
    await view.play();
    const canvas = document.createElement("canvas");
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    while (dialog.open) {
      canvas.width = view.videoWidth;
      canvas.height = view.videoHeight;
      if (canvas.width) {
        paper.drawImage(view, 0, 0);
        const [found] = await zxing.readBarcodes(paper.getImageData(0, 0, canvas.width, canvas.height), READ);
        if (found?.text) return found.text;
      }
      await new Promise((done) => { setTimeout(done, PAUSE); });
    }
    return null;
  } catch {
    said.textContent = texts.noCamera;
    return null;
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop();
    view.srcObject = null;
    if (said.textContent !== texts.noCamera) dialog.close();
  }
}
