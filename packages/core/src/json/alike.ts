/**
 * Names that one reader keeps apart and another takes for one. What was judged on the first of them could be run on the second.
 *
 * @module
 */

/** Two names of one object, or one name that came twice. */
export type Alike = readonly [first: string, second: string]

/** Nearly all names: no letter of theirs is another one under any folding but that of ASCII. */
const plain = /^[!-~]*$/

/**
 * What every common reader makes of a name at most: letters of one case (Go folds `ſ` to `s` and the Kelvin sign to `k`,
 * ASP.NET and Jackson know their own), compatible forms made one (https://www.unicode.org/reports/tr15/), nothing after a NUL,
 * without space around it and without characters that nobody sees.
 */
export function folded(name: string): string {
  if (plain.test(name)) return name.toUpperCase()
  const [seen = ''] = name.split('\0')
  const once = oneForm(oneForm(seen.normalize('NFKC')))
  return once.replaceAll(/[\p{C}\p{Default_Ignorable_Code_Point}]/gu, '').trim()
}

/** Lower before upper: `ẞ` is `SS` that way, and `ς` is `Σ`. A dot over a capital I is what some readers drop. */
const oneForm = (text: string): string => text.toLowerCase().toUpperCase().replaceAll('\u0307', '').normalize('NFKC')

/** The first two of these names that some reader takes for one; undefined if there are none. Linear in their length. */
export function alike(names: Iterable<string>): Alike | undefined {
  const seen = new Map<string, string>()
  for (const name of names) {
    const form = folded(name)
    const other = seen.get(form)
    if (other !== undefined) return [other, name]
    seen.set(form, name)
  }
  return undefined
}
