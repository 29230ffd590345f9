// Short tones: up for done, down for refused. Off and on in the settings of this device.

let context;

export function soundOn() {
  return localStorage.getItem("till.sound") !== "off";
}

export function play(name) {
  if (!soundOn() || !window.AudioContext) return;
  try {
    context ??= new AudioContext();
    const tones = { done: [[660, 0], [990, 0.09]], refused: [[300, 0], [200, 0.16]], found: [[780, 0]], undone: [[520, 0], [390, 0.1]] }[name];
    for (const [pitch, after] of tones) {
      const at = context.currentTime + after;
      const tone = context.createOscillator();
      const gain = context.createGain();
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0.0001, at);
      gain.gain.exponentialRampToValueAtTime(0.18, at + 0.01);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.14);
      tone.connect(gain).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.15);
    }
  } catch {
    // Without sound the colour and the words say the same.
  }
}
