import { decode, encode, type Packet, type RecordType } from "dns-packet";

/** What {@link formatQuery} may be told. */
export interface FormatQueryOptions {
  id?: number;
  udpSize?: number;
}

/** Build a query as a client would. */
export function formatQuery(name: string, type: string, options: FormatQueryOptions = {}): Buffer {
  const { id = 0x1234, udpSize } = options;
  return encode({
    type: "query",
    id,
    flags: 0x0100,
    questions: [{ name, type: type as RecordType, class: "IN" }],
    additionals:
      udpSize === undefined
        ? []
        : [
            {
              type: "OPT",
              name: ".",
              udpPayloadSize: udpSize,
              flags: 0,
              flag_do: false,
              extendedRcode: 0,
              ednsVersion: 0,
              options: [],
            },
          ],
  });
}

/** A reply as a client understands it. */
export interface ReadReply {
  id: number;
  rcode: string;
  isAuthoritative: boolean;
  isTruncated: boolean;
  question: string | undefined;
  answers: string[];
  authorities: string[];
}

/** Read a reply; answers as `NAME TYPE DATA`. */
export function readReply(bytes: Buffer): ReadReply {
  const packet = decode(bytes) as unknown as Packet & { id: number; rcode: string; flag_aa: boolean; flag_tc: boolean };
  const text = (record: { name: string; type: string; data?: unknown }) =>
    `${record.name} ${record.type}${typeof record.data === "string" ? ` ${record.data}` : ""}`;
  return {
    id: packet.id,
    rcode: packet.rcode,
    isAuthoritative: packet.flag_aa,
    isTruncated: packet.flag_tc,
    question: packet.questions?.[0]?.name,
    answers: (packet.answers ?? []).map(text),
    authorities: (packet.authorities ?? []).map(text),
  };
}
