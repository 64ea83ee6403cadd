/** What the provisioner runs on a host: `sh -c SCRIPT sh ARGUMENTS`. Each may run twice; what is half made has "draft" in its name. */

/** $1 a file. Says what image it is, as JSON; also of one that a guest writes to. */
export const imageInfo = `exec qemu-img info -U --output=json "$1"`;

/** $1, $2, …: files that must be readable. */
export const readable = `for file; do [ -r "$file" ] || { echo "There is no file $file." >&2; exit 1; }; done`;

/** $1 the disk, $2 what it lies over, $3 the format of that. A disk that is there already stays. Only root reads it: libvirt hands it to QEMU. */
export const makeOverlay = `
set -e
umask 077
[ -d "\${1%/*}" ] || { echo "There is no directory \${1%/*}." >&2; exit 1; }
rm -f "$1".draft-*
[ -e "$1" ] && { echo there; exit 0; }
qemu-img create -q -f qcow2 -F "$3" -b "$2" "$1.draft-$$"
sync "$1.draft-$$" 2>/dev/null || true
mv "$1.draft-$$" "$1"
echo made`;

/** $1 a file; its content on standard input. Replaced whole. */
export const placeSeed = `
set -e
umask 077
rm -f "$1".draft-*
cat > "$1.draft-$$"
sync "$1.draft-$$" 2>/dev/null || true
mv "$1.draft-$$" "$1"`;

/** $1 a directory, $2 with what a VM's files begin. Removes all of them, and says which. */
export const removeFiles = `
[ -d "$1" ] || exit 0
exec find "$1" -maxdepth 1 -type f -name "$2[-.]*" -print -delete`;

/**
 * $1 a directory, $2 with what a VM's files begin, $3 the disk that it runs from, $4, $5, …: others that stay. Removes its older disks; what
 * restores of checkpoints have made is theirs to remove. A disk that was made since is newer than one that nobody writes to any more, and stays.
 */
export const removeOlderDisks = `
directory=$1 stem=$2 present=$3
[ -e "$present" ] || exit 0
shift 2
find "$directory" -maxdepth 1 -type f \\( -name "$stem.qcow2" -o -name "$stem-*.qcow2" \\) ! -name "*.belay-*" ! -newer "$present" |
while IFS= read -r file; do
  for kept; do [ "$file" = "$kept" ] && continue 2; done
  rm -f "$file" && echo "$file"
done`;
