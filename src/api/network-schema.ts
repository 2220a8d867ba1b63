/**
 * Schemas of networks, endpoints, published ports, policies and leases.
 *
 * @module
 */
import { type Static, Type } from "typebox";
import { PortMapping } from "./port-schema.ts";

const options = { additionalProperties: false };

/** Names of networks: also parts of file and rule names, so kept as narrow as those of containers. */
const Name = Type.String({ pattern: "^[a-z0-9][a-z0-9_.-]{0,62}$" });
const Address = Type.String({ maxLength: 64 });
const Labels = Type.Record(Type.String({ maxLength: 255 }), Type.String({ maxLength: 4096 }));

/** How the addresses of a network's containers look outside: `off`, `masquerade`, or `snat:ADDRESS`. */
const Nat = Type.String({ maxLength: 64, pattern: "^(off|masquerade|snat:[0-9a-fA-F.:]+)$" });

export const NetworkRoute = Type.Object({ to: Address, via: Address }, options);
export type NetworkRoute = Static<typeof NetworkRoute>;

/** What netd does about a stranger's change of what it owns: put it back, tell it, or nothing. */
export const DriftPolicy = Type.Union([Type.Literal("heal"), Type.Literal("report"), Type.Literal("off")]);
export type DriftPolicy = Static<typeof DriftPolicy>;

const changeable = {
  mtu: Type.Optional(
    Type.Integer({ minimum: 68, maximum: 65535, description: "bytes; absent: that of the uplink, followed" }),
  ),
  nat: Type.Optional(Nat),
  nat6: Type.Optional(Nat),
  internal: Type.Optional(Type.Boolean({ description: "nothing outside the host can be reached, nor by names" })),
  isolated: Type.Optional(Type.Boolean({ description: "its containers can't reach each other" })),
  ranges: Type.Optional(
    Type.Array(Type.String({ maxLength: 130 }), {
      maxItems: 256,
      description: "A-B or CIDR: only these are given out",
    }),
  ),
  excludes: Type.Optional(
    Type.Array(Type.String({ maxLength: 130 }), { maxItems: 256, description: "A, A-B or CIDR: never given out" }),
  ),
  dns: Type.Optional(Type.Array(Address, { maxItems: 16, description: "upstream name servers of its containers" })),
  domain: Type.Optional(Type.String({ maxLength: 253 })),
  routes: Type.Optional(Type.Array(NetworkRoute, { maxItems: 256 })),
  labels: Type.Optional(Labels),
  drift: Type.Optional(DriftPolicy),
};

/** What the body of `POST /v1/networks` holds. Only `name` must be given. */
export const NetworkSpec = Type.Object(
  {
    name: Name,
    kind: Type.Optional(Type.Union([Type.Literal("bridge"), Type.Literal("macvlan")])),
    /** IPv4 subnet; absent: a free one is picked; `none`: IPv6 only. */
    subnet: Type.Optional(Address),
    /** IPv6 subnet; `auto`: a /64 of the host's own ULA prefix; absent: IPv4 only. */
    subnet6: Type.Optional(Address),
    gateway: Type.Optional(Address),
    gateway6: Type.Optional(Address),
    bridge: Type.Optional(Type.String({ maxLength: 15 })),
    /** Of a macvlan network: the link of the host that it lies on. */
    parent: Type.Optional(Type.String({ maxLength: 15 })),
    macvlanMode: Type.Optional(
      Type.Union([Type.Literal("bridge"), Type.Literal("vepa"), Type.Literal("private"), Type.Literal("passthru")]),
    ),
    macPrefix: Type.Optional(Type.String({ maxLength: 17, description: "first bytes of MACs, such as 02:42" })),
    adopt: Type.Optional(Type.Boolean({ description: "take over a bridge of that name that somebody else made" })),
    ...changeable,
  },
  options,
);
export type NetworkSpec = Static<typeof NetworkSpec>;

/** Seconds until a change is taken back unless it is confirmed; absent: it stays. */
const ConfirmSeconds = Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 }));

/** What the body of `PATCH /v1/networks/:name` holds: what is absent stays. An `mtu` of 0 follows the uplink again. */
export const NetworkChange = Type.Object(
  {
    ...changeable,
    mtu: Type.Optional(Type.Union([Type.Literal(0), Type.Integer({ minimum: 68, maximum: 65535 })])),
    confirmSeconds: ConfirmSeconds,
  },
  options,
);
export type NetworkChange = Static<typeof NetworkChange>;

