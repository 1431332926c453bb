/** An object of a server's answer. The server is not trusted: every member is checked when it is read (X13). */
export type Shape = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isShape(value: unknown): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member that is a text. */
export function textIn(shape: Shape, name: string): string | undefined {
  const value = shape[name];
  return typeof value === "string" ? value : undefined;
}

/** A whole number that is not negative. */
export function countIn(shape: Shape, name: string): number | undefined {
  const value = shape[name];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A member that is an object. */
export function shapeIn(shape: Shape, name: string): Shape | undefined {
  const value = shape[name];
  return isShape(value) ? value : undefined;
}
