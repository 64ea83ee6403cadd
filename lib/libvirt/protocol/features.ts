/** What this client asks `connect_supports_feature` about (numbers of libvirt's driver features). */
export const features = { keepalive: 10 } as const;

/** Answers of `auth_list`. */
export const authTypes = { none: 0, sasl: 1, polkit: 2 } as const;
