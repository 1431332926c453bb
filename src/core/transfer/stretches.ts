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

/** What of it lies between two offsets. */
export function within(stretches: readonly Stretch[], { from, to }: Stretch): readonly Stretch[] {
  return stretches
    .map((stretch) => ({ from: Math.max(from, stretch.from), to: Math.min(to, stretch.to) }))
    .filter((stretch) => stretch.from < stretch.to);
}

/** The same bytes in pieces, the last one of each stretch shorter. @param lengthNow bytes of a piece, asked before each */
export function* cut(stretches: readonly Stretch[], lengthNow: () => number): Generator<Stretch> {
  for (const { from, to } of stretches) {
    for (let start = from; start < to;) {
      const end = Math.min(start + lengthNow(), to);
      yield { from: start, to: end };
      start = end;
    }
  }
}

/** How many bytes are covered. */
export function bytesOf(stretches: readonly Stretch[]): number {
  return joined(stretches).reduce((sum, { from, to }) => sum + to - from, 0);
}
