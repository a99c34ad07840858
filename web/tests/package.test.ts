import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const SDK = join(PROJECT, "web/sdk");
const TSC = join(PROJECT, "web/node_modules/typescript/bin/tsc");

const CONSUMER = `
import { type HolisticClientOptions, HolisticClient, HolisticError, type HolisticFrame, listSessions } from "holistic-rtc";
import { type BoneName, type Quaternion, type Rig, RIG_BONES, RIG_PARENTS } from "holistic-rtc";

export async function drive(url: string, move: (frame: HolisticFrame) => void): Promise<void> {
  const [session] = await listSessions({ url });
  const client = new HolisticClient({ url, parts: ["face", "blendshapes", "rig"], token: "secret" });
  client.on("stream", (stream: MediaStream) => console.log(stream.id));
  client.on("stats", ({ model, tracks }) => console.log(model.poseModel, tracks[0]?.fpsIn));
  client.on("draining", ({ seconds }) => console.log(seconds));
  client.on("state", ({ state, error }) => console.log(state, error?.reason));
  await client.subscribe(session?.id ?? "none", { video: false });
  try {
    for await (const frame of client.landmarks()) {
      move(frame);
    }
  } catch (error) {
    if (!(error instanceof HolisticError && error.reason === "session-ended")) throw error;
  }
}

export function rotations({ bones, expressions, arkit }: Rig): [BoneName, BoneName | null, Quaternion][] {
  console.log(expressions.aa, arkit.tongueOut);
  return RIG_BONES.map((bone) => [bone, RIG_PARENTS[bone], bones[bone]]);
}

// @ts-expect-error - there is no such part
export const wrong: HolisticClientOptions = { parts: ["nose"] };
`;

const READER = `
import { readFileSync } from "node:fs";
import { decode } from "holistic-rtc";

const frame = decode(readFileSync(process.argv[1]));
console.log(JSON.stringify([frame.poseLandmarks[0].length, frame.faceLandmarks[0].length]));
`;

let folder: string;
let packed: { filename: string; version: string; files: { path: string }[] };

function run(command: string, ...parameters: string[]): string {
  return execFileSync(command, parameters, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holistic-rtc-package-"));
  [packed] = JSON.parse(run("npm", "pack", SDK, "--json", "--silent")) as [typeof packed];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", `./${packed.filename}`);
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("the npm package", () => {
  it("holds the module, its types, a README and the licence, and nothing of the tests", () => {
    const paths = packed.files.map(({ path }) => path);
    const top = ["LICENSE", "NOTICE", "README.md", "package.json"];
    expect(paths).toEqual(
      expect.arrayContaining([...top, "dist/index.js", "dist/index.d.ts", "dist/react.js", "dist/react.d.ts"]),
    );
    expect(paths.filter((path) => !top.includes(path) && !/^dist\/[a-z-]+(\.d\.ts|\.js)$/.test(path))).toEqual([]);
  });

  it("needs no other package", () => {
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as { packages: object };
    expect(Object.keys(lock.packages)).toEqual(["", "node_modules/holistic-rtc"]);
  });

  it("has the version of the server", () => {
    const source = readFileSync(join(PROJECT, "server/holistic_rtc/__init__.py"), "utf8");
    const [, version] = /^__version__ = "(.+)"$/m.exec(source) ?? [];
    expect(packed.version).toBe(version);
  });

  it("has types that a strict program compiles with", () => {
    writeFileSync(join(folder, "consumer.ts"), CONSUMER);
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
    run(process.execPath, TSC, ...options, "--lib", "es2022,dom,dom.iterable", "consumer.ts");
  }, 30_000);

  it("reads landmark messages in Node", () => {
    const message = join(PROJECT, "tests/vectors/person.bin");
    expect(JSON.parse(run(process.execPath, "--input-type=module", "--eval", READER, message))).toEqual([33, 478]);
  });
});
