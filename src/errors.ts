/**
 * Every error a user of netd can see: one code, one HTTP status, one remedy.
 *
 * @module
 */

/** Code to HTTP status. `docs/errors.md` lists the same codes; a test keeps the two equal. */
export const ERROR_STATUS = {
  ACL_EXISTS: 409,
  ACL_UNKNOWN: 404,
  ADDRESS_INVALID: 400,
  ALLOW_UNKNOWN: 404,
  API_BODY_TOO_LARGE: 413,
  API_REQUEST_INVALID: 400,
  API_ROUTE_UNKNOWN: 404,
  BRIDGE_FOREIGN: 409,
  BRIDGE_FULL: 507,
  BRIDGE_MISSING: 409,
  BUNDLE_INVALID: 400,
  CHANGE_PENDING: 409,
  CHANGE_UNKNOWN: 404,
  CLIENT_STALLED: 408,
  COMMAND_NOT_EXECUTABLE: 422,
  COMMAND_NOT_FOUND: 422,
  CONTAINER_NAME_INVALID: 400,
  CONTAINER_NAME_TAKEN: 409,
  CONTAINER_NOT_PAUSED: 409,
  CONTAINER_NOT_RUNNING: 409,
  CONTAINER_PAUSED: 409,
  CONTAINER_RUNNING: 409,
  CONTAINER_UNKNOWN: 404,
  DAEMON_ALREADY_RUNNING: 409,
  DAEMON_NOT_RUNNING: 503,
  DEVICE_MISSING: 400,
  DNS_LISTEN_FAILED: 409,
  DNS_UNAVAILABLE: 503,
  ENDPOINT_EXISTS: 409,
  ENDPOINT_UNKNOWN: 404,
  EXIT_CODE_LOST: 500,
  FEATURE_UNSUPPORTED: 501,
  HOOK_FAILED: 500,
  IMAGE_ARCHIVE_CORRUPT: 400,
  IMAGE_ARCHIVE_UNSAFE: 400,
  IMAGE_IN_USE: 409,
  IMAGE_NAME_INVALID: 400,
  IMAGE_TOO_LARGE: 413,
  IMAGE_UNKNOWN: 404,
  INTERNAL: 500,
  IPAM_ADDRESS_EXCLUDED: 409,
  IPAM_ADDRESS_IS_BROADCAST: 409,
  IPAM_ADDRESS_IS_GATEWAY: 409,
  IPAM_ADDRESS_IS_NETWORK: 409,
  IPAM_ADDRESS_OUTSIDE_SUBNET: 409,
  IPAM_ADDRESS_TAKEN: 409,
  IPAM_FAMILY_MISSING: 409,
  IPAM_LEASE_EXISTS: 409,
  IPAM_POOL_EXHAUSTED: 507,
  IPAM_RESERVATION_EXISTS: 409,
  IPTABLES_FAILED: 500,
  KERNEL_CALL_FAILED: 500,
  KERNEL_FEATURE_MISSING: 501,
  LAUNCH_FAILED: 500,
  LEASE_IMPORT_CONFLICT: 409,
  LEASE_IN_USE: 409,
  LEASE_UNKNOWN: 404,
  LIMIT_IN_USE: 409,
  LINK_MISSING: 409,
  LOG_NOT_KEPT: 409,
  MAC_INVALID: 400,
  MAC_TAKEN: 409,
  MOUNT_SOURCE_MISSING: 400,
  NETNS_NAME_TAKEN: 409,
  NETWORK_INVALID: 400,
  NETWORK_IN_USE: 409,
  NETWORK_NAME_TAKEN: 409,
  NETWORK_UNKNOWN: 404,
  NFT_FAILED: 500,
  NOT_ROOT: 403,
  OCI_CONFIG_INVALID: 400,
  PATH_MISSING: 404,
  PATH_READ_ONLY: 409,
  PAUSE_FAILED: 500,
  PORT_INVALID: 400,
  PORT_TAKEN: 409,
  PORT_UNKNOWN: 404,
  RUNTIME_UNAVAILABLE: 503,
  SECCOMP_PROFILE_INVALID: 400,
  SOCKET_FORBIDDEN: 403,
  STATE_UNREADABLE: 500,
  STATE_WRITE_FAILED: 507,
  SUBNET_INVALID: 400,
  SUBNET_OVERLAPS_NETWORK: 409,
  SUBNET_OVERLAPS_ROUTE: 409,
  SUBNET_POOL_EXHAUSTED: 507,
  USER_UNKNOWN: 422,
  VOLUME_IN_USE: 409,
  VOLUME_UNKNOWN: 404,
} as const;

/** A stable name for one way in which things go wrong. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** What {@link NetdError} carries besides its message. */
export interface NetdErrorOptions {
  /** What the reader does next, as an imperative sentence. */
  remedy?: string | undefined;
  /** The failure underneath, kept whole. */
  cause?: unknown;
}

/** An error as it crosses a process border. */
export interface ErrorDocument {
  code: string;
  message: string;
  remedy?: string;
}

/** An error with a stable code, safe to show to the user. */
export class NetdError extends Error {
  override readonly name: string = "NetdError";
  readonly code: ErrorCode;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: NetdErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** Turn anything thrown into the document that other processes and users see. */
export function formatError(error: unknown): ErrorDocument {
  if (error instanceof NetdError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    };
  }
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}

/** Make an error of ours again from a document that another process sent. */
export function parseError(document: ErrorDocument): NetdError {
  const code = document.code in ERROR_STATUS ? (document.code as ErrorCode) : "INTERNAL";
  return new NetdError(code, document.message, { remedy: document.remedy });
}
