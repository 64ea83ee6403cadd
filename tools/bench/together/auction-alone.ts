import path from "node:path";
import { auctionDir } from "../../../lab/index.ts";

/**
 * The auction's pages on one VM and its database on another, without a mirror: what their owner's manager repairs alone (mode `customer`).
 * `allow`: the techniques, so that each can be measured by itself. `unwatched`: servers that wait for the one that fails, and would be
 * repaired for it as well. So many restarts are allowed as no measurement needs: after two within ten minutes its owner would otherwise be asked.
 */
export const aloneDescription = (
  allow: readonly string[],
  unwatched: readonly string[] = [],
): string => `application: { name: alone }
images: { server: prepared }
secrets:
  database: { generate: true }
vms:
  - { name: shop, image: server, memoryMiB: 224 }
  - { name: store, image: server, memoryMiB: 320 }
servers:
  - name: database
    kind: mariadb
    vm: store
    state: stateful
    options:
      databases: [auction]
      users: [{ name: auction, password: database, grants: ["SELECT, INSERT, UPDATE, DELETE ON auction.*"] }]
      load: [${path.join(auctionDir, "schema.sql")}, ${path.join(auctionDir, "data.sql")}]
  - name: pages
    kind: php
    vm: shop
    uses: [database]
    files: [{ from: ${path.join(auctionDir, "pages")}, to: /srv/auction }]
    options:
      root: /srv/auction
      environment:
        AUCTION_DB_HOST: "{{address database}}"
        AUCTION_DB_PORT: "{{port database}}"
        AUCTION_DB_PASSWORD: "{{secret database}}"
  - name: entrance
    kind: httpd
    vm: shop
    port: 80
    balances: [pages]
    options: { healthPath: /about }
sensors: { everySeconds: 1, off: [${unwatched.join(", ")}] }
alone: { allow: [${allow.join(", ")}], restartsBeforeMore: 10, saveEverySeconds: 30 }
`;
