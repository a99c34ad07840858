import { Box3, Mesh, Quaternion as Rotation, Vector3 } from "three";
import { expect, it } from "vitest";

import { type Quaternion, type Rig, RIG_BONES, RIG_PARENTS } from "../../sdk/src/index.js";
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

it("closes the eye that blinks, or both", () => {
  const mannequin = new Mannequin();
  const picture = () => {
    const turns: Quaternion[] = [];
    mannequin.bone("head")!.traverse((node) => turns.push(node.quaternion.toArray()));
    return turns;
  };
  mannequin.apply(AT_EASE);
  const open = picture();
  const lidsThatFall = (blinking: Partial<Rig["expressions"]>) => {
    mannequin.apply({ ...AT_EASE, expressions: { ...AT_EASE.expressions, ...blinking } });
    const turned = picture().map((turn, i) => new Rotation(...turn).angleTo(new Rotation(...open[i]!)));
    return turned.filter((angle) => angle > 1).length;
  };
  expect(lidsThatFall({ blinkLeft: 1 })).toBe(1);
  expect(lidsThatFall({ blink: 1 })).toBe(2);
});

it("opens its mouth as the jaw does", () => {
  const mannequin = new Mannequin();
  const height = () => {
    let tallest = 0;
    mannequin.bone("head")!.traverse((node) => {
      if (node instanceof Mesh && !node.frustumCulled) {
        const { min, max } = new Box3().setFromObject(node, true);
        tallest = max.y - min.y;
      }
    });
    return tallest;
  };
  mannequin.apply(AT_EASE);
  const closed = height();
  mannequin.apply({ ...AT_EASE, arkit: { ...AT_EASE.arkit, jawOpen: 1 } });
  expect(height()).toBeGreaterThan(closed + 0.02);
});
