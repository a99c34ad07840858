import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HolisticError } from "./errors.js";
import { getTicket, listSessions, Resource, Server } from "./signalling.js";

let http: HttpServer;
let base: URL;
let server: Server;
let respond: (response: ServerResponse, request: IncomingMessage) => void;
let requests: { line: string; headers: IncomingMessage["headers"]; body: string }[];

beforeEach(async () => {
  requests = [];
  http = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      requests.push({ line: `${request.method ?? ""} ${request.url ?? ""}`, headers: request.headers, body });
      respond(response, request);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  base = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/some/base/`);
  server = new Server({ url: base });
});

afterEach(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

describe("a server of several nodes", () => {
  const resource = (url: string) => new Resource(new URL(url), null, "");

  it("outlives a node at another address if it answers", async () => {
    answerWith(200, { "Content-Type": "application/json" }, "{}");
    expect(await server.outlives(resource("http://node1.example:1/whip/id/key"))).toBe(true);
    expect(requests.map(({ line }) => line)).toEqual(["GET /some/base/healthz"]);
  });

  it("doesn't outlive itself, nor a node if it doesn't answer either", async () => {
    expect(await server.outlives(resource(`${base.href}whip/id/key`))).toBe(false);
    expect(requests).toEqual([]);
    answerWith(502, {});
    expect(await server.outlives(resource("http://node1.example:1/whip/id/key"))).toBe(false);
  });
});

function answerWith(status: number, headers: Record<string, string>, body = ""): void {
  respond = (response) => response.writeHead(status, headers).end(body);
}

function problem(status: number, detail: string, headers: Record<string, string> = {}): void {
  answerWith(status, { "Content-Type": "application/problem+json", ...headers }, JSON.stringify({ status, detail }));
}

async function failure(promise: Promise<unknown>): Promise<HolisticError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HolisticError);
  return error as HolisticError;
}

describe("an offer that is taken", () => {
  it.each([
    ["an absolute path", "/whip/abc/secret", "/whip/abc/secret"],
    ["a relative path", "whip/abc/secret", "/some/base/whip/abc/secret"],
    ["a whole address", "http://elsewhere.example/abc/secret", null],
  ])("gives a session at a Location that is %s", async (_, location, path) => {
    answerWith(201, { "Content-Type": "application/sdp", Location: location, ETag: '"e1"' }, "v=0 the answer");
    const resource = await server.offer("whip", "v=0 the offer");
    expect(resource).toMatchObject({ answer: "v=0 the answer", etag: '"e1"', session: "abc" });
    expect(resource.url.href).toBe(path === null ? location : new URL(path, base).href);
    expect(requests[0]).toMatchObject({ line: "POST /some/base/whip", body: "v=0 the offer" });
    expect(requests[0]!.headers["content-type"]).toBe("application/sdp");
  });

  it.each([
    ["absolute", '</whep/abc?key=k-3_y>; rel="urn:holistic-rtc:watch"', "k-3_y"],
    [
      "among others",
      '<turn:x:1?transport=udp>; rel="ice-server"; username="a, <b>", </whep/abc?key=k>; rel="urn:holistic-rtc:watch"',
      "k",
    ],
    ["missing", '<stun:x:1>; rel="ice-server"', null],
  ])("has the viewing key of a link that is %s", async (_, link, key) => {
    answerWith(201, { Location: "/whip/abc/secret", Link: link }, "v=0");
    expect((await server.offer("whip", "v=0")).viewingKey).toBe(key);
  });

  it("is patched with its ETag, and deleted", async () => {
    answerWith(201, { Location: "/whip/abc/secret", ETag: '"e1"' }, "v=0");
    const resource = await server.offer("whip", "v=0");
    answerWith(204, {});
    await resource.patch("a=candidate:1");
    await resource.delete();
    expect(requests[1]).toMatchObject({ line: "PATCH /whip/abc/secret", body: "a=candidate:1" });
    expect(requests[1]!.headers).toMatchObject({
      "if-match": '"e1"',
      "content-type": "application/trickle-ice-sdpfrag",
    });
    expect(requests[2]!.line).toBe("DELETE /whip/abc/secret");
  });
});

describe("an offer that is not taken", () => {
  it("a full server says when to come back", async () => {
    problem(503, "the server is full: 4 sessions are running", { "Retry-After": "5" });
    const error = await failure(server.offer("whip", "v=0"));
    expect(error).toMatchObject({ reason: "server-full", retryAfter: 5, retryable: true });
    expect(error.message).toBe("the server is full: 4 sessions are running");
  });

  it("or says so with a date", async () => {
    problem(503, "full", { "Retry-After": new Date(Date.now() + 30_000).toUTCString() });
    const { retryAfter } = await failure(server.offer("whip", "v=0"));
    expect(retryAfter).toBeGreaterThan(25);
    expect(retryAfter).toBeLessThanOrEqual(30);
  });

  it.each([
    [503, "server_full", "server-full", true],
    [503, "session_full", "server-full", true],
    [503, "no_free_port", "server-busy", true],
    [503, "shutting_down", "server-busy", true],
    [404, "unknown_session", "session-unknown", false],
    [403, "forbidden", "forbidden", false],
    [403, "private_session", "forbidden", false],
    [404, "not_found", "refused", false],
    [422, "unusable_offer", "refused", false],
    [400, "of a newer server", "refused", false],
  ])("a refusal with status %i and code %s is %s", async (status, code, reason, retryable) => {
    answerWith(status, { "Content-Type": "application/problem+json" }, JSON.stringify({ status, detail: "why", code }));
    const error = await failure(server.offer("whep/abc", "v=0"));
    expect(error).toMatchObject({ reason, retryable, status, code, message: "why" });
  });

  it.each([400, 413, 415, 422])("a refusal with status %i is final, and says why", async (status) => {
    problem(status, "the offer sends no video");
    const error = await failure(server.offer("whip", "v=0"));
    expect(error).toMatchObject({ reason: "refused", retryable: false, message: "the offer sends no video" });
  });

  it("a session that isn't there can't be subscribed to, now or later", async () => {
    const body = JSON.stringify({ detail: "no such session; it may have ended", code: "unknown_session" });
    answerWith(404, { "Content-Type": "application/problem+json" }, body);
    const error = await failure(server.offer("whep/abc", "v=0"));
    expect(error).toMatchObject({ reason: "session-unknown", retryable: false });
  });

  it("without the server's token nothing is to be had, now or later", async () => {
    problem(401, "this server needs a token", { "WWW-Authenticate": "Bearer" });
    const error = await failure(server.getConfiguration());
    expect(error).toMatchObject({ reason: "unauthorized", retryable: false, message: "this server needs a token" });
  });

  it.each([500, 502])("a server that fails with status %i may do better later", async (status) => {
    answerWith(status, { "Content-Type": "text/html" }, "<h1>Bad gateway</h1>");
    const error = await failure(server.offer("whip", "v=0"));
    expect(error).toMatchObject({ reason: "server-unreachable", retryable: true });
    expect(error.message).toContain(String(status));
  });

  it("a problem that is cut still has its status", async () => {
    answerWith(422, { "Content-Type": "application/problem+json" }, '{"detail": "the off');
    expect((await failure(server.offer("whip", "v=0"))).message).toContain("422");
  });

  it("a server that isn't there is unreachable", async () => {
    http.close();
    const error = await failure(new Server({ url: "http://127.0.0.1:9/" }).offer("whip", "v=0"));
    expect(error).toMatchObject({ reason: "server-unreachable", retryable: true });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("a server of another kind is told apart", async () => {
    answerWith(200, { "Content-Type": "text/html" }, "<h1>It works</h1>");
    expect((await failure(server.offer("whip", "v=0"))).message).toContain("WHIP");
    expect((await failure(server.getConfiguration())).reason).toBe("server-unreachable");
  });
});

it("gets the ICE servers below the base address", async () => {
  const iceServers = [{ urls: ["turn:turn.example:3478"], username: "u", credential: "c" }];
  answerWith(200, { "Content-Type": "application/json" }, JSON.stringify({ iceServers }));
  expect(await server.getConfiguration()).toEqual({ iceServers });
  expect(requests[0]!.line).toBe("GET /some/base/api/ice-servers");
});

it("gets them for a session with its viewing key", async () => {
  answerWith(200, { "Content-Type": "application/json" }, '{"iceServers": []}');
  await server.getConfiguration({ session: "abc", key: "k&y" });
  expect(requests[0]!.line).toBe("GET /some/base/api/ice-servers?session=abc&key=k%26y");
});

it("gets a ticket for less than what its token allows", async () => {
  const expires = "2026-11-25T06:12:10+00:00";
  answerWith(201, { "Content-Type": "application/json" }, JSON.stringify({ ticket: "ticket.a.b", expires }));
  const options = { url: base, token: "t0k", rights: ["watch", "list"], session: "abc", seconds: 60 } as const;
  expect(await getTicket(options)).toEqual({ ticket: "ticket.a.b", expires: new Date(expires) });
  expect(requests[0]).toMatchObject({
    line: "POST /some/base/api/tickets?rights=watch%2Clist&session=abc&seconds=60",
    headers: { authorization: "Bearer t0k" },
  });
});

it("lists the sessions", async () => {
  const tracks = [{ track: 0, width: 640, height: 480, fps: 24.1 }];
  const listed = {
    id: "abc",
    name: "stage",
    public: true,
    started: "2026-11-25T06:12:10+00:00",
    subscribers: 2,
    tracks,
  };
  answerWith(200, { "Content-Type": "application/json" }, JSON.stringify({ sessions: [listed] }));
  expect(await listSessions({ url: base })).toEqual([
    { ...listed, started: new Date(Date.UTC(2026, 10, 25, 6, 12, 10)) },
  ]);
  expect(requests[0]!.line).toBe("GET /some/base/api/sessions");
});

it("shows its token where the server may ask for one, and not where a secret address does", async () => {
  server = new Server({ url: base, token: "t0k+n/" });
  answerWith(201, { Location: "/whep/abc/secret", "Content-Type": "application/json" }, '{"iceServers": []}');
  await server.getConfiguration();
  const resource = await server.offer("whep/abc", "v=0");
  await resource.delete();
  expect(requests.map(({ line, headers }) => [line, headers.authorization])).toEqual([
    ["GET /some/base/api/ice-servers", "Bearer t0k+n/"],
    ["POST /some/base/whep/abc", "Bearer t0k+n/"],
    ["DELETE /whep/abc/secret", undefined],
  ]);
});

describe("waiting for a name", () => {
  function notLive(retryAfter: string): void {
    const body = JSON.stringify({ status: 404, code: "not_live", detail: "nobody is publishing as stage" });
    respond = (response) => {
      response.writeHead(404, { "Content-Type": "application/problem+json", "Retry-After": retryAfter }).end(body);
      answerWith(200, { "Content-Type": "application/json" }, "{}");
    };
  }

  it("asks again until somebody publishes under it", async () => {
    notLive("0");
    await server.waitUntilLive("stage", "k&y", new AbortController().signal);
    const line = "GET /some/base/api/sessions/stage?wait=20&key=k%26y";
    expect(requests.map((request) => request.line)).toEqual([line, line]);
  });

  it("ends when nobody waits for it any more", async () => {
    const waiting = new AbortController();
    respond = () => waiting.abort(new HolisticError("aborted", "closed"));
    expect((await failure(server.waitUntilLive("stage", null, waiting.signal))).reason).toBe("aborted");
  });

  it("ends when the server refuses", async () => {
    problem(403, "the viewing key is wrong");
    expect((await failure(server.waitUntilLive("stage", "wrong", new AbortController().signal))).reason).toBe(
      "forbidden",
    );
  });
});

describe("an ICE restart", () => {
  it("is asked for whatever the ETag is, and gives the next one", async () => {
    answerWith(200, { "Content-Type": "application/trickle-ice-sdpfrag", ETag: '"e2"' }, "a=ice-ufrag:new\r\n");
    const resource = new Resource(new URL("whip/abc/secret", base), '"e1"', "v=0");
    expect(await resource.restart("a=ice-ufrag:mine\r\n")).toBe("a=ice-ufrag:new\r\n");
    expect(requests[0]).toMatchObject({ line: "PATCH /some/base/whip/abc/secret", body: "a=ice-ufrag:mine\r\n" });
    expect(requests[0]!.headers["if-match"]).toBe("*");
    expect(resource.etag).toBe('"e2"');
  });
});
