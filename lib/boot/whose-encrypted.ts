import { type Organization, type OrganizationId, parseId } from "../model/index.ts";
import { BadSetting } from "./options.ts";

const setting = "BELAY_CHECKPOINT_ENCRYPT";

/**
 * Whose saved states are encrypted, as the store knows them. What is named must be there: a word that meant nobody would leave in the clear what
 * somebody believes to be encrypted. `organizations`: undefined where no database says which there are; then they are known by their ids alone.
 */
export function whoseEncrypted(
  named: "all" | readonly string[] | undefined,
  organizations: readonly Pick<Organization, "id" | "name">[] | undefined,
): "all" | readonly OrganizationId[] | undefined {
  if (named === undefined || named === "all") return named;
  return named.map((text) => {
    const id = parseId("org", text);
    if (organizations === undefined) {
      if (id !== undefined) return id;
      throw new BadSetting(
        `${setting} names ${JSON.stringify(text)}, which is no id of an organization.`,
        "A store that runs alone has no database and knows no names: set it to all, or to ids such as GET /api/v1/organizations gives.",
      );
    }
    const meant = organizations.filter((it) => it.id === id || it.name === text);
    const [one] = meant;
    if (one !== undefined && meant.length === 1) return one.id;
    const there = organizations.map(({ name }) => name).join(", ");
    throw new BadSetting(
      `${setting} names ${JSON.stringify(text)}, which is ${meant.length === 0 ? "no organization" : "the name of several organizations"}.`,
      `Set it to all, or to names or ids of organizations, with commas between them. There are: ${there}.`,
    );
  });
}
