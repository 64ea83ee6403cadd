import { expect, it } from "vitest";
import { closedSql, openSql, sqlString } from "./accounts.ts";
import { followState } from "./database.ts";

it("quotes strings for SQL", () => {
  expect(sqlString("it's \\ here")).toBe("'it''s \\\\ here'");
  expect(() => sqlString("a\0")).toThrow("NUL");
});

it("locks who looks and who follows, and opens to the same", () => {
  const closed = closedSql(["belay_check"]);
  const open = openSql(["belay_check"], true);
  for (const name of ["belay_check", "belay_mirror"]) {
    expect(closed).toContain(`ALTER USER IF EXISTS '${name}'@'%' ACCOUNT LOCK;`);
    expect(open).toContain(`ALTER USER IF EXISTS '${name}'@'%' ACCOUNT UNLOCK;`);
  }
  // Of an init-file each line is one statement.
  for (const line of closed.trim().split("\n")) expect(line).toMatch(/;$/);
});

it("reads what a server says of its following", () => {
  const answer = `*** 1. row ***
                Slave_IO_State: Waiting for master to send event
                   Master_Host: 198.18.0.9
                   Master_Port: 3306
              Slave_IO_Running: Connecting
             Slave_SQL_Running: No
                 Last_IO_Error: error connecting
                Last_SQL_Error: Duplicate entry 'x' for key 'token'
                   Gtid_IO_Pos: 1-1-7,2-2-3
`;
  expect(followState(answer)).toEqual({
    host: "198.18.0.9:3306",
    reading: false,
    applying: false,
    received: "1-1-7,2-2-3",
    words: "error connecting Duplicate entry 'x' for key 'token'",
  });
});
