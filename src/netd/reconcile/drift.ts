/**
 * The differences between what netd wants and what the kernel has, with the steps that mend them. Pure.
 *
 * What is wanted is written as the plans that would make it on an empty host; what is left of those plans, given the facts, is the drift. So a
 * start after a crash, a start after a reboot and the healing of a running host are one computation.
 *
 * @module
 */
import { type LinkInfo, type NetworkStep, type NetworkStepOf, planTokenBucket } from "../../kernel/index.ts";
import type { KernelFacts, PlaceFacts } from "./facts.ts";
import { describeLink, type Place, placeOf } from "./step-place.ts";

/** One thing that netd wants: what would make it on an empty host, in order. */
export interface DesiredPart {
  /** Name of the network that it belongs to. */
  network?: string | undefined;
  /** Name of the container that it belongs to. */
  container?: string | undefined;
  /** Its bridge was there before us: it is not made, and of its properties only what we need is ours. */
  isAdopted?: boolean | undefined;
  steps: readonly NetworkStep[];
}

/** One difference. */
export interface Drift {
  /** `missing`, `changed`: of what is ours; `foreign`: a stranger's, which is never touched. */
  kind: "missing" | "changed" | "foreign";
  /** `bridge br0`, `veth ve…`, `sysctl …`. */
  object: string;
  network?: string;
  container?: string;
  /** In words: what it is now, and what was wanted. */
  text: string;
  /** What mends it; empty where netd can't. */
  steps: NetworkStep[];
}

/**
 * Compare. The steps of all differences, one after the other, lead to what is wanted; carried out, the next comparison finds nothing that has steps.
 */
export function planDrift(parts: readonly DesiredPart[], facts: KernelFacts): Drift[] {
  const comparison = new Comparison(facts);
  for (const part of parts) comparison.add(part);
  return comparison.drift;
}

/** The steps that mend, in order. */
export function stepsOf(drift: readonly Drift[]): NetworkStep[] {
  return drift.flatMap(({ steps }) => steps);
}

/** Walks the plans of all parts, which share links: a bridge that is made anew has no ports. */
class Comparison {
  readonly #facts: KernelFacts;
  readonly #found = new Map<string, Drift>();
  /** Links that a step of ours makes, with the difference that its further steps belong to. */
  readonly #fresh = new Map<string, Drift>();
  /** Links that become ports anew, which have none of their flags then. */
  readonly #moved = new Set<string>();
  /** Parameters of links inside namespaces, which nobody reads: written again before what needs them. */
  readonly #unread = new Map<string, NetworkStep[]>();
  /** Links that a stranger put in the place of ours. */
  readonly #foreign = new Set<string>();
  #part: DesiredPart = { steps: [] };

  constructor(facts: KernelFacts) {
    this.#facts = facts;
  }

  get drift(): Drift[] {
    return [...this.#found.values()];
  }

  add(part: DesiredPart): void {
    this.#part = part;
    for (const step of part.steps) this.#compare(step);
  }

  #compare(step: NetworkStep): void {
    const place = placeOf(step);
    const key = place?.link === undefined ? undefined : keyOf(place);
    if (key !== undefined && this.#foreign.has(key)) return;
    const maker = key === undefined ? undefined : this.#fresh.get(key);
    if (maker !== undefined) {
      maker.steps.push(step);
      return;
    }
    switch (step.op) {
      case "netns.add":
        this.#compareNamespace(step);
        break;
      case "link.addBridge":
        this.#compareBridge(step);
        break;
      case "link.addVeth":
        this.#compareVeth(step);
        break;
      case "link.addMacvlan":
        this.#compareMacvlan(step);
        break;
      case "port.set":
        this.#comparePort(step);
        break;
      case "link.addIfb":
        this.#compareIfb(step);
        break;
      case "rate.set":
        this.#compareRate(step);
        break;
      case "ingress.redirect":
        this.#compareRedirect(step);
        break;
      case "link.set":
        this.#compareLink(step, step.name, step);
        break;
      case "address.add":
        this.#compareAddress(step);
        break;
      case "route.add":
      case "route.replace":
        this.#compareRoute(step);
        break;
      case "sysctl.set":
        this.#compareSysctl(step);
        break;
      default:
      // Belongs to the making of a link, or is compared elsewhere (rules).
    }
  }

  #compareNamespace(step: NetworkStepOf<"netns.add">): void {
    const { namespaces } = this.#facts;
    if (!namespaces.has(step.name) || namespaces.get(step.name) !== undefined) return;
    // Its container lives in it: another one would be empty.
    this.#note("missing", `namespace ${step.name}`, "it is not pinned any more", []);
    this.#foreign.add(keyOf({ netns: step.name, link: "lo" }));
  }

