import { expect, test } from "vitest";
import { natRulesDoc } from "../../support/nat-rules-doc.ts";

test("docs/nat-rules.md tells what buildFirewall makes", async () => {
  await expect(natRulesDoc()).toMatchFileSnapshot("../../../docs/nat-rules.md");
});
