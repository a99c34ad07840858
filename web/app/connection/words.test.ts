import { readFileSync } from "node:fs";
import { HolisticError } from "holistic-rtc";
import { describe, expect, it } from "vitest";
import { SourceError } from "../camera/camera.js";
import { DICTIONARIES } from "../i18n/index.js";
import { describe as describeError, type Status } from "./status.js";
import { ticketMessages, tokenMessages, toWords, viewerMessages } from "./words.js";

const en = DICTIONARIES.en;
const status = (part: Partial<Status>): Status => ({
  state: "idle",
  problem: null,
  detail: "",
  code: null,
  attempt: 0,
  retryAt: 0,
  ...part,
});

describe("what the page says", () => {
  it("when nothing has begun: that it is ready, and nothing else", () => {
    expect(toWords(status({}), en, 0)).toEqual({
      state: "Ready",
      progress: "",
      title: "",
      remedy: "",
      retry: "",
      detail: "",
    });
  });

  it("while the browser asks for the camera: to allow it", () => {
    expect(toWords(status({ state: "starting" }), en, 0).progress).toContain("Allow the camera");
  });

  it("when the server is full: how many seconds until it tries again", () => {
    const full = status({ state: "waiting", problem: "server-full", retryAt: 5000 });
    expect(toWords(full, en, 0)).toMatchObject({ title: "The server is full", retry: "Trying again in 5 s." });
    expect(toWords(full, en, 4200).retry).toBe("Trying again in 1 s.");
    expect(toWords(full, en, 5100).retry).toBe("Trying again…");
  });

  it("what the server's code means, in a language that the server doesn't speak", () => {
    const busy = status({ state: "failed", problem: "server-busy", code: "no_free_port", detail: "no port is free" });
    expect(toWords(busy, en, 0).detail).toBe("Details: no port is free");
    expect(toWords(busy, DICTIONARIES.zh, 0).detail).toContain("服务器没有空闲的 UDP 端口。 no port is free");
  });

  it("a code that says more than the reason has words of its own", () => {
    const taken = status({ state: "failed", problem: "refused", code: "name_taken" });
    expect(toWords(taken, en, 0).title).toBe("This name is taken");
    expect(toWords(taken, DICTIONARIES.zh, 0).title).toBe("此名称已被占用");
  });

  it.each([
    ["errors.py", "Code"],
    ["model/end_reason.py", "EndReason"],
  ])("each code of %s has a meaning in Chinese", (file, name) => {
    const source = readFileSync(new URL(`../../../server/holistic_rtc/${file}`, import.meta.url), "utf8");
    const [, list] = new RegExp(`class ${name}\\(StrEnum\\):(.*?)\n(?=\\S)|$`, "s").exec(source)!;
    const codes = [...(list ?? source).matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map(([, code]) => code!);
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => DICTIONARIES.zh.meaning(code) === "")).toEqual([]);
  });

  it("when it reconnects: which attempt it is", () => {
    const lost = status({ state: "reconnecting", problem: "connection-lost", attempt: 3, retryAt: 2000 });
    expect(toWords(lost, en, 0).retry).toBe("Trying again in 2 s. Attempt 3.");
    expect(toWords(lost, en, 0).remedy).toContain("automatically");
    expect(toWords(lost, DICTIONARIES.zh, 0).retry).toBe("2 秒后重试。 第 3 次尝试。");
  });

  it("when the camera is denied: how to allow it", () => {
    const denied = describeError(new SourceError("camera-denied", new DOMException("no", "NotAllowedError")));
    const words = toWords(status({ state: "failed", ...denied }), en, 0);
    expect(words).toMatchObject({ title: "The camera is blocked", detail: "Details: NotAllowedError: no" });
    expect(words.remedy).toContain("allow the camera");
  });

  it("when the server refuses: the server's own words", () => {
    const refused = describeError(new HolisticError("refused", "no common codec; offer VP8 or H.264 video"));
    expect(toWords(status({ state: "failed", ...refused }), en, 0).detail).toContain("offer VP8 or H.264");
  });

  it("when the unforeseen happens: what it was", () => {
    const unforeseen = describeError(new RangeError("out of bounds"));
    expect(toWords(status({ state: "failed", ...unforeseen }), en, 0)).toMatchObject({
      title: "Something went wrong",
      detail: "Details: out of bounds",
    });
  });
});

describe("the viewer says", () => {
  const viewer = viewerMessages(en);

  it("that a session has ended", () => {
    const ended = describeError(new HolisticError("session-ended", "the session has ended", { code: "session_ended" }));
    expect(toWords(status({ state: "failed", ...ended }), viewer, 0)).toMatchObject({
      state: "Stopped",
      title: "The session has ended",
    });
  });

  it.each(["server-unreachable", "server-full", "session-ended", "aborted", "unexpected"] as const)(
    "at %s nothing of Start, which it hasn't",
    (problem) => expect(viewer.problems[problem].remedy).not.toContain("Start"),
  );

  it("that a session is private, and whom to ask", () => {
    const refused = describeError(new HolisticError("forbidden", "this session is private"));
    expect(toWords(status({ state: "failed", ...refused }), viewer, 0)).toMatchObject({
      title: "This session is private",
      remedy: expect.stringContaining("#key=") as string,
    });
  });

  it("that a session is unknown, and where to look", () => {
    const unknown = describeError(new HolisticError("session-unknown", "no such session"));
    expect(toWords(status({ state: "failed", ...unknown }), viewer, 0).remedy).toContain("list");
  });
});

describe("a server that asks for a token", () => {
  const refused = status({
    state: "failed",
    ...describeError(new HolisticError("unauthorized", "this server needs a token")),
  });

  it("is explained to who has none", () => {
    expect(toWords(refused, en, 0)).toMatchObject({ title: "The server requires a token" });
    expect(toWords(refused, en, 0).remedy).toContain("enter it here");
  });

  it("is explained to who has another one", () => {
    expect(toWords(refused, tokenMessages(viewerMessages(en)), 0).title).toBe("The server rejected this token");
  });

  it("is explained to who came by a link that has expired", () => {
    expect(toWords(refused, ticketMessages(viewerMessages(en)), 0).title).toBe("This link has expired");
  });
});