  #compareBridge(step: NetworkStepOf<"link.addBridge">): void {
    const { name, mac, mtu, alias } = step;
    const key = keyOf({ netns: undefined, link: name });
    const link = this.#facts.links.get(name);
    const object = `bridge ${name}`;
    if (link === undefined) {
      if (this.#part.isAdopted === true) {
        this.#note("missing", object, "it is gone, and was not netd's to make", []);
        this.#foreign.add(key);
      } else this.#fresh.set(key, this.#note("missing", object, "it is gone", [step]));
      return;
    }
    const isOurs = link.kind === "bridge" && (this.#part.isAdopted === true || link.alias === alias);
    if (!isOurs) {
      this.#foreign.add(key);
      this.#note("foreign", object, `${describeLink(link)} has its name`, []);
    } else if (this.#part.isAdopted !== true) this.#compareLink(step, name, { mac, mtu });
  }

  #compareVeth(step: NetworkStepOf<"link.addVeth">): void {
    const { host, hostAlias, bridge, peer, peerNetns, mtu } = step;
    const key = keyOf({ netns: step.netns, link: host });
    // Nothing of ours becomes a port of a stranger's bridge.
    if (bridge !== undefined && this.#foreign.has(keyOf({ netns: step.netns, link: bridge }))) {
      this.#foreign.add(key).add(keyOf({ netns: peerNetns, link: peer }));
      return;
    }
    if (peerNetns !== undefined && this.#isGone(peerNetns)) {
      this.#foreign.add(key).add(keyOf({ netns: peerNetns, link: peer }));
      return;
    }
    const link = this.#facts.links.get(host);
    if (link === undefined) {
      const made = this.#note("missing", `veth ${host}`, "it is gone", [step]);
      this.#fresh.set(key, made).set(keyOf({ netns: peerNetns, link: peer }), made);
      return;
    }
    if (link.kind !== "veth" || (link.alias !== undefined && link.alias !== hostAlias)) {
      this.#foreign.add(key).add(keyOf({ netns: peerNetns, link: peer }));
      this.#note("foreign", `veth ${host}`, `${describeLink(link)} has its name`, []);
      return;
    }
    this.#compareLink(step, host, { mtu, master: bridge, alias: hostAlias });
    this.#comparePeer(step);
  }

  /** A macvlan link leaves no trace on the host: it is only compared where its namespace was looked into. */
  #compareMacvlan(step: NetworkStepOf<"link.addMacvlan">): void {
    const { parent, name, peerNetns, mac, mtu } = step;
    const inside = peerNetns === undefined ? undefined : this.#facts.namespaces.get(peerNetns);
    if (inside === undefined) return;
    const key = keyOf({ netns: peerNetns, link: name });
    const object = `macvlan ${name} in ${peerNetns}`;
    if (inside.links.has(name)) this.#compareLink({ netns: peerNetns }, name, { mac, mtu });
    else if (this.#facts.links.has(parent)) this.#fresh.set(key, this.#note("missing", object, "it is gone", [step]));
    else {
      this.#foreign.add(key);
      this.#note("missing", object, `it is gone, and so is its parent ${parent}`, []);
    }
  }

