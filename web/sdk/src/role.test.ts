import { expect, it } from "vitest";
import { pathOf } from "./role.js";

const publication = { tracks: [], video: true, public: false, name: null, key: "a secret" };
const subscription = { sessionId: "abc", key: null, videos: 1, audio: false, landmarks: true };

it.each([
  [publication, "whip"],
  [{ ...publication, public: true }, "whip?public=true"],
  [{ ...publication, name: "stage" }, "whip/stage?key=a+secret"],
  [{ ...publication, name: "a/b?", public: true }, "whip/a%2Fb%3F?public=true&key=a+secret"],
  [subscription, "whep/abc"],
  [{ ...subscription, sessionId: "a/b", key: "k&y" }, "whep/a%2Fb?key=k%26y"],
])("offers %o to the address %s", (role, path) => expect(pathOf(role)).toBe(path));
