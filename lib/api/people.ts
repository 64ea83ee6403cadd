import { z } from "zod";
import { type PersonView, userId } from "../contract/index.ts";
import type { Clock, PersonDeed, ServiceStore } from "../engine/ports.ts";
import { BelayError, can, type Organization, type OrganizationId, type Viewer } from "../model/index.ts";
import { refuseByScope } from "../service/index.ts";
import { type Auth, ensurePerson } from "./auth.ts";
import { newPassword } from "./new-password.ts";

/** As better-auth keeps one; its own type does not know our field. */
const user = z.object({ id: userId, email: z.string(), name: z.string(), organizationId: z.string() });

const mostPeople = 10_000;

export interface WithPassword {
  readonly person: PersonView;
  /** Told this once. */
  readonly password: string;
}

/** Who may sign in: looked at, added and given new passwords by the provider. Others change their own password, at /api/auth. */
export interface People {
  all(viewer: Viewer): Promise<PersonView[]>;
  add(viewer: Viewer, wish: { name: string; email: string; organizationId?: OrganizationId }): Promise<WithPassword>;
  /** Ends the sessions that were begun with the old one. */
  newPassword(viewer: Viewer, email: string): Promise<WithPassword>;
}

function must(viewer: Viewer): void {
  refuseByScope(viewer, "people"); // no program with a key makes people, whosever it is
  const answer = can.managePeople(viewer);
  if (answer !== true) throw new BelayError("not-allowed", answer);
}

export function createPeople(parts: {
  readonly auth: Auth;
  readonly store: Pick<ServiceStore, "organizations" | "auditPerson">;
  readonly clock: Pick<Clock, "now">;
}): People {
  const { auth, store, clock } = parts;

  const viewOf = (found: unknown, organizations: readonly Organization[]): PersonView | undefined => {
    const { id, email, name, organizationId } = user.parse(found);
    const own = organizations.find((it) => it.id === organizationId);
    return own && { id, email, name, organizationId: own.id, organization: own.name, role: own.role };
  };

  async function known(email: string): Promise<{ person: PersonView; canSignIn: boolean } | undefined> {
    const { internalAdapter } = await auth.$context;
    const found = await internalAdapter.findUserByEmail(email, { includeAccounts: true });
    const person = found === null ? undefined : viewOf(found.user, await store.organizations());
    return person && { person, canSignIn: (found?.accounts.length ?? 0) > 0 };
  }

  const note = (action: PersonDeed["action"], email: string, organizationId: OrganizationId, viewer: Viewer) =>
    store.auditPerson({ action, email, organizationId }, viewer, clock.now());

  const isThere = (email: string) =>
    new BelayError("conflict", `There is a person with the e-mail ${email} already.`, {
      field: "email",
      cure: "Choose another e-mail, or give this person a new password.",
    });

  return {
    async all(viewer) {
      must(viewer);
      const { internalAdapter } = await auth.$context;
      const [users, organizations] = await Promise.all([
        internalAdapter.listUsers(mostPeople, 0, { field: "email", direction: "asc" }),
        store.organizations(),
      ]);
      return users.flatMap((found) => viewOf(found, organizations) ?? []);
    },

    async add(viewer, { name, email, organizationId = viewer.organizationId }) {
      must(viewer);
      if (!(await store.organizations()).some(({ id }) => id === organizationId))
        throw new BelayError("not-found", "There is no such organization.", { field: "organizationId" });
      // One without a password is of a server that was killed in the middle of this: it is made whole, where it was to be.
      const before = await known(email);
      if (before?.canSignIn || (before && before.person.organizationId !== organizationId)) throw isThere(email);
      await note("person.add", email, organizationId, viewer);
      const password = newPassword();
      const made = await ensurePerson(auth, { name, email, password, organizationId });
      const after = await known(email);
      if (!made || after === undefined) throw isThere(email); // somebody else was faster
      return { person: after.person, password };
    },

    async newPassword(viewer, email) {
      must(viewer);
      const it = await known(email);
      if (it === undefined)
        throw new BelayError("not-found", `There is no person with the e-mail ${email}.`, {
          field: "email",
          cure: "GET /api/v1/people says who there is.",
        });
      const { person } = it;
      await note("person.password", email, person.organizationId, viewer);
      const password = newPassword();
      const { internalAdapter, password: hashing } = await auth.$context;
      if (it.canSignIn) await internalAdapter.updatePassword(person.id, await hashing.hash(password));
      else await ensurePerson(auth, { ...person, password });
      await internalAdapter.deleteUserSessions(person.id);
      return { person, password };
    },
  };
}
