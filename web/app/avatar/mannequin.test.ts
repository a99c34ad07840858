import { type Quaternion, type Rig, RIG_BONES, RIG_PARENTS } from "holistic-rtc";
import { Box3, Mesh, Raycaster, Vector3 } from "three";
import { describe, expect, it } from "vitest";

import { COLOURS } from "./mannequin-shapes.js";
import { Mannequin } from "./mannequin.js";
import { AT_EASE } from "./rig-pose.js";

it("has every bone of the rig, and stands on the floor", () => {
  const mannequin = new Mannequin();
  for (const name of RIG_BONES) {
    const parent = RIG_PARENTS[name];
    expect(mannequin.bone(name)!.parent).toBe(parent ? mannequin.bone(parent) : mannequin.object);
  }
  const { min, max } = new Box3().setFromObject(mannequin.object);
  expect(min.y).toBeCloseTo(0, 1);
  expect(max.y).toBeGreaterThan(1.6);
  expect(max.y).toBeLessThan(1.9);
});

it("takes the rotations and the place of a rig", () => {
  const mannequin = new Mannequin();
  const raised: Quaternion = [0, 0, Math.SQRT1_2, Math.SQRT1_2];
  mannequin.apply({
    ...AT_EASE,
    hipsPosition: [0.1, 0.9, 0.2],
    bones: { ...AT_EASE.bones, leftUpperArm: raised, leftLowerArm: [0, 0, 0, 1] },
  });
  mannequin.object.updateWorldMatrix(true, true);
  expect(mannequin.bone("hips")!.position.toArray()).toEqual([0.1, 0.9, 0.2]);
  const shoulder = mannequin.bone("leftUpperArm")!.getWorldPosition(new Vector3());
  const hand = mannequin.bone("leftHand")!.getWorldPosition(new Vector3());
  expect(hand.sub(shoulder).normalize().toArray()).toEqual(
    [0, 1, 0].map((value) => expect.closeTo(value, 5) as number),
  );
});

describe("its face", () => {
  /** How high each patch of colour on it is. */
  function heights(mannequin: Mannequin, expressions: Partial<Rig["expressions"]>, arkit: Partial<Rig["arkit"]>) {
    mannequin.apply({
      ...AT_EASE,
      expressions: { ...AT_EASE.expressions, ...expressions },
      arkit: { ...AT_EASE.arkit, ...arkit },
    });
    const found: number[] = [];
    mannequin.bone("head")!.traverse((node) => {
      if (node instanceof Mesh && !node.frustumCulled) {
        const { min, max } = new Box3().setFromObject(node, true);
        found.push(max.y - min.y);
      }
    });
    return found;
  }
  const shrunk = (before: number[], after: number[]) => after.filter((height, i) => height < 0.4 * before[i]!).length;

  it("has no hair under the skin of its cheeks, which would show as specks", () => {
    const mannequin = new Mannequin();
    const head = mannequin.bone("head")!.getWorldPosition(new Vector3());
    for (const x of [-0.08, -0.06, 0.06, 0.08]) {
      const ahead = head.clone().add(new Vector3(x, 0.07, 1));
      const hits = new Raycaster(ahead, new Vector3(0, 0, -1)).intersectObject(mannequin.object);
      const materials = hits.flatMap(({ object }) => (object instanceof Mesh ? [object.material as unknown] : []));
      expect(materials).toContain(COLOURS.skin);
      expect(materials).not.toContain(COLOURS.hair);
    }
  });

  it("closes the eye that blinks, or both", () => {
    const mannequin = new Mannequin();
    const open = heights(mannequin, {}, {});
    const inAnEye = shrunk(open, heights(mannequin, { blinkLeft: 1 }, {}));
    expect(inAnEye).toBeGreaterThan(1);
    expect(shrunk(open, heights(mannequin, { blink: 1 }, {}))).toBe(2 * inAnEye);
  });

  it("opens its mouth as the jaw does", () => {
    const mannequin = new Mannequin();
    const closed = heights(mannequin, {}, {});
    const open = heights(mannequin, {}, { jawOpen: 1 });
    expect(open.filter((height, i) => height > closed[i]! + 0.02)).toHaveLength(1);
  });

  it("looks where the rig's eyes do, and the iris stays within the eye", () => {
    const mannequin = new Mannequin();
    const irises = (left: Quaternion) => {
      mannequin.apply({ ...AT_EASE, bones: { ...AT_EASE.bones, leftEye: left, rightEye: left } });
      const found: Box3[] = [];
      mannequin.bone("head")!.traverse((node) => {
        if (node instanceof Mesh && node.material === COLOURS.iris) {
          found.push(new Box3().setFromObject(node, true));
        }
      });
      return found;
    };
    const ahead = irises([0, 0, 0, 1]);
    const toTheLeft = irises([0, Math.sin(0.2), 0, Math.cos(0.2)]);
    expect(ahead).toHaveLength(2);
    toTheLeft.forEach((iris, i) => {
      expect(iris.max.x).toBeGreaterThan(ahead[i]!.max.x + 0.004);
      expect(iris.max.x - iris.min.x).toBeGreaterThan(0.01);
      expect(iris.max.x).toBeLessThan(ahead[i]!.getCenter(new Vector3()).x + 0.027);
    });
  });
});
