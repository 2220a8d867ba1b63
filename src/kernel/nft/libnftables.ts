/**
 * The C functions of libnftables(3): see libc.ts. Loaded on demand, as only the daemon needs them.
 *
 * @module
 */
import koffi from "koffi";

/** An `nft_ctx` of libnftables(3). */
export type NftContext = { readonly __nftContext: never };

/** The functions of libnftables(3) that we call. */
export interface LibNftables {
  newContext(flags: number): NftContext | null;
  freeContext(context: NftContext): void;
  /** Keeps output in memory instead of printing it; 0 on success. */
  bufferOutput(context: NftContext): number;
  bufferError(context: NftContext): number;
  outputBuffer(context: NftContext): string;
  errorBuffer(context: NftContext): string;
  setOutputFlags(context: NftContext, flags: number): void;
  /** Runs text, or JSON when the JSON output flag is set, as one transaction; 0 on success. */
  run(context: NftContext, commands: string): number;
}

/** Load libnftables, which only the daemon needs. Throws what dlopen(3) says when it is not installed. */
export function loadLibNftables(): LibNftables {
  const library = koffi.load("libnftables.so.1");
  return {
    newContext: library.func("void* nft_ctx_new(uint32_t)"),
    freeContext: library.func("void nft_ctx_free(void*)"),
    bufferOutput: library.func("int nft_ctx_buffer_output(void*)"),
    bufferError: library.func("int nft_ctx_buffer_error(void*)"),
    outputBuffer: library.func("const char* nft_ctx_get_output_buffer(void*)"),
    errorBuffer: library.func("const char* nft_ctx_get_error_buffer(void*)"),
    setOutputFlags: library.func("void nft_ctx_output_set_flags(void*, unsigned int)"),
    run: library.func("int nft_run_cmd_from_buffer(void*, const char*)"),
  } as LibNftables;
}
