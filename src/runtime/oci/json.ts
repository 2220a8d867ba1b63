/**
 * JSON whose large numbers stay exact.
 *
 * @module
 */

/** A number of so many digits may have more of them than a double. */
const MAY_BE_INEXACT = /\d{16}/;
/** Strings, to step over them, and whole numbers. */
const STRING_OR_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Parse JSON. Whole numbers beyond 2^53 become strings of their digits, which the rules for numbers take.
 *
 * @throws {SyntaxError}
 */
export function parseJson(text: string): unknown {
  if (!MAY_BE_INEXACT.test(text)) return JSON.parse(text);
  return JSON.parse(
    text.replace(STRING_OR_INTEGER, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
    ),
  );
}
