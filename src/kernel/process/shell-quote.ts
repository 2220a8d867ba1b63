/**
 * Words for `sh`.
 *
 * @module
 */

/** Quote one word so that sh reads it back unchanged; plain words stay bare. */
export function quoteWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quote words and put blanks between them. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
