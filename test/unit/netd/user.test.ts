import { expect, test } from "vitest";
import { type AccountFiles, type ResolvedUser, resolveUser } from "../../../src/netd/user.ts";

const FILES: AccountFiles = {
  passwd: [
    "root:x:0:0:root:/root:/bin/sh",
    "www:x:33:33:www:/var/www:/bin/false",
    "toor:x:0:0:another root:/toor:/bin/sh",
    "1000:x:7:7:a name like a number:/n:/bin/sh",
    "homeless:x:44:44:::",
    "",
  ].join("\n"),
  group: ["root:x:0:", "www:x:33:", "dialout:x:20:www,homeless", "audio:x:29:www", "2000:x:9:", ""].join("\n"),
};
const EMPTY: AccountFiles = { passwd: "", group: "" };

test.each<[text: string, user: ResolvedUser]>([
  ["", { uid: 0, gid: 0, home: "/root", additionalGids: [0] }],
  ["0", { uid: 0, gid: 0, home: "/root", additionalGids: [0] }],
  ["root", { uid: 0, gid: 0, home: "/root", additionalGids: [0] }],
  ["www", { uid: 33, gid: 33, home: "/var/www", additionalGids: [33, 20, 29] }],
  ["33", { uid: 33, gid: 33, home: "/var/www", additionalGids: [33, 20, 29] }],
  ["www:audio", { uid: 33, gid: 29, home: "/var/www", additionalGids: [29] }],
  ["www:", { uid: 33, gid: 33, home: "/var/www", additionalGids: [33, 20, 29] }],
  ["www:5", { uid: 33, gid: 5, home: "/var/www", additionalGids: [5] }],
  ["4242", { uid: 4242, gid: 0, home: "/", additionalGids: [0] }],
  ["4242:4243", { uid: 4242, gid: 4243, home: "/", additionalGids: [4243] }],
  ["4242:www", { uid: 4242, gid: 33, home: "/", additionalGids: [33] }],
  ["toor", { uid: 0, gid: 0, home: "/toor", additionalGids: [0] }],
  ["1000", { uid: 7, gid: 7, home: "/n", additionalGids: [7] }],
  ["0:2000", { uid: 0, gid: 9, home: "/root", additionalGids: [9] }],
  ["homeless", { uid: 44, gid: 44, home: "/", additionalGids: [44, 20] }],
  ["4294967294", { uid: 4_294_967_294, gid: 0, home: "/", additionalGids: [0] }],
])("resolveUser of '%s' in an image with accounts is %j", (text, user) => {
  expect(resolveUser(text, FILES)).toEqual(user);
});

test.each<[text: string, user: ResolvedUser]>([
  ["", { uid: 0, gid: 0, home: "/", additionalGids: [0] }],
  ["1000:1000", { uid: 1000, gid: 1000, home: "/", additionalGids: [1000] }],
])("resolveUser of '%s' needs no account files", (text, user) => {
  expect(resolveUser(text, EMPTY)).toEqual(user);
});

test.each([
  ["nobody", "user 'nobody'"],
  ["-1", "user '-1'"],
  ["1.5", "user '1.5'"],
  ["0x10", "user '0x10'"],
  ["4294967295", "user '4294967295'"],
  ["99999999999", "user '99999999999'"],
  [" 0", "user ' 0'"],
  ["www:nobody", "group 'nobody'"],
  ["0:-1", "group '-1'"],
  ["0:4294967295", "group '4294967295'"],
])("resolveUser refuses '%s' and names what is not in the image", (text, named) => {
  expect(() => resolveUser(text, FILES)).toThrowError(
    expect.objectContaining({ code: "USER_UNKNOWN", message: expect.stringContaining(named) }),
  );
});

test.each([
  ["a name alone", "www"],
  ["an id that is no number", "www:x:abc:33::/:"],
  ["an id that wraps to root", "www:x:4294967296:0::/:"],
  ["the id that means no change", "www:x:4294967295:0::/:"],
  ["a negative id", "www:x:-1:0::/:"],
  ["an id of a thousand digits", `www:x:${"9".repeat(1000)}:0::/:`],
  ["no group id", "www:x:33::::"],
  ["blanks around the id", "www:x: 33:33::/:"],
  ["a carriage return in its name", "www\r:x:33:33::/:"],
])("resolveUser leaves out a passwd line with %s", (_what, line) => {
  expect(() => resolveUser("www", { passwd: line, group: "" })).toThrowError(
    expect.objectContaining({ code: "USER_UNKNOWN" }),
  );
});

test("resolveUser does not take an empty name for an account", () => {
  expect(() => resolveUser(":www", { passwd: ":x:33:33::/:\n", group: "" })).toThrowError(
    expect.objectContaining({ code: "USER_UNKNOWN" }),
  );
});

test("resolveUser names the first of several accounts with one name, as the C library does", () => {
  const passwd = "www:x:33:33::/first:\nwww:x:0:0::/second:\n";
  expect(resolveUser("www", { passwd, group: "" })).toEqual({ uid: 33, gid: 33, home: "/first", additionalGids: [33] });
});

test("resolveUser reads a passwd file of a million bytes", () => {
  const passwd = `${"x:\n".repeat(300_000)}www:x:33:33::/:\n`;
  expect(resolveUser("www", { passwd, group: "x:\n".repeat(300_000) })).toEqual({
    uid: 33,
    gid: 33,
    home: "/",
    additionalGids: [33],
  });
});
