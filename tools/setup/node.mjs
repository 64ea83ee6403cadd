// Plain old syntax only: this runs on whatever Node is there, to say that it is too old.
const oldest = 20;

/** Ends the process with a cure when this Node cannot even install the packages. */
export function requireNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= oldest) return;
  console.error(`Belay needs Node ${oldest} or newer to start; this is ${process.version} (${process.execPath}).`);
  console.error("Install a newer Node (nodejs.org, or your system's packages) and run the same command again.");
  console.error("Everything else, Node 24 among it, is then installed into this folder by npm.");
  process.exit(1);
}
