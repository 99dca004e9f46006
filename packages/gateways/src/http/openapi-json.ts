/** A key of a JSON text, and where it begins. */
export interface Key {
  readonly path: readonly string[]
  readonly offset: number
}

/** Every key of a JSON text down to `deepest` objects in one another, in order, with those that stand twice. */
export function keysOfJson(text: string, deepest: number): Key[] {
  const keys: Key[] = []
  const open: { readonly map: boolean; key: string | undefined }[] = []
  for (let at = 0; at < text.length; at += 1) {
    const inside = open.at(-1)
    switch (text.charAt(at)) {
      case '{':
      case '[':
        open.push({ map: text[at] === '{', key: undefined })
        break
      case '}':
      case ']':
        open.pop()
        break
      case ',':
        if (inside) inside.key = undefined
        break
      case '"': {
        const end = endOfText(text, at)
        if (inside?.map && inside.key === undefined) {
          inside.key = open.length <= deepest ? String(JSON.parse(text.slice(at, end + 1))) : ''
          const path = open.flatMap(({ map, key }) => (map && key !== undefined ? key : []))
          if (open.length <= deepest && path.length === open.length) keys.push({ path, offset: at })
        }
        at = end
        break
      }
      default:
    }
  }
  return keys
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at]
    if (character === '\\') at += 1
    else if (character === '"') return at
  }
  return text.length
}

/** About where `JSON.parse` stops: at the first thing that is no token. Its message does not say it in every engine. */
export function errorOffset(text: string): number {
  const token = /\s*(?:-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|(?="))/y
  let at = 0
  while (token.test(text)) {
    at = token.lastIndex
    if (text.charAt(at) === '"') at = endOfText(text, at) + 1
    token.lastIndex = at
  }
  return Math.min(at, text.length)
}
