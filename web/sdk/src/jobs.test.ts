import { expect, it } from "vitest";
import { useServer } from "../../tests/http-server.js";
import { HolisticError } from "./errors.js";
import { Job, submitJob } from "./jobs.js";

const WAITING = {
  ...{ id: "j1", state: "waiting", ahead: 2, frames: 0, total: null, damaged: false, results: [], error: null },
  expires_in: null,
};
const TRACKING = { ...WAITING, state: "tracking", ahead: 0, frames: 3, total: 8 };
const RESULT = { name: "landmarks.jsonl", type: "application/x-ndjson", url: "/below/api/jobs/j1/landmarks.jsonl" };
const DONE = { ...TRACKING, state: "done", frames: 8, results: [RESULT], expires_in: 3600 };

const server = useServer("/below");

const FILE = new Blob([new Uint8Array([1, 2, 3])], { type: "video/mp4" });

it("submits a file with what is wished", async () => {
  server.respond = (response) =>
    response.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify(WAITING));
  const job = await submitJob(FILE, {
    url: server.url,
    token: "t",
    results: ["landmarks"],
    quality: "fast",
    maxPersons: null,
  });
  expect(job.id).toBe("j1");
  const [{ line, headers, body }] = server.requests as [(typeof server.requests)[0]];
  expect(line).toBe("POST /below/api/jobs?results=landmarks&quality=fast&max_persons=all");
  expect(headers.authorization).toBe("Bearer t");
  expect([...body]).toEqual([1, 2, 3]);
});

it("follows a job in events of any size, and connects again if they end too early", async () => {
  const events = (...jobs: object[]) => jobs.map((job) => `event: job\ndata: ${JSON.stringify(job)}\n\n:\n\n`).join("");
  server.respond = (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    if (server.requests.length === 1) {
      response.end(events(WAITING));
      return;
    }
    const text = events(TRACKING, DONE);
    response.write(text.slice(0, 50));
    setTimeout(() => response.end(text.slice(50)), 20);
  };
  const states = [];
  for await (const status of new Job("j1", { url: server.url }).follow()) {
    states.push(status);
  }
  expect(states.map(({ state, ahead, frames, total }) => [state, ahead, frames, total])).toEqual([
    ["waiting", 2, 0, null],
    ["tracking", 0, 3, 8],
    ["done", 0, 8, 8],
  ]);
  expect(states[2]!.results[0]!.url.href).toBe(new URL("/below/api/jobs/j1/landmarks.jsonl", server.url).href);
  expect(states[2]!.expiresIn).toBe(3600);
});

it("stops following when it is told to", async () => {
  server.respond = (response) => void response.writeHead(200).write(`data: ${JSON.stringify(TRACKING)}\n\n`);
  const stop = new AbortController();
  const following = new Job("j1", { url: server.url }).follow(stop.signal);
  expect((await following.next()).value).toMatchObject({ state: "tracking" });
  stop.abort(new Error("enough"));
  await expect(following.next()).rejects.toThrow("enough");
});

it("says that a job has expired, or that the server is none", async () => {
  const problem = JSON.stringify({ code: "unknown_job", detail: "no such job" });
  server.respond = (response) => response.writeHead(404, { "Content-Type": "application/problem+json" }).end(problem);
  const job = new Job("j1", { url: server.url });
  await expect(job.delete()).rejects.toMatchObject({ code: "unknown_job", message: "no such job" });
  server.respond = (response) => response.writeHead(200).end("{}");
  await expect(job.status()).rejects.toBeInstanceOf(HolisticError);
});