  #comparePort(step: NetworkStepOf<"port.set">): void {
    const isolated = this.#facts.ports.get(step.name);
    const isMoved = this.#moved.has(keyOf({ netns: step.netns, link: step.name }));
    if (step.isolated === undefined || (!isMoved && (isolated === undefined || isolated === step.isolated))) return;
    this.#note("changed", `veth ${step.name}`, "it is not isolated from other ports, isolated wanted", [step]);
  }

  #comparePeer({ host, peer, peerNetns, peerMac, mtu }: NetworkStepOf<"link.addVeth">): void {
    const inside = peerNetns === undefined ? undefined : this.#facts.namespaces.get(peerNetns);
    if (inside === undefined || peerNetns === undefined) return;
    if (inside.links.has(peer)) {
      this.#compareLink({ netns: peerNetns }, peer, { mac: peerMac, mtu });
      return;
    }
    this.#foreign.add(keyOf({ netns: peerNetns, link: peer }));
    this.#note("missing", `link ${peer} in ${peerNetns}`, `the other end of ${host} was renamed or moved away`, []);
  }

  #compareIfb(step: NetworkStepOf<"link.addIfb">): void {
    const { netns, name } = step;
    const facts = this.#at(netns);
    if (facts === undefined || facts.links.has(name)) return;
    const key = keyOf({ netns, link: name });
    // Made together with the link that leads to it, when that is made, too.
    const redirect = this.#part.steps.find((other) => other.op === "ingress.redirect" && other.to === name);
    const place = redirect === undefined ? undefined : placeOf(redirect);
    const maker = place === undefined ? undefined : this.#fresh.get(keyOf(place));
    maker?.steps.push(step);
    this.#fresh.set(key, maker ?? this.#note("missing", `ifb ${name}`, "it is gone", [step]));
  }

  /** What leads to a link that is gone leads nowhere, though another of its name is made. */
  #compareRedirect(step: NetworkStepOf<"ingress.redirect">): void {
    const { netns, link, to } = step;
    const maker = this.#fresh.get(keyOf({ netns, link: to }));
    maker?.steps.push({ op: "ingress.delete", ...(netns === undefined ? {} : { netns }), link }, step);
    const info = this.#facts.links.get(link);
    if (maker !== undefined || netns !== undefined || info === undefined || this.#facts.queues === undefined) return;
    if (this.#facts.queues.get(info.index)?.hasIngress === true) return;
    this.#note("changed", objectOf(info, netns), `what it receives is not led to ${to}, led there wanted`, [step]);
  }

  /** On the host: queues inside of namespaces are not looked at. */
  #compareRate(step: NetworkStepOf<"rate.set">): void {
    const { queues, links } = this.#facts;
    const link = step.netns === undefined ? links.get(step.link) : undefined;
    if (queues === undefined || link === undefined) return;
    const { rate: wanted } = planTokenBucket(step.bitsPerSecond);
    const rate = queues.get(link.index)?.rate;
    if (rate === wanted) return;
    const now = rate === undefined ? "no rate" : `${rate * 8} bits a second`;
    this.#note("changed", objectOf(link, undefined), `it is held to ${now}, to ${wanted * 8} wanted`, [step]);
  }

  /** Compare what a link is like; `wanted` has a value for each property that matters. */
  #compareLink(
    { netns }: { netns?: string | undefined },
    name: string,
    wanted: Pick<NetworkStepOf<"link.set">, "up" | "mtu" | "master" | "alias" | "mac">,
  ): void {
    const link = this.#at(netns)?.links.get(name);
    // Not looked at, or compared before and told.
    if (link === undefined) return;
    const { change, texts } = this.#differences(link, netns, wanted);
    if (texts.length === 0) return;
    const step: NetworkStep = { op: "link.set", ...(netns === undefined ? {} : { netns }), name, ...change };
    this.#note("changed", objectOf(link, netns), texts.join("; "), [step]);
  }

  #differences(
    link: LinkInfo,
    netns: string | undefined,
    { up, mtu, master, alias, mac }: Pick<NetworkStepOf<"link.set">, "up" | "mtu" | "master" | "alias" | "mac">,
  ): { change: Omit<NetworkStepOf<"link.set">, "op" | "name">; texts: string[] } {
    const texts: string[] = [];
    const change: Omit<NetworkStepOf<"link.set">, "op" | "name"> = {};
    if (mac !== undefined && mac !== link.mac) {
      change.mac = mac;
      texts.push(`its MAC is ${link.mac ?? "none"}, ${mac} wanted`);
    }
    if (mtu !== undefined && mtu !== link.mtu) {
      change.mtu = mtu;
      texts.push(`its MTU is ${link.mtu}, ${mtu} wanted`);
    }
    if (alias !== undefined && alias !== link.alias) {
      change.alias = alias;
      texts.push(`its alias is ${link.alias ?? "gone"}, ${alias} wanted`);
    }
    if (typeof master === "string" && !this.#isPortOf(link, master, netns)) {
      change.master = master;
      this.#moved.add(keyOf({ netns, link: link.name }));
      texts.push(`it is a port of ${this.#masterName(link, netns)}, of ${master} wanted`);
    }
    if (up !== undefined && up !== link.isUp) {
      change.up = up;
      texts.push(`it is ${link.isUp ? "up" : "down"}, ${up ? "up" : "down"} wanted`);
    }
    return { change, texts };
  }

  #compareAddress(step: NetworkStepOf<"address.add">): void {
    const facts = this.#at(step.netns);
    const link = facts?.links.get(step.link);
    if (facts === undefined || link === undefined) return;
    if (facts.addresses.get(step.link)?.includes(step.address) === true) return;
    const before = this.#unread.get(keyOf({ netns: step.netns, link: step.link })) ?? [];
    this.#note("missing", objectOf(link, step.netns), `its address ${step.address} is gone`, [...before, step]);
  }

  #compareRoute(step: NetworkStepOf<"route.add" | "route.replace">): void {
    const facts = this.#at(step.netns);
    if (facts === undefined) return;
    const { to, via, dev } = step;
    // A default route without a family of its own has that of its router.
    const family = (to === "default" ? via : to)?.includes(":") === true ? "inet6" : "inet";
    const isThere = facts.routes.some(
      (route) =>
        route.family === family && route.to === to && route.via === via && (dev === undefined || route.dev === dev),
    );
    if (isThere) return;
    const where = step.netns === undefined ? "" : ` in ${step.netns}`;
    this.#note("missing", `route ${to}${where}`, `the route ${via === undefined ? "" : `via ${via} `}is gone`, [step]);
  }

  #compareSysctl(step: NetworkStepOf<"sysctl.set">): void {
    const value = this.#at(step.netns)?.sysctls.get(step.key);
    const place = placeOf(step);
    if (value === undefined && place?.netns !== undefined) {
      const key = keyOf(place);
      this.#unread.set(key, [...(this.#unread.get(key) ?? []), step]);
    }
    if (value === undefined || value === step.value) return;
    const where = step.netns === undefined ? "" : ` in ${step.netns}`;
    this.#note("changed", `sysctl ${step.key}${where}`, `it is ${value}, ${step.value} wanted`, [step]);
  }

  /** What is known of a place; undefined: it was not looked at. */
  #at(netns: string | undefined): PlaceFacts | undefined {
    return netns === undefined ? this.#facts : this.#facts.namespaces.get(netns);
  }

  #isGone(netns: string): boolean {
    return this.#facts.namespaces.has(netns) && this.#facts.namespaces.get(netns) === undefined;
  }

  #isPortOf(link: LinkInfo, master: string, netns: string | undefined): boolean {
    if (this.#fresh.has(keyOf({ netns, link: master }))) return false;
    return link.master !== undefined && link.master === this.#at(netns)?.links.get(master)?.index;
  }

  #masterName({ master }: LinkInfo, netns: string | undefined): string {
    if (master === undefined) return "no bridge";
    const found = [...(this.#at(netns)?.links.values() ?? [])].find(({ index }) => index === master);
    return found?.name ?? "a bridge that is gone";
  }

  /** Note a difference; those of one object become one. */
  #note(kind: Drift["kind"], object: string, text: string, steps: NetworkStep[]): Drift {
    const known = this.#found.get(object);
    if (known !== undefined) {
      known.text = `${known.text}; ${text}`;
      known.steps.push(...steps);
      return known;
    }
    const { network, container } = this.#part;
    const drift: Drift = {
      kind,
      object,
      ...(network === undefined ? {} : { network }),
      ...(container === undefined ? {} : { container }),
      text,
      steps,
    };
    this.#found.set(object, drift);
    return drift;
  }
}

function keyOf({ netns, link }: Place): string {
  return `${netns ?? ""}\0${link}`;
}

function objectOf({ kind, name }: LinkInfo, netns: string | undefined): string {
  if (netns !== undefined) return `link ${name} in ${netns}`;
  return `${kind ?? "link"} ${name}`;
}