const Counters = Type.Object({
  rxBytes: Type.Integer(),
  rxPackets: Type.Integer(),
  rxDropped: Type.Integer(),
  txBytes: Type.Integer(),
  txPackets: Type.Integer(),
  txDropped: Type.Integer(),
});

/** One container's place in a network, as `netctl net inspect` lists it. */
export const NetworkMember = Type.Object({
  container: Type.String({ description: "name" }),
  containerId: Type.String(),
  interface: Type.String(),
  hostInterface: Type.String(),
  address: Type.Optional(Type.String()),
  address6: Type.Optional(Type.String()),
  mac: Type.String(),
  running: Type.Boolean(),
});
export type NetworkMember = Static<typeof NetworkMember>;

const Usage = Type.Object({ total: Type.Integer(), used: Type.Integer() });

export const NetworkInfo = Type.Object({
  name: Type.String(),
  id: Type.String(),
  kind: Type.Union([Type.Literal("bridge"), Type.Literal("macvlan")]),
  bridge: Type.String({ description: "name of the bridge; of a macvlan network, its parent link" }),
  subnet: Type.Optional(Type.String()),
  subnet6: Type.Optional(Type.String()),
  gateway: Type.Optional(Type.String()),
  gateway6: Type.Optional(Type.String()),
  mac: Type.String({ description: "of the bridge" }),
  mtu: Type.Integer({ description: "in force now, in bytes" }),
  adopted: Type.Boolean(),
  nat: Type.String(),
  nat6: Type.String(),
  internal: Type.Boolean(),
  isolated: Type.Boolean(),
  ranges: Type.Array(Type.String()),
  excludes: Type.Array(Type.String()),
  dns: Type.Array(Type.String()),
  domain: Type.Optional(Type.String()),
  routes: Type.Array(NetworkRoute),
  labels: Labels,
  drift: DriftPolicy,
  createdAt: Type.String({ description: "ISO 8601" }),
  addresses: Usage,
  addresses6: Type.Optional(
    Type.Object({ total: Type.Number({ description: "as far as a number goes" }), used: Type.Integer() }),
  ),
});
export type NetworkInfo = Static<typeof NetworkInfo>;

/** A change that is taken back unless somebody confirms it. */
export const PendingChange = Type.Object({
  id: Type.String(),
  what: Type.String({ description: "in words: net set lab" }),
  until: Type.String({ description: "ISO 8601" }),
});
export type PendingChange = Static<typeof PendingChange>;

/** What awaits confirmation, in the answer to a change that was asked for with `confirmSeconds`. */
const Pending = Type.Optional(PendingChange);

/** The answer to a change of a network. */
export const NetworkChanged = Type.Object({ ...NetworkInfo.properties, pending: Pending });
export type NetworkChanged = Static<typeof NetworkChanged>;

/** A network with what is live in it. */
export const NetworkDetail = Type.Object({
  ...NetworkInfo.properties,
  members: Type.Array(NetworkMember),
  /** Ports in use of the 1,023 that a bridge can have, and its neighbour entries. */
  ports: Type.Optional(Type.Object({ used: Type.Integer(), limit: Type.Integer() })),
  neighbours: Type.Optional(
    Type.Object({ used: Type.Integer(), limit: Type.Integer({ description: "gc_thresh3 of the host" }) }),
  ),
  counters: Type.Optional(Counters),
});
export type NetworkDetail = Static<typeof NetworkDetail>;

export const PrunedNetworks = Type.Object({ networks: Type.Array(Type.String()) });
export type PrunedNetworks = Static<typeof PrunedNetworks>;

const endpointWishes = {
  ip: Type.Optional(Address),
  ip6: Type.Optional(Address),
  mac: Type.Optional(Address),
  aliases: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 64 })),
  /** Its default route goes through this network; absent: through the first that has one. */
  defaultRoute: Type.Optional(Type.Boolean()),
};

/** A further network of a container, in its definition. */
export const EndpointSpec = Type.Object({ network: Type.String({ maxLength: 255 }), ...endpointWishes }, options);
export type EndpointSpec = Static<typeof EndpointSpec>;

/** What the body of `POST /v1/networks/:name/connect` holds. */
export const ConnectSpec = Type.Object({ container: Type.String({ maxLength: 255 }), ...endpointWishes }, options);
export type ConnectSpec = Static<typeof ConnectSpec>;

export const DisconnectSpec = Type.Object({ container: Type.String({ maxLength: 255 }) }, options);
export type DisconnectSpec = Static<typeof DisconnectSpec>;

