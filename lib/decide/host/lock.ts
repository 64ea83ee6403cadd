/**
 * Whether a start was refused because another process holds a disk of the VM: QEMU's own image lock, or a lock daemon of libvirt's. After
 * a host was proven off that is a sign that the proof was wrong; or that the storage has not noticed yet that the host is gone.
 */
export const diskIsLocked = (words: string): boolean =>
  /Failed to get (shared )?"[a-z ]+" lock|Is another process using the image|Failed to (acquire|lock)|[Rr]esource busy.*lock|Lock .*(is )?held/.test(
    words,
  );
