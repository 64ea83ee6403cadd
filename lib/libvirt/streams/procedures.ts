/** Procedures that open a stream, and which way its data flows, seen from here (the protocol file's own remarks). */
export const streamProcedures = {
  storage_vol_upload: "out",
  storage_vol_download: "in",
  domain_screenshot: "in",
  domain_open_console: "both",
  domain_open_channel: "both",
  domain_migrate_prepare_tunnel: "out",
  domain_migrate_prepare_tunnel3: "out",
  domain_migrate_prepare_tunnel3_params: "out",
} as const;

export type StreamProcedure = keyof typeof streamProcedures;
