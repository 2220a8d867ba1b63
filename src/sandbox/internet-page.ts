/**
 * The one page of the pretend internet.
 *
 * @module
 */

/** Format the page: it tells the client which address it was seen with. */
export function formatPage(clientAddress: string): string {
  return `This is www.example.net. You come from ${clientAddress.replace(/^::ffff:/, "")}.\n`;
}
