import { expect, test } from "vitest";
import { answerOrRefuse } from "../../../src/dns/answer.ts";
import { answerStatic } from "../../../src/dns/static-server.ts";
import { formatQuery, readReply } from "../../support/dns-message.ts";

const zone = { domain: "example.net", records: { "www.example.net": ["203.0.113.80", "2001:db8:113::80"] } };

test.each([
  ["www.example.net", "A", "NOERROR", ["www.example.net A 203.0.113.80"]],
  ["WWW.example.net", "AAAA", "NOERROR", ["WWW.example.net AAAA 2001:db8:113::80"]],
  ["www.example.net", "MX", "NOERROR", []],
  ["example.net", "A", "NOERROR", []],
  ["nobody.example.net", "A", "NXDOMAIN", []],
  ["example.com", "A", "REFUSED", []],
  ["notexample.net", "A", "REFUSED", []],
])("answerStatic of %s %s is %s %j", (name, type, rcode, answers) => {
  const result = answerOrRefuse(formatQuery(name, type), (query) => answerStatic(query, zone));
  expect(result).toHaveProperty("reply");
  expect(readReply((result as { reply: Buffer }).reply)).toMatchObject({ rcode, answers });
});
