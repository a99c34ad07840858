import type { Matrix, Quaternion } from "holistic-rtc";

/** The first three columns of a matrix. */
type Numbers = [
  ...[number, number, number, number],
  ...[number, number, number, number],
  ...[number, number, number, number],
];

/**
 * The unit quaternion x, y, z, w of a rigid transform, with w >= 0.
 *
 * Source: Shepperd, "Quaternion from Rotation Matrix", Journal of Guidance and Control, 1978.
 */
export function toQuaternion({ data }: Matrix): Quaternion {
  const [xx, yx, zx, , xy, yy, zy, , xz, yz, zz] = data as Numbers;
  // The rows of four times the quaternion's product with itself. The longest one is the most precise.
  const rows: Quaternion[] = [
    [1 + xx - yy - zz, yx + xy, zx + xz, zy - yz],
    [yx + xy, 1 - xx + yy - zz, zy + yz, xz - zx],
    [zx + xz, zy + yz, 1 - xx - yy + zz, yx - xy],
    [zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz],
  ];
  const diagonal = rows.map((row, i) => row[i]!);
  const longest = rows[diagonal.indexOf(Math.max(...diagonal))]!;
  const length = Math.hypot(...longest) * (longest[3] < 0 ? -1 : 1);
  return longest.map((value) => value / length) as Quaternion;
}
