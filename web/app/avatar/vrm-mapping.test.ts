import { ARKIT_BLENDSHAPES, type Quaternion, type Rig, RIG_EXPRESSIONS } from "holistic-rtc";
import { Quaternion as Rotation, Vector3 } from "three";
import { describe, expect, it } from "vitest";

import { AT_EASE, product } from "./rig-pose.js";
import { faceDriver, fittedBones, gaze, hipsOffset, turnedAround } from "./vrm-mapping.js";

function around(axis: [number, number, number], degrees: number): Quaternion {
  return new Rotation().setFromAxisAngle(new Vector3(...axis), (degrees * Math.PI) / 180).toArray();
}

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 5) as number);

describe("a VRM 0.x model, which looks to -z", () => {
  it("moves as a 1.0 model does that is turned around", () => {
    const turn = new Rotation(...around([0, 1, 0], 180));
    const rotation = around([0.6, 0.48, 0.64], 50);
    for (const direction of [new Vector3(1, 0, 0), new Vector3(0, 1, 0), new Vector3(0, 0, 1)]) {
      const expected = direction
        .clone()
        .applyQuaternion(new Rotation(...rotation))
        .applyQuaternion(turn);
      const seen = direction
        .clone()
        .applyQuaternion(turn)
        .applyQuaternion(new Rotation(...turnedAround(rotation)));
      expect(seen.toArray()).toEqual(close(expected.toArray()));
    }
  });

  it("goes to its own left when the rig does", () => {
    expect(turnedAround([0.2, 0.1, -0.3])).toEqual([-0.2, 0.1, 0.3]);
  });
});

it("hips move as far as the model is tall", () => {
  expect(hipsOffset([0, 0.95, 0], 0.6)).toEqual([0, 0, 0]);
  expect(hipsOffset([0.19, 0.76, -0.095], 0.475)).toEqual(close([0.095, -0.095, -0.0475]));
});

describe("a model without all bones", () => {
  const bones: Rig["bones"] = {
    ...AT_EASE.bones,
    spine: around([1, 0, 0], 10),
    chest: around([0, 1, 0], 20),
    neck: around([0, 0, 1], 15),
    head: around([1, 0, 0], -25),
  };
  const worldOfHead = ({ spine, chest, neck, head }: Rig["bones"]) =>
    product(product(spine, chest), product(neck, head));

  it("turns its head as far as one with all of them", () => {
    const fitted = fittedBones(bones, (bone) => bone !== "chest" && bone !== "neck");
    expect(product(fitted.spine, fitted.head)).toEqual(close(worldOfHead(bones)));
  });

  it("and one with all of them keeps its rotations", () => {
    expect(fittedBones(bones, () => true)).toEqual(bones);
  });
});

describe("the gaze", () => {
  const looking = (leftEye: Quaternion, rightEye: Quaternion) =>
    gaze({ ...AT_EASE, bones: { ...AT_EASE.bones, leftEye, rightEye } });

  it("is to the left, and down, in degrees", () => {
    const left = around([0, 1, 0], 20);
    expect(Object.values(looking(left, left))).toEqual(close([20, 0]));
    const down = around([1, 0, 0], 12);
    expect(Object.values(looking(down, down))).toEqual(close([0, 12]));
  });

  it("of eyes that squint is between them", () => {
    expect(looking(around([0, 1, 0], -10), around([0, 1, 0], 30)).yaw).toBeCloseTo(10);
  });
});

describe("the face", () => {
  const rig: Rig = {
    ...AT_EASE,
    expressions: Object.fromEntries(RIG_EXPRESSIONS.map((name, i) => [name, (i + 1) / 20])) as Rig["expressions"],
    arkit: Object.fromEntries(ARKIT_BLENDSHAPES.map((name, i) => [name, (i + 1) / 60])) as Rig["arkit"],
  };
  const driven = (names: readonly string[], looksByItself = false) =>
    Object.fromEntries(faceDriver(names, looksByItself)(rig));

  it("of a plain model goes by VRM's presets, as far as it has them", () => {
    const { aa, happy } = rig.expressions;
    expect(driven(["aa", "happy", "neutral", "myOwn"])).toEqual({ aa, happy });
  });

  it("closes both eyes by what is for both, and one of them by what it is closed more", () => {
    const { blink, blinkLeft, blinkRight } = rig.expressions;
    expect(driven(["blink", "blinkLeft", "blinkRight"])).toEqual({ blink, blinkLeft, blinkRight });
    expect(driven(["blink"])).toEqual({ blink });
  });

  it("closes both eyes of a model that has only something for each", () => {
    const { blink, blinkLeft, blinkRight } = rig.expressions;
    expect(driven(["blinkLeft", "blinkRight"])).toEqual({
      blinkLeft: blink + blinkLeft,
      blinkRight: blink + blinkRight,
    });
  });

  it("of one made for ARKit goes by ARKit's shapes alone", () => {
    const names = [...ARKIT_BLENDSHAPES.filter((name) => name !== "tongueOut"), "aa", "blink", "happy"];
    expect(Object.keys(driven(names)).sort()).toEqual(ARKIT_BLENDSHAPES.filter((name) => name !== "tongueOut").sort());
    expect(driven(names).jawOpen).toBe(rig.arkit.jawOpen);
  });

  it("and of one that writes them with a capital", () => {
    const names = ARKIT_BLENDSHAPES.map((name) => name.charAt(0).toUpperCase() + name.slice(1));
    expect(driven(names)).toHaveProperty("JawOpen", rig.arkit.jawOpen);
  });

  it("of one with a few of them goes by the presets", () => {
    expect(driven(["jawOpen", "mouthPucker", "aa"])).toEqual({ aa: rig.expressions.aa });
  });

  it("leaves eyes alone that the model turns by itself", () => {
    expect(driven(["lookLeft", "aa"], true)).toEqual({ aa: rig.expressions.aa });
    expect(driven(ARKIT_BLENDSHAPES, true)).not.toHaveProperty("eyeLookInLeft");
    expect(driven(ARKIT_BLENDSHAPES, true)).toHaveProperty("eyeBlinkLeft");
  });
});
