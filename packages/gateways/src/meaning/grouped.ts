/** A number as people read it. */

/**
 * `48211` as `48,211`: a comma before every three digits of the whole part, whatever the machine's language is. What is not
 * a plain decimal number (`1e21`, `007`, words) is returned as it came. Goes over the text once.
 */
export function grouped(text: string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(0|[1-9][0-9]*)(\.[0-9]+)?$/.exec(text) ?? []
  if (whole.length < 4) return text
  const groups = [whole.slice(0, whole.length % 3)]
  for (let at = whole.length % 3; at < whole.length; at += 3) groups.push(whole.slice(at, at + 3))
  return `${sign}${groups.filter((group) => group !== '').join(',')}${rest}`
}
