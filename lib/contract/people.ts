import { z } from "zod";
import { organizationRoles } from "../model/index.ts";
import { organizationId, userId } from "./ids.ts";

/** Who may sign in. For providers; customers are told nothing of other people. */

const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(200)
  .pipe(z.email({ error: "must be an e-mail address, such as ada@aster.example" }));

/** POST /api/v1/people. Without an organization it is one more of the provider's administrators. */
export const addPersonBody = z.object({
  email,
  name: z.string().trim().min(1).max(80),
  organizationId: organizationId.optional(),
});

/** POST /api/v1/people/password. */
export const newPasswordBody = z.object({ email });

export const personView = z.object({
  id: userId,
  email: z.string(),
  name: z.string(),
  organizationId,
  organization: z.string(),
  role: z.enum(organizationRoles),
});
export type PersonView = z.infer<typeof personView>;

export const peopleList = z.object({ people: z.array(personView) });

/** The only time that the password is told: nobody can read it later. */
export const personWithPassword = z.object({ person: personView, password: z.string() });
