/**
 * Renders the whole firewall table from state. The only place that writes rules.
 *
 * @module
 */

/** What the rules must know of one network. */
export interface FirewallNetwork {
  name: string;
  bridge: string;
  subnet: string;
}

export const FIREWALL_TABLE = "netd";

/**
 * Render the body of `table inet netd`.
 *
 * Forwarding: containers of one bridge talk freely, may open connections to anywhere but another bridge of ours, and get answers; nobody from
 * outside may open one to them. Everything that is not ours passes untouched: the chain's policy is accept and its rules all name a bridge.
 */
export function renderFirewall(networks: readonly FirewallNetwork[]): string {
  const lines: string[] = ["chain forward {", "type filter hook forward priority filter; policy accept;"];
  for (const { bridge } of networks) {
    lines.push(
      `iifname "${bridge}" oifname "${bridge}" accept`,
      `oifname "${bridge}" ct state established,related accept`,
      `oifname "${bridge}" drop`,
    );
  }
  lines.push("}", "chain postrouting {", "type nat hook postrouting priority srcnat; policy accept;");
  for (const { bridge, subnet } of networks) lines.push(`ip saddr ${subnet} oifname != "${bridge}" masquerade`);
  lines.push("}");
  return indent(lines);
}

function indent(lines: readonly string[]): string {
  let depth = 0;
  return lines
    .map((line) => {
      if (line === "}") depth--;
      const text = "\t".repeat(depth) + line;
      if (line.endsWith("{")) depth++;
      return text;
    })
    .join("\n");
}
