/**
 * JSON whose large numbers stay what they are.
 *
 * @module
 */

/** A string, or a whole number of so many digits that it may not fit 53 bits. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/**
 * Parse JSON; whole numbers beyond 2^53 become strings of their digits instead of a rounded number.
 *
 * @throws {SyntaxError} as JSON.parse
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(
    text.replace(TOKEN, (token) =>
      token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
    ),
  );
}
