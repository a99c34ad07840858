/** Numbers as the server's recordings have them: single precision, rounded to five decimals. */

const SCALE = 1e5;
/** Below it, five decimals are fewer digits than single precision has, so that they are the shortest ones. */
const EXACT = 128;
const DIGITS = 9;

/** Rounded to five decimals, ties to even. */
export function rounded(value: number): number {
  const scaled = Math.fround(value) * SCALE;
  const nearest = Math.round(scaled);
  const isOddTie = Math.abs(scaled % 1) === 0.5 && nearest % 2 !== 0;
  return (isOddTie ? nearest - 1 : nearest) / SCALE;
}

/** For JSON: the fewest digits that give the same number in single precision. */
export function toJsonNumber(value: number): string {
  const number = rounded(value);
  return withPoint(Math.abs(number) < EXACT ? number : shortest(Math.fround(number)));
}

/** For CSV: the fewest digits that give the same number in double precision, with an exponent below 0.0001. */
export function toCsvNumber(value: number): string {
  const number = rounded(value);
  return number !== 0 && Math.abs(number) < 1e-4 ? `${Math.round(number * SCALE)}e-05` : withPoint(number);
}

function shortest(single: number): number {
  for (let digits = 1; digits < DIGITS; digits += 1) {
    const number = Number(single.toPrecision(digits));
    if (Math.fround(number) === single) {
      return number;
    }
  }
  return single;
}

function withPoint(number: number): string {
  if (Object.is(number, -0)) {
    return "-0.0";
  }
  return Number.isInteger(number) ? `${number}.0` : String(number);
}
