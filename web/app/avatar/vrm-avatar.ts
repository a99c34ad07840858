/** Avatars from VRM files, 0.x and 1.0. */

import { type VRM, VRMLoaderPlugin, VRMUtils } from "@pixiv/three-vrm";
import { type BoneName, type Rig, RIG_BONES } from "holistic-rtc";
import type { Object3D } from "three";
import { GLTFLoader, type GLTFParser } from "three/addons/loaders/GLTFLoader.js";

import type { Avatar } from "./avatar.js";
import { type FaceDriver, faceDriver, fittedBones, gaze, hipsOffset, turnedAround } from "./vrm-mapping.js";

/** Far more than avatars have, and less than makes a browser's tab run out of memory. */
export const MAX_FILE_BYTES = 200e6;

/** Vectors that a file may have without holding them: what it leaves out is zero, and takes memory all the same. */
const MAX_LEFT_OUT = 100e6;

export type FileProblem = "nothing" | "unreadable" | "too-large" | "not-vrm" | "not-humanoid" | "damaged";

/** The file makes no avatar. */
export class AvatarFileError extends Error {
  override readonly name = "AvatarFileError";

  constructor(
    readonly problem: FileProblem,
    cause?: unknown,
  ) {
    super(cause instanceof Error ? cause.message : "", { cause });
  }
}

/**
 * @throws AvatarFileError
 */
export async function loadVrm(file: Blob): Promise<Avatar> {
  if (file.size > MAX_FILE_BYTES) {
    throw new AvatarFileError("too-large");
  }
  const bytes = await read(file);
  checkHeader(bytes);
  const loader = new GLTFLoader()
    .register((parser) => ({ name: "limits", beforeRoot: () => checkClaims(parser) }))
    .register((parser) => new VRMLoaderPlugin(parser));
  let vrm: VRM | undefined;
  try {
    const { userData } = await loader.parseAsync(bytes, "");
    vrm = userData.vrm as VRM | undefined;
  } catch (error) {
    throw new AvatarFileError("damaged", error);
  }
  if (!vrm) {
    throw new AvatarFileError("not-humanoid");
  }
  return new VrmAvatar(vrm);
}

async function read(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch (error) {
    throw new AvatarFileError("unreadable", error);
  }
}

/** A VRM is a binary glTF: its name, a version, and how long it is; see glTF 2.0, "GLB File Format Specification". */
function checkHeader(bytes: ArrayBuffer): void {
  const header = new DataView(bytes, 0, Math.min(12, bytes.byteLength));
  if (header.byteLength < 12 || header.getUint32(0, true) !== 0x46546c67 /* glTF */) {
    throw new AvatarFileError("not-vrm");
  }
  if (header.getUint32(8, true) > bytes.byteLength) {
    throw new AvatarFileError("damaged", new Error("the file is shorter than it says"));
  }
}

/** A few bytes could claim more memory than there is; see glTF 2.0, "Sparse Accessors". */
function checkClaims(parser: GLTFParser): Promise<void> {
  const { accessors = [] } = parser.json as { accessors?: { bufferView?: number; count: number }[] };
  const leftOut = accessors.reduce((sum, { bufferView, count }) => sum + (bufferView === undefined ? count : 0), 0);
  return leftOut > MAX_LEFT_OUT
    ? Promise.reject(new Error(`it claims ${leftOut} vectors that it doesn't hold`))
    : Promise.resolve();
}

class VrmAvatar implements Avatar {
  readonly object: Object3D;
  readonly #vrm: VRM;
  readonly #turned: boolean;
  readonly #hipsAtRest: [number, number, number];
  readonly #driveFace: FaceDriver;

  constructor(vrm: VRM) {
    this.#vrm = vrm;
    this.object = vrm.scene;
    this.#turned = vrm.meta.metaVersion === "0";
    this.#hipsAtRest = vrm.humanoid.normalizedRestPose.hips!.position!;
    this.#driveFace = faceDriver(Object.keys(vrm.expressionManager?.expressionMap ?? {}), Boolean(vrm.lookAt));
    if (vrm.lookAt) {
      vrm.lookAt.autoUpdate = false; // It looks where the person does, not at an object of the scene.
    }
    VRMUtils.removeUnnecessaryVertices(vrm.scene);
    VRMUtils.combineSkeletons(vrm.scene);
    VRMUtils.rotateVRM0(vrm);
    vrm.scene.traverse((node) => (node.frustumCulled = false)); // Their bounds are those of the pose of rest.
    vrm.scene.updateWorldMatrix(true, true);
  }

  bone(name: BoneName): Object3D | null {
    return this.#vrm.humanoid.getRawBoneNode(name);
  }

  apply(rig: Rig, seconds: number): void {
    const { humanoid, expressionManager, lookAt } = this.#vrm;
    const bones = fittedBones(rig.bones, (name) => humanoid.getRawBoneNode(name) !== null);
    for (const name of RIG_BONES) {
      const rotation = bones[name];
      humanoid.getNormalizedBoneNode(name)?.quaternion.set(...(this.#turned ? turnedAround(rotation) : rotation));
    }
    const offset = hipsOffset(rig.hipsPosition, this.#hipsAtRest[1]);
    const [x, y, z] = this.#turned ? turnedAround(offset) : offset;
    const [restX, restY, restZ] = this.#hipsAtRest;
    humanoid.getNormalizedBoneNode("hips")!.position.set(restX + x, restY + y, restZ + z);
    for (const [name, value] of this.#driveFace(rig)) {
      expressionManager!.setValue(name, value);
    }
    if (lookAt) {
      Object.assign(lookAt, gaze(rig)); // By bones or by expressions, as the model says, and as far as it allows.
    }
    this.#vrm.update(seconds);
  }

  dispose(): void {
    VRMUtils.deepDispose(this.#vrm.scene);
  }
}
