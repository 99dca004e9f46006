/**
 * Multipart forms (https://www.rfc-editor.org/rfc/rfc7578), read only as strictly as they are always written: readers differ in
 * all that goes beyond.
 *
 * @module
 */
import { ambiguous } from '../meaning/reading.ts'
import type { Fields } from './fields.ts'

/** Parts of a form, more than any that people fill in; a form with more counts as one that cannot be read. */
const mostParts = 1000
/** What a part's own headers may have, a name and a type; a form with longer ones counts as one that cannot be read. */
const mostHeadBytes = 4096

/** @throws ERR_INPUT_INVALID for what two readers could take apart in two ways */
export function readMultipart(bytes: Uint8Array, contentType: string): Fields {
  const delimiter = `--${boundaryOf(contentType)}`
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: [string, string | undefined][] = []
  if (!startsAt(body, 0, delimiter)) throw odd('it does not begin with its boundary')
  for (let at = delimiter.length; ;) {
    if (startsAt(body, at, '--')) {
      if (!['', '\r\n'].includes(body.toString('latin1', at + 2, at + 6))) throw odd('something follows its end')
      return fields
    }
    if (!startsAt(body, at, '\r\n')) throw odd('its boundary stands in a longer line')
    if (fields.length === mostParts) throw odd(`it has more than ${mostParts} parts`)
    const head = body.indexOf('\r\n\r\n', at)
    // Anywhere, so that no reader with a weaker idea of a line finds another part.
    const next = body.indexOf(delimiter, at)
    if (head < 0 || head - at > mostHeadBytes || next < head + 2) throw odd('a part of it does not end')
    const end = next - 2
    if (!startsAt(body, end, '\r\n')) throw odd('its boundary stands within a line')
    const { name, isFile } = readHead(body.toString('utf8', at + 2, head))
    fields.push([name, isFile ? undefined : body.toString('utf8', Math.min(head + 4, end), end)])
    at = next + delimiter.length
  }
}

function boundaryOf(contentType: string): string {
  const given = [...contentType.matchAll(/;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;"]*))/gi)]
  const boundary = given[0]?.[1] ?? given[0]?.[2] ?? ''
  // PHP takes the first `boundary` of the whole line, also that of `xboundary=`. RFC 2046 §5.1.1, without the space that some drop.
  if (
    given.length !== 1 ||
    contentType.split(/boundary/i).length !== 2 ||
    !/^[A-Za-z0-9'()+_,\-./:=?]{1,70}$/.test(boundary)
  )
    throw odd('it has not one plain boundary')
  return boundary
}

/** One name, said once, in the one form that browsers and libraries write. */
function readHead(text: string): { name: string; isFile: boolean } {
  const lines = text.split('\r\n')
  const headers = lines.map((line) => /^([A-Za-z-]+):[ \t]*([^\0\r\n]*)$/.exec(line) ?? [])
  const names = headers.map(([, name = '']) => name.toLowerCase())
  if (names.includes('') || new Set(names).size < names.length) throw odd('the head of a part is odd')
  if (names.some((name) => !known.has(name))) throw odd('the head of a part has a field that is not read alike')
  const [, , said = ''] = headers[names.indexOf('content-disposition')] ?? []
  const [, , type = ''] = headers[names.indexOf('content-type')] ?? []
  if (/charset\s*=(?!\s*"?(?:utf-8|us-ascii)\b)/i.test(type)) throw odd('a part of it is in another charset than UTF-8')
  const [, name, file] = disposition.exec(said) ?? []
  if (name === undefined || name === '') throw odd('a part of it has no plain name')
  return { name, isFile: file !== undefined }
}

const known = new Set(['content-disposition', 'content-type', 'content-length'])
const disposition = /^form-data; *name="([^"\\]*)"(; *filename="[^"]*")?(?:; *filename\*=[\w'%.~!#$&+^`|-]*)?$/i

const startsAt = (body: Buffer, at: number, text: string): boolean =>
  at >= 0 && body.toString('latin1', at, at + text.length) === text

const odd = (says: string) => ambiguous(`the multipart body cannot be read in one way: ${says}`)
