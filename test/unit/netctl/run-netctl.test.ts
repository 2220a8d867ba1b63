import { describe, expect, test } from "vitest";
import { runNetctl } from "../../../src/netctl/run-netctl.ts";
import { type RecordedContext, recordContext } from "../../support/netctl-context.ts";

/** Run a command line that never gets as far as asking netd. */
async function run(...argv: string[]): Promise<RecordedContext> {
  const context = recordContext({ NETD_SOCKET: "/nonexistent/netd.sock" });
  await runNetctl(argv, context);
  return context;
}

describe("runNetctl", () => {
  test.each([
    [["runn"], "unknown command 'runn'", "run"],
    [["run", "--foo", "busybox"], "unknown option '--foo'", "netctl run -h"],
    [["run", "--nam", "x", "busybox"], "unknown option '--nam'", "--name"],
    [["run"], "missing required argument 'image'", "netctl run -h"],
    [["ps", "extra"], "too many arguments for 'ps'", "netctl ps -h"],
    [["stop", "-t", "x", "web"], "Cannot read --time 'x'", undefined],
    [["kill", "-s", "NOPE", "web"], "Cannot send signal 'NOPE'", "a name like TERM"],
    [["run", "-m", "1k", "busybox"], "Cannot limit memory to '1k'", "--memory 64m"],
    [["run", "-p", "80:80:80:80", "busybox"], "Cannot publish '80:80:80:80'", "[::]:8080:80"],
    [["run", "-p", "localhost:80:80", "busybox"], "Cannot publish 'localhost:80:80'", "127.0.0.1"],
    [["run", "--expose", "0", "busybox"], "Cannot expose '0'", "--expose 80/tcp"],
    [["run", "--egress", "some", "busybox"], "Allowed choices are all, internal, none", "netctl run -h"],
    [["run", "--rate-in", "10", "busybox"], "Cannot limit to '10'", "--rate-in 10mbit"],
    [["run", "--rate-out", "10m", "busybox"], "Cannot read --rate-out '10m'", "--rate-out 10mbit"],
    [["run", "--network", "name=a,mtu=3", "busybox"], "Cannot take 'mtu' in --network", "name=lab"],
    [["run", "--network", "ip=10.0.0.2", "busybox"], "name=NETWORK wanted", "name=lab"],
    [["run", "--network", "name=a,ip=10.0.0.2", "--ip", "10.0.0.3", "busybox"], "Cannot take --ip", "leave --ip out"],
    [["run", "--link", "db", "busybox"], "Cannot take --link", "--network-alias"],
    [["update", "web"], "nothing to change was given", "netctl update"],
    [["net", "create", "Lab 1"], "Cannot create network 'Lab 1'", "choose one such as 'lab-1'"],
    [["acl", "add", "_", "deny", "any", "any"], "Cannot create rule '_'", "choose one such as 'lab'"],
    [["net", "create", "-d", "host", "x"], "Cannot create a network of kind 'host'", "--network host"],
    [["net", "create", "-d", "null", "x"], "Cannot create a network of kind 'null'", "--network none"],
    [["net", "create", "-d", "overlay", "x"], "Cannot create a network of kind 'overlay'", "leave --driver out"],
    [["net", "create", "--kind", "ipvlan", "x"], "Cannot create a network of kind 'ipvlan'", "--kind macvlan"],
    [["net", "create", "--attachable", "x"], "Cannot take --attachable", "leave it out"],
    [["net", "create", "--config-from", "y", "x"], "Cannot take --config-from", "give the options"],
    [["net", "create", "--scope", "swarm", "x"], "Cannot take --scope 'swarm'", "leave --scope out"],
    [["net", "create", "--ipam-driver", "dhcp", "x"], "Cannot take --ipam-driver 'dhcp'", "leave --ipam-driver out"],
    [["net", "create", "-o", "encrypted=1", "x"], "Cannot take driver option 'encrypted=1'", "parent"],
    [["net", "create", "-o", "mtu=big", "x"], "Cannot read driver option 'mtu=big'", "netctl net create -h"],
    [["net", "create", "--subnet", "10.0.0.0/24", "--subnet", "10.1.0.0/24", "x"], "'10.1.0.0/24'", "net connect"],
    [["net", "create", "--ipv4=false", "x"], "--ipv4=false and no IPv6", "add --ipv6"],
    [["net", "create", "--nat", "yes", "x"], "Cannot read --nat 'yes'", "--nat off"],
    [["net", "create", "--route", "10.0.0.1", "x"], "Cannot read --route '10.0.0.1'", "--route 10.8.0.0/16:"],
    [["net", "set", "x"], "Cannot change network 'x': nothing to change was given", "netctl net set -h"],
    [["net", "set", "x", "--mtu", "9"], "Cannot read --mtu '9'", "--mtu 1400"],
    [["net", "set", "x", "--mtu", "1400", "--confirm", "2h"], "a time from 1s to 1h wanted", "--confirm 60s"],
    [["net", "ls", "--filter", "color=red"], "Cannot filter by 'color=red'", "--filter name=VALUE"],
    [["net", "prune", "--filter", "until=1h"], "Cannot filter by 'until=1h'", "--filter label=VALUE"],
    [["network", "create"], "missing required argument 'name'", "netctl net create -h"],
    [["acl", "add", "x", "drop", "any", "any"], "Cannot read action 'drop'", "netctl acl add"],
    [["acl", "add", "x", "deny", "web", "any"], "Cannot read 'web'", "netctl acl add"],
    [["acl", "add", "x", "deny", "any", "any", "--port", "80"], "any protocol has no ports", "--protocol tcp"],
    [["publish", "web"], "missing required argument 'port'", "netctl publish -h"],
    [["publish", "web", "8000-8009:80"], "Cannot publish '8000-8009:80'", "8000-8009:80-89"],
    [["port", "web", "x"], "Cannot expose 'x'", undefined],
    [["run", "--restart", "often", "busybox"], "Cannot take restart policy 'often'", "on-failure:5"],
    [["run", "-v", "/srv:data", "busybox"], "relative", "-v SOURCE:/data"],
    [["run", "--security-opt", "label=x", "busybox"], "Cannot take security option", "seccomp"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish", "netctl completion -h"],
    [["completion"], "missing required argument 'shell'", "netctl completion -h"],
  ])("%j is wrong usage: exit code 2", async (argv, message, remedy) => {
    const context = await run(...argv);
    const { stdout, stderr } = context.texts();
    expect(context.exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^netctl: Cannot /);
    expect(stderr).toContain(message);
    if (remedy !== undefined) expect(stderr.split("\n  try: ")[1]).toContain(remedy);
  });

  test.each([[[]], [["image"]], [["net"]], [["network"]], [["acl"]], [["change"]]])(
    "%j shows help on standard error: exit code 2",
    async (argv) => {
      const context = await run(...argv);
      expect(context.exitCode).toBe(2);
      expect(context.texts().stderr).toContain("Usage: netctl");
    },
  );

  test.each([[["-h"]], [["run", "-h"]], [["help", "run"]], [["image", "import", "--help"]], [["--version"]]])(
    "%j is an answer: exit code 0, on standard output",
    async (argv) => {
      const context = await run(...argv);
      expect(context.exitCode).toBe(0);
      expect(context.texts().stdout).toContain("netctl");
      expect(context.texts().stderr).toBe("");
    },
  );

  test("refuses a terminal without one, with docker's words and code", async () => {
    const context = await run("run", "-it", "busybox", "sh");
    expect(context.exitCode).toBe(1);
    expect(context.texts().stderr).toContain("the input device is not a TTY");
  });

  test.each([
    [["ps"], 1],
    [["run", "busybox"], 125],
    [["exec", "web", "ls"], 1],
    [["rm", "a", "b"], 1],
  ])("%j says how to start netd: exit code %d", async (argv, exitCode) => {
    const context = await run(...argv);
    expect(context.exitCode).toBe(exitCode);
    expect(context.texts().stderr).toContain("netctl: Cannot reach netd: nobody listens on '/nonexistent/netd.sock'\n");
    expect(context.texts().stderr).toContain("\n  try: Start it as root with 'netd'");
  });

  test("version tells its own even when netd does not run", async () => {
    const context = await run("version", "--json");
    expect(context.exitCode).toBe(0);
    expect(JSON.parse(context.texts().stdout)).toEqual({ netctl: expect.any(String), netd: null });
  });
});
