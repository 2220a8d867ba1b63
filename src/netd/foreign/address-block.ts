/**
 * Whether an address lies in a block, for both families and whatever form a firewall prints it in.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";

/** Whether `address` is in `block`: an address, or `ADDRESS/LENGTH`. False when they are of two families. */
export function isInBlock(address: string, block: string): boolean {
  const [network = "", length] = block.split("/");
  const family = isIP(network);
  if (family === 0 || family !== isIP(address)) return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(network, length === undefined ? (family === 4 ? 32 : 128) : Number(length), type);
  return list.check(address, type);
}
