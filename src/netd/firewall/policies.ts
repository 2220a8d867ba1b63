/**
 * What networks and containers may open connections to: allowed pairs of networks, and access rules.
 *
 * @module
 */
import { parseIpSubnet } from "../../address/index.ts";
import type { AclSpec, AllowInfo, AllowSpec, ShellPlan } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { FirewallAllow } from "../../firewall/index.ts";
import { stepsToShell } from "../../kernel/index.ts";
import type { DaemonContext } from "../context.ts";
import { forgetConnections } from "./container-firewall.ts";
import { firewallNetworks } from "./firewall-rows.ts";
import { type PolicyRows, readPolicy, savePolicy } from "./policy-store.ts";

/** Kind of the changes that are taken back unless confirmed. */
const REVERT_KIND = "allows";

/** Knows and changes them. Each change is in force and durable on return, or nothing has changed. */
export class Policies {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
    context.changes.handle(REVERT_KIND, (data) => {
      const { allows } = data as Pick<PolicyRows, "allows">;
      this.#apply({ ...this.#rows, allows });
    });
  }

  listAllows(): AllowInfo[] {
    return this.#rows.allows.map(({ from, to }) => ({ from, to }));
  }

  /** Let containers of one network open connections to those of another. @throws {NetdError} NETWORK_UNKNOWN, API_REQUEST_INVALID, CHANGE_PENDING, NFT_FAILED */
  async allow(spec: AllowSpec): Promise<AllowInfo> {
    const pair = this.#pair(spec);
    const pending = await this.#changeAllows(`allow ${pair.from} ${pair.to}`, spec, this.#withAllow(pair));
    return { ...pair, ...pending };
  }

  /** Take that back; connections that are open end, too. @throws {NetdError} as {@link allow}, and ALLOW_UNKNOWN */
  async deny(spec: AllowSpec): Promise<void> {
    const pair = this.#pair(spec);
    await this.#changeAllows(`deny ${pair.from} ${pair.to}`, spec, this.#withoutAllow(pair));
    await this.#forgetNetwork(pair.from);
  }

  /** The commands that {@link allow} stands for. */
  showAllow(spec: AllowSpec): ShellPlan {
    return this.#show(this.#withAllow(this.#pair(spec)));
  }

  /** The commands that {@link deny} stands for. */
  showDeny(spec: AllowSpec): ShellPlan {
    return this.#show(this.#withoutAllow(this.#pair(spec)));
  }

  /** The access rules, in the order in which they are asked. */
  listAcls(): AclSpec[] {
    return this.#rows.acls.map((acl, index) => ({ ...acl, position: index + 1 }));
  }

  /** Add an access rule. @throws {NetdError} ACL_EXISTS, API_REQUEST_INVALID, NFT_FAILED */
  addAcl(spec: AclSpec): AclSpec {
    const rows = this.#withAcl(spec);
    this.#apply(rows);
    return { ...spec, position: rows.acls.findIndex(({ name }) => name === spec.name) + 1 };
  }

  /** Remove an access rule. @throws {NetdError} ACL_UNKNOWN, NFT_FAILED */
  removeAcl(name: string): void {
    this.#apply(this.#withoutAcl(name));
  }

  /** The commands that {@link addAcl} stands for. */
  showAddAcl(spec: AclSpec): ShellPlan {
    return this.#show(this.#withAcl(spec));
  }

  /** The commands that {@link removeAcl} stands for. */
  showRemoveAcl(name: string): ShellPlan {
    return this.#show(this.#withoutAcl(name));
  }

  get #rows(): PolicyRows {
    return readPolicy(this.#context.store);
  }

  async #changeAllows(what: string, { confirmSeconds: seconds }: AllowSpec, rows: PolicyRows) {
    const { changes } = this.#context;
    const inverse = { kind: REVERT_KIND, data: { allows: this.#rows.allows } };
    await changes.run({ what, subject: "allows", seconds, inverse }, () => this.#apply(rows));
    const pending = seconds === undefined ? undefined : changes.list().findLast((change) => change.what === what);
    return pending === undefined ? {} : { pending };
  }

  #pair({ from, to }: AllowSpec): FirewallAllow {
    const { networks } = this.#context;
    const pair = { from: networks.find(from).name, to: networks.find(to).name };
    if (pair.from !== pair.to) return pair;
    throw invalid(
      `Cannot allow network '${pair.from}' to reach itself: its containers do already`,
      "Name two networks",
    );
  }

  #withAllow({ from, to }: FirewallAllow): PolicyRows {
    const { networks } = this.#context;
    for (const name of [from, to]) {
      const { isInternal, kind } = networks.find(name);
      if (kind !== "bridge")
        throw invalid(
          `Cannot allow '${from}' to reach '${to}': '${name}' has no bridge`,
          "Choose two bridged networks",
        );
      if (isInternal) {
        throw invalid(
          `Cannot allow '${from}' to reach '${to}': network '${name}' is internal, one with a way out wanted`,
          `Use 'netctl net set ${name} --internal=false' first, or connect the container to both networks`,
        );
      }
    }
    const rows = this.#rows;
    return {
      ...rows,
      allows: [...rows.allows.filter((known) => known.from !== from || known.to !== to), { from, to }],
    };
  }

  #withoutAllow({ from, to }: FirewallAllow): PolicyRows {
    const rows = this.#rows;
    const allows = rows.allows.filter((known) => known.from !== from || known.to !== to);
    if (allows.length < rows.allows.length) return { ...rows, allows };
    throw new NetdError("ALLOW_UNKNOWN", `Cannot deny '${from}' to reach '${to}': nothing allows it`, {
      remedy: "Networks can't reach each other unless told otherwise; see what is allowed with 'netctl exposure'",
    });
  }

  #withAcl({ position, ...acl }: AclSpec): PolicyRows {
    const rows = this.#rows;
    if (rows.acls.some(({ name }) => name === acl.name)) {
      throw new NetdError("ACL_EXISTS", `Cannot add access rule '${acl.name}': there is one of that name`, {
        remedy: `Remove it with 'netctl acl rm ${acl.name}', or choose another name`,
      });
    }
    for (const selector of [acl.from, acl.to]) if (selector.startsWith("cidr:")) parseIpSubnet(selector.slice(5));
    if (acl.protocol === "icmp" && acl.ports !== undefined && acl.ports.length > 0) {
      throw invalid(`Cannot add access rule '${acl.name}': ICMP has no ports, none wanted`, "Leave out the ports");
    }
    return { ...rows, acls: rows.acls.toSpliced(position === undefined ? rows.acls.length : position - 1, 0, acl) };
  }

  #withoutAcl(name: string): PolicyRows {
    const rows = this.#rows;
    const acls = rows.acls.filter((acl) => acl.name !== name);
    if (acls.length < rows.acls.length) return { ...rows, acls };
    throw new NetdError("ACL_UNKNOWN", `Cannot find access rule '${name}': there is none of that name`, {
      remedy: "See them with 'netctl acl ls'",
    });
  }

  #apply(rows: PolicyRows): void {
    const { firewall, networks, store } = this.#context;
    const before = this.#rows;
    firewall.setNetworks(firewallNetworks(networks), rows.allows, rows.acls);
    try {
      savePolicy(store, rows);
    } catch (error) {
      firewall.setNetworks(firewallNetworks(networks), before.allows, before.acls);
      throw error;
    }
  }

  #show(rows: PolicyRows): ShellPlan {
    const { firewall, networks } = this.#context;
    return { commands: stepsToShell(firewall.previewNetworks(firewallNetworks(networks), rows.allows, rows.acls)) };
  }

  async #forgetNetwork(name: string): Promise<void> {
    const members = [...this.#context.containers].flatMap(({ endpoints }) =>
      endpoints.filter(({ row }) => row.network === name),
    );
    await forgetConnections(members.flatMap(({ lease, lease6 }) => [lease?.address, lease6?.address]));
  }
}

function invalid(text: string, remedy: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", text, { remedy });
}
