/** A libvirt daemon in memory, for tests and measurements. */
export { FakeClient, FakeLibvirtError, noReply } from "./fake-client.ts";
export { type FakeDomain, FakeHost } from "./fake-host.ts";
export { type FakeHandlers, FakeServer } from "./fake-server.ts";
