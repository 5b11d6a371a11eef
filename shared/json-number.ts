/**
 * Which JSON numbers a double keeps: whole numbers exactly, decimals to the precision a double has, and
 * what is printed again (RFC 8785) must be readable again. Refuses to lose more than that silently.
 * Specification: RFC 8259 section 6, RFC 7493 section 2.2.
 */

const LITERAL = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WHOLE_LITERAL = /^-?[0-9]+$/;
/** What a double can tell apart, and what RFC 8785 accepts in its own sample; more digits promise too much. */
const SIGNIFICANT_DIGITS_MAX = 17;
/** Below this a double has fewer digits the smaller it is. */
const NORMAL_MIN = 2.2250738585072014e-308;
/** A plain literal this short has at most 15 digits and a harmless exponent, and those always round-trip. */
const ALWAYS_KEPT_CHARS = 16;
/** From here on RFC 8785 prints an exponent, so the number no longer looks like an exact integer. */
const PRINTED_WITH_EXPONENT = 1e21;

export type NumberLiteral =
  | { readonly kind: "number"; readonly value: number; readonly end: number }
  | { readonly kind: "unsafe" }
  | { readonly kind: "none" };

/**
 * Reads the number literal starting at an offset; minus zero is read as 0.
 * Unsafe: not finite; a literal of digits only beyond 2^53 - 1; an integer from 2^53 to 10^21 in any
 * spelling, since it would be printed as such a literal; more than 17 significant digits; underflow, and a
 * subnormal that does not give its digits back. Up to 17 digits the nearest double is taken.
 */
export function readNumberLiteral(text: string, offset: number): NumberLiteral {
  LITERAL.lastIndex = offset;
  const literal = LITERAL.exec(text)?.[0];
  if (literal === undefined) return { kind: "none" };
  const value = Number(literal);
  const kept = WHOLE_LITERAL.test(literal)
    ? Number.isSafeInteger(value)
    : isSafeNumber(value) && keepsDecimal(literal, value);
  return kept
    ? { kind: "number", value: value === 0 ? 0 : value, end: offset + literal.length }
    : { kind: "unsafe" };
}

/** Whether a number already read could have come from an accepted literal. */
export function isSafeNumber(value: number): boolean {
  if (!Number.isInteger(value)) return Number.isFinite(value);
  return Number.isSafeInteger(value) || Math.abs(value) >= PRINTED_WITH_EXPONENT;
}

function keepsDecimal(literal: string, value: number): boolean {
  const hasExponent = literal.includes("e") || literal.includes("E");
  if (!hasExponent && literal.length <= ALWAYS_KEPT_CHARS) return true;
  const written = decimalOf(literal);
  const { length } = written.digits;
  if (length === 0) return true;
  if (value === 0 || length > SIGNIFICANT_DIGITS_MAX) return false;
  if (Math.abs(value) >= NORMAL_MIN) return true;
  return [value.toPrecision(length), String(value)].some((printed) => {
    const decimal = decimalOf(printed);
    return decimal.digits === written.digits && decimal.point === written.point;
  });
}

/** The magnitude as 0.digits * 10^point, digits without zeros at either end; empty digits are zero. */
function decimalOf(literal: string): { readonly digits: string; readonly point: number } {
  const unsigned = literal.startsWith("-") ? literal.slice(1) : literal;
  const [mantissa = "", exponent = "0"] = unsigned.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  let first = 0;
  while (all[first] === "0") first += 1;
  let end = all.length;
  while (end > first && all[end - 1] === "0") end -= 1;
  return { digits: all.slice(first, end), point: whole.length - first + Number(exponent) };
}
