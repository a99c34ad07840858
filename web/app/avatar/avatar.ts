import type { BoneName, Rig } from "holistic-rtc";
import type { Object3D } from "three";

/** A figure that a rig moves. It faces z, and stands on the floor at the origin. */
export interface Avatar {
  /** To be put into a scene. */
  readonly object: Object3D;
  /** The node that a bone of the rig moves, or null where the figure has none. */
  bone(name: BoneName): Object3D | null;
  /**
   * @param seconds - since the last call, for what swings by itself.
   */
  apply(rig: Rig, seconds: number): void;
  /** Let go of what the graphics card holds of it. */
  dispose(): void;
}
