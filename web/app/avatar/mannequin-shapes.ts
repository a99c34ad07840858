/** The simple shapes that the mannequin is put together from, in metres. */

import {
  type BufferGeometry,
  LatheGeometry,
  type Material,
  Mesh,
  MeshLambertMaterial,
  SphereGeometry,
  Vector2,
} from "three";

type Triple = [number, number, number];

export const COLOURS = {
  skin: matte(0xf3ddcf),
  hair: matte(0x33404d),
  top: matte(0x17a08f),
  collar: matte(0x0b776c),
  trousers: matte(0x3c4a59),
  shoes: matte(0xf4f6f8),
  soles: matte(0x17a08f),
  eye: matte(0xffffff),
  iris: matte(0x2c6f74),
  pupil: matte(0x14202a),
  mouth: matte(0x6e2f36),
} as const;

function matte(color: number): Material {
  return new MeshLambertMaterial({ color });
}

export function mesh(geometry: BufferGeometry, material: Material, at: Triple = [0, 0, 0]): Mesh {
  const made = new Mesh(geometry, material);
  made.position.set(...at);
  return made;
}

/** An ellipsoid, by its half axes. */
export function ellipsoid(half: Triple, material: Material, at: Triple = [0, 0, 0], detail = 20): Mesh {
  return mesh(new SphereGeometry(1, detail, Math.ceil(detail * 0.7)).scale(...half), material, at);
}

/**
 * A body of rotation with round ends.
 *
 * @param profile - pairs of how far along y, and how thick there (a radius).
 * @param depth - of the cross-section, as a fraction of its width.
 * @param roundness - of the ends: 1 for half balls, 0 for none.
 */
export function turned(
  profile: readonly [along: number, radius: number][],
  { depth = 1, segments = 16, roundness = 1 } = {},
): BufferGeometry {
  const first = profile[0]!;
  const last = profile.at(-1)!;
  const points = [
    ...cap(first[0], first[1], -roundness),
    ...profile.map(([along, radius]) => new Vector2(radius, along)),
    ...cap(last[0], last[1], roundness).reverse(),
  ];
  return new LatheGeometry(points, segments).scale(1, 1, depth);
}

/** Half an arc from the axis to the profile's end. */
function cap(along: number, radius: number, roundness: number): Vector2[] {
  return [0.001, 0.35, 0.65, 0.87, 0.97].map((width) => {
    return new Vector2(radius * width, along + roundness * radius * Math.sqrt(1 - width * width));
  });
}

/** The profile of a limb that gets thinner. */
export function limb(length: number, from: number, to: number, segments = 14): BufferGeometry {
  return turned(
    [
      [0, from],
      [length * 0.35, from * 0.97 + to * 0.05],
      [length, to],
    ],
    { segments },
  );
}
