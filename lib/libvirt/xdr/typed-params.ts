import type { TypedParam, TypedParamValue } from "../protocol/generated/types.ts";

/** libvirt's typed parameters by name. Numbers of 64 bits are bigint. */
export type TypedParams = Readonly<Record<string, TypedParamValue>>;

/** A list that repeats a name (a few migration parameters do) keeps the last; read such a list itself. */
export function paramsToRecord(params: readonly TypedParam[]): TypedParams {
  return Object.fromEntries(params.map(({ field, value }) => [field, value]));
}

export function recordToParams(record: TypedParams): TypedParam[] {
  return Object.entries(record).map(([field, value]) => ({ field, value }));
}

/** The number under `name`, whatever its integer width; undefined if it is absent or no number. */
export function numberParam(params: TypedParams, name: string): number | undefined {
  const value = params[name]?.value;
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

export function stringParam(params: TypedParams, name: string): string | undefined {
  const value = params[name]?.value;
  return typeof value === "string" ? value : undefined;
}
