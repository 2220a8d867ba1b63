/**
 * Words for `sh`.
 *
 * @module
 */

/** Quote a word when `sh` would read it otherwise. */
export function quoteShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
