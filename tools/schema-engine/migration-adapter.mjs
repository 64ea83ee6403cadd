import { PrismaPg } from "@prisma/adapter-pg";
import { ColumnTypeEnum } from "@prisma/driver-adapter-utils";

const oid = { char: 18, text: 25, nameArray: 1003, textArray: 1009 };
const readableAs = new Map([
  [oid.char, oid.text],
  [oid.nameArray, oid.textArray],
]);

/** Lets an adapter read PostgreSQL's catalogues: it refuses their column types "char" and name[]. */
function readCatalogues(adapter) {
  const { performIO, queryRaw } = adapter;
  adapter.queryRaw = async (query) => {
    let charColumns = [];
    const view = Object.create(adapter, {
      performIO: {
        value: async (request) => {
          const result = await performIO.call(adapter, request);
          charColumns = result.fields.flatMap((field, at) => (field.dataTypeID === oid.char ? [at] : []));
          for (const field of result.fields) field.dataTypeID = readableAs.get(field.dataTypeID) ?? field.dataTypeID;
          return result;
        },
      },
    });
    const result = await queryRaw.call(view, query);
    for (const at of charColumns) result.columnTypes[at] = ColumnTypeEnum.Character;
    return result;
  };
  return adapter;
}

/**
 * PrismaPg 7.10 made fit for migrations. What it gets wrong there:
 * catalogue columns (above); `executeScript` cuts at every ";", also inside function bodies and strings; `connectToShadowDb` connects
 * to the main database when it was given a connection string; and it drops the shadow while still connected to it.
 */
export class MigrationAdapter extends PrismaPg {
  /** Shadow databases that are there: the engine does not always dispose of them. */
  static shadows = new Map();

  constructor(config, options) {
    super({ ...config, max: 3 }, options);
    this.given = { config, options };
  }

  async connect() {
    const adapter = readCatalogues(await super.connect());
    adapter.executeScript = async (script) => {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        adapter.onError(error);
      }
    };
    return adapter;
  }

  async connectToShadowDb() {
    const main = await this.connect();
    const database = `prisma_shadow_${crypto.randomUUID().slice(0, 8)}`;
    await main.executeScript(`CREATE DATABASE "${database}" TEMPLATE template0`);
    const shadow = await new MigrationAdapter({ ...this.given.config, database }, this.given.options).connect();
    const disconnect = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      if (!MigrationAdapter.shadows.delete(database)) return;
      await disconnect();
      await main.executeScript(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      await main.dispose();
    };
    MigrationAdapter.shadows.set(database, shadow);
    return shadow;
  }
}

export const disposeShadows = () =>
  Promise.all([...MigrationAdapter.shadows.values()].map((shadow) => shadow.dispose()));
