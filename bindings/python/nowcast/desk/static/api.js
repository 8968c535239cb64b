// The server: what is asked of it, and what it refuses.

export class Refusal extends Error {}

async function told(response) {
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({ error: response.statusText }));
  throw new Refusal(String(answer.error));
}

function url(what, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return `api/${what}?${new URLSearchParams(given)}`;
}

export async function get(what, query = {}) {
  return (await told(await fetch(url(what, query)))).json();
}

export async function bytes(what, query) {
  return (await told(await fetch(url(what, query)))).arrayBuffer();
}

export async function post(what, body) {
  const headers = { "Content-Type": "application/json" };
  return (await told(await fetch(`api/${what}`, { method: "POST", headers, body: JSON.stringify(body) }))).json();
}
