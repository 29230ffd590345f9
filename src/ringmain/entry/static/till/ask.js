// Questions to the server as JSON. An answer is an answer, a refusal too; silence is `Unanswered`.

const PATIENCE = 8000;

export class Unanswered extends Error {}

export class Refused extends Error {
  constructor(problem, status) {
    super(problem.code);
    this.problem = problem;
    this.status = status;
  }
}

// `crypto.randomUUID` is missing where a till is served without https within a shop.
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
}

export async function ask(path, body) {
  let response;
  let answer;
  try {
    response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) });
    answer = await response.json();
  } catch (error) {
    throw new Unanswered(String(error));
  }
  if (response.status === 401 && answer.go) {
    location.assign(answer.go);
    throw new Unanswered("signed out");
  }
  if (response.status >= 500 || response.status === 429) throw new Unanswered(String(response.status));
  if (!response.ok) throw new Refused(answer, response.status);
  return answer;
}
