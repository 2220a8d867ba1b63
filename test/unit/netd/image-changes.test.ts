import { expect, test } from "vitest";
import { parseImageChanges } from "../../../src/netd/image-changes.ts";

test.each<[changes: string[], config: object]>([
  [[], {}],
  [['CMD=["sh","-l"]'], { cmd: ["sh", "-l"] }],
  [['CMD ["sh", "-c", "echo \\"hi\\""]'], { cmd: ["sh", "-c", 'echo "hi"'] }],
  [["CMD sh -l"], { cmd: ["/bin/sh", "-c", "sh -l"] }],
  [["CMD=[not json"], { cmd: ["/bin/sh", "-c", "[not json"] }],
  [["CMD=[1]"], { cmd: ["/bin/sh", "-c", "[1]"] }],
  [['CMD={"a":1}'], { cmd: ["/bin/sh", "-c", '{"a":1}'] }],
  [["CMD=a", "CMD=b"], { cmd: ["/bin/sh", "-c", "b"] }],
  [["ENV A=b", "ENV=C=d=e"], { env: ["A=b", "C=d=e"] }],
  [["ENV A="], { env: ["A="] }],
  [["WORKDIR /srv"], { workdir: "/srv" }],
  [["EXPOSE 80 53/udp", "EXPOSE=8000-8009/sctp"], { exposedPorts: ["80/tcp", "53/udp", "8000-8009/sctp"] }],
  [["USER=nobody:audio"], { user: "nobody:audio" }],
  [["  USER 5  "], { user: "5" }],
  [
    ["CMD=true", "ENV A=b", "WORKDIR=/", "USER 1"],
    { cmd: ["/bin/sh", "-c", "true"], env: ["A=b"], workdir: "/", user: "1" },
  ],
])("parseImageChanges of %j are %j", (changes, config) => {
  expect(parseImageChanges(changes)).toEqual(config);
});

test.each([
  "",
  "CMD",
  "CMD=",
  "ENV A",
  "ENV =b",
  "WORKDIR srv",
  "cmd=sh",
  "ENTRYPOINT sh",
  "EXPOSE web",
  "EXPOSE 80/icmp",
  "RUN rm",
  "CMDsh",
])("parseImageChanges refuse %j", (change) => {
  expect(() => parseImageChanges([change])).toThrowError(
    expect.objectContaining({ code: "API_REQUEST_INVALID", message: expect.stringContaining(`'${change}'`) }),
  );
});
