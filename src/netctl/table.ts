/**
 * Aligned columns.
 *
 * @module
 */

/** Colours a cell that is padded already. */
export type Paint = (cell: string, column: string) => string;

const GAP = "   ";

/** Format rows under their headings, in columns of these widths. No line ends in blanks. */
export function formatTable(
  headings: string[],
  rows: string[][],
  paint: Paint = (cell) => cell,
  widths = columnWidths(headings, rows),
): string {
  const formatRow = (row: string[], paintCell: Paint): string =>
    widths
      .map((columnWidth, column) => {
        const cell = row[column] ?? "";
        const padding = column === widths.length - 1 ? "" : " ".repeat(Math.max(0, columnWidth - width(cell)));
        return paintCell(cell, headings[column] ?? "") + padding;
      })
      .join(GAP)
      .trimEnd();
  return [formatRow(headings, (cell) => cell), ...rows.map((row) => formatRow(row, paint))]
    .map((line) => `${line}\n`)
    .join("");
}

/** How wide each column is: as its widest cell. */
export function columnWidths(headings: string[], rows: string[][]): number[] {
  return headings.map((heading, column) => Math.max(width(heading), ...rows.map((row) => width(row[column] ?? ""))));
}

/** Make text that a stranger chose safe to print: control characters, which could drive the terminal, become escapes. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function width(text: string): number {
  return [...text].length;
}
