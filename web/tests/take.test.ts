import { readFileSync } from "node:fs";
import {
  type VRM1Meta,
  VRMCore,
  VRMExpression,
  VRMExpressionManager,
  type VRMHumanBones,
  VRMHumanoid,
  VRMLookAt,
  VRMLookAtBoneApplier,
  VRMLookAtRangeMap,
} from "@pixiv/three-vrm";
import {
  createVRMAnimationClip,
  type VRMAnimation,
  VRMAnimationLoaderPlugin,
  VRMLookAtQuaternionProxy,
} from "@pixiv/three-vrm-animation";
import {
  type AnimationClip,
  AnimationMixer,
  Group,
  LoopOnce,
  MathUtils,
  Object3D,
  Quaternion as Rotation,
  Vector3,
} from "three";
import { BVHLoader } from "three/addons/loaders/BVHLoader.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { describe, expect, it, vi } from "vitest";

import { type BoneName, type Quaternion, RIG_BONES, RIG_EXPRESSIONS, RIG_PARENTS } from "../sdk/src/index.js";

type Numbers = [number, number, number];

/** Where forward kinematics, in Python, puts the bones of the take; made by `tests/vectors/make_take.py`. */
interface Expected {
  fps: number;
  /** Where each bone begins in T-pose, in metres. */
  rest: Record<BoneName, Numbers>;
  frames: {
    seconds: number;
    bones: Record<BoneName, { position: Numbers; rotation: Quaternion }>;
    expressions: Record<string, number>;
  }[];
}

const VECTORS = new URL("../../tests/vectors/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, VECTORS));
const expected = JSON.parse(read("take.expected.json").toString()) as Expected;

describe("the BVH, read by three.js", () => {
  const { skeleton, clip } = new BVHLoader().parse(read("take.bvh").toString());
  const root = skeleton.bones[0]!;

  it("has the bones of the rig", () => {
    const names = skeleton.bones.map(({ name }) => name).filter((name) => name !== "ENDSITE");
    expect(names.toSorted()).toEqual([...RIG_BONES].toSorted());
  });

  it.each(expected.frames)("puts them where the rig does, after $seconds s", ({ seconds, bones }) => {
    play(root, clip, seconds);
    for (const name of RIG_BONES) {
      const bone = skeleton.getBoneByName(name)!;
      expect(distance(bone, bones[name].position, 0.01), name).toBeLessThan(1e-4);
      expect(angle(bone, bones[name].rotation), name).toBeLessThan(0.02);
    }
  });
});

describe("the VRM Animation, read by three-vrm and played on an avatar", () => {
  it.each(expected.frames)("moves its bones as the rig does, after $seconds s", async ({ seconds, bones }) => {
    const avatar = standing();
    play(avatar.scene, createVRMAnimationClip(await animation(), avatar), seconds);
    avatar.update(0);
    for (const name of RIG_BONES) {
      const bone = avatar.humanoid.getRawBoneNode(name)!;
      expect(distance(bone, bones[name].position), name).toBeLessThan(1e-4);
      expect(angle(bone, bones[name].rotation), name).toBeLessThan(0.02);
    }
  });

  it.each(expected.frames)("moves its face as the rig does, after $seconds s", async ({ seconds, expressions }) => {
    const avatar = standing();
    play(avatar.scene, createVRMAnimationClip(await animation(), avatar), seconds);
    for (const name of RIG_EXPRESSIONS) {
      // Where the avatar looks is the affair of its eyes.
      const weight = name.startsWith("look") ? 0 : expressions[name]!;
      expect(avatar.expressionManager?.getValue(name)).toBeCloseTo(weight, 4);
    }
  });

  it("has nothing that the format doesn't allow", async () => {
    const warn = vi.spyOn(console, "warn");
    await animation();
    expect(warn).not.toHaveBeenCalled();
  });
});

async function animation(): Promise<VRMAnimation> {
  const loader = new GLTFLoader().register((parser) => new VRMAnimationLoaderPlugin(parser));
  const { buffer, byteOffset, byteLength } = read("take.vrma");
  const { userData } = await loader.parseAsync(buffer.slice(byteOffset, byteOffset + byteLength), "");
  return (userData as { vrmAnimations: [VRMAnimation] }).vrmAnimations[0];
}

/** A VRM avatar without a mesh, of the rig's proportions. */
function standing(): VRMCore {
  const scene = new Group();
  const bones = {} as Record<BoneName, Object3D>;
  for (const name of RIG_BONES) {
    const parent = RIG_PARENTS[name];
    const origin = parent ? new Vector3(...expected.rest[parent]) : new Vector3();
    bones[name] = new Object3D();
    bones[name].name = name;
    bones[name].position.set(...expected.rest[name]).sub(origin);
    (parent ? bones[parent] : scene).add(bones[name]);
  }
  const nodes = Object.entries(bones).map(([name, node]) => [name, { node }]);
  const humanoid = new VRMHumanoid(Object.fromEntries(nodes) as VRMHumanBones);
  const expressionManager = new VRMExpressionManager();
  const asItIs = new VRMLookAtRangeMap(90, 90);
  const lookAt = new VRMLookAt(humanoid, new VRMLookAtBoneApplier(humanoid, asItIs, asItIs, asItIs, asItIs));
  const proxy = new VRMLookAtQuaternionProxy(lookAt);
  proxy.name = "gaze";
  scene.add(humanoid.normalizedHumanBonesRoot, proxy);
  for (const name of RIG_EXPRESSIONS) {
    const expression = new VRMExpression(name);
    scene.add(expression);
    expressionManager.registerExpression(expression);
  }
  const meta: VRM1Meta = { metaVersion: "1", name: "nobody", authors: [], licenseUrl: "" };
  return new VRMCore({ scene, humanoid, expressionManager, lookAt, meta });
}

function play(root: Object3D, clip: AnimationClip, seconds: number): void {
  const mixer = new AnimationMixer(root);
  // At its very end a clip that loops is at its beginning.
  mixer.clipAction(clip).setLoop(LoopOnce, 1).play().clampWhenFinished = true;
  mixer.setTime(seconds);
  root.updateMatrixWorld();
}

/** In metres. @param unit metres of one of the bone's units. */
function distance(bone: Object3D, position: Numbers, unit = 1): number {
  return bone
    .getWorldPosition(new Vector3())
    .multiplyScalar(unit)
    .distanceTo(new Vector3(...position));
}

/** In degrees. */
function angle(bone: Object3D, rotation: Quaternion): number {
  return MathUtils.radToDeg(bone.getWorldQuaternion(new Rotation()).angleTo(new Rotation(...rotation).normalize()));
}
