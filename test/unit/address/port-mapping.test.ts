import fc from "fast-check";
import { expect, test } from "vitest";
import { formatPortMapping, PORT_PROTOCOLS, type PortMapping, parsePortMapping } from "../../../src/address/index.ts";

test.each<[string, string]>([
  ["80", "127.0.0.1::80/tcp"],
  [":80", "127.0.0.1::80/tcp"],
  ["0:80", "127.0.0.1::80/tcp"],
  ["8080:80", "127.0.0.1:8080:80/tcp"],
  ["8080:80/TCP", "127.0.0.1:8080:80/tcp"],
  ["53:53/udp", "127.0.0.1:53:53/udp"],
  ["9:9/sctp", "127.0.0.1:9:9/sctp"],
  ["0.0.0.0:8080:80", "0.0.0.0:8080:80/tcp"],
  ["192.0.2.7::80", "192.0.2.7::80/tcp"],
  ["8000-8009:80-89", "127.0.0.1:8000-8009:80-89/tcp"],
  ["80-89", "127.0.0.1::80-89/tcp"],
  ["8080-8080:80", "127.0.0.1:8080:80/tcp"],
  ["[::]:8080:80", "[::]:8080:80/tcp"],
  ["[::1]::80", "[::1]::80/tcp"],
  ["[2001:DB8:0::1]:8080:80/udp", "[2001:db8::1]:8080:80/udp"],
  ["0.0.0.0%eth0:8080:80", "0.0.0.0%eth0:8080:80/tcp"],
  ["%eth0:8080:80", "0.0.0.0%eth0:8080:80/tcp"],
  ["dev=eth0:8080:80", "0.0.0.0%eth0:8080:80/tcp"],
  ["[::]%eth0:8080:80", "[::]%eth0:8080:80/tcp"],
  ["[::%eth0]:8080:80", "[::]%eth0:8080:80/tcp"],
  ["1-65535:1-65535", "127.0.0.1:1-65535:1-65535/tcp"],
])("parsePortMapping reads '%s' as %s", (text, expected) => {
  expect(formatPortMapping(parsePortMapping(text))).toBe(expected);
});

test("parsePortMapping gives every field", () => {
  expect(parsePortMapping("[::]%eth0:8000-8001:80-81/udp")).toEqual({
    hostAddress: "::",
    hostInterface: "eth0",
    hostPort: 8000,
    containerPort: 80,
    count: 2,
    protocol: "udp",
  });
});

test.each<[string, string]>([
  ["", "no port"],
  [":", "no port"],
  ["a", "port 'a'"],
  ["80-", "port '80-'"],
  ["-80", "port '-80'"],
  [" 80", "port ' 80'"],
  ["8080:0", "container port 0"],
  ["65536", "port 65536"],
  ["8080:99999", "port 99999"],
  ["90-80", "the lower one first"],
  ["8000-8010:80", "11 host ports for 1 of the container"],
  ["8000:80-90", "1 host ports for 11 of the container"],
  ["0-9:80-89", "host port 0 in a range"],
  ["80/icmp", "protocol 'icmp'"],
  ["80/", "protocol ''"],
  ["80/tcp/udp", "protocol 'tcp/udp'"],
  ["localhost:8080:80", "host 'localhost'"],
  ["1.2.3:8080:80", "host '1.2.3'"],
  ["::1:8080:80", "too many colons"],
  ["[10.0.0.1]:8080:80", "host '10.0.0.1'"],
  ["[::ffff:10.0.0.1]:8080:80", "host '::ffff:10.0.0.1'"],
  ["[]:8080:80", "host ''"],
  ["[]%eth0:8080:80", "host ''"],
  ["[::1]:80", "[ADDRESS]:HOST:PORT wanted"],
  ["[::1]80:80:80", "host '[::1]80'"],
  ["[::%eth0]%eth1:8080:80", "two interfaces"],
  ["dev=:8080:80", "interface ''"],
  ["dev=sixteencharacter:8080:80", "interface 'sixteencharacter'"],
  ["1.2.3.4%e h:8080:80", "interface 'e h'"],
])("parsePortMapping refuses '%s': %s", (text, why) => {
  expect(() => parsePortMapping(text)).toThrowError(
    expect.objectContaining({
      code: "PORT_INVALID",
      message: expect.stringContaining(why),
      remedy: expect.any(String),
    }),
  );
});

const mappings: fc.Arbitrary<PortMapping> = fc
  .record({
    hostAddress: fc.constantFrom("127.0.0.1", "0.0.0.0", "192.0.2.9", "::", "::1", "2001:db8::5"),
    hostInterface: fc.option(fc.constantFrom("eth0", "wlp3s0", "br-lan.5", "a%b"), { nil: undefined }),
    count: fc.integer({ min: 1, max: 40 }),
    hostPort: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 65_496 })),
    containerPort: fc.integer({ min: 1, max: 65_496 }),
    protocol: fc.constantFrom(...PORT_PROTOCOLS),
  })
  .map(({ hostInterface, ...rest }) => ({ ...rest, ...(hostInterface === undefined ? {} : { hostInterface }) }));

test("parsePortMapping undoes formatPortMapping", () => {
  fc.assert(
    fc.property(mappings, (mapping) => {
      expect(parsePortMapping(formatPortMapping(mapping))).toEqual(mapping);
    }),
  );
});

test("parsePortMapping answers any text with a mapping or with PORT_INVALID", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[\d:[\]%/.\-a-z]{0,40}$/));
  fc.assert(
    fc.property(text, (input) => {
      try {
        expect(parsePortMapping(input).count).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: "PORT_INVALID" });
      }
    }),
  );
});
