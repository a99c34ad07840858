import { expect, it } from "vitest";
import { useServer } from "../../tests/http-server.js";
import { HolisticError } from "./errors.js";
import { takeSnapshot } from "./snapshot.js";

const JSON_LANDMARKS = JSON.stringify({
  ...{ seq: 0, timestamp_ms: 0, width: 640, height: 480, track: 0 },
  ...{ model: { origin: "bundled", pose_model: "lite" }, milliseconds: 61.5 },
});

const server = useServer("/");

const PICTURE = new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])], { type: "image/jpeg" });

/** As the server sends both. */
function answerWith(landmarks: string): void {
  const part = (headers: string, body: string | Uint8Array) => [`--b0\r\n${headers}\r\n\r\n`, body, "\r\n"];
  const body = [
    ...part('Content-Type: application/json\r\nContent-Disposition: form-data; name="landmarks"', landmarks),
    ...part(
      'Content-Type: image/jpeg\r\nContent-Disposition: form-data; name="picture"; filename="annotated.jpg"',
      new Uint8Array([0xff, 0xd8, 9, 9, 0xff, 0xd9]),
    ),
    "--b0--\r\n",
  ];
  server.respond = (response) =>
    response
      .writeHead(200, { "Content-Type": "multipart/form-data; boundary=b0" })
      .end(Buffer.concat(body.map((chunk) => Buffer.from(chunk as Uint8Array))));
}

async function failure(promise: Promise<unknown>): Promise<HolisticError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HolisticError);
  return error as HolisticError;
}

it("sends the picture as it is, and gives landmarks and the annotated picture", async () => {
  answerWith(JSON_LANDMARKS);
  const snapshot = await takeSnapshot(PICTURE, {
    url: server.url,
    token: "sesame",
    draw: false,
    mirror: true,
    maxSize: 800,
  });
  expect(snapshot).toMatchObject({
    frame: { width: 640, height: 480, faceLandmarks: [] },
    json: JSON_LANDMARKS,
    model: { origin: "bundled", poseModel: "lite" },
    milliseconds: 61.5,
  });
  expect(snapshot.picture).toMatchObject({ type: "image/jpeg", size: 6 });
  expect(server.requests[0]!.line).toBe("POST /api/snapshot?annotate=false&mirror=true&max_size=800");
  expect(server.requests[0]!.headers).toMatchObject({
    accept: "multipart/form-data",
    authorization: "Bearer sesame",
    "content-type": "image/jpeg",
  });
  expect(server.requests[0]!.body).toEqual(Buffer.from(await PICTURE.arrayBuffer()));
});

it("gives all persons", async () => {
  const other = (person: number) => ({ seq: 0, timestamp_ms: 0, width: 640, height: 480, track: 0, person });
  answerWith(JSON_LANDMARKS.replace("{", `{"others":${JSON.stringify([other(1), other(2)])},`));
  const { frame, frames } = await takeSnapshot(PICTURE, { url: server.url, maxPersons: 3 });
  expect(frames.map(({ person }) => person)).toEqual([0, 1, 2]);
  expect(frame).toBe(frames[0]);
  await takeSnapshot(PICTURE, { url: server.url, maxPersons: null });
  expect(server.requests.map(({ line }) => line)).toEqual([
    "POST /api/snapshot?max_persons=3",
    "POST /api/snapshot?max_persons=all",
  ]);
});

it.each(["{}", "[{}]", "[null]"])("others that can't be read, such as %s, are an error", async (others) => {
  answerWith(JSON_LANDMARKS.replace("{", `{"others":${others},`));
  expect((await failure(takeSnapshot(PICTURE, { url: server.url }))).reason).toBe("server-unreachable");
});

it("asks for the parts that are wanted", async () => {
  answerWith(JSON_LANDMARKS);
  await takeSnapshot(PICTURE, { url: server.url, parts: ["pose", "face"] });
  expect(server.requests[0]!.line).toBe("POST /api/snapshot?parts=pose%2Cface");
});

it.each([
  [503, "server-full", 2],
  [401, "unauthorized", null],
  [413, "refused", null],
  [415, "refused", null],
  [504, "server-unreachable", null],
])("an answer with status %i is the error %s, with the server's words", async (status, reason, retryAfter) => {
  const headers = { "Content-Type": "application/problem+json", ...(retryAfter && { "Retry-After": retryAfter }) };
  server.respond = (response) => response.writeHead(status, headers).end(JSON.stringify({ status, detail: "because" }));
  expect(await failure(takeSnapshot(PICTURE, { url: server.url }))).toMatchObject({
    ...{ reason, retryAfter, status, message: "because" },
  });
});

it.each(['{"seq": 0', "{}", JSON_LANDMARKS.replace("640", '"wide"'), '{"seq":0,"timestamp_ms":0,"width":1}'])(
  "landmarks that can't be read, such as %s, are an error",
  async (landmarks) => {
    answerWith(landmarks);
    expect((await failure(takeSnapshot(PICTURE, { url: server.url }))).reason).toBe("server-unreachable");
  },
);

it("an answer that is no form is an error", async () => {
  server.respond = (response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>It works</h1>");
  expect((await failure(takeSnapshot(PICTURE, { url: server.url }))).message).toContain("holistic-rtc");
});

it("can be given up", async () => {
  server.respond = () => undefined;
  const giveUp = new AbortController();
  const reason = new Error("enough");
  const taking = takeSnapshot(PICTURE, { url: server.url, signal: giveUp.signal });
  giveUp.abort(reason);
  await expect(taking).rejects.toBe(reason);
});
