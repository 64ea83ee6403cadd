type Method = (...given: unknown[]) => unknown;

/** The port with each method put in another's place, which is made when it is first asked for and kept. `call` is the one in its place before. */
export function wrapMethods<P extends object>(port: P, make: (call: Method, name: string) => Method): P {
  const made = new Map<PropertyKey, Method>();
  return new Proxy(port, {
    get(target, key) {
      const known = made.get(key);
      if (known) return known;
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      const method = make((...given) => Reflect.apply(value, target, given), String(key));
      made.set(key, method);
      return method;
    },
  });
}
