import type { Json } from '@countersign/schema'

const longest = 200_000

/**
 * What a text says if it is JSON itself, as bodies of requests are. A reading aid beside the text, never instead of it:
 * of two members with one name a reader sees the last, another reader perhaps the first.
 */
export function nestedJson(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text) || text.length > longest) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
