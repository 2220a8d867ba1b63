// Bundles the four commands (and the sandbox host) into dist/, one file each, so that they start fast.
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

/** Command to its entry point and the first line of its file. */
const COMMANDS = {
  // A young generation that a burst of requests fits into: a smaller one costs a fifth more time, a larger one only memory.
  netd: { entry: "src/netd/main.ts", shebang: "#!/usr/bin/env -S node --max-semi-space-size=1" },
  // netctl speaks to a unix socket: dropping the certificates variable saves 40 ms of every start.
  // Without the "--", node would take the --env-file of `netctl run` for its own (https://github.com/nodejs/node/issues/54232).
  netctl: { entry: "src/netctl/main.ts", shebang: "#!/usr/bin/env -S -u NODE_EXTRA_CA_CERTS node --" },
  // The variable has no effect here either. Hooks get the environment without it.
  "netd-runtime": {
    entry: "src/runtime/main.ts",
    shebang: "#!/usr/bin/env -S -u NODE_EXTRA_CA_CERTS node --single-threaded",
  },
  // Loaded by netd-runtime.
  "netd-runtime-forking": { entry: "src/runtime/forking.ts" },
  "netd-runtime-serve": { entry: "src/runtime/serve.ts" },
  "netd-runtime-links": { entry: "src/runtime/command/net-devices.ts" },
  "netd-runtime-seal": { entry: "src/runtime/command/seal.ts" },
  "netd-dns": { entry: "src/dns/main.ts", shebang: "#!/usr/bin/env node" },
  "netd-sandbox": { entry: "src/sandbox/main.ts", shebang: "#!/usr/bin/env node" },
};

/** Commander loads node:child_process for a feature that netctl does not use, which would cost 3 ms of each start. */
const commanderWithoutChildProcess = {
  name: "commander-without-child-process",
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("/node_modules/commander/") ? { path: "node:child_process", namespace: "empty" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "" }));
  },
};

/** koffi's own loader looks at much before it loads its library, which would cost 10 ms of each start; it still does where that library is missing. */
const koffiWithoutLoader = {
  name: "koffi-without-loader",
  setup(build) {
    build.onResolve({ filter: /^koffi$/ }, ({ namespace }) =>
      namespace === "koffi" ? { path: "koffi", external: true } : { path: "koffi", namespace: "koffi" },
    );
    build.onLoad({ filter: /.*/, namespace: "koffi" }, () => ({
      contents: `
        const { arch } = process;
        try {
          module.exports = require(\`@koromix/koffi-linux-\${arch}/linux_\${arch}/koffi.node\`);
        } catch {
          module.exports = require("koffi");
        }`,
    }));
  },
};

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

rmSync("dist", { recursive: true, force: true });
mkdirSync("dist");
for (const [name, { entry, shebang }] of Object.entries(COMMANDS)) {
  const outfile = `dist/${name}.cjs`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    ...(shebang === undefined ? {} : { banner: { js: shebang } }),
    // Packages that carry a native binary are loaded from node_modules.
    external: [...(name.startsWith("netd-runtime") ? [] : ["koffi"]), "libsql", "netlink/dist/netlink.js"],
    define: { NETD_VERSION: JSON.stringify(version) },
    keepNames: false,
    minifySyntax: true,
    // netctl and one-shot commands live for milliseconds, and reading their own text is a good part of them.
    minifyWhitespace: name === "netctl" || name.startsWith("netd-runtime"),
    plugins: name.startsWith("netd-runtime") ? [koffiWithoutLoader] : [commanderWithoutChildProcess],
    legalComments: "none",
    logLevel: "warning",
  });
  if (shebang !== undefined) chmodSync(outfile, 0o755);
}
