/** Checked by a test: it is a good description. */
export const example = `# An application for belay-manager. Editors check it by docs/application.schema.json of Belay.
# \`belay-manager validate\` says what is wrong here, and where.
application:
  name: shop

# Where the provider's Belay is. The key is never written here: BELAY_KEY.
belay:
  url: http://127.0.0.1:3000

# Without privateKey the manager makes a key, and keeps it with its state.
ssh:
  user: root

# Our names for the provider's images.
images:
  system: prepared

# Passwords: from the environment, from a file, or made up and kept with the manager's state.
secrets:
  shop:
    generate: true
  replication:
    generate: true

# VMs that name the same group \`apart\` are kept on different hosts.
vms:
  - { name: front, image: system, memoryMiB: 128 }
  - { name: app-1, image: system, memoryMiB: 192, apart: app }
  - { name: app-2, image: system, memoryMiB: 192, apart: app }
  - { name: db-1, image: system, memoryMiB: 256, apart: db }
  - { name: db-2, image: system, memoryMiB: 256, apart: db }

# Who uses whom is said once: addresses, ports and the order of starting follow from it.
servers:
  - name: web
    kind: httpd
    vm: front
    port: 80
    balances: [pages-1, pages-2]
    options:
      balance: { healthPath: / }

  - name: pages-1
    kind: php
    vm: app-1
    port: 8080
    uses: [proxy]
    files:
      - content: "<?php echo 'well'; ?>"
        to: /srv/www/index.php
  - name: pages-2
    kind: php
    vm: app-2
    port: 8080
    uses: [proxy]
    files:
      - content: "<?php echo 'well'; ?>"
        to: /srv/www/index.php

  # One database gets everything, the other stands by.
  - name: proxy
    kind: haproxy
    vm: front
    port: 3306
    balances: [mariadb-1, mariadb-2]
    options: { mode: tcp, check: mysql, checkUser: haproxy, order: first }

  - name: mariadb-1
    kind: mariadb
    vm: db-1
    state: stateful
    options:
      databases: [shop]
      users:
        - { name: shop, password: shop, grants: ["ALL ON shop.*"] }
        - { name: haproxy }
      replicationPassword: replication
      replicates: [mariadb-2]
  - name: mariadb-2
    kind: mariadb
    vm: db-2
    state: stateful
    options:
      databases: [shop]
      users:
        - { name: shop, password: shop, grants: ["ALL ON shop.*"] }
        - { name: haproxy }
      replicationPassword: replication
      replicates: [mariadb-1]

sensors:
  everySeconds: 2
  # Beside those that each kind of server brings.
  own:
    - { name: shop answers, kind: http, server: web, from: app-1, path: / }

# What is answered when the provider proposes a repair.
answers:
  prefer: [assisted-rebuild, revive-vm]
  maintenance: wait

# What the manager may do alone, once both parties' sensors name the layer.
alone:
  allow: [restart-server, replay-server, rebuild-vm, replicas]
  restartsBeforeMore: 2
`;
