import type { LinkInfo, NetworkStep, RouteInfo } from "../../src/kernel/index.ts";
import type { KernelFacts, PlaceFacts } from "../../src/netd/reconcile/facts.ts";

interface ModelPlace {
  links: Map<string, LinkInfo>;
  addresses: Map<string, string[]>;
  routes: RouteInfo[];
  sysctls: Map<string, string>;
  ports: Map<string, boolean>;
}

/** As much of Linux as bridges, veth pairs, addresses and routes need: what it does by itself when links come and go included. */
export class KernelModel {
  readonly #host = emptyPlace();
  readonly #namespaces = new Map<string, ModelPlace>();
  /** Both ends of each pair. */
  readonly #pairs: { host: string; peer: string; netns: string }[] = [];
  #nextIndex = 2;

  constructor(namespaces: readonly string[]) {
    for (const name of namespaces) this.#namespaces.set(name, emptyPlace());
  }

  get facts(): KernelFacts {
    const namespaces = new Map<string, PlaceFacts>([...this.#namespaces].map(([name, place]) => [name, copy(place)]));
    return { ...copy(this.#host), namespaces };
  }

  /** Names of the host's links. */
  get hostLinks(): string[] {
    return [...this.#host.links.keys()];
  }

  place(netns?: string): ModelPlace {
    const place = netns === undefined ? this.#host : this.#namespaces.get(netns);
    if (place === undefined) throw new Error(`no namespace '${netns}'`);
    return place;
  }

  apply(step: NetworkStep): void {
    const place = this.place("netns" in step ? step.netns : undefined);
    switch (step.op) {
      case "link.addBridge":
        this.#add(place, {
          name: step.name,
          kind: "bridge",
          mac: step.mac,
          mtu: step.mtu ?? 1500,
          ...pickAlias(step.alias),
        });
        break;
      case "link.addVeth": {
        const inside = this.place(step.peerNetns);
        if (inside.links.has(step.peer)) throw new Error(`${step.peer} is there already`);
        const mtu = step.mtu ?? 1500;
        this.#add(place, { name: step.host, kind: "veth", mtu, ...pickAlias(step.hostAlias) });
        if (step.bridge !== undefined) this.#link(place, step.host).master = this.#link(place, step.bridge).index;
        this.#add(inside, {
          name: step.peer,
          kind: "veth",
          mtu,
          ...(step.peerMac === undefined ? {} : { mac: step.peerMac }),
        });
        this.#pairs.push({ host: step.host, peer: step.peer, netns: step.peerNetns ?? "" });
        break;
      }
      case "link.set": {
        const link = this.#link(place, step.name);
        if (step.up !== undefined) link.isUp = step.up;
        if (step.up === false) place.routes = place.routes.filter(({ dev }) => dev !== step.name);
        if (step.mtu !== undefined) link.mtu = step.mtu;
        if (step.mac !== undefined) link.mac = step.mac;
        if (step.alias !== undefined) link.alias = step.alias;
        // A port that leaves its bridge leaves its flags there.
        if (step.master !== undefined) place.ports.set(step.name, false);
        if (step.master === null) delete link.master;
        else if (step.master !== undefined) link.master = this.#link(place, step.master).index;
        break;
      }
      case "port.set":
        this.#link(place, step.name);
        place.ports.set(step.name, step.isolated === true);
        break;
      case "link.delete":
        this.#delete(step.name);
        break;
      case "address.add": {
        this.#link(place, step.link);
        const held = place.addresses.get(step.link) ?? [];
        if (held.includes(step.address)) throw new Error(`${step.link} has ${step.address} already`);
        place.addresses.set(step.link, [...held, step.address]);
        break;
      }
      case "address.delete":
        place.addresses.set(
          step.link,
          (place.addresses.get(step.link) ?? []).filter((held) => held !== step.address),
        );
        break;
      case "route.add":
        if (!this.#link(place, step.dev ?? "").isUp) throw new Error(`${step.dev} is down, a route through it wanted`);
        place.routes.push({
          family: (step.via ?? step.to).includes(":") ? "inet6" : "inet",
          to: step.to,
          ...(step.via === undefined ? {} : { via: step.via }),
          ...(step.dev === undefined ? {} : { dev: step.dev }),
          type: "unicast",
          protocol: "boot",
          metric: 0,
          table: 254,
        });
        break;
      case "sysctl.set":
        place.sysctls.set(step.key, step.value);
        break;
      default:
    }
  }

  #add(place: ModelPlace, link: Pick<LinkInfo, "name" | "mtu"> & Partial<LinkInfo>): void {
    if (place.links.has(link.name)) throw new Error(`${link.name} is there already`);
    place.links.set(link.name, { index: this.#nextIndex++, isUp: false, operState: "up", ...link });
  }

  #link(place: ModelPlace, name: string): LinkInfo {
    const link = place.links.get(name);
    if (link === undefined) throw new Error(`no link '${name}'`);
    return link;
  }

  /** Delete a link of the host: ports of a bridge lose their master, a pair goes with both ends. */
  #delete(name: string): void {
    const link = this.#host.links.get(name);
    if (link === undefined) return;
    forget(this.#host, name);
    for (const port of this.#host.links.values()) {
      if (port.master !== link.index) continue;
      delete port.master;
      this.#host.ports.set(port.name, false);
    }
    for (const pair of this.#pairs.filter(({ host }) => host === name)) {
      forget(this.place(pair.netns), pair.peer);
      this.#pairs.splice(this.#pairs.indexOf(pair), 1);
    }
  }
}

function pickAlias(alias: string | undefined): { alias?: string } {
  return alias === undefined ? {} : { alias };
}

function forget(place: ModelPlace, link: string): void {
  place.links.delete(link);
  place.addresses.delete(link);
  place.routes = place.routes.filter(({ dev }) => dev !== link);
}

function emptyPlace(): ModelPlace {
  return { links: new Map(), addresses: new Map(), routes: [], sysctls: new Map(), ports: new Map() };
}

function copy({ links, addresses, routes, sysctls, ports }: ModelPlace): PlaceFacts {
  return {
    links: new Map([...links].map(([name, link]) => [name, { ...link }])),
    addresses: new Map([...addresses].map(([link, held]) => [link, [...held]])),
    routes: routes.map((route) => ({ ...route })),
    sysctls: new Map(sysctls),
    ports: new Map(ports),
  };
}
