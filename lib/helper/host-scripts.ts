/** What is run on a host to put a program of ours there: `sh -c SCRIPT sh ARGUMENTS`. Each may run twice. */

/** $1: the oldest Node that will do. Prints the path of the first that will. */
export const findNode = `
for node in $(command -v node nodejs 2>/dev/null) /usr/local/bin/node /usr/bin/node /opt/node/bin/node; do
  [ -x "$node" ] || continue
  major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || continue
  [ "$major" -ge "$1" ] && { echo "$node"; exit 0; }
done
exit 1`;

/** $1: a directory, $2: a file's name, $3: its mode; content on standard input. Replaced whole. */
export const placeFile = `
set -e
umask 077
mkdir -p "$1"
cat > "$1/$2.new"
chmod "$3" "$1/$2.new"
mv "$1/$2.new" "$1/$2"`;

export const oldestNode = "18";