/** What the bodies of `POST /v1/containers/:id/publish` and `…/unpublish` hold. */
export const PublishSpec = Type.Object(
  { ports: Type.Array(PortMapping, { minItems: 1, maxItems: 1024 }), confirmSeconds: ConfirmSeconds },
  options,
);
export type PublishSpec = Static<typeof PublishSpec>;

/** All published ports of a container, those that were picked filled in. */
export const PublishedPorts = Type.Object({ ports: Type.Array(PortMapping), pending: Pending });
export type PublishedPorts = Static<typeof PublishedPorts>;

/** Containers of one network may open connections to those of the other. */
export const AllowSpec = Type.Object(
  { from: Type.String({ maxLength: 255 }), to: Type.String({ maxLength: 255 }), confirmSeconds: ConfirmSeconds },
  options,
);
export type AllowSpec = Static<typeof AllowSpec>;

export const AllowInfo = Type.Object({ from: Type.String(), to: Type.String(), pending: Pending });
export type AllowInfo = Static<typeof AllowInfo>;

/**
 * Who an access rule is about: `any`, `container:NAME`, `label:KEY=VALUE`, `network:NAME` or `cidr:CIDR`.
 */
const Selector = Type.String({ maxLength: 512, pattern: "^(any|(container|label|network|cidr):.+)$" });

/** A rule about connections that containers open or that are opened to them; the first that matches decides. */
export const AclSpec = Type.Object(
  {
    name: Name,
    action: Type.Union([Type.Literal("allow"), Type.Literal("deny")]),
    from: Selector,
    to: Selector,
    protocol: Type.Optional(
      Type.Union([Type.Literal("tcp"), Type.Literal("udp"), Type.Literal("sctp"), Type.Literal("icmp")]),
    ),
    /** Destination ports: `80`, `80-90`. */
    ports: Type.Optional(Type.Array(Type.String({ pattern: "^\\d{1,5}(-\\d{1,5})?$" }), { maxItems: 64 })),
    /** Place among the rules, from 1; absent: the last. */
    position: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  },
  options,
);
export type AclSpec = Static<typeof AclSpec>;

/** An address kept for a container of a certain name, whether there is one or not. */
export const ReservationSpec = Type.Object(
  { name: Name, address: Address, network: Type.Optional(Type.String({ maxLength: 255 })) },
  options,
);
export type ReservationSpec = Static<typeof ReservationSpec>;

export const ReleaseSpec = Type.Object(
  {
    /** An address, or the name of a reservation's container. */
    target: Type.String({ maxLength: 255 }),
    network: Type.Optional(Type.String({ maxLength: 255 })),
  },
  options,
);
export type ReleaseSpec = Static<typeof ReleaseSpec>;

const NetworkReference = Type.String({ maxLength: 255 });

/** All leases and reservations, as a document that another netd can read. */
export const LeaseDocument = Type.Object(
  {
    version: Type.Literal(1),
    reservations: Type.Array(
      Type.Object(
        { network: NetworkReference, address: Address, name: Name, mac: Type.Optional(Address) },
        { additionalProperties: false },
      ),
    ),
    leases: Type.Array(
      Type.Object(
        {
          network: NetworkReference,
          address: Address,
          mac: Address,
          container: Name,
          since: Type.String({ maxLength: 64 }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  options,
);
export type LeaseDocument = Static<typeof LeaseDocument>;

/** What an import did. */
export const ImportedLeases = Type.Object({
  reserved: Type.Integer({ description: "addresses that are kept now and were not before" }),
  known: Type.Integer({ description: "those that were kept, or had, by the same name already" }),
});
export type ImportedLeases = Static<typeof ImportedLeases>;

/** One difference between what netd wants and what the kernel has. */
export const DriftItem = Type.Object({
  kind: Type.Union([Type.Literal("missing"), Type.Literal("changed"), Type.Literal("foreign")]),
  /** What it is about: `bridge br0`, `veth ve…`, `table inet netd`, `sysctl …`. */
  object: Type.String(),
  network: Type.Optional(Type.String()),
  container: Type.Optional(Type.String()),
  /** In words: what it is now, and what was wanted. */
  text: Type.String(),
  /** Commands that mend it; none for what a stranger added. */
  commands: Type.Array(Type.String()),
});
export type DriftItem = Static<typeof DriftItem>;

/** One finding of `netctl doctor`. */
export const DoctorFinding = Type.Object({
  level: Type.Union([Type.Literal("ok"), Type.Literal("warning"), Type.Literal("problem")]),
  text: Type.String(),
  remedy: Type.Optional(Type.String()),
  /** Whether `--repair` can mend it. */
  repairable: Type.Boolean(),
});
export type DoctorFinding = Static<typeof DoctorFinding>;
