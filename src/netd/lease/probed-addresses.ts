/**
 * Networks that strangers are in as well: nobody but them knows which addresses they have, so they are asked before one is given out.
 *
 * @module
 */
import { familyOf, type IpFamily } from "../../address/index.ts";
import { probeAddress } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import type { EndpointRow } from "../endpoint/endpoint-row.ts";
import type { NetworkRow } from "../network/network-row.ts";

/** Addresses that nobody answered for, taken out of their pools until they are leased or put back. */
export class ProbedAddresses implements Disposable {
  readonly #context: Pick<DaemonContext, "ipam">;
  readonly #addresses = new Map<string, string>();

  constructor(context: Pick<DaemonContext, "ipam">) {
    this.#context = context;
  }

  add(network: string, address: string): void {
    this.#addresses.set(keyOf(network, familyOf(address)), address);
  }

  /** The address for a network, if one was looked for. */
  get(network: string, family: IpFamily): string | undefined {
    return this.#addresses.get(keyOf(network, family));
  }

  /** Put back those that were not leased. */
  [Symbol.dispose](): void {
    for (const [key, address] of this.#addresses) this.#context.ipam.putBack(key.slice(2), address);
  }
}

/** Whether strangers may be in a network: on a bridge that was there before us, and on the link below a macvlan network. */
export function isShared({ isAdopted, kind }: Pick<NetworkRow, "isAdopted" | "kind">): boolean {
  return isAdopted || kind === "macvlan";
}

/**
 * Choose addresses for a container's places in shared networks. An address that somebody answers for is noted as theirs: the next free one
 * is tried in its place, and one that was asked for, or is reserved, is refused when it is allocated. The caller disposes of the result.
 *
 * @throws {NetdError} IPAM_POOL_EXHAUSTED, ADDRESS_INVALID, KERNEL_CALL_FAILED
 */
export async function probeEndpoints(
  context: Pick<DaemonContext, "ipam" | "networks">,
  name: string,
  endpoints: readonly EndpointRow[],
): Promise<ProbedAddresses> {
  const probed = new ProbedAddresses(context);
  try {
    for (const { network: reference, ip, ip6 } of endpoints) {
      const network = context.networks.find(reference);
      if (!isShared(network)) continue;
      if (network.subnet !== undefined) await probeFamily(context, { network, name, family: 4, wanted: ip, probed });
      if (network.subnet6 !== undefined) await probeFamily(context, { network, name, family: 6, wanted: ip6, probed });
    }
    return probed;
  } catch (error) {
    probed[Symbol.dispose]();
    throw error;
  }
}

interface Probe {
  network: NetworkRow;
  /** Of the container. */
  name: string;
  family: IpFamily;
  /** The address that was asked for. */
  wanted: string | undefined;
  probed: ProbedAddresses;
}

async function probeFamily({ ipam }: Pick<DaemonContext, "ipam">, probe: Probe): Promise<void> {
  const { network, name, family, probed } = probe;
  const wanted = probe.wanted ?? ipam.reservationFor(network.name, name, family)?.address;
  const isTaken = async (address: string): Promise<boolean> => {
    const mac = await probeAddress(network.bridge, address);
    if (mac !== undefined) ipam.occupy(network.name, address, `a host with MAC ${mac}`);
    return mac !== undefined;
  };
  if (wanted !== undefined) {
    ipam.forgetOccupied(network.name, wanted);
    await isTaken(wanted);
    return;
  }
  for (;;) {
    const address = ipam.setAside(network.name, family);
    probed.add(network.name, address);
    if (!(await isTaken(address))) return;
  }
}

function keyOf(network: string, family: IpFamily): string {
  return `${family} ${network}`;
}
