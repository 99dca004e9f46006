/**
 * The pages that travel with the package: the README and every page, image and example that it leads to. A link that
 * would lead out of the package becomes its words alone, so that none is dead.
 *
 * @module
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Path in the package → content. */
export type Packed = ReadonlyMap<string, Buffer | string>

/** Sources lie in the repository alone. */
const travels = (path: string) => !path.startsWith('packages/') && !path.startsWith('../')

export function packedDocs(root: string, first = 'README.md'): Packed {
  const packed = new Map<string, Buffer | string>()
  const waiting = [first]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (packed.has(path)) continue
    const bytes = readFileSync(join(root, path))
    if (!path.endsWith('.md')) {
      packed.set(path, bytes)
      continue
    }
    const here = path
    packed.set(
      path,
      bytes.toString('utf8').replaceAll(link, (whole, mark: string, words: string, target: string) => {
        if (/^(?:[a-z]+:|#)/i.test(target)) return whole
        const to = normalize(join(dirname(here), target.split('#')[0] ?? '')).replace(/\/$/, '')
        if (!travels(to) || !existsSync(join(root, to)) || statSync(join(root, to)).isDirectory()) {
          return mark === '!' ? '' : words
        }
        waiting.push(to)
        return whole
      }),
    )
  }
  return packed
}

/** `[words](target)` and `![words](target)`. */
const link = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g
