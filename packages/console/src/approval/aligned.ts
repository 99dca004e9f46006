/** Places in two lists that belong together; one side is missing where something came or went. */
export interface Pair {
  readonly before: number | undefined
  readonly after: number | undefined
}

/** Beyond this many comparisons what lies between the common ends is not searched for common parts. */
const mostComparisons = 250_000

/**
 * Pairs what is equal, in order, as much as possible (longest common subsequence). What is left over between two such
 * pairs is paired by its place, or stands apart.
 */
export function aligned<Item>(
  was: readonly Item[],
  now: readonly Item[],
  same: (one: Item, other: Item) => boolean,
  leftOver: 'in place' | 'apart',
): Pair[] {
  let start = 0
  while (start < was.length && start < now.length && same(was[start]!, now[start]!)) start += 1
  let end = 0
  const shortest = Math.min(was.length, now.length) - start
  while (end < shortest && same(was[was.length - 1 - end]!, now[now.length - 1 - end]!)) end += 1

  const between = common(was.slice(start, was.length - end), now.slice(start, now.length - end), same)
  const fixed = [
    ...Array.from({ length: start }, (_, index) => [index, index] as const),
    ...between.map(([before, after]) => [start + before, start + after] as const),
    ...Array.from({ length: end }, (_, index) => [was.length - end + index, now.length - end + index] as const),
    [was.length, now.length] as const,
  ]

  const pairs: Pair[] = []
  let [before, after] = [0, 0]
  for (const [nextBefore, nextAfter] of fixed) {
    while (leftOver === 'in place' && before < nextBefore && after < nextAfter) {
      pairs.push({ before: before++, after: after++ })
    }
    while (before < nextBefore) pairs.push({ before: before++, after: undefined })
    while (after < nextAfter) pairs.push({ before: undefined, after: after++ })
    if (nextBefore < was.length || nextAfter < now.length) pairs.push({ before: before++, after: after++ })
  }
  return pairs
}

function common<Item>(
  was: readonly Item[],
  now: readonly Item[],
  same: (one: Item, other: Item) => boolean,
): (readonly [number, number])[] {
  if (was.length * now.length > mostComparisons || was.length * now.length === 0) return []
  const wide = now.length + 1
  const best = new Uint32Array((was.length + 1) * wide)
  const of = (before: number, after: number) => best[before * wide + after]!
  for (let before = was.length - 1; before >= 0; before--) {
    for (let after = now.length - 1; after >= 0; after--) {
      best[before * wide + after] = same(was[before]!, now[after]!)
        ? of(before + 1, after + 1) + 1
        : Math.max(of(before + 1, after), of(before, after + 1))
    }
  }
  const found: (readonly [number, number])[] = []
  let [before, after] = [0, 0]
  while (before < was.length && after < now.length) {
    if (same(was[before]!, now[after]!)) found.push([before++, after++])
    else if (of(before + 1, after) >= of(before, after + 1)) before += 1
    else after += 1
  }
  return found
}
