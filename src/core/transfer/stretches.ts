/** Bytes of a file from an offset up to another, which is not part of it. */
export type Stretch = { readonly from: number; readonly to: number };

/** What is covered, in order, with stretches that touch joined: also where some overlap or were in no order. */
export function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const stretch of stretches.toSorted((one, other) => one.from - other.from)) {
    const before = found.at(-1);
    if (stretch.to <= stretch.from) continue;
    if (before === undefined || before.to < stretch.from) found.push(stretch);
    else found[found.length - 1] = { from: before.from, to: Math.max(before.to, stretch.to) };
  }
  return found;
}

/** What is not covered of the first `size` bytes, in order. */
export function missing(stretches: readonly Stretch[], size: number): readonly Stretch[] {
  const gaps: Stretch[] = [];
  let from = 0;
  for (const covered of joined(stretches)) {
    if (covered.from > from) gaps.push({ from, to: Math.min(covered.from, size) });
    from = covered.to;
  }
  if (from < size) gaps.push({ from, to: size });
  return gaps.filter((gap) => gap.from < gap.to);
}

/** The same bytes in pieces of a length, the last one of each stretch shorter. */
export function cut(stretches: readonly Stretch[], pieceBytes: number): readonly Stretch[] {
  return stretches.flatMap(({ from, to }) =>
    Array.from({ length: Math.ceil((to - from) / pieceBytes) }, (_, piece) => {
      const start = from + piece * pieceBytes;
      return { from: start, to: Math.min(start + pieceBytes, to) };
    }),
  );
}

/** How many bytes are covered. */
export function bytesOf(stretches: readonly Stretch[]): number {
  return joined(stretches).reduce((sum, { from, to }) => sum + to - from, 0);
}
