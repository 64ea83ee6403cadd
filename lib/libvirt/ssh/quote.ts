/** One argument for a POSIX shell, whatever it holds: single quotes, with each single quote of its own taken outside. */
export function shellQuote(argument: string): string {
  if (argument.includes("\0")) throw new RangeError("a command's argument cannot hold a NUL character");
  return /^[A-Za-z0-9_\-./:=@%+,]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** An argument list as the one line that SSH hands to the account's shell. */
export function shellCommand(argv: readonly string[]): string {
  if (argv.length === 0) throw new RangeError("a command needs at least its program");
  return argv.map(shellQuote).join(" ");
}
